"""The outbound door, over real sockets on loopback."""

import asyncio
import gzip
import json
import socket
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.addresses import CheckedResolver
from federation.http import Document, Limits, Outbound, Page, PermanentFailure, Refused, TemporaryFailure
from federation.media_types import JSON, is_activity
from federation.retry_after import seconds
from federation.signatures import LocalKey
from tests.federation.handmade import key
from tests.peer import Peer
from tests.towns import SPRING_MORNING, FixedClock

SIGNER = LocalKey("https://minato.example/actor#main-key", key())
LD = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with Peer("mastodon", clock=FixedClock()) as made:
        made.trust(SIGNER.key_id, SIGNER.private_key)
        yield made


@pytest.fixture
async def door() -> AsyncIterator[Outbound]:
    made = Outbound(
        allow_private=True,
        user_agent="machi/1 (+https://minato.example/)",
        clock=FixedClock(),
        limits=Limits(connect=5, idle=0.8, total=1.5, body=20_000),
    )
    await made.start()
    yield made
    await made.close()


def serve(peer: Peer, path: str = "/x", **more) -> str:
    """A small document at `path`, with this type, body or header instead of the usual one."""
    return peer.answer(path, **({"body": {"id": f"{peer.origin}{path}", "type": "Note"}} | more))


@asynccontextmanager
async def speaking(answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]):
    """A server that says what `answer` writes, in whatever language; gives its address."""
    talks = []

    async def talk(reader, writer):
        talks.append(asyncio.current_task())
        await answer(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with asyncio.timeout(10):  # each ends with its connection, and none stays open
        await asyncio.gather(*talks)
    server.close()


class TestGet:
    async def test_a_document(self, peer, door):
        found = await door.get_json(serve(peer))
        assert found == Document(f"{peer.origin}/x", {"id": f"{peer.origin}/x", "type": "Note"})
        assert found.id == f"{peer.origin}/x"
        sent = peer.requests[0].headers
        assert sent["Accept"] == f"application/activity+json, {LD}"
        assert sent["User-Agent"] == "machi/1 (+https://minato.example/)"
        assert "Signature" not in sent
        assert "Cookie" not in sent

    async def test_signed_for_servers_that_want_it(self, door):
        async with Peer("gotosocial", clock=FixedClock()) as strict:
            strict.trust(SIGNER.key_id, SIGNER.private_key)
            alice = strict.actor("alice")
            with pytest.raises(PermanentFailure) as caught:
                await door.get_json(alice.id)
            assert caught.value.status == 401
            assert (await door.get_json(alice.id, signer=SIGNER)).id == alice.id

    async def test_a_fragment_stays_at_home(self, peer, door):
        await door.get_json(serve(peer) + "#main-key")
        assert peer.requests[0].path == "/x"

    async def test_path_and_query_go_out_as_they_stand(self, peer, door):
        path = "/a%2Fb?x=%41&y=a+b"
        await door.get_json(serve(peer, path), signer=SIGNER)
        assert peer.requests[0].path == path

    async def test_a_401_about_a_query_is_signed_again_without_it(self, peer, door):
        url = peer.answer("/x", status=401) + "?page=1"
        with pytest.raises(PermanentFailure):
            await door.get_json(url, signer=SIGNER)
        first, second, third = peer.requests
        assert first.path == second.path == third.path == "/x?page=1"
        assert first.headers["Signature"] != second.headers["Signature"]
        assert "Signature-Input" in third.headers  # and then in the other form
        peer.requests.clear()
        with pytest.raises(PermanentFailure):
            await door.get_json(f"{peer.origin}/x", signer=SIGNER)
        assert len(peer.requests) == 1  # which would change nothing just now

    @pytest.mark.parametrize(
        "content_type", ["application/activity+json", "Application/Activity+JSON; charset=utf-8", LD]
    )
    async def test_types_of_documents(self, peer, door, content_type):
        assert await door.get_json(serve(peer, content_type=content_type))

    @pytest.mark.parametrize(
        "content_type",
        ["application/json", "text/html", "application/ld+json", "image/png", "", "application/activity+jsonx",
         'application/ld+json; profile="https://example/"', "text/plain; application/activity+json"],
    )  # fmt: skip
    async def test_types_that_are_no_documents(self, peer, door, content_type):
        with pytest.raises(Refused, match="type"):
            await door.get_json(serve(peer, content_type=content_type))

    async def test_other_kinds_of_json(self, peer, door):
        assert await door.get_jrd(serve(peer, content_type="application/jrd+json"))
        assert await door.get_jrd(serve(peer, content_type="application/json; charset=utf-8"))
        assert await door.get_json(serve(peer, content_type='application/json; profile="x"'), accept=JSON)
        with pytest.raises(Refused):
            await door.get_jrd(serve(peer))

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"[]", b'"x"', b"null", b"\xff\xfe", b'{"a":1,"a":2}', b'{"a":{"b":1,"b":1}}', b'{"a":NaN}',
         b'{"a":-Infinity}', b'{"a":1e999}', b'{"a":' + b"9" * 30 + b"}", b'{"@graph":[]}', b'{"a":1}x',
         b'{"a":' * 33 + b"1" + b"}" * 33, b"[" * 5000],
    )  # fmt: skip
    async def test_json_that_is_none(self, peer, door, body):
        with pytest.raises(Refused):
            await door.get_json(serve(peer, body=body))

    async def test_32_levels_are_fine(self, peer, door):
        assert await door.get_json(serve(peer, body=b'{"a":' * 32 + b"1" + b"}" * 32))

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 406, 410, 418, 451, 501])
    async def test_no_for_good(self, peer, door, status):
        with pytest.raises(PermanentFailure) as caught:
            await door.get_json(peer.answer("/x", status=status))
        assert caught.value.status == status

    @pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 522])
    async def test_no_for_now(self, peer, door, status):
        with pytest.raises(TemporaryFailure) as caught:
            await door.get_json(peer.answer("/x", status=status))
        assert caught.value.status == status

    @pytest.mark.parametrize("status", [202, 204, 206, 300, 301, 304])
    async def test_answers_that_make_no_sense(self, peer, door, status):
        with pytest.raises(Refused):
            await door.get_json(peer.answer("/x", status=status))


class TestSize:
    async def test_as_much_as_is_allowed(self, peer, door):
        frame = len(json.dumps({"a": ""}))
        assert await door.get_json(serve(peer, body={"a": "x" * (20_000 - frame)}))
        with pytest.raises(Refused, match="larger"):
            await door.get_json(serve(peer, body={"a": "x" * (20_001 - frame)}))

    async def test_gzip(self, peer, door):
        headers = {"Content-Encoding": "gzip"}
        packed = gzip.compress(json.dumps({"a": "x" * 10_000}).encode())
        assert len((await door.get_json(serve(peer, body=packed, headers=headers))).body["a"]) == 10_000
        assert peer.requests[0].headers["Accept-Encoding"] == "gzip"

    async def test_a_bomb_is_not_inflated_beyond_the_limit(self, peer, door):
        bomb = gzip.compress(b'{"a":"' + b"x" * 50_000_000 + b'"}')
        with pytest.raises(Refused, match="larger"):
            await door.get_json(serve(peer, body=bomb, headers={"Content-Encoding": "gzip"}))

    async def test_a_bomb_takes_no_more_room_than_the_limit(self, peer, door):
        bomb = gzip.compress(b" " * 50_000_000)
        url = serve(peer, body=bomb, headers={"Content-Encoding": "gzip"})
        tracemalloc.start()
        try:
            with pytest.raises(Refused, match="larger"):
                await door.get_json(url)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < 5_000_000

    async def test_broken_and_unknown_packings(self, peer, door):
        packed = gzip.compress(json.dumps({"a": "x" * 1_000}).encode())
        with pytest.raises(TemporaryFailure, match="middle"):
            await door.get_json(serve(peer, body=packed[:-10], headers={"Content-Encoding": "gzip"}))
        with pytest.raises(Refused, match="gzip"):
            await door.get_json(serve(peer, body=b"not packed", headers={"Content-Encoding": "gzip"}))
        with pytest.raises(Refused, match="encoded"):
            await door.get_json(serve(peer, body=zlib.compress(b"{}"), headers={"Content-Encoding": "br"}))


class TestRedirects:
    def chain(self, peer: Peer, length: int) -> str:
        for number in range(length):
            peer.answer(f"/{number}", status=302, headers={"Location": f"/{number + 1}"})
        serve(peer, f"/{length}")
        return f"{peer.origin}/0"

    async def test_three_are_followed(self, peer, door):
        found = await door.get_json(self.chain(peer, 3), signer=SIGNER)
        assert found.url == f"{peer.origin}/3"
        assert peer.refused == []
        assert all("Signature" in each.headers for each in peer.requests)

    async def test_four_are_not(self, peer, door):
        with pytest.raises(Refused, match="redirects"):
            await door.get_json(self.chain(peer, 4))

    @pytest.mark.parametrize(
        "target", ["ftp://x/", "file:///etc/passwd", "http://a:b@localhost/", "http://127.1/", "//"]
    )
    async def test_each_hop_is_checked(self, peer, door, target):
        with pytest.raises(Refused):
            await door.get_json(peer.answer("/x", status=301, headers={"Location": target}))

    async def test_our_signature_is_not_carried_to_another_host(self, peer, door):
        async with Peer("mastodon") as other:
            target = serve(other, "/y")
            url = peer.answer("/x", status=307, headers={"Location": target})
            found = await door.get_json(url, signer=SIGNER)
            assert found.url == target
            assert "Signature" in peer.requests[0].headers
            assert "Signature" not in other.requests[0].headers


class TestWhoseWordItIs:
    async def test_an_id_on_another_host_is_no_id(self, peer, door):
        found = await door.get_json(serve(peer, body={"id": "https://yamate.example/x"}))
        assert found.id is None
        with pytest.raises(Refused, match="no id"):
            await door.get_object(found.url)

    async def test_no_id_at_all(self, peer, door):
        for body in ({}, {"id": None}, {"id": 1}, {"id": []}):
            with pytest.raises(Refused, match="no id"):
                await door.get_object(serve(peer, body=body))

    async def test_the_same_host_on_another_port_is_another_host(self, peer, door):
        with pytest.raises(Refused, match="no id"):
            await door.get_object(serve(peer, body={"id": "http://127.0.0.1:1/x"}))

    async def test_another_id_of_the_same_host_is_fetched_from_there(self, peer, door):
        real = serve(peer, "/real", body={"id": f"{peer.origin}/real", "real": True})
        forged = serve(peer, "/page", body={"id": real, "real": False})
        assert await door.get_object(forged) == {"id": real, "real": True}

    async def test_an_id_that_leads_elsewhere_again(self, peer, door):
        serve(peer, "/real", body={"id": f"{peer.origin}/third"})
        with pytest.raises(Refused, match="itself"):
            await door.get_object(serve(peer, "/page", body={"id": f"{peer.origin}/real"}))

    async def test_a_redirect_lends_its_host_to_nobody(self, peer, door):
        """Whoever finds an open redirect on a host does not speak for that host."""
        async with Peer("mastodon") as other:
            forged = serve(other, "/forged", body={"id": f"{peer.origin}/users/alice", "type": "Person"})
            lent = peer.answer("/away", status=302, headers={"Location": forged})
            assert (await door.get_json(lent)).id is None
            with pytest.raises(Refused, match="no id"):
                await door.get_object(lent)

    async def test_uploads_that_look_like_actors(self, peer, door):
        upload = {"id": f"{peer.origin}/media/1.json", "type": "Person"}
        with pytest.raises(Refused, match="type"):
            await door.get_object(serve(peer, "/media/1.json", body=upload, content_type="application/json"))


class TestPages:
    async def test_a_document_or_a_page(self, peer, door):
        assert isinstance(await door.get_page(serve(peer)), Document)
        link = '<https://x.example/1>; rel="alternate"; type="application/activity+json"'
        url = serve(peer, body="<p>はい", content_type="text/html; charset=utf-8", headers={"Link": link})
        assert await door.get_page(url) == Page(url, "<p>はい", link)

    async def test_nothing_else(self, peer, door):
        with pytest.raises(Refused, match="type"):
            await door.get_page(serve(peer, content_type="image/png"))


class TestPost:
    async def test_arrives_signed(self, peer, door):
        answer = await door.post(f"{peer.origin}/inbox", b'{"type":"Create"}', signer=SIGNER)
        assert (answer.status, answer.retry_after) == (202, None)
        received = await peer.next("Create")
        assert received.key_id == SIGNER.key_id
        assert received.headers["Content-Type"] == "application/activity+json"
        assert received.body == b'{"type":"Create"}'

    @pytest.mark.parametrize("status", [200, 204, 301, 307, 400, 401, 404, 410, 429, 500, 503])
    async def test_tells_what_was_said_and_follows_nothing(self, peer, door, status):
        peer.answer(
            "/inbox", status=status, headers={"Location": f"{peer.origin}/other", "Retry-After": "120"}
        )
        answer = await door.post(f"{peer.origin}/inbox", b"{}", signer=SIGNER)
        assert (answer.status, answer.retry_after) == (status, 120)
        assert len(peer.requests) == (2 if status in (400, 401) else 1)  # in the other form of signature

    async def test_long_answers_are_not_read(self, peer, door):
        peer.answer("/inbox", status=500, body=b"x" * 5_000_000)
        assert (await door.post(f"{peer.origin}/inbox", b"{}", signer=SIGNER)).status == 500

    async def test_what_was_said_counts_even_if_the_rest_never_comes(self, door):
        async def answer(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 99\r\n\r\n")
            await reader.read()

        async with speaking(answer) as url:
            assert (await door.post(url, b"{}", signer=SIGNER)).status == 202


class TestTrouble:
    async def test_hosts_that_hang(self, peer, door):
        for deed in (door.get_json(peer.hang("/x")), door.post(peer.hang("/inbox"), b"{}", signer=SIGNER)):
            with pytest.raises(TemporaryFailure, match="in time"):
                await deed

    async def test_hosts_that_drip(self, door):
        """Each piece comes in time, all of them together do not."""

        async def drip(reader, writer):
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/activity+json\r\nContent-Length: 99\r\n\r\n"
            )
            while not reader.at_eof():
                writer.write(b" ")
                await writer.drain()
                try:
                    async with asyncio.timeout(0.1):
                        await reader.read()
                except TimeoutError:
                    continue

        start = time.monotonic()
        async with speaking(drip) as url:
            with pytest.raises(TemporaryFailure, match="in time"):
                await door.get_json(url)
        assert time.monotonic() - start < 5

    async def test_hosts_that_redirect_slowly(self, door):
        """Each redirect comes in time, all of them together do not."""

        async def elsewhere(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.5)
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        async with speaking(elsewhere) as url:
            with pytest.raises(TemporaryFailure, match="in time"):
                await door.get_json(url)

    @pytest.mark.parametrize(
        "said", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nContent-Type: application/activity+json\r\n\r\n{",
                 b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 100_000 + b"\r\n\r\n"]
    )  # fmt: skip
    async def test_hosts_that_do_not_speak_http(self, door, said):
        async def answer(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(said)

        async with speaking(answer) as url:
            with pytest.raises(TemporaryFailure, match="reached"):
                await door.get_json(url)

    async def test_hosts_that_are_not_there(self, door):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # nobody listens
            with pytest.raises(TemporaryFailure, match="reached"):
                await door.get_json(f"http://127.0.0.1:{taken.getsockname()[1]}/")

    async def test_names_that_do_not_exist(self):
        async def nobody(host, port, family):
            raise socket.gaierror(socket.EAI_NONAME, "unknown")

        resolver = CheckedResolver(allow_private=False, patience=1, lookup=nobody)
        door = Outbound(allow_private=False, user_agent="x", clock=FixedClock(), resolver=resolver)
        await door.start()
        with pytest.raises(TemporaryFailure, match="reached"):
            await door.get_json("https://nobody.example/")
        await door.close()


class TestPrivateAddresses:
    @pytest.fixture
    async def strict(self) -> AsyncIterator[Outbound]:
        """A door as in real life; the name server sends every name to our own machine."""

        async def home(host, port, family):
            return [(socket.AF_INET, "127.0.0.1")]

        made = Outbound(
            allow_private=False,
            user_agent="x",
            clock=FixedClock(),
            resolver=CheckedResolver(allow_private=False, patience=1, lookup=home),
        )
        await made.start()
        yield made
        await made.close()

    @pytest.mark.parametrize(
        "url",
        [
            "https://inside.example/",
            "https://localhost/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "http://1.1.1.1/",
        ],
    )
    async def test_nobody_sends_us_home(self, strict, url):
        for deed in (
            strict.get_json(url),
            strict.get_jrd(url),
            strict.get_page(url),
            strict.get_object(url),
            strict.post(url, b"{}", signer=SIGNER),
            strict.hand_over(url, b"{}", {}),
        ):
            with pytest.raises(Refused):
                await deed

    async def test_not_even_several_at_once(self, strict):
        deeds = (strict.get_json(f"https://inside.example/{number}") for number in range(10))
        assert {type(each) for each in await asyncio.gather(*deeds, return_exceptions=True)} == {Refused}

    async def test_goes_to_the_very_address_that_was_checked(self, peer):
        """A name that resolves otherwise a moment later (DNS rebinding): nobody looks it up for a second time."""
        asked = []

        async def turning(host, port, family):
            asked.append(host)
            return [(socket.AF_INET, "127.0.0.1" if len(asked) == 1 else "127.0.0.99")]

        resolver = CheckedResolver(allow_private=True, patience=1, lookup=turning)
        door = Outbound(allow_private=True, user_agent="x", clock=FixedClock(), resolver=resolver)
        await door.start()
        serve(peer)
        port = peer.origin.rpartition(":")[2]
        found = await door.get_json(f"http://turning.example:{port}/x")
        await door.close()
        assert (found.body["id"], asked) == (f"{peer.origin}/x", ["turning.example"])

    async def test_proxies_of_the_environment_are_not_asked(self, strict, monkeypatch, peer):
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, peer.origin)
            monkeypatch.setenv(name.upper(), peer.origin)
        with pytest.raises(Refused):
            await strict.get_json("https://inside.example/")
        assert peer.requests == []


async def test_a_door_that_was_not_opened():
    door = Outbound(allow_private=True, user_agent="x", clock=FixedClock())
    await door.close()
    with pytest.raises(RuntimeError):
        await door.get_json("http://localhost:1/")


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        (None, None), ("", None), ("soon", None), ("-5", None), ("0", 0), ("120", 120), (" 7 ", 7), ("9" * 30, 86_400),
        ("Wed, 01 Apr 2026 00:10:00 GMT", 600), ("Wed, 01 Apr 2020 00:10:00 GMT", 0), ("٣", None),
        ("Wed, 01 Apr 2099 00:10:00 GMT", 86_400), ("Wed, 01 Apr 99999 00:00:00 GMT", None), ("1.5", None),
    ],
)  # fmt: skip
def test_retry_after(value, wait):
    assert seconds(value, SPRING_MORNING) == wait


@given(st.text(max_size=100))
@settings(max_examples=200, deadline=None)
def test_no_content_type_makes_us_stumble(text):
    for each in (text, f"application/ld+json;{text}", f"application/ld+json; profile={text}"):
        assert is_activity(each) in (True, False)
