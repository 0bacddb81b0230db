"""The pictures of an account: apps want a real address for each, in a format that every app shows."""

from typing import Any, Protocol


class Pictured(Protocol):
    """A row of `accounts`, or the columns of one that are needed here."""

    id: Any
    avatar_url: Any
    header_url: Any


def avatar(account: Pictured, origin: str) -> str:
    """Where the avatar lies: the one its owner chose, else the one drawn from the id."""
    return account.avatar_url or f"{origin}/avatars/{account.id}.png"


def header(account: Pictured, origin: str) -> str:
    """Where the header lies. Clients take an address that ends like the default's for none."""
    return account.header_url or f"{origin}/headers/original/missing.png"
