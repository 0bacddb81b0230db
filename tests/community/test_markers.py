import pytest

from community import ids, likes, markers, notifications
from community.errors import Conflict
from community.models import Marker, Member
from tests import factories


@pytest.fixture
def hanako(session):
    return factories.member(session, "hanako")


def put(session, member, **read):
    found = markers.put(session, account_id=member.id, read=read)
    return {timeline: (row.last_read_id, row.version) for timeline, row in found.items()}


def test_a_marker_moves_anywhere_and_counts(session, hanako, clock):
    post = factories.question(session, hanako).id
    assert put(session, hanako, home=post) == {"home": (post, 1)}
    assert put(session, hanako, home=post - 5) == {"home": (post - 5, 2)}
    assert list(markers.of(session, hanako.id)) == ["home"]
    assert markers.of(session, factories.member(session, "harukaze").id) == {}


def test_no_time_of_a_visit_is_kept(session, hanako, clock):
    post = factories.question(session, hanako).id
    clock.advance(hours=5)
    put(session, hanako, home=post)
    assert markers.of(session, hanako.id)["home"].updated_at == ids.moment(post)
    put(session, hanako, home=ids.LARGEST)
    assert markers.of(session, hanako.id)["home"].updated_at == clock.now


def test_what_was_read_in_an_app_is_seen_on_the_pages(session, hanako):
    harukaze = factories.member(session, "harukaze")
    likes.like(session, account=harukaze, post=factories.question(session, hanako))
    viewer = factories.viewer(session, hanako)
    (notice,) = notifications.page(session, viewer)
    assert notifications.unseen(session, viewer) == 1
    assert put(session, hanako, notifications=notice.id + 9) == {"notifications": (notice.id, 1)}
    assert notifications.unseen(session, viewer) == 0
    session.expire_all()
    assert session.get_one(Member, hanako.id).notifications_seen_at == notice.created_at


def test_two_apps_at_once(session, hanako, monkeypatch):
    put(session, hanako, home=5)
    known = markers.of(session, hanako.id)
    monkeypatch.setattr(
        markers, "of", lambda *_: {"home": Marker(account_id=hanako.id, timeline="home", version=7)}
    )
    with pytest.raises(Conflict):
        markers.put(session, account_id=hanako.id, read={"home": 6})
    monkeypatch.setattr(markers, "of", lambda *_: {})
    with pytest.raises(Conflict):
        markers.put(session, account_id=hanako.id, read={"home": 6})
    session.refresh(known["home"])
    assert known["home"].last_read_id == 5
