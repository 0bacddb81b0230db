"""PostgreSQL's LISTEN and NOTIFY: short texts from any process of a town to all of its others, over the database itself."""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

MOST_BYTES = 7_900
"""Of one text; the server takes less than 8,000."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 10.0  # seconds before trying to connect again
_NOTIFY = select(func.pg_notify(bindparam("channel"), bindparam("text")))
log = logging.getLogger(__name__)


def notify(session: Session, channel: str, text: str) -> None:
    """Call `text` out on `channel` once the unit of work is committed."""
    session.connection().execute(_NOTIFY, {"channel": channel, "text": text})


async def listen(
    url: str, channel: str, *, hear: Callable[[str], None], ready: Callable[[], None]
) -> None:
    """Call `hear` with every text on `channel`, for ever, over a connection of its own.

    A lost connection is made again; `ready` is called whenever one stands. What is called out in between is not heard.
    """
    pause = _FIRST_PAUSE
    while True:
        try:
            async with await _connect(url) as connection:
                await connection.execute(f"LISTEN {channel}")
                pause = _FIRST_PAUSE
                ready()
                async for call in connection.notifies():
                    hear(call.payload)
        except Exception as error:  # noqa: BLE001 - whatever it was, the server may be back in a moment
            log.warning("not connected for calls of other processes (%s)", type(error).__name__)
        await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - no secret
        pause = min(pause * 2, _LONGEST_PAUSE)


async def _connect(url: str) -> Any:
    from psycopg import AsyncConnection  # noqa: PLC0415 - an extra that SQLite towns do without
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg  # noqa: PLC0415 - the same

    dialect: Any = PGDialect_psycopg
    _, options = dialect().create_connect_args(make_url(url))
    return await AsyncConnection.connect(
        **options, autocommit=True, connect_timeout=5, application_name="machi listening",
        keepalives_idle=30, keepalives_interval=10, keepalives_count=3,
    )  # fmt: skip
