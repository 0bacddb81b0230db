"""What of a thread's page is for who looks after its board."""

from typing import Any

from sqlalchemy.orm import Session

from community import stewardship
from community.models import Account, Post
from community.visibility import OPEN, UNLISTED, Viewer


def surroundings(session: Session, viewer: Viewer, root: Post) -> dict[str, Any]:
    """`tends`: whether `viewer` may have the question stand first, and take off what came from elsewhere. Nothing is asked
    for others than keepers and moderators.
    """
    tends = {"keep": False, "remove": False, "is_first": False}
    if viewer.role in stewardship.KEEPERS and root.board_id is not None and root.deleted_at is None:
        board = session.get_one(Account, root.board_id)
        shown = root.kind in ("question", "flag") and root.visibility in (OPEN, UNLISTED)
        tends["keep"] = board.local and shown
        tends["remove"] = board.local and viewer.role in stewardship.MODERATORS
        tends["is_first"] = tends["keep"] and stewardship.is_first(session, root)
    return {"tends": tends}
