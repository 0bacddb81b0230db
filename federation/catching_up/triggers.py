"""When something is to be fetched: somebody is newly followed, a reply comes, a thread or profile that grew old is looked
at or speaks. Each writes an errand and waits for nothing.
"""

from sqlalchemy.orm import Session

from community import events, follows, town
from community.models import Account, Follow, Poll, Post
from federation import errands
from federation.catching_up import boards
from federation.freshness import is_old
from federation.models import RemoteActor

_NEWS_MS = 600_000  # what is younger when it comes has no replies yet that would not come by themselves
_SOON, _SPREAD = 5, 60  # seconds

POLL_OLD_MS = 300_000
"""How old (ms) the counts of a poll of elsewhere may be when somebody looks at them."""


def subscribe(bus: events.Bus) -> None:
    """Have `bus` tell when there is something to catch up with."""
    boards.subscribe(bus)
    bus.subscribe(events.FollowAccepted, follow_accepted)
    bus.subscribe(events.PostCreated, post_created)
    bus.subscribe(events.PollEnded, poll_ended)


def follow_accepted(session: Session, event: events.FollowAccepted) -> None:
    """The first follow of somebody elsewhere brings their last sayings."""
    follow = session.get(Follow, event.follow_id)
    if follow is None:
        return
    follower, followee = follows.ends(session, follow)
    wire = session.get(RemoteActor, followee.id) if follower.local and not followee.local else None
    if wire is not None and wire.outbox is not None and wire.backfilled_at is None:
        errands.enqueue(session, errands.OUTBOX, followee.uri, errands.later(session, _SOON))


def post_created(session: Session, event: events.PostCreated) -> None:
    """A reply from elsewhere, or a post that stood there for a while, says that there may be more in its thread."""
    post = session.get_one(Post, event.post_id)
    if post.local or post.kind == "boost":
        return
    root = post if post.root_id == post.id else session.get(Post, post.root_id)
    if root is None or (post is root and town.now(session) - post.created_at < _NEWS_MS):
        return
    if is_old(session, root):
        errands.enqueue(session, errands.REPLIES, root.uri, errands.later(session, _SPREAD))


def poll_ended(session: Session, event: events.PollEnded) -> None:
    """The poll of elsewhere is over: how it ended is read from its server."""
    post = session.get_one(Post, event.post_id)
    if not post.local:
        errands.enqueue(session, errands.POST, post.uri, errands.later(session, _SOON))


def poll_opened(session: Session, post_id: int) -> tuple[str, ...]:
    """The id of a poll of elsewhere whose counts have grown old, and that had not ended when they were read."""
    post, poll = session.get(Post, post_id), session.get(Poll, post_id)
    if post is None or poll is None or post.local or post.deleted_at is not None:
        return ()
    read = poll.fetched_at or 0
    ended = poll.expires_at is not None and poll.expires_at <= read
    return () if ended or town.now(session) - read < POLL_OLD_MS else (post.uri,)


def featured_opened(session: Session, account_id: int) -> tuple[str, ...]:
    """The id of the actor, if it lives elsewhere and has a collection of what it shows first."""
    account = session.get(Account, account_id)
    wire = session.get(RemoteActor, account_id) if account is not None and not account.local else None
    return (account.uri,) if account is not None and wire is not None and wire.featured is not None else ()


def thread_opened(session: Session, post_id: int) -> tuple[str, ...]:
    """The ids of what is to be asked for anew when somebody opens the thread of a post: its beginning, and the post."""
    post = session.get(Post, post_id)
    if post is None:
        return ()
    root = session.get(Post, post.root_id) if post.root_id not in (None, post.id) else None
    return tuple(each.uri for each in (root, post) if each is not None and is_old(session, each))


def post_opened(session: Session, post_id: int) -> tuple[str, ...]:
    """The id of the post, if it is to be asked for anew; of a boost, that of what it passes on."""
    post = session.get(Post, post_id)
    if post is not None and post.boost_of_id is not None:
        post = session.get(Post, post.boost_of_id)
    return (post.uri,) if post is not None and is_old(session, post) else ()
