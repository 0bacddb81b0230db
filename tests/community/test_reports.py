"""通報: what is kept, who hears of it, and who never does."""

import pytest
import sqlalchemy as sa

from community import events, founding, reports
from community.errors import Invalid, NotFound, TooMany
from community.models import Notification, Veil, WorkMark
from community.reports import Complaint
from tests import factories


@pytest.fixture
def people(session):
    """hanako reports, taro is reported; mihari and kanri look after the town."""
    made = {name: factories.member(session, name) for name in ("hanako", "taro")}
    made["mihari"] = factories.member(session, "mihari", role="moderator")
    made["kanri"] = factories.member(session, "kanri", role="admin")
    return made


def told_of(session, report):
    rows = session.execute(sa.select(Notification.account_id, Notification.kind).where(Notification.report_id == report.id))
    return {account_id for account_id, kind in rows if kind == "report"}


def test_a_report_is_kept_and_the_moderators_alone_are_told(session, people, told):
    post = factories.question(session, people["taro"])
    told()
    report = reports.file(
        session,
        reporter=people["hanako"],
        target=people["taro"],
        complaint=Complaint(post_ids=[post.id, 5], rule_ids=[5, 99], category="spam", comment=" 宣伝です "),
    )
    assert (report.category, report.rule_ids, report.post_ids) == ("violation", [5], [post.id])
    assert (report.comment, report.forwarded) == ("宣伝です", False)
    assert report.uri == f"https://minato.example/activities/{report.id}"
    assert told_of(session, report) == {people["mihari"].id, people["kanri"].id}
    assert events.ReportFiled(report.id) in told()


def test_who_is_reported_hears_nothing_also_as_a_moderator(session, people):
    report = reports.file(
        session, reporter=people["hanako"], target=people["mihari"], complaint=Complaint(comment="つらいです")
    )
    assert told_of(session, report) == {people["kanri"].id}
    mihari, kanri = (factories.viewer(session, people[name]) for name in ("mihari", "kanri"))
    assert reports.waiting(session, mihari) == []
    assert reports.waiting(session, kanri) == [report]
    with pytest.raises(NotFound):
        reports.require(session, mihari, report.id)


def test_only_posts_of_the_reported_that_the_reporter_may_see_count(session, people):
    of_another = factories.question(session, people["kanri"])
    hidden = factories.question(session, people["taro"])
    hidden.visibility = "direct"
    session.flush()
    report = reports.file(
        session, reporter=people["hanako"], target=people["taro"], complaint=Complaint(post_ids=[of_another.id, hidden.id])
    )
    assert report.post_ids == []


def test_an_anonymous_question_is_reported_as_dareka(session, people):
    hidden = factories.anonymous_question(session, people["taro"])
    relay = session.get_one(type(people["taro"]), hidden.author_id)
    report = reports.file(
        session, reporter=people["hanako"], target=relay, complaint=Complaint(post_ids=[hidden.id], category="legal")
    )
    assert (report.target_id, report.post_ids, report.category) == (relay.id, [hidden.id], "legal")


def test_only_remote_people_are_reported_on_to_their_town(session, people):
    remote = factories.remote(session)
    here = reports.file(session, reporter=people["hanako"], target=people["taro"], complaint=Complaint(), forward=True)
    there = reports.file(session, reporter=people["hanako"], target=remote, complaint=Complaint(), forward=True)
    assert (here.forwarded, there.forwarded) == (False, True)


def test_what_does_not_fit(session, people):
    with pytest.raises(Invalid) as caught:
        reports.file(session, reporter=people["taro"], target=people["taro"], complaint=Complaint())
    assert caught.value.field == "account_id"
    with pytest.raises(Invalid) as caught:
        reports.file(
            session, reporter=people["hanako"], target=people["taro"], complaint=Complaint(comment="あ" * 1001)
        )
    assert caught.value.field == "comment"
    people["taro"].deleted_at = 1
    with pytest.raises(NotFound):
        reports.file(session, reporter=people["hanako"], target=people["taro"], complaint=Complaint())
    assert reports.file(
        session, reporter=people["hanako"], target=people["kanri"], complaint=Complaint(category="?", rule_ids=[9])
    ).category == "other"


def test_thirty_a_day_are_enough(session, people, clock):
    for _ in range(reports.DAILY_MOST):
        reports.file(session, reporter=people["hanako"], target=people["taro"], complaint=Complaint())
    with pytest.raises(TooMany):
        reports.file(session, reporter=people["hanako"], target=people["taro"], complaint=Complaint())
    clock.advance(days=2)
    reports.file(session, reporter=people["hanako"], target=people["taro"], complaint=Complaint())


def test_a_report_from_elsewhere_comes_once(session, people):
    remote = factories.remote(session)
    facts = {"reporter": remote, "target": people["taro"], "complaint": Complaint(), "uri": "https://yamate.example/flags/1"}
    assert reports.file(session, **facts).id == reports.file(session, **facts).id
    assert session.scalar(sa.text("SELECT count(*) FROM reports")) == 1


def test_it_is_looked_after_and_settled(session, people, clock):
    report = reports.file(session, reporter=people["hanako"], target=people["taro"], complaint=Complaint())
    viewer = factories.viewer(session, people["mihari"])
    clock.advance(minutes=1)
    reports.assign(session, report, to=people["mihari"].id)
    reports.update(session, report, rule_ids=[2])
    assert (report.assigned_id, report.category, report.updated_at) == (people["mihari"].id, "violation", clock.now)
    reports.update(session, report, category="spam", rule_ids=[])
    assert (report.category, report.rule_ids) == ("spam", [])
    reports.resolve(session, report, by=people["mihari"].id)
    settled = report.action_taken_at
    clock.advance(minutes=1)
    reports.resolve(session, report, by=people["kanri"].id)
    assert (report.action_taken_at, report.action_taken_by_id) == (settled, people["mihari"].id)
    assert reports.waiting(session, viewer) == []
    reports.reopen(session, report)
    assert reports.waiting(session, viewer) == [report]
    reports.assign(session, report, to=None)
    assert report.assigned_id is None


def colleagues(session, *people):
    """Have these members veiled from each other."""
    for each in people:
        session.add(WorkMark(account_id=each.id, mark="x" * 64))
        session.add_all(Veil(account_id=each.id, other_id=other.id) for other in people if other is not each)
    session.flush()


def test_a_moderator_learns_nothing_of_colleagues_and_an_administrator_looks_after_them(session, people):
    colleagues(session, people["taro"], people["mihari"])
    report = reports.file(session, reporter=people["hanako"], target=people["taro"], complaint=Complaint())
    assert told_of(session, report) == {people["kanri"].id}
    with pytest.raises(NotFound):
        reports.require(session, factories.viewer(session, people["mihari"]), report.id)
    assert reports.require(session, factories.viewer(session, people["kanri"]), report.id) == report


def test_dareka_is_reported_for_what_a_colleague_wrote_and_the_colleague_is_meant(session, people):
    post = factories.question(session, people["taro"])
    colleagues(session, people["hanako"], people["taro"])
    relay = founding.relay(session)
    report = reports.file(
        session, reporter=people["hanako"], target=relay, complaint=Complaint(post_ids=[post.id])
    )
    assert (report.target_id, report.post_ids) == (people["taro"].id, [post.id])
    nobody = reports.file(session, reporter=people["kanri"], target=relay, complaint=Complaint(post_ids=[post.id]))
    assert (nobody.target_id, nobody.post_ids) == (relay.id, [])
