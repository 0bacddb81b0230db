"""Conversations: direct posts of one thread among the same people, as each member among them sees it.

The rows are written when a direct post is stored, and follow when it is taken back. A post from somebody whom the member
does not hear, or whose notices wait in a request, opens no conversation.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from community import distance, events, ids, inserts, notice_policy, town
from community.errors import NotFound
from community.events import Bus, NotificationsMerged, PostCreated, PostDeleted
from community.models import LOCAL, Account, Conversation, Member, Mention, Post
from community.visibility import DIRECT

_LOOKED_THROUGH = 100  # earlier posts of a thread, for the one that was the last before


def subscribe(bus: Bus) -> None:
    """Have `bus` keep conversations up with posts."""
    bus.subscribe(events.PostCreated, on_created)
    bus.subscribe(events.PostDeleted, on_deleted)
    bus.subscribe(events.NotificationsMerged, on_merged)


def on_created(session: Session, event: PostCreated) -> None:
    post = session.get_one(Post, event.post_id)
    if post.visibility != DIRECT:
        return
    circle = _circle(session, [post])[post.id]
    author = session.get_one(Account, post.author_id)
    for member in _members(session, circle):
        if _lets_in(session, member, author, post):
            _enter(session, member.id, post, circle)


def on_merged(session: Session, event: NotificationsMerged) -> None:
    """What was held back came through: its conversations stand now."""
    found = session.scalars(
        select(Post)
        .where(Post.id.in_(event.post_ids), Post.visibility == DIRECT, Post.deleted_at.is_(None))
        .order_by(Post.id)
    ).all()
    circles = _circle(session, found)
    for post in found:
        if event.account_id in circles[post.id]:
            _enter(session, event.account_id, post, circles[post.id])


def on_deleted(session: Session, event: PostDeleted) -> None:
    """Where the post was the last, the one before is; where there is none, the conversation is gone."""
    post = session.get_one(Post, event.post_id)
    if post.visibility != DIRECT:
        return
    ended = session.scalars(
        select(Conversation).where(
            Conversation.root_id == (post.root_id or post.id),
            Conversation.last_post_id == post.id,
            Conversation.account_id.in_(_circle(session, [post])[post.id]),
        )
    ).all()
    for row in ended:
        before = _last_before(session, row, post.id)
        if before is None:
            session.delete(row)
        else:
            row.last_post_id = before
    session.flush()


def require(session: Session, account_id: int, conversation_id: int) -> Conversation:
    """The member's own conversation; NotFound for anybody else's."""
    row = session.scalar(
        select(Conversation).where(
            Conversation.id == conversation_id, Conversation.account_id == account_id
        )
    )
    if row is None:
        raise NotFound("その会話は見つかりませんでした。")
    return row


def mark(session: Session, row: Conversation, *, unread: bool) -> Conversation:
    """The member read it, or wants to come back to it."""
    row.unread = unread
    session.flush()
    return row


def remove(session: Session, row: Conversation) -> None:
    """Put a conversation away; its posts stay, and the next one brings it back."""
    session.execute(delete(Conversation).where(Conversation.id == row.id))


def people(row: Conversation) -> list[int]:
    """The ids of the others."""
    return [int(it) for it in row.people.split(",") if it]


def _enter(session: Session, member_id: int, post: Post, circle: frozenset[int]) -> None:
    others = ",".join(str(it) for it in sorted(circle - {member_id}))
    key = {"account_id": member_id, "root_id": post.root_id or post.id, "people": others}
    fresh = inserts.new_row(
        session,
        Conversation,
        id=ids.new(town.now(session)),
        last_post_id=post.id,
        unread=post.author_id != member_id,
        **key,
    )
    if not fresh:
        known = update(Conversation).filter_by(**key).where(Conversation.last_post_id < post.id)
        session.execute(known.values(last_post_id=post.id, unread=post.author_id != member_id))
    entered = session.scalar(select(Conversation.id).filter_by(**key))
    assert entered is not None
    events.record(session, events.ConversationChanged(entered, member_id))


def _lets_in(session: Session, member: Account, author: Account, post: Post) -> bool:
    if member.id == author.id:
        return True
    if distance.is_unheard(session, by=member.id, actor=author.id):
        return False
    rules = session.scalar(select(Member.notification_policy).where(Member.account_id == member.id))
    said = notice_policy.verdict(session, rules or {}, to=member, actor=author, kind="mention", post=post)
    return said == notice_policy.ACCEPT


def _members(session: Session, circle: Iterable[int]) -> Sequence[Account]:
    return session.scalars(
        select(Account).where(
            Account.id.in_(circle),
            Account.domain == LOCAL,
            Account.kind == "person",
            Account.deleted_at.is_(None),
        )
    ).all()


def _circle(session: Session, posts: Sequence[Post]) -> dict[int, frozenset[int]]:
    """Who is in on each of the posts: who says it and to whom it is said."""
    said_to: dict[int, set[int]] = {post.id: {post.author_id} for post in posts}
    for post_id, account_id in session.execute(
        select(Mention.post_id, Mention.account_id).where(Mention.post_id.in_(said_to))
    ):
        said_to[post_id].add(account_id)
    return {post_id: frozenset(circle) for post_id, circle in said_to.items()}


def _last_before(session: Session, row: Conversation, post_id: int) -> int | None:
    earlier = session.scalars(
        select(Post)
        .where(
            Post.root_id == row.root_id,
            Post.id < post_id,
            Post.visibility == DIRECT,
            Post.deleted_at.is_(None),
        )
        .order_by(Post.id.desc())
        .limit(_LOOKED_THROUGH)
    ).all()
    circles = _circle(session, earlier)
    circle = frozenset({row.account_id, *people(row)})
    return next((post.id for post in earlier if circles[post.id] == circle), None)
