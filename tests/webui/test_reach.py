"""Who finds what from outside: strangers who try addresses, and search engines."""

from urllib.parse import quote

import pytest
from sqlalchemy.orm import Session

from community import members, text, thanks
from community.models import Account
from tests import factories
from tests.webui.browsing import Page
from tests.webui.conftest import Site


def look_up(address: str) -> str:
    return "/lookup?q=" + quote(address, safe="")


async def test_strangers_cannot_tell_what_is_hidden_from_what_is_not_there(site: Site) -> None:
    me = await site.member("harukaze")

    def hide(session: Session) -> list[str]:
        author = session.get_one(Account, me)
        ours = factories.question(session, author, visibility="town")
        pending = factories.member(session, "natsu")
        pending.suspended_at = 1
        return [ours.uri, pending.uri]

    browser = await site.visit()
    unknown = await browser.get(look_up("http://localhost:8080/posts/12"))
    assert unknown.status == 404
    for uri in await site.database.write(hide):
        page = await browser.get(look_up(uri))
        assert page.status == 404
        assert page.alert == unknown.alert


@pytest.mark.parametrize("wanted", [True, False])
async def test_search_engines_are_told_what_each_member_chose(site: Site, wanted: bool) -> None:
    asker, answerer = await site.member("harukaze"), await site.member("komorebi")

    def live(session: Session) -> str:
        members.update_profile(session, account_id=asker, indexable=True)
        members.update_profile(session, account_id=answerer, indexable=wanted)
        question = factories.question(session, session.get_one(Account, asker))
        answer = factories.answer(session, session.get_one(Account, answerer), question)
        thanks.give(
            session,
            giver=session.get_one(Account, asker),
            answer=answer,
            message=text.from_markdown("助かりました"),
        )
        return f"/@harukaze/{question.id}"

    thread = await site.database.write(live)
    browser = await site.visit()
    for path in (thread, "/@komorebi"):
        assert left_out(await browser.get(path)) is not wanted
    for path in ("/@harukaze", "/questions", "/@roumu"):
        assert not left_out(await browser.get(path))


def left_out(page: Page) -> bool:
    assert page.status == 200
    return page.headers.get("X-Robots-Tag") == "noindex"
