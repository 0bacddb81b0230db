"""Under which names a town answers: discovery and probes under any; nothing that is said depends on the Host header."""

import asyncio
from urllib.parse import urlsplit

import pytest

from tests.webui.conftest import Site
from tests.webui.scene import Scene

HERE = "http://localhost:8080"
STRANGE = [
    "evil.example",
    "evil.example:8080",
    "w.minato.example",
    "127.0.0.1",
    "[::1",
    "a b",
    "",
    "%00",
    "みなと",
    "x" * 4000,
    "a/b?c#d",
    "user@evil",
]
DISCOVERY = [
    "/.well-known/webfinger?resource=acct:mizutama@localhost:8080", "/.well-known/host-meta", "/.well-known/host-meta.json",
    "/.well-known/nodeinfo", "/nodeinfo/2.0", "/nodeinfo/2.1", "/healthz", "/readyz", "/robots.txt",
]  # fmt: skip


async def ask(site: Site, path: str, host: str | None, *headers: str) -> tuple[int, str]:
    """Status and whole answer of a GET with exactly this Host header, or none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(site.origin).port)
    lines = [
        f"GET {path} HTTP/1.1",
        *([] if host is None else [f"Host: {host}"]),
        *headers,
        "Connection: close",
        "",
        "",
    ]
    writer.write("\r\n".join(lines).encode())
    answer = (await reader.read()).decode()
    writer.close()
    return int(answer.split(" ", 2)[1]), answer


@pytest.mark.parametrize("path", DISCOVERY)
async def test_discovery_and_probes_answer_under_any_name(site: Site, scene: Scene, path: str) -> None:
    status, usual = await ask(site, path, "localhost:8080")
    assert status == 200
    for host in ("evil.example", "127.0.0.1", "w.minato.example:444"):
        status, answer = await ask(site, path, host)
        assert (host, status) == (host, 200)
        assert answer.partition("\r\n\r\n")[2] == usual.partition("\r\n\r\n")[2]


@pytest.mark.parametrize("host", [*STRANGE, None])
async def test_a_strange_name_breaks_nothing_and_is_not_repeated(
    site: Site, scene: Scene, host: str | None
) -> None:
    for path in ("/", "/@mizutama", scene.page, "/users/mizutama", f"/posts/{scene.question}", "/login", "/nowhere",
                 "/api/v2/instance", "/.well-known/host-meta"):  # fmt: skip
        status, answer = await ask(site, path, host, "Accept: */*")
        assert status < 500, path
        assert "evil" not in answer
        if status == 200 and path in ("/users/mizutama", "/.well-known/host-meta"):
            assert HERE in answer


async def test_where_one_is_led_is_always_here(site: Site, scene: Scene) -> None:
    for path, accept, place in (
        (f"/posts/{scene.question}", "text/html", f"{HERE}{scene.page}"),
        (scene.page, "application/activity+json", f"{HERE}/posts/{scene.question}"),
        ("/users/mizutama", "text/html", "/@mizutama"),
    ):
        _, answer = await ask(site, path, "evil.example", f"Accept: {accept}")
        assert f"Location: {place}\r\n" in answer
