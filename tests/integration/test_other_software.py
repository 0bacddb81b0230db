"""Servers that differ from Mastodon, each in the ways that matter: how they sign, where their keys stand, what they post."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from community.models import Account, Post, Thanks
from federation.models import Delivery, InboxItem, RemoteHost
from tests.integration.served import Town, quiet, until
from tests.peer import Peer, PeerActor
from tests.peer_shapes import PUBLIC, Document

MakePeer = Callable[[str], Awaitable[Peer]]


async def sent(town: Town, who: PeerActor, inbox: str, activity: Document) -> None:
    reply = await who.post(f"{town.origin}{inbox}", activity)
    assert reply.status == 202, reply.body
    await quiet(town)


async def follow(town: Town, who: PeerActor, path: str, **more: Any) -> None:
    """`who` follows, and the town has learned what software that is."""
    followed = f"{town.origin}{path}"
    activity = who.does("Follow", followed, **more)
    await sent(town, who, f"{path}/inbox", activity)
    accept = await who.peer.next("Accept")
    assert accept.activity["object"]["id"] == activity["id"]
    assert accept.activity["object"]["actor"] == who.id

    async def known() -> bool:
        return (who.peer.software,) in await town.rows(RemoteHost.software, host=who.peer.domain)

    await until("the town to know the software", known)


async def clean(town: Town) -> None:
    """Nothing that was sent was refused, nothing that came in broke."""
    await quiet(town)
    assert {state for (state,) in await town.rows(Delivery.state)} <= {"done"}
    assert "failed" not in {state for (state,) in await town.rows(InboxItem.state)}


async def test_misskey(minato: Town, make_peer: MakePeer) -> None:
    """Keys of ids without names, text instead of Markdown, reactions; Announce{activity} never goes there."""
    peer = await make_peer("misskey")
    neko = peer.actor("neko")
    hanako = await minato.enter("hanako")
    await follow(minato, neko, "/users/hanako")
    await follow(minato, neko, "/boards/roumu")
    question = await hanako.ask("給湯室の当番は要りますか？", body="**毎週**です。")
    create = await peer.next("Create")
    note = create.activity["object"]
    assert (create.activity["actor"], note["attributedTo"]) == (
        f"{minato.origin}/users/hanako",
    ) * 2  # compared with ===
    assert note["_misskey_content"].strip() == "毎週です。"
    assert "#" not in note["id"] + create.activity["id"]
    await quiet(minato)
    assert [type(each.activity["object"]) for each in peer.received if each.type == "Announce"] == [str]

    reply = neko.note(
        "<p>当番表を<ruby>貼<rp>(</rp><rt>は</rt><rp>)</rp></ruby>りました</p>", reply_to=question,
        mentions={f"{minato.origin}/users/hanako": f"@hanako@{minato.domain}"},
        _misskey_content="当番表を$[ruby 貼 は]りました",
        source={"content": "当番表を$[ruby 貼 は]りました", "mediaType": "text/x.misskeymarkdown"},
    )  # fmt: skip
    await sent(minato, neko, "/inbox", neko.create(reply))
    page = (await hanako.thread(question)).text
    assert "<ruby>貼<rp>(</rp><rt>は</rt><rp>)</rp></ruby>りました" in page
    assert "$[ruby" not in page
    reaction = neko.does("Like", question, content="🎉", _misskey_reaction="🎉")
    await sent(minato, neko, "/users/hanako/inbox", reaction)
    praise = neko.does(
        "Like", question, content="🙏", _misskey_reaction="🙏"
    )  # looks like thanks, and is none
    await sent(minato, neko, "/users/hanako/inbox", praise)
    assert await minato.rows(Thanks.id) == []
    assert await minato.rows(Post.likes_count, uri=question) == [(1,)]
    await hanako.thank(reply["id"], "貼ってくれて助かりました。")
    like = await peer.next("Like")
    assert (like.activity["content"], like.activity["_misskey_reaction"]) == ("🙏", "🙏")
    await clean(minato)


async def test_gotosocial(minato: Town, make_peer: MakePeer) -> None:
    """hs2019, a key at an address of its own, every GET signed, no shared inbox."""
    peer = await make_peer("gotosocial")
    assert peer.secure
    kame = peer.actor("kame")
    assert not kame.key_id.startswith(f"{kame.id}#")
    hanako = await minato.enter("hanako")
    await hanako.follow(kame.handle)  # its actor is given to signed GETs alone
    asked = await peer.next("Follow")
    assert asked.path == kame.inbox.removeprefix(peer.origin)
    await sent(minato, kame, "/users/hanako/inbox", kame.does("Accept", asked.activity))
    assert "フォローをやめる" in (await hanako.get(f"/{kame.handle}")).text

    await follow(minato, kame, "/users/hanako")
    question = await hanako.ask("社員証の写真はどこで撮りますか？")
    create = await peer.next("Create")
    assert create.path == kame.inbox.removeprefix(peer.origin)
    assert create.activity["object"]["id"] == question
    assert (await kame.get(question)).status == 200
    reply = kame.note(
        "<p>駅の機械で。</p>", reply_to=question, interactionPolicy={"canReply": {"always": [PUBLIC]}}
    )
    await sent(minato, kame, "/users/hanako/inbox", kame.create(reply))
    assert "駅の機械で。" in (await hanako.thread(question)).text
    await hanako.solve(question, reply["id"])
    await hanako.thank(reply["id"])
    like = await peer.next("Like")
    assert like.path == kame.inbox.removeprefix(peer.origin)
    await quiet(minato)
    assert "ChooseAnswer" not in {each.type for each in peer.received}  # it answers those with 400
    own = kame.note("<p>亀の話。</p>")
    await sent(minato, kame, "/users/hanako/inbox", kame.create(own))
    assert "亀の話。" in await hanako.home()
    assert peer.refused == []
    await clean(minato)


@pytest.mark.parametrize("software", ["lemmy", "piefed"])
async def test_threadiverse(minato: Town, make_peer: MakePeer, software: str) -> None:
    """A community reader: the board passes activities on whole, comments and posts come addressed to the board."""
    peer = await make_peer(software)
    ume = peer.actor("ume")
    board = f"{minato.origin}/boards/roumu"
    hanako, ken = await minato.enter("hanako"), await minato.enter("ken")
    actor = (await ume.get(board)).json
    assert (actor["type"], actor["attributedTo"]) == ("Group", f"{board}/moderators")
    assert actor["questionAnswer"] is True
    await follow(minato, ume, "/boards/roumu", **({"to": [board]} if software == "lemmy" else {}))

    question = await hanako.ask("歓送迎会の会費はいくら？", body="**四千円**は高いですか？")
    told = await peer.next("Announce", where=lambda it: isinstance(it.activity["object"], dict))
    inner = told.activity["object"]
    assert (told.activity["actor"], told.activity.get("audience", board)) == (
        board,
        board,
    )
    assert (inner["type"], inner["object"]["id"]) == ("Create", question)
    assert inner["object"]["name"] == "歓送迎会の会費はいくら？"
    assert inner["object"]["source"] == {"mediaType": "text/markdown", "content": "**四千円**は高いですか？"}
    assert (inner["audience"], inner["object"]["audience"]) == (board, board)
    assert board in inner["object"]["to"] + inner["object"]["cc"]
    # To the letter what stands at its own id.
    stands = (await ume.get(inner["id"])).json
    assert {key: stands[key] for key in inner if key != "@context"} == {
        key: value for key, value in inner.items() if key != "@context"
    }
    await quiet(minato)
    bare = [each for each in peer.received if each.activity["object"] == question]
    assert len(bare) == (0 if software == "lemmy" else 1)  # an error to Lemmy, which wants an activity there

    comment = ume.note(
        "<p>うちは三千円です。</p>", reply_to=question, to=[PUBLIC], cc=[board, f"{minato.origin}/users/hanako"],
        audience=board, source={"content": "うちは三千円です。", "mediaType": "text/markdown"}, distinguished=False,
        tag=[{"type": "Mention", "href": f"{minato.origin}/users/hanako", "name": f"@hanako@{minato.domain}"}],
    )  # fmt: skip
    said = ume.create(comment) | {"audience": board}
    await sent(minato, ume, "/boards/roumu/inbox", said)
    assert "うちは三千円です。" in (await hanako.thread(question)).text
    assert "回答が届きました" in await hanako.notices()
    # The board passes on what came from elsewhere, but never back to where it came from.
    assert not [each for each in peer.received if each.activity.get("object") == said]

    vote = ume.does("Like", question, audience=board)
    await sent(minato, ume, "/boards/roumu/inbox", vote)
    assert await minato.rows(Post.likes_count, uri=question) == [(1,)]
    down = ume.does("Dislike", question, audience=board)
    await sent(minato, ume, "/boards/roumu/inbox", down)

    # A post of theirs on our board is a question on it.
    post = ume.note(
        "<p>領収書の宛名は？</p>", type="Page", name="領収書の宛名について", to=[board, PUBLIC], cc=[], audience=board,
        source={"content": "領収書の宛名は？", "mediaType": "text/markdown"}, commentsEnabled=True, attachment=[],
    )  # fmt: skip
    await sent(minato, ume, "/boards/roumu/inbox", ume.create(post) | {"audience": board})
    listed = (await ken.get("/questions?board=roumu")).text
    assert "領収書の宛名について" in listed
    answer = await ken.answer(post["id"], "会社の正式な名前です。")
    told = await peer.next("Create", where=lambda it: it.activity["object"]["id"] == answer)
    assert told.activity["object"]["inReplyTo"] == post["id"]
    await clean(minato)


async def test_a_board_elsewhere_is_followed_and_passes_things_on(minato: Town, make_peer: MakePeer) -> None:
    """What a community of another server announces: its own people's word is taken, others' is fetched."""
    peer, third = await make_peer("lemmy"), await make_peer("mastodon")
    group, ume, warui = peer.group("soumu"), peer.actor("ume"), third.actor("warui")
    hanako = await minato.enter("hanako")
    await hanako.follow(group.handle)
    asked = await peer.next("Follow")
    await sent(
        minato,
        group,
        "/users/hanako/inbox",
        group.does("Accept", asked.activity, to=[asked.activity["actor"]]),
    )
    assert "フォローをやめる" in (await hanako.get(f"/{group.handle}")).text

    post = ume.note(
        "<p>鍵はだれが持ちますか？</p>",
        type="Page",
        name="鍵当番の決め方",
        to=[group.id, PUBLIC],
        audience=group.id,
    )
    await sent(minato, group, "/inbox", group.does("Announce", ume.create(post) | {"audience": group.id}))
    assert "鍵当番の決め方" in await hanako.home()
    assert await minato.rows(Post.kind, uri=post["id"]) == [("question",)]

    # Words put into a third person's mouth: the origin does not know them, so they do not stand.
    forged = warui.note("<p>わたしが持ちます。</p>", reply_to=post["id"], audience=group.id)
    create = warui.create(forged)
    third.answer(forged["id"].removeprefix(third.origin), status=404)
    third.answer(create["id"].removeprefix(third.origin), status=404)
    await sent(minato, group, "/inbox", group.does("Announce", create))
    assert "わたしが持ちます。" not in (await hanako.thread(post["id"])).text
    true = warui.note("<p>守衛さんです。</p>", reply_to=post["id"], audience=group.id)
    bent = json.loads(json.dumps(warui.create(true)))
    bent["object"]["content"] = "<p>まげられた言葉。</p>"
    await sent(minato, group, "/inbox", group.does("Announce", bent))
    page = (await hanako.thread(post["id"])).text
    assert "守衛さんです。" in page
    assert "まげられた" not in page
    await clean(minato)


@pytest.mark.parametrize("software", ["akkoma", "nodebb", "discourse"])
async def test_first_contact_of_others(minato: Town, make_peer: MakePeer, software: str) -> None:
    """They sign differently again: without the query, as ld+json, with (created) and (expires) quoted."""
    peer = await make_peer(software)
    who = peer.actor("yuki")
    await follow(minato, who, "/users/hanako")
    await follow(minato, who, "/boards/roumu")
    hanako = await minato.enter("hanako")
    question = await hanako.ask("コピー機の用紙はだれが足しますか？")
    await peer.next("Create")
    assert (await who.get(f"{question}/replies?page=1")).status == 200
    reply = who.note("<p>気づいた人です。</p>", reply_to=question)
    await sent(minato, who, "/inbox", who.create(reply))
    assert "気づいた人です。" in (await hanako.thread(question)).text
    assert await minato.rows(Account.followers_count, name="hanako") == [(1,)]
    await clean(minato)
