"""What who looks after the town may do about an account: have it heard by fewer, veil what it shows, shut it out.

Everything here can be taken back, but for `erase`. Nobody does any of it to themselves, and only administrators to each
other.
"""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from community import doors, events, follows, joins, members, posts, reports, search, town, towns, veils
from community.errors import Conflict, NotAllowed, NotFound
from community.models import Account, Media, Member, Post, Report
from community.visibility import viewer_of

DEEDS = ("none", "sensitive", "disable", "silence", "suspend")
ERASED_AT_ONCE = 100
_NOT_HERE = "その人は見つかりませんでした。"


def act(session: Session, *, by: Account, account_id: int, deed: str, report: Report | None = None) -> Account:
    """Do `deed`, one of DEEDS, to an account; a `report` that led to it is settled by it.

    Raises NotFound, NotAllowed; Conflict for `disable` of somebody who has no way in here.
    """
    account = target(session, by=by, account_id=account_id)
    if deed == "suspend":
        _suspend(session, account)
    elif deed == "silence":
        _mark(session, account, silenced_at=account.silenced_at or town.now(session))
    elif deed == "sensitive":
        _sensitize(session, account)
    elif deed == "disable":
        _disable(session, account)
    if report is not None:
        reports.resolve(session, report, by=by.id)
    return account


def target(session: Session, *, by: Account, account_id: int) -> Account:
    """The account `account_id`, if `by` may do something to it. Raises NotFound, NotAllowed."""
    account = session.get(Account, account_id)
    if account is None or account.deleted_at is not None or _is_the_town(account):
        raise NotFound(_NOT_HERE)
    if account.id == by.id:
        raise NotAllowed("ご自分のことは、ほかの運営の方にお願いしてください。")
    theirs = session.get(Member, account_id)
    mine = session.get(Member, by.id)
    if mine is None or mine.role != "admin":
        veils.check(session, viewer_of(session, by), account_id)
    if theirs is not None and theirs.role in reports.MODERATORS and (mine is None or mine.role != "admin"):
        raise NotAllowed("運営の方のことは、管理役の方だけが決められます。")
    return account


def _is_the_town(account: Account) -> bool:
    return account.kind in ("instance", "relay") or (account.local and account.kind == "service")


def unsuspend(session: Session, account: Account) -> None:
    """Show an account again. NotAllowed while its host is suspended, or it waits to be let in."""
    member = session.get(Member, account.id)
    if member is not None and member.state == "pending":
        raise NotAllowed("お迎えを待っている方です。先にお迎えしてください。")
    if not account.local and towns.is_refused(session, account.domain):
        raise NotAllowed("%(domain)s とは、やりとりを止めています。", domain=account.domain)
    was_out = account.suspended_at is not None
    _mark(session, account, suspended_at=None)
    if was_out and not account.local:
        events.record(session, events.LetIn(account.id))


def unsilence(session: Session, account: Account) -> None:
    """Let an account be heard by everybody again. NotAllowed while its whole host is silenced."""
    if not account.local and towns.is_silenced(session, account.domain):
        raise NotAllowed("%(domain)s の方は、まとめて控えめにしています。", domain=account.domain)
    _mark(session, account, silenced_at=None)


def unsensitive(session: Session, account: Account) -> None:
    """Veil no more of what an account shows from now on; what it showed meanwhile stays veiled."""
    _mark(session, account, sensitized_at=None)


def enable(session: Session, account: Account) -> None:
    """Let a member in again who was shut out. Raises Conflict for somebody who has no way in here."""
    member = _member(session, account)
    if member.state == "disabled":
        member.state = "active"
    session.flush()


def erase(session: Session, account: Account) -> bool:
    """Remove a suspended account and all that it wrote, for good. Large ones take several calls, so that no unit of
    work is long: False as long as posts are left. Raises NotAllowed for an account that is not suspended.
    """
    if account.suspended_at is None:
        raise NotAllowed("先に、利用を止めてください。")
    left = session.scalars(
        select(Post).where(Post.author_id == account.id, Post.deleted_at.is_(None)).limit(ERASED_AT_ONCE)
    ).all()
    for post in left:
        posts.delete(session, post=post, by=account)
    if len(left) == ERASED_AT_ONCE:
        return False
    if account.local and session.get(Member, account.id) is not None:
        members.leave(session, account_id=account.id, delete_posts=True)
    elif account.deleted_at is None:
        follows.purge(session, account_id=account.id)
        search.forget_account(session, account.id)
        account.display_name, account.summary_html, account.fields = account.name, "", []
        account.avatar_url = account.header_url = None
        _mark(session, account, deleted_at=town.now(session))
    return True


def _suspend(session: Session, account: Account) -> None:
    if account.suspended_at is not None:
        return
    member = session.get(Member, account.id)
    if member is not None:
        members.keep_an_admin(session, member)
        doors.close_all(session, account.id)
    else:
        follows.purge(session, account_id=account.id)
    _mark(session, account, suspended_at=town.now(session))
    if member is None and not account.local:
        joins.forget(session, account.id)
        events.record(session, events.ShutOut(account.id))


def _disable(session: Session, account: Account) -> None:
    member = _member(session, account)
    members.keep_an_admin(session, member)
    if member.state == "active":
        member.state = "disabled"
        doors.close_all(session, account.id)
    session.flush()


def _sensitize(session: Session, account: Account) -> None:
    """Veil the pictures of an account, those that stand and (`posts.announce`) those that will come."""
    if account.sensitized_at is not None:
        return
    _mark(session, account, sensitized_at=town.now(session))
    with_pictures = select(Media.post_id).where(Media.account_id == account.id, Media.post_id.is_not(None))
    bare = Post.author_id == account.id, Post.sensitive.is_(False), Post.id.in_(with_pictures)
    session.execute(update(Post).where(*bare).values(sensitive=True, touched=Post.touched + 1))


def _member(session: Session, account: Account) -> Member:
    member = session.get(Member, account.id)
    if member is None:
        raise Conflict("このまちの入り口を使っている方ではありません。")
    return member


def _mark(session: Session, account: Account, **facts: int | None) -> None:
    for name, value in facts.items():
        setattr(account, name, value)
    account.updated_at = max(town.now(session), account.updated_at + 1)  # what apps keep of it goes by this
    session.flush()
