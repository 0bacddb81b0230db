"""名札を伏せて聞く, attacked with everything the database holds (product D1). The key files are not at hand."""

import json
import random
import re
import secrets
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import LargeBinary, Table, select
from sqlalchemy.orm import Session

from community import (
    anonymity,
    answers,
    follows,
    founding,
    ids,
    likes,
    markers,
    notice_groups,
    notice_lists,
    notifications,
    posts,
    questions,
    thanks,
)
from community.db import Database, open_database
from community.events import Bus
from community.models import Account, AnonymousDraft, AnonymousThread, Model, Post
from community.notice_lists import Wanted
from community.text import from_markdown
from federation.outbox import publish
from tests import factories
from tests.towns import FixedClock, make_town

PHRASE = "あさひ いちご うさぎ えんぴつ"
WORD = re.compile(r"\w+")
Rows = dict[str, list[dict[str, Any]]]


class Bell:
    """What the outbox rings after a commit; nobody delivers here."""

    def wake_delivery(self) -> None:
        pass


def dump(session: Session) -> Rows:
    """Every row of every table, in the order in which the engine gives them."""
    return {
        table.name: [dict(row._mapping) for row in session.execute(select(table))]
        for table in Model.metadata.sorted_tables
    }


def ask(session: Session, member_id: int, draft_key: str, number: int) -> None:
    anonymity.draft(
        session,
        member_id=member_id,
        board=factories.board(session),
        title=f"名札を伏せた質問 その{number}",
        body=from_markdown("どう伝えるのがよいでしょうか。"),
        visibility=("open", "sister", "town")[number % 3],
        tags=["引き継ぎ", f"タグ{number}"],
        phrase=PHRASE,
        draft_key=draft_key,
    )


def follow_up(session: Session, question: Post, answer: Post) -> None:
    """What the asker does later, by あいことば: comments, thanks, chooses. All of it is spoken by the relay."""
    assert anonymity.asker_of(session, question, PHRASE)
    relay = founding.relay(session)
    body = from_markdown("くわしくありがとうございます。")
    answers.reply(session, author=relay, parent=answer, body=body, from_asker=True)
    thanks.give(
        session, giver=relay, answer=answer, message=body, from_asker=True, private=bool(question.id % 2)
    )
    questions.solve(session, question=question, answer=answer, by=relay)


def settle(session: Session, clock: FixedClock) -> list[int]:
    """Release everything that waits; the anonymous questions, in the order of their release."""
    while (moment := anonymity.next_release_at(session)) is not None:
        clock.now = max(clock.now, moment)
        anonymity.release_due(session)
    hidden = select(Post.id).where(Post.anonymous.is_(True), Post.kind == "question").order_by(Post.id)
    return list(session.scalars(hidden))


# --- the same life, asked by one or by another -------------------------------------------------------------


@pytest.fixture
def one_chance(monkeypatch):
    """Makes every random choice of the town the same again, so that two lives can be laid side by side."""

    def begin() -> None:
        dice = random.Random(4)
        monkeypatch.setattr(ids, "_last", OrderedDict())
        monkeypatch.setattr(secrets, "randbits", dice.getrandbits)
        monkeypatch.setattr(secrets, "randbelow", dice.randrange)
        monkeypatch.setattr(secrets, "choice", dice.choice)
        monkeypatch.setattr(secrets, "token_bytes", lambda size=32: dice.randbytes(size))
        monkeypatch.setattr(secrets, "token_hex", lambda size=32: dice.randbytes(size).hex())
        monkeypatch.setattr(secrets, "token_urlsafe", lambda size=32: dice.randbytes(size).hex())

    return begin


def life(session: Session, clock: FixedClock, asker: int) -> Rows:
    """Six members do what they always do; the one with the number `asker` also asks with the name tag hidden."""
    members = [factories.member(session, f"member{n}") for n in range(6)]
    reader = factories.remote(session, "taro")
    factories.sister(session)
    relay = founding.relay(session)
    for follower in (*members, reader):
        follows.request(session, follower=follower, followee=factories.board(session))
        follows.request(session, follower=follower, followee=relay)
    for n, member in enumerate(members):
        clock.advance(minutes=1)
        factories.answer(session, members[n - 1], factories.question(session, member))
    for number in range(3):
        ask(session, members[asker].id, f"{number:032x}", number)
        clock.advance(minutes=1)
    for n, question_id in enumerate(settle(session, clock)):
        question = session.get_one(Post, question_id)
        first, *_ = [factories.answer(session, member, question) for member in members]
        likes.like(session, account=members[n], post=question)
        follow_up(session, question, first)
        factories.thank(session, members[n + 1], first, words="わたしも助かりました")
    posts.delete(session, post=question, by=relay)
    read_in_apps(session, members)
    assert anonymity.own_notices(session, factories.viewer(session, members[asker]), 0, 9)
    return dump(session)


def read_in_apps(session: Session, members: list[Account]) -> None:
    """Everybody's app says that it has read up to the last notice, and puts away whatever was worked out for it."""
    last = session.scalars(select(Post.id).order_by(Post.id.desc()).limit(1)).one()  # a worked-out notice bears such an id
    for member in members:
        viewer = factories.viewer(session, member)
        shown = notice_lists.listing(session, viewer, Wanted(limit=80))
        markers.put(session, account_id=member.id, read={"notifications": last})
        for notice in shown:
            if notice.anonymous:
                notifications.dismiss(session, viewer, notice.id)
                notice_groups.dismiss(session, viewer, notice_groups.key(notice))


def test_the_database_is_the_same_whoever_asked(sqlite_files, tmp_path, one_chance):
    """Two towns that differ in nothing but who asked hold the same rows, tags aside; and those need the key."""
    lives: list[Rows] = []
    for asker in (1, 4):
        with sqlite_files.fresh(tmp_path / f"{asker}.db") as url:
            one_chance()
            clock, bus = FixedClock(), Bus()
            publish.subscribe(bus, Bell())
            database = open_database(make_town(url, clock=clock), bus)
            database.write_now(lambda session, clock=clock, asker=asker: life(session, clock, asker) and None)
            lives.append(database.read_now(dump))
            database.close_now()
    one, other = lives
    differing = {
        (table, column)
        for table in one
        for left, right in zip(one[table], other[table], strict=True)
        for column in left
        if left[column] != right[column]
    }
    # Salted hashes of what each member has for themselves differ from run to run; the asker has no part in it.
    salted = {("members", "recovery_hash"), ("members", "passphrase_hash")}
    assert differing - salted == {("anonymous_threads", "tag")}
    assert len(one["anonymous_threads"]) == 3
    assert len(one["markers"]) == len([row for row in one["accounts"] if row["name"].startswith("member")])
    assert one["deliveries"]


# --- a script that joins whatever can be joined ------------------------------------------------------------

MEMBERS = 16
QUESTIONS = 32


def crowd(session: Session, clock: FixedClock, dice: random.Random) -> dict[str, int]:
    """Many members live in the town and ask with hidden name tags; who asked what, by draft key."""
    members = [factories.member(session, f"member{n}") for n in range(MEMBERS)]
    relay = founding.relay(session)
    for member in members:
        if dice.random() < 0.5:
            follows.request(session, follower=member, followee=dice.choice((factories.board(session), relay)))
    truth: dict[str, int] = {}
    for number in range(QUESTIONS):
        clock.advance(minutes=7)
        asker = members[number % MEMBERS]
        factories.answer(session, dice.choice(members), factories.question(session, dice.choice(members)))
        key = dice.randbytes(16).hex()
        ask(session, asker.id, key, number)
        truth[key] = asker.id
    return truth


def replies(session: Session, clock: FixedClock, dice: random.Random) -> None:
    members = session.scalars(select(Account).where(Account.name.like("member%"))).all()
    for question_id in settle(session, clock):
        clock.advance(minutes=1)
        question = session.get_one(Post, question_id)
        answer = factories.answer(session, dice.choice(members), question)
        follow_up(session, question, answer)


def atoms(row: dict[str, Any], table: Table) -> set[str]:
    """Everything in a row that could be joined on: its values, and the ids and names inside texts and documents."""
    found: set[str] = set()
    for column, value in row.items():
        if value is None or isinstance(value, bool | float):
            continue
        if isinstance(table.c[column].type, LargeBinary):
            value = bytes(value).decode("utf-8", "replace")  # noqa: PLW2901
        text = value if isinstance(value, str) else json.dumps(value)
        found.add(text)
        found.update(WORD.findall(text))
    return found


def right_guesses(
    rows: Rows, truth: dict[str, int], names: dict[int, set[str]], best: Callable[..., int]
) -> float:
    """How many askers are found by naming the member who stands most (or least) often in one row with something
    that belongs to the thread; ties count in part."""
    tables = Model.metadata.tables
    joined = [atoms(row, tables[name]) for name, table_rows in rows.items() for row in table_rows]
    called = [
        (found, [member for member, own in names.items() if not own.isdisjoint(found)]) for found in joined
    ]
    right = 0.0
    for thread in rows["anonymous_threads"]:
        own = {str(thread["post_id"]), thread["draft_key"], thread["tag"], thread["phrase_hash"]}
        own |= {str(row["id"]) for row in rows["posts"] if row["anonymous"] and str(row["root_id"]) in own}
        seen = Counter(member for found, members in called if not own.isdisjoint(found) for member in members)
        wanted = best(seen[member] for member in names)
        tied = [member for member in names if seen[member] == wanted]
        right += (truth[thread["draft_key"]] in tied) / len(tied)
    return right


def test_joining_every_table_does_no_better_than_chance(database: Database, bus: Bus, clock: FixedClock):
    publish.subscribe(bus, Bell())
    dice = random.Random(11)
    truth = database.write_now(lambda session: crowd(session, clock, dice))
    waiting = database.read_now(dump)
    database.write_now(lambda session: replies(session, clock, dice))
    rows = database.read_now(dump)
    names = {
        row["id"]: {str(row["id"]), row["name"], row["uri"]}
        for row in rows["accounts"]
        if row["name"].startswith("member")
    }
    assert len(names) == MEMBERS
    assert len(rows["anonymous_threads"]) == QUESTIONS
    chance = QUESTIONS / MEMBERS  # 2 of 32
    assert right_guesses(rows, truth, names, max) <= 3 * chance
    assert right_guesses(rows, truth, names, min) <= 3 * chance
    for row in waiting["anonymous_drafts"]:
        found = atoms(row, Model.metadata.tables["anonymous_drafts"])
        assert all(called.isdisjoint(found) for called in names.values())


def test_two_questions_of_one_member_share_no_value(database: Database, clock: FixedClock):
    def unit(session: Session) -> list[dict[str, Any]]:
        member = factories.member(session)
        for number in range(2):
            ask(session, member.id, secrets.token_hex(16), number)
        drafts = [dict(row._mapping) for row in session.execute(select(AnonymousDraft.__table__))]
        settle(session, clock)
        threads = [dict(row._mapping) for row in session.execute(select(AnonymousThread.__table__))]
        return [*drafts, *threads]

    one_draft, other_draft, one, other = database.write_now(unit)
    everybodys = {
        "epoch",
        "released_at",
        "board_id",
        "body_source",
        "body_html",
        "body_text",
        "sample",
        "tags",
    }
    for left, right in ((one_draft, other_draft), (one, other)):
        assert {name for name in left if left[name] == right[name]} <= everybodys


def test_the_order_of_rows_is_not_the_order_of_asking(sqlite_files, tmp_path):
    """WITHOUT ROWID and random keys: SQLite keeps no trace of which draft came first."""
    dice = random.Random(5)
    with sqlite_files.fresh(tmp_path / "machi.db") as url:
        clock = FixedClock()
        database = open_database(make_town(url, clock=clock), Bus())
        asked = list(database.write_now(lambda session: crowd(session, clock, dice)))
        kept = [row["draft_key"] for row in database.read_now(dump)["anonymous_drafts"]]
        database.write_now(lambda session: settle(session, clock) and None)
        released = [row["draft_key"] for row in database.read_now(dump)["anonymous_threads"]]
        database.close_now()
    assert sorted(asked) == kept == released


def test_no_column_is_meant_for_the_member():
    """The two tables refer to a board, to a post, and to nothing else."""
    for model in (AnonymousDraft, AnonymousThread):
        targets = {key.target_fullname for key in model.__table__.foreign_keys}
        assert targets <= {"accounts.id", "posts.id"}
        referring = {column.name for column in model.__table__.c if column.foreign_keys}
        assert referring <= {"board_id", "post_id"}
