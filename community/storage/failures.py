"""What the engines' errors mean to the town: storage that failed, or a slip of the unit itself."""

import sqlite3

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from community.errors import StorageFailed

LOCKED = (
    "ほかの作業がデータベースを使っているので、まだ保存していません。少し待って、もう一度お試しください。"
)
FULL = (
    "保存する場所がいっぱいで、保存できませんでした。これまでのものは無事です。町の運営に知らせてください。"
)
UNREACHABLE = "データベースに届かないので、まだ保存していません。少し待って、もう一度お試しください。"
CLOSING = "町を閉める途中なので、まだ保存していません。少し待って、もう一度お試しください。"

_log = structlog.get_logger(__name__)

_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
# These speak of the statement, not of the storage: a unit that causes them is wrong.
_SQLITE_OF_THE_UNIT = {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_MISUSE,
    sqlite3.SQLITE_RANGE,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_AUTH,
}
_SQLITE_QUERY_ONLY = sqlite3.SQLITE_READONLY  # the plain code: a disk that is read-only has an extended one

# PostgreSQL, appendix A: classes and codes.
_POSTGRES_BUSY = {"55P03", "40001", "40P01"}  # lock not available, serialization failure, deadlock
_POSTGRES_FULL = {"53100"}
_POSTGRES_STORAGE = ("08", "53", "57", "58", "XX")


def understood(error: BaseException, *, reading: bool = False) -> BaseException:
    """`error` as the caller of a unit shall see it: StorageFailed if the storage failed, else `error` itself.

    StorageFailed carries the engine's own words as the fact `reason`, and the error as its cause.
    """
    if isinstance(error, PoolTimeout):
        return failed(UNREACHABLE, error)
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _understood_sqlite(error, cause, reading=reading)
    if isinstance(error, DBAPIError):
        return _understood_postgres(error)
    return error


def failed(sentence: str, cause: BaseException) -> StorageFailed:
    """The error for a deed that was not kept because of `cause`, which goes into the log."""
    reason = str(getattr(cause, "orig", None) or cause).strip()
    _log.error("storage failed", reason=reason)
    failure = StorageFailed(sentence, reason=reason)
    failure.__cause__ = cause
    return failure


def _understood_sqlite(error: BaseException, cause: sqlite3.Error, *, reading: bool) -> BaseException:
    extended = getattr(cause, "sqlite_errorcode", None)
    if extended is None:  # raised by the driver, such as a value it cannot bind
        return error
    code = extended & 0xFF
    if code in _SQLITE_OF_THE_UNIT or (reading and extended == _SQLITE_QUERY_ONLY):
        return error
    if code in _SQLITE_BUSY:
        return failed(LOCKED, error)
    return failed(FULL if code == sqlite3.SQLITE_FULL else UNREACHABLE, error)


def _understood_postgres(error: DBAPIError) -> BaseException:
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # no answer from a server at all
        return failed(UNREACHABLE, error) if isinstance(error, (OperationalError, InterfaceError)) else error
    if state in _POSTGRES_BUSY:
        return failed(LOCKED, error)
    if state in _POSTGRES_FULL:
        return failed(FULL, error)
    return failed(UNREACHABLE, error) if state.startswith(_POSTGRES_STORAGE) else error
