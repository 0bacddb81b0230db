"""The tags of posts: one row for each topic, however it is written (１号様式 = 1号様式)."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Table, bindparam, delete, insert, select
from sqlalchemy.orm import Session

from community import ids, inserts, lexicon, text, town
from community.models import Post, PostTag, Tag
from community.storage.prepared import Prepared, among_texts, param


def put(session: Session, post: Post, labels: Sequence[str], *, fresh: bool = False) -> None:
    """Make `labels`, checked and without repeats, the tags of `post`, in this order, instead of those it had; a `fresh`
    post has none.
    """
    if not fresh:
        session.connection().execute(_CLEAR, {"post": post.id})
    if not labels:
        return
    names = dict.fromkeys(text.fold(label) for label in labels)
    known = {name: tag_id for tag_id, name in _IDS.rows(session, names=list(names))}
    if len(known) < len(names):
        known = {name: row.id for name, row in _rows(session, labels).items()}
        session.flush()
    for position, name in enumerate(names):
        _PUT.run(session, post=post.id, tag=known[name], position=position)


def of(session: Session, posts: Sequence[Post]) -> dict[int, list[Tag]]:
    """The tags of each of `posts` by its id, in order; one query."""
    found: dict[int, list[Tag]] = {post.id: [] for post in posts}
    if not found:
        return found
    rows = session.execute(
        select(PostTag.post_id, Tag)
        .join(Tag, Tag.id == PostTag.tag_id)
        .where(PostTag.post_id.in_(found))
        .order_by(PostTag.post_id, PostTag.position)
    )
    for post_id, tag in rows:
        found[post_id].append(tag)
    return found


def label_of(session: Session, typed: str) -> str:
    """What the tag is called that somebody typed or linked to in any of its forms; as typed if nobody used it yet."""
    return session.scalar(select(Tag.label).where(Tag.name == text.fold(typed))) or text.line(typed)


def labels_of(session: Session, post: Post) -> list[str]:
    """What the tags of `post` are called, in order."""
    return [tag.label for tag in of(session, [post])[post.id]]


def row_of(session: Session, label: str) -> Tag:
    """The row of the tag `label`, which is checked; made if nobody used it yet."""
    return _rows(session, [label])[text.fold(label)]


def _rows(session: Session, labels: Sequence[str]) -> dict[str, Tag]:
    """The row of each label by its folded name; missing ones are made, whoever else makes them meanwhile."""
    names = {text.fold(label): label for label in reversed(labels)}
    known = _known(session, list(names))
    missing = [name for name in names if name not in known]
    if not missing:
        return known
    now = town.now(session)
    for name in missing:
        tag_id = ids.new(now)
        if inserts.new_row(session, Tag, id=tag_id, name=name, label=names[name]):
            lexicon.TAGS.add(session, tag_id, name)
    return _known(session, list(names))


_post_tags = cast("Table", PostTag.__table__)
_CLEAR = delete(_post_tags).where(_post_tags.c.post_id == bindparam("post"))
_tag = Tag.__table__.c
_IDS = Prepared(
    lambda dialect: select(_tag.id, _tag.name).where(among_texts(_tag.name, "names", dialect))
)
_PUT = Prepared(
    lambda _dialect: insert(_post_tags).values(
        post_id=param("post"), tag_id=param("tag"), position=param("position")
    )
)


def _known(session: Session, names: Sequence[str]) -> dict[str, Tag]:
    return {tag.name: tag for tag in session.scalars(select(Tag).where(Tag.name.in_(names)))}
