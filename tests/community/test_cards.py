import pytest
from sqlalchemy import select

from community import cards, media, notes, posts, text
from community.cards import Preview
from community.models import Card, Post
from tests import factories

PAGE = "https://news.example/1"


@pytest.fixture
def hanako(session):
    return factories.member(session, "hanako")


def note(session, author, html, *, visibility="open", **facts):
    post = notes.write(session, author=author, body=text.from_html(html, "x"), visibility=visibility, **facts)
    cards.choose(session, post.id)
    return post


def link(address=PAGE, more=""):
    return f'<p>記事 <a href="{address}"{more}>{address}</a></p>'


def card_of(session, post):
    session.refresh(post)
    return None if post.card_id is None else session.get_one(Card, post.card_id)


def test_a_link_waits_to_be_asked_once_for_all(session, hanako):
    first, second = note(session, hanako, link()), note(session, hanako, link())
    assert first.card_id == second.card_id
    assert cards.waiting(session, limit=5) == [(first.card_id, PAGE)]
    before = card_of(session, first), first.touched
    cards.keep(session, first.card_id, Preview(title=" 年末調整\nの記事 ", description="あ" * 2_000, width=600, height=300))
    card = card_of(session, first)
    assert (card.title, len(card.description), card.width) == ("年末調整 の記事", cards.WORDS_MOST, 600)
    assert first.touched == before[1] + 1
    assert cards.waiting(session, limit=5) == []
    cards.keep(session, first.card_id, Preview(title="年末調整 の記事", description="あ" * 2_000, width=600, height=300))
    session.refresh(first)
    assert first.touched == before[1] + 1


@pytest.mark.parametrize(
    "html",
    [
        "<p>文だけ</p>",
        link("https://yamate.example/@taro", ' class="u-url mention"'),
        link("https://yamate.example/tags/x", ' class="mention hashtag"'),
        link("https://minato.example/posts/1"),
        link("mailto:hanako@minato.example"),
        link("https://[broken/"),
        link("https://news.example/" + "x" * 2_100),
    ],
)
def test_what_leads_nowhere_outside(session, hanako, html):
    assert note(session, hanako, html).card_id is None
    assert cards.waiting(session, limit=5) == []


def test_the_first_real_link_counts_without_its_fragment(session, hanako):
    html = link("https://yamate.example/@taro", ' class="u-url mention"') + link(f"{PAGE}?a=1&amp;b=2#end") + link()
    assert card_of(session, note(session, hanako, html)).url == f"{PAGE}?a=1&b=2"


@pytest.mark.parametrize("visibility", ["town", "followers", "direct", "sister"])
def test_of_what_few_see_no_page_learns(session, hanako, visibility):
    assert note(session, hanako, link(), visibility=visibility).card_id is None
    assert session.scalars(select(Card.id)).all() == []


def test_pictures_stand_instead(session, hanako):
    post = note(session, hanako, link())
    upload = media.new(
        session, account_id=hanako.id, kind="image", mime="image/png", file="a.png", preview=None, blurhash=None, meta={}, size=1
    )  # fmt: skip
    media.attach(session, post, [upload.id])
    before = post.touched
    cards.choose(session, post.id)
    assert card_of(session, post) is None
    assert post.touched == before + 1


def test_an_edit_chooses_anew_and_taking_back_leaves_none(session, hanako):
    post = note(session, hanako, link())
    posts.edit(session, post=post, by=hanako, body=text.from_html(link("https://news.example/2"), "y"))
    cards.choose(session, post.id)
    assert card_of(session, post).url == "https://news.example/2"
    posts.edit(session, post=post, by=hanako, body=text.from_html("<p>文だけ</p>", "z"))
    cards.choose(session, post.id)
    assert card_of(session, post) is None
    posts.delete(session, post=post, by=hanako)
    cards.choose(session, post.id)
    assert session.get_one(Post, post.id).card_id is None


def test_asked_again_in_time(session, hanako, town):
    post = note(session, hanako, link())
    cards.given_up(session, [post.card_id])
    note(session, hanako, link())
    assert cards.waiting(session, limit=5) == []
    town.clock.advance(hours=23)
    note(session, hanako, link())
    assert cards.waiting(session, limit=5) == []
    town.clock.advance(hours=2)
    note(session, hanako, link())
    assert len(cards.waiting(session, limit=5)) == 1
    cards.keep(session, post.card_id, Preview(title="記事"))
    town.clock.advance(days=10)
    note(session, hanako, link())
    assert cards.waiting(session, limit=5) == []
    town.clock.advance(days=5)
    note(session, hanako, link())
    assert len(cards.waiting(session, limit=5)) == 1
    cards.given_up(session, [post.card_id])
    assert card_of(session, post).title == "記事"


def foreign(session, number: int, html: str):
    """A post of another server, which thousands of towns receive in the same second."""
    author = factories.remote(session, f"p{number}")
    return note(session, author, html, origin=factories.origin(f"https://yamate.example/posts/{number}"))


def test_what_spreads_is_asked_at_a_random_moment_of_the_next_minute(session, town):
    made = [foreign(session, number, link(f"{PAGE}{number}")) for number in range(50)]
    assert cards.waiting(session, limit=100) == []
    due = [-card_of(session, post).fetched_at - town.clock() for post in made]
    assert 1_000 <= min(due) < max(due) <= 60_000
    assert len(set(due)) > 20
    town.clock.advance(seconds=60)
    assert len(cards.waiting(session, limit=100)) == 50


def test_who_posts_here_need_not_wait(session, hanako):
    first = foreign(session, 1, link())
    waits_until = card_of(session, first).fetched_at
    foreign(session, 2, link())
    assert card_of(session, first).fetched_at >= waits_until
    note(session, hanako, link())
    assert len(cards.waiting(session, limit=5)) == 1
