"""From which network a request comes: for counting, and for nothing else."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from aiohttp import web

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_REMEMBERED = 4_096  # addresses taken apart


def parsed(networks: Sequence[str]) -> tuple[Network, ...]:
    """Addresses and networks as the settings write them."""
    return tuple(ipaddress.ip_network(each, strict=False) for each in networks)


def client_network(request: web.Request, trusted: Sequence[Network]) -> str:
    """The IPv4 address, or the /64 of an IPv6 one, for a household has them all.

    X-Forwarded-For is believed from right to left as long as one of the proxies in `trusted` vouches for the entry.
    """
    address = request.remote or "unknown"
    if not trusted:
        return household(address)
    hops = [hop.strip() for line in request.headers.getall("X-Forwarded-For", []) for hop in line.split(",")]
    while hops and _within(address, trusted):
        address = hops.pop()
    return household(address)


def _within(address: str, networks: Sequence[Network]) -> bool:
    try:
        parsed_address = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed_address in network for network in networks)


@lru_cache(_REMEMBERED)
def household(address: str) -> str:
    """The network that one household or server has: an IPv4 address, the first 64 bits of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((int(found), 64), strict=False))
    return str(found)


@lru_cache(_REMEMBERED)
def is_elsewhere(network: str) -> bool:
    """Whether it is some other machine's: a request from this one, or from next door, comes through a proxy."""
    try:
        return ipaddress.ip_network(network).is_global
    except ValueError:
        return False
