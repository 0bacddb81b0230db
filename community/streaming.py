"""What of an event concerns whom, among the members who are listening at this moment: pure queries, a few for each event.

Whether somebody may see a post is decided where it is shown (`visibility`, `distance`). Here stands only where it can
turn up, and for whom it looks different from how it looks to any other member.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, union, union_all
from sqlalchemy.orm import Session, aliased

from community import town
from community.models import (
    LOCAL,
    AccessToken,
    Account,
    Block,
    Bookmark,
    DomainBlock,
    Follow,
    FollowedTag,
    HomeEntry,
    Like,
    ListEntry,
    ListMember,
    Member,
    MemberList,
    Mention,
    Mute,
    PollVote,
    Post,
    PostTag,
    Tag,
    ThreadMute,
    Veil,
)
from community.storage.prepared import Ids, Prepared, among, param
from community.visibility import DIRECT, FOLLOWERS, Viewer

_p = Post.__table__.c
_original, _quoted, _their_quoted = (aliased(Post.__table__) for _ in range(3))
_account, _member, _token = (model.__table__.c for model in (Account, Member, AccessToken))
_follow, _home, _listed = (model.__table__.c for model in (Follow, HomeEntry, ListEntry))
_NARROW = frozenset({FOLLOWERS, DIRECT})


@dataclass(frozen=True, slots=True)
class About:
    """What is to be known of a post to find its listeners."""

    id: int
    kind: str
    visibility: str
    local: bool
    author_id: int
    board_id: int | None
    reply: bool
    boosted: bool
    tags: tuple[str, ...]  # folded
    authors: frozenset[int]  # whose words are in it: its own, those of what it passes on or quotes
    same: frozenset[int]  # itself and what it passes on: what members do with one shows on the other
    roots: frozenset[int]
    narrow: bool  # something in it is for some members alone
    for_followers: bool  # who may quote it depends on who follows


def about(session: Session, post_id: int) -> About | None:
    """What stands about the post `post_id`, also if it was taken back; None if there is no row."""
    row = next(iter(_ABOUT.rows(session, post=post_id)), None)
    if row is None:
        return None
    it = _Row(*row)
    inner = [it.original_author, it.quoted_author, it.their_quoted_author]
    circles = {it.visibility, it.original_visibility, it.quoted_visibility, it.their_quoted_visibility}
    return About(
        id=post_id,
        kind=it.kind,
        visibility=it.visibility,
        local=bool(it.local),
        author_id=it.author,
        board_id=it.board if it.kind in ("question", "flag") else None,
        reply=it.in_reply_to is not None,
        boosted=it.boosts > 0,
        tags=tuple(name for (name,) in _TAGS.rows(session, post=post_id)),
        authors=frozenset([it.author, *(each for each in inner if each is not None)]),
        same=frozenset([post_id] if it.original is None else [post_id, it.original]),
        roots=frozenset(each for each in (it.root, it.original_root) if each is not None),
        narrow=bool(circles & _NARROW),
        for_followers=FOLLOWERS in (it.quote_policy, it.original_quote_policy),
    )


def at_home(session: Session, post_id: int, listening: Ids) -> set[int]:
    """Those of `listening` on whose home the post stands."""
    return _accounts(_AT_HOME.rows(session, post=post_id, listening=listening))


def on_lists(session: Session, post_id: int, lists: Ids) -> dict[int, int]:
    """Those of `lists` on which the post stands, each with whose list it is."""
    return dict(_ON_LISTS.rows(session, post=post_id, lists=lists))


def lists_with(session: Session, account_ids: Ids, lists: Ids) -> dict[int, int]:
    """Those of `lists` that bring what one of the accounts says, each with whose list it is."""
    return dict(_LISTS_WITH.rows(session, accounts=account_ids, lists=lists))


def had_at_home(session: Session, post: About, tag_ids: Ids, listening: Ids) -> set[int]:
    """Those of `listening` on whose home a post that was taken back may have stood; its tags are given, for they went."""
    if post.boosted:  # by whom is forgotten with it; everybody may know of what could be passed on
        return set(listening)
    if post.visibility == DIRECT:
        addressed = _accounts(_ADDRESSED.rows(session, post=post.id, listening=listening))
        return addressed | ({post.author_id} & set(listening))
    return _accounts(
        _HAD_AT_HOME.rows(
            session, post=post.id, author=post.author_id, board=post.board_id or 0, tags=tag_ids, listening=listening
        )
    )


def followers(session: Session, account_id: int, listening: Ids) -> set[int]:
    """Those of `listening` who are, or follow, the account."""
    return _accounts(_FOLLOWERS.rows(session, author=account_id, board=0, listening=listening))


def tag_names(session: Session, tag_ids: Ids) -> list[str]:
    """The folded names of tags."""
    return [name for (name,) in _TAG_NAMES.rows(session, tags=tag_ids)] if tag_ids else []


def particular(session: Session, post: About, listening: Ids) -> set[int]:
    """Those of `listening` to whom the post may look, or be, different from what any other member sees.

    Rather one too many: who is not among them has no filter, and nothing to do with the post or anybody whose words
    are in it.
    """
    if post.narrow:
        return set(listening)
    found = _PARTICULAR.rows(
        session, authors=post.authors, same=post.same, roots=post.roots, listening=listening, now=town.now(session)
    )
    near = _accounts(found) | post.authors
    if post.for_followers:
        for author_id in post.authors:
            near |= followers(session, author_id, listening)
    return near.intersection(listening)


def viewers(session: Session, account_ids: Ids) -> dict[int, Viewer]:
    """Active members as they look at things now, by account."""
    return {
        row[0]: Viewer(row[0], role=row[1], locale=row[2], filters_version=row[3])
        for row in _VIEWERS.rows(session, accounts=account_ids)
    }


def standing_tokens(session: Session, token_ids: Ids) -> set[int]:
    """Those of `token_ids` with which an app may still do something."""
    return _accounts(_STANDING.rows(session, tokens=token_ids, now=town.now(session)))


def owner_of_list(session: Session, list_id: int) -> int | None:
    """Whose list it is."""
    return session.scalar(select(MemberList.account_id).where(MemberList.id == list_id))


def _accounts(rows: list[tuple[Any, ...]]) -> set[int]:
    return {row[0] for row in rows}


class _Row:
    """A row of `_ABOUT` by name."""

    __slots__ = (
        "author", "board", "boosts", "in_reply_to", "kind", "local", "original", "original_author",
        "original_quote_policy", "original_root", "original_visibility", "quote_policy", "quoted_author",
        "quoted_visibility", "root", "their_quoted_author", "their_quoted_visibility", "visibility",
    )  # fmt: skip

    def __init__(self, *values: Any) -> None:
        for name, value in zip(self.__slots__, values, strict=True):
            setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def _about() -> Any:
    columns = {
        "author": _p.author_id, "board": _p.board_id, "boosts": _p.boosts_count, "in_reply_to": _p.in_reply_to_uri,
        "kind": _p.kind, "local": _p.local, "original": _p.boost_of_id, "original_author": _original.c.author_id,
        "original_quote_policy": _original.c.quote_policy, "original_root": _original.c.root_id,
        "original_visibility": _original.c.visibility, "quote_policy": _p.quote_policy,
        "quoted_author": _quoted.c.author_id, "quoted_visibility": _quoted.c.visibility, "root": _p.root_id,
        "their_quoted_author": _their_quoted.c.author_id, "their_quoted_visibility": _their_quoted.c.visibility,
        "visibility": _p.visibility,
    }  # fmt: skip
    around = (
        Post.__table__.outerjoin(_original, _original.c.id == _p.boost_of_id)
        .outerjoin(_quoted, _quoted.c.id == _p.quote_of_id)
        .outerjoin(_their_quoted, _their_quoted.c.id == _original.c.quote_of_id)
    )
    rows = select(*(columns[name] for name in _Row.__slots__)).select_from(around)
    return rows.where(_p.id == param("post"))


def _of_followers(dialect: str) -> Any:
    return select(_account.id).where(
        among(_account.id, "listening", dialect),
        or_(
            _account.id == param("author"),
            exists().where(
                _follow.follower_id == _account.id,
                _follow.followee_id.in_((param("author"), param("board"))),
                _follow.state == "accepted",
            ),
        ),
    )


def _addressed(dialect: str) -> Any:
    spoken_to = Mention.__table__.c
    return select(spoken_to.account_id).where(
        spoken_to.post_id == param("post"), among(spoken_to.account_id, "listening", dialect)
    )


def _had_at_home(dialect: str) -> Any:
    tag = FollowedTag.__table__.c
    return union(
        _of_followers(dialect),
        _addressed(dialect),
        select(tag.account_id).where(
            among(tag.tag_id, "tags", dialect), among(tag.account_id, "listening", dialect)
        ),
    )


def _lists_with(dialect: str) -> Any:
    on, of = ListMember.__table__.c, MemberList.__table__.c
    return (
        select(of.id, of.account_id)
        .distinct()
        .select_from(MemberList.__table__.join(ListMember.__table__, on.list_id == of.id))
        .where(among(of.id, "lists", dialect), among(on.account_id, "accounts", dialect))
    )


def _particular(dialect: str) -> Any:
    """One SELECT for each thing that somebody may have to do with the post. Those that are found by what they are about
    may find more than who listens; the others are found by who listens, for they have no other index.
    """
    block, mute, shut, veil = (model.__table__.c for model in (Block, Mute, DomainBlock, Veil))
    like, mark, vote, quiet = (model.__table__.c for model in (Like, Bookmark, PollVote, ThreadMute))

    def listens(column: ColumnElement[int]) -> ColumnElement[bool]:
        return among(column, "listening", dialect)

    def by_author(column: ColumnElement[int]) -> ColumnElement[bool]:
        return among(column, "authors", dialect)

    def same(column: ColumnElement[int]) -> ColumnElement[bool]:
        return among(column, "same", dialect)

    running = or_(mute.expires_at.is_(None), mute.expires_at > param("now"))
    home = exists().where(by_author(_account.id), _account.domain == shut.domain, _account.domain != LOCAL)
    return union_all(
        select(_member.account_id).where(listens(_member.account_id), _member.filters_version > 0),
        # Whom a post names besides its authors goes beyond what is looked at here: whoever has a veil is shown their own.
        select(veil.account_id).where(listens(veil.account_id)).distinct(),
        select(mute.account_id).where(listens(mute.account_id), by_author(mute.target_id), running),
        select(shut.account_id).where(listens(shut.account_id), home),
        select(quiet.account_id).where(listens(quiet.account_id), among(quiet.root_id, "roots", dialect)),
        select(block.account_id).where(by_author(block.target_id)),
        select(block.target_id).where(by_author(block.account_id)),
        select(like.account_id).where(same(like.post_id)),
        select(mark.account_id).where(same(mark.post_id)),
        select(vote.account_id).where(same(vote.post_id)),
        select(_p.author_id).where(same(_p.boost_of_id)),
    )


def _active() -> ColumnElement[bool]:
    return and_(_member.state == "active", _account.deleted_at.is_(None), _account.suspended_at.is_(None))


def _standing(dialect: str) -> Any:
    holders = AccessToken.__table__.outerjoin(
        Member.__table__, _member.account_id == _token.account_id
    ).outerjoin(Account.__table__, _account.id == _token.account_id)
    return (
        select(_token.id)
        .select_from(holders)
        .where(
            among(_token.id, "tokens", dialect),
            _token.revoked_at.is_(None),
            or_(_token.expires_at.is_(None), _token.expires_at > param("now")),
            or_(_token.account_id.is_(None), _active()),
        )
    )


_tag, _post_tag, _list = (model.__table__.c for model in (Tag, PostTag, MemberList))
_ABOUT = Prepared(lambda _dialect: _about())
_TAGS = Prepared(
    lambda _dialect: select(_tag.name)
    .select_from(Tag.__table__.join(PostTag.__table__, _post_tag.tag_id == _tag.id))
    .where(_post_tag.post_id == param("post"))
)
_TAG_NAMES = Prepared(lambda dialect: select(_tag.name).where(among(_tag.id, "tags", dialect)))
_AT_HOME = Prepared(
    lambda dialect: select(_home.account_id).where(
        _home.post_id == param("post"), among(_home.account_id, "listening", dialect)
    )
)
_ON_LISTS = Prepared(
    lambda dialect: select(_list.id, _list.account_id)
    .select_from(MemberList.__table__.join(ListEntry.__table__, _listed.list_id == _list.id))
    .where(_listed.post_id == param("post"), among(_list.id, "lists", dialect))
)
_LISTS_WITH = Prepared(_lists_with)
_ADDRESSED = Prepared(_addressed)
_HAD_AT_HOME = Prepared(_had_at_home)
_FOLLOWERS = Prepared(_of_followers)
_PARTICULAR = Prepared(_particular)
_VIEWERS = Prepared(
    lambda dialect: select(_member.account_id, _member.role, _member.locale, _member.filters_version)
    .select_from(Member.__table__.join(Account.__table__, _account.id == _member.account_id))
    .where(among(_member.account_id, "accounts", dialect), _active())
)
_STANDING = Prepared(_standing)
