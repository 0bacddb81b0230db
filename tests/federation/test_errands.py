"""The queue of what is to be fetched in due time."""

import pytest
from sqlalchemy import select

from community import towns
from federation import errands
from federation.models import Errand
from tests.community.conftest import session, told

__all__ = ["session", "told"]

NOTE = "https://yamate.example/posts/{}"


def rows(session) -> list[Errand]:
    return list(session.scalars(select(Errand).order_by(Errand.id)))


def claim(session, clock, hosts: int = 100) -> list[errands.Task]:
    return errands.claim(session, clock(), hosts=hosts)


class TestWaiting:
    def test_one_for_each_kind_and_address(self, session):
        for kind in ("post", "post", "replies"):
            assert errands.enqueue(session, kind, NOTE.format(1))
        assert [(row.kind, row.host) for row in rows(session)] == [
            ("post", "yamate.example"),
            ("replies", "yamate.example"),
        ]
        assert errands.waits(session, "post", NOTE.format(1))
        assert not errands.waits(session, "profile", NOTE.format(1))
        assert errands.is_any(session, "replies") and not errands.is_any(session, "missed")

    def test_asked_again_it_may_come_earlier_but_not_later(self, session, clock):
        for due in (clock() + 5_000, clock() + 9_000, clock() + 1_000):
            errands.enqueue(session, "post", NOTE.format(1), due)
        assert [row.due_at for row in rows(session)] == [clock() + 1_000]

    def test_what_failed_before_keeps_its_pause(self, session, clock):
        errands.enqueue(session, "post", NOTE.format(1))
        errands.postpone(session, claim(session, clock)[0], clock() + 60_000)
        errands.enqueue(session, "post", NOTE.format(1))
        assert not errands.is_any_due(session, clock())

    @pytest.mark.parametrize(
        "uri",
        [
            "",
            "x",
            "ftp://yamate.example/1",
            "https://minato.example/posts/1",
            f"https://x.example/{'x' * 3_000}",
        ],
    )
    def test_nothing_is_fetched_from_here_or_from_nowhere(self, session, uri):
        assert not errands.enqueue(session, "post", uri)
        assert rows(session) == []

    def test_nothing_is_fetched_from_a_refused_host(self, session):
        towns.suspend(session, "yamate.example")
        assert not errands.enqueue(session, "post", NOTE.format(1))

    def test_so_many_for_a_host_and_no_more(self, session, monkeypatch):
        monkeypatch.setattr(errands, "HOST_MOST", 3)
        assert [errands.enqueue(session, "post", NOTE.format(number)) for number in range(4)] == [
            True
        ] * 3 + [False]
        assert errands.enqueue(session, "post", "https://kawabe.example/1")

    def test_so_many_in_all_and_no_more(self, session, monkeypatch):
        monkeypatch.setattr(errands, "TOTAL_MOST", 2)
        taken = [errands.enqueue(session, "post", f"https://h{number}.example/1") for number in range(3)]
        assert taken == [True, True, False]

    def test_a_moment_at_random(self, session, clock):
        moments = {errands.later(session, 60) for _ in range(50)}
        assert all(clock() <= each <= clock() + 60_000 for each in moments)
        assert len(moments) > 10


class TestClaiming:
    def test_one_of_a_host_at_a_time(self, session, clock):
        for number in (1, 2):
            errands.enqueue(session, "post", NOTE.format(number))
        errands.enqueue(session, "post", "https://kawabe.example/1")
        first = claim(session, clock)
        assert {task.host for task in first} == {"yamate.example", "kawabe.example"}
        assert len(first) == 2
        assert claim(session, clock) == []
        errands.finish(session, next(task for task in first if task.host == "yamate.example"))
        assert [task.uri for task in claim(session, clock)] == [NOTE.format(2)]

    def test_not_before_it_is_due(self, session, clock):
        errands.enqueue(session, "post", NOTE.format(1), clock() + 1_000)
        assert not errands.is_any_due(session, clock()) and claim(session, clock) == []
        clock.advance(seconds=1)
        assert errands.is_any_due(session, clock()) and len(claim(session, clock)) == 1

    def test_a_lease_that_ran_out_goes_to_another(self, session, clock):
        errands.enqueue(session, "post", NOTE.format(1))
        lost = claim(session, clock)[0]
        clock.advance(ms=errands.LEASE + 10_000)
        (held,) = claim(session, clock)
        assert held.tries == 2
        errands.finish(session, lost)
        assert len(rows(session)) == 1
        errands.finish(session, held)
        assert rows(session) == []

    def test_given_back_as_if_never_begun(self, session, clock):
        errands.enqueue(session, "post", NOTE.format(1))
        errands.give_back(session, claim(session, clock))
        assert claim(session, clock)[0].tries == 1

    def test_leases_of_the_dead_are_ended(self, session, clock):
        errands.enqueue(session, "post", NOTE.format(1))
        claim(session, clock)
        errands.free_all(session)
        assert len(claim(session, clock)) == 1
