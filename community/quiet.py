"""Who is heard by those alone who follow them: single accounts, and everybody of a silenced host (`community.towns`).

Their posts stand and open at their address, but no public timeline, trend or search brings them to strangers.
"""

from sqlalchemy import ColumnElement, exists, or_
from sqlalchemy.orm import InstrumentedAttribute

from community.models import Account, Follow
from community.visibility import Viewer

Ids = ColumnElement[int] | InstrumentedAttribute[int]


def heard(viewer: Viewer, author: Ids) -> ColumnElement[bool]:
    """A condition: the account in the column `author` is heard by `viewer` where anybody may turn up."""
    aloud = ~exists().where(Account.id == author, Account.silenced_at.is_not(None)).correlate_except(Account)
    me = viewer.account_id
    if me is None:
        return aloud
    followed = exists().where(Follow.follower_id == me, Follow.followee_id == author, Follow.state == "accepted")
    return or_(aloud, author == me, followed.correlate_except(Follow))
