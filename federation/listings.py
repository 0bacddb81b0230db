"""The collections of this town: what an actor said, who follows, what stands under a post. Plain units on a session.

A collection without `first` says how many there are and nothing more; that is how followers and following are shown
while their owner hides them (federation reference §1.1).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from community import founding, pins, tag_follows, text, town, towns, visibility
from community.models import LOCAL, Account, Follow, Gathering, Like, Pin, Post, PostTag, Tag, Thanks
from federation import documents, synchronisation
from federation.documents import Asker
from federation.models import OutboxItem
from federation.vocabulary import hanging, render

Document = dict[str, Any]
_SAYINGS = 20
_IDS = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Which part is asked for: `None` instead of a Page means the collection itself. `cursor` is the last id seen."""

    cursor: int | None = None


def whole(
    uri: str, total: int, *, ordered: bool = True, paged: bool = True, board: str | None = None
) -> Document:
    """The collection itself. An empty one has no pages either."""
    document: Document = {
        "id": uri,
        "type": "OrderedCollection" if ordered else "Collection",
        "totalItems": total,
    }
    if board is not None:
        document["attributedTo"] = board
    if paged and total:
        document["first"] = f"{uri}?page=1"
    return document


def _page(
    uri: str, rows: Sequence[tuple[int, object]], page: Page, *, most: int, ordered: bool = True
) -> Document:
    """One page of `rows` of (cursor, item); `most` rows make a full page, behind which another may lie."""
    here = f"{uri}?page=1" + (f"&after={page.cursor}" if page.cursor is not None else "")
    document: Document = {
        "id": here,
        "type": "OrderedCollectionPage" if ordered else "CollectionPage",
        "partOf": uri,
    }
    if len(rows) == most:
        document["next"] = f"{uri}?page=1&after={rows[-1][0]}"
    if rows:
        document["orderedItems" if ordered else "items"] = [item for _, item in rows]
    return document


def outbox(session: Session, account: Account, page: Page | None) -> Document:
    """What the actor said to everybody, the latest first."""
    uri = f"{account.uri}/outbox"
    public = [OutboxItem.account_id == account.id, OutboxItem.public.is_(True)]
    if page is None:
        return whole(uri, _number(session, select(func.count()).select_from(OutboxItem).where(*public)))
    rows = session.scalars(
        _before(select(OutboxItem).where(*public), OutboxItem.id, page)
        .order_by(OutboxItem.id.desc())
        .limit(_SAYINGS)
    ).all()
    return _page(uri, [(item.id, documents.current(session, item)) for item in rows], page, most=_SAYINGS)


def followers(session: Session, account: Account, page: Page | None) -> Document:
    which = select(Follow.id, Account.uri).join(Account, Account.id == Follow.follower_id)
    which = which.where(Follow.followee_id == account.id)
    return _follows(session, account, page, which, name="followers", total=account.followers_count)


def following(session: Session, account: Account, page: Page | None) -> Document:
    which = select(Follow.id, Account.uri).join(Account, Account.id == Follow.followee_id)
    which = which.where(Follow.follower_id == account.id)
    return _follows(session, account, page, which, name="following", total=account.following_count)


def _follows(
    session: Session,
    account: Account,
    page: Page | None,
    which: Select[*tuple[Any, ...]],
    *,
    name: str,
    total: int,
) -> Document:
    uri = f"{account.uri}/{name}"
    if page is None or account.hides_collections:
        return whole(uri, total, paged=not account.hides_collections)
    query = _before(which, Follow.id, page).where(Follow.state == "accepted", Account.deleted_at.is_(None))
    return _page(uri, _rows(session, query.order_by(Follow.id.desc())), page, most=_IDS)


def featured(session: Session, account: Account, page: Page | None) -> Document:
    """What the account shows first, the latest pin first, whole and without pages: Mastodon reads no other form.

    Of a board the posts themselves, for Lemmy reads no ids there.
    """
    pinned = session.scalars(
        select(Post)
        .join(Pin, Pin.post_id == Post.id)
        .where(Pin.account_id == account.id, visibility.visible_to(visibility.PUBLIC))
        .order_by(Pin.id.desc())
        .limit(pins.MOST)
    )
    whole_posts = account.kind == "board"
    found = [render.note(session, each) if whole_posts and each.local else each.uri for each in pinned]
    document = whole(f"{account.uri}/featured", len(found), paged=False)
    if found:
        document["orderedItems"] = found
    return document


def featured_tags(session: Session, account: Account, _page: Page | None) -> Document:
    """The hashtags that a member shows on the profile, as Mastodon has them."""
    tag_of = town.of(session).uris.tag
    items = [
        {"type": "Hashtag", "name": f"#{used.tag.label}", "href": tag_of(used.tag.name)}
        for used in tag_follows.featured(session, account.id)
    ]
    document = whole(f"{account.uri}/featured_tags", len(items), ordered=False, paged=False)
    if items:
        document["items"] = items
    return document


def liked(session: Session, account: Account, page: Page | None) -> Document:
    """What the member gave a いいね to, the latest first; only how many, while the member hides such lists."""
    uri = f"{account.uri}/liked"
    if page is None or account.hides_collections:
        likes = select(func.count()).select_from(Like).where(Like.account_id == account.id)
        return whole(uri, _number(session, likes), paged=not account.hides_collections)
    which = select(Like.id, Post.uri).join(Post, Post.id == Like.post_id)
    which = which.where(Like.account_id == account.id, visibility.visible_to(visibility.PUBLIC))
    return _page(uri, _rows(session, _before(which, Like.id, page).order_by(Like.id.desc())), page, most=_IDS)


def moderators(session: Session, account: Account, _page: Page | None) -> Document:
    """Who looks after a board: the town's own hand, which every other server can fetch (decision 0028).

    Which of its members keep watch is not told to the world.
    """
    document = whole(f"{account.uri}/moderators", 1, paged=False)
    document["orderedItems"] = [founding.steward(session).uri]
    return document


def replies(session: Session, row: Post, asker: Asker, page: Page | None) -> Document:
    """Everything that stands directly under the post, whoever wrote it, the oldest first."""
    uri = f"{row.uri}/replies"
    which = [Post.parent_id == row.id, visibility.visible_to(asker.viewer)]
    if page is None:
        return whole(uri, _count_posts(session, which), ordered=False)
    return _page(uri, _post_ids(session, which, page), page, most=_IDS, ordered=False)


def context(session: Session, row: Post, asker: Asker, page: Page | None) -> Document:
    """The posts of the thread in the order of time, as this town lists them (FEP-7888)."""
    uri = f"{row.uri}/context"
    which = [Post.root_id == row.root_id, visibility.visible_to(asker.viewer)]
    if page is not None:
        return _page(uri, _post_ids(session, which, page), page, most=_IDS)
    return whole(uri, _count_posts(session, which), board=documents.thread_board(session, row))


def likes(session: Session, row: Post, asker: Asker, page: Page | None) -> Document:
    """How many likes and ありがとう there are; which, only to a signed GET, and never those for one pair of eyes."""
    uri = f"{row.uri}/likes"
    if page is None or asker.host is None:
        return whole(uri, hanging.likes_of(session, row), ordered=False, paged=asker.host is not None)
    here = Account.suspended_at.is_(None)
    likes_of = select(Like.id, Like.uri).join(Account, Account.id == Like.account_id)
    likes_of = likes_of.where(Like.post_id == row.id, here)
    thanks_of = select(Thanks.id, Thanks.uri).join(Account, Account.id == Thanks.giver_id)
    thanks_of = thanks_of.where(Thanks.post_id == row.id, Thanks.private.is_(False), here)
    both = likes_of.union_all(thanks_of).subquery()
    query = _after(select(both.c.id, both.c.uri), both.c.id, page).order_by(both.c.id)
    return _page(uri, _rows(session, query), page, most=_IDS, ordered=False)


def shares(session: Session, row: Post, asker: Asker, page: Page | None) -> Document:
    """The announcements by boards of this town, and the boosts by people that everybody may see."""
    uri = f"{row.uri}/shares"
    if page is None or asker.host is None:
        total = hanging.shares_of(session, row)
        return whole(uri, total, ordered=False, paged=asker.host is not None)
    numbers = session.scalars(
        _after(select(OutboxItem.id), OutboxItem.id, page)
        .join(Account, Account.id == OutboxItem.account_id)
        .where(OutboxItem.object_uri == row.uri, OutboxItem.type == "Announce", Account.kind == "board")
        .order_by(OutboxItem.id)
        .limit(_IDS)
    )
    boosts = _after(select(Post.id, Post.uri), Post.id, page).where(
        Post.boost_of_id == row.id, Post.visibility.in_(("open", "unlisted"))
    )
    activity = town.of(session).uris.activity
    both: list[tuple[int, object]] = [(number, activity(number)) for number in numbers]
    both += _rows(session, boosts.order_by(Post.id))
    return _page(uri, sorted(both, key=lambda each: each[0])[:_IDS], page, most=_IDS, ordered=False)


def sisters(session: Session, asker: Asker) -> Document:
    """姉妹まち: to whom sister posts are addressed. Which they are is for sisters to know."""
    uris = town.of(session).uris
    known = towns.sisters(session)
    document = whole(uris.sisters, len(known), ordered=False, paged=False)
    if asker.sister and known:
        document["items"] = [f"{uris.scheme}://{domain}/actor" for domain in known]
    return document


def tagged(session: Session, name: str, page: Page | None) -> Document:
    """The open posts of this town that bear the tag, the latest first."""
    folded = text.fold(text.storable(name))
    uri = town.of(session).uris.tag(folded)
    which = [
        Tag.name == folded, Post.local.is_(True), Post.visibility == "open",
        visibility.visible_to(visibility.PUBLIC),
    ]  # fmt: skip
    chosen = (
        select(Post.id, Post.uri)
        .join(PostTag, PostTag.post_id == Post.id)
        .join(Tag, Tag.id == PostTag.tag_id)
    )
    if page is None:
        return whole(uri, _number(session, select(func.count()).select_from(chosen.where(*which).subquery())))
    query = _before(chosen.where(*which), Post.id, page).order_by(Post.id.desc())
    return _page(uri, _rows(session, query), page, most=_IDS)


def _post_ids(session: Session, which: list[ColumnElement[bool]], page: Page) -> list[tuple[int, object]]:
    return _rows(session, _after(select(Post.id, Post.uri).where(*which), Post.id, page).order_by(Post.id))


def _rows(session: Session, query: Select[*tuple[Any, ...]]) -> list[tuple[int, object]]:
    """A page of (cursor, id) of `query`."""
    return [(row[0], row[1]) for row in session.execute(query.limit(_IDS))]


def _count_posts(session: Session, which: list[ColumnElement[bool]]) -> int:
    return _number(session, select(func.count()).select_from(Post).where(*which))


def _number(session: Session, query: Select[int]) -> int:
    return session.scalar(query) or 0


def _before(query: Select[*tuple[Any, ...]], column: Any, page: Page) -> Select[*tuple[Any, ...]]:
    return query if page.cursor is None else query.where(column < page.cursor)


def _after(query: Select[*tuple[Any, ...]], column: Any, page: Page) -> Select[*tuple[Any, ...]]:
    return query if page.cursor is None else query.where(column > page.cursor)


def joined(session: Session, row: Post, asker: Asker, page: Page | None) -> Document:
    """How many gather round a 旗; who they are is told to nobody."""
    gathering = session.get(Gathering, row.id)
    return whole(f"{row.uri}/joined", gathering.joined_count if gathering else 0, ordered=False, paged=False)


def boards(session: Session, account: Account, page: Page | None) -> Document:
    """The boards of this town, for sister towns to follow."""
    found = session.scalars(
        select(Account.uri).where(Account.domain == LOCAL, Account.kind == "board").order_by(Account.id)
    ).all()
    return whole(f"{account.uri}/boards", len(found), ordered=False, paged=False) | {"items": list(found)}


def followers_there(session: Session, account: Account, asker: Asker) -> Document | None:
    """Those followers of the account that live where the asker does (FEP-8fcf); None for anybody who did not prove where
    that is. Of the relay nobody learns by whom it is followed.
    """
    if asker.host is None or account.kind != "person":
        return None
    ids = synchronisation.followers_on(session, account, asker.host)
    listed: Document = {"orderedItems": ids} if ids else {}
    return whole(f"{account.uri}/{synchronisation.PATH}", len(ids), paged=False) | listed


OfAccount = Callable[[Session, Account, Page | None], Document]
OfPost = Callable[[Session, Post, Asker, Page | None], Document]
OF_ACCOUNT: dict[str, OfAccount] = {
    "outbox": outbox,
    "followers": followers,
    "following": following,
    "featured": featured,
    "featured_tags": featured_tags,
    "liked": liked,
    "boards": boards,
    "moderators": moderators,
}
OF_POST: dict[str, OfPost] = {"replies": replies, "context": context, "likes": likes, "shares": shares, "joined": joined}
