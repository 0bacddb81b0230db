"""A report on its way to the reported account's town: in the town's name, never in the reporter's."""

from community import reports
from community.events import Bus
from community.reports import Complaint
from federation import documents
from federation.documents import NOBODY, Asker
from federation.outbox import publish
from tests import factories
from tests.community.conftest import session
from tests.federation.outbox.said import Bell, everything

__all__ = ["session"]


def test_it_is_said_by_the_town_and_names_nobody_who_asked(session):
    bus = Bus()
    publish.subscribe(bus, Bell())
    hanako = factories.member(session, "hanako")
    taro = factories.remote(session, "taro", "yamate.example")
    post = factories.question(session, hanako)
    post.author_id, post.uri, post.local = taro.id, "https://yamate.example/posts/1", False
    session.flush()
    bus.dispatch(session)
    before = len(everything(session))
    report = reports.file(
        session, reporter=hanako, target=taro, complaint=Complaint(post_ids=[post.id], comment="宣伝です"), forward=True
    )
    bus.dispatch(session)
    (said,) = everything(session)[before:]
    assert said.document["type"] == "Flag"
    assert said.document["actor"] == "https://minato.example/actor"
    assert said.document["object"] == [taro.uri, post.uri]
    assert (said.document["content"], said.document["id"], said.document["to"]) == ("宣伝です", report.uri, [taro.uri])
    assert said.inboxes == ["https://yamate.example/inbox"]
    assert not said.public
    assert "hanako" not in str(said.document)
    assert documents.activity(session, report.id, NOBODY) is None
    assert documents.activity(session, report.id, Asker("kawabe.example")) is None


def test_nothing_is_said_unless_it_is_wanted_and_never_about_our_own(session):
    bus = Bus()
    publish.subscribe(bus, Bell())
    hanako, jiro = factories.member(session, "hanako"), factories.member(session, "jiro")
    taro = factories.remote(session)
    bus.dispatch(session)
    before = len(everything(session))
    reports.file(session, reporter=hanako, target=taro, complaint=Complaint())
    reports.file(session, reporter=hanako, target=jiro, complaint=Complaint(), forward=True)
    bus.dispatch(session)
    assert len(everything(session)) == before
