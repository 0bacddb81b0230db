"""Our documents, against the rules of the wire and against what each kind of post has to say."""

from typing import Any

import orjson
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import answers, founding, likes, members, posts, questions, text, thanks
from community.db import Database
from community.models import Account, Post
from federation import discovery, listings
from federation.documents import NOBODY
from federation.listings import Page
from federation.models import ActorKey, OutboxItem
from federation.vocabulary import render, terms
from federation.vocabulary.notes import read_note
from federation.vocabulary.parse import read_actor
from tests import factories
from tests.federation.outbox import rules
from tests.federation.outbox.said import follow

pytestmark = pytest.mark.usefixtures("speaking")

HERE = "https://minato.example"
PEM = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n"


def live(session: Session) -> None:
    """Everything that can be said, said once."""
    hanako = factories.member(session, "hanako", strengths=("36協定", "<年末>調整"))
    natsu = factories.member(session, "natsu", locked=True)
    factories.sister(session, "yamate.example")
    taro, ken = (
        factories.remote(session),
        factories.remote(session, "ken", "mast.example", shared_inbox=False),
    )
    for follower, followee in ((taro, hanako), (ken, factories.board(session)), (hanako, ken), (taro, natsu)):
        follow(session, follower, followee)
    question = factories.question(session, hanako, tags=("社会保険", "C&A"))
    answer = answers.reply(
        session, author=natsu, parent=question, body=text.from_markdown("はい。\n\n- 一\n- 二"), as_of="2026-11",
        basis="健康保険法", ai_draft=True, mentions=[taro],
    )  # fmt: skip
    factories.answer(session, hanako, answer, body="`code` から始まる返事")
    other = factories.question(session, natsu, title='<A> & "B"', visibility="sister")
    theirs = answers.reply(
        session, author=taro, parent=other, body=text.from_html("<p>はい</p>"), origin=factories.origin(),
        visibility="sister",
    )  # fmt: skip
    hidden = factories.anonymous_question(session, hanako)
    passed = answers.reply(
        session,
        author=hanako,
        parent=hidden,
        body=text.from_markdown("教わりました。"),
        passed_on_from=answer,
    )
    relay = founding.relay(session)
    answers.reply(
        session, author=relay, parent=passed, body=text.from_markdown("ありがとう"), from_asker=True
    )
    thanks.give(
        session, giver=relay, answer=passed, from_asker=True, message=text.from_markdown("助かりました")
    )
    thanks.give(
        session, giver=natsu, answer=theirs, message=text.from_markdown("とても"), tone="clear", private=True
    )
    likes.like(session, account=hanako, post=theirs)
    questions.solve(session, question=question, answer=answer, by=hanako)


def later(session: Session) -> None:
    hanako, natsu = factories.local(session, "hanako"), factories.local(session, "natsu")
    question = session.scalars(select(Post).where(Post.author_id == hanako.id, Post.kind == "question")).one()
    theirs = session.scalars(select(Post).where(Post.uri == factories.origin().uri)).one()
    likes.unlike(session, account=hanako, post=theirs)
    thanks.withdraw(session, giver=natsu, answer=theirs)
    questions.reopen(session, question=question, by=hanako)
    posts.delete(session, post=question, by=hanako)
    session.add(ActorKey(account_id=hanako.id, public_pem=PEM, private_sealed=b"", created_at=0))
    session.flush()
    members.update_profile(session, account_id=hanako.id, nickname="はなこ")


async def test_every_document_obeys_the_rules(database: Database) -> None:
    await database.write(live)
    await database.write(later)

    def look(session: Session) -> set[str]:
        seen = set()
        for body in session.scalars(select(OutboxItem.body)):
            if body:
                document = orjson.loads(body)
                rules.check(document, "minato.example")
                seen.add(document["type"])
        for account in session.scalars(select(Account).where(Account.domain == "")):
            rules.check(render.with_context(render.actor(session, account, PEM)), "minato.example")
            for collection in listings.OF_ACCOUNT.values():
                for page in (None, Page()):
                    rules.check(render.with_context(collection(session, account, page)), "minato.example")
        for post in session.scalars(select(Post).where(Post.local, Post.deleted_at.is_(None))):
            rules.check(render.with_context(render.note(session, post)), "minato.example")
            for of_post in listings.OF_POST.values():
                for page in (None, Page()):
                    rules.check(render.with_context(of_post(session, post, NOBODY, page)), "minato.example")
        rules.check(render.with_context(listings.sisters(session, NOBODY)), "minato.example")
        rules.check(render.with_context(listings.tagged(session, "社会保険", Page())), "minato.example")
        assert discovery.nodeinfo(session, "2.1")["usage"]["users"] == {"total": 2, "activeMonth": 2, "activeHalfyear": 2}
        return seen

    seen = await database.read(look)
    assert seen == {
        "Accept", "Announce", "ChooseAnswer", "Create", "Delete", "Follow", "Like", "Undo", "Update",
    }  # fmt: skip


def note_of(session: Session, kind: str, **facts: Any) -> dict[str, Any]:
    query = select(Post).where(Post.kind == kind, Post.local).filter_by(**facts).order_by(Post.id).limit(1)
    return render.note(session, session.scalars(query).one())


async def test_a_question_bears_its_title_in_bold_and_as_name(database: Database) -> None:
    def look(session: Session) -> None:
        live(session)
        note = note_of(session, "question", visibility="sister")
        assert note["name"] == '<A> & "B"'
        assert note["content"].startswith("<p><strong>&lt;A&gt; &amp; &quot;B&quot;</strong></p><p>日割りに")
        assert note["source"] == {
            "mediaType": "text/markdown", "content": "日割りになるのか、まるまる1か月分なのかがわかりません。"
        }  # fmt: skip
        assert note["contentMap"] == {"ja": note["content"]}
        assert note["context"] == note["conversation"] == f"{note['id']}/context"
        assert (note[terms.KIND], note[terms.STATE]) == ("question", "open")
        assert note["interactionPolicy"] == {"canQuote": {"automaticApproval": [note["attributedTo"]]}}  # nobody else

    await database.write(look)


async def test_a_solved_question_shows_the_way_to_its_answer(database: Database) -> None:
    def look(session: Session) -> None:
        live(session)
        note = note_of(session, "question", visibility="open", anonymous=False)
        answer = session.get_one(
            Post, session.scalars(select(Post.accepted_answer_id).where(Post.uri == note["id"])).one()
        )
        assert note[terms.STATE] == "solved"
        assert note[terms.ACCEPTED_ANSWER] == answer.uri
        assert note["content"].endswith(f'<p>✅ 解決: <a href="{answer.url}">{answer.url}</a></p>')
        assert note["source"]["content"].endswith(f"\n\n✅ 解決: {answer.url}")
        names = [tag["name"] for tag in note["tag"]]
        assert names == ["#社会保険", "#C&A", "#解決済み"]

    await database.write(look)


async def test_an_answer_says_what_ours_read_and_mentions_whom_it_answers(database: Database) -> None:
    def look(session: Session) -> None:
        live(session)
        note = note_of(session, "answer", ai_draft=True)
        assert (note[terms.KIND], note[terms.AS_OF], note[terms.BASIS]) == ("answer", "2026-11", "健康保険法")
        assert note[terms.AI_DRAFT] is True
        mention = f'<p><a href="{HERE}/@hanako" class="u-url mention">@hanako</a> はい。</p>'
        assert note["content"].startswith(mention)
        assert note["_misskey_content"].startswith("@hanako@minato.example はい。")
        assert not note["source"]["content"].startswith("@")
        assert [tag["href"] for tag in note["tag"]] == [
            f"{HERE}/users/hanako",
            "https://yamate.example/users/taro",
        ]
        passed = note_of(session, "answer", ai_draft=False)
        assert passed[terms.PASSED_ON_FROM] == note["id"]

    await database.write(look)


async def test_what_we_write_we_read_back(database: Database) -> None:
    """Two towns of this software understand each other: the reader undoes the decoration of the writer."""

    def look(session: Session) -> None:
        live(session)
        for post in session.scalars(select(Post).where(Post.local, Post.kind == "question")):
            note = read_note(render.note(session, post))
            assert (note.name, note.html, note.source) == (post.title, post.body_html, post.body_source)
            assert note.anonymous == post.anonymous
            assert note.state == ("solved" if post.solved_at else "open")
            assert "解決済み" not in note.tags
        actor = read_actor(render.actor(session, factories.local(session, "hanako"), PEM))
        assert actor.strengths == ("36協定", "<年末>調整")
        assert actor.published == 1_775_001_600_000
        assert read_actor(render.actor(session, founding.relay(session), PEM)).kind == "relay"
        assert read_actor(render.actor(session, factories.board(session), PEM)).kind == "board"
        assert read_actor(render.actor(session, founding.instance_account(session), PEM)).kind == "instance"

    await database.write(look)


async def test_a_follow_up_of_the_asker_is_marked_and_an_actor_joined_at_midnight(database: Database) -> None:
    def look(session: Session) -> None:
        live(session)
        follow_up = note_of(session, "comment", from_asker=True, anonymous=True)
        assert follow_up["attributedTo"] == f"{HERE}/users/dareka"
        assert follow_up[terms.ASKER] is follow_up[terms.ANONYMOUS] is True
        account = factories.local(session, "hanako")
        account.created_at += 5 * 3_600_000 + 7
        assert render.actor(session, account, PEM)["published"] == "2026-04-01T00:00:00Z"
        board = render.actor(session, factories.board(session), PEM)
        assert board["type"] == "Group"
        assert board["attributedTo"] == f"{HERE}/boards/roumu/moderators"
        assert board["questionAnswer"] is True
        assert board["postingRestrictedToMods"] is False
        assert "manuallyApprovesFollowers" not in board
        assert board["discoverable"] is True
        relay = render.actor(session, founding.relay(session), PEM)
        assert (relay["type"], relay["machi:anonymousRelay"]) == ("Person", True)

    await database.write(look)


@pytest.mark.parametrize(
    ("learnt_from", "told_in", "named"),
    [("open", "open", True), ("open", "sister", True), ("sister", "sister", True), ("sister", "open", False),
     ("town", "open", False), ("town", "sister", False)],
)  # fmt: skip
async def test_where_it_was_learnt_is_told_only_where_that_may_be_known(
    database: Database, learnt_from: str, told_in: str, named: bool
) -> None:
    def unit(session: Session) -> tuple[Any, str]:
        hanako, natsu = factories.member(session, "hanako"), factories.member(session, "natsu")
        source = factories.answer(session, natsu, factories.question(session, hanako, visibility=learnt_from))
        answer = answers.reply(
            session,
            author=hanako,
            parent=factories.question(session, natsu, visibility=told_in),
            body=text.from_markdown("教わりました。"),
            passed_on_from=source,
        )
        return render.note(session, answer).get(terms.PASSED_ON_FROM), source.uri

    told, uri = await database.write(unit)
    assert told == (uri if named else None)
