"""What our actors do, as activities (federation reference §1.2 to §1.8). Documents come without `@context`."""

from typing import Any

from community.models import Account, Follow
from federation.vocabulary import terms
from federation.vocabulary.audience import Audience
from federation.vocabulary.times import iso

Document = dict[str, Any]
_BLIND = frozenset({"bto", "bcc"})


def _activity(
    kind: str, uri: str, actor: Account, about: object, *, now: int, heard: Audience, **more: object
) -> Document:
    return {
        "id": uri,
        "type": kind,
        "actor": actor.uri,
        "published": iso(now),
        **heard.fields(),
        **more,
        "object": about,
    }


def create(uri: str, actor: Account, note: Document, *, now: int, heard: Audience) -> Document:
    return _activity("Create", uri, actor, note, now=now, heard=heard)


def update(uri: str, actor: Account, document: Document, *, now: int, heard: Audience) -> Document:
    """`document` is the whole object, never a part of it."""
    return _activity("Update", uri, actor, document, now=now, heard=heard)


def delete(uri: str, actor: Account, gone: Document | str, *, now: int, heard: Audience) -> Document:
    """`gone` is a Tombstone, or the id of an actor that leaves. No `summary`: Lemmy takes it for a moderator's act."""
    return _activity("Delete", uri, actor, gone, now=now, heard=heard)


def announce(uri: str, board: Account, about: Document | str, *, now: int, heard: Audience) -> Document:
    """`about` is an activity exactly as it was received, or the id of a post."""
    return _activity("Announce", uri, board, about, now=now, heard=heard)


def without_blind(activity: Document) -> Document:
    """`activity` of another server without `bto` and `bcc`, its own and its object's, which nobody should have sent
    (ActivityPub §6); the very same one if it has none.
    """
    told = activity.get("object")
    inner = {key: each for key, each in told.items() if key not in _BLIND} if isinstance(told, dict) else told
    if inner == told and _BLIND.isdisjoint(activity):
        return activity
    return {key: inner if key == "object" else each for key, each in activity.items() if key not in _BLIND}


def feature(
    kind: str, uri: str, actor: Account, about: str, *, now: int, heard: Audience, target: str | None = None
) -> Document:
    """Add or Remove (`kind`) the post `about` to or from what the actor shows first, or the board with the `target`."""
    return _activity(kind, uri, actor, about, now=now, heard=heard, target=target or f"{actor.uri}/featured")


def removal(uri: str, steward: Account, about: str, *, reason: str, now: int, heard: Audience) -> Document:
    """Delete of somebody else's post by who looks after the board: the `summary` says so to Lemmy."""
    return _activity("Delete", uri, steward, about, now=now, heard=heard, summary=reason)


def ban(uri: str, steward: Account, target: Account, board: Account, *, now: int, heard: Audience) -> Document:
    """Shut `target` out of `board`, as Lemmy and PieFed read it; what they wrote there is dealt with on its own."""
    return _activity("Block", uri, steward, target.uri, now=now, heard=heard, target=board.uri, removeData=False)


def choose_answer(
    uri: str, actor: Account, *, question_uri: str, answer_uri: str, now: int, heard: Audience
) -> Document:
    document = _activity("ChooseAnswer", uri, actor, answer_uri, now=now, heard=heard)
    return {**document, terms.QUESTION: question_uri}


def like(uri: str, actor: Account, about: str, *, now: int, heard: Audience) -> Document:
    """A plain いいね."""
    return _activity("Like", uri, actor, about, now=now, heard=heard)


def thanks(
    uri: str,
    giver: Account,
    about: str,
    *,
    receiver: Account,
    now: int,
    heard: Audience,
    message_uri: str | None,
    tone: str | None,
    from_asker: bool,
    anonymous: bool,
    sample: bool,
) -> Document:
    """A ありがとう: one Like that nine servers understand in their own way, and the words apart (§1.5)."""
    document = _activity("Like", uri, giver, about, now=now, heard=heard)
    document |= {
        "content": "🙏",
        "_misskey_reaction": "🙏",
        terms.KIND: terms.KIND_THANKS,
        terms.THANKS_TO: receiver.uri,
    }
    optional = {
        terms.MESSAGE: message_uri,
        terms.TONE: tone,
        terms.ASKER: from_asker,
        terms.ANONYMOUS: anonymous,
        terms.SAMPLE: sample,
    }
    return document | {key: value for key, value in optional.items() if value}


def undo(uri: str, actor: Account, undone: Document, *, now: int, heard: Audience) -> Document:
    """`undone` is the whole activity that is taken back: several servers find it by what stands inside."""
    embedded = {key: value for key, value in undone.items() if key != "@context"}
    return _activity("Undo", uri, actor, embedded, now=now, heard=heard)


def follow(uri: str, follower: Account, followee: Account, *, now: int) -> Document:
    return _activity("Follow", uri, follower, followee.uri, now=now, heard=Audience((followee.uri,), ()))


def block(uri: str, actor: Account, target: Account, *, now: int) -> Document:
    """Said to the server of `target` alone: so much it has to know to keep the two apart."""
    return _activity("Block", uri, actor, target.uri, now=now, heard=Audience((target.uri,), ()))


def embedded_block(*, uri: str, actor: Account, target: Account) -> Document:
    """A Block as its Undo carries it."""
    return {"type": "Block", "id": uri, "actor": actor.uri, "object": target.uri}


def embedded_follow(*, uri: str, follower: Account, followee: Account) -> Document:
    """A Follow as Accept, Reject and Undo carry it: the four facts by which the other side knows it again."""
    return {"type": "Follow", "id": uri, "actor": follower.uri, "object": followee.uri}


def move(uri: str, actor: Account, target: Account, *, now: int) -> Document:
    """`actor` goes on as `target`: said to its followers, who look at both before they believe it."""
    heard = Audience((f"{actor.uri}/followers",), ())
    return _activity("Move", uri, actor, actor.uri, now=now, heard=heard, target=target.uri)


def accept(uri: str, follow: Follow, *, follower: Account, followee: Account, now: int) -> Document:
    asked = embedded_follow(uri=follow.uri, follower=follower, followee=followee)
    return _activity("Accept", uri, followee, asked, now=now, heard=Audience((follower.uri,), ()))


def reject(uri: str, follow_uri: str, *, follower: Account, followee: Account, now: int) -> Document:
    asked = embedded_follow(uri=follow_uri, follower=follower, followee=followee)
    return _activity("Reject", uri, followee, asked, now=now, heard=Audience((follower.uri,), ()))


def join(uri: str, actor: Account, about: str, *, now: int, heard: Audience) -> Document:
    """Gather round the flag `about`."""
    return _activity("Join", uri, actor, about, now=now, heard=heard)


def reject_join(uri: str, author: Account, join_uri: str, account: Account, about: str, *, now: int) -> Document:
    """There is no place for `account` round the flag `about`."""
    asked = {"type": "Join", "id": join_uri, "actor": account.uri, "object": about}
    return _activity("Reject", uri, author, asked, now=now, heard=Audience((account.uri,), ()))


def quote_request(
    uri: str, actor: Account, about: str, instrument: Document | str, *, author: Account, now: int
) -> Document:
    """Ask `author` whether their post `about` may be quoted in `instrument`, a post of `actor` (FEP-044f)."""
    heard = Audience((author.uri,), ())
    return _activity("QuoteRequest", uri, actor, about, now=now, heard=heard, instrument=instrument)


def answer_to_quote(
    kind: str,
    uri: str,
    author: Account,
    *,
    request_uri: str,
    requester: Account,
    quoted_uri: str,
    quoting_uri: str,
    now: int,
    stamp: str | None = None,
) -> Document:
    """Accept with the `stamp`, or Reject (`kind`), a QuoteRequest of `requester`."""
    asked = {
        "type": "QuoteRequest",
        "id": request_uri,
        "actor": requester.uri,
        "object": quoted_uri,
        "instrument": quoting_uri,
    }
    document = _activity(kind, uri, author, asked, now=now, heard=Audience((requester.uri,), ()))
    return document | {"result": stamp} if stamp is not None else document


def flag(uri: str, town: Account, target: Account, posts: list[str], *, comment: str, now: int) -> Document:
    """A report by the town itself about `target`, with the ids of the posts it is about. Nothing tells who asked."""
    document = _activity("Flag", uri, town, [target.uri, *posts], now=now, heard=Audience((target.uri,), ()))
    return {**document, "content": comment}
