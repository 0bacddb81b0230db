"""A page offers what an app's reply may become, keeps plain text plain, and shows no boosts."""

from sqlalchemy.orm import Session

from community import boosts, composing, thanks
from community.composing import Draft
from community.models import Account, Post
from tests.webui.conftest import Site
from tests.webui.scene import Scene


def reply(scene: Scene, text: str) -> object:
    def unit(session: Session) -> int:
        hotate = session.get_one(Account, scene.bystander)
        draft = Draft(text=text, visibility="open", in_reply_to_id=scene.answer)
        return composing.write(session, author=hotate, draft=draft).id

    return unit


async def test_a_reply_that_says_thanks_has_a_button(site: Site, scene: Scene) -> None:
    reply_id = await site.database.write(reply(scene, "@harukaze ありがとうございます。"))
    action = f"/posts/{reply_id}/thanks/words"
    assert action not in (await (await site.enter("harukaze")).get(scene.page)).actions
    browser = await site.enter("hotate")
    page = await browser.get(scene.page)
    told = await browser.send(page, action)
    assert "ありがとうを贈りました" in told.text
    assert action not in told.actions
    given = await site.database.read(lambda session: thanks.between(session, scene.bystander, scene.answer))
    assert given is not None
    assert given.message_post_id == reply_id


async def test_what_an_app_wrote_stays_plain_when_a_page_edits_it(site: Site, scene: Scene) -> None:
    reply_id = await site.database.write(reply(scene, "*そのまま* https://example.jp/"))
    browser = await site.enter("hotate")
    action = f"/posts/{reply_id}/edit"
    await browser.send(await browser.get(action), action, body="*そのまま*\n@harukaze さん")
    html = await site.database.read(lambda session: session.get_one(Post, reply_id).body_html)
    assert html.startswith("<p>*そのまま*<br>")
    assert "u-url mention" in html


async def test_the_address_of_a_boost_leads_to_what_it_passes_on(site: Site, scene: Scene) -> None:
    def boost(session: Session) -> int:
        hotate = session.get_one(Account, scene.bystander)
        return boosts.boost(session, account=hotate, post=session.get_one(Post, scene.question)).id

    boost_id = await site.database.write(boost)
    page = await (await site.visit()).get(f"/@hotate/{boost_id}")
    assert (page.status, page.path) == (200, scene.page)
