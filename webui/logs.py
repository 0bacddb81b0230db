"""The log: text for people or JSON for programs, on stderr, and never a word of who did what.

Whatever a line would say of a person or give away of a secret is taken out before it is written, whoever wrote it: the log
must not become the list of members that the database does not keep for hidden name tags.
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from community.config import Log


@contextmanager
def _without_rich() -> Iterator[None]:
    """Have structlog not find rich, with which it would paint tracebacks: 6 MB and 60 ms of every start, for nothing."""
    loaded = sys.modules.get("rich")
    modules: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]
    modules["rich"] = None
    try:
        yield
    finally:
        del modules["rich"]
        if loaded is not None:
            modules["rich"] = loaded


with _without_rich():
    import structlog
    from structlog.typing import EventDict, Processor

ACCESS = "machi.access"
PERSONAL = frozenset({
    "account_id", "author_id", "cookie", "email", "handle", "ip", "login", "member", "member_id", "nickname",
    "passphrase", "password", "peername", "phrase", "remote", "secret", "session", "token", "viewer",
})  # fmt: skip
"""Keys that never reach the log."""


def keep_quiet() -> None:
    """Log nothing: for commands, which tell on one line of stderr what went wrong."""
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.render_to_log_kwargs],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # `set_up` may follow
    )
    logging.getLogger().handlers = [logging.NullHandler()]


def set_up(settings: Log) -> None:
    """Send everything that is logged, by structlog or by the standard library, to stderr as `settings` says."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        without_persons,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,  # plain text: the values of local variables are nobody's business
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(settings)],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level.upper())
    for chatty in ("alembic", "asyncio", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def _renderer(settings: Log) -> Processor:
    if settings.format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


def without_persons(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Take out what the log may not hold; a processor of structlog."""
    for key in PERSONAL & line.keys():
        del line[key]
    return line


class AccessLogger(AbstractAccessLogger):
    """Method, path, status and time of a request. No address, no query (it may hold a key), no user agent.

    The path as it came, percent-encoded: what somebody asks for must not look like a line of its own.
    """

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        self.logger.info("%s %s %s %.0f ms", request.method, request.rel_url.raw_path, response.status, time * 1000)
