"""To whom a post of ours is sent directly (docs/decisions/0006)."""

from sqlalchemy.orm import Session

from community import anonymity
from community.models import Account, Post
from federation.outbox import addressing
from federation.outbox.addressing import Inbox
from federation.vocabulary.audience import Company

_TO_FOLLOWERS = ("open", "unlisted", "followers")


def hearers(session: Session, post: Post, around: Company) -> list[Inbox]:
    """The inboxes to which the words of a local `post` go; a board's announcements come on top.

    A sister post stays within the sister towns, whoever is named in it.
    """
    named = around.named_in(post)
    if post.visibility == "direct":
        return addressing.of_accounts(session, named)
    people = addressing.of_accounts(session, (*named, around.asker, around.board, _quoted(session, post)))
    board_is_ours = around.board is not None and around.board.local
    sisters: list[Inbox] = []
    if (
        (post.visibility == "open" and post.kind in ("question", "flag"))
        or post.visibility == "sister"
        or board_is_ours
    ):
        sisters = addressing.sisters(session)
    if post.visibility == "sister":
        circle = {each.host for each in sisters}
        theirs = [each for each in people if each.host in circle]
        # In a thread of another town its board passes our reply on to the circle of that thread.
        return [*theirs, *sisters] if post.parent_id is None or board_is_ours else theirs
    if post.visibility == "followers":
        people, sisters = addressing.of_accounts(session, named), []
    followers = addressing.followers(session, around.author) if post.visibility in _TO_FOLLOWERS else []
    return [*people, *followers, *sisters]


def _quoted(session: Session, post: Post) -> Account | None:
    """The author of what is quoted in a post that everybody may see."""
    if post.quote_of_id is None or post.visibility not in ("open", "unlisted"):
        return None
    quoted = session.get_one(Post, post.quote_of_id)
    return anonymity.public_author(session, quoted)
