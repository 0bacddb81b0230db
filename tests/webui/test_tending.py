"""Who looks after a board: what stands first on it, and what is taken off; and asking on the board of another server."""

import orjson
from sqlalchemy import select

from community import answers, stewardship, text
from community.models import Account, Post
from federation.models import OutboxItem
from tests import factories
from tests.webui.conftest import Site
from tests.webui.scene import Scene

REASON = "宣伝は、まちの約束でご遠慮いただいています。"


async def test_a_keeper_has_a_question_stand_first(site: Site, scene: Scene) -> None:
    await site.member("kaori", role="keeper")
    keeper, neighbour = await site.enter("kaori"), await site.enter("hotate")
    page = await keeper.get(scene.page)
    done = await keeper.post(f"/posts/{scene.question}/first", page.form(f"/posts/{scene.question}/first"))
    assert "カテゴリーの先頭に置きました。" in done.text
    board = await neighbour.get("/@roumu")
    assert board.text.index("はじめに読む") < board.text.index("月の途中で入社した人")
    assert f"/posts/{scene.question}/unfirst" not in (await neighbour.get(scene.page)).text
    gone = await keeper.post(f"/posts/{scene.question}/unfirst", done.form(f"/posts/{scene.question}/unfirst"))
    assert "先頭から外しました" in gone.text
    assert "はじめに読む" not in (await neighbour.get("/@roumu")).text


async def test_a_flag_that_stands_first_stands_there_alone(site: Site, scene: Scene) -> None:
    def first(session):
        keeper = factories.member(session, "kaori", role="keeper")
        flags = [factories.flag(session, keeper, slug="roumu", title=title) for title in ("就業規則を読む会", "ただの集まり")]
        stewardship.show_first(session, post=flags[0], by=keeper)

    await site.database.write(first)
    board = (await (await site.enter("hotate")).get("/@roumu")).text
    assert [board.count(f">{title}</a>") for title in ("就業規則を読む会", "ただの集まり")] == [1, 1]
    assert board.index("はじめに読む") < board.index("就業規則を読む会") < board.index("ただの集まり")


async def test_nobody_else_does(site: Site, scene: Scene) -> None:
    browser = await site.enter("hotate")
    page = await browser.get(scene.page)
    assert "カテゴリーの先頭に置く" not in page.text
    form = {"csrf": (await browser.get("/ask")).form("/ask")["csrf"], "reason": REASON}
    assert (await browser.post(f"/posts/{scene.question}/first", form)).status == 403
    assert (await browser.post(f"/posts/{scene.question}/take-off", form)).status == 403


async def test_a_moderator_takes_off_what_came_from_elsewhere(site: Site, scene: Scene) -> None:
    def strange(session):
        return answers.reply(
            session, author=factories.remote(session, "sen", "senden.example"), parent=session.get_one(Post, scene.question),
            body=text.from_markdown("いますぐDMください"), origin=factories.origin("https://senden.example/posts/5"),
        ).id  # fmt: skip

    post = await site.database.write(strange)
    await site.member("kaori", role="moderator")
    browser = await site.enter("kaori")
    page = await browser.get(scene.page)
    assert f"/posts/{post}/take-off" in page.text
    assert f"/posts/{scene.answer}/take-off" not in page.text  # of ours: one asks its author
    ask = await browser.get(f"/posts/{post}/take-off")
    form = ask.form(f"/posts/{post}/take-off")
    refused = await browser.post(f"/posts/{post}/take-off", form)
    assert (refused.status, 'id="e-reason"' in refused.text) == (422, True)
    done = await browser.post(f"/posts/{post}/take-off", form | {"reason": REASON})
    assert "カテゴリーから外しました。" in done.text
    assert "いますぐDMください" not in done.text
    said = await site.database.read(lambda session: [orjson.loads(each) for each in session.scalars(select(OutboxItem.body)) if each])
    inner = [each["object"] for each in said if each["type"] == "Announce" and isinstance(each["object"], dict)]
    assert [each["summary"] for each in inner if each["type"] == "Delete"] == [REASON]


async def test_asking_on_a_board_of_another_server(site: Site, scene: Scene) -> None:
    """Exactly one Group, in `to`, with Public, as Lemmy wants it."""

    def community(session):
        return factories.remote(session, "soumu", "l.example", kind="board").uri

    group = await site.database.write(community)
    browser = await site.enter("hotate")
    board = await browser.get("/@soumu@l.example")
    assert "/ask?board=soumu%40l.example" in board.text
    page = await browser.get("/ask?board=soumu%40l.example")
    form = page.form("/ask")
    assert (form["board"], form["visibility"]) == ("soumu@l.example", "open")
    typed = form | {"title": "歓送迎会の会費はいくら？", "body": "相場が知りたいです。"}
    refused = await browser.post("/ask", typed | {"visibility": "sister"})
    assert (refused.status, 'id="e-visibility"' in refused.text) == (422, True)
    asked = await browser.post("/ask", typed)
    assert "歓送迎会の会費はいくら？" in asked.text
    said = await site.database.read(lambda session: [orjson.loads(each) for each in session.scalars(select(OutboxItem.body)) if each])
    (create,) = [each for each in said if each["type"] == "Create" and each["object"].get("name") == "歓送迎会の会費はいくら？"]
    note = create["object"]
    assert note["audience"] == create["audience"] == group
    assert note["to"] == ["https://www.w3.org/ns/activitystreams#Public", group]
    groups = await site.database.read(lambda session: set(session.scalars(select(Account.uri).where(Account.kind == "board"))))
    assert [each for each in [*note["to"], *note["cc"]] if each in groups] == [group]
    assert (await browser.post("/ask", typed | {"board": "nobody@l.example", "submission": ""})).status == 422
