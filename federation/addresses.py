"""Which network addresses this server may connect to, and a resolver that gives no others (federation reference §3).

The connection is made to the very addresses that were checked: a name that answers differently a moment later (DNS
rebinding) changes nothing.
"""

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Awaitable, Callable

from aiohttp.abc import AbstractResolver, ResolveResult


class Refused(Exception):
    """Something that we do not fetch, send to, or take: an address, a redirect, a type, a size. Final."""


# Everything outside of these, and only 2000::/3 of IPv6, is somebody's public address.
_CLOSED_V4 = tuple(
    ipaddress.IPv4Network(each)
    for each in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32",  # the last is the inside of a large hoster
    )
)  # fmt: skip
_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
_CLOSED_V6 = tuple(
    ipaddress.IPv6Network(each)
    for each in (
        "2001::/23",  # Teredo (2001::/32), benchmarks, ORCHID
        "2001:db8::/32", "3fff::/20",  # documentation
        "2002::/16",  # 6to4: any IPv4 address in disguise
        "2620:4f:8000::/48",
    )
)  # fmt: skip


def is_public(address: str) -> bool:
    """Whether `address` (an IP literal) is globally routable and no IPv4 address in disguise."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return not any(parsed in network for network in _CLOSED_V4)
    if parsed.scope_id is not None or parsed not in _OPEN_V6:
        return False
    return not any(parsed in network for network in _CLOSED_V6)


Found = tuple[socket.AddressFamily, str]
Lookup = Callable[[str, int, socket.AddressFamily], Awaitable[list[Found]]]
"""From host, port, family to addresses. Raises OSError."""


class CheckedResolver(AbstractResolver):
    """Looks names up and raises Refused if any address found is not public, unless private ones are allowed."""

    def __init__(self, *, allow_private: bool, patience: float, lookup: Lookup | None = None) -> None:
        self._allow_private = allow_private
        self._patience = patience  # seconds
        self._lookup = lookup or SystemLookup()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        async with asyncio.timeout(self._patience):
            found = await self._lookup(host, port, family)
        if not found:
            raise OSError(f"{host} has no address")
        for _, address in found:
            if not self._allow_private and not is_public(address):
                raise Refused(f"{host} lies at {address}, which is not public")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=kind,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, address in found
        ]

    async def close(self) -> None:
        """Nothing is held."""


class SystemLookup:
    """The system's resolver, in threads that nobody waits for at the end: a dead name server can hold one for long."""

    def __init__(self, most: int = 64) -> None:
        self._places = asyncio.Semaphore(most)

    async def __call__(self, host: str, port: int, family: socket.AddressFamily) -> list[Found]:
        await self._places.acquire()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Found]] = loop.create_future()

        def settle(found: list[Found] | OSError) -> None:
            self._places.release()  # only now: the thread was taken until here, whoever gave up waiting
            if answer.done():
                return
            if isinstance(found, OSError):
                answer.set_exception(found)
            else:
                answer.set_result(found)

        def work() -> None:
            found = _system_lookup(host, port, family)
            try:
                loop.call_soon_threadsafe(settle, found)
            except RuntimeError:  # the loop was closed meanwhile
                return

        threading.Thread(target=work, name="machi-names", daemon=True).start()
        return await answer


def _system_lookup(host: str, port: int, family: socket.AddressFamily) -> list[Found] | OSError:
    try:
        rows = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
    except UnicodeError:
        return OSError(f"{host} is no host name")
    except OSError as error:
        return error
    return [(row[0], _literal(row[4])) for row in rows]


def _literal(place: tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]) -> str:
    """The address of one row, with the zone of a link-local one."""
    address = str(place[0])
    return f"{address}%{place[3]}" if len(place) == 4 and place[3] and "%" not in address else address
