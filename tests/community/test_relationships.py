from community import (
    account_notes,
    blocks,
    domain_blocks,
    endorsements,
    follows,
    mutes,
    relationships,
    town,
)
from community.follows import Wishes
from community.relationships import Relationship
from tests import factories


def test_every_tie_is_told_and_no_other(session):
    hanako, taro, jiro, saburo, locked = (
        factories.member(session, name, locked=name == "locked")
        for name in ("hanako", "taro", "jiro", "saburo", "locked")
    )
    ken = factories.remote(session, "ken", "mast.example")
    follows.request(
        session, follower=hanako, followee=taro, wishes=Wishes(boosts=False, notify=True, languages=["ja"])
    )
    follows.request(session, follower=taro, followee=hanako)
    follows.request(session, follower=hanako, followee=locked)
    endorsements.endorse(session, account=hanako, target=taro)
    account_notes.put(session, account=hanako, target=taro, comment="隣の席だった人")
    account_notes.put(session, account=taro, target=hanako, comment="内緒")
    mutes.mute(session, account=hanako, target=taro, seconds=60)
    mutes.mute(session, account=jiro, target=hanako)
    blocks.block(session, account=hanako, target=jiro)
    blocks.block(session, account=saburo, target=hanako)
    domain_blocks.block(session, account=hanako, domain="mast.example")
    people = [ken.id, locked.id, saburo.id, jiro.id, taro.id, 5]
    found = relationships.many(session, hanako.id, people)
    assert list(found) == people
    assert found[taro.id] == Relationship(
        taro.id, following=True, boosts=False, notify=True, languages=["ja"], followed_by=True, muting=True,
        muting_notifications=True, muting_expires_at=town.now(session) + 60_000, endorsed=True, note="隣の席だった人",
    )  # fmt: skip
    assert found[locked.id] == Relationship(locked.id, requested=True, boosts=True)
    assert found[jiro.id] == Relationship(jiro.id, blocking=True)
    assert found[saburo.id] == Relationship(saburo.id, blocked_by=True)
    assert found[ken.id] == Relationship(ken.id, domain_blocking=True)
    assert found[5] == Relationship(5)
    assert relationships.one(session, locked.id, hanako.id) == Relationship(hanako.id, requested_by=True)


def test_it_is_as_many_queries_for_five_as_for_forty(session, queries):
    me = factories.member(session).id
    people = [factories.remote(session, f"ken{number}").id for number in range(40)]
    counts = []
    for some in (people[:5], people):
        with queries() as sent:
            relationships.many(session, me, some)
        counts.append(len(sent))
    assert counts == [6, 6]
    assert relationships.many(session, me, []) == {}
