"""What hangs on a post of ours: replies, likes, shares, counted as far as everybody may know of them.

A ありがとう for one pair of eyes is in no number, and neither is who was sent away.
"""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community.models import Account, Like, Post, Thanks
from community.storage.prepared import Prepared, param
from community.visibility import PUBLIC, SISTER, visible_to
from federation.models import OutboxItem

Document = dict[str, Any]
_INLINE = 5
"""So many replies of our own stand in the document itself: Mastodon reads them there without another request."""

_reply, _like, _thanks, _account = (each.__table__.c for each in (Post, Like, Thanks, Account))
_LIKERS = Like.__table__.join(Account.__table__, _account.id == _like.account_id)
_GIVERS = Thanks.__table__.join(Account.__table__, _account.id == _thanks.giver_id)
_LIKES = Prepared(
    lambda _dialect: select(
        select(func.count()).select_from(_LIKERS)
        .where(_like.post_id == param("post"), _account.suspended_at.is_(None)).scalar_subquery()
        + select(func.count()).select_from(_GIVERS)
        .where(_thanks.post_id == param("post"), _thanks.private.is_(False), _account.suspended_at.is_(None))
        .scalar_subquery()
    )
)  # fmt: skip
_TOLD = {
    sister: Prepared(
        lambda _dialect, viewer=viewer: select(func.count()).where(  # type: ignore[misc]
            _reply.parent_id == param("post"), visible_to(viewer)
        )
    )
    for sister, viewer in ((False, PUBLIC), (True, SISTER))
}
_OWN = {
    sister: Prepared(
        lambda _dialect, viewer=viewer: select(_reply.uri)  # type: ignore[misc]
        .where(_reply.parent_id == param("post"), _reply.local.is_(True), visible_to(viewer))
        .order_by(_reply.id)
        .limit(_INLINE)
    )
    for sister, viewer in ((False, PUBLIC), (True, SISTER))
}


def collections(session: Session, post: Post) -> Document:
    """`replies`, `likes` and `shares` as they stand in the document of `post`."""
    return {
        "replies": _replies(session, post),
        "likes": _count(f"{post.uri}/likes", likes_of(session, post)),
        "shares": _count(f"{post.uri}/shares", shares_of(session, post)),
    }


def likes_of(session: Session, post: Post) -> int:
    """How many likes and ありがとう one may know of; of a post that has neither nothing is asked."""
    if not post.likes_count and not post.thanks_count:
        return 0
    ((count,),) = _LIKES.rows(session, post=post.id)
    return int(count)


def shares_of(session: Session, post: Post) -> int:
    """How often the post was passed on: by boards of ours, and by people anywhere."""
    if post.kind not in ("question", "flag"):  # boards recommend these alone
        return post.boosts_count
    by_boards = (
        select(func.count())
        .select_from(OutboxItem)
        .join(Account, Account.id == OutboxItem.account_id)
        .where(OutboxItem.object_uri == post.uri, OutboxItem.type == "Announce", Account.kind == "board")
    )
    return (session.scalar(by_boards) or 0) + post.boosts_count


def _replies(session: Session, post: Post) -> Document:
    """How many replies everybody may read who may read the post, and the first of those that stand here.

    Of a post that was just written there are none, and nothing is asked.
    """
    uri = f"{post.uri}/replies"
    if not post.replies_count:
        return {**_count(uri, 0), "first": f"{uri}?page=1"}
    sister = post.visibility == "sister"
    ((total,),) = _TOLD[sister].rows(session, post=post.id)
    own = [reply for (reply,) in _OWN[sister].rows(session, post=post.id)]
    if not own:
        return {**_count(uri, total), "first": f"{uri}?page=1"}
    first = {"type": "CollectionPage", "partOf": uri, "items": own, "next": f"{uri}?page=1"}
    return {**_count(uri, total), "first": first}


def _count(uri: str, total: int) -> Document:
    return {"id": uri, "type": "Collection", "totalItems": total}
