"""What is told of a member who changes: the whole actor, each time with a later moment than before."""

from sqlalchemy.orm import Session

from community import members, text
from community.db import Database
from community.events import Bus
from community.models import Account
from federation.models import ActorKey
from federation.outbox import publish
from tests import factories
from tests.federation.outbox import rules
from tests.federation.outbox.said import Bell, everything, follow
from tests.towns import FixedClock


async def test_each_update_is_later_than_the_last_also_within_one_moment(
    database: Database, bus: Bus, clock: FixedClock
) -> None:
    publish.subscribe(bus, Bell())

    def enter(session: Session) -> int:
        hanako = factories.member(session, "hanako")
        session.add(ActorKey(account_id=hanako.id, public_pem="PEM", private_sealed=b"", created_at=0))
        follow(session, factories.remote(session, "taro"), hanako)
        return hanako.id

    hanako = await database.write(enter)

    async def change(name: str) -> None:
        await database.write(
            lambda session: members.update_profile(
                session, account_id=hanako, nickname=name, bio=text.from_markdown(f"*{name}* です"), locked=name == "二"
            )
            and None
        )

    for name in ("一", "二", "三"):
        await change(name)
    clock.advance(ms=1)  # which is when the second was said to be
    await change("四")
    said = await database.read(lambda session: everything(session, "Update"))
    moments = [each.document["object"]["updated"] for each in said]
    assert len(moments) == 4
    assert moments == sorted(set(moments))
    assert [each.document["object"]["name"] for each in said] == ["一", "二", "三", "四"]
    assert [each.document["object"]["manuallyApprovesFollowers"] for each in said] == [False, True, False, False]
    assert "<em>四</em>" in said[-1].document["object"]["summary"]
    for each in said:
        rules.check(each.document, "minato.example")


async def test_who_was_never_shown_to_anybody_tells_nobody(database: Database, bus: Bus) -> None:
    publish.subscribe(bus, Bell())

    def unit(session: Session) -> None:
        account: Account = factories.member(session, "hanako")
        members.update_profile(session, account_id=account.id, nickname="花子")

    await database.write(unit)
    assert await database.read(lambda session: everything(session, "Update")) == []
