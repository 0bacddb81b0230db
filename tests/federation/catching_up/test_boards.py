"""A town follows the boards of its sister: those of that town alone, so many and no more, and only while it is a sister."""

from sqlalchemy import select

from community import events, founding
from community.models import Account, Follow
from federation import errands
from federation.catching_up import boards
from tests import factories


async def followed(desk) -> list[str]:
    """What the town itself follows or asked to follow."""

    def look(session) -> list[str]:
        ourselves = founding.instance_account(session)
        query = select(Account.uri).join(Follow, Follow.followee_id == Account.id)
        return sorted(session.scalars(query.where(Follow.follower_id == ourselves.id)))

    return await desk.database.read(look)


def town_of(other, *listed: str):
    """The other town, whose own actor lists these boards."""
    actor = other.actor("town", "Application")
    actor.document["machi:boards"] = f"{other.origin}/actor/boards"
    other.put(
        {
            "id": f"{other.origin}/actor/boards",
            "type": "Collection",
            "totalItems": len(listed),
            "items": list(listed),
        }
    )
    return actor


async def test_its_boards_and_nobody_else(desk, other, peer):
    groups = [other.group(name) for name in ("roumu", "keiri")]
    person, elsewhere = other.actor("alice"), peer.group("far")
    actor = town_of(
        other, *(each.id for each in groups), person.id, elsewhere.id, f"{other.origin}/boards/nothing", "x"
    )
    await desk.do(lambda session: factories.sister(session, other.domain))
    await desk.run(errands.BOARDS, actor.id)
    assert await followed(desk) == sorted(each.id for each in groups)
    assert peer.requests == []
    await desk.run(errands.BOARDS, actor.id)
    assert len(await followed(desk)) == 2


async def test_who_is_no_sister_is_not_asked(desk, other):
    actor = town_of(other, other.group("roumu").id)
    before = len(other.requests)
    await desk.run(errands.BOARDS, actor.id)
    assert await followed(desk) == []
    assert len(other.requests) == before


async def test_a_long_list_takes_several_runs_and_ends(desk, other, monkeypatch):
    monkeypatch.setattr(boards, "BOARDS_MOST", 25)
    groups = [other.group(f"board{number}") for number in range(28)]
    actor = town_of(other, *(each.id for each in groups))
    await desk.do(lambda session: factories.sister(session, other.domain))
    before = len(other.requests)
    await desk.run(errands.BOARDS, actor.id)
    assert len(other.requests) - before <= 20 + len(
        groups
    )  # NodeInfo and Follows apart, a budget for each run
    assert len(await followed(desk)) < 25
    await desk.run(rounds=3)
    assert await followed(desk) == sorted(each.id for each in groups[:25])


async def test_the_agreement_sends_us_there_and_its_end_calls_us_back(desk, other):
    actor = town_of(other, other.group("roumu").id)
    other.put(actor.document | {"id": f"{other.origin}/actor"})
    await desk.do(lambda session: factories.sister(session, other.domain))
    await desk.do(lambda session: events.record(session, events.SisterAgreed(other.domain)))
    assert await desk.waiting() == [("boards", f"{other.origin}/actor")]
    await desk.run()
    assert len(await followed(desk)) == 1
    ended = events.SisterEnded(other.domain, offer_uri=None, ours=True, told=False)
    await desk.do(lambda session: events.record(session, ended))
    assert await followed(desk) == []
