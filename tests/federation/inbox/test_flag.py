"""Flag: what other towns report to us is kept as they say it, and only where we take it."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import reports, towns
from community.models import Account, Post, Report
from federation.inbox.inbound import Ignored
from tests import factories
from tests.federation.inbox import mail
from tests.towns import FixedClock

SERVER = {
    "@context": "https://www.w3.org/ns/activitystreams",
    "id": "https://m.example/actor",
    "type": "Application",
    "preferredUsername": "m.example",
    "inbox": "https://m.example/actor/inbox",
    "outbox": "https://m.example/actor/outbox",
    "publicKey": {
        "id": "https://m.example/actor#main-key", "owner": "https://m.example/actor", "publicKeyPem": "x",
    },
}  # fmt: skip


@pytest.fixture
def hanako(session: Session) -> Account:
    factories.member(session, "mihari", role="moderator")
    return factories.member(session, "hanako")


@pytest.fixture
def post(session: Session, hanako: Account) -> Post:
    return factories.question(session, hanako)


def flag(session: Session, post: Post, **changes: object) -> None:
    mail.deliver(session, mail.load("mastodon/flag", {1: post.uri}) | changes, SERVER)


def test_mastodons_report_is_kept_in_the_name_of_its_server(session: Session, hanako: Account, post: Post) -> None:
    flag(session, post)
    report = session.scalars(select(Report)).one()
    assert (report.target_id, report.post_ids, report.comment) == (hanako.id, [post.id], "宣伝")
    assert report.uri == "https://m.example/reports/1"
    assert session.get_one(Account, report.account_id).uri == "https://m.example/actor"
    assert not report.forwarded


def test_the_same_report_twice_is_one(session: Session, post: Post) -> None:
    flag(session, post)
    flag(session, post)
    assert len(session.scalars(select(Report)).all()) == 1


def test_a_post_alone_names_its_author(session: Session, hanako: Account, post: Post) -> None:
    flag(session, post, object=post.uri)
    assert session.scalars(select(Report.target_id)).one() == hanako.id


@pytest.mark.parametrize("told", ["https://elsewhere.example/users/x", [], None, {"type": "Note"}, ["x", 5, {}], "https://minato.example/actor"])
def test_what_names_nobody_here_is_ignored(session: Session, post: Post, told: object) -> None:
    with pytest.raises(Ignored):
        flag(session, post, object=told)


def test_a_host_whose_reports_are_not_taken(session: Session, post: Post) -> None:
    towns.block(session, domain="m.example", policy="noop", reject_reports=True)
    with pytest.raises(Ignored):
        flag(session, post)


def test_long_and_odd_words_are_cut_and_cleaned(session: Session, post: Post) -> None:
    flag(session, post, content="<script>x</script><p>" + "あ" * 6000)
    comment = session.scalars(select(Report.comment)).one()
    assert len(comment) == 5000
    assert "script" not in comment


def test_only_so_many_of_one_server_are_kept_in_a_day(
    session: Session, post: Post, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "HOST_DAILY_MOST", 2)
    for number in range(2):
        flag(session, post, id=f"https://m.example/reports/{number}")
    with pytest.raises(Ignored, match="without end"):
        flag(session, post, id="https://m.example/reports/3")
    clock.advance(days=1, ms=1)
    flag(session, post, id="https://m.example/reports/4")
    assert len(session.scalars(select(Report)).all()) == 3


def test_posts_of_third_parties_stand_in_no_report(session: Session, hanako: Account, post: Post) -> None:
    other = factories.question(session, factories.member(session, "yuki"))
    flag(session, post, object=[hanako.uri, other.uri, post.uri, "https://x.example/1"])
    assert session.scalars(select(Report.post_ids)).one() == [post.id]
