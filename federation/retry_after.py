"""The Retry-After header: a number of seconds, or a date."""

from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST = 86_400
"""Seconds. Whoever asks for more patience than a day is asked again after a day."""


def seconds(value: str | None, now: int) -> int | None:
    """How long `value` asks to wait from `now` (milliseconds), 0 to 86,400 seconds; None if it says nothing usable."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return min(int(text[:12]), LONGEST)
    try:
        moment = parsedate_to_datetime(text)
        until = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(0, round(until - now / 1000)), LONGEST)
