"""`machi serve` as a process: starts by itself, tells where it is, drains and ends in time, alone or with others."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from community.keyfiles import KeyFiles
from tests.ports import free_port
from webui.settings_file import settings_text, write_settings

pytestmark = pytest.mark.slow

START_S = 60.0  # also on a busy machine
END_S = 5.0
Serve = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def town(tmp_path: Path, port: int) -> Callable[..., Path]:
    """Writes the settings and keys of a town that will listen on `port`."""

    def make(**server: object) -> Path:
        values = {
            ("instance", "domain"): f"localhost:{port}",
            ("instance", "name"): "みなと",
            ("instance", "scheme"): "http",
            ("server", "port"): port,
        } | {("server", key): value for key, value in server.items()}
        path = tmp_path / "instance.toml"
        write_settings(path, settings_text(values))
        KeyFiles.create(path.parent / "keys")
        return path

    return make


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts `machi serve` from another folder; ends what still runs afterwards."""
    started: list[subprocess.Popen[str]] = []

    def start(path: Path) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-m", "webui", "serve", "--config", str(path)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
            cwd="/", env=os.environ | {"PYTHONPATH": str(Path.cwd())},
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def opened(process: "subprocess.Popen[str]") -> str:
    """What the town says once it is open, up to the link for the first administrator."""
    assert process.stdout is not None
    lines = []
    while not lines or "/join?key=" not in lines[-1]:
        line = process.stdout.readline()
        assert line, process.stderr.read() if process.stderr else ""
        lines.append(line)
    return "".join(lines)


def answer(port: int, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
            return response.status, response.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def ended(process: "subprocess.Popen[str]", within: float = END_S) -> float:
    begun = time.monotonic()
    process.wait(within)
    return time.monotonic() - begun


def gone(port: int, within: float) -> bool:
    """Whether nobody listens on `port` any more, at the latest after `within` seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return True
    return False


def test_a_town_opens_from_two_files_and_ends_when_asked(town, serve: Serve, port: int):
    process = serve(town())
    said = opened(process)
    assert f"みなと is open: http://localhost:{port}" in said
    assert re.search(rf"^http://localhost:{port}/join\?key=[\w-]{{20,}}$", said, flags=re.MULTILINE)
    assert answer(port, "/nodeinfo/2.0")[0] == 200
    assert answer(port, "/healthz")[0] == 200
    process.send_signal(signal.SIGTERM)
    assert ended(process) < END_S
    assert process.returncode == 0
    assert "Traceback" not in process.stderr.read()


def test_an_open_connection_does_not_hold_the_end_up(town, serve: Serve, port: int):
    process = serve(town())
    opened(process)
    with (
        socket.create_connection(("127.0.0.1", port)) as idle,
        socket.create_connection(("127.0.0.1", port)) as half,
    ):
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(100).startswith(b"HTTP/1.1 200")
        half.sendall(b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")
        process.send_signal(signal.SIGINT)
        assert ended(process) < END_S
    assert process.returncode == 0


def test_a_port_that_is_taken_is_told_in_one_line(town, serve: Serve, port: int):
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        process = serve(town())
        _, err = process.communicate(timeout=START_S)
    assert process.returncode == 1
    assert err == (
        f"machi: cannot listen on 127.0.0.1 port {port}: another program listens there; "
        "stop it, or set another [server] port\n"
    )


def test_a_link_is_no_longer_printed_once_there_is_an_administrator(town, serve: Serve, port: int):
    path = town()
    subprocess.run(
        [sys.executable, "-m", "webui", "member", "add", "hana", "--role", "admin", "--password-stdin",
         "--config", str(path)],
        input="a-long-passphrase\n", text=True, check=True, capture_output=True,
    )  # fmt: skip
    process = serve(path)
    assert "is open" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=START_S)[0] == ""


def test_several_processes_share_the_port_and_end_together(town, serve: Serve, port: int):
    process = serve(town(workers=2))
    opened(process)
    assert {answer(port, "/healthz")[0] for _ in range(20)} == {200}
    process.send_signal(signal.SIGTERM)
    assert ended(process) < END_S
    assert process.returncode == 0
    assert gone(port, within=1)


def test_processes_end_when_their_supervisor_is_killed(town, serve: Serve, port: int):
    process = serve(town(workers=2))
    opened(process)
    process.kill()
    process.wait()
    assert gone(port, within=END_S)
