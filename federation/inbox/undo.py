"""Undo of Follow, Like, Block, Join, boosts, ChooseAnswer; of anything else it is only noted, in case the thing itself comes later."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from community import blocks, follows, likes, thanks
from community.models import Account, Post
from federation.inbox import block, boost, choose, follow, join, known, memory, sisterhood
from federation.inbox.inbound import Ignored, Inbound
from federation.vocabulary.reading import Document, authority, same_origin, type_of, uri


def needs(session: Session, inbound: Inbound) -> list[str]:
    """What is named by its id alone, where it may be the choice of a 決め手: those are kept here under no id."""
    if inbound.object is not None or not same_origin(inbound.object_uri, inbound.actor_uri):
        return []
    signer = known.account(session, inbound.actor_uri)
    solved = exists().where(Post.author_id == (signer.id if signer else 0), Post.accepted_answer_id.is_not(None))
    return inbound.to_fetch([inbound.object_uri]) if session.scalar(select(solved)) else []


def apply(session: Session, inbound: Inbound) -> None:
    """Take back what is embedded or named by its id alone; only the one who did it may."""
    signer = inbound.actor(session)
    told = inbound.object or _choice(inbound)
    if sisterhood.end(session, inbound):
        return
    if told is not None and (uri(told.get("actor")) or signer.uri) != signer.uri:
        raise Ignored("an Undo of what somebody else did")
    if told is not None and type_of(told) == "ChooseAnswer":
        choose.take_back(session, signer, uri(told.get("object")))
    elif not any(take_back(session, signer, inbound) for take_back in _WAYS):
        _keep_in_mind(session, inbound)


def _choice(inbound: Inbound) -> Document | None:
    """The ChooseAnswer that was fetched by its id."""
    document = inbound.documents.get(inbound.object_uri)
    return document if document is not None and type_of(document) == "ChooseAnswer" else None


def _unjoin(session: Session, signer: Account, inbound: Inbound) -> bool:
    told = inbound.object
    if told is not None and type_of(told) != "Join":
        return False
    return join.take_back(session, signer, told if told is not None else inbound.object_uri)


def _unfollow(session: Session, signer: Account, inbound: Inbound) -> bool:
    told = inbound.object
    if told is not None and type_of(told) != "Follow":
        return False
    found = follow.find(session, {**told, "actor": signer.uri} if told is not None else inbound.object_uri)
    if found is None:
        return False
    _check_owner(found.follower_id, signer)
    follows.end(session, follower=signer, followee=session.get_one(Account, found.followee_id))
    return True


def _unblock(session: Session, signer: Account, inbound: Inbound) -> bool:
    told = inbound.object
    if told is not None and (type_of(told) != "Block" or told.get("target") is not None):
        return False
    found = block.find(session, signer, told if told is not None else inbound.object_uri)
    if found is None:
        return False
    _check_owner(found.account_id, signer)
    blocks.unblock(session, account=signer, target=session.get_one(Account, found.target_id))
    return True


def _unboost(session: Session, signer: Account, inbound: Inbound) -> bool:
    told = inbound.object
    if told is not None and type_of(told) != "Announce":
        return False
    target = uri(told.get("object")) if told is not None else None
    found = boost.find(session, signer.id, uri=inbound.object_uri, target=target)
    if found is None:
        return False
    boost.take_back(session, signer.id, found)
    return True


def _unlike(session: Session, signer: Account, inbound: Inbound) -> bool:
    """A Like is いいね or ありがとう: found by its id, else by what it was for (Mastodon ids may differ)."""
    uri_of_like = inbound.object_uri
    given, liked = thanks.by_uri(session, uri_of_like), likes.by_uri(session, uri_of_like)
    post: Post | None = None
    if given is not None:
        _check_owner(given.giver_id, signer)
        post = session.get_one(Post, given.post_id)
    elif liked is not None:
        _check_owner(liked.account_id, signer)
        post = session.get_one(Post, liked.post_id)
    elif inbound.object is not None and type_of(inbound.object) in {"Like", "EmojiReact"}:
        target = uri(inbound.object.get("object"))
        post = known.post(session, target) if target else None
        liked = likes.between(session, signer.id, post.id) if post is not None else None
        given = thanks.between(session, signer.id, post.id) if post is not None and liked is None else None
    if post is None or (given is None and liked is None):
        return False
    if given is not None:
        thanks.withdraw(session, giver=signer, answer=post)
    else:
        likes.unlike(session, account=signer, post=post)
    return True


_WAYS = (_unfollow, _unblock, _unboost, _unlike, _unjoin)


def _check_owner(owner_id: int, signer: Account) -> None:
    if owner_id != signer.id:
        raise Ignored("an Undo of what somebody else did")


def _keep_in_mind(session: Session, inbound: Inbound) -> None:
    """The Undo came before what it undoes, or there is nothing to undo."""
    undone = inbound.object_uri
    if authority(undone) is not None and same_origin(undone, inbound.actor_uri):
        memory.remember_withdrawn(session, inbound, undone)
    inbound.remark = "an Undo of something that is not known here; kept in mind for some hours"
