"""Who may see a post: the one door for pages, apps, feeds, searches and the wire.

| visibility | who sees it                                        |
|------------|----------------------------------------------------|
| open       | everyone                                           |
| unlisted   | everyone who has the address                       |
| sister     | members of this town, and its sister towns         |
| town       | members of this town                               |
| followers  | the author, accepted followers, who is mentioned   |
| direct     | the author, who is mentioned                       |

Deleted posts and posts of suspended accounts are seen by nobody; nobody sees those of an author who blocks them. What a
viewer turned away from is only left out of lists: `community.distance`.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session, aliased

from community.errors import NotFound
from community.models import Account, Block, Follow, Member, Mention, Post, SisterTown

OPEN, UNLISTED, SISTER_ONLY, TOWN = "open", "unlisted", "sister", "town"
FOLLOWERS, DIRECT = "followers", "direct"
FROM_WIDE = (OPEN, UNLISTED, SISTER_ONLY, TOWN, FOLLOWERS, DIRECT)
"""Every visibility, the widest first. `town` and `followers` overlap; `followers` may leave the town, by choice."""

FOR_QUESTIONS = (OPEN, SISTER_ONLY, TOWN)
"""What a member may choose for a question: ひらく, 姉妹まちまで, まちの中だけ."""


_block = aliased(Block)
_BLOCK = select(Block.id).where(
    Block.account_id == bindparam("author"), Block.target_id == bindparam("viewer")
)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is looking. With an `account_id` it is a member of this town, unless `remote` says that it is an account
    of another one; `sister` says that a sister town asks (a signed GET), or that the remote account lives in one.
    """

    account_id: int | None = None
    role: str | None = None
    locale: str = "ja"
    sister: bool = False
    remote: bool = False
    filters_version: int | None = None  # of a member whose app is looking, where it is known already
    shielded: bool | None = None  # whether the member holds work marks (`community.shield`), where it is known already
    unnamed: bool = False  # speaks for the relay, by an あいことば: sees names as somebody who is not logged in


PUBLIC = Viewer()
SISTER = Viewer(sister=True)


def viewer_of(session: Session, account: Account) -> Viewer:
    """`account` as a viewer, wherever it lives: what may it have seen when it speaks about a post?"""
    if account.local:
        member = session.get(Member, account.id)
        return Viewer(account.id, role=member.role if member else None)
    return Viewer(account.id, remote=True, sister=_lives_with_sisters(session, account))


def _lives_with_sisters(session: Session, account: Account) -> bool:
    """By the host of the id, which is what two towns agree about; handles may bear another name."""
    authority = urlsplit(account.uri).netloc.lower()
    return session.scalar(select(SisterTown.state).where(SisterTown.domain == authority)) == "agreed"


def visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """A condition on `Post`: true for exactly those posts that `viewer` may see."""
    stands = and_(Post.deleted_at.is_(None), ~_of_suspended())
    allowed: list[ColumnElement[bool]] = [Post.visibility.in_(_levels(viewer))]
    me = viewer.account_id
    if me is not None:
        stands = and_(stands, ~_of_blocker(me))
        allowed += [
            Post.author_id == me,
            and_(Post.visibility == FOLLOWERS, _is_follower(me)),
            and_(Post.visibility.in_((FOLLOWERS, DIRECT)), _is_mentioned(me)),
        ]
    return and_(stands, or_(*allowed))


def may_see(session: Session, viewer: Viewer, post: Post) -> bool:
    """Whether `viewer` may see `post` now. The same rule as `visible_to`; most posts need no question to the database,
    which matters for everything that comes in from other servers.
    """
    author = session.get(Account, post.author_id)
    if post.deleted_at is not None or author is None or author.suspended_at is not None:
        return False
    if _blocks(session, author.id, viewer):
        return False
    if post.visibility in _levels(viewer) or post.author_id == viewer.account_id:
        return True
    if viewer.account_id is None or post.visibility not in {FOLLOWERS, DIRECT}:
        return False
    return bool(session.scalar(select(exists().where(Post.id == post.id, visible_to(viewer)))))


def taken_back_from(viewer: Viewer) -> ColumnElement[bool]:
    """A condition on `Post`: true for those that were taken back and had been for everybody like `viewer`.

    They say nothing any more, but `viewer` may hear that they are gone.
    """
    return and_(Post.deleted_at.is_not(None), Post.visibility.in_(_levels(viewer)), ~_of_suspended())


def was_taken_back(session: Session, viewer: Viewer, post: Post) -> bool:
    """The same rule as `taken_back_from` for one post."""
    if post.deleted_at is None or post.visibility not in _levels(viewer):
        return False
    author = session.get(Account, post.author_id)
    return author is not None and author.suspended_at is None


def require(session: Session, viewer: Viewer, post_id: int) -> Post:
    """The post `post_id`; NotFound if there is none or `viewer` may not see it: nobody learns which."""
    post = session.scalar(select(Post).where(Post.id == post_id, visible_to(viewer)))
    if post is None:
        raise NotFound(
            "お探しのものは見つかりませんでした。取り下げられたか、見られる範囲が限られているようです。"
        )
    return post


def narrower(a: str, b: str) -> str:
    """The narrower of two visibilities."""
    return max(a, b, key=FROM_WIDE.index)


def _of_suspended() -> ColumnElement[bool]:
    return exists().where(Account.id == Post.author_id, Account.suspended_at.is_not(None)).correlate(Post)


def _of_blocker(account_id: int) -> ColumnElement[bool]:
    """A list that the query works out once: 2 µs for a page, however long the page."""
    return Post.author_id.in_(select(_block.account_id).where(_block.target_id == account_id))


def _blocks(session: Session, author_id: int, viewer: Viewer) -> bool:
    if viewer.account_id is None or viewer.account_id == author_id:
        return False
    facts = {"author": author_id, "viewer": viewer.account_id}
    return session.connection().execute(_BLOCK, facts).first() is not None


def _levels(viewer: Viewer) -> tuple[str, ...]:
    if viewer.account_id is not None and not viewer.remote:
        return OPEN, UNLISTED, SISTER_ONLY, TOWN
    return (OPEN, UNLISTED, SISTER_ONLY) if viewer.sister else (OPEN, UNLISTED)


def _is_follower(account_id: int) -> ColumnElement[bool]:
    return (
        exists()
        .where(
            Follow.follower_id == account_id, Follow.followee_id == Post.author_id, Follow.state == "accepted"
        )
        .correlate(Post)
    )


def _is_mentioned(account_id: int) -> ColumnElement[bool]:
    return exists().where(Mention.account_id == account_id, Mention.post_id == Post.id).correlate(Post)
