"""Questions, answers, 解決 and ありがとう between a town and Fedify."""

import html

from community.models import Post, Thanks
from tests.integration.served import Town, quiet
from tests.interop.app import App
from tests.interop.conftest import Enter
from tests.interop.peer import FedifyPeer

PHRASE = "あさひ いちご うさぎ えんぴつ"
PUBLIC = ("as:Public", "https://www.w3.org/ns/activitystreams#Public", "Public")


async def followed(town: Town, peer: FedifyPeer, name: str = "hanako") -> None:
    await peer.do("follow", who=f"@{name}@{town.domain}")
    await peer.next("Accept")


async def asked(town: Town, peer: FedifyPeer, title: str = "社員証の写真はどこで撮りますか？") -> tuple[str, dict]:
    """A question of はなこ: its id, and the note as it reached the peer, which follows her."""
    await followed(town, peer)
    hanako = await town.enter("hanako")
    uri = await hanako.ask(title, body="**証明写真**でよいですか。")
    create = await peer.next("Create", where=lambda it: it["object"]["id"] == uri)
    return uri, create["activity"]


async def answered(app: App, peer: FedifyPeer, question: str, words: str) -> tuple[str, dict]:
    """An answer of the peer's first actor: its id, and how it shows in はなこ's app."""
    said = await peer.do("post", content=words, inReplyTo=question)
    status = await app.until("/api/v1/notifications", lambda told: next(
        (each["status"] for each in told if words in each.get("status", {"content": ""})["content"]), None
    ), limit=20)  # fmt: skip
    assert status["uri"] == said["object"]
    return said["object"], status


async def test_a_question_reaches_it_whole(minato: Town, peer: FedifyPeer):
    uri, create = await asked(minato, peer)
    note = create["object"]
    assert (note["type"], note["name"]) == ("Note", "社員証の写真はどこで撮りますか？")
    assert note["content"].startswith("<p><strong>社員証の写真はどこで撮りますか？</strong></p>")
    assert note["machi:kind"] == "question"
    assert note["audience"] == f"{minato.origin}/boards/roumu"
    # Fedify reads it as JSON-LD: what has no meaning under our context would not come out again.
    read = await peer.do("lookup", what=uri)
    assert (read["type"], read["name"]) == ("Note", note["name"])
    assert read["source"]["content"] == "**証明写真**でよいですか。"
    assert read["to"] in PUBLIC or any(each in PUBLIC for each in read["to"])


async def test_its_reply_is_an_answer_and_its_reply_to_that_a_comment(minato: Town, peer: FedifyPeer, app: Enter):
    uri, _ = await asked(minato, peer)
    answer, _ = await answered(await app("hanako"), peer, uri, "駅の機械で撮れます。")
    assert await minato.rows(Post.kind, uri=answer) == [("answer",)]
    said = await peer.do("post", content="百円でした。", inReplyTo=answer, mention=[f"@hanako@{minato.domain}"])
    await quiet(minato)
    assert await minato.rows(Post.kind, uri=said["object"]) == [("comment",)]
    page = await (await minato.enter("ken")).thread(uri)
    assert "駅の機械で撮れます。" in page.text
    assert "百円でした。" in page.text


async def test_the_choice_and_the_thanks_reach_it(minato: Town, peer: FedifyPeer, app: Enter):
    """The Update says it to everybody. A ChooseAnswer goes to it as well, for its software is not known to refuse one:
    Fedify answers 400 to what its vocabulary lacks, which is the end of that and changes nothing else.
    """
    uri, _ = await asked(minato, peer)
    answer, _ = await answered(await app("hanako"), peer, uri, "総務の窓口で撮れます。")
    hanako = await minato.enter("hanako")
    await hanako.solve(uri, answer)
    update = await peer.next("Update", where=lambda it: it["object"]["id"] == uri)
    note = update["activity"]["object"]
    assert (note["machi:state"], note["machi:acceptedAnswer"]) == ("solved", answer)
    assert note["updated"] >= note["published"]
    chosen = (await peer.next("ChooseAnswer", refused=True))["activity"]
    assert (chosen["object"], chosen["machi:question"]) == (answer, uri)

    await hanako.thank(answer)
    like = (await peer.next("Like"))["activity"]
    assert (like["actor"], like["object"]) == (f"{minato.origin}/users/hanako", answer)
    assert (like["content"], like["machi:kind"], like["machi:thanksTo"]) == ("🙏", "thanks", peer.id())
    assert "machi:message" not in like
    await hanako.take_thanks_back(answer)
    undo = (await peer.next("Undo"))["activity"]
    assert undo["object"]["id"] == like["id"]
    await hanako.reopen(uri)
    undo = (await peer.next("Undo", refused=True))["activity"]
    assert (undo["object"]["type"], undo["object"]["id"]) == ("ChooseAnswer", chosen["id"])


async def test_thanks_with_words_reach_it(minato: Town, peer: FedifyPeer, app: Enter):
    uri, _ = await asked(minato, peer)
    answer, _ = await answered(await app("hanako"), peer, uri, "写真屋さんで。")
    hanako = await minato.enter("hanako")
    await hanako.thank(answer, "おかげで間に合いました。")
    words = (await peer.next("Create", where=lambda it: "間に合いました" in it["object"]["content"]))["activity"]
    like = (await peer.next("Like"))["activity"]
    note = words["object"]
    assert (note["inReplyTo"], note["machi:kind"]) == (answer, "thanks-message")
    assert like["machi:message"] == note["id"]
    assert [each["href"] for each in note["tag"] if each["type"] == "Mention"] == [peer.id()]
    assert "name" not in note


async def test_likes_and_reactions_of_it_are_no_thanks(minato: Town, peer: FedifyPeer):
    uri, _ = await asked(minato, peer)
    like = await peer.do("like", object=uri)
    reaction = await peer.do("react", object=uri, emoji="🎉", **{"as": "bob"})
    await quiet(minato)
    assert await minato.rows(Post.likes_count, uri=uri) == [(2,)]
    assert await minato.rows(Thanks.id) == []
    await peer.do("undo", activity=like["activity"])
    await peer.do("undo", activity=reaction["activity"], **{"as": "bob"})
    await quiet(minato)
    assert await minato.rows(Post.likes_count, uri=uri) == [(0,)]


async def test_edits_and_deletions_go_both_ways(minato: Town, peer: FedifyPeer, app: Enter):
    uri, _ = await asked(minato, peer)
    hanako, hanako_app = await minato.enter("hanako"), await app("hanako")
    answer, status = await answered(hanako_app, peer, uri, "まちがった答え。")
    await peer.do("edit", object=answer, content="正しい答え。", to=[f"@hanako@{minato.domain}"])
    path = f"/api/v1/statuses/{status['id']}"
    assert await hanako_app.until(path, lambda it: "正しい答え。" in it["content"] and it["edited_at"])
    await hanako.edit(uri, "急ぎです。", title="社員証の写真の撮り方")
    note = (await peer.next("Update", where=lambda it: it["object"]["id"] == uri))["activity"]["object"]
    assert note["name"] == "社員証の写真の撮り方"
    assert "急ぎです。" in html.unescape(note["content"])

    await peer.do("delete", object=answer, to=[f"@hanako@{minato.domain}"])
    await quiet(minato)
    assert "正しい答え。" not in (await hanako.thread(uri)).text
    await hanako.delete(uri)
    delete = (await peer.next("Delete"))["activity"]
    assert (delete["object"]["id"], delete["object"]["type"]) == (uri, "Tombstone")
    assert "error" in await peer.ask("lookup", what=uri)


async def test_a_question_under_a_hidden_name_tag(minato: Town, peer: FedifyPeer):
    """It follows だれかさん; nothing of what reaches it names the member."""
    await followed(minato, peer, "dareka")
    hanako = await minato.enter("hanako")
    await hanako.ask_hidden("残業代がつきません", PHRASE)
    create = (await peer.next("Create"))["activity"]
    assert create["actor"] == create["object"]["attributedTo"] == f"{minato.origin}/users/dareka"
    assert create["object"]["machi:anonymous"] is True
    assert "hanako" not in str(create)
    said = await peer.do("post", content="労基署で聞けます。", inReplyTo=create["object"]["id"])
    await quiet(minato)
    assert await minato.rows(Post.kind, uri=said["object"]) == [("answer",)]
    await hanako.by_phrase(create["object"]["id"], PHRASE, act="comment", body="ありがとうございます、聞いてみます。")
    follow_up = (await peer.next("Create"))["activity"]
    assert follow_up["actor"] == f"{minato.origin}/users/dareka"
    assert follow_up["object"]["machi:asker"] is True
    assert "hanako" not in str(follow_up)
