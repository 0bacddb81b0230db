"""From a reply in an app to a ありがとう: an app knows favourites and replies, the town knows thanks."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import markup, thanks
from community.errors import Conflict, NotAllowed
from community.models import Account, Post, Thanks
from community.visibility import Viewer
from community.wording import MESSAGE_MOST

THANKS = "thanks"
_WORDS = ("ありがとう", "有難う", "有り難う")


def begins_with_thanks(plain: str) -> bool:
    """Whether a text says ありがとう first, mentions in front of it left out."""
    return markup.without_leading_mentions(plain).startswith(_WORDS)


def offers(session: Session, viewer: Viewer, found: Sequence[Post]) -> dict[int, list[str]]:
    """What the town offers the author of a post to make of it, for those among `found` that `viewer` wrote: `thanks`
    for a reply to somebody's answer that says ありがとう first. At most two queries.
    """
    own = [each for each in found if each.author_id == viewer.account_id and may_become_words(each)]
    if viewer.account_id is None or not own:
        return {}
    parents = {each.parent_id for each in own}
    answers = set(
        session.scalars(
            select(Post.id).where(
                Post.id.in_(parents), Post.kind == "answer", Post.author_id != viewer.account_id, Post.deleted_at.is_(None)
            )
        )
    )
    worded = set(
        session.scalars(
            select(Thanks.post_id).where(
                Thanks.post_id.in_(answers), Thanks.giver_id == viewer.account_id, Thanks.message_post_id.is_not(None)
            )
        )
    )
    return {each.id: [THANKS] for each in own if each.parent_id in answers - worded}


def is_own_reply(post: Post, author: Account) -> bool:
    """Whether `post` is a reply of the author's: then it is itself what may become the words."""
    return post.author_id == author.id and post.kind == "comment"


def give_words(session: Session, *, author: Account, reply: Post) -> Thanks:
    """Make `reply` of `author` the words of a ありがとう for the answer it stands under.

    NotAllowed unless the town offers it (`offers`), Conflict if words were given already.
    """
    answer = session.get(Post, reply.parent_id) if reply.parent_id is not None else None
    if reply.author_id != author.id or answer is None or not may_become_words(reply):
        raise NotAllowed("ありがとうにできるのは、ほかの方の回答への「ありがとう」で始まるお返事です。")
    given = thanks.between(session, author.id, answer.id)
    if given is not None and given.message_post_id is not None:
        raise Conflict("この回答には、もうありがとうのことばを贈っています。")
    return thanks.give(session, giver=author, answer=answer, said=reply)


def may_become_words(post: Post) -> bool:
    """Whether `post` reads like the words of a ありがとう and is none yet; what it answers is not asked."""
    return (
        post.kind == "comment"
        and post.thanks_id is None
        and not post.anonymous
        and len(post.body_text) <= MESSAGE_MOST
        and begins_with_thanks(post.body_text)
    )
