"""Members who look at what came from elsewhere have it read anew; strangers, and programs that read everything, do not."""

from sqlalchemy import select

from community import answers, notes, text
from community.models import Post
from federation.context import FEDERATION
from federation.models import Errand
from tests import factories
from tests.federation.asides import settled
from tests.webui.mastodon.conftest import app_of, open_app

__all__ = ["app_of", "open_app"]

HOURS = 3 * 3_600_000


async def foreign(site) -> tuple[int, int, str]:
    """A note of another server that was stored some hours ago: its id, its author's, and the path of its page."""

    def unit(session):
        author = factories.remote(session)
        origin = factories.origin(published=site.clock() - HOURS)
        post = notes.write(
            session, author=author, body=text.from_markdown("こんにちは"), visibility="open", origin=origin
        )
        session.flush()
        return post.id, author.id, f"/@{author.handle}"

    found = await site.database.write(unit)
    await site.database.write(lambda session: session.query(Errand).delete())
    site.clock.advance(days=2)
    return found


async def wanted(site) -> list[str]:
    await settled(site.app[FEDERATION])
    return await site.database.read(
        lambda session: list(session.scalars(select(Errand.kind).order_by(Errand.kind)))
    )


async def test_a_member_opens_a_thread(site):
    post_id, _, profile = await foreign(site)
    await site.member("hanako")
    browser = await site.enter("hanako")
    assert (await browser.get(f"{profile}/{post_id}")).status == 200
    assert await wanted(site) == ["replies"]


async def test_a_member_opens_a_profile(site):
    _, _, profile = await foreign(site)
    await site.member("hanako")
    browser = await site.enter("hanako")
    assert (await browser.get(profile)).status == 200
    assert await wanted(site) == ["profile"]


async def test_strangers_send_nobody_out(site, app_of):
    post_id, author_id, profile = await foreign(site)
    browser, app = await site.visit(), await app_of(None)
    for path in (profile, f"{profile}/{post_id}"):
        assert (await browser.get(path)).status == 200
    for path in (f"statuses/{post_id}/context", f"statuses/{post_id}", f"accounts/{author_id}"):
        assert (await app.get(f"/api/v1/{path}")).status == 200
    assert await wanted(site) == []


async def test_apps(site, app_of):
    post_id, author_id, _ = await foreign(site)
    app = await app_of(await site.member("hanako"))
    expected = {"statuses/{}/context": ["replies"], "statuses/{}": ["post"], "accounts/{}": ["profile"]}
    for path, kinds in expected.items():
        await site.database.write(lambda session: session.query(Errand).delete())
        answer = await app.get("/api/v1/" + path.format(author_id if "accounts" in path else post_id))
        assert answer.status == 200
        assert await wanted(site) == kinds


async def test_what_somebody_may_not_see_is_not_asked_for(site, app_of):
    post_id, _, _ = await foreign(site)
    await site.database.write(lambda session: setattr(session.get_one(Post, post_id), "visibility", "direct"))
    app = await app_of(await site.member("hanako"))
    for path in (f"statuses/{post_id}/context", f"statuses/{post_id}"):
        assert (await app.get(f"/api/v1/{path}")).status == 404
    assert await wanted(site) == []


async def test_an_answer_under_a_question_of_ours_leads_nowhere(site):
    def unit(session):
        question = factories.question(session, factories.member(session, "hanako"))
        origin = factories.origin(published=site.clock() - HOURS)
        body = text.from_markdown("はい")
        answers.reply(session, author=factories.remote(session), parent=question, body=body, origin=origin)
        return f"/@hanako/{question.id}"

    path = await site.database.write(unit)
    browser = await site.enter("hanako")
    assert (await browser.get(path)).status == 200
    assert await wanted(site) == []
