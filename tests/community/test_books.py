import pytest

from community import answers, founding, posts, thanks
from community.text import from_markdown
from community.visibility import PUBLIC
from tests import factories


def words(given):
    return [letter.message.body_text for letter in given.letters]


@pytest.fixture
def scene(session, clock):
    """harukaze answered three questions, one anonymous, one of まちの中だけ; six people and two towns gave thanks."""
    harukaze = factories.member(session, "harukaze")
    hanako, mizutama = factories.member(session, "hanako"), factories.member(session, "mizutama")
    taro = factories.remote(session, "taro", "yamate.example")
    opened = factories.answer(session, harukaze, factories.question(session, hanako))
    closed = factories.answer(session, harukaze, factories.question(session, hanako, visibility="town"))
    hidden = factories.answer(session, harukaze, factories.anonymous_question(session, mizutama))
    factories.thank(session, hanako, opened, words="一通目")
    clock.advance(seconds=1)
    factories.thank(session, mizutama, opened, words="こっそり", private=True)
    clock.advance(seconds=1)
    factories.thank(session, hanako, closed, words="まちの中で")
    clock.advance(seconds=1)
    thanks.give(
        session,
        giver=founding.relay(session),
        answer=hidden,
        from_asker=True,
        message=from_markdown("だれかより"),
    )
    thanks.give(
        session,
        giver=taro,
        answer=opened,
        origin=thanks.ThanksOrigin(uri="https://yamate.example/l", published=1),
    )
    return harukaze, hanako, opened


def test_letters_are_shown_as_far_as_the_reader_may_see(session, scene):
    harukaze, hanako, _ = scene
    assert words(thanks.book(session, PUBLIC, harukaze.id)) == ["だれかより", "一通目"]
    assert words(thanks.book(session, factories.viewer(session, hanako), harukaze.id)) == [
        "だれかより",
        "まちの中で",
        "一通目",
    ]
    own = thanks.book(session, factories.viewer(session, harukaze), harukaze.id)
    assert words(own) == ["だれかより", "まちの中で", "こっそり", "一通目"]
    assert own.letters[0].giver.kind == "relay"
    assert own.letters[3].question.title is not None


def test_the_counts_are_the_same_for_everyone(session, scene):
    harukaze, *_ = scene
    for viewer in (PUBLIC, factories.viewer(session, harukaze)):
        book = thanks.book(session, viewer, harukaze.id)
        assert (book.this_town, book.other_towns, book.people, book.towns) == (4, 1, 4, 2)


def test_page_by_page(session, scene):
    harukaze, *_ = scene
    viewer = factories.viewer(session, harukaze)
    first = thanks.book(session, viewer, harukaze.id, limit=3)
    rest = thanks.book(session, viewer, harukaze.id, max_id=first.letters[-1].thanks.id, limit=3)
    assert words(first) + words(rest) == ["だれかより", "まちの中で", "こっそり", "一通目"]


def test_a_letter_outlives_the_answer(session, scene):
    harukaze, _, opened = scene
    posts.delete(session, post=opened, by=harukaze)
    letter = thanks.book(session, PUBLIC, harukaze.id).letters[-1]
    assert (letter.message.body_text, letter.answer) == ("一通目", None)


def test_the_book_of_a_remote_answerer(session):
    hanako = factories.member(session, "hanako")
    taro = factories.remote(session)
    answer = answers.reply(
        session,
        author=taro,
        parent=factories.question(session, hanako),
        body=from_markdown("外から"),
        origin=factories.origin(),
    )
    factories.thank(session, hanako, answer, words="ありがとう")
    book = thanks.book(session, PUBLIC, taro.id)
    assert (book.this_town, book.other_towns) == (0, 1)


def test_it_costs_the_same_however_thick_it_is(session, scene, queries):
    harukaze, _, opened = scene

    harukaze_id, opened_id = harukaze.id, opened.id
    thin = statements(session, harukaze_id, queries)
    for n in range(8):
        factories.thank(
            session, factories.member(session, f"m{n}"), session.get_one(posts.Post, opened_id), words=f"{n}"
        )
    assert statements(session, harukaze_id, queries) == thin <= 4


def statements(session, account_id, queries):
    with queries() as sent:
        thanks.book(session, PUBLIC, account_id)
    return len(sent)
