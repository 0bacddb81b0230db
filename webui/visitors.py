"""Who is looking at a page: what the layout and the handlers need to know of them, read in one go."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import doors, notifications
from community.models import Account
from community.visibility import PUBLIC, Viewer

MODERATORS = frozenset({"moderator", "admin"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """A member who is logged in, or a stranger (`viewer` is PUBLIC, `account_id` None)."""

    viewer: Viewer = PUBLIC
    account_id: int | None = None
    name: str = ""
    display_name: str = ""
    unseen: int = 0  # notices not yet seen

    @property
    def member(self) -> bool:
        return self.account_id is not None

    @property
    def moderates(self) -> bool:
        return self.viewer.role in MODERATORS

    @property
    def administers(self) -> bool:
        return self.viewer.role == "admin"


STRANGER = Visitor()


def recognise(session: Session, token: str) -> Visitor:
    """The member to whom the session token of a cookie belongs; STRANGER when it belongs to nobody any more."""
    viewer = doors.viewer_of_session(session, token)
    if viewer is None or viewer.account_id is None:
        return STRANGER
    name, display_name = session.execute(
        select(Account.name, Account.display_name).where(Account.id == viewer.account_id)
    ).one()
    return Visitor(
        viewer=viewer,
        account_id=viewer.account_id,
        name=name,
        display_name=display_name,
        unseen=notifications.unseen(session, viewer),
    )
