"""The command line: what it makes, what it prints, how it refuses."""

import io
import logging
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from community import config, doors, members, migrate
from community.db import open_database
from community.events import Bus
from community.keyfiles import KeyFiles
from community.town import Town
from webui import cli

PASSPHRASE = "ちいさなはるのかぜが吹く"


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str


Machi = Callable[..., Result]


@pytest.fixture
def machi(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Machi]:
    """Runs `machi ARGUMENTS` as the console script does, in this process."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*arguments: str | Path, stdin: str = "") -> Result:
        monkeypatch.setattr(sys, "argv", ["machi", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            cli.main()
        written = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Result(ended.value.code, written.out, written.err)

    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    yield run
    structlog.reset_defaults()


@pytest.fixture
def settings(machi: Machi, tmp_path: Path) -> Path:
    """The settings file of a town that `machi init` made."""
    path = tmp_path / "instance.toml"
    assert machi("init", "--config", path, "--domain", "minato.example", "--name", "みなと").status == 0
    return path


def one_line(result: Result) -> str:
    assert result.out == ""
    assert result.err.startswith("machi: ")
    assert result.err.count("\n") == 1
    return result.err


def read(path: Path, unit):
    found = config.load(path)
    database = open_database(Town(found, KeyFiles.load(found.keys_dir)), Bus())
    try:
        return database.read_now(unit)
    finally:
        database.close_now()


# init


def test_init_writes_settings_and_keys_and_no_database(machi: Machi, tmp_path: Path):
    path = tmp_path / "town" / "instance.toml"
    result = machi("init", "--config", path, "--domain", "minato.example", "--name", '"みなと" \\ まち')
    assert (result.status, result.err) == (0, "")
    assert sorted(entry.name for entry in path.parent.rglob("*")) == [
        "instance.toml",
        "keys",
        "sealing",
        "secret",
    ]
    assert {entry.stat().st_mode & 0o777 for entry in path.parent.rglob("*") if entry.is_file()} == {0o600}
    settings = config.load(path)
    assert settings.instance.domain == "minato.example"
    assert settings.instance.name == '"みなと" \\ まち'
    assert settings.instance.registrations == "approval"


def test_init_for_a_trial(machi: Machi, tmp_path: Path):
    path = tmp_path / "instance.toml"
    machi("init", "--config", path, "--domain", "localhost:3000", "--name", "ためし", "--trial")
    settings = config.load(path)
    assert settings.instance.scheme == "http"
    assert settings.instance.registrations == "open"
    assert settings.federation.allow_private_addresses is True
    assert settings.server.port == 3000


def test_init_overwrites_nothing(machi: Machi, settings: Path):
    before = settings.read_bytes()
    result = machi("init", "--config", settings, "--domain", "other.example", "--name", "ほか")
    assert result.status == 1
    assert "exists already; nothing was changed" in one_line(result)
    assert settings.read_bytes() == before


def test_init_makes_missing_keys_and_leaves_the_others(machi: Machi, settings: Path):
    keys = settings.parent / "keys"
    secret = (keys / "secret").read_bytes()
    (keys / "sealing").unlink()
    assert machi("init", "--config", settings).status == 0
    assert (keys / "sealing").exists()
    assert (keys / "secret").read_bytes() == secret


def test_init_refuses_a_wrong_domain_and_writes_nothing(machi: Machi, tmp_path: Path):
    path = tmp_path / "instance.toml"
    result = machi("init", "--config", path, "--domain", "Minato Example", "--name", "みなと")
    assert result.status == 1
    assert '[instance] domain = "Minato Example" is not allowed' in one_line(result)
    assert list(tmp_path.iterdir()) == []


def test_init_where_nothing_can_be_written(machi: Machi, tmp_path: Path):
    (tmp_path / "file").write_text("")
    result = machi("init", "--config", tmp_path / "file" / "x.toml", "--domain", "a.example", "--name", "x")
    assert result.status == 1
    assert "cannot be written" in one_line(result)


# wrong use


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["sing"],
        ["init"],
        ["init", "--loud"],
        ["member"],
        ["member", "add"],
        ["member", "add", "hana", "--role", "king", "--password-stdin"],
        ["member", "token"],
        ["invite", "--uses", "0"],
        ["member", "add", "hana"],  # no terminal to ask on
    ],
)
def test_wrong_use_is_one_line_and_exit_2(machi: Machi, arguments: list[str]):
    result = machi(*arguments)
    assert result.status == 2
    assert "--help" in one_line(result)


def test_a_missing_settings_file_is_told(machi: Machi, tmp_path: Path):
    result = machi("migrate", "--config", tmp_path / "nowhere.toml")
    assert result.status == 1
    assert "there is no such settings file; make one with: machi init" in one_line(result)


def test_a_wrong_setting_stops_every_command(machi: Machi, settings: Path):
    settings.write_text(settings.read_text().replace("port = 8080", 'port = "web"'))
    for command in (["serve"], ["worker"], ["migrate"], ["member", "token", "hana"], ["sister", "list"]):
        result = machi(*command, "--config", settings)
        assert result.status == 1
        assert '[server] port = "web" is not allowed; allowed is a whole number' in one_line(result)


def test_a_readable_key_stops_every_command(machi: Machi, settings: Path):
    (settings.parent / "keys" / "sealing").chmod(0o644)
    result = machi("sister", "list", "--config", settings)
    assert result.status == 1
    assert "run: chmod 600" in one_line(result)


def test_help_names_every_command(machi: Machi):
    result = machi("--help")
    assert result.status == 0
    for command in cli.COMMANDS:
        assert re.search(rf"^  {command} ", result.out, flags=re.MULTILINE)


# members


def test_a_member_added_can_log_in_at_once(machi: Machi, settings: Path):
    result = machi(
        "member", "add", "@Hana", "--role", "moderator", "--nickname", "はな", "--password-stdin",
        "--config", settings, stdin=PASSPHRASE + "\nnot this line\n",
    )  # fmt: skip
    assert (result.status, result.err) == (0, "")
    assert re.search(r"^Recovery code, shown this once: [0-9A-Z-]{20,}$", result.out, flags=re.MULTILINE)
    account, member = read(settings, lambda session: members.by_login(session, "hana"))
    assert (account.name, account.display_name) == ("hana", "はな")
    assert (member.state, member.role) == ("active", "moderator")


def test_a_name_is_taken_once(machi: Machi, settings: Path):
    add = ["member", "add", "hana", "--password-stdin", "--config", settings]
    assert machi(*add, stdin=PASSPHRASE).status == 0
    result = machi(*add, stdin=PASSPHRASE)
    assert result.status == 1
    assert "hana" in one_line(result)


@pytest.mark.parametrize("name", ["dareka", "machi", "actor", "はな", "a b", "-x-"])
def test_a_name_that_cannot_be_had(machi: Machi, settings: Path, name: str):
    result = machi("member", "add", "--password-stdin", "--config", settings, "--", name, stdin=PASSPHRASE)
    assert result.status == 1
    one_line(result)


def test_a_short_passphrase_is_refused(machi: Machi, settings: Path):
    result = machi("member", "add", "hana", "--password-stdin", "--config", settings, stdin="short\n")
    assert result.status == 1
    one_line(result)


def test_a_token_is_printed_alone_and_works(machi: Machi, settings: Path):
    machi("member", "add", "hana", "--password-stdin", "--config", settings, stdin=PASSPHRASE)
    result = machi("member", "token", "hana", "--scopes", "read write:statuses", "--config", settings)
    assert result.status == 0
    token = result.out.strip()
    assert result.out == token + "\n"
    holder = read(settings, lambda session: doors.viewer_of_token(session, token))
    assert holder.scopes == {"read", "write:statuses"}
    database = (settings.parent / "machi.db").read_bytes()
    assert token.encode() not in database


@pytest.mark.parametrize("scopes", ["", "everything", "read fly"])
def test_wrong_scopes_are_wrong_use(machi: Machi, settings: Path, scopes: str):
    result = machi("member", "token", "hana", "--scopes", scopes, "--config", settings)
    assert result.status == 2
    one_line(result)


def test_nobody_has_no_token(machi: Machi, settings: Path):
    result = machi("member", "token", "nobody", "--config", settings)
    assert result.status == 1
    assert "there is no member @nobody; add one with: machi member add nobody" in one_line(result)


def test_a_role_changes(machi: Machi, settings: Path):
    machi("member", "add", "hana", "--password-stdin", "--config", settings, stdin=PASSPHRASE)
    assert machi("member", "role", "hana", "admin", "--config", settings).status == 0
    assert read(settings, lambda session: members.by_login(session, "hana"))[1].role == "admin"


def test_an_invitation_is_a_link(machi: Machi, settings: Path):
    result = machi("invite", "--uses", "3", "--config", settings)
    assert re.fullmatch(r"https://minato\.example/join\?invite=[0-9A-Z]+\n", result.out)
    (invite,) = read(settings, doors.invites)
    assert invite.max_uses == 3


# other towns


def test_sisters(machi: Machi, settings: Path):
    result = machi("sister", "add", "Yamate.example", "--note", "よろしくお願いします", "--config", settings)
    assert "machi sister accept minato.example" in result.out
    assert machi("sister", "list", "--config", settings).out == "yamate.example\tasked; waits for their answer\n"
    one_line(machi("sister", "accept", "yamate.example", "--config", settings))
    assert machi("sister", "remove", "yamate.example", "--config", settings).status == 0
    assert machi("sister", "list", "--config", settings).out == ""
    one_line(machi("sister", "remove", "yamate.example", "--config", settings))


def test_suspended_hosts(machi: Machi, settings: Path):
    assert machi("domain", "suspend", "spam.example", "--reason", "迷惑", "--config", settings).status == 0
    assert machi("domain", "list", "--config", settings).out == "spam.example\t迷惑\n"
    assert machi("domain", "allow", "spam.example", "--config", settings).status == 0
    assert machi("domain", "list", "--config", settings).out == ""


# database


def test_the_database_is_made_by_whoever_needs_it_first(machi: Machi, settings: Path):
    database = settings.parent / "machi.db"
    assert not database.exists()
    assert "now" in machi("migrate", "--config", settings).out
    assert database.stat().st_mode & 0o777 == 0o600
    assert "already" in machi("migrate", "--config", settings).out
    assert migrate.is_current(f"sqlite:///{database}")


def test_a_file_that_is_no_database_is_left_alone(machi: Machi, settings: Path):
    database = settings.parent / "machi.db"
    database.write_bytes(b"holiday photographs " * 500)
    result = machi("sister", "list", "--config", settings)
    assert result.status == 1
    one_line(result)
    assert database.read_bytes() == b"holiday photographs " * 500


def test_a_locked_database_is_told(machi: Machi, settings: Path):
    machi("migrate", "--config", settings)
    holder = sqlite3.connect(settings.parent / "machi.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        result = machi("sister", "add", "yamate.example", "--config", settings)
    finally:
        holder.close()
    assert result.status == 1
    one_line(result)


def test_workers_are_for_postgresql(machi: Machi, settings: Path):
    result = machi("worker", "--config", settings)
    assert result.status == 1
    assert "with SQLite, machi serve works the queues itself" in one_line(result)


def test_announcements_are_put_up_listed_and_taken_down(machi, settings):
    number = machi("announce", "put", "あすは休みです。", "--config", settings).out.strip()
    assert number.isdecimal()
    assert machi("announce", "list", "--config", settings).out == f"{number}\tあすは休みです。\n"
    assert machi("announce", "put", "x", "--until", "2020-01-01", "--config", settings).status == 0
    assert len(machi("announce", "list", "--config", settings).out.splitlines()) == 1
    assert machi("announce", "end", number, "--config", settings).status == 0
    assert machi("announce", "list", "--config", settings).out == ""
    again = machi("announce", "end", number, "--config", settings)
    assert again.status == 1
    assert len(again.err.splitlines()) == 1
    assert machi("announce", "put", "x", "--until", "soon", "--config", settings).status == 2
