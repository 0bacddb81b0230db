"""Which addresses may be connected to, and which web addresses may be asked at all."""

import asyncio
import socket

import pytest

from federation.addresses import CheckedResolver, Refused, SystemLookup, is_public
from federation.outward import checked

PUBLIC = [
    "1.1.1.1",
    "93.184.215.14",
    "172.32.0.1",
    "100.128.0.1",
    "223.255.255.254",
    "2606:4700::1111",
    "2a00:1450::1",
]
CLOSED = {
    "this network": "0.0.0.0",
    "this network, further": "0.1.2.3",
    "private 10": "10.0.0.1",
    "private 172.16": "172.31.255.255",
    "private 192.168": "192.168.1.1",
    "loopback": "127.0.0.1",
    "loopback, further": "127.9.9.9",
    "link-local": "169.254.1.1",
    "cloud metadata": "169.254.169.254",
    "cloud metadata in CGNAT": "100.100.100.200",
    "CGNAT": "100.64.0.1",
    "inside of a hoster": "168.63.129.16",
    "protocol assignments": "192.0.0.192",
    "documentation 1": "192.0.2.1",
    "documentation 2": "198.51.100.1",
    "documentation 3": "203.0.113.1",
    "6to4 relay": "192.88.99.1",
    "benchmarks": "198.18.0.1",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "unspecified": "::",
    "loopback v6": "::1",
    "IPv4-mapped": "::ffff:127.0.0.1",
    "IPv4-mapped, public": "::ffff:1.1.1.1",
    "IPv4-mapped, in hexadecimal": "::ffff:7f00:1",
    "IPv4-compatible": "::127.0.0.1",
    "IPv4-compatible, public": "::1.1.1.1",
    "IPv4-translated": "::ffff:0:127.0.0.1",
    "NAT64": "64:ff9b::7f00:1",
    "NAT64, local": "64:ff9b:1::1",
    "discard": "100::1",
    "Teredo": "2001:0:1::1",
    "benchmarks v6": "2001:2::1",
    "ORCHID": "2001:20::1",
    "documentation v6": "2001:db8::1",
    "documentation v6, new": "3fff::1",
    "6to4": "2002:7f00:1::1",
    "ULA": "fd00:ec2::254",
    "ULA fc": "fc00::1",
    "link-local v6": "fe80::1",
    "link-local v6 with its zone": "fe80::1%eth0",
    "a zone on a public one": "2606:4700::1111%1",
    "site-local": "fec0::1",
    "multicast v6": "ff02::1",
    "segment routing": "5f00::1",
    "no address": "minato.example",
    "nothing": "",
    "a number": "2130706433",
    "octal": "0177.0.0.1",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address):
    assert is_public(address)


@pytest.mark.parametrize("address", CLOSED.values(), ids=CLOSED)
def test_addresses_nobody_outside_may_send_us_to(address):
    assert not is_public(address)


def names(**table: list[str]):
    """A name server that knows these hosts, dots written as underscores."""

    async def lookup(host, port, family):
        if host.replace(".", "_") not in table:
            raise socket.gaierror(f"no {host}")
        kinds = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(kinds[":" in each], each) for each in table[host.replace(".", "_")]]

    return lookup


class TestResolver:
    async def test_gives_the_very_addresses_that_were_checked(self):
        lookup = names(good_example=["1.1.1.1", "2606:4700::1111"])
        found = await CheckedResolver(allow_private=False, patience=1, lookup=lookup).resolve(
            "good.example", 443
        )
        assert [each["host"] for each in found] == ["1.1.1.1", "2606:4700::1111"]
        assert {each["port"] for each in found} == {443}
        assert all(each["flags"] & socket.AI_NUMERICHOST for each in found)

    async def test_one_closed_address_among_others_is_enough(self):
        resolver = CheckedResolver(
            allow_private=False, patience=1, lookup=names(bad_example=["1.1.1.1", "127.0.0.1"])
        )
        with pytest.raises(Refused, match=r"127\.0\.0\.1"):
            await resolver.resolve("bad.example", 443)

    async def test_trials_may_go_anywhere(self):
        resolver = CheckedResolver(allow_private=True, patience=1, lookup=names(bad_example=["127.0.0.1"]))
        assert len(await resolver.resolve("bad.example", 443)) == 1

    async def test_no_address_and_no_answer(self):
        async def never(host, port, family):
            await asyncio.Event().wait()

        with pytest.raises(OSError, match="no address"):
            await CheckedResolver(allow_private=False, patience=1, lookup=names(x=[])).resolve("x")
        with pytest.raises(OSError, match="no y"):
            await CheckedResolver(allow_private=False, patience=1, lookup=names()).resolve("y")
        with pytest.raises(TimeoutError):
            await CheckedResolver(allow_private=False, patience=0.01, lookup=never).resolve("z")

    async def test_the_system_knows_localhost(self):
        resolver = CheckedResolver(allow_private=True, patience=5)
        assert {each["host"] for each in await resolver.resolve("localhost", 80)} <= {"127.0.0.1", "::1"}
        with pytest.raises(Refused, match="not public"):
            await CheckedResolver(allow_private=False, patience=5).resolve("localhost", 80)

    async def test_the_system_is_asked_a_few_things_at_a_time(self):
        lookup = SystemLookup(most=1)
        found = await asyncio.gather(*(lookup("127.0.0.1", 1, socket.AF_UNSPEC) for _ in range(5)))
        assert found == [[(socket.AF_INET, "127.0.0.1")]] * 5
        with pytest.raises(OSError, match="no host name"):
            await lookup("a" * 70 + ".example", 1, socket.AF_UNSPEC)


class TestWebAddresses:
    @pytest.mark.parametrize(
        ("url", "asked"),
        [
            ("https://minato.example", "https://minato.example"),
            ("https://minato.example:443/x", "https://minato.example/x"),
            ("https://minato.example/a%2Fb?x=%41&y#z", "https://minato.example/a%2Fb?x=%41&y"),
            ("https://minato.example/@はな", "https://minato.example/@%E3%81%AF%E3%81%AA"),
            ("https://みなと.example/", "https://xn--o9jd6d.example/"),
            ("HTTPS://Minato.Example/X", "https://Minato.Example/X"),
        ],
    )
    def test_good_ones(self, url, asked):
        assert str(checked(url, allow_private=False)) == asked

    @pytest.mark.parametrize(
        "url",
        [
            "http://minato.example/", "http://minato.example:443/", "ftp://minato.example/", "file:///etc/passwd", "javascript:alert(1)", "data:,x",
            "https:///x", "https://", "minato.example", "/users/x", "", "https://user@minato.example/",
            "https://user:pass@minato.example/", "https://@minato.example/", "https://minato.example:8443/",
            "https://minato.example:80/", "https://minato.example:x/", "https://minato.example:99999/",
            "https://127.0.0.1/", "https://1.1.1.1/", "https://[::1]/", "https://[::ffff:1.1.1.1]/", "https://127.1/",
            "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://1.2.3.4.5/", "https://x.0x7f/",
            "https://mina\\to.example/", "https://minato .example/", "https://minato.example/a b",
            "https://minato.example\n/", "https://-x.example/", "https://x..example/", "https://minato.example./",
            "https://minato.example/" + "x" * 2_050, "https://" + "a." * 130 + "example/", "https://%31.example/",
        ],
    )  # fmt: skip
    def test_bad_ones(self, url):
        with pytest.raises(Refused):
            checked(url, allow_private=False)

    @pytest.mark.parametrize(
        "url",
        ["http://localhost:8001/x", "http://127.0.0.1:1/", "https://[::1]:8/x", "http://minato.example/"],
    )
    def test_trials_take_more(self, url):
        assert str(checked(url, allow_private=True)) == url

    @pytest.mark.parametrize(
        "url", ["ftp://localhost/", "http://a:b@localhost/", "http://127.1/", "http://0/", "x"]
    )
    def test_and_yet_not_everything(self, url):
        with pytest.raises(Refused):
            checked(url, allow_private=True)
