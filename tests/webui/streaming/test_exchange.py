"""One town in several processes: what happens in one is told by all. On each engine."""

import subprocess
import sys
from pathlib import Path

import pytest

from community import doors
from tests import factories
from tests.webui.streaming.conftest import Process, Start, account, until
from webui.streaming import exchange
from webui.streaming.facts import POSTED, SHUT_OUT, Fact

ON_EVERY_ENGINE = True


async def ask(process: Process, member_id: int) -> int:
    return await process.do(lambda session: factories.question(session, account(session, member_id)).id)


async def test_a_post_written_in_one_process_is_told_by_the_others(start: Start) -> None:
    one, other, third = await start(), await start(), await start()
    hanako = await one.member("hanako")
    ears = [await process.ear(hanako, "user") for process in (one, other, third)]
    for writer in (one, other):
        question = await ask(writer, hanako)
        for ear in ears:
            _, event, status = await ear.event()
            assert (event, status["id"]) == ("update", str(question))


async def test_nothing_is_told_twice_and_order_is_kept(start: Start) -> None:
    one, other = await start(), await start()
    hanako = await one.member("hanako")
    ears = [await one.ear(hanako, "user"), await other.ear(hanako, "user")]
    asked = [await ask(one, hanako) for _ in range(30)]
    for ear in ears:
        assert [(await ear.event())[2]["id"] for _ in asked] == [str(each) for each in asked]


async def test_a_token_revoked_in_one_process_is_shut_out_of_all(start: Start) -> None:
    one, other = await start(), await start()
    hanako = await one.member("hanako")
    token = await one.token(hanako)
    gone, stays = await other.connect("?stream=user", token=token), await other.ear(hanako, "user")
    await until(lambda: other.listening == 2)
    await one.do(lambda session: doors.revoke_token(session, token))
    assert await gone.closed() == 1008
    question = await ask(one, hanako)
    assert (await stays.event())[2]["id"] == str(question)


async def test_a_command_is_heard_too(start: Start) -> None:
    """What `machi …` does beside the served town: a process without an event loop, which only sends."""
    here = await start()
    hanako = await here.member("hanako")
    ear = await here.ear(hanako, "user")
    settings = here.app_settings
    code = (
        "import sys\n"
        "from community.config import Settings\n"
        "from community.db import open_database\nfrom community.events import Bus\nfrom community import notes, text\n"
        "from community.models import Account\nfrom tests.towns import make_town\n"
        "from webui.streaming import exchange, facts\n"
        "url, author = sys.argv[1], int(sys.argv[2])\n"
        "bus = Bus()\n"
        "database = open_database(make_town(url), bus)\n"
        "facts.subscribe(bus, exchange.from_command(url, lambda: database))\n"
        "database.write_now(lambda s: notes.write(s, author=s.get_one(Account, author),\n"
        "    body=text.from_markdown('cron'), visibility='open').id)\n"
        "database.close_now()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, settings.database.url, str(hanako)], cwd=Path.cwd())
    _, event, status = await ear.event()
    assert (event, status["content"]) == ("update", "<p>cron</p>")
    assert process.wait(20) == 0


async def test_many_facts_at_once_arrive(start: Start) -> None:
    """More than the socket of another process has room for."""
    one, other = await start(), await start()
    ear = await other.ear(None, "public")
    hanako = await one.member("hanako")
    facts = [Fact(SHUT_OUT, tuple(range(1, 900))) for _ in range(200)]
    one.line.send(facts)
    question = await ask(one, hanako)
    assert (await ear.event())[2]["id"] == str(question)


def test_facts_travel_in_short_texts() -> None:
    facts = [Fact(POSTED, (2**62 + number,)) for number in range(2_000)]
    texts = list(exchange.packed(facts, "me"))
    assert max(len(text) for text in texts) < 8_000
    assert len(texts) < 12
    found = [fact for text in texts for fact in exchange.unpacked(text)[1]]
    assert found == facts
    (text,) = exchange.packed([Fact("reacted", (1,), "🙏")])
    assert exchange.unpacked(text) == ("", [Fact("reacted", (1,), "🙏")])


def test_a_long_list_of_ids_is_divided() -> None:
    (fact,) = [Fact(SHUT_OUT, tuple(range(10**18, 10**18 + 2_000)))]
    found = [each for text in exchange.packed([fact]) for each in exchange.unpacked(text)[1]]
    assert [each for part in found for each in part.ids] == list(fact.ids)
    assert all(len(text) < 8_000 for text in exchange.packed([fact]))


@pytest.mark.parametrize(
    "text", [b"", b"junk", b"[]", b"null", b'["a",[["posted"]]]', b'["a",[["posted",["x"],""]]]', b'["a",5]', b"\xff"]
)
def test_what_cannot_be_read_is_dropped(text: bytes) -> None:
    heard: list[object] = []
    exchange._read(text, heard.append)
    assert heard == []
    exchange._read(b'["a",[["of a later version",[1],""]]]', heard.append)
    assert heard == []
