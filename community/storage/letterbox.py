"""Short texts between the processes that share one SQLite file: a datagram socket for each, in a folder beside the file.

Whoever wants to hear puts a socket there; whoever has something to say sends it to every socket it finds. A socket that
nobody reads any more (its process was killed) refuses, and is taken away. The folder is for the owner of the file alone.
"""

import asyncio
import contextlib
import errno
import logging
import os
import secrets
import socket
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.engine import make_url

MOST_BYTES = 7_900
"""Of one text, as with PostgreSQL."""
_LONGEST_PATH = 100  # bytes; what the address of a socket can hold, with some to spare
_MOST_WAITING = 2_000  # texts for one process that does not read
_SETTLED_NS = 100_000_000
_BLOCKED_MOST = 0.5  # seconds that a command waits for a process to read
log = logging.getLogger(__name__)


def folder_of(url: str) -> Path | None:
    """The folder that belongs to the database file at `url`; None for a database in memory."""
    file = make_url(url).database
    return None if not file or file == ":memory:" else Path(file).absolute().with_name(Path(file).name + ".live")


class Letterbox:
    """The socket of this process and its ways to the others. For one event loop."""

    def __init__(self, folder: Path, hear: Callable[[bytes], None]) -> None:
        self._hear = hear
        self._place = _Place(folder)
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._socket: socket.socket | None = None
        self._ways: dict[str, _Way] = {}

    def open(self) -> None:
        """Hear from now on. Without a place for the socket it stays quiet, and the log says so."""
        try:
            self._place.make()
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
            self._socket.bind(self._place.address(self._name))
        except OSError as error:
            log.warning("this process cannot hear of events in others: no socket beside the database (%s)", error)
            self.close()
            return
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._read)

    def is_heard(self) -> bool:
        """Whether any other process hears: a town that is served by one has nobody to pack anything for."""
        return self._socket is not None and bool(self._ways or self._place.names() - {self._name})

    def send(self, text: bytes) -> None:
        """Tell `text` to every other process that hears. Never waits: who does not read gets it when they do."""
        if self._socket is None:
            return
        others = self._place.names() - {self._name}
        for gone in self._ways.keys() - others:
            self._ways.pop(gone).close()
        for name in others:
            way = self._ways.get(name)
            if way is None:
                way = self._ways[name] = _Way(self._place, name)
            way.send(text)

    def close(self) -> None:
        """Hear no more; take the socket away."""
        for way in self._ways.values():
            way.close()
        self._ways.clear()
        if self._socket is not None:
            with contextlib.suppress(RuntimeError):  # no loop any more
                asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
            self._place.remove(self._name)
        self._place.close()

    def _read(self) -> None:
        assert self._socket is not None
        for _ in range(200):  # then others have their turn
            try:
                text = self._socket.recv(MOST_BYTES + 1)
            except BlockingIOError:
                return
            except OSError:
                log.exception("the socket beside the database failed")
                return
            self._hear(text)


def send_once(folder: Path, text: bytes) -> None:
    """Tell `text` to every process that hears, from a command, which has no event loop and may wait a moment."""
    place = _Place(folder)
    try:
        for name in place.names():
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
                way.settimeout(_BLOCKED_MOST)
                try:
                    way.connect(place.address(name))
                    way.send(text)
                except ConnectionRefusedError:
                    place.remove(name)
                except OSError as error:
                    log.warning("a process of the town was not told (%s)", error)
    finally:
        place.close()


class _Place:
    """The folder, and addresses in it short enough for a socket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = str(folder)
        self._handle: int | None = None
        self._named: set[str] = set()
        self._named_as_of = 0  # when the folder changed last, as far as that could be told for certain; 0: unknown

    def make(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        if self._folder.stat().st_uid != os.getuid():
            raise PermissionError(errno.EPERM, "the folder belongs to somebody else", str(self._folder))
        self._folder.chmod(0o700)

    def names(self) -> set[str]:
        """Who hears. The folder is read again only when it has changed."""
        try:
            changed = os.stat(self._path).st_mtime_ns  # noqa: PTH116 - asked with every event
            if changed != self._named_as_of:
                self._named = set(os.listdir(self._path))  # noqa: PTH208
                # A folder's time moves in steps: a change within the step of another one would not show.
                self._named_as_of = changed if time.time_ns() - changed > _SETTLED_NS else 0
        except OSError:
            return set()  # nobody has ever listened
        return self._named

    def address(self, name: str) -> str:
        path = str(self._folder / name)
        if len(os.fsencode(path)) <= _LONGEST_PATH:
            return path
        if self._handle is None:
            self._handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        return f"/proc/self/fd/{self._handle}/{name}"

    def remove(self, name: str) -> None:
        with contextlib.suppress(OSError):
            (self._folder / name).unlink()

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class _Way:
    """To one other process: what its socket has no room for waits here, and goes on as soon as it has."""

    def __init__(self, place: _Place, name: str) -> None:
        self._place = place
        self._name = name
        self._waiting: deque[bytes] = deque(maxlen=_MOST_WAITING)
        self._watched = False
        self._socket: socket.socket | None = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.connect(place.address(name))
        except OSError as error:
            self._fail(error)

    def send(self, text: bytes) -> None:
        self._waiting.append(text)
        if not self._watched:
            self._go_on()

    def close(self) -> None:
        self._watch(False)
        self._waiting.clear()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _go_on(self) -> None:
        while self._waiting and self._socket is not None:
            try:
                self._socket.send(self._waiting[0])
            except BlockingIOError:
                self._watch(True)
                return
            except OSError as error:
                self._fail(error)
                return
            self._waiting.popleft()
        self._watch(False)

    def _watch(self, wanted: bool) -> None:
        if wanted == self._watched or self._socket is None:
            return
        loop = asyncio.get_running_loop()
        if wanted:
            loop.add_writer(self._socket.fileno(), self._go_on)
        else:
            loop.remove_writer(self._socket.fileno())
        self._watched = wanted

    def _fail(self, error: OSError) -> None:
        """Nobody reads there any more: the process ended without taking its socket away."""
        if error.errno in {errno.ECONNREFUSED, errno.ECONNRESET, errno.ENOTCONN}:
            self._place.remove(self._name)
        elif error.errno != errno.ENOENT:
            log.warning("a process of the town was not told (%s)", error)
        self.close()
