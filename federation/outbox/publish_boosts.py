"""What members do with posts besides writing them: boosts, pins, votes; and the counts of our polls (reference §1.3)."""

from sqlalchemy.orm import Session

from community import anonymity, events, ids, town
from community.models import Account, Poll, PollOption, PollVote, Post
from federation.outbox import addressing, forgetting, publish_moderation, sayings
from federation.outbox.hearing import hearers
from federation.vocabulary import activities, audience, render, terms
from federation.vocabulary.audience import Audience
from federation.vocabulary.times import iso


def subscribe(bus: events.Bus) -> None:
    bus.subscribe(events.Boosted, boosted)
    bus.subscribe(events.Unboosted, unboosted)
    bus.subscribe(events.PollVoted, voted)
    bus.subscribe(events.PollCounted, counted)
    bus.subscribe(events.Pinned, pinned)
    bus.subscribe(events.Unpinned, unpinned)


def boosted(session: Session, event: events.Boosted) -> None:
    """Announce of the post's id, to the followers of the booster and to the author."""
    boost = session.get(Post, event.boost_id)
    if boost is None or not boost.local:  # taken back in the same unit; or somebody else's
        return
    booster, post = anonymity.public_author(session, boost), session.get_one(Post, boost.boost_of_id)
    author = anonymity.public_author(session, post)
    activity = activities.announce(
        boost.uri, booster, post.uri, now=boost.created_at, heard=_heard(boost, booster, author)
    )
    inboxes = [*addressing.of_accounts(session, (author,)), *addressing.followers(session, booster)]
    # A boost for followers is nobody else's to read, though the post may be.
    guard = None if boost.visibility == "followers" else post
    sayings.say(
        session, booster, activity, inboxes,
        about=post.uri, at=boost.created_at, post=guard, public=boost.visibility == "open",
    )  # fmt: skip


def unboosted(session: Session, event: events.Unboosted) -> None:
    """Undo with the whole Announce inside, to those who got it."""
    booster = session.get_one(Account, event.account_id)
    said = sayings.said_under(session, event.uri) if booster.local else None
    if said is None or not said.body:
        return
    announcement = sayings.document(said)
    now = town.now(session)
    activity = activities.undo(_new_uri(session), booster, announcement, now=now, heard=Audience.of(announcement))
    said.public = False
    session.flush()
    inboxes = sayings.reached(session, said)
    if forgetting.is_forgotten(said.id, now):
        author = anonymity.public_author(session, session.get_one(Post, event.post_id))
        inboxes = [*addressing.of_accounts(session, (author,)), *addressing.followers(session, booster)]
    sayings.say(session, booster, activity, inboxes, about=event.uri, at=now)


def voted(session: Session, event: events.PollVoted) -> None:
    """A vote of ours in a poll of elsewhere: a Note for each choice, to its author alone; it is shown to nobody."""
    voter, post = session.get_one(Account, event.account_id), session.get_one(Post, event.post_id)
    if not voter.local or post.local:
        return
    author = anonymity.public_author(session, post)
    heard = Audience((author.uri,), ())
    for vote_id in event.vote_ids:
        vote = session.get_one(PollVote, vote_id)
        option = session.get_one(PollOption, (post.id, vote.position))
        vote.uri = town.of(session).uris.post(vote.id)  # nothing stands there: a vote is nobody's to read
        note = {
            "id": vote.uri,
            "type": "Note",
            "attributedTo": voter.uri,
            **heard.fields(),
            "published": iso(vote.created_at),
            "name": option.title,
            "inReplyTo": post.uri,
        }
        activity = activities.create(_new_uri(session), voter, note, now=vote.created_at, heard=heard)
        inboxes = addressing.of_accounts(session, (author,))
        sayings.say(session, voter, activity, inboxes, about=vote.uri, at=vote.created_at)


def counted(session: Session, event: events.PollCounted) -> None:
    """The poll anew with its counts, to everyone who has it. It is no edit: `updated` does not grow by it."""
    post = session.get_one(Post, event.post_id)
    if not post.local or post.deleted_at is not None or post.visibility == "town":
        return
    if session.get(Poll, post.id) is None:
        return
    around = audience.company(session, post)
    heard = audience.of_post(session, post, around)
    now = town.now(session)
    activity = activities.update(_new_uri(session), around.author, render.note(session, post, around), now=now, heard=heard)
    inboxes = [*hearers(session, post, around), *addressing.reached(session, post.uri)]
    sayings.say(session, around.author, activity, inboxes, about=f"{post.uri}#votes", at=now, post=post)


def pinned(session: Session, event: events.Pinned) -> None:
    _feature(session, event.account_id, event.post_id, "Add")


def unpinned(session: Session, event: events.Unpinned) -> None:
    _feature(session, event.account_id, event.post_id, "Remove")


def _feature(session: Session, account_id: int, post_id: int, kind: str) -> None:
    """Add to, or Remove from, what the account shows first; only of what everybody may see."""
    account, post = session.get_one(Account, account_id), session.get_one(Post, post_id)
    if not account.local or post.visibility not in ("open", "unlisted"):
        return
    if account.kind == "board":
        publish_moderation.featured(session, account, post, kind)
        return
    now = town.now(session)
    heard = Audience((terms.PUBLIC,), (f"{account.uri}/followers",))
    activity = activities.feature(kind, _new_uri(session), account, post.uri, now=now, heard=heard)
    about = f"{post.uri}#featured"
    sayings.say(session, account, activity, addressing.followers(session, account), about=about, at=now, post=post)


def _heard(boost: Post, booster: Account, author: Account) -> Audience:
    followers, others = f"{booster.uri}/followers", [] if author.id == booster.id else [author.uri]
    match boost.visibility:
        case "open":
            return Audience((terms.PUBLIC,), (followers, *others))
        case "unlisted":
            return Audience((followers,), (terms.PUBLIC, *others))
        case _:
            return Audience((followers, *others), ())


def _new_uri(session: Session) -> str:
    return town.of(session).uris.activity(ids.new(town.now(session)))
