import pytest
from sqlalchemy import select

from community import doors, founding, members
from community.errors import Invalid, NotAllowed, NotFound
from community.models import AccessToken, Invite, Member, OneTimeLink, WebSession
from tests import factories


def test_a_session_opens_for_sixty_days_and_closes(database, clock):
    hanako = database.write_now(lambda session: factories.member(session, role="moderator").id)
    token = database.write_now(lambda session: doors.open_session(session, hanako))

    def viewer():
        return database.read_now(lambda session: doors.viewer_of_session(session, token))

    assert (viewer().account_id, viewer().role, viewer().locale) == (hanako, "moderator", "ja")
    assert database.read_now(lambda session: doors.viewer_of_session(session, "")) is None
    clock.advance(days=59)
    assert viewer() is not None
    clock.advance(days=1)
    assert viewer() is None
    second = database.write_now(lambda session: doors.open_session(session, hanako))
    assert (
        len(database.read_now(lambda session: session.scalars(select(WebSession)).all())) == 1
    )  # old ones go
    database.write_now(lambda session: doors.close_session(session, second))
    assert database.read_now(lambda session: doors.viewer_of_session(session, second)) is None


@pytest.mark.parametrize("state", ["pending", "disabled"])
def test_only_active_members_come_through(database, state):
    def unit(session):
        hanako = factories.member(session).id
        token, app = doors.open_session(session, hanako), doors.issue_token(session, hanako, "read", "app")
        session.get(Member, hanako).state = state
        session.flush()
        return doors.viewer_of_session(session, token), doors.viewer_of_token(session, app)

    browser, holder = database.write_now(unit)
    assert browser is None
    assert holder.state == state  # an app is told why it is not let in


def test_a_token_carries_its_scopes_and_can_be_revoked(database):
    hanako = database.write_now(lambda session: factories.member(session).id)
    token = database.write_now(lambda session: doors.issue_token(session, hanako, "read  write read", "cli"))

    def holder():
        return database.read_now(lambda session: doors.viewer_of_token(session, token))

    assert (holder().viewer.account_id, holder().scopes) == (hanako, frozenset({"read", "write"}))
    database.write_now(lambda session: doors.revoke_token(session, token))
    assert holder() is None


def test_no_secret_is_stored_as_it_is(database):
    def unit(session):
        hanako = factories.member(session).id
        return doors.open_session(session, hanako), doors.issue_token(session, hanako, "read", "app")

    secrets = database.write_now(unit)
    key = database.write_now(doors.first_admin_link)

    def stored(session):
        rows = [*session.scalars(select(WebSession)), *session.scalars(select(AccessToken))]
        return [row.token_hash for row in [*rows, *session.scalars(select(OneTimeLink))]]

    hashes = database.read_now(stored)
    assert len(hashes) == 3
    assert not {*secrets, key} & set(hashes)


def test_a_new_link_ends_the_one_before(database, clock):
    database.write_now(founding.found)
    first = database.write_now(doors.first_admin_link)
    second = database.write_now(doors.first_admin_link)

    def works(key):
        return database.read_now(lambda session: doors.is_first_admin_key(session, key))

    assert (works(first), works(second), works("")) == (False, True, False)
    clock.advance(days=7)
    assert not works(second)
    with pytest.raises(NotAllowed):
        database.write_now(lambda session: doors.use_first_admin_key(session, second))


def test_an_administrator_who_comes_meanwhile_ends_the_link(database):
    key = database.write_now(doors.first_admin_link)
    database.write_now(lambda session: factories.member(session, "boss", role="admin") and None)
    assert database.read_now(lambda session: doors.is_first_admin_key(session, key)) is False
    with pytest.raises(NotAllowed):
        database.write_now(
            lambda session: (
                members.join(session, name="x", nickname="x", passphrase_hash=None, first_admin_key=key)
                and None
            )
        )


def test_invitations_end_by_use_by_time_and_by_hand(database, clock):
    def make(**facts):
        return database.write_now(lambda session: doors.create_invite(session, by=None, **facts).code)

    def use(code):
        return database.write_now(lambda session: doors.use_invite(session, code).uses)

    twice, endless, dated, taken_back = make(max_uses=2), make(max_uses=None, days=None), make(days=2), make()
    assert [use(twice), use(twice)] == [1, 2]
    assert len(database.read_now(doors.invites)) == 3
    database.write_now(
        lambda session: doors.revoke_invite(
            session, session.scalars(select(Invite.id).where(Invite.code == taken_back)).one()
        )
    )
    clock.advance(days=2)
    for code in (twice, dated, taken_back, ""):
        with pytest.raises(Invalid):
            use(code)
    assert [use(endless) for _ in range(3)] == [1, 2, 3]
    with pytest.raises(NotFound):
        database.write_now(lambda session: doors.revoke_invite(session, 5))
    for facts in ({"max_uses": 0}, {"days": 0}):
        with pytest.raises(Invalid):
            make(**facts)
