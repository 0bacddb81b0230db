"""What comes home: posts are written on homes and lists when they are stored, so that reading stays flat.

Who reads decides later what they still want to see (`community.visibility`, `community.distance`); here stands only what
brings a post and what keeps it off.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy import Text as AsText
from sqlalchemy.orm import Session, aliased

from community import distance, inserts, town
from community.models import (
    LOCAL,
    Account,
    Follow,
    FollowedTag,
    HomeEntry,
    ListEntry,
    ListMember,
    Member,
    MemberList,
    Post,
    PostTag,
)
from community.storage.prepared import Prepared, param, text_param
from community.visibility import OPEN

HEARD_LATELY = 40
"""A boost is left out when its original, or another boost of it, is among so many newest posts of a home."""

_WITH_RULES = ("answer", "comment", "boost")
_OTHER_BOOSTS = 20  # how many earlier boosts of the same post are looked for
_HOME, _LIST = ["account_id", "post_id"], ["list_id", "post_id"]
_ID = Post.id.type
_POST, _AUTHOR, _BOARD, _PARENT, _ORIGINAL_AUTHOR, _NOW = (
    param(name) for name in ("post", "author", "board", "parent", "original_author", "now")
)
_LANGUAGE = text_param("language")
# Not the parameter itself: SQLite plans a statement anew for each pattern, which takes ten times as long as to run it.
_ANY_OF = literal_column("''").concat(_LANGUAGE)
_SAME = bindparam("same", type_=_ID, expanding=True)
_other = aliased(Follow)


def enter(session: Session, post: Post) -> None:
    """Write `post` on the homes and lists it belongs on: two statements over the follows.

    Homes: of its author's followers, for a question or a flag also its board's, of its author, and, if it is open, of those who
    follow one of its tags. A comment goes only to those who follow the one it speaks to as well; a boost to those who
    want boosts and have not read the same lately. An anonymous post is on nobody's home as their own: its author is
    the relay. Lists: of the same followers, by the list's own rule for replies. Members of an exclusive list stay off
    the home of its owner.
    """
    session.flush()
    facts = _facts(session, post)
    dialect = session.get_bind().dialect.name
    kind = post.kind if post.kind in _WITH_RULES else "other"
    if kind == "boost":  # the only one whose statement takes a list
        session.connection().execute(_entering(dialect, HomeEntry, kind, tagged=False), facts)
    else:
        _prepared(HomeEntry, kind, tagged=post.visibility == OPEN, own=post.local).run(session, **facts)
    _prepared(ListEntry, kind, tagged=False).run(session, **facts)


def _facts(session: Session, post: Post) -> dict[str, Any]:
    """The parameters of the statements for `post`. Where nothing is to be compared stands 0, which no id is."""
    facts: dict[str, Any] = {
        "post": post.id,
        "author": post.author_id,
        "board": (post.board_id if post.kind in ("question", "flag") else None) or 0,
        "parent": post.parent_id or 0,
        "language": _pattern(post.language),
        "now": town.now(session),
        "original_author": 0,
        "same": [0],
    }
    if post.kind == "boost" and post.boost_of_id is not None:
        original = session.get_one(Post, post.boost_of_id)
        again = select(Post.id).where(Post.boost_of_id == original.id, Post.id != post.id)
        earlier = session.scalars(again.order_by(Post.id.desc()).limit(_OTHER_BOOSTS))
        facts |= {
            "original_author": original.author_id,
            "same": [original.id, *earlier],
            "language": _pattern(original.language),
        }
    return facts


def _pattern(language: str | None) -> str:
    """How a language is found in the JSON list of a follow; a post that does not say its language fits every list."""
    main = "".join(each for each in (language or "").partition("-")[0] if each.isalnum())
    return f'%"{main}"%' if main else "%"


@cache
def _prepared(
    model: type[HomeEntry] | type[ListEntry], kind: str, *, tagged: bool, own: bool = True
) -> Prepared:
    return Prepared(lambda dialect: _entering(dialect, model, kind, tagged=tagged, own=own))


@cache
def _entering(
    dialect: str, model: type[HomeEntry] | type[ListEntry], kind: str, *, tagged: bool, own: bool = True
) -> Any:
    """The one INSERT … SELECT for posts of a kind, made once for each engine. `own`: the author may live here."""
    if model is ListEntry:
        return inserts.passing_over(dialect, ListEntry, _LIST, _lists(kind))
    ways = [_followers(kind)] + ([_own()] if own else []) + ([_tag_followers()] if tagged else [])
    return inserts.passing_over(dialect, HomeEntry, _HOME, union_all(*ways))  # whom two ways bring is passed over


def _followers(kind: str) -> Select[int, int]:
    homes = (
        select(Follow.follower_id, _POST)
        .join(Member, Member.account_id == Follow.follower_id)  # remote followers have no home here
        .where(Follow.followee_id.in_((_AUTHOR, _BOARD)), *_brought(kind), ~_kept_off(Follow.follower_id))
    )
    if kind == "comment":
        homes = homes.where(or_(_PARENT == 0, _follows_parent()))
    return homes.where(~_heard_lately()) if kind == "boost" else homes


def _brought(kind: str) -> list[ColumnElement[bool]]:
    """What the follow itself says about a post of this kind."""
    wanted = [
        Follow.state == "accepted",
        or_(Follow.languages.is_(None), cast(Follow.languages, AsText).like(_ANY_OF)),
    ]
    if kind == "boost":
        wanted += [Follow.boosts.is_(True), ~distance.turned_from(Follow.follower_id, _ORIGINAL_AUTHOR, _NOW)]
    return wanted


def _own() -> Select[int, int]:
    return select(Account.id, _POST).where(
        Account.id == _AUTHOR, Account.domain == LOCAL, Account.kind == "person"
    )


def _tag_followers() -> Select[int, int]:
    return (
        select(FollowedTag.account_id, _POST)
        .join(PostTag, PostTag.tag_id == FollowedTag.tag_id)
        .where(PostTag.post_id == _POST, ~_kept_off(FollowedTag.account_id))
    )


def _kept_off(owner: ColumnElement[int] | Any) -> ColumnElement[bool]:
    """`owner` reads the author, or the board, on an exclusive list instead."""
    return exists(
        select(ListMember.id)
        .join(MemberList, MemberList.id == ListMember.list_id)
        .where(
            ListMember.account_id.in_((_AUTHOR, _BOARD)),
            MemberList.exclusive.is_(True),
            MemberList.account_id == owner,
        )
        .correlate_except(ListMember, MemberList)
    )


def _lists(kind: str) -> Select[int, int]:
    """Lists with the author or the board, as far as the owner's follow brings the post."""
    lists = (
        select(MemberList.id, _POST)
        .join(ListMember, ListMember.list_id == MemberList.id)
        .join(
            Follow,
            (Follow.follower_id == MemberList.account_id) & (Follow.followee_id == ListMember.account_id),
        )
        .where(ListMember.account_id.in_((_AUTHOR, _BOARD)), *_brought(kind))
    )
    if kind == "comment":
        return lists.where(or_(_PARENT == 0, _list_shows_comment()))
    if kind == "answer":
        return lists.where(or_(MemberList.replies_policy != "none", _speaks_to(MemberList.account_id)))
    return lists


def _list_shows_comment() -> ColumnElement[bool]:
    fellow = aliased(ListMember)
    in_list = exists().where(fellow.list_id == MemberList.id, fellow.account_id == _parent_author())
    return or_(
        _speaks_to(MemberList.account_id),
        and_(MemberList.replies_policy == "followed", _is_followed(MemberList.account_id)),
        and_(MemberList.replies_policy == "list", in_list),
    )


def _follows_parent() -> ColumnElement[bool]:
    """The follower also follows, or is, the author whom a comment speaks to; an author going on is always read."""
    return or_(_speaks_to(Follow.follower_id), _is_followed(Follow.follower_id))


def _speaks_to(reader: ColumnElement[int] | Any) -> ColumnElement[bool]:
    return or_(_parent_author() == _AUTHOR, _parent_author() == reader)


def _is_followed(reader: ColumnElement[int] | Any) -> ColumnElement[bool]:
    return exists().where(
        _other.follower_id == reader, _other.followee_id == _parent_author(), _other.state == "accepted"
    )


def _parent_author() -> Any:
    parent = aliased(Post)
    return select(parent.author_id).where(parent.id == _PARENT).scalar_subquery()


def _heard_lately() -> ColumnElement[bool]:
    """The original or another boost of it is among the newest of the follower's home."""
    there, newer = aliased(HomeEntry), aliased(HomeEntry)
    above = (
        select(newer.post_id)
        .where(newer.account_id == there.account_id, newer.post_id > there.post_id)
        .limit(HEARD_LATELY)
        .correlate(there)
        .subquery()
    )
    return exists(
        select(there.post_id)
        .where(
            there.account_id == Follow.follower_id,
            there.post_id.in_(_SAME),
            select(func.count()).select_from(above).scalar_subquery() < HEARD_LATELY,
        )
        .correlate(Follow)
    )
