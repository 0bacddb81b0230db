"""Who lives in the seeded world: members here, people on other servers, and who follows whom."""

from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bench.seeding.rows import Table
from bench.seeding.words import TAGS, Pen
from community.arrivals import HEARD_LATELY
from community.models import Account, Block, DomainBlock, Follow, Member, Model, Mute, Strength
from community.uris import Uris
from federation.models import RemoteActor, RemoteHost

_SURNAMES = ("佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村", "小林", "加藤", "吉田", "山田", "林", "森", "池田")
_GIVEN = ("花子", "太郎", "みさき", "ゆうこ", "けんじ", "さとし", "あかり", "ひろし", "なおみ", "りく", "ことね", "はると")
_ROLES = ("総務", "労務のひと", "ひとり総務", "人事", "経理", "庶務", "情シス", "施設管理")
_DAY = 86_400_000  # ms
_PER_HOST = 12


@dataclass(eq=False, slots=True)
class Person:
    """An account that speaks, and, if it lives here, its home. `homes` are the members whose homes its posts reach."""

    id: int
    name: str
    domain: str  # empty for our own
    uri: str
    weight: float = 1.0
    speaks: bool = True
    homes: list["Person"] = field(default_factory=list)
    follows: set[int] = field(default_factory=set)
    turned_from: set[int] = field(default_factory=set)
    without_boosts: set[int] = field(default_factory=set)  # of those it follows
    lately: deque[int] = field(default_factory=lambda: deque(maxlen=HEARD_LATELY))
    posts: int = 0
    last_post_at: int | None = None
    followers: int = 0

    @property
    def local(self) -> bool:
        return not self.domain

    def activity(self, uris: Uris, identifier: int) -> str:
        """The id of something this account did."""
        return uris.activity(identifier) if self.local else f"{self.uri}/activities/{identifier}"


class Ids:
    """Ids of a moment, never the same twice."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, moment: int) -> int:
        self._count += 1
        return (moment << 21) | (self._count & 0xFFFFF)


class Village:
    """Makes the accounts and the follows. `member` is who reads; `boards` and `relay` are of the founded town."""

    def __init__(self, pick: Random, pen: Pen, uris: Uris, ids: Ids, *, start: int) -> None:
        self._pick, self._pen, self._uris, self._ids = pick, pen, uris, ids
        self._moment = start - 30 * _DAY
        models = (Account, Member, RemoteActor, RemoteHost, Strength, Follow, Block, Mute, DomainBlock)
        self.tables: dict[type[Model], Table] = {model: Table(model) for model in models}

    def settle(self, count: int, *, local_share: float) -> list[Person]:
        """`count` authors, some of them members, the others on servers of about a dozen people each."""
        here = int(count * local_share)
        people = [self._member(number) for number in range(here)]
        people += [self._stranger(number) for number in range(count - here)]
        for rank, person in enumerate(self._pick.sample(people, len(people))):
            person.weight = 1 / (rank + 5) ** 0.6  # a few write much, many a little
        return people

    def follow(self, follower: Person, followee: Person, *, boosts: bool = True) -> None:
        """`follower`, a member or a stranger, follows `followee`, accepted."""
        if follower is followee or followee.id in follower.follows:
            return
        identifier = self._ids(self._next())
        self.tables[Follow].add(
            id=identifier, uri=follower.activity(self._uris, identifier), follower_id=follower.id,
            followee_id=followee.id, state="accepted", created_at=self._moment, boosts=boosts,
        )  # fmt: skip
        follower.follows.add(followee.id)
        if not boosts:
            follower.without_boosts.add(followee.id)
        followee.followers += 1
        if follower.local:
            followee.homes.append(follower)

    def turn_away(self, member: Person, people: list[Person]) -> None:
        """`member` blocks, mutes and shuts out the servers of a few whom it does not follow."""
        others = [each for each in people if not each.local and each.id not in member.follows]
        followed_hosts = {each.domain for each in people if each.id in member.follows}
        for number, other in enumerate(others[:4]):
            identifier = self._ids(self._next())
            facts: dict[str, Any] = {"id": identifier, "account_id": member.id, "target_id": other.id, "created_at": self._moment}
            if number % 2:
                self.tables[Mute].add(**facts)
            else:
                self.tables[Block].add(uri=member.activity(self._uris, identifier), **facts)
            member.turned_from.add(other.id)
        strange = next((each.domain for each in others if each.domain not in followed_hosts), None)
        if strange is not None:
            self.tables[DomainBlock].add(
                id=self._ids(self._next()), account_id=member.id, domain=strange, created_at=self._moment
            )
            member.turned_from.update(each.id for each in people if each.domain == strange)

    def _next(self) -> int:
        self._moment += self._pick.randint(1, 400)
        return self._moment

    def _member(self, number: int) -> Person:
        name = f"jumin{number:05d}"
        person = Person(self._ids(self._next()), name, "", self._uris.account("person", name))
        self._account(person, url=self._uris.profile(name))
        self.tables[Member].add(account_id=person.id, joined_at=self._moment)
        self._strengths(person)
        return person

    def _stranger(self, number: int) -> Person:
        domain = f"machi{number // _PER_HOST:04d}.example"
        name = f"tonari{number:05d}"
        uri = f"https://{domain}/users/{name}"
        person = Person(self._ids(self._next()), name, domain, uri)
        pictures = f"https://media.{domain}/accounts/avatars/{person.id % 1_000_000_007:x}"
        chosen = self._pick.random() < 0.8
        self._account(
            person, url=f"https://{domain}/@{name}", fields=self._fields(domain),
            avatar_url=f"{pictures}/original.png" if chosen else None,
            header_url=f"{pictures}/header.png" if chosen else None,
        )  # fmt: skip
        if number % _PER_HOST == 0:
            self.tables[RemoteHost].add(host=domain, software="machi", version="0.1.0", asked_at=self._moment)
        # Without the key: it is fetched when it is first needed, which is never in a benchmark.
        self.tables[RemoteActor].add(
            account_id=person.id, host=domain, inbox=f"{uri}/inbox", shared_inbox=f"https://{domain}/inbox",
            outbox=f"{uri}/outbox", followers=f"{uri}/followers", key_id=f"{uri}#main-key", fetched_at=self._moment,
        )  # fmt: skip
        return person

    def _account(self, person: Person, **facts: Any) -> None:
        pick = self._pick
        shown = pick.choice(_SURNAMES) + pick.choice(_GIVEN)
        if pick.random() < 0.5:
            shown += f"＠{pick.choice(_ROLES)}"
        summary = self._pen.paragraph(least=1, most=2) if pick.random() < 0.8 else ""
        self.tables[Account].add(
            id=person.id, kind="person", name=person.name, domain=person.domain, uri=person.uri, display_name=shown,
            summary_html=summary, created_at=self._moment, updated_at=self._moment,
            indexable=pick.random() < 0.3, **facts,
        )  # fmt: skip

    def _fields(self, domain: str) -> list[dict[str, str]]:
        link = f'<a href="https://www.{domain}/" rel="me nofollow noopener noreferrer" target="_blank">www.{domain}</a>'
        every = [("サイト", link), ("しごと", self._pick.choice(_ROLES)), ("得意なこと", self._pen.topic()), ("地域", "関東")]
        return [{"name": name, "value": value} for name, value in every[: self._pick.randint(0, 2)]]

    def _strengths(self, person: Person) -> None:
        for position, label in enumerate(self._pick.sample(TAGS, self._pick.randint(0, 4))):
            self.tables[Strength].add(account_id=person.id, topic=label.casefold(), label=label, position=position)
