"""What becomes of accounts, and of the ways into them."""

from dataclasses import dataclass

from community.events.bus import Event


@dataclass(frozen=True, slots=True)
class ShutOut(Event):
    """A moderator suspended an account of another server, which may have written on boards of this town."""

    account_id: int


@dataclass(frozen=True, slots=True)
class LetIn(Event):
    """An account of another server that was suspended may speak again."""

    account_id: int


@dataclass(frozen=True, slots=True)
class AccountUpdated(Event):
    account_id: int


@dataclass(frozen=True, slots=True)
class AccountMoved(Event):
    """A member goes on under another account, of here or of elsewhere."""

    account_id: int
    target_id: int


@dataclass(frozen=True, slots=True)
class AccountDeleted(Event):
    """A member left (退会). The follows are gone; those who should hear of it stand here."""

    account_id: int
    follower_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AccessEnded(Event):
    """Apps were shut out: what they hold open with these tokens has to end."""

    token_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FiltersChanged(Event):
    """A member changed what they do not want to meet: their apps read their filters anew."""

    account_id: int
