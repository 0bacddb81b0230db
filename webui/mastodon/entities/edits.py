"""StatusEdit: what a post said at each of its versions (client-API reference §2)."""

from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import anonymity, polls, town
from community import media as pictures
from community.models import Media, Post, Revision
from community.visibility import Viewer
from webui.mastodon.entities import accounts, media, statuses
from webui.mastodon.entities.times import iso


def of(session: Session, viewer: Viewer, post: Post) -> list[dict[str, Any]]:
    """The versions of `post`, which `viewer` may see, the oldest first; the last one is what stands."""
    shown = orjson.loads(orjson.dumps(statuses.one(session, viewer, post.id)))
    author = accounts.author(session, viewer, anonymity.public_author(session, post).id)
    revisions = session.scalars(select(Revision).where(Revision.post_id == post.id).order_by(Revision.id)).all()
    wanted = {int(each["id"]) for revision in revisions for each in revision.media or []}
    kept = {each.id: each for each in session.scalars(select(Media).where(Media.id.in_(wanted)))} if wanted else {}
    versions = [_earlier(session, revision, author, kept) for revision in revisions]
    now: dict[str, Any] = {
        "content": shown["content"],
        "spoiler_text": shown["spoiler_text"],
        "sensitive": shown["sensitive"],
        "created_at": iso(post.edited_at or post.created_at),
        "account": author,
        "media_attachments": shown["media_attachments"],
        "emojis": shown["emojis"],
        "quote": shown["quote"],
    }
    titles = polls.titles(session, post)
    return [*versions, now | _poll(titles)]


def _earlier(
    session: Session, revision: Revision, author: orjson.Fragment, kept: dict[int, Media]
) -> dict[str, Any]:
    """One version that was. A picture that its owner took away since is not shown any more."""
    attachments = []
    for told in revision.media or []:
        picture = kept.get(int(told["id"]))
        if picture is not None and picture.state != pictures.GONE:
            attachments.append(media.one(picture, town.of(session)) | {"description": told["description"] or None})
    title = f"<p><strong>{_escaped(revision.title)}</strong></p>" if revision.title else ""
    version: dict[str, Any] = {
        "content": title + revision.body_html,
        "spoiler_text": revision.summary,
        "sensitive": revision.sensitive,
        "created_at": iso(revision.created_at),
        "account": author,
        "media_attachments": attachments,
        "emojis": [],
        "quote": None,
    }
    return version | _poll(revision.poll)


def _poll(titles: list[str] | None) -> dict[str, Any]:
    return {"poll": {"options": [{"title": title} for title in titles]}} if titles else {}


def _escaped(title: str) -> str:
    return title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
