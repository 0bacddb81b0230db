"""Running the server in one process: listen, tell where, drain and end when asked to."""

import asyncio
import errno
import gc
import logging
import os
import resource
import signal
import socket
import sys
import threading

import click
import uvloop
from aiohttp import web

from community import doors
from community.config import Settings, SettingsError
from webui.app import create_app
from webui.keys import DATABASE, LISTENING, TOWN
from webui.logs import ACCESS, AccessLogger

DRAIN_S = 2.0  # for requests under way
LAST_S = 4.7  # after this the process ends, drained or not: it promised to be gone in five seconds
_BACKLOG = 1024
_NEW_OBJECTS = 5_000  # and then they are looked through, a megabyte or two
log = logging.getLogger(__name__)


def run(settings: Settings, *, background: bool, listening: bool = True, among: int | None = None) -> None:
    """Serve until SIGTERM, SIGINT or, as a process `among` several, until the supervisor is gone.

    `background` also works the queues; without `listening` that is all that is done.
    """
    _allow_many_connections()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, background=background, listening=listening, among=among))


def check_free(host: str, port: int) -> None:
    """Raise SettingsError if nobody can listen there, or somebody does already."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in addresses:
            with socket.socket(family, kind, protocol) as trial:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    trial.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                trial.bind(address)
    except OSError as error:
        raise _cannot_listen(host, port, error) from None


async def _serve(settings: Settings, *, background: bool, listening: bool, among: int | None) -> None:
    stop = _asked_to_stop(watch_stdin=among is not None)
    app = create_app(settings, background=background)
    app[LISTENING] = listening
    access = logging.getLogger(ACCESS) if settings.log.access else None
    runner = web.AppRunner(app, access_log=access, access_log_class=AccessLogger, shutdown_timeout=DRAIN_S)
    try:
        await runner.setup()
        _seldom_look_for_garbage()
        if listening:
            await _listen(runner, settings, shared=among is not None)
            if not among:  # the only process, or the first of several
                await _tell(app, settings)
        await stop.wait()
    finally:
        _end_in_time()
        await runner.cleanup()


async def _listen(runner: web.AppRunner, settings: Settings, *, shared: bool) -> None:
    host, port = settings.server.host, settings.server.port
    site = web.TCPSite(runner, host, port, reuse_port=shared or None, backlog=_BACKLOG)
    try:
        await site.start()
    except OSError as error:
        raise _cannot_listen(host, port, error) from None


def _cannot_listen(host: str, port: int, error: OSError) -> SettingsError:
    if error.errno == errno.EADDRINUSE:
        reason = "another program listens there; stop it, or set another [server] port"
    else:
        reason = f"{error.strerror}; set another [server] host or port"
    return SettingsError(f"cannot listen on {host} port {port}: {reason}")


async def _tell(app: web.Application, settings: Settings) -> None:
    """Print the town's address, and a way in for its first administrator if it has none."""
    server, origin = settings.server, app[TOWN].uris.origin
    click.echo(f"{settings.instance.name} is open: {origin} (listening on {server.host} port {server.port})")
    key = await app[DATABASE].write(doors.first_admin_link)
    if key is not None:
        click.echo(
            "There is no administrator yet. Whoever opens this link becomes it; it works once, for a week:"
        )
        click.echo(f"{origin}/join?key={key}")
    sys.stdout.flush()


def _asked_to_stop(*, watch_stdin: bool) -> asyncio.Event:
    """What is set by a signal to end, and by the end of stdin if that is the line to a supervisor."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if watch_stdin:

        def gone() -> None:
            loop.remove_reader(sys.stdin.fileno())
            stop.set()

        loop.add_reader(sys.stdin.fileno(), gone)
    return stop


def _seldom_look_for_garbage() -> None:
    """What stands now stands until the end. And a request makes hundreds of objects that go by themselves: to look for
    garbage at every 700th, as Python does, took a twentieth of all CPU.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)


def _allow_many_connections() -> None:
    """Raise the soft limit of open files to the hard one: each app that listens to a stream holds a socket."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):  # a system that says "unlimited" and means less
            log.warning("no more than %s files can be open at once", soft)


def _end_in_time() -> None:
    """Start the clock that ends the process if it has not ended by itself.

    Nothing is lost by it: all that counts is in the database.
    """

    def give_up() -> None:
        log.error("not drained after %s s: ending all the same", LAST_S)
        os._exit(1)

    clock = threading.Timer(LAST_S, give_up)
    clock.daemon = True
    clock.start()
