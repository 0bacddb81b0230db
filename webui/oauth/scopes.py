"""What an app may be allowed, word by word, and which words contain which.

Granted is what was asked for, literally; whether that covers a need is worked out here, by implication.
"""

from collections.abc import Iterable
from functools import lru_cache

DEFAULT = "read"
PROFILE, OFFLINE = "profile", "offline_access"
_BOTH = (
    "accounts", "blocks", "bookmarks", "collections", "favourites", "filters", "follows", "lists", "mutes",
    "notifications", "statuses",
)  # fmt: skip
_READ = (*_BOTH, "search")
_WRITE = (*_BOTH, "conversations", "media", "reports")
_ADMIN = (
    "accounts", "reports", "domain_allows", "domain_blocks", "ip_blocks", "email_domain_blocks",
    "canonical_email_blocks",
)  # fmt: skip
_GROUPS = {
    "read": frozenset(f"read:{part}" for part in _READ),
    "write": frozenset(f"write:{part}" for part in _WRITE),
    "follow": frozenset(f"{deed}:{part}" for deed in ("read", "write") for part in ("blocks", "follows", "mutes")),
    "admin:read": frozenset(f"admin:read:{part}" for part in _ADMIN),
    "admin:write": frozenset(f"admin:write:{part}" for part in _ADMIN),
    "push": frozenset[str](),
    PROFILE: frozenset[str](),
    OFFLINE: frozenset[str](),  # a token that ends, and another one to renew it with
}
SUPPORTED = tuple(dict.fromkeys(word for group, parts in _GROUPS.items() for word in (group, *sorted(parts))))
"""Every word an app may ask for, in the order in which the metadata document names them."""

_KNOWN = frozenset(SUPPORTED)


class UnknownScope(ValueError):
    """An app asked for what this town has no word for."""


def parse(text: str | None) -> tuple[str, ...]:
    """The words of `text`, each once, in the order they were asked for; `read` when there are none.

    Raises UnknownScope.
    """
    words = tuple(dict.fromkeys((text or "").split())) or (DEFAULT,)
    if unknown := [word for word in words if word not in _KNOWN]:
        raise UnknownScope(" ".join(unknown))
    return words


@lru_cache(maxsize=1024)
def allows(granted: frozenset[str], needed: str) -> bool:
    """Whether an app with the scopes `granted` may do what needs the scope `needed`."""
    return needed in covered(granted)


@lru_cache(maxsize=256)
def covered(granted: frozenset[str]) -> frozenset[str]:
    """Everything that the words `granted` contain, themselves included."""
    return granted.union(*(_GROUPS.get(word, ()) for word in granted))


def within(asked: tuple[str, ...], granted: frozenset[str]) -> bool:
    """Whether all of `asked` is contained in `granted`."""
    return covered(granted).issuperset(asked)


def grouped(words: Iterable[str]) -> list[tuple[str, list[str]]]:
    """`words` for people to read: each group with those of its parts that are meant, none for the whole of it."""
    asked = set(words)
    found: list[tuple[str, list[str]]] = []
    for group in _GROUPS:
        if group in asked:
            found.append((group, []))
        elif parts := [word.removeprefix(group + ":") for word in SUPPORTED if word in asked and _of(word) == group]:
            found.append((group, parts))
    return found


def _of(word: str) -> str:
    return word.rpartition(":")[0]
