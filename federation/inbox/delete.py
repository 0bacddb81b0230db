"""Delete of a post, of the consent to a quote, or of the whole actor (federation reference §1.8)."""

from sqlalchemy.orm import Session

from community import posts, town
from community.models import Account, Post
from federation import actors
from federation.inbox import known, memory, stamps
from federation.inbox.inbound import Ignored, Inbound
from federation.vocabulary.reading import same_origin


def apply(session: Session, inbound: Inbound) -> None:
    target = inbound.object_uri
    if target == inbound.actor_uri:
        _remove_actor(session, inbound)
        return
    if stamps.withdrawn(session, inbound):
        return
    post = known.post(session, target)
    if post is not None and _is_moderated(inbound, post):
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


def _is_moderated(inbound: Inbound, post: Post) -> bool:
    """Whether the board of a post of elsewhere passes on that a moderator of its own host took the post away."""
    via = inbound.via
    return via is not None and post.board_id == via.id and not post.local and same_origin(inbound.actor_uri, via.uri)


def _remove_actor(session: Session, inbound: Inbound) -> None:
    account = known.account(session, inbound.actor_uri)
    if account is None or town.of(session).uris.is_local(account.uri):
        raise Ignored("a Delete of an actor that is not known here")
    inbound.unfinished = not actors.remove(session, account)
