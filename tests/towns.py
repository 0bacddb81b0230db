"""Towns for tests: settings without a file, keys without files, a clock that stands still."""

from typing import Any

from community.config import from_tables
from community.keyfiles import KeyFiles
from community.town import Town

SPRING_MORNING = 1_775_001_600_000
"""2026-04-01 00:00:00 UTC in milliseconds."""


class FixedClock:
    """Shows the same moment until it is told otherwise."""

    def __init__(self, now: int = SPRING_MORNING) -> None:
        self.now = now  # milliseconds; set it as you like

    def __call__(self) -> int:
        return self.now

    def advance(
        self, *, ms: int = 0, seconds: int = 0, minutes: int = 0, hours: int = 0, days: int = 0
    ) -> None:
        self.now += ms + 1000 * (seconds + 60 * (minutes + 60 * (hours + 24 * days)))


def make_town(
    database_url: str,
    *,
    domain: str = "minato.example",
    name: str = "みなと",
    clock: FixedClock | None = None,
    **tables: dict[str, Any],
) -> Town:
    """A town over `database_url`; `tables` are further settings, as `federation={"mode": "allowlist"}`."""
    instance = {"domain": domain, "name": name} | tables.pop("instance", {})
    settings = from_tables({"instance": instance, "database": {"url": database_url}} | tables)
    return Town(settings, KeyFiles.in_memory(), clock or FixedClock())
