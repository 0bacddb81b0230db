"""Bad input on every form and address of questions and people: a kind answer, never a traceback, nothing typed lost."""

from collections.abc import Iterator
from html import unescape

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community.models import Follow, Post, Thanks
from tests.webui.browsing import Browser, Page
from tests.webui.conftest import Site
from tests.webui.scene import PHRASE, Scene
from webui.keys import PAGE_HANDLERS

TYPED = {
    "title": "消えてはこまる題名です",
    "body": "消えてはこまる本文です。\n二行目 <b>太字</b> & 'ひきとり'",
    "message": "消えてはこまるお礼です。",
}
WORDS = {
    "/ask": ("title", "body"),
    "/ask/begin": ("title",),
    "/questions/{question}/answers": ("body",),
    "/posts/{answer}/comments": ("body",),
    "/posts/{answer}/thanks": ("message",),
    "/posts/{answer}/thanks/withdraw": (),
    "/posts/{comment}/thanks/words": (),
    "/announcements/{question}/dismiss": (),
    "/questions/{question}/solve": (),
    "/questions/{question}/reopen": (),
    "/questions/{hidden}/phrase": ("body",),
    "/posts/{question}/edit": ("title", "body"),
    "/posts/{question}/delete": (),
    "/accounts/{answerer}/follow": (),
    "/accounts/{answerer}/unfollow": (),
    "/follows/{question}/accept": (),
    "/follows/{question}/reject": (),
}
"""Each form of these pages, and the fields of it that hold what people wrote."""

ODD_IDS = [
    "0",
    "1",
    "-1",
    "77",
    "1.5",
    "９",
    "x",
    "%00",
    "9" * 19,
    "9" * 40,
    "a" * 500,
    "null",
    "%F0%9F%8D%B5",
    "..%2f",
]
GETS = [
    "/@harukaze/{id}",
    "/@{id}",
    "/@harukaze@{id}",
    "/@{id}/{id}",
    "/posts/{id}/thanks",
    "/posts/{id}/edit",
    "/posts/{id}/delete",
    "/questions/{id}/phrase",
    "/questions?tab={id}",
    "/questions?board={id}",
    "/questions?tag={id}&max_id={id}",
    "/notifications?max_id={id}",
    "/lookup?known=1&q={id}",
    "/?max_id={id}",
    "/@harukaze?max_id={id}&letters={id}",
    "/ask?board={id}",
    "/flags?tab={id}&page={id}&max_id={id}",
    "/flags/{id}/edit",
]
POSTS = [
    "/questions/{id}/answers",
    "/posts/{id}/comments",
    "/posts/{id}/thanks",
    "/posts/{id}/thanks/withdraw",
    "/posts/{id}/thanks/words",
    "/announcements/{id}/dismiss",
    "/questions/{id}/solve",
    "/questions/{id}/reopen",
    "/questions/{id}/phrase",
    "/posts/{id}/edit",
    "/posts/{id}/delete",
    "/accounts/{id}/follow",
    "/accounts/{id}/unfollow",
    "/follows/{id}/accept",
    "/flags/{id}/join",
    "/flags/{id}/leave",
    "/flags/{id}/close",
    "/flags/{id}/reopen",
    "/flags/{id}/edit",
]


def addresses(scene: Scene) -> Iterator[tuple[str, tuple[str, ...]]]:
    for pattern, fields in WORDS.items():
        facts = {name: getattr(scene, name) for name in Scene.__slots__}
        yield pattern.format(**facts), fields


def state(session: Session) -> list[int | None]:
    """What must not change when forms are refused."""
    counts = [select(func.count()).select_from(table) for table in (Post, Thanks, Follow)]
    withdrawn = select(func.count()).where(Post.deleted_at.is_not(None))
    return [session.scalar(count) for count in (*counts, withdrawn)]


def well(page: Page, *words: str) -> None:
    """The answer is a kind one: no failure of ours, no traceback, and all that was typed stands in it."""
    assert page.status < 500, f"{page.path}: {page.text}"
    assert "Traceback" not in page.text
    shown = unescape(page.text)
    for text in words:
        assert text in shown, f"{page.path} ({page.status}) lost {text!r}"


async def token(browser: Browser) -> dict[str, str]:
    """The hidden field of a member's forms."""
    return {"csrf": (await browser.get("/note-that-is-not-there")).form("/logout")["csrf"]}


async def before(browser: Browser) -> dict[str, str]:
    """The same for the page that reads no session."""
    return {"csrf": (await browser.get("/questions/77/phrase")).form("/questions/77/phrase")["csrf"]}


def test_the_table_is_complete(site: Site) -> None:
    """A new form of these pages has to be named above."""
    own = {
        "ask",
        "thread",
        "thanks",
        "phrase",
        "edit",
        "profiles",
        "questions",
        "lookup",
        "notifications",
        "home",
    }
    named = {_shape(pattern) for pattern in WORDS}
    posts = {
        _shape(route.resource.canonical)
        for route in site.app.router.routes()
        if route.method == "POST"
        and route.resource is not None
        and route.handler in site.app[PAGE_HANDLERS]
        and route.handler.__module__.rpartition(".")[2] in own
    }
    assert posts - named <= {"/follows/*/*"}
    assert len(posts) > 10


def _shape(pattern: str) -> str:
    return "/".join("*" if part.startswith("{") else part for part in pattern.split("/"))


async def test_strangers_and_broken_sessions_lose_no_word(site: Site, scene: Scene) -> None:
    stranger = await site.visit()
    first = await site.database.read(state)
    csrf = await before(stranger)
    for address, fields in addresses(scene):
        typed = {name: TYPED[name] for name in fields}
        page = await stranger.post(address, csrf | typed)
        well(page, *typed.values())
        assert page.status in {403, 422}
    assert await site.database.read(state) == first


@pytest.mark.parametrize("csrf", ["", "wrong", "0" * 64, "é" * 64, "\0"])
async def test_wrong_tokens_change_nothing_and_lose_nothing(site: Site, scene: Scene, csrf: str) -> None:
    browser = await site.enter("mizutama")
    first = await site.database.read(state)
    for address, fields in addresses(scene):
        typed = {name: TYPED[name] for name in fields}
        page = await browser.post(address, typed | {"csrf": csrf})
        well(page, *typed.values())
        assert page.status == 403
    assert await site.database.read(state) == first


async def test_other_sites_press_no_button(site: Site, scene: Scene) -> None:
    browser = await site.enter("mizutama")
    first = await site.database.read(state)
    csrf, blind = await token(browser), await before(browser)
    for address, _ in addresses(scene):
        fields = (
            (blind if address.endswith("/phrase") else csrf) | TYPED | {"phrase": PHRASE, "act": "delete"}
        )
        for origin in ("https://evil.example", "null", "http://localhost:8081"):
            page = await browser.post(address, fields, origin=origin)
            well(page)
            assert page.status == 403
            assert "ほかのサイト" in page.text
    assert await site.database.read(state) == first


@pytest.mark.parametrize("identifier", ODD_IDS)
async def test_odd_ids_in_addresses(site: Site, scene: Scene, identifier: str) -> None:
    browser, stranger = await site.enter("mizutama"), await site.visit()
    for pattern in GETS:
        for who in (browser, stranger):
            page = await who.get(pattern.format(id=identifier))
            well(page)
            assert page.status in {200, 400, 404, 405}
    csrf, blind = await token(browser), await before(browser)
    first = await site.database.read(state)
    for pattern in POSTS:
        phrase = pattern.endswith("/phrase")
        words = {"act": "comment"} | TYPED if phrase else TYPED
        page = await browser.post(pattern.format(id=identifier), (blind if phrase else csrf) | words)
        well(page)
        assert 400 <= page.status < 500
    assert await site.database.read(state) == first


@pytest.mark.parametrize("post", ["77", "question", "town"])
async def test_words_for_what_is_not_there_can_be_copied(site: Site, scene: Scene, post: str) -> None:
    """Whatever the address: what was written stands in the answer."""
    browser = await site.enter("hotate")
    csrf = await token(browser)
    identifier = post if post.isdigit() else getattr(scene, post)
    for pattern, fields in WORDS.items():
        if not fields or pattern.startswith("/ask"):
            continue
        parts = pattern.split("/")
        address = f"/{parts[1]}/{identifier}/{parts[3]}"
        typed = {name: TYPED[name] for name in fields}
        if address.endswith("/phrase"):
            page = await browser.post(address, await before(browser) | typed | {"act": "comment"})
        elif address.endswith(("/answers", "/comments")) and not post.isdigit():
            continue  # these two are right
        else:
            page = await browser.post(address, csrf | typed)
        well(page, *typed.values())
        assert 400 <= page.status < 500


HOSTILE = [
    "",
    " ",
    "\u3000",
    "\0",
    "a\0b",
    "\x1b[31m",
    "\u202egnp.exe",
    "<script>alert(1)</script>",
    "{{ 987654321 * 123456789 }}{% x %}",
    "%(least)s %s %d %",
    "'; DROP TABLE posts; --",
    "あ" * 20_001,
    "🍵" * 6_000,
    "\r\n\r\nSet-Cookie: a=b",
    "[x](javascript:alert(1)) ![y](data:text/html,z)",
    "> " * 400 + "深い引用",
    "- " * 400 + "深い一覧",
    "*" * 3_000 + "_" * 3_000,
    "[" * 3_000 + "]" * 3_000,
    "`" * 5_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=[str(number) for number in range(len(HOSTILE))])
async def test_hostile_text_in_every_field(site: Site, scene: Scene, text: str) -> None:
    browser = await site.enter("mizutama")
    csrf, blind = await token(browser), await before(browser)
    names = ("title", "body", "message") if len(text) > 1_000 else (
        "title", "body", "board", "tags", "visibility", "as_of", "anonymous", "phrase", "submission", "basis", "ai_draft",
        "passed_on_from", "message", "tone", "private", "answer", "act",
    )  # fmt: skip
    for address, fields in addresses(scene):
        if address.endswith("/delete"):
            continue
        page = await browser.post(
            address, (blind if address.endswith("/phrase") else csrf) | dict.fromkeys(names, text)
        )
        well(page)
        assert "<script>alert" not in page.text
        assert str(987654321 * 123456789) not in page.text  # long enough never to be part of a random token
        for name in fields:  # and one odd field beside good words
            good = TYPED | {"board": "roumu", "visibility": "open", "act": "comment", "phrase": PHRASE}
            if address.endswith("/phrase"):
                good["submission"] = f"{name}{len(text)}"
            sent = await browser.post(
                address, (blind if address.endswith("/phrase") else csrf) | good | {name: text}
            )
            well(sent)
            if sent.status >= 400:
                kept = [TYPED[other] for other in fields if other != name]
                well(sent, *kept)


async def test_bodies_no_browser_sends(site: Site, scene: Scene) -> None:
    browser = await site.enter("mizutama")
    for address, _ in addresses(scene):
        for body, kind in (
            (b"\xff\xfe=%ff", "application/x-www-form-urlencoded"),
            (b"csrf=a&body=%ED%A0%80", "application/x-www-form-urlencoded"),
            (b"junk", "multipart/form-data; boundary=x"),
            (b'{"body": "x"}', "application/json"),
            (b"", "text/plain"),
        ):
            page = await browser.post(address, body, **{"Content-Type": kind})
            well(page)
            assert page.status in {400, 403, 413, 415}
