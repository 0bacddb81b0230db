"""The pauses between attempts, and what each answer means for a message."""

import pytest

from federation.outbox import retry
from federation.outbox.retry import Outcome, Verdict

MINUTE = 60_000
HOUR = 60 * MINUTE
MIDDLE = lambda: 0.5  # noqa: E731 - no jitter


@pytest.mark.parametrize(
    ("failures", "pause"),
    [
        (1, 30_000), (2, 2 * MINUTE), (3, 10 * MINUTE), (4, 30 * MINUTE), (5, 2 * HOUR), (6, 6 * HOUR),
        (7, 12 * HOUR), (8, 24 * HOUR), (30, 24 * HOUR),
    ],
)  # fmt: skip
def test_pauses_grow_to_a_day(failures: int, pause: int) -> None:
    assert retry.next_attempt(failures, 1000, MIDDLE) == 1000 + pause


def test_jitter_stays_within_a_fifth() -> None:
    assert retry.next_attempt(1, 0, lambda: 0.0) == 24_000
    assert retry.next_attempt(1, 0, lambda: 0.999_999) == 36_000


def test_a_host_that_failed_for_a_week_is_looked_at_weekly() -> None:
    now = 10 * retry.DAY
    assert retry.next_attempt(20, now, MIDDLE, since=now - 7 * retry.DAY) == now + 7 * retry.DAY
    assert retry.next_attempt(20, now, MIDDLE, since=now - 7 * retry.DAY + 1) == now + retry.DAY


def test_retry_after_puts_off_further_but_at_most_a_day() -> None:
    assert retry.next_attempt(1, 0, MIDDLE, retry_after=600) == 600_000
    assert retry.next_attempt(1, 0, MIDDLE, retry_after=1) == 30_000
    assert retry.next_attempt(1, 0, MIDDLE, retry_after=10**9) == retry.DAY


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_success_delivers(status: int) -> None:
    assert retry.verdict(Outcome(status), 1) is Verdict.DELIVERED


@pytest.mark.parametrize("status", [301, 400, 403, 404, 406, 410, 413, 422, 501])
def test_a_refusal_is_final_for_the_message(status: int) -> None:
    assert retry.verdict(Outcome(status), 1) is Verdict.REFUSED


@pytest.mark.parametrize("status", [None, 408, 429, 500, 502, 503, 504])
def test_trouble_of_the_host_waits(status: int | None) -> None:
    assert retry.verdict(Outcome(status), 40) is Verdict.LATER


def test_401_is_tried_three_times() -> None:
    said = [retry.verdict(Outcome(401), attempts) for attempts in (1, 2, 3)]
    assert said == [Verdict.LATER, Verdict.LATER, Verdict.REFUSED]


def test_what_can_never_work_is_not_tried_again() -> None:
    assert retry.verdict(Outcome(hopeless=True), 1) is Verdict.REFUSED
