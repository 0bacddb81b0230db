"""Pictures and emoji that come with posts and actors of others."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import follows, media, town, towns
from community.models import Account, CustomEmoji, Media, Post
from federation import actors
from tests import factories
from tests.federation.inbox import mail

KEN = "https://m.example/users/ken"
BLOB = {"type": "Emoji", "name": ":blob:", "icon": {"type": "Image", "url": "https://files.m.example/blob.png"}}
SHOWN = [
    {
        "shortcode": "blob",
        "url": "https://files.m.example/blob.png",
        "static_url": "https://files.m.example/blob.png",
    }
]


@pytest.fixture
def followed(session: Session) -> None:
    mail.know(session, "mastodon/actor")
    ken = session.scalars(select(Account).where(Account.uri == KEN)).one()
    tie = follows.request(session, follower=factories.member(session, "hanako"), followee=ken)
    follows.accept(session, follow=tie)


def create(**changes: Any) -> dict[str, Any]:
    letter = mail.load("mastodon/create_note_with_warning")
    letter["object"] |= {"tag": [BLOB]} | changes
    return letter


def update(**changes: Any) -> dict[str, Any]:
    letter = create(**changes)
    letter["object"]["updated"] = "2026-04-01T00:00:30Z"
    return letter | {"type": "Update", "id": letter["id"] + "/update"}


def the_post(session: Session) -> Post:
    return session.scalars(select(Post).where(Post.local.is_(False))).one()


def test_a_post_with_a_picture(session: Session, followed: None) -> None:
    mail.deliver(session, create())
    post = the_post(session)
    assert "files.m.example" not in post.body_html
    row = media.of(session, [post.id])[post.id][0]
    assert (row.kind, row.remote_url, row.description) == ("image", "https://files.m.example/media/1.jpg", "カレー")
    assert row.meta == {"original": media.sized(800, 600)}
    assert row.account_id == post.author_id
    assert post.emojis == SHOWN
    assert session.scalars(select(CustomEmoji.domain).where(CustomEmoji.shortcode == "blob")).one() == "m.example"


def test_an_update_changes_and_removes_pictures(session: Session, followed: None) -> None:
    mail.deliver(session, create())
    post = the_post(session)
    before = post.touched
    described = [{"type": "Document", "mediaType": "image/jpeg", "url": "https://files.m.example/media/1.jpg", "name": "辛いカレー"}]
    mail.deliver(session, update(attachment=described))
    session.refresh(post)
    assert [row.description for row in media.of(session, [post.id])[post.id]] == ["辛いカレー"]
    assert post.touched == before + 1
    last = update(attachment=[], tag=[])
    last["object"]["updated"] = "2026-04-01T00:01:00Z"
    mail.deliver(session, last)
    session.refresh(post)
    assert media.of(session, [post.id]) == {}
    assert post.emojis is None


def test_an_old_update_changes_nothing(session: Session, followed: None) -> None:
    mail.deliver(session, create())
    late = update(attachment=[])
    late["object"]["updated"] = "2026-03-31T00:00:00Z"
    assert "older" in mail.refusal(session, late)
    assert session.scalars(select(Media.remote_url)).all() == ["https://files.m.example/media/1.jpg"]


def test_of_a_host_whose_pictures_are_unwanted_none_is_kept(session: Session, followed: None) -> None:
    towns.block(session, domain="m.example", policy="noop", reject_media=True)
    mail.deliver(session, create())
    assert session.scalars(select(Media.id)).all() == []
    assert session.scalars(select(CustomEmoji.id)).all() == []
    assert the_post(session).emojis is None
    changed = mail.load("mastodon/actor") | {"tag": [BLOB]}
    actors.upsert(session, changed)
    ken = session.scalars(select(Account).where(Account.uri == KEN)).one()
    assert (ken.avatar_url, ken.header_url, ken.emojis) == (None, None, None)


def test_a_deleted_post_takes_its_pictures_along(session: Session, followed: None) -> None:
    mail.deliver(session, create())
    post = the_post(session)
    gone = {"id": f"{post.uri}#delete", "type": "Delete", "actor": KEN, "object": {"id": post.uri, "type": "Tombstone"}}
    mail.deliver(session, gone)
    assert session.scalars(select(Media.id)).all() == []


def test_an_actor_with_emoji_and_described_pictures(session: Session, followed: None) -> None:
    changed = mail.load("mastodon/actor") | {"tag": [BLOB], "name": "けん :blob:"}
    changed["icon"] = changed["icon"] | {"name": "似顔絵"}
    ken = actors.upsert(session, changed)
    assert (ken.emojis, ken.avatar_description, ken.header_description) == (SHOWN, "似顔絵", "")
    assert ken.avatar_url == "https://files.m.example/avatars/ken.png"
    assert ken.updated_at == town.now(session)
