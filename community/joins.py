"""Who gathers round a 旗. Everybody sees how many; names are for those who gather and for who raised it.

The same functions serve members and people of other towns. A place is taken in the database itself, so that two who
come for the last one at once do not both get it.
"""

from sqlalchemy import ColumnElement, Select, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from community import (
    distance,
    events,
    gatherings,
    ids,
    inserts,
    nametags,
    notifications,
    plans,
    town,
    visibility,
)
from community.errors import Conflict, NotAllowed, NotFound
from community.models import Account, Block, Gathering, Join, Post
from community.visibility import Viewer

PAUSE = 60_000
"""The number of a flag is told to others once in so many milliseconds at most."""

SHOWN_MOST = 200
"""How many names a page shows."""

_TOLD_AT_ONCE = 50
_NOT_HERE = "この旗は見つかりませんでした。取り下げられたか、見られる範囲が限られているようです。"


def join(session: Session, *, account: Account, flag: Post, uri: str | None = None) -> Join:
    """旗に集まる; again changes nothing. `uri` is that of a Join from elsewhere.

    NotFound if `account` cannot see the flag, NotAllowed for one's own and between those who block each other, Conflict
    if it is full or over.
    """
    if flag.kind != gatherings.KIND or not visibility.may_see(session, visibility.viewer_of(session, account), flag):
        raise NotFound(_NOT_HERE)
    if account.suspended_at is not None or account.deleted_at is not None:
        raise NotAllowed("いまは書きこめません。まちの運営にご相談ください。")
    if account.id == flag.author_id:
        raise NotAllowed("ご自分で立てた旗です。みんなが集まるのを待ちましょう。")
    author = session.get_one(Account, flag.author_id)
    distance.check(session, actor=account, target=author)
    known = between(session, account.id, flag.id)
    if known is not None:
        return known
    gathering = gatherings.of(session, flag)
    if plans.is_over(gathering, town.now(session)):
        raise Conflict("この旗は、おひらきになりました。また次の旗でお会いしましょう。")
    if gathering.capacity is not None and gathering.joined_count >= gathering.capacity:
        raise _full()
    identifier = ids.new(town.now(session))
    fresh = inserts.new_row(
        session, Join, id=identifier, uri=uri or town.of(session).uris.activity(identifier),
        account_id=account.id, post_id=flag.id, created_at=town.now(session),
    )  # fmt: skip
    row = between(session, account.id, flag.id)
    if row is None:  # the id of the activity belongs to another one
        raise NotAllowed("この集まりは受け取れませんでした。")
    if fresh:
        if not _take_place(session, flag):
            session.execute(delete(Join).where(Join.id == identifier))
            raise _full()
        notifications.tell(session, to=author, kind="join", actor=account, post=flag)
        events.record(session, events.Joined(row.id))
    return row


def leave(session: Session, *, account: Account, flag: Post) -> None:
    """Not to come after all; nothing happens if one did not gather."""
    if _remove(session, account, flag):
        notifications.take_back(
            session, to_id=flag.author_id, kinds=frozenset({"join"}), actor_id=account.id, post_id=flag.id
        )


def declined(session: Session, *, account: Account, flag: Post) -> None:
    """The town of a foreign `flag` has no place for our `account`: it is taken off, and told so."""
    if not _remove(session, account, flag, quietly=True):
        return
    author = session.get_one(Account, flag.author_id)
    notifications.tell(session, to=account, kind="flag_declined", actor=author, post=flag)


def part(session: Session, one: int, other: int) -> None:
    """The two have nothing to do with each other any more: neither gathers round a flag of the other."""
    pairs = or_(
        (Join.account_id == one) & (Post.author_id == other), (Join.account_id == other) & (Post.author_id == one)
    )
    _remove_all(session, select(Join).join(Post, Post.id == Join.post_id).where(pairs))


def forget(session: Session, account_id: int) -> None:
    """Somebody is gone: they gather nowhere any more."""
    _remove_all(session, select(Join).where(Join.account_id == account_id))


def subscribe(bus: events.Bus) -> None:
    """Have those who part, and those who leave for good, gather no more."""
    bus.subscribe(events.BlockCreated, _blocked)
    bus.subscribe(events.AccountDeleted, lambda session, event: forget(session, event.account_id))


def between(session: Session, account_id: int, post_id: int) -> Join | None:
    return session.scalar(select(Join).where(Join.account_id == account_id, Join.post_id == post_id))


def by_uri(session: Session, uri: str) -> Join | None:
    """The join that goes by `uri`: for an Undo or a Reject that names it by id alone."""
    return session.scalar(select(Join).where(Join.uri == uri))


def people(session: Session, viewer: Viewer, flag: Post) -> list[Account] | None:
    """Who gathers, in the order in which they came, as `viewer` is shown them: who is veiled is だれかさん, who blocks or
    is blocked is left out. None for whoever neither gathers nor raised the flag: they see the number alone.
    """
    me = viewer.account_id
    if me is None or viewer.remote or (me != flag.author_id and between(session, me, flag.id) is None):
        return None
    found = session.scalars(
        select(Account.id)
        .join(Join, Join.account_id == Account.id)
        .where(
            Join.post_id == flag.id,
            Account.deleted_at.is_(None),
            Account.suspended_at.is_(None),
            or_(Account.id == me, ~distance.hidden(viewer, Account.id, town.now(session))),
        )
        .order_by(Join.id)
        .limit(SHOWN_MOST)
    ).all()
    return list(nametags.shown(session, viewer, {each: each for each in found}).values())


def tell_counts(session: Session) -> int:
    """Have the numbers of our flags told to those who show them, each flag once a minute at most."""
    now = town.now(session)
    rows = session.scalars(select(Gathering).where(_untold(now), _is_ours()).limit(_TOLD_AT_ONCE)).all()
    for row in rows:
        row.told_count, row.told_at = row.joined_count, now
        events.record(session, events.GatheringCounted(row.post_id))
    session.flush()
    return len(rows)


def is_anything_due(session: Session) -> bool:
    """Whether `tell_counts` has something to do."""
    due = select(Gathering.post_id).where(_untold(town.now(session)), _is_ours())
    return session.execute(due.limit(1)).first() is not None


def _blocked(session: Session, event: events.BlockCreated) -> None:
    block = session.get(Block, event.block_id)
    if block is not None:  # else taken back in the same unit
        part(session, block.account_id, block.target_id)


def _untold(now: int) -> ColumnElement[bool]:
    return (Gathering.joined_count != Gathering.told_count) & (
        Gathering.told_at.is_(None) | (Gathering.told_at < now - PAUSE)
    )


def _is_ours() -> ColumnElement[bool]:
    """Of this town, and standing. Asked of each flag: joined, SQLite would begin with all posts of the town."""
    return exists().where(Post.id == Gathering.post_id, Post.local.is_(True), Post.deleted_at.is_(None))


def _take_place(session: Session, flag: Post) -> bool:
    """One more, if there is room."""
    room = or_(Gathering.capacity.is_(None), Gathering.joined_count < Gathering.capacity)
    taken = session.execute(
        update(Gathering)
        .where(Gathering.post_id == flag.id, room)
        .values(joined_count=Gathering.joined_count + 1)
        .returning(Gathering.post_id)
    ).first()
    if taken is not None:
        gatherings.touch(session, flag)
    return taken is not None


def _full() -> Conflict:
    return Conflict("この旗は、定員になりました。場所が空いたら、また集まれます。")


def _remove(session: Session, account: Account, flag: Post, *, quietly: bool = False) -> bool:
    session.flush()
    gone = delete(Join).where(Join.account_id == account.id, Join.post_id == flag.id)
    uri = session.scalar(gone.returning(Join.uri))  # of two at once, one takes it away and counts
    if uri is None:
        return False
    _one_less(session, flag)
    if not quietly:
        events.record(session, events.Unjoined(uri, account.id, flag.id))
    return True


def _remove_all(session: Session, which: Select[Join]) -> None:
    for row in session.scalars(which).all():
        flag = session.get_one(Post, row.post_id)
        leave(session, account=session.get_one(Account, row.account_id), flag=flag)


def _one_less(session: Session, flag: Post) -> None:
    session.execute(
        update(Gathering)
        .where(Gathering.post_id == flag.id, Gathering.joined_count > 0)
        .values(joined_count=Gathering.joined_count - 1)
    )
    gatherings.touch(session, flag)
