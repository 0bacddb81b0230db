"""Asking, and what it must not leave behind: in rows, in addresses, in the caches of a shared computer."""

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import anonymity
from community.models import AnonymousDraft, AnonymousThread, Submission
from tests.webui.browsing import Browser, Page
from tests.webui.conftest import Site

PHRASE = "あさひ いちご うさぎ えんぴつ"
TYPED = {
    "title": "前任者のまちがいを見つけました",
    "body": "だれに伝えるのがよいでしょうか。",
    "board": "kyuyo",
}
HIDDEN = {"anonymous": "1", "phrase": PHRASE}


async def send(browser: Browser, page: Page, **more: str) -> Page:
    """Fill in the form of asking and send it."""
    return await browser.post("/ask", page.form("/ask") | TYPED | more)


def joined(session: Session) -> bool:
    """Whether a row of a form that was sent with the name shown can be found from a row of a hidden name tag."""
    hidden = [
        *session.scalars(select(AnonymousDraft.draft_key)),
        *session.scalars(select(AnonymousThread.draft_key)),
    ]
    assert hidden
    sent = set(session.scalars(select(Submission.key_hash)))
    assert sent
    return not sent.isdisjoint(hashlib.sha256(key.encode()).hexdigest() for key in hidden)


async def test_a_form_sent_with_and_without_the_name_joins_nothing(site: Site) -> None:
    await site.member("harukaze")
    browser = await site.enter("harukaze")
    page = await browser.get("/ask")
    named = await send(browser, page)
    assert named.path.startswith("/@harukaze/")
    hidden = await send(browser, page, **HIDDEN)  # the Back button, and once more
    assert PHRASE in hidden.text
    assert not await site.database.read(joined)
    site.clock.advance(hours=1)
    await site.database.write(anonymity.release_due)
    assert not await site.database.read(joined)


async def test_a_hidden_question_sent_twice_comes_once(site: Site) -> None:
    await site.member("harukaze")
    browser = await site.enter("harukaze")
    page = await browser.get("/ask")
    for _ in range(2):
        assert PHRASE in (await send(browser, page, **HIDDEN)).text
    assert len(await site.database.read(lambda session: session.scalars(select(AnonymousDraft)).all())) == 1
    form = page.form("/ask") | TYPED | HIDDEN | {"submission": ""}
    assert (await browser.post("/ask", form)).status == 422


async def test_the_title_typed_at_home_stands_in_no_address(site: Site) -> None:
    await site.member("harukaze")
    browser = await site.enter("harukaze")
    page = await browser.send(await browser.get("/"), "/ask/begin", title=TYPED["title"])
    assert page.path == "/ask/begin"
    assert page.form("/ask")["title"] == TYPED["title"]
    asked = await browser.send(page, "/ask", body=TYPED["body"], board=TYPED["board"])
    assert TYPED["title"] in asked.text
    assert (await browser.get("/ask?board=kyuyo")).form("/ask")["board"] == "kyuyo"


async def test_no_cache_keeps_a_page_that_bears_the_phrase(site: Site) -> None:
    await site.member("harukaze")
    browser = await site.enter("harukaze")
    asked = await send(browser, await browser.get("/ask"), **HIDDEN)
    assert asked.headers["Cache-Control"] == "no-store"
    site.clock.advance(hours=1)
    await site.database.write(anonymity.release_due)
    address = await _phrase_page(site)
    opened = await browser.send(await browser.get(address), address, phrase=PHRASE)
    assert PHRASE in opened.text
    assert opened.headers["Cache-Control"] == "no-store"


async def test_the_page_of_the_phrase_knows_nobody(site: Site) -> None:
    await site.member("harukaze")
    browser = await site.enter("harukaze")
    await send(browser, await browser.get("/ask"), **HIDDEN)
    site.clock.advance(hours=1)
    await site.database.write(anonymity.release_due)
    address = await _phrase_page(site)
    closed = await browser.get(address)
    opened = await browser.send(closed, address, phrase=PHRASE)
    refused = await browser.post(address, {"phrase": PHRASE})  # without a token
    for page in (closed, opened, refused):
        assert "harukaze" not in page.text
    assert "/@harukaze" in (await browser.get("/")).text  # still logged in


async def _phrase_page(site: Site) -> str:
    thread = await site.database.read(lambda session: session.scalars(select(AnonymousThread)).one())
    return f"/questions/{thread.post_id}/phrase"
