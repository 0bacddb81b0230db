"""Boards as communities: what Lemmy and PieFed make of ours, and ours of theirs, with everything on real pages."""

from typing import Any

import pytest

from community.models import Gathering, Post
from tests import factories
from tests.integration.served import Town, quiet, until
from tests.integration.test_other_software import MakePeer, clean, follow, sent
from tests.peer import Peer, PeerActor
from tests.peer_shapes import PUBLIC, Document, NotUnderstood, take_announce

BOARD = "/boards/roumu"


async def taken(peer: Peer, town: Town, kind: str) -> Document:
    """The next `kind` that our board announces, as the strict reader of the software takes it."""
    group = f"{town.origin}{BOARD}"
    told = await peer.next("Announce", where=lambda it: isinstance(it.activity["object"], dict) and it.activity["object"]["type"] == kind)
    moderators = (await peer.send("GET", f"{group}/moderators", {"Accept": "application/activity+json"}, None)).json["orderedItems"]
    inner = take_announce(peer.software, told.activity, group=group, moderators=frozenset(moderators))
    assert isinstance(inner, dict)
    return inner


async def official(town: Town, name: str, role: str) -> Any:
    await town.database.write(lambda session: factories.member(session, name, role=role).id)
    return await town.enter(name)


@pytest.mark.parametrize("software", ["lemmy", "piefed"])
async def test_who_looks_after_our_board_is_understood(minato: Town, make_peer: MakePeer, software: str) -> None:
    peer = await make_peer(software)
    ume = peer.actor("ume")
    await follow(minato, ume, BOARD)
    moderators = (await ume.get(f"{minato.origin}{BOARD}/moderators")).json["orderedItems"]
    steward = (await ume.get(moderators[0])).json
    assert steward["type"] == "Service"  # Lemmy and PieFed take Person, Service, Organization; no Application
    assert steward["publicKey"]["owner"] == moderators[0]

    hanako, kaori = await minato.enter("hanako"), await official(minato, "kaori", "moderator")
    question = await hanako.ask("名刺の発注先はどう選びますか？")
    assert (await taken(peer, minato, "Create"))["object"]["id"] == question
    page = await kaori.thread(question)
    number = page.path.rpartition("/")[2]
    await kaori.browser.post(f"/posts/{number}/first", page.form(f"/posts/{number}/first"))
    assert (await taken(peer, minato, "Add"))["object"] == question
    listed = (await ume.get(f"{minato.origin}{BOARD}/featured")).json["orderedItems"]
    assert [each["id"] for each in listed] == [question]

    comment = ume.note("<p>いますぐDMください</p>", reply_to=question, to=[PUBLIC], cc=[f"{minato.origin}{BOARD}"], audience=f"{minato.origin}{BOARD}")
    await sent(minato, ume, f"{BOARD}/inbox", ume.create(comment))
    ((post,),) = await minato.rows(Post.id, uri=comment["id"])
    form = (await kaori.get(f"/posts/{post}/take-off")).form(f"/posts/{post}/take-off")
    await kaori.browser.post(f"/posts/{post}/take-off", form | {"reason": "宣伝の連投"})
    removal = await taken(peer, minato, "Delete")
    assert (removal["object"], removal["summary"], removal["actor"]) == (comment["id"], "宣伝の連投", moderators[0])
    await quiet(minato)
    for each in peer.received:  # nothing at all that it would not take
        if each.type == "Announce":
            take_announce(software, each.activity, group=f"{minato.origin}{BOARD}", moderators=frozenset(moderators))
    await clean(minato)


async def test_the_strict_reader_is_strict(minato: Town, make_peer: MakePeer) -> None:
    peer = await make_peer("lemmy")
    ume = peer.actor("ume")
    await follow(minato, ume, BOARD)
    hanako = await minato.enter("hanako")
    await hanako.ask("名刺の発注先はどう選びますか？")
    told = await peer.next("Announce")
    group = f"{minato.origin}{BOARD}"
    assert take_announce("lemmy", told.activity, group=group, moderators=frozenset())
    inner = told.activity["object"]
    for spoilt in (
        {"object": inner["id"]},
        {"object": inner | {"type": "Join"}},
        {"object": inner | {"actor": {"id": inner["actor"]}}},
        {"object": inner | {"to": [group]}},
        {"object": inner | {"type": "Delete", "summary": "x"}},
        {"object": inner | {"object": inner["object"] | {"audience": f"{group}2"}}},
    ):
        with pytest.raises(NotUnderstood):
            take_announce("lemmy", told.activity | spoilt, group=group, moderators=frozenset())


async def joined(town: Town, person: Any, group: PeerActor) -> None:
    await person.follow(group.handle)
    asked = await group.peer.next("Follow")
    await sent(town, group, f"/users/{person.name}/inbox", group.does("Accept", asked.activity, to=[asked.activity["actor"]]))


@pytest.mark.parametrize("software", ["lemmy", "piefed"])
async def test_asking_in_their_community(minato: Town, make_peer: MakePeer, software: str) -> None:
    peer = await make_peer(software)
    group, ume, boss = peer.group("soumu"), peer.actor("ume"), peer.actor("boss")
    group.document["featured"] = f"{group.id}/featured"
    hanako = await minato.enter("hanako")
    await joined(minato, hanako, group)
    page = await hanako.get(f"/{group.handle}")
    assert "ここで質問する" in page.text
    question = await hanako.ask("名刺の発注先はどう選びますか？", board=group.handle[1:])
    create = (await peer.next("Create")).activity
    note = create["object"]
    assert (note["id"], note["audience"], create["audience"]) == (question, group.id, group.id)
    assert PUBLIC in note["to"]
    assert [each for each in [*note["to"], *note["cc"]] if each == group.id] == [group.id]  # exactly one Group, once

    # The community passes our own post back, then what its people make of it.
    await sent(minato, group, "/inbox", group.does("Announce", create))
    await sent(minato, group, "/inbox", group.does("Announce", ume.does("Like", question, audience=group.id)))
    assert await minato.rows(Post.likes_count, uri=question) == [(1,)]
    await sent(minato, group, "/inbox", group.does("Announce", ume.does("Dislike", question, audience=group.id)))
    assert await minato.rows(Post.likes_count, uri=question) == [(1,)]
    reply = ume.note("<p>三社に聞きます。</p>", reply_to=question, to=[PUBLIC], cc=[group.id], audience=group.id)
    await sent(minato, group, "/inbox", group.does("Announce", ume.create(reply) | {"audience": group.id}))
    assert "三社に聞きます。" in (await hanako.thread(question)).text
    removal = boss.does("Delete", reply["id"], audience=group.id, summary="規約により", to=[PUBLIC, group.id])
    await sent(minato, group, "/inbox", group.does("Announce", removal))
    assert "三社に聞きます。" not in (await hanako.thread(question)).text

    add = boss.does("Add", question, target=f"{group.id}/featured", audience=group.id, cc=[group.id])
    await sent(minato, group, "/inbox", group.does("Announce", add))
    assert "はじめに読む" in (await hanako.get(f"/{group.handle}")).text
    # Our question is ours: its community may show it or not, but not take it away from us.
    takes = boss.does("Delete", question, audience=group.id, summary="規約により", to=[PUBLIC, group.id])
    await sent(minato, group, "/inbox", group.does("Announce", takes))
    assert await minato.rows(Post.deleted_at, uri=question) == [(None,)]
    await clean(minato)


async def test_a_flag_is_read_by_everybody_and_joined_by_nobody_else(minato: Town, make_peer: MakePeer) -> None:
    """Other software shows interest: a reply, a boost, a favourite; a Join counts from whoever sends one."""
    peer, lemmy = await make_peer("mastodon"), await make_peer("lemmy")
    ken, ume = peer.actor("ken"), lemmy.actor("ume")
    await follow(minato, ken, "/users/hanako")
    await follow(minato, ume, "/boards/bosai")
    hanako = await minato.enter("hanako")
    form = await hanako.get("/flags/new")
    raised = await hanako.browser.send(
        form, "/flags", title="川そうじをする人あつまれ", body="土曜の朝、橋のたもとで。", board="bosai", place="北橋", visibility="open",
    )  # fmt: skip
    create = (await peer.next("Create")).activity
    flag = create["object"]["id"]
    assert "<strong>🚩 川そうじをする人あつまれ</strong>" in create["object"]["content"]
    assert "場所：北橋" in create["object"]["content"]
    carried = await lemmy.next("Announce")
    inner = take_announce("lemmy", carried.activity, group=f"{minato.origin}/boards/bosai", moderators=frozenset())
    assert isinstance(inner, dict)
    assert inner["object"]["name"] == "川そうじをする人あつまれ"
    await sent(minato, ken, "/users/hanako/inbox", ken.does("Like", flag))
    await sent(minato, ken, "/inbox", ken.does("Announce", flag))
    reply = ken.note("<p>行きます！</p>", reply_to=flag, mentions={f"{minato.origin}/users/hanako": "@hanako"})
    await sent(minato, ken, "/inbox", ken.create(reply))
    page = (await hanako.get(raised.path)).text
    assert "気になる 2" in page
    assert "行きます！" in page
    assert "集まる人 0人" in page
    join = ken.does("Join", flag, to=[f"{minato.origin}/users/hanako"], cc=[])
    await sent(minato, ken, "/users/hanako/inbox", join)
    await until("the flag to count", lambda: _counts(minato, 1))
    counted = (await ken.get(f"{flag}/joined")).json
    assert (counted["totalItems"], counted.keys() & {"first", "items", "orderedItems"}) == (1, set())
    await quiet(minato)
    assert "Join" not in {each.activity["object"]["type"] for each in lemmy.received if isinstance(each.activity["object"], dict)}
    await clean(minato)


async def _counts(town: Town, number: int) -> bool:
    return await town.rows(Gathering.joined_count) == [(number,)]
