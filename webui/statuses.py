"""The one table from what went wrong to the HTTP status that says it."""

from community.errors import (
    CommunityError,
    Conflict,
    Gone,
    Invalid,
    NotAllowed,
    NotFound,
    StorageFailed,
    TooMany,
)
from webui.auth import LoginNeeded
from webui.csrf import ForeignOrigin, StaleToken

STATUSES: dict[type[CommunityError], int] = {
    Invalid: 422,
    NotFound: 404,
    Gone: 410,
    NotAllowed: 403,
    TooMany: 429,
    Conflict: 409,
    StorageFailed: 503,
    ForeignOrigin: 403,
    StaleToken: 403,
    LoginNeeded: 403,
}


def of(error: CommunityError) -> int:
    """The status for an error; 500 for a kind that nobody entered here."""
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)
