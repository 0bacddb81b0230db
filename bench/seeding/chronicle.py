"""What was said in the seeded world, in the order of time: posts and everything that hangs on them.

A stretch of some thousand posts is made in memory, so that counts are right before anything is written; replies, likes
and boosts reach back within a stretch. Homes are written as `community.arrivals` writes them.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bench.seeding.people import Ids, Person
from bench.seeding.pictures import Pictures
from bench.seeding.rows import Row, Table
from bench.seeding.words import Pen, Words
from community.models import (
    Bookmark,
    HomeEntry,
    Like,
    Mention,
    Model,
    Notification,
    Poll,
    PollOption,
    Post,
    PostTag,
    Revision,
    Thanks,
)
from community.uris import Uris

_DAY = 86_400_000
_HOUR = 3_600_000
_WINDOW = 400  # how many of the latest posts are still talked about
_OTHER_BOOSTS = 20
_LIKES = (0, 0, 0, 1, 1, 2)
_WIDE = ("open", "unlisted")


@dataclass(eq=False, slots=True)
class Made:
    """A post of the current stretch, with what others need to know of it."""

    id: int
    author: Person
    kind: str
    visibility: str
    uri: str
    url: str
    language: str | None
    row: Row
    root: "Made | None" = None
    parent: "Made | None" = None
    board_id: int | None = None
    boosts: list[int] = field(default_factory=list)
    answered: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """Everything that posts refer to. `board_readers` are the members who follow each board."""

    member: Person
    people: list[Person]
    relay: Person
    boards: list[int]
    board_readers: dict[int, list[Person]]
    tags: list[int]
    cards: list[int]
    uris: Uris
    start: int
    step: int
    now: int


class Chronicle:
    """Makes stretches of posts. After `tell`, `tables` hold the rows of the stretch, to be taken and written."""

    def __init__(self, pick: Random, pen: Pen, ids: Ids, world: World) -> None:
        self._pick, self._pen, self._ids, self._world = pick, pen, ids, world
        models = (
            Post, PostTag, Mention, Poll, PollOption, Like, Thanks, Bookmark, Notification, HomeEntry, Revision,
        )  # fmt: skip
        self.tables: dict[type[Model], Table] = {model: Table(model) for model in models}
        self._pictures = Pictures(pick, ids)
        self.tables |= self._pictures.tables
        self._places = self.tables[Post].places
        self._weights = [person.weight for person in world.people]
        self._count = 0
        self._moment = world.start
        self._ways = (self._note, self._question, self._answer, self._comment, self._boost)

    def tell(self, count: int) -> None:
        """The next `count` posts."""
        self._latest: deque[Made] = deque(maxlen=_WINDOW)
        self._asked: deque[Made] = deque(maxlen=_WINDOW // 4)
        self._done: set[tuple[int, int, str]] = set()
        authors = self._pick.choices(self._world.people, self._weights, k=count)
        ways = self._pick.choices(self._ways, (44, 12, 20, 12, 12), k=count)
        for author, way in zip(authors, ways, strict=True):
            self._count += 1
            self._moment = self._world.start + self._count * self._world.step + self._pick.randrange(self._world.step // 2)
            made = way(author) or self._note(author)
            self._enter(made)
            if made.kind != "boost" and made.visibility in _WIDE:
                self._latest.append(made)
                if made.kind == "question":
                    self._asked.append(made)
            self._react()

    # -- kinds of posts -----------------------------------------------------------------------------------------------

    def _note(self, author: Person) -> Made:
        visibility = self._pick.choices(("open", "unlisted", "followers", "town"), (88, 6, 4, 2))[0]
        if visibility == "town" and not author.local:
            visibility = "open"
        quoted = self._earlier() if self._pick.random() < 0.012 else None
        facts: dict[str, Any] = {}
        if quoted is not None and quoted.visibility == "open":
            facts = {"quote_of_id": quoted.id, "quote_uri": quoted.uri, "quote_state": "accepted"}
            self._add_to(quoted, "quotes_count")
        made = self._post(author, "note", visibility, self._pen.saying(), **facts)
        if self._pick.random() < 0.04:
            self._poll(made)
        if self._pick.random() < 0.04:
            other = self._pick.choice(self._world.people)
            self._mention(made, self._world.member if self._pick.random() < 0.05 else other)
        return made

    def _question(self, author: Person) -> Made:
        visibility, facts = "open", dict[str, Any]()
        if author.local:
            visibility = self._pick.choices(("open", "sister", "town"), (90, 3, 7))[0]
            facts["board_id"] = self._pick.choice(self._world.boards)
            if self._pick.random() < 0.02:
                author = self._world.relay
                facts |= {"anonymous": True, "created_at": self._moment - self._moment % _HOUR}
        title, words = self._pen.asking()
        made = self._post(author, "question", visibility, words, title=title, **facts)
        made.board_id = facts.get("board_id")
        return made

    def _answer(self, author: Person) -> Made | None:
        return self._reply(author, self._earlier(self._asked), "answer")

    def _comment(self, author: Person) -> Made | None:
        parent = self._earlier()
        return self._reply(author, None if parent is None or parent.kind == "question" else parent, "comment")

    def _reply(self, author: Person, parent: Made | None, kind: str) -> Made | None:
        if parent is None or (kind == "answer" and parent.author is author):
            return None
        root = parent.root or parent
        visibility = "unlisted" if parent.visibility == "unlisted" or self._pick.random() < 0.04 else "open"
        made = self._post(
            author, kind, visibility, self._pen.saying(), root_id=root.id, parent_id=parent.id,
            in_reply_to_uri=parent.uri, board_id=root.row[self._places["board_id"]],
        )  # fmt: skip
        made.root, made.parent = root, parent
        self._add_to(parent, "replies_count")
        self._add_to(root, "answers_count" if kind == "answer" else "comments_count")
        self._tell(parent.author, kind, author, made)
        if root.author is not parent.author:
            self._tell(root.author, "comment", author, made)
        if author.local or self._pick.random() < 0.8:
            self._mention(made, parent.author, told=True)
        if kind == "answer":
            self._consider(root, made)
        return made

    def _boost(self, author: Person) -> Made | None:
        original = self._earlier()
        if original is None or not self._first(author, original, "boost"):
            return None
        identifier = self._ids(self._moment)
        uri = author.activity(self._world.uris, identifier)
        row = self.tables[Post].add(
            id=identifier, uri=uri, url=original.url, kind="boost", visibility="open", local=author.local,
            author_id=author.id, root_id=identifier, boost_of_id=original.id, body_source="", body_html="", body_text="",
            language=original.language, created_at=self._moment,
        )  # fmt: skip
        self._add_to(original, "boosts_count")
        self._tell(original.author, "boost", author, original)
        made = Made(identifier, author, "boost", "open", uri, original.url, original.language, row, parent=original)
        made.boosts = original.boosts
        return made

    def _post(self, author: Person, kind: str, visibility: str, words: Words, **facts: Any) -> Made:
        pick, uris = self._pick, self._world.uris
        identifier = self._ids(self._moment)
        if author.local:
            uri, url = uris.post(identifier), uris.post_page(author.name, identifier)
            language: str | None = words.language
        else:
            uri, url = f"{author.uri}/statuses/{identifier}", f"https://{author.domain}/@{author.name}/{identifier}"
            language = words.language if pick.random() < 0.95 else None
        facts = {"created_at": self._moment, "root_id": identifier, **facts}
        row = self.tables[Post].add(
            id=identifier, uri=uri, url=url, kind=kind, visibility=visibility, local=author.local, author_id=author.id,
            body_source=words.text if author.local else "", body_html=words.html, body_text=words.text,
            language=language, **self._manner(author, kind), **facts,
        )  # fmt: skip
        author.posts += 1
        if visibility in _WIDE:
            author.last_post_at = self._moment
        made = Made(identifier, author, kind, visibility, uri, url, language, row)
        if pick.random() < 0.3 or kind == "question":
            for position, tag in enumerate(pick.sample(self._world.tags, pick.randint(1, 3))):
                self.tables[PostTag].add(post_id=identifier, tag_id=tag, position=position)
        if not author.local and pick.random() < 0.08:
            self._pictures.attach(author, identifier, self._moment)
        if pick.random() < 0.015:
            self._reworded(made, words)
        return made

    def _manner(self, author: Person, kind: str) -> dict[str, Any]:
        """What stands on few posts: a warning, a link's card, custom emojis, the app; いつ時点 and 根拠 on answers."""
        pick = self._pick
        facts: dict[str, Any] = {}
        if pick.random() < 0.03:
            facts |= {"summary": "長い話です", "sensitive": True}
        if pick.random() < 0.04:
            facts["card_id"] = pick.choice(self._world.cards)
        if not author.local and pick.random() < 0.03:
            picture = f"https://media.{author.domain}/emojis/ocha.png"
            facts["emojis"] = [{"shortcode": "ocha", "url": picture, "static_url": picture}]
        if author.local and pick.random() < 0.4:
            facts |= {"application": "Machi for Phones", "application_url": "https://apps.example/machi"}
        if kind == "answer" and pick.random() < 0.3:
            facts |= {"as_of": "2025-04", "basis": "労働基準法 第39条"}
        return facts

    # -- what hangs on posts ------------------------------------------------------------------------------------------

    def _poll(self, made: Made) -> None:
        votes = [self._pick.randint(0, 40) for _ in range(self._pick.randint(2, 4))]
        until = self._moment + self._pick.randint(1, 7) * _DAY
        self.tables[Poll].add(
            post_id=made.id, expires_at=until, closed=until < self._world.now, votes_count=sum(votes),
            voters_count=sum(votes), fetched_at=None if made.author.local else self._moment,
        )  # fmt: skip
        for position, count in enumerate(votes):
            self.tables[PollOption].add(
                post_id=made.id, position=position, title=self._pen.topic(), votes_count=count
            )

    def _mention(self, made: Made, person: Person, *, told: bool = False) -> None:
        if person is made.author or person is self._world.relay:
            return
        self.tables[Mention].add(post_id=made.id, account_id=person.id)
        if not told:
            self._tell(person, "mention", made.author, made)

    def _reworded(self, made: Made, words: Words) -> None:
        made.row[self._places["edited_at"]] = self._moment + 60_000
        self.tables[Revision].add(
            id=self._ids(self._moment), post_id=made.id, title=made.row[self._places["title"]],
            body_source=words.text if made.author.local else "", body_html=f"<p>{self._pen.line()}</p>",
            created_at=self._moment,
        )  # fmt: skip

    def _consider(self, question: Made, answer: Made) -> None:
        """Some answers earn a ありがとう, and some of these decide their question."""
        asker = question.author
        if self._pick.random() > 0.4 or answer.visibility != "open" or asker is answer.author:
            return
        identifier = self._ids(self._moment)
        self.tables[Thanks].add(
            id=identifier, uri=asker.activity(self._world.uris, identifier), giver_id=asker.id,
            receiver_id=answer.author.id, post_id=answer.id, from_asker=True, created_at=self._moment + 1,
        )  # fmt: skip
        self._add_to(answer, "thanks_count")
        self._tell(answer.author, "thanks", asker, answer, thanks_id=identifier)
        if not question.answered and self._pick.random() < 0.5:
            question.answered = True
            question.row[self._places["accepted_answer_id"]] = answer.id
            question.row[self._places["solved_at"]] = self._moment + 1
            self._tell(answer.author, "chosen", asker, answer)

    def _react(self) -> None:
        """Likes of what was said lately, and now and then a bookmark of the member's."""
        for _ in range(self._pick.choice(_LIKES)):
            post, person = self._earlier(), self._pick.choice(self._world.people)
            if post is None or not self._first(person, post, "like"):
                continue
            identifier = self._ids(self._moment)
            self.tables[Like].add(
                id=identifier, uri=person.activity(self._world.uris, identifier), account_id=person.id, post_id=post.id,
                created_at=self._moment,
            )  # fmt: skip
            self._add_to(post, "likes_count")
            self._tell(post.author, "like", person, post)
        if self._pick.random() < 0.002:
            post = self._earlier()
            if post is not None and self._first(self._world.member, post, "bookmark"):
                self.tables[Bookmark].add(
                    id=self._ids(self._moment), account_id=self._world.member.id, post_id=post.id, created_at=self._moment
                )

    def _tell(self, to: Person, kind: str, actor: Person, post: Made, thanks_id: int | None = None) -> None:
        if to.local and to is not actor and to is not self._world.relay and actor.id not in to.turned_from:
            self.tables[Notification].add(
                id=self._ids(self._moment), account_id=to.id, kind=kind, actor_id=actor.id, post_id=post.id,
                thanks_id=thanks_id, created_at=self._moment,
            )  # fmt: skip

    # -- homes --------------------------------------------------------------------------------------------------------

    def _enter(self, made: Made) -> None:
        """Write a post on the homes it reaches; for a boost `parent` is what it passes on."""
        author = made.author
        if made.kind == "boost":
            assert made.parent is not None
            same = [made.parent.id, *made.boosts[-_OTHER_BOOSTS:]]
            by = made.parent.author.id
            homes = {
                each for each in author.homes
                if author.id not in each.without_boosts
                and by not in each.turned_from
                and not any(one in each.lately for one in same)
            }  # fmt: skip
            made.boosts.append(made.id)
        else:
            homes = set(author.homes)
            if made.kind == "comment" and made.parent is not None:
                to = made.parent.author
                homes = {each for each in homes if to is author or to is each or to.id in each.follows}
            if made.kind == "question" and made.board_id is not None:
                homes.update(self._world.board_readers[made.board_id])
        if author.local and author is not self._world.relay:
            homes.add(author)
        add = self.tables[HomeEntry].rows.append
        for reader in sorted(homes, key=_by_id):
            add([reader.id, made.id])
            reader.lately.append(made.id)

    # -- small things -------------------------------------------------------------------------------------------------

    def _earlier(self, among: Sequence[Made] | None = None) -> Made | None:
        """Something that was said lately."""
        known = self._latest if among is None else among
        return self._pick.choice(known) if known else None

    def _first(self, person: Person, post: Made, deed: str) -> bool:
        """Whether somebody does something to a post for the first time."""
        key = (person.id, post.id, deed)
        if key in self._done:
            return False
        self._done.add(key)
        return True

    def _add_to(self, post: Made, counter: str) -> None:
        post.row[self._places[counter]] += 1


def _by_id(person: Person) -> int:
    return person.id
