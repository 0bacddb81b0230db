"""What is done about posts: asked, answered, liked, passed on, chosen, quoted, voted; each says it and looks at what came of it."""

from typing import Any

from sqlalchemy import select

from community import boosts, notes, polls, posts, text, thanks
from community.models import (
    Account,
    Like,
    Pin,
    Poll,
    PollOption,
    Post,
    QuoteStamp,
    Thanks,
)
from federation import actors
from tests import factories
from tests.federation.inbox import mail
from tests.federation.inbox.dialects import BOARD, HANAKO
from tests.federation.inbox.scene import Scene
from tests.peer_shapes import PUBLIC, Document


def question(scene: Scene) -> None:
    post = scene.created(scene.them.question("鍵はどこですか？", "倉庫の鍵です。"))
    assert (post.kind, post.title, post.board_id) == ("question", "鍵はどこですか？", factories.board(scene.session).id)
    assert "倉庫の鍵です。" in post.body_html
    assert post.visibility == "open"


def answer(scene: Scene) -> Post:
    post = scene.created(scene.them.reply(scene.question.uri, "受付にあります。", HANAKO))
    assert (post.kind, post.parent_id, post.author_id) == ("answer", scene.question.id, scene.mika.id)
    assert "受付にあります。" in post.body_html
    return post


def comment(scene: Scene) -> None:
    above = factories.answer(scene.session, factories.member(scene.session, "ken"), scene.question)
    post = scene.created(scene.them.reply(above.uri, "何時までですか。", f"{mail.HERE}/users/ken"))
    assert (post.kind, post.parent_id, post.root_id) == ("comment", above.id, scene.question.id)


def note(scene: Scene) -> Post:
    scene.followed()
    post = scene.created(scene.them.post("今日の話です。"))
    assert (post.kind, post.visibility) == ("note", "open")
    assert "今日の話です。" in post.body_html
    return post


def update(scene: Scene) -> None:
    said = scene.them.reply(scene.question.uri, "まちがい。", HANAKO)
    post = scene.created(said)
    told = said | {"content": "<p>なおしました。</p>", "updated": "2026-03-31T23:55:00Z"}
    told |= {"source": said["source"] | {"content": "なおしました。"}} if "source" in said else {}
    scene.deliver(scene.them.says("Update", told, updated="2026-03-31T23:55:00Z"))
    assert "なおしました。" in post.body_html
    assert post.edited_at is not None


def delete(scene: Scene) -> None:
    said = scene.them.reply(scene.question.uri, "消します。", HANAKO)
    post = scene.created(said)
    scene.deliver(scene.them.says("Delete", scene.them.tombstone(said)))
    assert post.deleted_at is not None


def like(scene: Scene) -> Document:
    activity = scene.them.like(scene.question.uri)
    scene.deliver(activity)
    assert scene.session.scalars(select(Like.account_id)).all() == [scene.mika.id]
    assert scene.count(Thanks) == 0
    return activity


def undo_like(scene: Scene) -> None:
    scene.deliver(scene.them.undo(like(scene)))
    assert scene.count(Like) == 0


def react(scene: Scene) -> None:
    activity = scene.them.react(scene.question.uri)
    scene.deliver(activity)
    assert scene.count(Like) == 1
    scene.deliver(scene.them.undo(activity))
    assert scene.count(Like) == 0


def thank(scene: Scene) -> None:
    """Their question, はなこ's answer, their thanks."""
    asked = scene.created(scene.them.question("鍵はどこですか？", "倉庫の鍵です。"))
    given = factories.answer(scene.session, scene.hanako, asked)
    activity = scene.them.says(
        "Like", given.uri, to=[HANAKO], content="🙏", _misskey_reaction="🙏", **{"machi:kind": "thanks", "machi:thanksTo": HANAKO}
    )
    scene.deliver(activity)
    assert scene.session.scalars(select(Thanks.giver_id)).all() == [scene.mika.id]
    assert thanks.between(scene.session, scene.mika.id, given.id) is not None


def announce(scene: Scene) -> Document:
    activity = scene.them.says("Announce", scene.question.uri, published="2026-03-31T23:59:00Z", cc=[HANAKO, f"{scene.mika.uri}/followers"])
    scene.deliver(activity)
    assert scene.session.scalars(select(Post.author_id).where(Post.boost_of_id == scene.question.id)).all() == [scene.mika.id]
    assert boosts.between(scene.session, scene.mika.id, scene.question.id) is not None
    return activity


def undo_announce(scene: Scene) -> None:
    scene.deliver(scene.them.undo(announce(scene)))
    assert scene.question.boosts_count == 0


def _their_board(scene: Scene) -> Account:
    return scene.followed(actors.upsert(scene.session, scene.them.group_actor()))


def _on_their_board(scene: Scene) -> Document:
    """A post on their own board, as it stands at its origin."""
    group = scene.them.group
    said = scene.them.question("当番の決め方", "話しましょう。")
    spoken_to = {"to": [PUBLIC, group], "cc": [f"{scene.mika.uri}/followers"], "audience": group}
    return said | spoken_to | {"tag": [], "content": "<p>話しましょう。</p>"}


def _passes_on(scene: Scene, what: Any) -> Document:
    return scene.them.says("Announce", what, by=scene.them.group, cc=[f"{scene.them.group}/followers"])


def announce_activity(scene: Scene) -> Post:
    board, said = _their_board(scene), _on_their_board(scene)
    create = scene.them.says("Create", said, cc=[scene.them.group], audience=scene.them.group)
    scene.deliver(_passes_on(scene, {name: each for name, each in create.items() if name != "@context"}))
    post = scene.post(said["id"])
    assert (post.kind, post.board_id, post.author_id) == ("question", board.id, scene.mika.id)
    return post


def announce_id(scene: Scene) -> None:
    board, said = _their_board(scene), _on_their_board(scene)
    scene.deliver(_passes_on(scene, said["id"]), said)
    post = scene.post(said["id"])
    assert (post.kind, post.board_id) == ("question", board.id)


def _decided(scene: Scene) -> tuple[Post, Post, Document]:
    """Their question on our board, はなこ's answer, and their choice of it."""
    asked = scene.created(scene.them.question("鍵はどこですか？", "倉庫の鍵です。"))
    given = factories.answer(scene.session, scene.hanako, asked)
    more = {"machi:question": asked.uri} if scene.them.software == "machi" else {}
    choice = scene.them.says("ChooseAnswer", given.uri, cc=[BOARD], audience=BOARD, **more)
    scene.deliver(choice)
    return asked, given, choice


def choose_answer(scene: Scene) -> None:
    asked, given, _ = _decided(scene)
    assert asked.accepted_answer_id == given.id


def undo_choose_answer(scene: Scene) -> None:
    asked, _, choice = _decided(scene)
    scene.deliver(scene.them.undo(choice))
    assert asked.accepted_answer_id is None


def feature_on_board(scene: Scene) -> None:
    post = announce_activity(scene)
    add = scene.them.says("Add", post.uri, target=f"{scene.them.group}/featured", cc=[scene.them.group])
    scene.deliver(_passes_on(scene, {name: each for name, each in add.items() if name != "@context"}))
    assert scene.session.execute(select(Pin.account_id, Pin.post_id)).all() == [(post.board_id, post.id)]


_QUOTES = {"mastodon": ("quote", "quoteUri"), "misskey": ("_misskey_quote", "quoteUrl"), "akkoma": ("quoteUri",), "machi": ("quote", "quoteUri", "quoteUrl", "_misskey_quote")}


def quote(scene: Scene) -> None:
    scene.followed()
    said = scene.them.post("引用です。") | dict.fromkeys(_QUOTES[scene.them.software], scene.question.uri)
    post = scene.created(said)
    assert (post.quote_uri, post.quote_of_id) == (scene.question.uri, scene.question.id)


def quote_request(scene: Scene) -> None:
    instrument = scene.them.post("引用です。") | {"quote": scene.question.uri, "@context": None}
    activity = scene.them.says("QuoteRequest", scene.question.uri, instrument=instrument, to=[HANAKO])
    scene.deliver(activity, instrument)
    stamp = scene.session.scalars(select(QuoteStamp)).one()
    assert (stamp.post_id, stamp.account_id, stamp.quoting_uri) == (scene.question.id, scene.mika.id, instrument["id"])


def _poll(scene: Scene, *counts: int) -> Document:
    """A poll with 朝 and 夜, each with its count."""

    def option(title: str, count: int) -> Document:
        made: Document = {"type": "Note", "name": title, "replies": {"type": "Collection", "totalItems": count}}
        return made | ({"_misskey_votes": count} if scene.them.software == "misskey" else {})

    options = [option(title, count) for title, count in zip(("朝", "夜"), counts, strict=True)]
    ends = {"closed": "2026-04-03T00:00:00Z"} if scene.them.software == "akkoma" else {"endTime": "2026-04-03T00:00:00Z"}
    return scene.them.post("どちら？", type="Question", oneOf=options, votersCount=sum(counts), **ends)


def _counts(scene: Scene, post: Post) -> dict[str, int]:
    rows = select(PollOption.title, PollOption.votes_count).where(PollOption.post_id == post.id)
    return {title: count for title, count in scene.session.execute(rows)}  # noqa: C416


def poll(scene: Scene) -> tuple[Post, Document]:
    scene.followed()
    said = _poll(scene, 1, 2)
    post = scene.created(said)
    assert _counts(scene, post) == {"朝": 1, "夜": 2}
    ends = scene.session.get_one(Poll, post.id).expires_at
    assert ends == 1_775_174_400_000  # and not closed yet
    return post, said


def poll_counts(scene: Scene) -> None:
    post, said = poll(scene)
    told = _poll(scene, 5, 7) | {"id": said["id"]}
    scene.deliver(scene.them.says("Update", told))
    assert _counts(scene, post) == {"朝": 5, "夜": 7}


def poll_vote(scene: Scene) -> None:
    draft = polls.check(["朝", "夜"], 3600, multiple=False, hides_totals=False)
    ours = notes.write(scene.session, author=scene.hanako, body=text.from_markdown("どちら？"), visibility="open")
    polls.attach(scene.session, ours, draft)
    vote = {
        "id": f"{scene.mika.uri}#votes/1/朝", "type": "Note", "name": "夜", "attributedTo": scene.mika.uri, "to": [HANAKO],
        "inReplyTo": ours.uri, "published": "2026-03-31T23:50:00Z",
    }  # fmt: skip
    scene.deliver(scene.them.says("Create", vote, to=[HANAKO]))
    assert _counts(scene, ours) == {"朝": 0, "夜": 1}
    assert posts.by_uri(scene.session, vote["id"]) is None
