"""What the endpoints for who looks after the town share: who may call them, and as whom they act."""

from sqlalchemy.orm import Session

from community.models import Account
from community.reports import MODERATORS
from webui.mastodon.replies import Refusal
from webui.mastodon.routing import Call

NOT_YOURS = "This action is not allowed"


def look_after(call: Call) -> None:
    """Refusal 403 for a member who is neither moderator nor administrator."""
    if call.viewer.role not in MODERATORS:
        raise Refusal(403, NOT_YOURS)


def administer(call: Call) -> None:
    """Refusal 403 for everybody but administrators: who decides about other servers, as on the page 運営."""
    if call.viewer.role != "admin":
        raise Refusal(403, NOT_YOURS)


def acting(session: Session, call: Call) -> Account:
    return session.get_one(Account, call.me)
