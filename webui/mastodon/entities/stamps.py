"""The facts of posts that a page of an app is made of, read in one statement: what changes often, what tells whether a
rendered post still holds, the author's stamp, and what the viewer did with each post.

Everything that reaches an app comes through here, so here stands the door: `visibility` and, in lists, `distance`.
"""

from typing import Any, NamedTuple, cast

from sqlalchemy import Select, and_, case, exists, literal_column, or_, select, true
from sqlalchemy.orm import Session, aliased

from community import distance, town
from community.models import Account, Bookmark, Follow, Like, Pin, Post, ThreadMute
from community.storage.prepared import Prepared, among, param
from community.visibility import FOLLOWERS, PUBLIC, Viewer, visible_to
from webui.mastodon.entities import accounts

p = Post.__table__.c
author = Account.__table__.c
_ME = param("me")
_NOW = param("now")
MEMBER = Viewer(account_id=cast("int", _ME))
"""Any member, as a parameter of statements that are made once."""


class Stamp(NamedTuple):
    """One post, as far as it changes or differs between viewers. `version` and what follows are for `statuses`."""

    id: int
    boost_of_id: int | None
    quote_of_id: int | None
    quote_state: str | None
    author_id: int
    replies: int
    boosts: int
    likes: int
    thanks: int
    quotes: int
    answers: int
    # What a rendered post is made of and may change:
    edited_at: int | None
    touched: int
    solved_at: int | None
    accepted_answer_id: int | None
    visibility: str
    # What the viewer did:
    favourited: int
    boosted: int
    muted: int
    bookmarked: int
    pinned: int
    follows: int  # the author, where that decides who may quote
    account: tuple[Any, ...]

    @property
    def version(self) -> tuple[Any, ...]:
        return self[11:16]


_FACTS = (
    p.id, p.boost_of_id, p.quote_of_id, p.quote_state, p.author_id, p.replies_count, p.boosts_count, p.likes_count,
    p.thanks_count, p.quotes_count, p.answers_count, p.edited_at, p.touched, p.solved_at, p.accepted_answer_id, p.visibility,
)  # fmt: skip
_ACCOUNT_AT = len(_FACTS) + 6
_mine = aliased(Post.__table__, name="mine")
_original = aliased(Post.__table__, name="original")


def _deeds(member: bool) -> list[Any]:
    """Six columns, 0 or 1: what the viewer did with the post."""
    if not member:
        return [literal_column("0")] * 6
    # Under names of their own, for a walk may join the same tables.
    like, mark, pin, mute, follow = (
        aliased(model.__table__, name=f"my_{model.__tablename__}").c
        for model in (Like, Bookmark, Pin, ThreadMute, Follow)
    )
    deeds = [
        exists().where(like.account_id == _ME, like.post_id == p.id),
        exists().where(_mine.c.boost_of_id == p.id, _mine.c.author_id == _ME, _mine.c.deleted_at.is_(None)),
        exists().where(mute.account_id == _ME, mute.root_id == p.root_id),
        exists().where(mark.account_id == _ME, mark.post_id == p.id),
        and_(p.author_id == _ME, exists().where(pin.account_id == _ME, pin.post_id == p.id)),
        and_(
            p.quote_policy.in_((FOLLOWERS, "manual_followers")),
            exists().where(follow.follower_id == _ME, follow.followee_id == p.author_id, follow.state == "accepted"),
        ),
    ]
    return [case((deed, 1), else_=0) for deed in deeds]


def statement(member: bool) -> Select[*tuple[Any, ...]]:
    """The stamps of posts that `member` (the parameter `me`), or a stranger, may see. Further conditions are added."""
    return (
        select(*_FACTS, *_deeds(member), *accounts.STAMP)
        .select_from(
            Post.__table__.join(Account.__table__, author.id == p.author_id).outerjoin(
                _original, _original.c.id == p.boost_of_id
            )
        )
        .where(visible_to(MEMBER if member else PUBLIC))
    )


def heard(member: bool) -> Any:
    """For lists: a member turned away neither from the author nor from the author of what is passed on."""
    if not member:
        return true()
    passed_on_by = _original.c.author_id
    return and_(
        ~distance.hidden_from(_ME, p.author_id, _NOW),
        or_(passed_on_by.is_(None), ~distance.hidden_from(_ME, passed_on_by, _NOW)),
    )


_BY_ID = {
    member: Prepared(lambda dialect, member=member: statement(member).where(among(p.id, "ids", dialect)))  # type: ignore[misc]
    for member in (True, False)
}


def by_id(session: Session, viewer: Viewer, ids: Any) -> dict[int, Stamp]:
    """The stamps of those posts among `ids` that `viewer` may see. One query."""
    wanted = list(set(ids))
    return {stamp.id: stamp for stamp in read(session, viewer, _BY_ID, ids=wanted)} if wanted else {}


def read(
    session: Session, viewer: Viewer, statements: dict[bool, Prepared], **params: object
) -> list[Stamp]:
    """What the statement for members or the one for strangers finds, in its order."""
    member = viewer.account_id is not None
    if member:
        params |= {"me": viewer.account_id, "now": town.now(session)}
    return [
        Stamp._make((*row[:_ACCOUNT_AT], row[_ACCOUNT_AT:]))
        for row in statements[member].rows(session, **params)
    ]
