"""One run of the seeder: the founded town read, people settled, stretch after stretch told and written."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from bench.seeding.chronicle import Chronicle, World
from bench.seeding.index import Index
from bench.seeding.people import Ids, Person, Village
from bench.seeding.rows import Store, Table
from bench.seeding.words import TAGS, Pen
from community.models import Card, Model, Tag
from community.uris import Uris

_STRETCH = 20_000
_STEP = 90_000  # ms between two posts: a million in three years


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is asked for. `now` (ms) is the end of everything; `member` the handle of who reads."""

    member: str
    posts: int
    now: int
    authors: int = 2000
    follows: int = 500
    followers: int = 20
    others_follow: int = 10
    local_share: float = 0.3
    searchable: bool = True
    seed: int = 1


class Refused(Exception):
    """The town cannot be seeded; the message says why."""


def seed(store: Store, uris: Uris, plan: Plan, say: Callable[[str], object] = print) -> None:
    """Fill the database. Raises Refused if the member is missing, or there are posts already."""
    pick, ids = Random(plan.seed), Ids()
    pen = Pen(pick)
    start = plan.now - 60_000 - (plan.posts + 1) * _STEP
    index = Index(store) if plan.searchable else None
    member, relay, boards = _founded(store, plan.member)
    village = Village(pick, pen, uris, ids, start=start)
    people = _peopled(village, plan, pick, member, boards)
    things: dict[type[Model], Table] = {Tag: _tags(ids, start), Card: _cards(ids, start)}
    world = World(
        member=member, people=[*people, member], relay=relay, boards=[each.id for each in boards],
        board_readers={each.id: each.homes for each in boards}, tags=_ids(things[Tag]), cards=_ids(things[Card]),
        uris=uris, start=start, step=_STEP, now=plan.now,
    )  # fmt: skip
    if index is not None:
        index.note_tags(things)
        index.note_accounts(village.tables)
    _write(store, [*village.tables.values(), *things.values()], index)
    chronicle = Chronicle(pick, pen, ids, world)
    began = time.perf_counter()
    for done in range(0, plan.posts, _STRETCH):
        count = min(_STRETCH, plan.posts - done)
        chronicle.tell(count)
        if index is not None:
            index.note_posts(chronicle.tables)
        _write(store, chronicle.tables.values(), index)
        say(f"{done + count:,} posts, {time.perf_counter() - began:.0f} s")
    _count(store, [*people, member, relay, *boards])
    store.commit()


def _founded(store: Store, name: str) -> tuple[Person, Person, list[Person]]:
    """The member, the relay and the boards of the town."""
    if store.read("SELECT 1 FROM posts LIMIT 1"):
        raise Refused("there are posts already: a town is seeded once, right after it was made")
    rows = store.read("SELECT id, kind, name, uri FROM accounts WHERE domain = '' ORDER BY id")
    found = {
        kind: [Person(id=row[0], name=row[2], domain="", uri=row[3]) for row in rows if row[1] == kind]
        for kind in ("person", "relay", "board")
    }
    member = next((each for each in found["person"] if each.name == name), None)
    if member is None:
        raise Refused(f"there is no member {name}; add one with: machi member add {name}")
    return member, found["relay"][0], found["board"]


def _peopled(village: Village, plan: Plan, pick: Random, member: Person, boards: list[Person]) -> list[Person]:
    """The authors, and who follows whom."""
    people = village.settle(plan.authors, local_share=plan.local_share)
    here = [each for each in people if each.local]
    for followee in pick.sample(people, min(plan.follows, len(people))):
        village.follow(member, followee, boosts=pick.random() < 0.95)
    for board in pick.sample(boards, min(3, len(boards))):
        village.follow(member, board)
    for follower in pick.sample(here, min(plan.followers, len(here))):
        village.follow(follower, member)
    for person in people:
        known, most = (people, plan.others_follow) if person.local else (here, 3)
        for followee in pick.sample(known, min(most, len(known))):
            village.follow(person, followee, boosts=pick.random() < 0.95)
    village.turn_away(member, people)
    # At least some twenty posts, at most one in twenty.
    member.weight = sum(each.weight for each in people) * max(0.002, min(0.05, 20 / plan.posts))
    return people


def _tags(ids: Ids, moment: int) -> Table:
    table = Table(Tag)
    for label in (*TAGS, *(f"{label}{number}" for number in range(1, 8) for label in TAGS)):
        table.add(id=ids(moment), name=label.casefold(), label=label)
    return table


def _cards(ids: Ids, moment: int) -> Table:
    table = Table(Card)
    for number in range(300):
        table.add(
            id=ids(moment), url=f"https://www.yakusho.example/tetsuzuki/{number}", title=f"手続きのご案内 その{number}",
            description="届け出に要るもの、出す先、締め切りをまとめています。", provider_name="まちのお役所",
            language="ja", fetched_at=moment,
        )  # fmt: skip
    return table


def _ids(table: Table) -> list[int]:
    return [row[table.places["id"]] for row in table.rows]


def _write(store: Store, tables: Iterable[Table], index: Index | None) -> None:
    """One transaction: the rows that wait, and by which words they are found."""
    for table in tables:
        rows = table.take()
        if rows:
            store.put(table.name, table.columns, rows)
    if index is not None:
        index.write()
    store.commit()


def _count(store: Store, people: list[Person]) -> None:
    """Bring the counters of accounts up to what was written."""
    store.run(
        "UPDATE accounts SET posts_count = posts_count + ?, followers_count = followers_count + ?,"
        " following_count = following_count + ?, last_post_at = coalesce(?, last_post_at) WHERE id = ?",
        [(each.posts, each.followers, len(each.follows), each.last_post_at, each.id) for each in people],
    )
