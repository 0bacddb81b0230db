"""Pages of people and boards, the 感謝の手帳, following."""

import re

from sqlalchemy.orm import Session

from community import follows, members, pins, thanks
from community.models import Account, Post
from tests import factories
from tests.webui.conftest import Site
from tests.webui.scene import Scene


async def test_a_person_s_page_and_their_book(site: Site, scene: Scene) -> None:
    def give(session: Session) -> None:
        answer = session.get_one(Post, scene.answer)
        factories.thank(session, session.get_one(Account, scene.asker), answer, words="助かりました。")
        factories.thank(
            session, session.get_one(Account, scene.bystander), answer, words="ひみつです。", private=True
        )
        origin = thanks.ThanksOrigin(uri="https://yamate.example/likes/1", published=1)
        giver = factories.remote(session, "hinata", "yamate.example")
        thanks.give(session, giver=giver, answer=answer, origin=origin)

    await site.database.write(give)
    page = await (await site.visit()).get("/@harukaze")
    assert page.status == 200
    for words in (
        "はるかぜ",
        "@harukaze@localhost:8080",
        "36協定",
        "受付中",
        "感謝の手帳",
        "助かりました。",
        "3人",
        "2つのまち",
    ):
        assert words in page.text
    counts = re.findall(r"<dd>(\d+)</dd>", page.text)
    assert counts == ["2", "1"]  # このまち, ほかのまち
    assert "ひみつです。" not in page.text
    assert f'href="{scene.page}#post-{scene.answer}"' in page.text
    assert page.title == "プロフィール - みなと"
    own = await (await site.enter("harukaze")).get("/@harukaze")
    assert "ひみつです。" in own.text
    assert "プロフィールをととのえる" in own.text


async def test_what_one_wants_to_learn_is_for_oneself(site: Site, scene: Scene) -> None:
    await site.database.write(
        lambda session: members.update_profile(session, account_id=scene.answerer, learnings=["登記"])
    )
    for name, sees in (("harukaze", True), ("hotate", False)):
        assert ("登記" in (await (await site.enter(name)).get("/@harukaze")).text) is sees


async def test_every_way_to_write_a_name_leads_to_one_page(site: Site, scene: Scene) -> None:
    browser = await site.visit()
    for written, address in (
        ("/@Harukaze?letters=5", "/@harukaze?letters=5"),
        ("/@harukaze@localhost:8080", "/@harukaze"),
        ("/@AKARI@Yamate.example", "/@akari@yamate.example"),
    ):
        page = await browser.get(written, follow=False)
        assert (page.status, page.headers["Location"]) == (303, address)
        assert (await browser.get(address)).status == 200


async def test_programs_are_led_to_the_actor(site: Site, scene: Scene) -> None:
    browser = await site.visit()
    for name, uri in (
        ("harukaze", "http://localhost:8080/users/harukaze"),
        ("roumu", "http://localhost:8080/boards/roumu"),
        ("dareka", "http://localhost:8080/users/dareka"),
    ):
        page = await browser.get(f"/@{name}", follow=False, Accept="application/activity+json")
        assert (page.status, page.headers["Location"], page.headers["Vary"]) == (302, uri, "Accept")
        people = await browser.get(f"/@{name}")
        assert people.headers["Link"] == f'<{uri}>; rel="alternate"; type="application/activity+json"'
        assert f'<link rel="alternate" type="application/activity+json" href="{uri}">' in people.text


async def test_whoever_left_or_never_was(site: Site, scene: Scene) -> None:
    await site.database.write(lambda session: members.leave(session, account_id=scene.bystander))
    browser = await site.visit()
    for name in ("hotate", "nobody", "nobody@yamate.example", "@", "a@b@c", "あ"):
        page = await browser.get(f"/@{name}")
        assert page.status == 404
        assert "この方は見つかりませんでした" in page.text


async def test_the_page_of_somebody_who_is_everybody(site: Site, scene: Scene) -> None:
    page = await (await site.enter("mizutama")).get("/@dareka")
    assert "名札を伏せて質問した人は、みんなこの名前で話します" in page.text
    assert "フォローする" not in page.text
    assert "感謝の手帳" not in page.text
    assert (await (await site.visit()).get("/@dareka")).text.count(
        "給与計算"
    ) == 0  # asked for the town alone


async def test_a_profile_lists_what_the_viewer_may_see(site: Site, scene: Scene) -> None:
    stranger = await (await site.visit()).get("/@mizutama")
    member = await (await site.enter("hotate")).get("/@mizutama")
    for title, for_all in (("月の途中で", True), ("姉妹まちだけに", False), ("まちの中だけで", False)):
        assert (title in stranger.text) is for_all
        assert title in member.text


async def test_following_a_person_and_a_board(site: Site, scene: Scene) -> None:
    browser = await site.enter("hotate")
    for name, told in (
        ("harukaze", "フォローしました"),
        ("roumu", "フォローしました"),
        ("akari@yamate.example", "返事を待っています"),
    ):
        page = await browser.get(f"/@{name}")
        (follow,) = (action for action in page.actions if action.endswith("/follow"))
        followed = await browser.send(page, follow)
        assert told in followed.text
        assert followed.path == f"/@{name}"
        again = await browser.post(follow, page.form(follow))
        assert again.status == 200
        ended = await browser.send(followed, follow.replace("/follow", "/unfollow"))
        assert "フォローをやめました" in ended.text


async def test_follows_that_cannot_be_are_refused_on_the_page(site: Site, scene: Scene) -> None:
    browser = await site.enter("hotate")
    csrf = (await browser.get("/")).form("/logout")
    me = await browser.post(f"/accounts/{scene.bystander}/follow", csrf)
    assert me.status == 403
    assert "自分自身を" in me.alert
    assert "ほたて印" in me.text
    for account in ("77", "0", "9" * 30, str(scene.question)):
        for deed in ("follow", "unfollow"):
            assert (await browser.post(f"/accounts/{account}/{deed}", csrf)).status == 404


async def test_a_member_who_looks_first(site: Site, scene: Scene) -> None:
    def lock(session: Session) -> None:
        members.update_profile(session, account_id=scene.bystander, locked=True)
        for name in ("harukaze", "mizutama"):
            me = session.get_one(Account, scene.bystander)
            follows.request(session, follower=factories.local(session, name), followee=me)

    await site.database.write(lock)
    browser, other = await site.enter("hotate"), await site.enter("harukaze")
    page = await browser.get("/notifications")
    accept, reject = (sorted(a for a in page.actions if a.endswith(deed)) for deed in ("accept", "reject"))
    csrf = (await other.get("/")).form("/logout")
    assert (await other.post(accept[0], csrf)).status == 404  # not theirs to answer
    assert "フォローを受け入れました" in (await browser.send(page, accept[0])).text
    assert "お断りしました" in (await browser.send(page, reject[1])).text
    assert (await browser.send(page, reject[1])).status == 404


async def test_a_board_s_page(site: Site, scene: Scene) -> None:
    page = await (await site.enter("hotate")).get("/@roumu")
    for words in (
        "労務・社会保険",
        "手続きの代行は社労士へ",
        "質問 3",
        "ここで質問する",
        "月の途中で入社した人",
    ):
        assert words in page.text
    stranger = await (await site.visit(language="en")).get("/@roumu")
    assert "1 question" in stranger.text
    machi = await (await site.visit()).get("/@machi")
    assert "フォローすると、このまちのひらいた質問がすべて届きます" in machi.text


async def test_a_chosen_picture_is_shown_on_pages_too(site: Site, scene: Scene) -> None:
    address = "http://localhost:8080/media/leaf.jpg"

    def choose(session: Session) -> None:
        session.get_one(Account, scene.answerer).avatar_url = address

    await site.database.write(choose)
    page = await (await site.visit()).get("/@harukaze")
    assert f'src="{address}"' in page.text
    assert f'src="/avatars/{scene.answerer}.svg"' not in page.text


async def test_what_somebody_shows_first_stands_first_for_those_who_may_see_it(site: Site, scene: Scene) -> None:
    def show(session: Session) -> None:
        for each in (scene.town, scene.question):
            post = session.get_one(Post, each)
            pins.pin(session, account=session.get_one(Account, post.author_id), post=post)

    await site.database.write(show)
    author = await site.database.read(
        lambda session: session.get_one(Account, session.get_one(Post, scene.question).author_id).name
    )
    for browser, narrow in ((await site.visit(), False), (await site.enter("hotate"), True)):
        first, _, rest = (await browser.get(f"/@{author}")).text.partition("質問と回答</h2>")
        _, _, first = first.partition("はじめに読んでほしいもの")
        assert (f'/{scene.question}"' in first, f'/{scene.town}"' in first) == (True, narrow)
        assert f'/{scene.question}"' in rest
    page = await (await site.visit()).get("/@roumu")
    assert "はじめに読んでほしいもの" not in page.text
