from pathlib import Path

from sqlalchemy import func, select

from community import media, notes, posts, text
from community.models import Account, Media, Post
from tests import factories
from webui.keys import SETTINGS
from webui.media import sweeping
from webui.media.workshop import WORKSHOP


def files(site) -> set[str]:
    folder = Path(site.app[SETTINGS].media.path)
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}


async def uploaded(site, account_id) -> int:
    store = site.app[WORKSHOP].store
    keys = [await store.put(b"x", "image/png"), await store.put(b"y", "image/webp")]

    def unit(session):
        return media.new(
            session, account_id=account_id, kind="image", mime="image/png", file=keys[0], preview=keys[1], blurhash=None,
            meta={}, size=1,
        ).id  # fmt: skip

    return await site.database.write(unit)


async def test_the_files_of_a_deleted_post_go_and_others_stay(site, clock):
    hanako = await site.member("hanako")
    shown, kept, waiting = [await uploaded(site, hanako) for _ in range(3)]

    def post(session):
        author = session.get_one(Account, hanako)
        made = []
        for media_id in (shown, kept):
            row = notes.write(session, author=author, body=text.from_markdown("写真"), visibility="open")
            media.attach(session, row, [media_id])
            made.append(row.id)
        return made

    deleted, stays = await site.database.write(post)
    assert await sweeping.sweep(site.database, site.app[WORKSHOP].store) == 0
    assert len(files(site)) == 6

    def take_back(session):
        posts.delete(session, post=session.get_one(Post, deleted), by=session.get_one(Account, hanako))

    await site.database.write(take_back)
    assert await sweeping.sweep(site.database, site.app[WORKSHOP].store) == 1
    assert len(files(site)) == 4
    clock.advance(days=2)
    assert await sweeping.sweep(site.database, site.app[WORKSHOP].store) == 1
    assert len(files(site)) == 2
    assert await sweeping.sweep(site.database, site.app[WORKSHOP].store) == 0
    left = await site.database.read(lambda session: session.execute(select(Media.id, Media.post_id)).all())
    assert [tuple(row) for row in left] == [(kept, stays)]
    assert waiting not in [row.id for row in left]


async def test_pictures_of_others_go_with_their_row(site):
    def unit(session):
        taro = factories.remote(session)
        row = notes.write(
            session, author=taro, body=text.from_markdown("写真"), visibility="open", origin=factories.origin()
        )
        media.set_foreign(session, row, [media.Foreign("https://yamate.example/a.png", "image")])
        posts.delete(session, post=row, by=taro)

    await site.database.write(unit)
    assert await site.database.read(lambda session: session.scalar(select(func.count(Media.id)))) == 0
