"""Ports of loopback for programs that are started, ended and started again."""

import random
import socket
from contextlib import ExitStack

_PLACES = range(10_000, 32_000)  # below those that the system lends to connections: one of these could take it meanwhile


def free_port() -> int:
    """A port that nobody listens at."""
    return free_ports(1)[0]


def free_ports(number: int) -> range:
    """That many ports in a row."""
    for _ in range(1000):
        first = random.choice(_PLACES)
        found = range(first, first + number)
        with ExitStack() as places:
            try:
                for port in found:
                    places.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return found
    raise AssertionError(f"no {number} free ports in a row")
