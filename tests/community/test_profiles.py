import pytest

from community import emojis, events, media, members, profiles, strengths
from community.errors import Invalid, NotFound
from community.models import Account, Member
from community.profiles import Changes
from tests import factories

HERE = "https://minato.example/media/"


@pytest.fixture
def hanako(session):
    return factories.member(session, "hanako")


def update(session, account, **facts):
    return profiles.update(session, account_id=account.id, changes=Changes(**facts))


def test_everything_at_once_is_told_once(session, hanako, told):
    emojis.add(session, shortcode="neko", url=f"{HERE}ab/n.png")
    told()
    before = hanako.updated_at
    update(
        session,
        hanako,
        nickname="はなこ :neko:",
        note="人事です。\nhttps://example.org/me #総務",
        strengths=["年末調整"],
        accepting=False,
        locked=True,
        bot=True,
        discoverable=False,
        indexable=True,
        hides_collections=False,
        fields=[("ブログ", "https://example.org/a?b=1&c=2"), ("", ""), ("得意技", "年末調整"), ("好き", "<b>お茶</b>")],
        avatar="ab/avatar.png",
        header="ab/header.jpg",
        avatar_description="湯のみ",
        posting_visibility="followers",
        posting_sensitive=True,
        posting_language="en",
        quote_policy="nobody",
        attribution_domains=["Blog.example.org", "blog.example.org"],
    )
    assert told() == [events.AccountUpdated(hanako.id)]
    assert hanako.updated_at > before
    assert hanako.display_name == "はなこ :neko:"
    assert [each["shortcode"] for each in hanako.emojis] == ["neko"]
    assert 'href="https://example.org/me"' in hanako.summary_html
    assert 'class="mention hashtag"' in hanako.summary_html
    assert hanako.summary_source == "人事です。\nhttps://example.org/me #総務"
    assert [row.label for row in strengths.of(session, hanako.id)] == ["年末調整"]
    assert (hanako.accepting, hanako.locked, hanako.bot, hanako.discoverable) == (False, True, True, False)
    assert (hanako.indexable, hanako.hides_collections) == (True, False)
    assert (hanako.avatar_url, hanako.header_url) == (f"{HERE}ab/avatar.png", f"{HERE}ab/header.jpg")
    link = "https://example.org/a?b=1&amp;c=2"
    assert hanako.fields == [
        {"name": "ブログ", "value": f'<a href="{link}" rel="me nofollow noopener">{link}</a>'},
        {"name": "好き", "value": "&lt;b&gt;お茶&lt;/b&gt;"},
    ]
    member = session.get_one(Member, hanako.id)
    assert member.fields_source[1] == {"name": "好き", "value": "<b>お茶</b>"}
    assert (member.posting_visibility, member.posting_sensitive, member.posting_language) == ("followers", True, "en")
    assert (member.quote_policy, member.attribution_domains) == ("nobody", ["blog.example.org"])


def test_what_is_not_given_stays_and_says_nothing(session, hanako, told):
    update(session, hanako, nickname="はなこ", avatar="ab/avatar.png", fields=[("a", "b")], bot=True)
    told()
    facts = (hanako.display_name, hanako.avatar_url, hanako.fields, hanako.bot, hanako.updated_at)
    update(session, hanako, posting_sensitive=True, nickname="はなこ")
    assert (hanako.display_name, hanako.avatar_url, hanako.fields, hanako.bot, hanako.updated_at) == facts
    assert told() == []


def test_pictures_that_are_replaced_are_let_go_of(session, hanako, told):
    update(session, hanako, avatar="ab/one.png", header="ab/head.png")
    told()
    update(session, hanako, avatar="ab/two.png")
    assert [row.file for row in media.forgotten(session)] == ["ab/one.png"]
    update(session, hanako, avatar="", header="")
    assert (hanako.avatar_url, hanako.header_url) == (None, None)
    assert len(told()) == 2
    assert {row.file for row in media.forgotten(session)} == {"ab/one.png", "ab/two.png", "ab/head.png"}


def test_they_go_with_who_leaves(session, hanako):
    update(session, hanako, avatar="ab/one.png", avatar_description="湯のみ")
    members.leave(session, account_id=hanako.id)
    assert [row.file for row in media.forgotten(session)] == ["ab/one.png"]
    assert (hanako.avatar_url, hanako.avatar_description) == (None, "")


def test_an_empty_name_is_the_handle(session, hanako):
    update(session, hanako, nickname="はなこ")
    assert update(session, hanako, nickname=" ").display_name == "hanako"


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        ("nickname", {"nickname": "あ" * 31}),
        ("bio", {"note": "あ" * 2001}),
        ("fields", {"fields": [(f"n{number}", "v") for number in range(5)]}),
        ("fields", {"fields": [("n", "あ" * 256)]}),
        ("fields", {"fields": [("", "v")]}),
        ("avatar_description", {"avatar_description": "あ" * 151}),
        ("posting_visibility", {"posting_visibility": "secret"}),
        ("posting_language", {"posting_language": "日本語"}),
        ("quote_policy", {"quote_policy": "mother"}),
        ("attribution_domains", {"attribution_domains": ["https://example.org/"]}),
        ("strengths", {"strengths": [f"n{number}" for number in range(9)]}),
    ],
)
def test_what_does_not_fit(session, hanako, field, facts):
    with pytest.raises(Invalid) as refused:
        update(session, hanako, **facts)
    assert refused.value.field == field


def test_members_only(session):
    with pytest.raises(NotFound):
        update(session, factories.remote(session), nickname="たろう")
    with pytest.raises(NotFound):
        update(session, Account(id=5), nickname="たろう")
