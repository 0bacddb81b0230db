"""What the page of a 旗 tells besides its thread: when and where, how many gather, and to those who do, who."""

from typing import Any

from sqlalchemy.orm import Session

from community import flag_lists, gatherings, joins, plans
from community.models import Post
from community.visibility import Viewer


def surroundings(session: Session, viewer: Viewer, root: Post) -> dict[str, Any]:
    """What `parts/flags.html` reads of `root`; nothing for what is no flag, or was taken back."""
    if root.kind != gatherings.KIND or root.deleted_at is not None:
        return {}
    gathering = gatherings.of(session, root)
    return {
        "gathering": gathering,
        "joiners": joins.people(session, viewer, root),
        "raised_it": gatherings.is_raised_by(root, viewer.account_id),
        "joined": root.id in flag_lists.joined_by(session, viewer, [root.id]),
        "over": lambda now: plans.is_over(gathering, now),
    }
