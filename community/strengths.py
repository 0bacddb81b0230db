"""得意技 and 学びたいこと: what people say they are good at, and what they would like to learn."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, bindparam, delete, exists, or_, select
from sqlalchemy.orm import Session, aliased

from community import distance, ids, quiet, town, veils
from community.errors import Invalid
from community.models import Account, Learning, Post, PostTag, Strength, Tag
from community.text import fold, line
from community.visibility import Viewer, visible_to

MOST = 8
LABEL_LIMIT = 30
_SHORTEST_PART = 2  # 「契約書の確認」 also answers to the tag 契約書, but not to single letters
_RECENT_MS = 120 * 24 * 3600 * 1000


_OF_MANY = (
    select(Strength)
    .where(Strength.account_id.in_(bindparam("ids", expanding=True)))
    .order_by(Strength.account_id, Strength.position)
)


def of(session: Session, account_id: int) -> list[Strength]:
    """The 得意技 of one account, in its own order."""
    return of_many(session, [account_id])[account_id]


def of_many(session: Session, account_ids: Iterable[int]) -> dict[int, list[Strength]]:
    """The 得意技 of each account, in one query."""
    found: dict[int, list[Strength]] = {account_id: [] for account_id in account_ids}
    for row in session.execute(_OF_MANY, {"ids": list(found)}).scalars():
        found[row.account_id].append(row)
    return found


def learnings_of(session: Session, account_id: int) -> list[Learning]:
    """The 学びたいこと of a member: for that member's own eyes."""
    return list(
        session.execute(
            select(Learning).where(Learning.account_id == account_id).order_by(Learning.position)
        ).scalars()
    )


def choose(session: Session, account_id: int, labels: Sequence[str]) -> bool:
    """Set a member's 得意技, up to eight; whether that changed anything. Raises Invalid("strengths")."""
    return _write(session, Strength, account_id, _checked("strengths", labels))


def choose_learnings(session: Session, account_id: int, labels: Sequence[str]) -> bool:
    """Set a member's 学びたいこと, up to eight; whether that changed anything. Raises Invalid("learnings")."""
    return _write(session, Learning, account_id, _checked("learnings", labels))


def note(session: Session, account_id: int, labels: Iterable[str]) -> bool:
    """Keep what another town says its member is good at: what does not fit is left out, nothing is refused."""
    topics = {topic: label for topic, label in _topics(labels).items() if len(label) <= LABEL_LIMIT}
    return _write(session, Strength, account_id, dict(list(topics.items())[:MOST]))


def people_with(session: Session, viewer: Viewer, topic: str, *, limit: int = 40) -> list[Account]:
    """Who shows this 得意技 and is 受付中, members and people of other towns; nobody who is veiled from `viewer`."""
    return list(
        session.execute(
            select(Account)
            .join(Strength, Strength.account_id == Account.id)
            .where(
                Strength.topic == fold(topic),
                Account.accepting.is_(True),
                Account.deleted_at.is_(None),
                Account.suspended_at.is_(None),
                ~veils.veiled(viewer, Account.id),
                quiet.heard(viewer, Account.id),
            )
            .order_by(Account.id)
            .limit(limit)
        ).scalars()
    )


def matching_questions(session: Session, viewer: Viewer, limit: int = 3) -> list[Post]:
    """あなたの得意技が役に立つ質問: unsolved questions of the last months whose tags or board fit the viewer's
    得意技, newest first; not the viewer's own and not those they answered already.
    """
    if viewer.account_id is None:
        return []
    topics = [strength.topic for strength in of(session, viewer.account_id)]
    if not topics:
        return []
    since = ids.first_of(town.now(session) - _RECENT_MS)
    tag_ids = select(Tag.id).where(Tag.name.in_(_parts(topics)))
    fitting: ColumnElement[bool] = Post.id.in_(
        select(PostTag.post_id).where(PostTag.tag_id.in_(tag_ids), PostTag.post_id >= since)
    )
    board_ids = _boards_called(session, topics)
    if board_ids:  # an OR for nothing would keep the tags' index from being used
        fitting = or_(fitting, Post.board_id.in_(board_ids))
    answered = aliased(Post)
    return list(
        session.execute(
            select(Post)
            .where(
                Post.kind == "question",
                Post.id >= since,
                fitting,
                Post.solved_at.is_(None),
                Post.author_id != viewer.account_id,
                visible_to(viewer),
                ~distance.hidden(viewer, Post.author_id, town.now(session)),
                ~veils.veiled(viewer, Post.author_id),
                quiet.heard(viewer, Post.author_id),
                ~exists().where(
                    answered.root_id == Post.id,
                    answered.author_id == viewer.account_id,
                    answered.deleted_at.is_(None),
                ),
            )
            .order_by(Post.id.desc())
            .limit(limit)
        ).scalars()
    )


def _checked(field: str, labels: Sequence[str]) -> dict[str, str]:
    topics = _topics(labels)
    if len(topics) > MOST:
        raise Invalid(
            field,
            "%(most)sつまでにしてください。いちばん伝えたいものから選ぶと見つけてもらいやすくなります。",
            most=MOST,
        )
    for label in topics.values():
        if len(label) > LABEL_LIMIT:
            raise Invalid(
                field,
                "「%(label)s」は長めです。%(most)s文字までにしてください。",
                label=label,
                most=LABEL_LIMIT,
            )
    return topics


def _topics(labels: Iterable[str]) -> dict[str, str]:
    """Folded topic → label as written, the first spelling of each; empty ones left out."""
    topics: dict[str, str] = {}
    for label in labels:
        written = line(label).removeprefix("#").strip()
        if fold(written):
            topics.setdefault(fold(written), written)
    return topics


def _write(
    session: Session, model: type[Strength] | type[Learning], account_id: int, topics: dict[str, str]
) -> bool:
    rows = select(model.topic, model.label).where(model.account_id == account_id).order_by(model.position)
    if [(topic, label) for topic, label in session.execute(rows)] == list(topics.items()):
        return False
    session.execute(delete(model).where(model.account_id == account_id))
    session.add_all(
        model(account_id=account_id, topic=topic, label=label, position=position)
        for position, (topic, label) in enumerate(topics.items())
    )
    session.flush()
    return True


def _boards_called(session: Session, topics: Sequence[str]) -> list[int]:
    named = session.execute(select(Account.id, Account.display_name).where(Account.kind == "board"))
    return [account_id for account_id, name in named if fold(name) in topics]


def _parts(topics: Iterable[str]) -> set[str]:
    """Every topic, and what stands inside it: tag names to look for. Parts of Latin words are no topics."""
    parts: set[str] = set()
    for topic in topics:
        parts.add(topic)
        for start in range(len(topic)):
            for stop in range(start + _SHORTEST_PART, len(topic) + 1):
                part = topic[start:stop]
                if not part.isascii():
                    parts.add(part)
    return parts
