"""A page costs the same number of queries, whatever stands on it and however long it is."""

from collections import Counter

import orjson
import pytest
from sqlalchemy import event

from community import boards, filter_matching, follows, ids, notes, questions, shield, text
from community.models import (
    Card,
    CustomEmoji,
    Filter,
    FilterKeyword,
    HomeEntry,
    Like,
    Media,
    Member,
    Poll,
    PollOption,
    PollVote,
    Post,
)
from community.visibility import Viewer
from tests import factories
from webui.mastodon import walks
from webui.mastodon.entities import statuses
from webui.mastodon.paging import Window

KINDS = ("boost", "poll", "picture", "quote", "question")
"""Any five neighbours hold one of each."""


def fill(session, clock, count):
    """`count` posts of every kind by several authors on the home of somebody who filters, likes and votes."""
    me = factories.member(session, "hanako")
    people = [factories.member(session, f"person{number}") for number in range(5)]
    people += [factories.remote(session, f"far{number}", "far.example") for number in range(3)]
    for each in people:
        follows.request(session, follower=me, followee=each)
    rule = Filter(id=1, account_id=me.id, title="x", contexts=["home"], action="warn")
    session.add_all([rule, FilterKeyword(id=1, filter_id=1, keyword="合言葉", whole_word=False)])
    session.get_one(Member, me.id).filters_version = 1
    session.add(CustomEmoji(id=1, shortcode="leaf", url="https://t.example/l.png", static_url="https://t.example/l.png", created_at=1))
    board = boards.by_slug(session, "roumu").account
    base = factories.question(session, people[0])
    people.append(factories.member(session, "stranger"))  # whose posts come home by boosts alone
    made = []
    for number in range(count):
        clock.advance(seconds=1)
        author = people[number % 5]
        post = _one(
            session, KINDS[number % len(KINDS)], author, people=people, board=board, base=base, number=number, clock=clock
        )
        session.merge(HomeEntry(account_id=me.id, post_id=post.id))
        if number % 3 == 0 and post.boost_of_id is None:
            session.add(Like(id=ids.new(clock()), uri=f"l:{post.id}", account_id=me.id, post_id=post.id, created_at=clock()))
        made.append(post.id)
    session.flush()
    return me.id, made


def _one(session, kind, author, *, people, board, base, number, clock):
    body = text.from_markdown(f"きょうの合言葉は {number} です。")
    if kind == "question":
        return questions.ask(session, author=author, board=board, title=f"質問その{number}です", body=body, tags=["入社手続き"])
    said_by = people[-1] if kind == "boost" else author
    post = notes.write(session, author=said_by, body=body, visibility="open", tags=["備蓄"], mentions=[people[(number + 1) % 8]])
    now = clock()
    match kind:
        case "boost":
            row = Post(
                id=ids.new(now), uri=f"b:{number}", url="", kind="boost", visibility="open", local=True,
                author_id=people[(number + 2) % 5].id, boost_of_id=post.id, body_source="", body_html="", body_text="",
                created_at=now,
            )  # fmt: skip
            session.add(row)
            session.flush()
            return row
        case "poll":
            session.add(Poll(post_id=post.id, expires_at=now + 9_999_999, votes_count=1, voters_count=1))
            session.flush()
            session.add_all(PollOption(post_id=post.id, position=at, title=f"{at}") for at in range(3))
            session.add(PollVote(id=ids.new(now), post_id=post.id, account_id=author.id, position=1, created_at=now))
        case "picture":
            post.emojis = [{"shortcode": "leaf", "url": "https://t.example/l.png", "static_url": "https://t.example/l.png"}]
            card = Card(id=ids.new(now), url=f"https://p.example/{number}", title="頁", fetched_at=now)
            session.add(card)
            session.flush()
            post.card_id = card.id
            session.add(
                Media(
                    id=ids.new(now), account_id=author.id, post_id=post.id, state="ready", kind="image", mime="image/png",
                    remote_url="https://far.example/x.png", created_at=now,
                )
            )  # fmt: skip
        case "quote":
            post.quote_of_id, post.quote_state = base.id, "accepted"
    session.flush()
    return post


class Counting:
    """Every statement that reaches the database, also past SQLAlchemy."""

    def __init__(self, session):
        self.count = 0
        driver = session.connection().connection.dbapi_connection
        if session.connection().dialect.name == "sqlite":
            driver.set_trace_callback(self._note)
        else:
            event.listen(session.get_bind(), "before_cursor_execute", self._note)

    def _note(self, *_):
        self.count += 1


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_five_and_forty_statuses_cost_the_same(session, clock, town, warm):
    me, made = fill(session, clock, 60)
    viewer = Viewer(me, filters_version=1, shielded=False)  # as the request of an app knows it
    counting = Counting(session)
    costs = {}
    for limit in (5, 40):
        window = Window(limit=limit, max_id=made[-1] + 1)
        town.memory.clear()
        filter_matching.forget()
        session.expire_all()
        for _ in range(1 + warm):
            counting.count = 0
            found = walks.home(session, viewer, window)
            shown = statuses.of_stamps(session, viewer, found, context="home")
            costs[limit] = counting.count
        assert len(shown) == limit
    assert costs[5] == costs[40]
    assert costs[40] <= (7 if warm else 23)  # one of them because something is quoted


def test_the_page_that_is_counted_holds_everything(session, clock):
    me, _ = fill(session, clock, 60)
    viewer = Viewer(me, filters_version=1)
    found = walks.home(session, viewer, Window(limit=40))
    page = orjson.loads(orjson.dumps(list(statuses.of_stamps(session, viewer, found, context="home").values())))
    shows = Counter()
    for status in page:
        inner = status["reblog"] or status
        shows["boost"] += status["reblog"] is not None
        shows["author " + inner["account"]["acct"]] += 1
        for field in ("poll", "quote", "card"):
            shows[field] += inner[field] is not None
        for field in ("media_attachments", "mentions", "emojis", "tags", "filtered"):
            shows[field] += bool(inner[field])
        shows["favourited"] += inner["favourited"]
    for each in ("boost", "poll", "quote", "card", "media_attachments", "mentions", "emojis", "tags", "filtered", "favourited"):
        assert shows[each] >= 1, each
    assert sum(key.startswith("author") for key in shows) >= 4


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
def test_a_page_of_veiled_people_costs_the_same(session, clock, town, warm):
    me, made = fill(session, clock, 60)
    for name in ("hanako", "person0", "person2", "stranger"):
        shield.add(session, account_id=factories.local(session, name).id, typed="kaisha.co.jp")
    session.add_all(HomeEntry(account_id=me, post_id=each) for each in made if session.get(HomeEntry, (me, each)) is None)
    session.flush()
    viewer = Viewer(me, filters_version=1, shielded=True)
    counting = Counting(session)
    costs = {}
    for limit in (5, 40):
        window = Window(limit=limit, max_id=made[-1] + 1)
        town.memory.clear()
        filter_matching.forget()
        session.expire_all()
        for _ in range(1 + warm):
            counting.count = 0
            shown = statuses.of_stamps(session, viewer, walks.home(session, viewer, window), context="home")
            costs[limit] = counting.count
        assert len(shown) == limit
        assert b"dareka" in orjson.dumps(list(shown.values()))
    assert costs[5] == costs[40]
    assert costs[40] <= (9 if warm else 37)
