"""What can go wrong in the community, told by type. Which HTTP status that is, the outer layers decide.

Every error carries one kind sentence in Japanese, which is also its key in the translations.
"""


class CommunityError(Exception):
    """A deed that the town does not do. `message` is shown to people as it stands (after translation)."""

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.message = message  # a translation key, with %(name)s places
        self.facts = facts  # what fills the places


class Invalid(CommunityError):
    """Something that was typed does not fit; `field` names the form field it stands beside."""

    def __init__(self, field: str, message: str, **facts: object) -> None:
        super().__init__(message, **facts)
        self.field = field


class NotFound(CommunityError):
    """It is not there, or not for this viewer: nobody may learn which."""


class Gone(NotFound):
    """It was there for this viewer, and was taken back since."""


class NotAllowed(CommunityError):
    """It is there, but this viewer may not do that to it."""


class TooMany(CommunityError):
    """A limit that keeps the town calm was reached. `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: int = 60, **facts: object) -> None:
        super().__init__(message, **facts)
        self.retry_after = retry_after


class Conflict(CommunityError):
    """It was already done in another way, such as a handle that is taken."""


class StorageFailed(CommunityError):
    """The database could not keep the deed (disk full, locked, gone). Nothing of it was kept."""
