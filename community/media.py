"""Pictures of posts, as rows: uploaded, described, attached, taken off again; and the addresses of others' pictures.

The bytes lie in the media store, which the domain does not know: a row names them by key. A row whose files are no
longer wanted stays as `gone` until whoever keeps the store has removed them (`condemn`, `remove`), so that no crash
leaves a picture behind that its owner took back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from community import events, ids, town
from community.errors import Conflict, Invalid, NotFound
from community.models import Media, Post

MOST = 4
"""How many pictures a post of ours has."""

MOST_FOREIGN = 16
"""How many of another server's post are kept."""

DESCRIPTION_MOST = 1_500
KEPT_UNATTACHED = 24 * 3_600_000
"""Milliseconds for which an upload waits to be attached."""

_FOREIGN_DESCRIPTION_MOST = 10_000
_FACTS = (
    "position", "kind", "mime", "remote_url", "remote_preview_url", "description", "blurhash", "meta",
)  # fmt: skip
READY, WAITING, FAILED, GONE = "ready", "waiting", "failed", "gone"

OF_POSTS = (
    select(
        Media.id, Media.post_id, Media.kind, Media.file, Media.preview, Media.remote_url, Media.remote_preview_url,
        Media.description, Media.blurhash, Media.meta, Media.mime, Media.state,
    )
    .where(Media.post_id.in_(bindparam("post_ids", expanding=True)))
    .order_by(Media.post_id, Media.position)
)  # fmt: skip
"""The pictures of the posts `post_ids`, as plain columns: for pages of many posts."""

_OF = (
    select(Media)
    .where(Media.post_id.in_(bindparam("post_ids", expanding=True)))
    .order_by(Media.post_id, Media.position)
)


@dataclass(frozen=True, slots=True)
class Foreign:
    """A picture of another server's post: where it lies, and what its document says of it."""

    url: str
    kind: str  # image | gifv | video | audio | unknown
    mime: str = ""
    preview_url: str | None = None
    description: str = ""
    blurhash: str | None = None
    width: int | None = None
    height: int | None = None
    focus: tuple[float, float] | None = None


def new(
    session: Session,
    *,
    account_id: int,
    kind: str,
    mime: str,
    file: str,
    preview: str | None,
    blurhash: str | None,
    meta: dict[str, object],
    size: int,
    description: str = "",
    focus: tuple[float, float] | None = None,
) -> Media:
    """Keep an upload whose files lie in the store under the keys `file` and `preview`; nobody but its owner knows it.

    Raises Invalid("description").
    """
    now = town.now(session)
    media = Media(
        id=ids.new(now),
        account_id=account_id,
        state=READY,
        kind=kind,
        mime=mime,
        file=file,
        preview=preview,
        blurhash=blurhash,
        meta=_focused(meta, focus),
        size=size,
        description=_description(description),
        created_at=now,
    )
    session.add(media)
    session.flush()
    return media


def own(session: Session, *, account_id: int, media_id: int) -> Media:
    """An upload of the account. NotFound for other people's, and for what is gone."""
    media = session.get(Media, media_id)
    if media is None or media.account_id != account_id or media.state == GONE or media.remote_url is not None:
        raise NotFound("その画像は見つかりませんでした。")
    return media


def describe(
    session: Session,
    *,
    account_id: int,
    media_id: int,
    description: str | None = None,
    focus: tuple[float, float] | None = None,
    preview: str | None = None,
    small: dict[str, object] | None = None,
    quietly: bool = False,
) -> Media:
    """Change what is given: the words for those who do not see it, the point to keep in sight, the small picture.

    Also after it was attached: then the post is told to have changed, unless whoever calls tells it (`quietly`). The small picture it had is let go. Raises
    NotFound, Invalid("description").
    """
    media = own(session, account_id=account_id, media_id=media_id)
    before = (media.description, media.meta, media.preview)
    if description is not None:
        media.description = _description(description)
    media.meta = _focused(media.meta, focus)
    if preview is not None:
        let_go(session, account_id=account_id, keys=[media.preview])
        media.preview = preview
        media.meta = {**media.meta, "small": small} if small is not None else media.meta
    session.flush()
    if media.post_id is not None and before != (media.description, media.meta, media.preview):
        touch(session, media.post_id)
        if not quietly:
            events.record(session, events.PostEdited(media.post_id))
    return media


def discard(session: Session, *, account_id: int, media_id: int) -> None:
    """Take an upload back. Raises NotFound; Conflict if a post shows it, or one that is yet to come will."""
    media = own(session, account_id=account_id, media_id=media_id)
    if media.post_id is not None or media.scheduled_id is not None:
        raise Conflict("この画像は、もう投稿に使われています。")
    _forget(session, Media.id == media.id)


def attach(session: Session, post: Post, media_ids: Sequence[int], *, scheduled_id: int | None = None) -> list[Media]:
    """Give `post` the uploads `media_ids` of its author, in this order; gives them back.

    `scheduled_id` names the scheduled post that they were kept for. Raises Invalid("media_ids") for more than MOST, for
    what is not the author's, not ready, or in use elsewhere. An anonymous post has no author whose they could be.
    """
    chosen = list(dict.fromkeys(media_ids))
    if not chosen:
        return []
    found = _free(session, post.author_id, chosen, scheduled_id)
    for position, media_id in enumerate(chosen):
        media = found[media_id]
        media.post_id, media.scheduled_id, media.position = post.id, None, position
    session.flush()
    return [found[media_id] for media_id in chosen]


def rearrange(session: Session, post: Post, media_ids: Sequence[int]) -> bool:
    """Let `post` show exactly `media_ids`, in this order: its own ones, or uploads not yet attached; the others are
    taken off. Whether anything changed. Raises Invalid("media_ids") as `attach` does.
    """
    chosen = list(dict.fromkeys(media_ids))
    present = {media.id: media for media in of(session, [post.id]).get(post.id, [])}
    if list(present) == chosen:
        return False
    fresh = [each for each in chosen if each not in present]
    if len(chosen) > MOST:
        raise _too_many()
    found = present | (_free(session, post.author_id, fresh, None) if fresh else {})
    release(session, [media for media_id, media in present.items() if media_id not in chosen])
    for position, media_id in enumerate(chosen):
        found[media_id].post_id, found[media_id].position = post.id, position
    session.flush()
    touch(session, post.id)
    return True


def keep_for(session: Session, *, account_id: int, scheduled_id: int, media_ids: Sequence[int]) -> None:
    """Keep uploads for a post that is yet to come. Raises Invalid("media_ids") as `attach` does."""
    chosen = list(dict.fromkeys(media_ids))
    for media in (_free(session, account_id, chosen, scheduled_id) if chosen else {}).values():
        media.scheduled_id = scheduled_id
    session.flush()


def release_scheduled(session: Session, scheduled_id: int) -> None:
    """A post that was yet to come will not: its pictures are free again for a day."""
    release(session, session.scalars(select(Media).where(Media.scheduled_id == scheduled_id)).all())


def release(session: Session, media: Iterable[Media]) -> None:
    """Take uploads off their posts, for their owner to use again within a day (delete and redraft, an edit)."""
    now = town.now(session)
    for each in media:
        each.post_id, each.scheduled_id, each.position, each.created_at = None, None, 0, now
    session.flush()


def of(session: Session, post_ids: Iterable[int]) -> dict[int, list[Media]]:
    """The pictures of each post that has any, in order. One query."""
    found: dict[int, list[Media]] = {}
    for media in session.scalars(_OF, {"post_ids": list(post_ids)}):
        assert media.post_id is not None
        found.setdefault(media.post_id, []).append(media)
    return found


def set_foreign(session: Session, post: Post, pictures: Sequence[Foreign], *, fresh: bool = False) -> bool:
    """Let a post of another server have the `pictures` that its document names; whether anything changed. A `fresh`
    post has none yet.
    """
    wanted = [_facts(picture, position) for position, picture in enumerate(pictures[:MOST_FOREIGN])]
    present = [] if fresh else of(session, [post.id]).get(post.id, [])
    if [{name: getattr(media, name) for name in _FACTS} for media in present] == wanted:
        return False
    kept = {media.remote_url: media for media in present}
    now = town.now(session)
    for facts in wanted:
        media = kept.pop(str(facts["remote_url"]), None)
        if media is None:
            media = Media(id=ids.new(now), account_id=post.author_id, post_id=post.id, state=READY, created_at=now)
            session.add(media)
        for name, value in facts.items():
            setattr(media, name, value)
    for media in kept.values():
        session.delete(media)
    session.flush()
    if present:
        touch(session, post.id)
    return True


def drop(session: Session, post: Post) -> None:
    """`post` was taken back: its pictures go, also from the store."""
    _forget(session, Media.post_id == post.id)


def drop_of(session: Session, account_id: int) -> None:
    """A member leaves: what they uploaded and no post shows goes."""
    _forget(session, and_(Media.account_id == account_id, Media.post_id.is_(None)))


def let_go(session: Session, *, account_id: int, keys: Iterable[str | None]) -> None:
    """Files of the store that nothing shows any more (an avatar that was replaced) are to be removed from it."""
    now = town.now(session)
    session.add_all(
        Media(
            id=ids.new(now), account_id=account_id, state=GONE, kind="image", mime="", file=key, created_at=now
        )
        for key in keys
        if key
    )
    session.flush()


def key_of(session: Session, url: str | None) -> str | None:
    """The key of the file at an address of this town's store; None for any other address."""
    base = town.of(session).uris.media("")
    return url.removeprefix(base) if url and url.startswith(base) else None


def forgotten(session: Session, *, limit: int = 100) -> list[Media]:
    """What whoever keeps the store is to remove from it: gone, or never attached."""
    old = town.now(session) - KEPT_UNATTACHED
    waiting_too_long = and_(Media.scheduled_id.is_(None), Media.created_at < old)
    rows = (
        select(Media)
        .where(Media.post_id.is_(None), or_(Media.state == GONE, waiting_too_long))
        .order_by(Media.id)
        .limit(limit)
    )
    return list(session.scalars(rows))


def condemn(session: Session) -> list[Media]:
    """See to it that nobody attaches any more what is `forgotten`; once its files are removed, `remove` it here."""
    doomed = forgotten(session)
    for media in doomed:
        media.state = GONE
    session.flush()
    return doomed


def remove(session: Session, media_ids: Sequence[int]) -> None:
    """The files of what was condemned are removed: forget the rows."""
    session.execute(delete(Media).where(Media.id.in_(list(media_ids)), Media.state == GONE))


def touch(session: Session, post_id: int) -> None:
    """Something that is shown with the post has changed."""
    session.execute(update(Post).where(Post.id == post_id).values(touched=Post.touched + 1))


def _free(
    session: Session, account_id: int, media_ids: Sequence[int], scheduled_id: int | None
) -> dict[int, Media]:
    """The uploads `media_ids`, each of which may be attached to a post of the account. Raises Invalid."""
    if len(media_ids) > MOST:
        raise _too_many()
    kept: ColumnElement[bool] = Media.scheduled_id.is_(None)
    if scheduled_id is not None:
        kept = or_(kept, Media.scheduled_id == scheduled_id)
    rows = (
        select(Media)
        .where(Media.id.in_(media_ids), Media.account_id == account_id, Media.post_id.is_(None), kept)
        .where(Media.state != GONE, Media.remote_url.is_(None))
        .with_for_update()  # of two posts at once one gets it
    )
    found = {media.id: media for media in session.scalars(rows)}
    if len(found) < len(media_ids):
        raise Invalid("media_ids", "画像が見つからないか、もうほかの投稿に使われています。")
    if any(media.state != READY for media in found.values()):
        raise Invalid("media_ids", "まだ準備の終わっていない画像があります。少し待ってから、もう一度お試しください。")
    return found


def _too_many() -> Invalid:
    return Invalid("media_ids", "画像は%(most)s枚までにしてください。", most=MOST)


def _forget(session: Session, which: ColumnElement[bool]) -> None:
    """Let go of rows: others' at once, ours when their files are removed."""
    session.flush()
    session.execute(delete(Media).where(which, Media.file.is_(None)))
    values = {"state": GONE, "post_id": None, "scheduled_id": None, "description": "", "blurhash": None}
    session.execute(update(Media).where(which).values(values))


def _description(text: str) -> str:
    text = text.strip()
    if len(text) > DESCRIPTION_MOST:
        raise Invalid("description", "説明は%(limit)s文字までにしてください。", limit=DESCRIPTION_MOST)
    return text


def _focused(meta: dict[str, object], focus: tuple[float, float] | None) -> dict[str, object]:
    if focus is None:
        return meta
    x, y = (max(-1.0, min(1.0, each)) for each in focus)
    return {**meta, "focus": {"x": round(x, 4), "y": round(y, 4)}}


def _facts(picture: Foreign, position: int) -> dict[str, object]:
    meta: dict[str, object] = {}
    if picture.width and picture.height:
        meta["original"] = sized(picture.width, picture.height)
    return {
        "position": position,
        "kind": picture.kind,
        "mime": picture.mime,
        "remote_url": picture.url,
        "remote_preview_url": picture.preview_url,
        "description": picture.description[:_FOREIGN_DESCRIPTION_MOST],
        "blurhash": picture.blurhash,
        "meta": _focused(meta, picture.focus),
    }


def sized(width: int, height: int) -> dict[str, object]:
    """A size as apps read it."""
    return {"width": width, "height": height, "size": f"{width}x{height}", "aspect": width / height}
