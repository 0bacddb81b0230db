"""What who looks after the town may do about an account, and to whom they may not."""

import pytest
import sqlalchemy as sa

from community import (
    doors,
    follows,
    media,
    members,
    moderation,
    notes,
    reports,
    search,
    text,
    towns,
    visibility,
)
from community.errors import Conflict, NotAllowed, NotFound
from community.models import Account, Member, Post
from community.reports import Complaint
from community.visibility import PUBLIC
from tests import factories


@pytest.fixture
def kanri(session):
    return factories.member(session, "kanri", role="admin")


@pytest.fixture
def taro(session):
    return factories.member(session, "taro")


def act(session, by, account, deed, **more):
    return moderation.act(session, by=by, account_id=account.id, deed=deed, **more)


def test_a_suspended_member_is_out_and_unseen_until_let_in_again(session, kanri, taro):
    post = factories.question(session, taro)
    token = doors.issue_token(session, taro.id, "read", "an app")
    cookie = doors.open_session(session, taro.id)
    act(session, kanri, taro, "suspend")
    assert taro.suspended_at is not None
    assert doors.viewer_of_token(session, token) is None
    assert doors.viewer_of_session(session, cookie) is None
    assert not visibility.may_see(session, PUBLIC, post)
    first = taro.suspended_at
    act(session, kanri, taro, "suspend")
    assert taro.suspended_at == first
    moderation.unsuspend(session, taro)
    assert visibility.may_see(session, PUBLIC, post)


def test_a_suspended_remote_account_follows_nobody_any_more(session, kanri, taro):
    remote = factories.remote(session)
    follows.accept(session, follow=follows.request(session, follower=taro, followee=remote))
    act(session, kanri, remote, "suspend")
    assert follows.between(session, taro.id, remote.id) is None


def test_what_a_host_does_stays_with_the_host(session, kanri):
    remote = factories.remote(session, domain="bad.example")
    towns.block(session, domain="bad.example", policy="suspend")
    session.expire_all()
    with pytest.raises(NotAllowed):
        moderation.unsuspend(session, remote)
    towns.change(session, towns.blocks(session)[0], policy="silence")
    session.expire_all()
    with pytest.raises(NotAllowed):
        moderation.unsilence(session, remote)


def test_who_waits_to_be_let_in_is_not_let_in_by_the_way(session, kanri):
    joined = members.join(session, name="shinjin", nickname="しんじん", passphrase_hash=None, application="よろしく")
    with pytest.raises(NotAllowed):
        moderation.unsuspend(session, joined.account)


def test_silence_and_back(session, kanri, taro):
    act(session, kanri, taro, "silence")
    assert taro.silenced_at is not None
    moderation.unsilence(session, taro)
    assert taro.silenced_at is None


def test_a_disabled_member_has_no_way_in_but_stays_seen(session, kanri, taro):
    token = doors.issue_token(session, taro.id, "read", "an app")
    act(session, kanri, taro, "disable")
    assert session.get_one(Member, taro.id).state == "disabled"
    assert doors.viewer_of_token(session, token) is None
    moderation.enable(session, taro)
    assert session.get_one(Member, taro.id).state == "active"
    remote = factories.remote(session)
    with pytest.raises(Conflict):
        act(session, kanri, remote, "disable")


def test_pictures_are_veiled_those_that_stand_and_those_to_come(session, kanri, taro):
    words, pictured = (
        notes.write(session, author=taro, body=text.from_markdown(each), visibility="open") for each in ("ことば", "画像")
    )
    row = media.Media(
        id=1, account_id=taro.id, post_id=pictured.id, state="ready", kind="image", mime="image/png", created_at=1
    )
    session.add(row)
    session.flush()
    act(session, kanri, taro, "sensitive")
    session.expire_all()
    assert (pictured.sensitive, words.sensitive) == (True, False)
    later = notes.write(session, author=taro, body=text.from_markdown("つぎ"), visibility="open")
    assert later.sensitive
    moderation.unsensitive(session, taro)
    assert not notes.write(session, author=taro, body=text.from_markdown("その後"), visibility="open").sensitive


def test_a_deed_settles_the_report_that_led_to_it(session, kanri, taro):
    hanako = factories.member(session, "hanako")
    report = reports.file(session, reporter=hanako, target=taro, complaint=Complaint())
    act(session, kanri, taro, "none", report=report)
    assert report.action_taken_by_id == kanri.id
    assert taro.suspended_at is None


def test_to_whom_nothing_may_be_done(session, kanri, taro):
    mihari = factories.member(session, "mihari", role="moderator")
    other = factories.member(session, "tetsudai", role="moderator")
    with pytest.raises(NotAllowed):
        act(session, kanri, kanri, "suspend")
    with pytest.raises(NotAllowed):
        act(session, mihari, other, "silence")
    with pytest.raises(NotAllowed):
        act(session, mihari, kanri, "suspend")
    act(session, mihari, taro, "silence")
    act(session, kanri, other, "suspend")
    relay = session.scalars(sa.select(Account).where(Account.kind == "relay")).one()
    with pytest.raises(NotFound):
        act(session, kanri, relay, "suspend")
    with pytest.raises(NotFound):
        moderation.target(session, by=kanri, account_id=5)


def test_the_last_administrator_keeps_the_keys(session, kanri):
    second = factories.member(session, "daini", role="admin")
    act(session, second, kanri, "suspend")
    with pytest.raises(NotAllowed):
        members.leave(session, account_id=second.id)


@pytest.mark.parametrize("remote", [False, True])
def test_erasing_takes_everything_in_several_steps(session, kanri, monkeypatch, remote):
    monkeypatch.setattr(moderation, "ERASED_AT_ONCE", 2)
    who = factories.remote(session) if remote else factories.member(session, "jiro")
    for number in range(3):
        origin = factories.origin(f"{who.uri}/posts/{number}") if remote else None
        notes.write(session, author=who, body=text.from_html("<p>ことば</p>"), visibility="open", origin=origin)
    search.note_account(session, who.id)
    with pytest.raises(NotAllowed):
        moderation.erase(session, who)
    act(session, kanri, who, "suspend")
    assert moderation.erase(session, who) is False
    assert moderation.erase(session, who) is True
    assert who.deleted_at is not None
    assert session.scalars(sa.select(Post).where(Post.author_id == who.id, Post.deleted_at.is_(None))).all() == []
    assert search.people(session, PUBLIC, who.name) == []
