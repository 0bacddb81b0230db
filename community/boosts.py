"""Boosts: passing a post on to one's own followers, from an app or another server. Our own pages offer and show none.

A boost is a post of its own, with an id of the moment it was made and without words; taking it back removes the row.
"""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from community import clearing, distance, events, ids, notifications, posts, timelines, town
from community import visibility as sight
from community.errors import NotAllowed, NotFound
from community.models import Account, Member, Post
from community.visibility import FOLLOWERS, OPEN, UNLISTED

_WIDTHS = (OPEN, UNLISTED, FOLLOWERS)


def boost(
    session: Session,
    *,
    account: Account,
    post: Post,
    visibility: str | None = None,
    uri: str | None = None,
    published: int | None = None,
) -> Post:
    """`account` passes `post` on (of a boost: what that passes on); the boost. Again gives back the one that stands.

    `visibility` is open, unlisted or followers; without it, or with another, a member's is how they usually post.
    `uri` and `published` (ms) are those of a remote Announce. NotFound if `account` cannot see the post, NotAllowed for
    what was said to a narrower circle, save one's own to the same circle.
    """
    post = original(session, post)
    _check(session, account, post)
    # Of two at once the second waits here, and then finds the boost of the first.
    session.execute(select(Post.id).where(Post.id == post.id).with_for_update())
    known = between(session, account.id, post.id)
    if known is not None:
        return known
    width = FOLLOWERS if post.visibility == FOLLOWERS else _width(session, account, visibility)
    row = _row(session, account, post, width, uri=uri, published=published)
    session.add(row)
    session.flush()
    posts.adjust(post, boosts_count=1)
    session.flush()
    timelines.enter(session, row)
    author = session.get_one(Account, post.author_id)
    notifications.tell(session, to=author, kind="boost", actor=account, post=post)
    events.record(session, events.Boosted(row.id))
    return row


def unboost(session: Session, *, account: Account, post: Post) -> Post:
    """Take the boost of `post` back, if there is one; gives back the post that was passed on."""
    post = original(session, post)
    row = between(session, account.id, post.id)
    if row is not None:
        clearing.remove_boost(session, row)
    return post


def remove(session: Session, boost: Post) -> None:
    """Take back the boost that is at hand; nothing happens if it is gone."""
    clearing.remove_boost(session, boost)


def between(session: Session, account_id: int, post_id: int) -> Post | None:
    """The boost of the post by the account, if there is one."""
    return session.scalar(
        select(Post).where(Post.boost_of_id == post_id, Post.author_id == account_id).limit(1)
    )


def by_uri(session: Session, uri: str) -> Post | None:
    """The boost that goes by `uri`: for an Undo that names it by id alone."""
    found = posts.by_uri(session, uri)
    return found if found is not None and found.kind == "boost" else None


def boosters(viewer: sight.Viewer, post: Post) -> Select[int, int]:
    """Who passed `post` on, as far as `viewer` may see it: the id of each boost, and the account as `account_id`."""
    return select(Post.id, Post.author_id.label("account_id")).where(
        Post.boost_of_id == post.id, sight.visible_to(viewer)
    )


def original(session: Session, post: Post) -> Post:
    """What a boost passes on; of any other post, itself."""
    if post.kind != "boost":
        return post
    return session.get_one(Post, post.boost_of_id)


def _check(session: Session, account: Account, post: Post) -> None:
    if not sight.may_see(session, sight.viewer_of(session, account), post):
        raise NotFound(
            "お探しのものは見つかりませんでした。取り下げられたか、見られる範囲が限られているようです。"
        )
    if account.local:
        posts.check_author(account)
    own = post.author_id == account.id
    if post.visibility not in (OPEN, UNLISTED) and not (own and post.visibility == FOLLOWERS):
        raise NotAllowed("見られる範囲の限られたものは、広められません。")
    distance.check(session, actor=account, target=session.get_one(Account, post.author_id))


def _row(
    session: Session, account: Account, post: Post, width: str, *, uri: str | None, published: int | None
) -> Post:
    now = town.now(session)
    moment = now if published is None else max(1, min(published, now))
    identifier = ids.new(moment)
    return Post(
        id=identifier,
        uri=uri or town.of(session).uris.activity(identifier),
        url=post.url,
        kind="boost",
        visibility=width,
        local=account.local,
        author_id=account.id,
        root_id=identifier,
        boost_of_id=post.id,
        title=None,
        body_source="",
        body_html="",
        body_text="",
        language=post.language,
        sample=town.of(session).settings.instance.sample,
        created_at=moment,
    )


def _width(session: Session, account: Account, wanted: str | None) -> str:
    if wanted in _WIDTHS:
        return wanted
    member = session.get(Member, account.id) if account.local else None
    usual = member.posting_visibility if member is not None else OPEN
    return usual if usual in _WIDTHS else FOLLOWERS
