"""同僚シールド on pages: its settings, and that no page names a colleague."""

import pytest
from sqlalchemy import select

from community.models import Account, Post, WorkMark
from tests import factories
from tests.webui import colleagues
from tests.webui.colleagues import HANDLE, NAME, SKILL

SETTINGS = "/settings/shield"


@pytest.fixture
async def site(make_site):
    return await make_site(limits={"enabled": False})


@pytest.fixture
async def scene(site):
    return await site.database.write(colleagues.build)


async def veil(site, scene):
    await site.database.write(lambda session: colleagues.veil(session, scene))


def pages(site, scene):
    """Every page that takes no id, and those of people, threads and searches."""
    for resource in site.app.router.resources():
        path = resource.canonical
        shown = any(route.method == "GET" for route in resource) and not {"{", "."} & set(path)
        if shown and not path.startswith(("/api/", "/oauth/")):
            yield path
    yield from ("/questions?tab=solved", "/questions?tab=waiting", "/questions?tag=年末調整", "/@roumu", "/@machi")
    yield from (f"/@{HANDLE}", "/@mizutama", "/@hotate", "/@dareka", "/?max_id=9000000000000000000")
    for post_id in scene.posts:
        yield f"/@{HANDLE}/{post_id}"
        yield f"/posts/{post_id}/thanks"
    for typed in (HANDLE, NAME, SKILL, "晴れ", "年末調整"):
        yield f"/search?q={typed}"
    for typed in (f"@{HANDLE}", HANDLE, f"http://localhost:8080/users/{HANDLE}", f"http://localhost:8080/@{HANDLE}"):
        yield f"/lookup?q={typed}"


async def told(browser, scene, paths):
    """The pages that name the other, but for what was asked for and stands in a field again."""
    found = {}
    for path in paths:
        page = await browser.get(path)
        text = page.text
        for asked in (f'value="{HANDLE}"', f'value="@{HANDLE}"', f'value="{NAME}"', f'value="{SKILL}"', f'users/{HANDLE}"',
                      f'8080/@{HANDLE}"', f"q={HANDLE}", path):  # fmt: skip
            text = text.replace(asked, "")
        named = [each for each in scene.telltales if each in text]
        if named:
            found[path] = named
        if page.path != path and HANDLE in page.path and "q=" not in page.path:
            found[path] = [*found.get(path, []), page.path]
    return found


async def test_no_page_names_a_colleague(site, scene):
    me = await site.enter("mizutama")
    paths = list(pages(site, scene))
    assert len(await told(me, scene, paths)) > 15, "the walk must meet the other often while there is no veil"
    await veil(site, scene)
    me = await site.enter("mizutama")
    assert await told(me, scene, paths) == {}


async def test_no_page_names_a_holder_to_a_stranger(site, scene):
    stranger = await site.visit()
    paths = list(pages(site, scene))
    assert len(await told(stranger, scene, paths)) > 10
    await veil(site, scene)
    assert await told(stranger, scene, paths) == {}


async def test_the_page_of_a_colleague_is_not_there_and_a_third_member_sees_it(site, scene):
    await veil(site, scene)
    me, third = await site.enter("mizutama"), await site.enter("hotate")
    nobody = await me.get("/@nobodyatall")
    page = await me.get(f"/@{HANDLE}")
    assert (page.status, page.title) == (nobody.status, nobody.title) == (404, nobody.title)
    assert NAME in (await third.get(f"/@{HANDLE}")).text
    thread = await third.get(f"/@{HANDLE}/{scene.note}")
    assert (thread.status, thread.path) == (200, f"/@{HANDLE}/{scene.note}")
    assert NAME in (await third.get(f"/@mizutama/{scene.question}")).text
    assert f"/@{HANDLE}" in (await (await site.enter(HANDLE)).get(f"/@{HANDLE}")).text


async def test_a_thread_looks_to_a_colleague_as_it_does_to_a_stranger(site, scene):
    await veil(site, scene)
    me, stranger = await site.enter("mizutama"), await site.visit()
    for browser in (me, stranger):
        page = await browser.get(f"/@{HANDLE}/{scene.asked}")
        assert page.path == f"/@dareka/{scene.asked}"
        assert 'class="name name-hidden">だれかさん' in page.text


async def test_two_of_the_same_shown_name_are_not_taken_for_one(site, scene):
    await veil(site, scene)
    await site.database.write(
        lambda session: factories.answer(
            session, session.get_one(Account, scene.me), session.get_one(Post, scene.own_answer), body="どうぞ。"
        ).id
    )
    page = await (await site.visit()).get(f"/@dareka/{scene.asked}")
    assert "どうぞ。" in page.text
    assert page.text.count('<span class="mark">質問した人</span>') == 2, "the asker's letter and comment, not the answerer's"


@pytest.mark.parametrize("deed", ["follow", "unfollow", "mute", "block", "unblock"])
async def test_forms_by_id_find_nobody(site, scene, deed):
    me = await site.enter("mizutama")
    token = (await me.get("/@hotate")).form(f"/accounts/{scene.third}/unfollow")["csrf"]
    await veil(site, scene)
    page = await me.post(f"/accounts/{scene.other}/{deed}", {"csrf": token})
    assert page.status == 404
    assert HANDLE not in page.text


async def test_setting_and_clearing_marks(site, scene):
    me = await site.enter("mizutama")
    page = await me.get(SETTINGS)
    assert "いま0つ" in page.text
    page = await me.send(page, SETTINGS, workplace="hana@mail.kaisha.co.jp")
    assert page.status == 200, page.alert
    assert "いま1つ" in page.text
    assert "kaisha.co.jp" not in page.text.replace('placeholder="kaisha.co.jp"', "")
    page = await me.send(page, SETTINGS, workplace="1180301018771")
    assert "いま2つ" in page.text
    marks = await site.database.read(lambda session: list(session.scalars(select(WorkMark.mark))))
    assert all(len(mark) == 64 and "kaisha" not in mark and "1180301018771" not in mark for mark in marks)
    page = await me.send(page, f"{SETTINGS}/clear")
    assert "いま0つ" in page.text


async def test_what_is_no_workplace_is_refused_kindly(site, scene):
    me = await site.enter("mizutama")
    for typed, said in (
        ("hana@gmail.com", "だれでも使えるメール"),
        ("1180301018772", "どこかちがう"),
        ("123", "13けた"),
    ):
        page = await me.send(await me.get(SETTINGS), SETTINGS, workplace=typed)
        assert (page.status, said in page.alert) == (422, True), page.alert
        assert 'aria-invalid="true"' in page.text
    assert (await site.database.read(lambda session: session.scalar(select(WorkMark.mark)))) is None


async def test_workplaces_cannot_be_tried_out_by_the_dozen(make_site):
    site = await make_site()
    await site.member("mizutama")
    me = await site.enter("mizutama")
    statuses = []
    for number in range(7):
        page = await me.send(await me.get(SETTINGS), SETTINGS, workplace=f"kaisha{number}.co.jp")
        statuses.append(page.status)
        if page.status == 200 and number % 3 == 2:
            await me.send(page, f"{SETTINGS}/clear")
    assert statuses == [200] * 6 + [429]


async def test_strangers_have_no_shield(site):
    page = await (await site.visit()).get(SETTINGS)
    assert page.path.startswith("/login")
