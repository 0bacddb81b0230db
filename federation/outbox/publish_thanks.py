"""ありがとう and いいね, given and taken back (federation reference §1.5)."""

from sqlalchemy.orm import Session

from community import anonymity, events, ids, posts, town
from community.models import Account, Like, Post, Thanks
from federation.outbox import addressing, boards, sayings
from federation.outbox.addressing import Inbox
from federation.outbox.moments import moment
from federation.vocabulary import activities, audience
from federation.vocabulary.audience import Audience, Company

_LIKES = ("Like", "EmojiReact")


def subscribe(bus: events.Bus) -> None:
    bus.subscribe(events.ThanksGiven, thanks_given)
    bus.subscribe(events.ThanksWithdrawn, thanks_withdrawn)
    bus.subscribe(events.Liked, liked)
    bus.subscribe(events.Unliked, unliked)


def thanks_given(session: Session, event: events.ThanksGiven) -> None:
    """The Like of a local giver goes to the receiver and into the thread; 本人だけに, or for an answer that was whispered,
    to the receiver alone.
    """
    thanks = session.get(Thanks, event.thanks_id)
    if thanks is None:  # taken back in the same unit
        return
    post = session.get_one(Post, thanks.post_id)
    if post.visibility == "town":
        return
    giver = session.get_one(Account, thanks.giver_id)
    around = audience.company(session, post)
    activity = boards.received(session, _LIKES)
    private = thanks.private or not posts.counts_publicly(post)
    if giver.local:
        receiver = session.get_one(Account, thanks.receiver_id)
        activity = activities.thanks(
            thanks.uri, giver, post.uri,
            receiver=receiver, now=moment(giver, thanks.created_at),
            heard=_heard(receiver, None if private else around.board),
            message_uri=_message_uri(session, thanks), tone=thanks.tone, from_asker=thanks.from_asker,
            anonymous=giver.kind == "relay", sample=thanks.sample,
        )  # fmt: skip
        inboxes = _hearers(session, post, around, receiver, private=private)
        sayings.say(session, giver, activity, inboxes, about=post.uri, at=thanks.created_at, post=post)
    if not thanks.private:
        boards.pass_on(session, post, around, activity)


def thanks_withdrawn(session: Session, event: events.ThanksWithdrawn) -> None:
    giver = session.get_one(Account, event.giver_id)
    _take_back(session, session.get_one(Post, event.post_id), giver, event.uri)


def liked(session: Session, event: events.Liked) -> None:
    like = session.get(Like, event.like_id)
    if like is None:  # taken back in the same unit
        return
    post = session.get_one(Post, like.post_id)
    if post.visibility == "town":
        return
    account = session.get_one(Account, like.account_id)
    around = audience.company(session, post)
    activity = boards.received(session, _LIKES)
    if account.local:
        author = anonymity.public_author(session, post)
        board = around.board if posts.counts_publicly(post) else None
        heard = _heard(author, board)
        activity = activities.like(like.uri, account, post.uri, now=like.created_at, heard=heard)
        inboxes = addressing.of_accounts(session, (author, board))
        sayings.say(session, account, activity, inboxes, about=post.uri, at=like.created_at, post=post)
    boards.pass_on(session, post, around, activity)


def unliked(session: Session, event: events.Unliked) -> None:
    account = session.get_one(Account, event.account_id)
    _take_back(session, session.get_one(Post, event.post_id), account, event.uri)


def _take_back(session: Session, post: Post, actor: Account, uri: str) -> None:
    """Undo with the whole Like inside, to those who got it."""
    if post.visibility == "town":
        return
    around = audience.company(session, post)
    activity = boards.received(session, ("Undo",))
    if actor.local:
        said = sayings.said_under(session, uri)
        if said is None:
            return
        like = sayings.document(said)
        now = town.now(session)
        undone = town.of(session).uris.activity(ids.new(now))
        heard = Audience.of(like)
        activity = activities.undo(undone, actor, like, now=moment(actor, now), heard=heard)
        sayings.say(session, actor, activity, sayings.reached(session, said), about=uri, at=now, post=post)
        if not heard.cc:  # it was for one alone
            return
    boards.pass_on(session, post, around, activity)


def _heard(receiver: Account, board: Account | None) -> Audience:
    return Audience((receiver.uri,), (board.uri,) if board else ())


def _message_uri(session: Session, thanks: Thanks) -> str | None:
    if thanks.message_uri:
        return thanks.message_uri
    return session.get_one(Post, thanks.message_post_id).uri if thanks.message_post_id else None


def _hearers(
    session: Session, post: Post, around: Company, receiver: Account, *, private: bool
) -> list[Inbox]:
    if private:
        return addressing.of_accounts(session, (receiver,))
    told = addressing.of_accounts(session, (receiver, around.board))
    sisters = addressing.sisters(session) if around.board is not None and around.board.local else []
    if post.visibility == "sister":
        circle = addressing.hosts_of_sisters(session)
        told = [each for each in told if each.host in circle]
    return [*told, *(sisters if post.visibility in ("open", "unlisted", "sister") else [])]
