"""The log: in both formats, and never a word of who."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from community.config import Log
from webui import logs


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    root = logging.getLogger()
    level = root.level
    monkeypatch.setattr(root, "handlers", root.handlers)
    yield
    root.setLevel(level)
    structlog.reset_defaults()


def told(capsys: pytest.CaptureFixture[str]) -> list[str]:
    written = capsys.readouterr()
    assert written.out == ""
    return written.err.splitlines()


def test_json_is_one_object_a_line_from_either_library(capsys: pytest.CaptureFixture[str]):
    logs.set_up(Log(format="json"))
    structlog.get_logger("machi.test").info("delivered", host="yamate.example", tries=2)
    logging.getLogger("machi.other").warning("slow: %s ms", 900)
    first, second = map(json.loads, told(capsys))
    assert first["event"] == "delivered"
    assert (first["host"], first["tries"], first["level"]) == ("yamate.example", 2, "info")
    assert (second["event"], second["logger"]) == ("slow: 900 ms", "machi.other")
    assert first["timestamp"].endswith("Z")


def test_text_is_for_people(capsys: pytest.CaptureFixture[str]):
    logs.set_up(Log(format="text"))
    structlog.get_logger("machi.test").info("delivered", host="yamate.example")
    (line,) = told(capsys)
    assert "delivered" in line
    assert "host=yamate.example" in line
    assert "\x1b" not in line


def test_the_level_holds(capsys: pytest.CaptureFixture[str]):
    logs.set_up(Log(level="warning"))
    structlog.get_logger("machi.test").info("quiet")
    logging.getLogger("machi.test").info("quiet")
    assert told(capsys) == []


@pytest.mark.parametrize("form", ["text", "json"])
def test_nobody_is_named_whoever_wrote_the_line(capsys: pytest.CaptureFixture[str], form: str):
    logs.set_up(Log(level="debug", format=form))
    persons = dict.fromkeys(logs.PERSONAL, "7351902846")
    structlog.get_logger("machi.test").info("asked", board="somu", **persons)
    logging.getLogger("machi.test").info("asked", extra={"board": "somu"} | persons)
    structlog.contextvars.bind_contextvars(member_id=7351902846)
    structlog.get_logger("machi.test").info("asked", board="somu")
    structlog.contextvars.clear_contextvars()
    lines = told(capsys)
    assert len(lines) == 3
    for line in lines:
        assert "somu" in line
        assert "7351902846" not in line


def test_an_error_shows_where_but_not_with_which_values(capsys: pytest.CaptureFixture[str]):
    logs.set_up(Log())
    passphrase = "harunokaze"
    try:
        int(passphrase[:3])
    except ValueError:
        structlog.get_logger("machi.test").exception("failed")
    said = "\n".join(told(capsys))
    assert "ValueError: invalid literal for int()" in said
    assert "test_an_error_shows" in said
    assert "harunokaze" not in said.replace('passphrase = "harunokaze"', "")


def test_a_line_of_access_has_no_address_and_no_query(capsys: pytest.CaptureFixture[str]):
    logs.set_up(Log(access=True))
    request = make_mocked_request("GET", "/join?key=s3cret", headers={"User-Agent": "Tester"})
    logs.AccessLogger(logging.getLogger(logs.ACCESS), "").log(request, web.Response(status=200), 0.0123)
    (line,) = told(capsys)
    assert "GET /join 200 12 ms" in line
    assert "s3cret" not in line
    assert "Tester" not in line


def test_no_path_makes_a_line_of_its_own(capsys: pytest.CaptureFixture[str]):
    logs.set_up(Log(access=True))
    request = make_mocked_request("GET", "/x%0AGET%20/admin%20200%1b[2J?key=s3cret")
    logs.AccessLogger(logging.getLogger(logs.ACCESS), "").log(request, web.Response(status=404), 0.0123)
    (line,) = told(capsys)
    assert "/x%0AGET%20/admin%20200" in line
    assert "\x1b[2J" not in line
    assert "s3cret" not in line


def test_commands_log_nothing(capsys: pytest.CaptureFixture[str]):
    logs.keep_quiet()
    structlog.get_logger("machi.test").error("failed", reason="x")
    logging.getLogger("machi.test").error("failed")
    assert told(capsys) == []


def test_an_error_of_the_database_does_not_say_what_was_written(database):
    with pytest.raises(DBAPIError) as failed:
        database.read_now(lambda session: session.execute(text("SELECT :word FROM nowhere"), {"word": "himitsu"}))
    assert "nowhere" in str(failed.value)
    assert "himitsu" not in str(failed.value)
