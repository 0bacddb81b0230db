"""Delete of a post, of the consent to a quote, or of the whole actor (federation reference §1.8)."""

from sqlalchemy.orm import Session

from community import posts, town
from community.models import Account, Post
from federation import actors
from federation.inbox import known, memory, stamps, stewards
from federation.inbox.inbound import Ignored, Inbound
from federation.vocabulary.reading import same_origin


def needs(session: Session, inbound: Inbound) -> list[str]:
    """For what a board passes on: whether it is gone itself, or who looks after it where that is in question."""
    if inbound.via is None:
        return []
    if inbound.object_uri == inbound.via.uri:
        return inbound.to_fetch([inbound.via.uri])
    post = known.post(session, inbound.object_uri)
    return stewards.needs(session, inbound) if post is not None and _is_on(post, inbound.via) else []


def apply(session: Session, inbound: Inbound) -> None:
    target = inbound.object_uri
    if target == inbound.actor_uri:
        _remove_actor(session, inbound)
        return
    if inbound.via is not None and target == inbound.via.uri:
        _remove_board(session, inbound, inbound.via)
        return
    if stamps.withdrawn(session, inbound):
        return
    post = known.post(session, target)
    if post is not None and _is_moderated(session, inbound, post):
        posts.delete(session, post=post, by=session.get_one(Account, post.author_id))
        return
    if not same_origin(target, inbound.actor_uri):
        raise Ignored("a Delete of something on another host")
    if post is None:
        memory.remember_withdrawn(session, inbound, target)
        inbound.remark = "a Delete of something that is not known here; kept in mind for some hours"
        return
    author = session.get_one(Account, post.author_id)
    if author.uri != inbound.actor_uri:
        raise Ignored("a Delete of what somebody else wrote")
    posts.delete(session, post=post, by=author)


def _is_moderated(session: Session, inbound: Inbound, post: Post) -> bool:
    """Whether the board of a post of elsewhere passes on that one who looks after it took the post away."""
    return inbound.via is not None and _is_on(post, inbound.via) and stewards.is_by_one(session, inbound)


def _is_on(post: Post, board: Account) -> bool:
    """Whether `post` stands on `board` and was not written here."""
    return post.board_id == board.id and not post.local


def _remove_board(session: Session, inbound: Inbound, board: Account) -> None:
    """A board passes on that it is closed: its own host has to say so."""
    if board.uri not in inbound.buried:
        raise Ignored("the announced Delete speaks of a board that still stands")
    inbound.unfinished = not actors.remove(session, board)


def _remove_actor(session: Session, inbound: Inbound) -> None:
    account = known.account(session, inbound.actor_uri)
    if account is None or town.of(session).uris.is_local(account.uri):
        raise Ignored("a Delete of an actor that is not known here")
    inbound.unfinished = not actors.remove(session, account)
