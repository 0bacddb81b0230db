"""What has one door goes through that door."""

import ast
from collections.abc import Iterator

from tests.rules.places import PACKAGES, ROOT, modules

# Who sends requests to other servers. The demo is a browser of this machine's own towns, not a server.
OUTBOUND = ("federation/http.py", "webui/demo/")
CLIENTS = {
    "ClientSession",
    "TCPConnector",
    "UnixConnector",
    "create_connection",
    "open_connection",
    "urlopen",
}
# Said with its module: by itself the name is everywhere.
SPOKEN_OUT = {("aiohttp", "request"), ("http", "client"), ("urllib", "request")}
CLIENT_MODULES = {
    "http.client",
    "requests",
    "httpx",
    "urllib3",
    "ftplib",
    "smtplib",
    "telnetlib",
}

# Whom a post's row names as its author is shown to nobody: pages and documents ask nametags.public_author. These read
# it to compare, to find, or to act for the relay.
COMPARES = {
    "webui/pages/thread.py", "webui/pages/phrase.py", "webui/pages/report.py", "webui/mastodon/threads.py",
    "webui/mastodon/walks.py", "webui/streaming/telling.py",
}  # fmt: skip
# What apps are shown: here だれかさん stands in for who is veiled, held by tests/webui/mastodon/test_shield.py.
ENTITIES = {f"webui/mastodon/entities/{name}.py" for name in ("stamps", "statuses", "texts", "turned")}
SHOWS = ("webui", "federation/vocabulary", "federation/outbox")

# The database layer, which alone ends transactions.
STORAGE = ("community/storage/", "community/migrations/", "community/migrate.py")


def spoken_out(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every way to reach one of SPOKEN_OUT, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            pairs = [(node.value.id, node.attr)]
        elif isinstance(node, ast.ImportFrom):
            pairs = [(node.module or "", each.name) for each in node.names]
        else:
            continue
        yield from ((node.lineno, f"{module}.{name}") for module, name in pairs if (module, name) in SPOKEN_OUT)


def named(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every attribute, imported name and imported module of a module, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)


def test_only_the_outbound_door_opens_connections():
    others = [
        f"{path}:{line} {name}"
        for path, tree in modules(*PACKAGES)
        if not path.startswith(OUTBOUND)
        for line, name in named(tree)
        if name in CLIENTS | CLIENT_MODULES
    ]
    others += [
        f"{path}:{line} {name}"
        for path, tree in modules(*PACKAGES)
        if not path.startswith(OUTBOUND)
        for line, name in spoken_out(tree)
    ]
    assert others == []


def test_nobody_shows_the_author_that_a_row_names():
    readers = {path for path, tree in modules(*SHOWS) for _, name in named(tree) if name == "author_id"}
    assert readers == COMPARES | ENTITIES, "ask nametags.public_author"


def test_templates_never_reach_for_an_author():
    templates = list((ROOT / "webui/templates").rglob("*.html"))
    assert templates
    assert [path.name for path in templates if "author_id" in path.read_text(encoding="utf-8")] == []


def test_services_neither_commit_nor_roll_back():
    enders = [
        f"{path}:{node.lineno}"
        for path, tree in modules("community")
        if not path.startswith(STORAGE)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in {"commit", "rollback"}
    ]
    assert enders == []
