"""What people type, on its way to the services: Markdown rendered off the event loop, lists taken apart."""

import asyncio
import re

from community import text
from community.errors import Invalid
from community.text import Body

_BETWEEN = re.compile(r"[\s,，、#＃]+")


async def rendered(typed: str, *, field: str = "body") -> Body:
    """`typed` as a Body. Two kilobytes of Markdown take about 5 ms, so another thread does it.

    Raises Invalid for the form field `field` if it is too long.
    """
    try:
        return await asyncio.to_thread(text.from_markdown, typed)
    except Invalid as error:
        raise Invalid(field, error.message, **error.facts) from error


def labels(typed: str) -> list[str]:
    """Tags as people write them: apart by blanks, commas of either kind, or #; each once."""
    return list(dict.fromkeys(label for label in _BETWEEN.split(typed) if label))
