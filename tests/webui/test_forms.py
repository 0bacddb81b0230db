"""Forms keep what was typed; throttles count; cookies cannot be forged."""

import asyncio
import threading

import pytest
from yarl import URL

from community.errors import NotFound, TooMany
from tests.towns import FixedClock
from tests.webui.conftest import Site
from webui import cookies, forms
from webui.forms import Form
from webui.passphrase_pool import PassphrasePool
from webui.rendering import local_address
from webui.throttle import MOST_KEYS, Limit, Throttle


def test_what_was_typed_is_cleaned_and_nothing_else() -> None:
    form = Form(
        {
            "body": ["一行\r\n二行\r三行\x00\x07\t。"],
            "tag": [" 契約 ", "", "印紙"],
            "passphrase": [" 空白も "],
        }
    )
    assert form.text("body") == "一行\n二行\n三行\t。"
    assert form.all("tag") == ["契約", "印紙"]
    assert form.text("passphrase", strip=False) == " 空白も "
    assert form.value("passphrase") == ""
    assert form.text("nothing") == ""
    assert ("tag", "印紙", True) in form.typed()
    assert "passphrase" not in {name for name, *_ in form.typed()}


def test_a_form_keeps_its_key_or_gets_one() -> None:
    assert Form({"submission": ["abc"]}).fresh_submission == "abc"
    assert len(Form().fresh_submission) == 32
    assert Form().fresh_submission != Form().fresh_submission


def test_choices_are_shown_as_they_were_made() -> None:
    assert Form().chosen("agree", "on", default=True)
    assert not Form({"other": ["x"]}).chosen("agree", "on", default=True)
    assert Form({"topic": ["印紙", "契約書"]}).chosen("topic", "契約書")


@pytest.mark.parametrize("text", ["", "0", "-1", "1.0", "１２", "abc", "9" * 30, str(2**63), "1 "])
def test_what_cannot_be_an_id_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        forms.identifier(text)


def test_ids() -> None:
    assert forms.identifier("1") == 1
    assert forms.identifier(str(2**63 - 1)) == 2**63 - 1


@pytest.mark.parametrize(
    "text", ["", "x", "//evil", "/\\evil", "https://evil", "/a\r\nSet-Cookie: x", "/" + "a" * 3000]
)
def test_addresses_that_lead_away_do_not(text: str) -> None:
    assert local_address(text, "/here") == "/here"


def test_sealed_values_cannot_be_made_by_others() -> None:
    sealed = cookies.seal(b"s" * 32, "flash", b"hello")
    assert cookies.unseal(b"s" * 32, "flash", sealed) == b"hello"
    assert cookies.unseal(b"t" * 32, "flash", sealed) is None
    assert cookies.unseal(b"s" * 32, "other", sealed) is None
    for junk in ("", "x", sealed[:-4], "ぎ", sealed.swapcase()):
        assert cookies.unseal(b"s" * 32, "flash", junk) is None


def test_tries_are_forgotten_with_time() -> None:
    clock = FixedClock()
    throttle, limits = Throttle(clock), {"a": Limit(2, 10)}
    for _ in range(2):
        throttle.check(limits, "待って")
        throttle.count(limits)
        clock.advance(minutes=1)
    with pytest.raises(TooMany) as refused:
        throttle.check(limits, "待って")
    assert refused.value.retry_after == 8 * 60
    assert refused.value.facts == {"minutes": 8}
    clock.advance(minutes=8)
    throttle.check(limits, "待って")


def test_only_the_try_that_was_right_is_taken_back() -> None:
    throttle, limits = Throttle(FixedClock()), {"a": Limit(2, 10)}
    for _ in range(2):
        throttle.count(limits)
    throttle.take_back(limits)
    throttle.check(limits, "待って")
    throttle.count(limits)
    with pytest.raises(TooMany):
        throttle.check(limits, "待って")
    throttle.take_back({"never tried": Limit(1, 1)})


def test_a_throttle_does_not_grow_for_ever() -> None:
    throttle = Throttle(FixedClock())
    for number in range(MOST_KEYS + 10):
        throttle.count({f"key {number}": Limit(1, 10)})
    throttle.check({"key 3": Limit(1, 10)}, "")
    with pytest.raises(TooMany):
        throttle.check({f"key {MOST_KEYS}": Limit(1, 10)}, "")


async def test_a_form_that_never_ends_is_not_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "FORM_SECONDS", 0.05)
    where = URL(site.origin)
    reader, writer = await asyncio.open_connection(where.host, where.port)
    writer.write(b"POST /login HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 10\r\n"
                 b"Content-Type: application/x-www-form-urlencoded\r\n\r\na=")  # fmt: skip
    assert (await reader.readline()).split()[1] == b"408"
    writer.close()


async def test_the_pool_turns_people_away_before_it_drowns() -> None:
    pool = PassphrasePool(threads=1, waiting=1)
    gate = threading.Event()
    busy = [asyncio.ensure_future(pool._run(gate.wait)) for _ in range(2)]
    await asyncio.wait(busy, timeout=0.01)
    with pytest.raises(TooMany):
        await pool.hash("long enough words")
    gate.set()
    await asyncio.gather(*busy)
    pool.close()
