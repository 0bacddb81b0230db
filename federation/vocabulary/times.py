"""Moments as the wire writes them."""

from datetime import UTC, datetime

DAY = 86_400_000


def iso(moment: int) -> str:
    """`moment` (milliseconds since 1970, UTC) as RFC 3339 with Z; a fraction stands only where there is one.

    Whole seconds are what the most readers expect; the fraction keeps `updated` growing when two edits share a second.
    """
    seconds, millis = divmod(moment, 1000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{millis:03d}Z" if millis else f"{text}Z"


def midnight(moment: int) -> int:
    """The start of the day of `moment`: when exactly somebody joined is nobody's business."""
    return moment - moment % DAY
