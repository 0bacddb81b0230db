"""What is told on which stream, to whom, and what is never told. On each engine."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from community import (
    announcements,
    blocks,
    boosts,
    domain_blocks,
    filters,
    follows,
    likes,
    lists,
    mutes,
    notes,
    posts,
    questions,
    shield,
    tag_follows,
    text,
    visibility,
)
from community.models import Account, Mention, Post
from tests import factories
from tests.webui.streaming.conftest import Ear, Process, account

ON_EVERY_ENGINE = True
WORDS = "きょうは早く帰ります。"


async def people(here: Process, *names: str) -> list[int]:
    return [await here.member(name) for name in names]


async def follow(here: Process, follower: int, followee: int) -> None:
    await here.do(
        lambda session: follows.request(
            session, follower=account(session, follower), followee=account(session, followee)
        ).id
    )


def note(
    session: Session, author: Account, *, width: str = "open", body: str = WORDS, mentions: Any = (), **more: Any
) -> Post:
    """A note of its author, said to everybody of `mentions`."""
    return notes.write(
        session, author=author, body=text.from_markdown(body), visibility=width, mentions=mentions, **more
    )


async def write(here: Process, author: int, **options: Any) -> int:
    return await here.do(lambda session: note(session, account(session, author), **options).id)


async def only(ear: Ear, here: Process, marker: int) -> None:
    """Nothing was told before a post of the member `marker`, whom the app's member follows or is."""
    wanted = await write(here, marker, body="これだけ")
    _, event, status = await ear.event()
    assert (event, status.get("id")) == ("update", str(wanted)), status


async def test_home_has_what_the_followed_say_and_nothing_else(here: Process) -> None:
    hanako, taro, jiro = await people(here, "hanako", "taro", "jiro")
    await follow(here, hanako, taro)
    ear = await here.ear(hanako, "user")
    await write(here, jiro)
    said = await write(here, taro, width="followers")
    stream, event, status = await ear.event()
    assert (stream, event) == (["user"], "update")
    assert status["id"] == str(said)
    assert status["visibility"] == "private"
    assert {"favourited", "reblogged", "muted", "bookmarked", "filtered"} <= status.keys()
    own = await write(here, hanako)
    assert (await ear.event())[2]["id"] == str(own)


async def test_a_question_of_a_board_comes_to_its_followers(here: Process) -> None:
    hanako, taro = await people(here, "hanako", "taro")
    board = await here.do(lambda session: factories.board(session).id)
    await follow(here, hanako, board)
    ear = await here.ear(hanako, "user")
    asked = await here.do(lambda session: factories.question(session, account(session, taro)).id)
    _, event, status = await ear.event()
    assert (event, status["id"], status["machi"]["kind"]) == ("update", str(asked), "question")


async def test_an_anonymous_question_is_told_as_the_relays(here: Process) -> None:
    hanako, taro = await people(here, "hanako", "taro")
    board = await here.do(lambda session: factories.board(session, "kyuyo").id)
    await follow(here, taro, board)
    await follow(here, taro, hanako)
    ears = [await here.ear(taro, "user"), await here.ear(None, "public"), await here.ear(hanako, "user")]
    asked = await here.do(
        lambda session: factories.anonymous_question(session, account(session, hanako)).id
    )
    for ear in ears[:2]:
        status = (await ear.event())[2]
        assert status["id"] == str(asked)
        assert status["account"]["acct"] == "dareka"
        assert "hanako" not in str(status)
    # The asker hears of it only where anybody would, and of its answers not at all: no row joins them to it.
    await here.do(
        lambda session: factories.answer(session, account(session, taro), session.get_one(Post, asked)).id
    )
    await only(ears[2], here, hanako)


async def test_an_edit_is_told_where_the_post_was(here: Process) -> None:
    hanako, taro = await people(here, "hanako", "taro")
    await follow(here, hanako, taro)
    asked = await here.do(
        lambda session: factories.question(session, account(session, taro), tags=["有給"]).id
    )
    ears = [await here.ear(hanako, "user"), await here.ear(None, "public"), await here.ear(None, "hashtag", tag="有給")]
    answer = await here.do(
        lambda session: factories.answer(session, account(session, hanako), session.get_one(Post, asked)).id
    )
    assert (await ears[0].event())[2]["id"] == str(answer)
    await here.do(
        lambda session: questions.solve(
            session, question=session.get_one(Post, asked), answer=session.get_one(Post, answer), by=account(session, taro)
        )
    )
    for ear in ears:
        _, event, status = await _next(ear, "status.update")
        assert (event, status["id"]) == ("status.update", str(asked))
        assert "✅" in status["content"]


async def test_what_is_taken_back_is_told_by_its_bare_id(here: Process) -> None:
    hanako, taro, shiro = await people(here, "hanako", "taro", "shiro")
    await follow(here, hanako, taro)
    await here.do(lambda session: tag_follows.follow(session, account=account(session, shiro), name="有給").id)
    ears = [
        await here.ear(hanako, "user"), await here.ear(shiro, "user"), await here.ear(None, "public"),
        await here.ear(None, "public:local"), await here.ear(None, "hashtag", tag="有給"),
    ]  # fmt: skip
    said = await write(here, taro, tags=["有給"])
    for ear in ears:
        assert (await ear.event())[1] == "update"
    await here.do(
        lambda session: posts.delete(session, post=session.get_one(Post, said), by=account(session, taro))
    )
    for ear in ears:
        message = await ear.hear()
        assert (message["event"], message["payload"]) == ("delete", str(said))


async def test_the_end_of_what_few_could_see_is_told_to_few(here: Process) -> None:
    hanako, taro, shiro = await people(here, "hanako", "taro", "shiro")
    await follow(here, hanako, taro)
    follower, stranger = await here.ear(hanako, "user"), await here.ear(None, "public:local")
    said = [
        await write(here, taro, width="followers"),
        await here.do(
            lambda session: note(session, account(session, taro), width="direct", mentions=[account(session, shiro)]).id
        ),
        await here.do(lambda session: factories.question(session, account(session, taro), visibility="town").id),
    ]
    assert (await follower.event())[2]["id"] == str(said[0])
    assert (await follower.event())[2]["id"] == str(said[2])
    for post_id in said:
        await here.do(
            lambda session, post_id=post_id: posts.delete(
                session, post=session.get_one(Post, post_id), by=account(session, taro)
            )
        )
    assert [(await follower.hear())["payload"] for _ in range(2)] == [str(said[0]), str(said[2])]
    await only(follower, here, taro)
    # Of the last three notes two are markers, open to all: a stranger heard of nothing else.
    marker = await write(here, hanako)
    assert (await stranger.event())[2]["content"] == "<p>これだけ</p>"
    assert (await stranger.event())[2]["id"] == str(marker)


async def test_a_boost_comes_home_and_goes(here: Process) -> None:
    hanako, taro, jiro = await people(here, "hanako", "taro", "jiro")
    await follow(here, hanako, taro)
    said = await write(here, jiro)
    ear, stranger = await here.ear(hanako, "user"), await here.ear(None, "public")
    boost = await here.do(
        lambda session: boosts.boost(session, account=account(session, taro), post=session.get_one(Post, said)).id
    )
    _, event, status = await ear.event()
    assert (event, status["id"], status["reblog"]["id"]) == ("update", str(boost), str(said))
    await here.do(
        lambda session: boosts.unboost(session, account=account(session, taro), post=session.get_one(Post, said)).id
    )
    gone = await ear.hear()
    assert (gone["event"], gone["payload"]) == ("delete", str(boost))
    marker = await write(here, hanako)
    assert (await stranger.event())[2]["id"] == str(marker)  # no public stream has boosts


@pytest.mark.parametrize(
    ("stream", "heard"),
    [
        ("public", {"local", "remote"}),
        ("public:local", {"local"}),
        ("public:remote", {"remote"}),
        ("hashtag", {"local", "remote"}),
        ("hashtag:local", {"local"}),
    ],
)
async def test_public_streams_are_told_apart(here: Process, stream: str, heard: set[str]) -> None:
    hanako = await here.member("hanako")
    params = {"tag": "有給"} if stream.startswith("hashtag") else {}
    ear = await here.ear(None, stream, **params)

    def unit(session: Session) -> dict[str, str]:
        local = note(session, account(session, hanako), tags=["有給"])
        far = factories.remote(session)
        origin = factories.origin(published=session.get_one(Post, local.id).created_at)
        remote = note(session, far, tags=["有給"], origin=origin)
        note(session, account(session, hanako), tags=["有給"], width="unlisted")
        note(session, account(session, hanako), tags=["有給"], width="followers")
        last = note(session, account(session, hanako), tags=["有給"])
        last_far = note(
            session, far, tags=["有給"], origin=factories.origin("https://yamate.example/posts/2", published=last.created_at)
        )
        return {str(local.id): "local", str(remote.id): "remote", str(last.id): "end", str(last_far.id): "end"}

    named = await here.do(unit)
    got = []
    while not got or got[-1] != "end":
        got.append(named[(await ear.event())[2]["id"]])
    assert set(got) - {"end"} == heard


async def test_a_reply_is_on_no_public_stream_but_on_its_hashtags(here: Process) -> None:
    hanako = await here.member("hanako")
    said = await write(here, hanako)
    public, tagged = await here.ear(None, "public"), await here.ear(None, "hashtag", tag="有給")
    uri = await here.do(lambda session: session.get_one(Post, said).uri)
    reply = await write(here, hanako, tags=["有給"], in_reply_to_uri=uri)
    assert (await tagged.event())[2]["id"] == str(reply)
    marker = await write(here, hanako)
    assert (await public.event())[2]["id"] == str(marker)


async def test_the_hashtag_of_a_board_brings_its_questions(here: Process) -> None:
    hanako = await here.member("hanako")
    ear = await here.ear(None, "hashtag", tag="労務_社会保険")
    asked = await here.do(lambda session: factories.question(session, account(session, hanako)).id)
    stream, _, status = await ear.event()
    assert (stream, status["id"]) == (["hashtag", "労務_社会保険"], str(asked))


async def test_members_hear_on_the_local_stream_what_the_town_keeps_to_itself(here: Process) -> None:
    hanako, taro = await people(here, "hanako", "taro")
    ear = await here.ear(taro, "public:local")
    asked = await here.do(
        lambda session: factories.question(session, account(session, hanako), visibility="town").id
    )
    assert (await ear.event())[2]["id"] == str(asked)


async def test_a_list_is_its_owners_and_has_its_people(here: Process) -> None:
    hanako, taro, jiro = await people(here, "hanako", "taro", "jiro")
    await follow(here, hanako, taro)
    await follow(here, hanako, jiro)

    def unit(session: Session) -> int:
        row = lists.create(session, account=account(session, hanako), title="先輩")
        lists.add(session, row=row, accounts=[account(session, taro)])
        return row.id

    list_id = await here.do(unit)
    ear = await here.ear(hanako, "list", list=str(list_id))
    other = await here.connect(token=await here.token(taro))
    await other.say(type="subscribe", stream="list", list=str(list_id))
    assert (await other.hear())["status"] == 404
    await write(here, jiro)
    said = await write(here, taro)
    stream, event, status = await ear.event()
    assert (stream, event, status["id"]) == (["list", str(list_id)], "update", str(said))
    await here.do(
        lambda session: posts.delete(session, post=session.get_one(Post, said), by=account(session, taro))
    )
    gone = await ear.hear()
    assert (gone["stream"], gone["event"], gone["payload"]) == (["list", str(list_id)], "delete", str(said))


async def test_a_notice_comes_to_its_member_once_for_each_stream(here: Process) -> None:
    hanako, taro = await people(here, "hanako", "taro")
    said = await write(here, hanako)
    ear = await here.connect("?stream=user", token=await here.token(hanako))
    await ear.say(type="subscribe", stream="user:notification")
    narrow = await here.ear(hanako, "user", scopes="read:statuses")
    other = await here.ear(taro, "user:notification")
    await here.do(
        lambda session: likes.like(session, account=account(session, taro), post=session.get_one(Post, said)).id
    )
    heard = [await ear.event(), await ear.event()]
    assert sorted(stream for stream, _, _ in heard) == [["user"], ["user:notification"]]
    for _, event, notice in heard:
        assert (event, notice["type"], notice["status"]["id"]) == ("notification", "favourite", str(said))
        assert notice["account"]["username"] == "taro"
    await only(narrow, here, hanako)
    await here.do(
        lambda session: factories.answer(
            session, account(session, hanako), factories.question(session, account(session, taro))
        ).id
    )
    assert (await other.event())[2]["type"] == "mention"  # the first that taro hears is his own


async def test_changed_filters_are_told_to_their_member(here: Process) -> None:
    hanako, taro = await people(here, "hanako", "taro")
    ears = await here.ear(hanako, "user"), await here.ear(taro, "user")
    await here.do(
        lambda session: filters.create(
            session, account_id=hanako, title="残業", contexts=["home", "public"],
            words=[filters.Word(text="残業", whole=False)],
        ).id
    )  # fmt: skip
    assert (await ears[0].hear()) == {"stream": ["user"], "event": "filters_changed", "payload": "{}"}
    await only(ears[1], here, taro)
    said = await write(here, hanako, body="自分の残業")
    assert (await ears[0].event())[2]["filtered"] == []
    await follow(here, hanako, taro)
    said = await write(here, taro, body="きょうも残業")
    status = (await _next(ears[0], "update"))[2]
    assert status["id"] == str(said)
    assert [each["filter"]["title"] for each in status["filtered"]] == ["残業"]
    assert [each["keyword_matches"] for each in status["filtered"]] == [["残業"]]


async def test_a_direct_post_is_told_as_a_conversation(here: Process) -> None:
    hanako, taro, jiro = await people(here, "hanako", "taro", "jiro")
    ears = await here.ear(hanako, "direct"), await here.ear(jiro, "direct")
    said = await here.do(
        lambda session: note(session, account(session, taro), width="direct", mentions=[account(session, hanako)]).id
    )
    stream, event, conversation = await ears[0].event()
    assert (stream, event) == (["direct"], "conversation")
    assert conversation["last_status"]["id"] == str(said)
    assert [each["username"] for each in conversation["accounts"]] == ["taro"]
    await here.do(
        lambda session: note(session, account(session, taro), width="direct", mentions=[account(session, jiro)]).id
    )
    assert (await ears[1].event())[2]["last_status"]["id"] != str(said)


async def test_announcements_come_to_every_member(here: Process) -> None:
    hanako, taro = await people(here, "hanako", "taro")
    ears = await here.ear(hanako, "user"), await here.ear(taro, "user")

    async def heard(event: str) -> list[Any]:
        said = [await ear.hear() for ear in ears]
        assert [(each["stream"], each["event"]) for each in said] == [(["user"], event)] * 2
        return [each["payload"] for each in said]

    notice = await here.do(lambda session: announcements.publish(session, words="あすは避難訓練です。").id)
    for payload in await heard("announcement"):
        told = json.loads(payload)
        assert (told["id"], told["reactions"]) == (str(notice), [])
        assert "read" not in told
    for count, deed in ((1, announcements.react), (0, announcements.unreact)):
        await here.do(lambda session, deed=deed: deed(session, account_id=hanako, announcement_id=notice, name="🎉"))
        for payload in await heard("announcement.reaction"):
            assert json.loads(payload) == {"name": "🎉", "count": count, "announcement_id": str(notice)}
    await here.do(lambda session: announcements.withdraw(session, notice))
    assert await heard("announcement.delete") == [str(notice)] * 2


@pytest.mark.parametrize("crowd", [False, True])
async def test_the_colleague_shield_holds(here: Process, monkeypatch: pytest.MonkeyPatch, crowd: bool) -> None:
    """A colleague is told of だれかさん, and so is everybody who is not logged in; others read the name."""
    if crowd:
        monkeypatch.setattr("webui.streaming.telling._FEW", 0)
    hanako, taro, jiro = await people(here, "hanako", "taro", "jiro")
    for each in (hanako, taro):
        await here.do(
            lambda session, each=each: shield.add(session, account_id=each, typed="minato.co.jp")
        )
    ears = {each: await here.ear(each, "public") for each in (taro, jiro, None)}
    said = await here.do(lambda session: factories.question(session, account(session, hanako)).id)
    shown = {each: (await ear.event())[2] for each, ear in ears.items()}
    assert {status["id"] for status in shown.values()} == {str(said)}
    assert shown[jiro]["account"]["acct"] == "hanako"
    for colleague in (taro, None):
        assert shown[colleague]["account"]["acct"] == "dareka"
        assert "hanako" not in json.dumps(shown[colleague], ensure_ascii=False)


def _muted(session: Session, me: Account, other: Account) -> None:
    mutes.mute(session, account=me, target=other)


def _blocked(session: Session, me: Account, other: Account) -> None:
    blocks.block(session, account=me, target=other)


def _blocked_by(session: Session, me: Account, other: Account) -> None:
    blocks.block(session, account=other, target=me)


def _shut_out(session: Session, me: Account, other: Account) -> None:
    domain_blocks.block(session, account=me, domain=other.domain)


@pytest.mark.parametrize("turn_away", [_muted, _blocked, _blocked_by, _shut_out])
@pytest.mark.parametrize("crowd", [False, True])
async def test_who_turned_away_hears_nothing_on_streams_that_everybody_has(
    here: Process, monkeypatch: pytest.MonkeyPatch, turn_away: Callable[..., None], crowd: bool
) -> None:
    if crowd:
        monkeypatch.setattr("webui.streaming.telling._FEW", 0)
    hanako, taro = await people(here, "hanako", "taro")
    far = await here.do(lambda session: factories.remote(session).id)
    ear, other, stranger = (
        await here.ear(hanako, "public"), await here.ear(taro, "public"), await here.ear(None, "public"),
    )  # fmt: skip
    await here.do(lambda session: turn_away(session, account(session, hanako), account(session, far)))

    def unit(session: Session) -> int:
        now = session.scalar(select(Account.created_at).where(Account.id == far))
        return note(session, account(session, far), origin=factories.origin(published=now)).id

    said = await here.do(unit)
    for listener in (other, stranger):
        assert (await listener.event())[2]["id"] == str(said)
    await only(ear, here, taro)


async def test_in_a_crowd_everybody_is_shown_what_their_own_request_shows(
    here: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One rendering for all to whom a post looks alike must not differ from theirs, byte for byte."""
    monkeypatch.setattr("webui.streaming.telling._FEW", 0)
    hanako, taro, jiro, shiro = await people(here, "hanako", "taro", "jiro", "shiro")
    for each in (hanako, jiro, shiro):
        await follow(here, each, taro)
    await here.do(
        lambda session: filters.create(
            session, account_id=jiro, title="早", contexts=["home"], words=[filters.Word(text="早く", whole=False)]
        ).id
    )
    said = await write(here, taro)
    await here.do(
        lambda session: likes.like(session, account=account(session, shiro), post=session.get_one(Post, said)).id
    )
    ears = {each: await here.ear(each, "user", scopes="read:statuses") for each in (hanako, taro, jiro, shiro)}
    await here.do(
        lambda session: posts.edit(
            session, post=session.get_one(Post, said), by=account(session, taro), body=text.from_markdown("もっと早く")
        ).id
    )
    for each, ear in ears.items():
        _, event, status = await ear.event()
        assert event == "status.update"
        assert status == await _on_home(here, each, said)
    said = await write(here, taro, width="followers")
    for each, ear in ears.items():
        _, event, status = await ear.event()
        assert (event, status) == ("update", await _on_home(here, each, said))


async def _on_home(here: Process, account_id: int, post_id: int) -> Any:
    token = await here.token(account_id)
    client = await here.client()
    address = f"{here.origin}/api/v1/timelines/home"
    async with client.get(address, headers={"Authorization": f"Bearer {token}"}) as response:
        return next(each for each in await response.json() if each["id"] == str(post_id))


async def test_what_may_not_be_seen_any_more_is_not_told(here: Process) -> None:
    """Between the deed and the telling the author may be suspended, or the post be taken back."""
    hanako, taro = await people(here, "hanako", "taro")
    await follow(here, hanako, taro)
    ear = await here.ear(hanako, "user")

    def unit(session: Session) -> None:
        author = account(session, taro)
        said = note(session, author)
        session.execute(update(Post).where(Post.id == said.id).values(deleted_at=1))

    await here.do(unit)
    await only(ear, here, taro)


async def test_a_home_entry_alone_shows_nobody_a_direct_post(here: Process) -> None:
    """Followers of the author have it on their homes' rows, and may not see it."""
    hanako, taro, jiro = await people(here, "hanako", "taro", "jiro")
    await follow(here, hanako, taro)
    ear = await here.ear(hanako, "user")
    said = await here.do(
        lambda session: note(session, account(session, taro), width="direct", mentions=[account(session, jiro)]).id
    )
    assert await here.do(lambda session: session.scalars(select(Mention.account_id).where(Mention.post_id == said)).all())
    assert not await here.do(
        lambda session: visibility.may_see(session, factories.viewer(session, hanako), session.get_one(Post, said))
    )
    await only(ear, here, taro)


async def _next(ear: Ear, wanted: str) -> tuple[list[str], str, Any]:
    """The next event of a kind; others before it are passed over."""
    while True:
        event = await ear.event()
        if event[1] == wanted:
            return event
