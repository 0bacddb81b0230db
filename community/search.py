"""さがす: posts by their words, people by handle, name and 得意技, tags by their names.

A member finds, of all that they may see (`community.visibility`):

* what was written in this town, save what is for few (unlisted, followers, direct);
* what was written in a sister town, or by somebody who agreed to be found (`indexable`), or whom they follow;
* what they wrote themselves, and what they had to do with: liked, passed on, kept, answered, were mentioned in.

A stranger finds what was written openly in this town. Nothing is ranked: the newest comes first. A search looks at no
more than READ_MOST posts that have the words, the newest ones; so it costs the same however much there is.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, case, exists, false, func, or_, select, union
from sqlalchemy.orm import Session, aliased

from community import distance, events, ids, lexicon, quiet, search_terms, town, veils
from community import tags as tag_rows
from community.events import Bus
from community.models import (
    LOCAL,
    Account,
    AccountWords,
    Bookmark,
    Follow,
    Gathering,
    Like,
    Media,
    Mention,
    Poll,
    Post,
    PostTag,
    PostWords,
    SisterTown,
    Strength,
    Tag,
)
from community.search_terms import Wanted
from community.text import fold
from community.visibility import OPEN, SISTER_ONLY, TOWN, Viewer, visible_to

READ_MOST = 2_000
"""How many posts with the words wanted a search looks at, the newest first."""

PEOPLE_READ_MOST, TAGS_READ_MOST = 500, 200
_FINDABLE = ("person", "board", "service")
_mine = aliased(Post)


def subscribe(bus: Bus) -> None:
    """Have everything that is written be found from the moment it stands until it is taken back."""
    bus.subscribe(events.PostCreated, _created)
    bus.subscribe(events.PostBroughtIn, _created)
    bus.subscribe(events.PostEdited, _edited)
    bus.subscribe(events.PostDeleted, _deleted)
    bus.subscribe(events.AccountUpdated, lambda session, event: note_account(session, event.account_id))
    bus.subscribe(events.AccountDeleted, lambda session, event: note_account(session, event.account_id))


def note_account(session: Session, account_id: int) -> None:
    """Let an account be found by what it is called now, or no longer if it is gone."""
    session.flush()
    account = session.get_one(Account, account_id)
    if account.deleted_at is not None:
        forget_account(session, account_id)
        return
    topics = select(Strength.label).where(Strength.account_id == account_id).order_by(Strength.position)
    lexicon.ACCOUNTS.put(session, account_id, _said_of(account, session.scalars(topics)))


def note_new_account(session: Session, account: Account, strengths: Iterable[str]) -> None:
    """`note_account` for one that was stored in this very unit, with these 得意技."""
    lexicon.ACCOUNTS.add(session, account.id, _said_of(account, strengths))


def _said_of(account: Account, strengths: Iterable[str]) -> str:
    return "\n".join([account.name, account.domain, account.display_name, *strengths])


def forget_account(session: Session, account_id: int) -> None:
    """Let an account be found no longer."""
    lexicon.ACCOUNTS.drop(session, account_id)


def posts(
    session: Session,
    viewer: Viewer,
    wanted: Wanted,
    *,
    author_id: int | None = None,
    max_id: int | None = None,
    min_id: int | None = None,
    limit: int = 20,
    offset: int = 0,
) -> list[int]:
    """The ids of the posts that `viewer` may find by `wanted`, the newest first; of one author if that is said.

    Three queries at most, bounded by READ_MOST.
    """
    if wanted.author is not None and author_id is None:
        author_id = _author(session, viewer, wanted.author)
        if author_id is None:
            return []
    elif author_id is not None and veils.among_these(session, viewer, [author_id]):
        return []
    if author_id is None and not wanted.terms:
        return []
    above = max((each for each in (min_id, _first(wanted.after, -1)) if each is not None), default=None)
    below = min((each for each in (max_id, _first(wanted.before, 0)) if each is not None), default=None)
    conditions: list[ColumnElement[bool]] = []
    if author_id is None:
        found = lexicon.POSTS.found(
            session, wanted.terms, without=wanted.without, most=READ_MOST, above=above, below=below
        )
    else:
        found = _of_author(author_id, above=above, below=below)
        conditions.append(_says(session, wanted))
    statement = (
        select(Post.id)
        .join(found, found.c.id == Post.id)
        .where(
            visible_to(viewer),
            findable(viewer),
            quiet.heard(viewer, Post.author_id),
            ~distance.hidden(viewer, Post.author_id, town.now(session)),
            *_narrowed(wanted),
            *conditions,
        )
        .order_by(Post.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return list(session.scalars(statement))


def people(
    session: Session, viewer: Viewer, typed: str, *, following: bool = False, limit: int = 20, offset: int = 0
) -> list[int]:
    """The ids of accounts whose handle, name or 得意技 have the words of `typed`: the one who is called just that,
    then whom `viewer` follows, then our own people, then others. Who wants to be found by nobody is, by the whole handle.
    """
    typed = town.of(session).uris.without_home(typed.strip())
    if not search_terms.words(typed):
        return []
    followed = _followed(viewer, Account.id)
    standing: list[ColumnElement[bool]] = [
        Account.kind.in_(_FINDABLE), Account.deleted_at.is_(None), Account.suspended_at.is_(None),
        ~veils.veiled(viewer, Account.id),
    ]  # fmt: skip
    if following:
        standing.append(followed)
    named = session.scalar(select(Account.id).where(*_called(typed), *standing))
    first = [] if named is None else [named]
    found = named_so(session, viewer, typed)
    rows = (
        select(Account.id)
        .join(found, found.c.id == Account.id)
        .where(
            *standing,
            Account.id.not_in(first),
            or_(Account.discoverable, followed),
            ~distance.hidden(viewer, Account.id, town.now(session)),
        )
        .order_by(case((followed, 0), (Account.domain == LOCAL, 1), else_=2), Account.id.desc())
        .limit(limit)
        .offset(max(offset - len(first), 0))
    )
    return [*first[offset:], *session.scalars(rows)][:limit]


def named_so(session: Session, viewer: Viewer, typed: str) -> Subquery:
    """A subquery with one column `id`: the accounts whose handle, name or 得意技 have the words of `typed`. All of our own
    people and of those whom `viewer` follows, of others the PEOPLE_READ_MOST that were met last. There must be a word.
    """
    terms = search_terms.words(typed)
    newest = lexicon.ACCOUNTS.found(session, terms, most=PEOPLE_READ_MOST)
    dialect = session.connection().dialect.name
    said = [lexicon.has(AccountWords.words, term, dialect) for term in terms]
    ours = select(Account.id).join(AccountWords, AccountWords.id == Account.id).where(Account.domain == LOCAL, *said)
    near = (
        select(Follow.followee_id)
        .join(AccountWords, AccountWords.id == Follow.followee_id)
        .where(Follow.follower_id == (viewer.account_id or 0), *said)
    )
    return union(select(newest.c.id), ours, near).subquery("named_so")


def tags(session: Session, viewer: Viewer, typed: str, *, limit: int = 20, offset: int = 0) -> list[Tag]:
    """Tags whose names have the words of `typed`, the one that is called just that first, then the shortest. A tag
    that stands on nothing that `viewer` may see is not told.
    """
    terms = search_terms.words(typed)
    if not terms:
        return []
    found = lexicon.TAGS.found(session, terms, most=TAGS_READ_MOST)
    called = fold(typed.strip().lstrip("#＃"))
    used = exists().where(PostTag.tag_id == Tag.id, PostTag.post_id == Post.id, visible_to(viewer)).correlate(Tag)
    rows = (
        select(Tag)
        .join(found, found.c.id == Tag.id)
        .where(used)
        .order_by(case((Tag.name == called, 0), else_=1), func.length(Tag.name), Tag.id)
    )
    return list(session.scalars(rows.limit(limit).offset(offset)))


def findable(viewer: Viewer) -> ColumnElement[bool]:
    """A condition on `Post`, which `viewer` may see: that a search may bring it to them (see above)."""
    of_town = and_(Post.local.is_(True), Post.visibility.in_((OPEN, SISTER_ONLY, TOWN)))
    me = viewer.account_id
    if me is None:
        return and_(of_town, Post.visibility == OPEN)
    agreed = exists().where(
        Account.id == Post.author_id,
        or_(Account.indexable, Account.domain.in_(select(SisterTown.domain).where(SisterTown.state == "agreed"))),
    )
    from_elsewhere = and_(Post.visibility.in_((OPEN, SISTER_ONLY)), or_(agreed, _followed(viewer, Post.author_id)))
    dealt_with = or_(
        exists().where(Like.account_id == me, Like.post_id == Post.id),
        exists().where(Bookmark.account_id == me, Bookmark.post_id == Post.id),
        exists().where(Mention.account_id == me, Mention.post_id == Post.id),
        exists().where(_mine.boost_of_id == Post.id, _mine.author_id == me),
        exists().where(_mine.parent_id == Post.id, _mine.author_id == me, _mine.deleted_at.is_(None)),
    )
    return or_(of_town, Post.author_id == me, from_elsewhere, dealt_with)


def _created(session: Session, event: events.PostCreated | events.PostBroughtIn) -> None:
    post = session.get_one(Post, event.post_id)
    if post.kind != "boost" and post.deleted_at is None:
        lexicon.POSTS.add(session, post.id, _said(session, post))


def _edited(session: Session, event: events.PostEdited) -> None:
    post = session.get_one(Post, event.post_id)
    if post.kind != "boost" and post.deleted_at is None:
        lexicon.POSTS.put(session, post.id, _said(session, post))


def _deleted(session: Session, event: events.PostDeleted) -> None:
    lexicon.POSTS.drop(session, event.post_id)


def _said(session: Session, post: Post) -> str:
    labels = tag_rows.labels_of(session, post) if post.kind in ("question", "flag") else []
    gathering = session.get(Gathering, post.id) if post.kind == "flag" else None
    where = [] if gathering is None else [gathering.form, gathering.place]
    return "\n".join([post.title or "", post.summary, post.body_text, post.basis, *labels, *where])


def _author(session: Session, viewer: Viewer, handle: str) -> int | None:
    if handle == "me":
        return viewer.account_id
    name, _, domain = handle.partition("@")
    home = LOCAL if not domain or town.of(session).uris.is_home(domain) else domain
    return session.scalar(
        select(Account.id).where(Account.name == name, Account.domain == home, ~veils.veiled(viewer, Account.id))
    )


def _of_author(author_id: int, *, above: int | None, below: int | None) -> Any:
    """The newest posts of one author: fewer than a common word has, so these are read instead."""
    rows = select(Post.id).where(Post.author_id == author_id)
    if above is not None:
        rows = rows.where(Post.id > above)
    if below is not None:
        rows = rows.where(Post.id < below)
    return rows.order_by(Post.id.desc()).limit(READ_MOST).subquery("found")


def _says(session: Session, wanted: Wanted) -> ColumnElement[bool]:
    """A condition on `Post`: its kept words have what is wanted."""
    dialect = session.connection().dialect.name
    having = [lexicon.has(PostWords.words, term, dialect) for term in wanted.terms]
    lacking = [~lexicon.has(PostWords.words, term, dialect) for term in wanted.without]
    return exists().where(PostWords.id == Post.id, *having, *lacking)


def _first(moment: int | None, step: int) -> int | None:
    """The first id of a moment, plus `step`; None without a moment, or for one that no post can have."""
    return ids.first_of(moment) + step if moment is not None and 0 < moment < 1 << 42 else None


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = [~_FACTS[name] if unwanted else _FACTS[name] for name, unwanted in wanted.narrowed]
    if wanted.language is not None:
        conditions.append(Post.language == wanted.language)
    return conditions


def _pictured(*kinds: str) -> ColumnElement[bool]:
    picture = exists().where(Media.post_id == Post.id)
    return picture.where(Media.kind.in_(kinds)) if kinds else picture


_FACTS: dict[str, ColumnElement[bool]] = {
    "has:media": _pictured(),
    "has:image": _pictured("image", "gifv"),
    "has:video": _pictured("video"),
    "has:audio": _pictured("audio"),
    "has:poll": exists().where(Poll.post_id == Post.id),
    "has:link": Post.card_id.is_not(None),
    "is:reply": or_(Post.parent_id.is_not(None), Post.in_reply_to_uri.is_not(None)),
    "is:question": Post.kind == "question",
    "is:answer": Post.kind == "answer",
    "is:flag": Post.kind == "flag",
    "is:solved": Post.solved_at.is_not(None),
    "is:sensitive": Post.sensitive.is_(True),
    "is:local": Post.local.is_(True),
}


def _followed(viewer: Viewer, account: Any) -> ColumnElement[bool]:
    if viewer.account_id is None:
        return false()
    return exists().where(
        Follow.follower_id == viewer.account_id, Follow.followee_id == account, Follow.state == "accepted"
    )


def _called(typed: str) -> list[ColumnElement[bool]]:
    name, _, domain = typed.casefold().removeprefix("@").partition("@")
    return [Account.name == name, Account.domain == domain]
