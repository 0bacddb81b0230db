"""What the town talks of: topics by people, solved questions by time."""

from community import notes, questions, text, trends
from community import tags as tag_rows
from community.visibility import PUBLIC
from tests import factories


def write(session, author, *labels, visibility="open"):
    post = notes.write(session, author=author, body=text.from_markdown("ことば"), visibility=visibility)
    tag_rows.put(session, post, labels)
    return post


def labels(session):
    return [tag.label for tag in trends.tags(session)]


def test_topics_of_most_people_first(session, clock):
    hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
    for _ in range(3):
        write(session, hanako, "備蓄")
    write(session, hanako, "年末調整")
    write(session, taro, "年末調整")
    assert labels(session) == ["年末調整", "備蓄"]
    clock.advance(days=8)
    assert labels(session) == []


def test_only_what_everyone_may_see_and_who_may_be_heard_counts(session):
    hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
    write(session, hanako, "ひみつ", visibility="followers")
    write(session, hanako, "かくれ", visibility="unlisted")
    write(session, taro, "にぎやか")
    taro.silenced_at = 1
    assert labels(session) == []


def test_no_more_than_so_many_posts_are_looked_at(session, monkeypatch):
    hanako = factories.member(session, "hanako")
    write(session, hanako, "むかし")
    write(session, hanako, "いま")
    monkeypatch.setattr(trends, "READ_MOST", 1)
    assert labels(session) == ["いま"]


def test_solved_questions_newest_first(session):
    hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
    made = []
    for visibility in ("open", "town", "open"):
        asked = factories.question(session, hanako, visibility=visibility)
        answered = factories.answer(session, taro, asked)
        questions.solve(session, question=asked, answer=answered, by=hanako)
        made.append(asked.id)
    factories.question(session, hanako)
    assert trends.solved(session, PUBLIC, limit=5) == [made[2], made[0]]
    assert trends.solved(session, factories.viewer(session, taro), limit=5) == [made[2], made[0]]
    assert trends.solved(session, PUBLIC, limit=5, offset=1) == [made[0]]
