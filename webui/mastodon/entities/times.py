"""Moments as clients parse them: UTC, milliseconds, a literal Z (client-API reference §1.1)."""

from datetime import UTC, datetime

_DAY = 86_400_000


def iso(moment: int) -> str:
    """`moment` (ms) as 2026-08-01T04:05:06.789Z."""
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_none(moment: int | None) -> str | None:
    return None if moment is None else iso(moment)


def midnight(moment: int) -> str:
    """The beginning of its day: apps are told no more exactly when somebody joined."""
    return iso(moment - moment % _DAY)


def day(moment: int | None) -> str | None:
    """The date alone."""
    return None if moment is None else iso(moment)[:10]


def moment(text: str | None) -> int | None:
    """The milliseconds of an ISO 8601 text, UTC unless it says otherwise; None for anything else."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.strip().replace("Z", "+00:00").replace("z", "+00:00"))
        aware = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        milliseconds = int(aware.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
    return milliseconds if 0 < milliseconds < 1 << 42 else None
