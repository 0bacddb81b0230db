"""Posts of elsewhere that are brought here long after they were said: they take their place, and are no news.

A unit of work that is marked so writes nothing on homes, tells nobody and calls no app; the posts stand on their board,
in their thread, on the profile of their author, and are found. Whoever follows meets them as what stood already
(`community.homes.backfill`).
"""

from sqlalchemy.orm import Session

_KEY = "machi.belated"


def mark(session: Session) -> None:
    """Everything that is stored in this unit of work comes late."""
    session.info[_KEY] = True


def is_marked(session: Session) -> bool:
    return _KEY in session.info
