"""Lists: 質問一覧, ホーム, カテゴリー; who sees what on each."""

import re

import pytest
from sqlalchemy.orm import Session

from community import follows, posts, questions, text
from community.models import Account, Post
from tests import factories
from tests.webui.conftest import Site
from tests.webui.scene import HIDDEN_TITLE, Scene

OPEN, SISTER, TOWN, REMOTE = (
    "月の途中で入社した人",
    "姉妹まちだけに聞きます",
    "まちの中だけで聞きます",
    "やまてから聞きます",
)
LISTS = [
    "/questions",
    "/questions?tab=new",
    "/questions?tab=waiting",
    "/questions?board=roumu",
    "/@mizutama",
    "/@roumu",
]


@pytest.mark.parametrize("path", LISTS)
async def test_strangers_see_open_questions_alone(site: Site, scene: Scene, path: str) -> None:
    stranger = await (await site.visit()).get(path)
    member = await (await site.enter("hotate")).get(path)
    for title in (SISTER, TOWN, HIDDEN_TITLE):
        assert title not in stranger.text
    assert SISTER in member.text
    assert TOWN in member.text
    assert (OPEN in stranger.text) is ("waiting" not in path)


async def test_tabs(site: Site, scene: Scene) -> None:
    def solve(session: Session) -> None:
        question, answer = session.get_one(Post, scene.question), session.get_one(Post, scene.answer)
        questions.solve(session, question=question, answer=answer, by=session.get_one(Account, scene.asker))

    await site.database.write(solve)
    browser = await site.enter("hotate")
    for tab, shown, hidden in (
        ("new", [OPEN, SISTER, TOWN, REMOTE, HIDDEN_TITLE], []),
        ("waiting", [SISTER, TOWN], [OPEN]),
        ("solved", [OPEN], [SISTER, TOWN, REMOTE]),
        ("others", [REMOTE], [OPEN, TOWN]),
        ("nonsense", [OPEN, REMOTE], []),
    ):
        page = await browser.get(f"/questions?tab={tab}")
        assert all(title in page.text for title in shown), tab
        assert not any(title in page.text for title in hidden), tab
        assert page.text.count('aria-current="page"') == 1  # the tab's


async def test_by_board_and_by_tag(site: Site, scene: Scene) -> None:
    browser = await site.enter("hotate")
    board = await browser.get("/questions?board=roumu")
    assert "<h1>労務・社会保険</h1>" in board.text
    assert HIDDEN_TITLE not in board.text
    tag = await browser.get("/questions?tag=入社手続き")
    assert "「入社手続き」の質問" in tag.text
    assert OPEN in tag.text
    assert TOWN not in tag.text
    assert (await browser.get("/questions?board=nowhere")).status == 404
    nobody = await browser.get("/questions?tag=<b>x")
    assert "「&lt;b&gt;x」の質問" in nobody.text


async def test_pages_of_a_list_join_without_gap(site: Site) -> None:
    def many(session: Session) -> None:
        asker = factories.member(session, "mizutama")
        for number in range(45):
            factories.question(session, asker, title=f"質問その{number:02}です")

    await site.database.write(many)
    browser = await site.visit()
    path, seen = "/questions?board=roumu", []
    for _ in range(3):
        page = await browser.get(path)
        seen += re.findall(r"質問その(\d\d)です", page.text)
        found = re.search(r'class="more"><a class="button button-plain" href="([^"]+)"', page.text)
        path = found[1].replace("&amp;", "&") if found else ""
    assert path == ""
    assert seen == [f"{number:02}" for number in reversed(range(45))]


async def test_home(site: Site, scene: Scene) -> None:
    def strong(session: Session) -> None:
        asker = session.get_one(Account, scene.asker)
        factories.question(session, asker, title="36協定の届出について聞きます", tags=["36協定"])
        me = session.get_one(Account, scene.bystander)
        follows.request(session, follower=me, followee=session.get_one(Account, scene.answerer))

    await site.database.write(strong)
    helper = await (await site.enter("harukaze")).get("/")
    part = helper.text.partition("あなたの得意技が役に立つ質問")[2].partition("新しい質問")[0]
    assert "36協定の届出について聞きます" in part
    assert 'href="/@harukaze"' in helper.text
    quiet = await (await site.enter("hotate")).get("/")
    assert "得意技を書いておくと" in quiet.text
    timeline = quiet.text.partition("つながりのある人から")[2]
    assert "日割りにはならず" in timeline
    assert "回答した質問：" in timeline
    assert f'href="{scene.page}#post-{scene.answer}"' in timeline


async def test_a_stranger_s_followers_only_question_shows_no_title(site: Site, scene: Scene) -> None:
    """A followed person answers somebody whose question one may not see: the answer stands, the title does not."""

    def overheard(session: Session) -> None:
        akari, hinata = factories.remote(session, "sora"), factories.remote(session, "hinata")
        me = session.get_one(Account, scene.bystander)
        tie = follows.request(session, follower=me, followee=hinata)
        follows.accept(session, follow=tie)
        question = questions.ask(
            session,
            author=akari,
            board=None,
            title="フォロワーだけへの題名",
            body=text.from_html("<p>…</p>"),
            visibility="followers",
            origin=factories.origin("https://yamate.example/posts/7"),
        )
        follows.accept(
            session,
            follow=follows.request(session, follower=hinata, followee=akari, uri="https://x.example/1"),
        )
        answer = Post(
            kind="answer", visibility="open", root_id=question.id, parent_id=question.id,
            body_source="", body_html="<p>聞こえた答え</p>", body_text="聞こえた答え",
        )  # fmt: skip
        from_hinata = factories.origin("https://yamate.example/posts/8")
        posts.store(session, answer, author=hinata, origin=from_hinata)
        posts.announce(session, answer)

    await site.database.write(overheard)
    page = await (await site.enter("hotate")).get("/")
    assert "聞こえた答え" in page.text
    assert "フォロワーだけへの題名" not in page.text


async def test_all_boards(site: Site) -> None:
    page = await (await site.visit()).get("/boards")
    assert page.text.count('class="name board-name"') == 21
    assert "@roumu@localhost:8080" in page.text


async def test_empty_lists_say_something_kind(site: Site) -> None:
    browser = await site.visit()
    for tab, words in (
        ("new", "まだ質問がありません"),
        ("waiting", "みんなで答えきりました"),
        ("solved", "解決した質問は、まだありません"),
        ("others", "まだ届いていません"),
    ):
        assert words in (await browser.get(f"/questions?tab={tab}")).text
