"""MediaAttachment: a picture of a post, or one that was uploaded and waits for its post."""

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy.orm import Session

from community import media, town
from community.town import Town


class Picture(Protocol):
    """A row of `media`, or the columns of one that are shown."""

    id: Any
    kind: Any
    file: Any
    preview: Any
    remote_url: Any
    remote_preview_url: Any
    description: Any
    blurhash: Any
    meta: Any
    state: Any


def many(session: Session, post_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """The pictures of each post that has any, in order. One query."""
    found: dict[int, list[dict[str, Any]]] = {}
    of = town.of(session)
    for row in session.connection().execute(media.OF_POSTS, {"post_ids": list(post_ids)}):
        found.setdefault(row.post_id, []).append(one(row, of))
    return found


def one(row: Picture, of: Town) -> dict[str, Any]:
    """One picture. Its `url` is null while it is not ready, which a picture of a post always is."""
    url = preview = None
    if row.remote_url is not None:
        url, preview = row.remote_url, row.remote_preview_url or row.remote_url
    elif row.state == media.READY and row.file is not None:
        url = of.uris.media(row.file)
        preview = of.uris.media(row.preview) if row.preview else url
    return {
        "id": str(row.id),
        "type": row.kind,
        "url": url,
        "preview_url": preview,
        "remote_url": row.remote_url,
        "preview_remote_url": None,
        "text_url": None,
        "meta": row.meta,
        "description": row.description or None,
        "blurhash": row.blurhash,
    }
