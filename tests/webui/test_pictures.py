"""Pictures on the pages of a thread."""

from community import media, notes, text
from community.models import Account
from tests import factories


def ours(session, account_id, **facts):
    return media.new(
        session, account_id=account_id, kind="image", mime="image/jpeg", file="ab/desk.jpg", preview="ab/small.webp",
        blurhash=None, meta={"original": media.sized(1200, 800), "small": media.sized(640, 426)}, size=1, **facts,
    )  # fmt: skip


async def test_ours_are_shown_and_those_of_others_are_linked(site):
    hanako = await site.member("hanako")

    def unit(session):
        author = session.get_one(Account, hanako)
        post = notes.write(session, author=author, body=text.from_markdown("机です"), visibility="open")
        media.attach(session, post, [ours(session, hanako, description='机 "上"').id])
        theirs = notes.write(
            session,
            author=factories.remote(session),
            body=text.from_html("<p>猫です</p>"),
            visibility="open",
            origin=factories.origin(),
        )
        cat = media.Foreign("https://yamate.example/cat.jpg", "image", description="<猫>")
        media.set_foreign(session, theirs, [cat, media.Foreign("https://yamate.example/x.mp4", "video")])
        return post.url, f"/@taro@yamate.example/{theirs.id}"

    own, theirs = await site.database.write(unit)
    browser = await site.visit()
    page = await browser.get(own.removeprefix("http://localhost:8080"))
    assert '<a href="/media/ab/desk.jpg"><img src="/media/ab/small.webp" alt="机 &#34;上&#34;"' in page.text
    assert 'width="640" height="426"' in page.text
    page = await browser.get(theirs)
    assert '<a href="https://yamate.example/cat.jpg" rel="noopener nofollow ugc">&lt;猫&gt;</a>' in page.text
    assert 'src="https://' not in page.text
    assert "https://yamate.example/x.mp4" in page.text


async def test_sensitive_ones_wait_to_be_opened(site):
    hanako = await site.member("hanako")

    def unit(session):
        author = session.get_one(Account, hanako)
        post = notes.write(session, author=author, body=text.from_markdown("机です"), visibility="open", sensitive=True)
        media.attach(session, post, [ours(session, hanako).id])
        return post.url

    own = await site.database.write(unit)
    page = await (await site.visit()).get(own.removeprefix("http://localhost:8080"))
    before, _, after = page.text.partition('<ul class="pictures">')
    assert after
    assert before.rstrip().endswith("</summary>")
