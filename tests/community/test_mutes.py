import pytest
from sqlalchemy import select

from community import distance, mutes, town
from community.errors import Invalid, NotAllowed
from community.models import Mute
from tests import factories


@pytest.fixture
def people(session):
    return [factories.member(session, name) for name in ("hanako", "taro", "jiro")]


def test_a_mute_takes_the_last_wishes(session, people):
    hanako, taro, _ = people
    mutes.mute(session, account=hanako, target=taro)
    row = mutes.mute(session, account=hanako, target=taro, notifications=False, seconds=60)
    assert (row.notifications, row.expires_at) == (False, town.now(session) + 60_000)
    row = mutes.mute(session, account=hanako, target=taro)
    assert (row.notifications, row.expires_at) == (True, None)
    assert session.scalars(select(Mute)).all() == [row]


def test_unmuting_and_running_out(session, clock, people):
    hanako, taro, jiro = people
    mutes.mute(session, account=hanako, target=taro)
    mutes.mute(session, account=hanako, target=jiro, seconds=60)
    mutes.unmute(session, account=hanako, target=taro)
    mutes.unmute(session, account=hanako, target=taro)
    assert not distance.is_unheard(session, by=hanako.id, actor=taro.id)
    assert distance.is_unheard(session, by=hanako.id, actor=jiro.id)
    clock.advance(seconds=60)
    assert not distance.is_unheard(session, by=hanako.id, actor=jiro.id)
    mutes.mute(session, account=hanako, target=taro)
    assert [row.target_id for row in session.scalars(select(Mute))] == [taro.id]


def test_what_is_refused(session, people):
    hanako, taro, _ = people
    with pytest.raises(NotAllowed):
        mutes.mute(session, account=hanako, target=hanako)
    for seconds in (-1, mutes.LONGEST + 1):
        with pytest.raises(Invalid):
            mutes.mute(session, account=hanako, target=taro, seconds=seconds)
