"""The digest and the header of FEP-8fcf, and who is told which of a member's followers live where."""

import pytest
from sqlalchemy.orm import Session

from community import town, towns
from community.db import Database
from federation import synchronisation
from federation.documents import Asker
from federation.listings import followers_there
from federation.synchronisation import Claimed
from tests import factories
from tests.federation.asking import HERE, Wire
from tests.federation.outbox.said import follow

THERE = "https://yamate.example"
KEN = f"{THERE}/users/ken"
LIST = f"{KEN}/followers_synchronization"
NOBODY = "0" * 64


def header(**parts: str) -> str:
    whole = {"collectionId": f"{KEN}/followers", "url": LIST, "digest": NOBODY} | parts
    return ", ".join(f'{name}="{value}"' for name, value in whole.items())


def test_the_digest_of_the_example_in_the_proposal() -> None:
    """FEP-8fcf, Partial follower collection digest."""
    ids = ["https://testing.example.org/users/1", "https://testing.example.org/users/2"]
    said = "c33f48cd341ef046a206b8a72ec97af65079f9a3a9b90eef79c5920dce45c61f"
    assert synchronisation.digest(ids) == synchronisation.digest([*reversed(ids), ids[0]]) == said


def test_the_digest_of_nobody_is_zeros_and_of_one_their_own_hash() -> None:
    assert synchronisation.digest([]) == NOBODY
    one = "3a06e99569547f444c352ab7f52e4bab207abec5ca6f07b0045cfdc9723f8fa9"  # as the proposal has it
    assert synchronisation.digest(["https://testing.example.org/users/1"]) == one


def test_a_header_is_read_whatever_the_spaces() -> None:
    assert synchronisation.read(header(), KEN) == Claimed(f"{KEN}/followers", LIST, NOBODY)
    assert synchronisation.read(header().replace(", ", ","), KEN) is not None


@pytest.mark.parametrize(
    "spoilt",
    [
        "", "nonsense", header(digest="abc"), header(digest="g" * 64), header(url="https://evil.example/list"),
        header(url="http://yamate.example/users/ken/x"), header(url="/users/ken/list"), header() + f', digest="{NOBODY}"',
        header().replace("collectionId", "collection"), header(url=LIST + "x" * 5_000),
    ],
)  # fmt: skip
def test_a_header_that_is_none_says_nothing(spoilt: str) -> None:
    assert synchronisation.read(spoilt, KEN) is None


async def test_each_host_is_told_of_its_own_people_alone(database: Database) -> None:
    def unit(session: Session) -> None:
        hanako = factories.member(session, "hanako")
        for name, host in (("ken", "yamate.example"), ("jun", "yamate.example"), ("mai", "mast.example")):
            follow(session, factories.remote(session, name, host), hanako)
        left = factories.remote(session, "left", "yamate.example")
        follow(session, left, hanako)
        left.deleted_at = town.now(session)
        session.flush()
        made = synchronisation.headers(session, hanako.id, {"yamate.example", "mast.example", "none.example"})
        here = f'collectionId="{HERE}/users/hanako/followers", url="{HERE}/users/hanako/followers_synchronization"'
        ours = [f"{THERE}/users/jun", KEN]
        assert made == {
            "yamate.example": f'{here}, digest="{synchronisation.digest(ours)}"',
            "mast.example": f'{here}, digest="{synchronisation.digest(["https://mast.example/users/mai"])}"',
            "none.example": f'{here}, digest="{NOBODY}"',
        }
        assert synchronisation.followers_on(session, hanako, "yamate.example") == ours

    await database.write(unit)


async def test_the_list_is_for_the_host_that_signs_and_names_its_own_people_alone(wire: Wire, database: Database) -> None:
    def more(session: Session) -> None:
        follow(session, factories.remote(session, "mai", "mast.example"), factories.local(session, "hanako"))

    await database.write(more)
    path = "/users/hanako/followers_synchronization"
    assert (await wire.get(path)).status == 404
    told = (await wire.get(path, signed=True)).document()
    assert told["type"] == "OrderedCollection"
    assert told["id"] == f"{HERE}{path}"
    assert (told["totalItems"], told["orderedItems"]) == (1, [f"{THERE}/users/yamate"])
    assert (await wire.get("/users/nobody/followers_synchronization", signed=True)).status == 404
    assert (await wire.get("/boards/machi/followers_synchronization", signed=True)).status == 404


async def test_of_the_relay_nobody_learns_by_whom_it_is_followed(wire: Wire, database: Database) -> None:
    def unit(session: Session) -> None:
        relay = factories.local(session, "dareka")
        assert relay.kind == "relay"
        assert followers_there(session, relay, Asker("yamate.example")) is None

    await database.read(unit)
    assert (await wire.get("/users/dareka/followers_synchronization", signed=True)).status == 404


async def test_a_refused_host_is_told_nothing(wire: Wire, database: Database) -> None:
    await database.write(lambda session: towns.suspend(session, "yamate.example"))
    assert (await wire.get("/users/hanako/followers_synchronization", signed=True)).status == 403
