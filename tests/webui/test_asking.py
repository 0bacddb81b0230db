"""質問する with one's name: the form, what becomes of it, and what comes back when something does not fit."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community.models import Post
from tests.webui.browsing import Page
from tests.webui.conftest import MakeSite, Site

TYPED = {
    "title": "年末調整の書類は、いつ配りますか",
    "body": "毎年11月に配っていますが、\n早めがよいでしょうか。",
    "board": "kyuyo",
    "tags": "年末調整、書類 配布",
}


def posts_of(session: Session) -> int:
    return session.scalar(select(func.count(Post.id))) or 0


def shows(page: Page, typed: dict[str, str]) -> bool:
    form = page.form("/ask")
    return all(form.get(name) == text for name, text in typed.items())


async def test_asking(site: Site) -> None:
    await site.member("mizutama")
    browser = await site.enter("mizutama")
    form = await browser.get("/ask?board=roumu")
    assert form.form("/ask")["board"] == "roumu"
    assert form.form("/ask")["visibility"] == "open"
    asked = await browser.send(form, "/ask", **TYPED)
    assert asked.path.startswith("/@mizutama/")
    assert "質問をとどけました" in asked.text
    for words in (
        TYPED["title"],
        "給与計算・年末調整",
        ">年末調整</a>",
        ">書類</a>",
        ">配布</a>",
        "答えを待っています",
    ):
        assert words in asked.text
    again = await browser.send(form, "/ask", **TYPED)
    assert again.path == asked.path
    assert await site.database.read(posts_of) == 1


@pytest.mark.parametrize("visibility", ["open", "sister", "town"])
async def test_how_far_a_question_goes(site: Site, visibility: str) -> None:
    await site.member("mizutama")
    await site.member("hotate")
    asked = await (browser := await site.enter("mizutama")).send(
        await browser.get("/ask"), "/ask", **TYPED, visibility=visibility
    )
    stranger = await (await site.visit()).get(asked.path)
    assert stranger.status == (200 if visibility == "open" else 404)
    assert (await (await site.enter("hotate")).get(asked.path)).status == 200


async def test_the_town_s_own_choice_stands_in_the_form(make_site: MakeSite) -> None:
    site = await make_site(instance={"default_visibility": "town"})
    await site.member("mizutama")
    browser = await site.enter("mizutama")
    assert (await browser.get("/ask")).form("/ask")["visibility"] == "town"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "みじかい"[:3]}, "title"),
        ({"title": "あ" * 201}, "title"),
        ({"body": "あ" * 20_001}, "body"),
        ({"board": ""}, "board"),
        ({"board": "no-such-board"}, "board"),
        ({"board": "machi"}, "board"),
        ({"visibility": "direct"}, "visibility"),
        ({"tags": " ".join(f"タグ{number}" for number in range(9))}, "tags"),
        ({"tags": "あ" * 41}, "tags"),
        ({"as_of": "2026-13"}, "as_of"),
    ],
)
async def test_a_refused_question_comes_back_whole(site: Site, wrong: dict[str, str], field: str) -> None:
    await site.member("mizutama")
    browser = await site.enter("mizutama")
    page = await browser.send(await browser.get("/ask"), "/ask", **TYPED | wrong)
    assert page.status == 422
    assert page.alert
    assert f'id="e-{field}"' in page.text
    texts = {name: text for name, text in (TYPED | wrong).items() if name not in {"board", "visibility"}}
    assert shows(page, texts)
    assert await site.database.read(posts_of) == 0
    sent = await browser.send(page, "/ask", **TYPED, visibility="open", as_of="")
    assert sent.path.startswith("/@mizutama/")


async def test_strangers_are_led_to_the_door_and_back(site: Site) -> None:
    await site.member("mizutama")
    browser = await site.visit()
    door = await browser.get("/ask?board=roumu")
    assert door.path == "/login?next=/ask?board%3Droumu"
    assert door.form("/login")["next"] == "/ask?board=roumu"


async def test_a_session_that_ends_while_writing_costs_no_word(site: Site) -> None:
    await site.member("mizutama")
    browser = await site.enter("mizutama")
    form = await browser.get("/ask")
    await browser.post("/logout", form.form("/logout"))
    page = await browser.send(form, "/ask", **TYPED)
    assert page.status == 403
    assert TYPED["title"] in page.text
    assert TYPED["body"] in page.text
