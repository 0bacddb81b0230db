import pytest

from community import follows, timelines, towns
from community import town as current
from community.errors import Conflict, Invalid, NotFound
from tests import factories
from tests.towns import make_town


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Yamate.Example. ", "yamate.example"),
        ("https://yamate.example/", "yamate.example"),
        ("localhost:8002", "localhost:8002"),
        ("http://127.0.0.1:8002/", "127.0.0.1:8002"),
        ("[::1]:8002", "[::1]:8002"),
        ("[0:0::1]", "[::1]"),
        ("やまて.example", "xn--m9j4br.example"),
        ("ＹＡＭＡＴＥ.example", "yamate.example"),
    ],
)
def test_a_domain_has_one_form(typed, kept):
    assert towns.normalise(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "a b",
        "a/b",
        "host:",
        "host:0",
        "host:x",
        "host:123456",
        "[::g]",
        "a..b",
        "x" * 300,
        ".",
        "-a.jp",
    ],
)
def test_what_is_no_domain(typed):
    with pytest.raises(Invalid) as caught:
        towns.normalise(typed)
    assert caught.value.field == "domain"


def test_a_suspension_covers_what_lies_below_and_every_port(session):
    towns.suspend(session, "Bad.example", reason="いやがらせ")
    assert [(rule.domain, rule.reason) for rule in towns.suspended(session)] == [
        ("bad.example", "いやがらせ")
    ]
    for host in ("bad.example", "BAD.example", "sub.bad.example", "bad.example:8443", "a.b.bad.example", "bad.example."):
        assert towns.is_refused(session, host)
    for host in ("notbad.example", "example", "bad.example.org", "minato.example"):
        assert not towns.is_refused(session, host)
    assert towns.allow(session, "good.bad.example") == "good.bad.example"
    assert not towns.is_refused(session, "very.good.bad.example")
    assert towns.is_refused(session, "bad.example")
    towns.allow(session, "bad.example")
    assert not towns.is_refused(session, "sub.bad.example")
    with pytest.raises(Invalid):
        towns.suspend(session, "minato.example")


def test_a_suspended_town_is_no_sister(session):
    factories.sister(session, "bad.example:8443")
    assert towns.is_sister(session, "BAD.example:8443")
    towns.suspend(session, "bad.example")
    assert towns.sisters(session) == []
    assert not towns.is_sister(session, "bad.example:8443")


def test_a_suspension_ends_follows_and_hides_posts_until_taken_back(session):
    hanako = factories.member(session, "hanako")
    taro = factories.remote(session, "taro", "sub.bad.example")
    other = factories.remote(session, "other", "good.example")
    for followee in (taro, other):
        follows.accept(session, follow=follows.request(session, follower=hanako, followee=followee))
    answer = factories.answers.reply(
        session,
        author=taro,
        parent=factories.question(session, hanako),
        body=factories.text.from_html("<p>はい</p>"),
        origin=factories.origin(),
    )
    look = factories.viewer(session, hanako)
    assert answer in timelines.home(session, look)
    towns.suspend(session, "bad.example")
    session.expire_all()
    assert answer not in timelines.home(session, look)
    assert follows.following(session, hanako.id) == [other]
    assert (hanako.following_count, taro.suspended_at is not None) == (1, True)
    towns.allow(session, "bad.example")
    session.expire_all()
    assert taro.suspended_at is None


def test_the_allowlist_lets_sisters_in_alone(session, database_url, clock):
    current.attach(
        session,
        make_town(
            database_url, clock=clock, federation={"mode": "allowlist"}, instance={"domain": "minato.example"}
        ),
    )
    factories.sister(session, "localhost:8002")
    assert [
        towns.is_refused(session, host) for host in ("localhost:8002", "localhost:8003", "minato.example")
    ] == [
        False,
        True,
        False,
    ]


def test_a_silenced_host_is_marked_and_heard_again(session):
    taro, jiro = factories.remote(session, "taro", "loud.example"), factories.remote(session, "jiro", "a.loud.example")
    hana = factories.remote(session, "hana", "yamate.example")
    rule = towns.block(session, domain="Loud.example", policy="silence", reason="にぎやか", reject_media=True)
    session.expire_all()
    assert taro.silenced_at is not None
    assert jiro.silenced_at is not None
    assert hana.silenced_at is None
    assert towns.is_silenced(session, "b.LOUD.example:8443")
    assert not towns.is_refused(session, "loud.example")
    assert towns.rejects_media(session, "a.loud.example")
    assert not towns.rejects_reports(session, "a.loud.example")
    towns.lift(session, rule)
    session.expire_all()
    assert (taro.silenced_at, jiro.silenced_at) == (None, None)
    assert not towns.rejects_media(session, "loud.example")


def test_a_rule_may_change_and_its_effects_with_it(session):
    taro = factories.remote(session, "taro", "bad.example")
    rule = towns.block(session, domain="bad.example", policy="suspend")
    session.expire_all()
    assert taro.suspended_at is not None
    towns.change(session, rule, policy="silence", obfuscate=True)
    session.expire_all()
    assert taro.suspended_at is None
    assert taro.silenced_at is not None
    towns.change(session, rule, policy="noop", reject_reports=True)
    session.expire_all()
    assert taro.silenced_at is None
    assert towns.rejects_reports(session, "bad.example")
    with pytest.raises(Invalid):
        towns.change(session, rule, policy="allow")


def test_who_was_suspended_alone_stays_so_when_a_rule_about_their_host_ends(session, clock):
    taro, jiro = factories.remote(session, "taro", "bad.example"), factories.remote(session, "jiro", "bad.example")
    taro.suspended_at = clock.now
    session.flush()
    clock.advance(hours=1)
    rule = towns.block(session, domain="bad.example", policy="suspend")
    towns.lift(session, rule)
    session.expire_all()
    assert taro.suspended_at is not None
    assert jiro.suspended_at is None


def test_one_host_has_one_rule(session):
    towns.block(session, domain="bad.example", policy="silence")
    with pytest.raises(Conflict):
        towns.block(session, domain="BAD.example", policy="suspend")
    with pytest.raises(Conflict):
        towns.permit(session, "bad.example")
    with pytest.raises(Invalid):
        towns.block(session, domain="minato.example", policy="silence")
    assert towns.rule_by_id(session, towns.blocks(session)[0].id).domain == "bad.example"
    with pytest.raises(NotFound):
        towns.rule_by_id(session, 5)


def test_allow_list_mode_lets_in_sisters_and_whom_it_permits(session, database_url):
    current.attach(session, make_town(database_url, federation={"mode": "allowlist"}))
    factories.sister(session, "yamate.example")
    rule = towns.permit(session, "friend.example")
    assert towns.permit(session, "friend.example").id == rule.id
    assert [each.domain for each in towns.permits(session)] == ["friend.example"]
    assert towns.blocks(session) == []
    assert not towns.is_refused(session, "friend.example")
    assert not towns.is_refused(session, "sub.friend.example")
    assert not towns.is_refused(session, "yamate.example")
    assert towns.is_refused(session, "stranger.example")
    towns.lift(session, rule)
    assert towns.is_refused(session, "friend.example")
