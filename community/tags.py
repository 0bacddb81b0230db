"""The tags of posts: one row for each topic, however it is written (１号様式 = 1号様式)."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from community import ids, inserts, lexicon, text, town
from community.models import Post, PostTag, Tag


def put(session: Session, post: Post, labels: Sequence[str]) -> None:
    """Make `labels`, checked and without repeats, the tags of `post`, in this order, instead of those it had."""
    session.execute(delete(PostTag).where(PostTag.post_id == post.id))
    if not labels:
        return
    rows = _rows(session, labels)
    names = dict.fromkeys(text.fold(label) for label in labels)
    session.add_all(
        PostTag(post_id=post.id, tag_id=rows[name].id, position=position)
        for position, name in enumerate(names)
    )
    session.flush()


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


def _known(session: Session, names: Sequence[str]) -> dict[str, Tag]:
    return {tag.name: tag for tag in session.scalars(select(Tag).where(Tag.name.in_(names)))}
