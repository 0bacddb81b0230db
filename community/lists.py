"""リスト: people whose posts a member reads together. Nobody else sees a list, nor that they stand on one."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from community import homes, ids, inserts, town
from community.errors import Invalid, NotFound, TooMany
from community.models import Account, Follow, ListEntry, ListMember, MemberList
from community.text import line
from community.visibility import viewer_of

POLICIES = ("followed", "list", "none")
"""Whose replies are shown: those to people one follows, those among the members of the list, nobody's."""

TITLE_MOST = 100
LISTS_MOST = 100
MEMBERS_MOST = 1_000
"""People on one list: each is looked at when the list becomes exclusive, or is no more."""


def create(
    session: Session, *, account: Account, title: str, replies_policy: str = "list", exclusive: bool = False
) -> MemberList:
    """A new, empty list of `account`. Invalid names title or replies_policy, or says that there are too many."""
    if len(of(session, account.id)) >= LISTS_MOST:
        raise Invalid("title", "リストは%(most)s個までです。", most=LISTS_MOST)
    now = town.now(session)
    row = MemberList(
        id=ids.new(now),
        account_id=account.id,
        title=_title(title),
        replies_policy=_policy(replies_policy),
        exclusive=exclusive,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def change(
    session: Session,
    *,
    row: MemberList,
    title: str | None = None,
    replies_policy: str | None = None,
    exclusive: bool | None = None,
) -> None:
    """Set what is not None. Posts of members of a list that becomes exclusive leave home; they come again with the
    next follow or when the list is exclusive no more. What stands on a list stays whatever its replies policy becomes.
    """
    if title is not None:
        row.title = _title(title)
    if replies_policy is not None:
        row.replies_policy = _policy(replies_policy)
    if exclusive is not None and exclusive != row.exclusive:
        row.exclusive = exclusive
        session.flush()
        _move(session, row)
    session.flush()


def remove(session: Session, *, row: MemberList) -> None:
    """The list is gone; those of an exclusive one come home again."""
    if row.exclusive:
        row.exclusive = False
        session.flush()
        _move(session, row)
    session.execute(delete(ListEntry).where(ListEntry.list_id == row.id))
    session.execute(delete(ListMember).where(ListMember.list_id == row.id))
    session.delete(row)
    session.flush()


def purge(session: Session, *, account_id: int) -> None:
    """Every list of a member who is gone, and that member on the lists of others."""
    own = select(MemberList.id).where(MemberList.account_id == account_id)
    session.execute(delete(ListEntry).where(ListEntry.list_id.in_(own)))
    session.execute(
        delete(ListMember).where(ListMember.list_id.in_(own) | (ListMember.account_id == account_id))
    )
    session.execute(delete(MemberList).where(MemberList.account_id == account_id))


def add(session: Session, *, row: MemberList, accounts: Sequence[Account]) -> None:
    """Put people on the list, with their last posts; who is there stays. NotFound, and nobody is put there, if one of
    them is not followed, nor asked to be, by the owner. TooMany beyond MEMBERS_MOST.
    """
    added = {each.id for each in accounts}
    besides = select(func.count()).where(ListMember.list_id == row.id, ListMember.account_id.not_in(added))
    if (session.scalar(besides) or 0) + len(added) > MEMBERS_MOST:
        raise TooMany("1つのリストに入れられるのは%(most)s人までです。", most=MEMBERS_MOST)
    followed = set(
        session.scalars(
            select(Follow.followee_id).where(
                Follow.follower_id == row.account_id, Follow.followee_id.in_([each.id for each in accounts])
            )
        )
    )
    if any(each.id not in followed for each in accounts):
        raise NotFound("リストに入れられるのは、フォローしている人です。")
    viewer = viewer_of(session, session.get_one(Account, row.account_id))
    now = town.now(session)
    for account in accounts:
        fresh = inserts.new_row(
            session, ListMember, id=ids.new(now), list_id=row.id, account_id=account.id
        )
        if fresh and _accepted(session, row.account_id, account.id):
            homes.join_list(session, viewer, row.id, account)
    if row.exclusive:
        homes.keep_off(session, row.account_id, row.id)


def take_off(session: Session, *, row: MemberList, account_ids: Sequence[int]) -> None:
    """Take people and their posts off the list; who is not there is passed over."""
    on = select(Account).join(ListMember, ListMember.account_id == Account.id)
    there = on.where(ListMember.list_id == row.id, ListMember.account_id.in_(list(account_ids)))
    for account in session.scalars(there).all():
        session.execute(
            delete(ListMember).where(ListMember.list_id == row.id, ListMember.account_id == account.id)
        )
        homes.leave_list(session, row.id, account)
        if row.exclusive:
            _come_home(session, row.account_id, account)


def of(session: Session, account_id: int, *, with_account: int | None = None) -> list[MemberList]:
    """The lists of a member, the oldest first; with `with_account`, those on which that one stands."""
    rows = select(MemberList).where(MemberList.account_id == account_id).order_by(MemberList.id)
    if with_account is not None:
        rows = rows.where(
            MemberList.id.in_(select(ListMember.list_id).where(ListMember.account_id == with_account))
        )
    return list(session.scalars(rows))


def require(session: Session, account_id: int, list_id: int) -> MemberList:
    """The list `list_id` of `account_id`; NotFound for anybody else's too."""
    row = session.get(MemberList, list_id)
    if row is None or row.account_id != account_id:
        raise NotFound("そのリストは見つかりませんでした。")
    return row


def _move(session: Session, row: MemberList) -> None:
    """Exclusive or not any more: what that means for what stands on the home already."""
    if row.exclusive:
        homes.keep_off(session, row.account_id, row.id)
        return
    on = select(Account).join(ListMember, ListMember.account_id == Account.id)
    for account in session.scalars(on.where(ListMember.list_id == row.id)).all():
        _come_home(session, row.account_id, account)


def _come_home(session: Session, owner_id: int, account: Account) -> None:
    if _accepted(session, owner_id, account.id):
        homes.backfill(session, viewer_of(session, session.get_one(Account, owner_id)), account)


def _accepted(session: Session, follower_id: int, followee_id: int) -> bool:
    state = select(Follow.state).where(Follow.follower_id == follower_id, Follow.followee_id == followee_id)
    return session.scalar(state) == "accepted"


def _title(typed: str) -> str:
    shown = line(typed)
    if not shown:
        raise Invalid("title", "リストの名前を書いてください。")
    if len(shown) > TITLE_MOST:
        raise Invalid("title", "リストの名前は%(most)s文字までにしてください。", most=TITLE_MOST)
    return shown


def _policy(wanted: str) -> str:
    if wanted not in POLICIES:
        raise Invalid("replies_policy", "返信の扱いをもう一度選んでください。")
    return wanted
