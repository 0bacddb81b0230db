"""A Mastodon on the other side, signing as Mastodon does, with one reader on it: あり."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from community import books
from community.models import Account, Follow, Like, Post, Thanks
from community.visibility import PUBLIC as ANYBODY
from federation.models import Delivery, InboxItem
from tests import factories
from tests.integration.people import Person
from tests.integration.served import Town, quiet
from tests.peer import Peer, PeerActor, Received
from tests.peer_shapes import PUBLIC, Document

WANTED = "application/activity+json, application/ld+json"
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@dataclass
class Scene:
    """みなと with はなこ at a browser, and あり on a Mastodon, who follows her and the board 労務."""

    town: Town
    hanako: Person
    peer: Peer
    ari: PeerActor

    @property
    def member(self) -> str:
        return f"{self.town.origin}/users/hanako"

    @property
    def board(self) -> str:
        return f"{self.town.origin}/boards/roumu"

    async def settled(self) -> None:
        await quiet(self.town)

    async def sent(self, activity: Document, *, to: str | None = None) -> None:
        """あり's server delivers `activity`, and the town has worked it off."""
        reply = await self.ari.post(to or f"{self.member}/inbox", activity)
        assert reply.status == 202, reply.body
        await self.settled()

    def reply(self, parent: str, content: str, **more: Any) -> Document:
        """A reply as Mastodon writes one."""
        mention = f'<span class="h-card"><a href="{self.town.origin}/@hanako" class="u-url mention">@<span>hanako</span></a></span>'
        body = f"<p>{mention} {content}</p>"
        return self.ari.note(
            body, reply_to=parent, mentions={self.member: f"@hanako@{self.town.domain}"},
            summary=None, sensitive=False, atomUri=None, inReplyToAtomUri=parent, contentMap={"ja": body},
            conversation=f"tag:{self.peer.domain},2026-11-01:objectId=1:objectType=Conversation", attachment=[], **more,
        )  # fmt: skip

    async def answered(self, question: str, content: str = "1か月分です。") -> str:
        note = self.reply(question, content)
        await self.sent(self.ari.create(note))
        return str(note["id"])


@pytest.fixture
async def scene(minato: Town, mastodon: Peer) -> AsyncIterator[Scene]:
    made = Scene(minato, await minato.enter("hanako"), mastodon, mastodon.actor("ari"))
    for followed in (made.member, made.board):
        await made.sent(made.ari.does("Follow", followed), to=f"{followed}/inbox")
        await mastodon.next("Accept")
    yield made
    assert mastodon.refused == []


async def test_first_contact_and_a_follow_that_is_accepted(minato: Town, mastodon: Peer) -> None:
    hanako, ari = await minato.enter("hanako"), mastodon.actor("ari")
    for name, folder in (("hanako", "users"), ("roumu", "boards")):
        handle = f"{name}@{minato.domain}"
        found = await mastodon.send(
            "GET", f"{minato.origin}/.well-known/webfinger?resource=acct:{handle}", {"Accept": "application/jrd+json"}, None
        )  # fmt: skip
        assert found.status == 200
        assert found.json["subject"] == f"acct:{handle}"
        (link,) = [link for link in found.json["links"] if link["rel"] == "self"]
        assert link["type"] == "application/activity+json"

        got = await ari.get(link["href"])
        assert got.status == 200
        assert got.headers["Content-Type"].startswith("application/activity+json")
        actor = got.json
        assert actor["id"] == link["href"] == f"{minato.origin}/{folder}/{name}"
        assert actor["preferredUsername"] == name
        assert actor["publicKey"]["owner"] == actor["id"]
        assert {"inbox", "outbox", "followers", "following", "url", "name", "published"} <= set(actor)
        for key in ("outbox", "followers", "following"):
            assert "totalItems" in (await ari.get(actor[key])).json

        follow = ari.does("Follow", actor["id"])
        assert (await ari.post(actor["inbox"], follow)).status == 202
        accept = await mastodon.next("Accept")
        assert accept.key_id == f"{actor['id']}#main-key"
        assert accept.activity["actor"] == actor["id"]
        assert accept.activity["object"] == {key: follow[key] for key in ("id", "type", "actor", "object")}
        assert accept.path in ("/inbox", f"/users/{ari.name}/inbox")
    assert "あなたをフォローしました" in await hanako.notices()
    assert await minato.rows(Account.followers_count, name="hanako") == [(1,)]
    assert mastodon.refused == []


async def test_the_question_arrives_as_a_note_that_mastodon_can_show(scene: Scene) -> None:
    hanako, peer = scene.hanako, scene.peer
    question = await hanako.ask(
        "粗大ごみはどこに出す？", tags="ごみ", body="引っ越した**ばかり**です。\n\n- 机\n- 椅子"
    )
    create, announce = await _two(peer)
    _check_create(scene, create, question)
    note = create.activity["object"]
    assert note["content"].startswith("<p><strong>粗大ごみはどこに出す？</strong></p>")
    assert "<strong>ばかり</strong>" in note["content"]
    assert "<li>机</li>" in note["content"]
    assert note["contentMap"] == {"ja": note["content"]}
    assert note["url"].startswith(f"{scene.town.origin}/@hanako/")
    assert {"type": "Hashtag", "name": "#ごみ"}.items() <= note["tag"][0].items()
    assert note["interactionPolicy"] == {"canQuote": {"automaticApproval": ["https://www.w3.org/ns/activitystreams#Public"]}}
    for collection in ("replies", "likes", "shares"):
        assert note[collection]["totalItems"] == 0
    assert not [key for key, value in note.items() if value is None or value == []]
    assert "updated" not in note
    assert len(create.body) < 256 * 1024

    # The board recommends it by its bare id: a boost on Mastodon.
    said = announce.activity
    assert (said["actor"], said["object"]) == (scene.board, question)
    assert PUBLIC in said["to"]
    assert f"{scene.board}/followers" in said["cc"]
    assert ISO.fullmatch(said["published"])
    assert said["published"] >= create.activity["published"]
    assert announce.key_id == f"{scene.board}#main-key"

    # It was there before it was told, to the very letter, and so is what was said.
    got = await scene.ari.get(question)
    assert got.status == 200
    assert got.json["id"] == question
    counted = {"@context", "shares"}  # the board and the town have boosted it meanwhile
    assert {key: got.json[key] for key in note if key not in counted} == {
        key: value for key, value in note.items() if key not in counted
    }
    for told in (create.activity, said):  # the proof is made for those to whom it is sent
        unproved = {key: value for key, value in told.items() if key != "proof"}
        assert (await scene.ari.get(str(told["id"]))).json == unproved
    page = await peer.send("GET", question, {"Accept": "text/html"}, None)
    assert page.status in (301, 302, 303)


async def _two(peer: Peer) -> tuple[Received, Received]:
    first, second = await peer.next(), await peer.next()
    return (first, second) if first.type == "Create" else (second, first)


def _check_create(scene: Scene, create: Received, question: str) -> None:
    """What Mastodon wants of any Create before it looks at the words."""
    said, note = create.activity, create.activity["object"]
    assert said["type"] == "Create"
    assert "https://www.w3.org/ns/activitystreams" in said["@context"]
    assert said["id"].startswith(f"{scene.town.origin}/activities/")
    assert said["actor"] == note["attributedTo"] == scene.member
    assert create.key_id == f"{scene.member}#main-key"
    assert (note["type"], note["id"]) == ("Note", question)
    for each in (said, note):
        assert PUBLIC in each["to"]
        assert f"{scene.member}/followers" in each["cc"]
        assert ISO.fullmatch(each["published"])
    assert said["published"] == note["published"]
    assert note["audience"] == scene.board
    assert scene.board in note["to"]
    assert "inReplyTo" not in note


async def test_a_reply_from_mastodon_stands_as_an_answer(scene: Scene) -> None:
    hanako, town = scene.hanako, scene.town
    question = await hanako.ask("月の途中で入社した人の社会保険料は？")
    await scene.settled()
    answer = await scene.answered(question, "<b>1か月分</b>です。<script>alert(1)</script>")
    assert await town.rows(Post.kind, uri=answer) == [("answer",)]
    page = (await hanako.thread(question)).text
    assert "<b>1か月分</b>" in page
    assert "alert(1)" not in page.partition("</head>")[2]
    assert "Ari" in page
    assert "@<span>hanako" not in page
    notices = await hanako.notices()
    assert "回答が届きました" in notices
    listed = (await scene.ari.get(f"{question}/replies")).json
    assert listed["totalItems"] == 1
    assert (await scene.ari.get(listed["first"])).json["items"] == [answer]

    # Deciding and thanking reach its writer, and nothing that Mastodon cannot read.
    await hanako.comment(answer, "日割りはないのですね。")
    comment = await scene.peer.next(
        "Create", where=lambda it: it.activity["object"].get("inReplyTo") == answer
    )
    note = comment.activity["object"]
    assert scene.ari.id in note["to"] + note["cc"]
    assert {"type": "Mention", "href": scene.ari.id, "name": scene.ari.handle} in note["tag"]
    assert "name" not in note
    await hanako.solve(question, answer)
    update = await scene.peer.next("Update")
    assert update.activity["object"]["machi:acceptedAnswer"] == answer
    assert answer in update.activity["object"]["content"]
    assert update.activity["object"]["updated"] > update.activity["object"]["published"]
    await hanako.thank(answer, "助かりました！")
    words = await scene.peer.next(
        "Create", where=lambda it: "助かりました！" in it.activity["object"]["content"]
    )
    assert words.activity["object"]["inReplyTo"] == answer
    like = await scene.peer.next("Like")
    assert like.activity["object"] == answer
    await scene.settled()
    assert "ChooseAnswer" not in {each.type for each in scene.peer.received}
    assert {state for (state,) in await town.rows(Delivery.state)} == {"done"}


async def test_a_favourite_is_a_like_and_not_thanks(scene: Scene) -> None:
    hanako, town = scene.hanako, scene.town
    question = await hanako.ask("名刺は何枚ずつ刷りますか？")
    ken = await town.enter("ken")
    answer = await ken.answer(question, "百枚です。")
    await scene.settled()
    favourites = [scene.ari.does("Like", uri) for uri in (question, answer)]
    for favourite in favourites:
        await scene.sent(favourite)
    page = (await hanako.thread(question)).text
    assert page.count("いいね 1") == 2
    assert "ありがとう 1" not in page
    assert await town.rows(Thanks.id) == []
    book = await town.read(lambda session: books.book(session, ANYBODY, factories.local(session, "ken").id))
    assert (book.this_town, book.other_towns) == (0, 0)
    assert "いいねが届きました" in await ken.notices()
    await scene.sent(favourites[0] | {"id": f"{favourites[0]['id']}/again"})  # one for each person and post
    assert len(await town.rows(Like.id)) == 2
    assert (await scene.ari.get(f"{question}/likes")).json["totalItems"] == 1

    await scene.sent(scene.ari.does("Undo", favourites[0]))
    assert await town.rows(Post.likes_count, uri=question) == [(0,)]


async def test_it_edits_and_deletes_its_reply_and_unfollows(scene: Scene, clock) -> None:
    hanako, town = scene.hanako, scene.town
    question = await hanako.ask("印鑑証明は何通要りますか？")
    await scene.settled()
    note = scene.reply(question, "2通です。")
    await scene.sent(scene.ari.create(note))
    clock.advance(seconds=5)
    reworded = note | {
        "content": "<p>3通です。</p>",
        "contentMap": {"ja": "<p>3通です。</p>"},
        "updated": scene.peer.moment(),
    }
    await scene.sent(scene.ari.does("Update", reworded))
    page = (await hanako.thread(question)).text
    assert "3通です。" in page
    assert "2通です。" not in page
    assert "書きなおしあり" in page
    await scene.sent(
        scene.ari.does("Update", note | {"content": "<p>古い。</p>", "updated": note["published"]})
    )
    assert "3通です。" in (await hanako.thread(question)).text

    scene.peer.answer(note["id"].removeprefix(scene.peer.origin), status=410)
    tombstone = {"id": note["id"], "type": "Tombstone", "atomUri": note["id"]}
    await scene.sent(scene.ari.does("Delete", tombstone))
    assert "3通です。" not in (await hanako.thread(question)).text
    assert await town.rows(Post.answers_count, uri=question) == [(0,)]
    await scene.sent(scene.ari.create(note) | {"id": f"{note['id']}/again"})
    assert await town.rows(Post.answers_count, uri=question) == [(0,)]  # an id never comes back

    for followed in (scene.member, scene.board):
        follow = {"id": f"{scene.ari.id}#follow", "type": "Follow", "actor": scene.ari.id, "object": followed}
        await scene.sent(scene.ari.does("Undo", follow), to=f"{followed}/inbox")
    assert await town.rows(Follow.id) == []
    before = len(scene.peer.received)
    await hanako.ask("もう届きませんね？")
    await scene.settled()
    assert len(scene.peer.received) == before


async def test_edits_and_deletes_of_ours_reach_it(scene: Scene) -> None:
    hanako = scene.hanako
    question = await hanako.ask("切手はどこで買えますか？")
    create = await scene.peer.next("Create")
    await hanako.edit(question, "収入印紙もです。", title="切手と印紙はどこで買えますか？")
    update = await scene.peer.next("Update")
    changed = update.activity["object"]
    assert changed["id"] == question
    assert changed["content"].startswith("<p><strong>切手と印紙は")
    assert changed["published"] == create.activity["object"]["published"]
    assert changed["updated"] > changed["published"]
    assert update.activity["id"] != create.activity["id"]
    await hanako.delete(question)
    delete = await scene.peer.next("Delete")
    assert delete.activity["object"] == {"id": question, "type": "Tombstone"} | delete.activity["object"]
    assert "summary" not in delete.activity
    assert PUBLIC in delete.activity["to"]
    gone = await scene.ari.get(question)
    assert (gone.status, gone.json["type"]) == (410, "Tombstone")


async def test_nothing_of_it_fails_behind_the_scenes(scene: Scene) -> None:
    question = await scene.hanako.ask("会議室の予約は何で管理していますか？")
    await scene.settled()
    answer = await scene.answered(question)
    await scene.hanako.thank(answer)
    await scene.settled()
    assert {state for (state,) in await scene.town.rows(InboxItem.state)} == {"done"}
    assert {state for (state,) in await scene.town.rows(Delivery.state)} == {"done"}
    assert "ありがとう 1" in (await scene.hanako.thread(answer)).text
