"""How fast others may speak: buckets that fill with time, by network, host and domain; and nobody uses up another's."""

import pytest

from community.config import Limits
from federation.networks import is_elsewhere
from federation.rates import BURST_SECONDS, DOMAIN_TIMES, NETWORK_TIMES, NEW_HOSTS, Rates, domain_of
from tests.towns import FixedClock


@pytest.fixture
def rates(clock: FixedClock) -> Rates:
    return Rates(Limits(inbox_per_second=2), clock)


def test_a_host_may_send_a_burst_and_then_what_its_bucket_regains(rates: Rates, clock: FixedClock) -> None:
    for _ in range(2 * BURST_SECONDS):
        assert rates.until_free("a.example") == 0
        rates.from_host("a.example")
    assert rates.until_free("a.example") == 1
    clock.advance(ms=500)
    assert rates.until_free("a.example") == 0
    rates.from_host("a.example")
    assert rates.until_free("a.example") == 1
    assert rates.until_free("b.example") == 0


def test_asking_takes_nothing(rates: Rates) -> None:
    for _ in range(100 * BURST_SECONDS):
        assert rates.until_free("a.example") == 0


def test_all_hosts_of_a_domain_share_one_bucket(rates: Rates) -> None:
    for number in range(2 * BURST_SECONDS * DOMAIN_TIMES):
        rates.from_host(f"h{number}.flood.example")
    assert rates.until_free("new.flood.example") > 0
    assert rates.until_free("flood.example.org") == 0


def test_a_network_has_a_bucket_of_its_own(rates: Rates) -> None:
    waits = [rates.from_network("203.0.113.7") for _ in range(2 * BURST_SECONDS * NETWORK_TIMES + 1)]
    assert (set(waits[:-1]), waits[-1]) == ({0}, 1)
    assert rates.from_network("203.0.113.8") == 0


def test_few_new_hosts_of_a_domain_are_met_within_a_minute(rates: Rates, clock: FixedClock) -> None:
    hosts = [f"h{number}.many.example" for number in range(NEW_HOSTS)]
    assert [rates.new_host(host) for host in hosts] == [0] * NEW_HOSTS
    assert rates.new_host("one-more.many.example") == 60
    assert rates.new_host(hosts[0]) == 0
    assert rates.new_host("other.example") == 0
    clock.advance(minutes=1)
    assert rates.new_host("one-more.many.example") == 0


def test_without_limits_nobody_waits(clock: FixedClock) -> None:
    rates = Rates(Limits(enabled=False, inbox_per_second=1), clock)
    for number in range(200):
        assert rates.from_network("203.0.113.7") == 0
        rates.from_host("a.example")
        assert rates.new_host(f"h{number}.a.example") == 0
    assert rates.until_free("a.example") == 0


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("mastodon.example", "mastodon.example"), ("a.b.mastodon.example", "mastodon.example"),
        ("machi.city.co.jp", "city.co.jp"), ("a.machi.city.co.jp", "city.co.jp"), ("co.jp", "co.jp"),
        ("localhost:3000", "localhost"), ("127.9.0.1:8001", "127.9.0.1"), ("[2001:db8::1]:80", "[2001:db8::1]"),
        ("x.example:8443", "x.example"), ("a.co", "a.co"), ("b.a.co", "a.co"),
    ],
)  # fmt: skip
def test_the_domain_that_somebody_registered(host: str, domain: str) -> None:
    assert domain_of(host) == domain


@pytest.mark.parametrize(
    ("network", "elsewhere"),
    [("93.184.216.34", True), ("2606:4700::/64", True), ("127.0.0.1", False), ("10.0.0.5", False), ("unknown", False)],
)
def test_a_proxy_next_door_is_no_network_of_somebody(network: str, elsewhere: bool) -> None:
    assert is_elsewhere(network) is elsewhere
