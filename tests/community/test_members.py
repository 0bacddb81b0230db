import pytest
from sqlalchemy import select

from community import doors, events, follows, founding, members, posts, text
from community.db import Database, open_database
from community.errors import Invalid, NotAllowed, NotFound
from community.events import Bus
from community.models import Account, HomeEntry, Member, Notification, Strength
from tests import factories
from tests.towns import make_town

FACTS = {
    "name": "harukaze",
    "nickname": "はるかぜ",
    "passphrase_hash": "hash",
    "application": "経理をしています",
}


@pytest.fixture
def join(database_url, clock):
    """Joins a town whose registration mode is given; gives the result and the database it is in."""
    opened: list[Database] = []

    def joining(mode="open", **facts):
        town = make_town(database_url, clock=clock, instance={"registrations": mode})
        database = open_database(town, Bus())
        opened.append(database)
        database.write_now(founding.found)

        def unit(session):
            joined = members.join(session, **(FACTS | facts))
            return joined.account.id, joined.member.state, joined.member.role, joined.recovery_code

        return database.write_now(unit)

    yield joining
    for database in opened:
        database.close_now()


def fails(join, kind, mode="open", **facts):
    with pytest.raises(kind) as caught:
        join(mode, **facts)
    return caught.value


@pytest.mark.parametrize(("mode", "state"), [("open", "active"), ("approval", "pending")])
def test_the_mode_decides_how_one_comes_in(database, join, mode, state):
    account_id, got, role, code = join(mode)
    assert (got, role) == (state, "member")
    assert len(code.replace("-", "")) == 26
    account = database.read_now(lambda session: session.get(Account, account_id))
    assert (account.name, account.display_name, account.local) == ("harukaze", "はるかぜ", True)
    assert account.uri == "https://minato.example/users/harukaze"
    assert (account.suspended_at is not None) is (state == "pending")


def test_a_town_by_invitation_and_a_closed_one(database, join):
    assert fails(join, Invalid, "invite").field == "invite_code"
    assert fails(join, Invalid, "invite", invite_code="NOTACODE").field == "invite_code"
    fails(join, NotAllowed, "closed")
    code = database.write_now(lambda session: doors.create_invite(session, by=None).code)
    assert join("invite", invite_code=f" {code[:4].lower()}-{code[4:]} ")[1] == "active"
    assert fails(join, Invalid, "invite", invite_code=code, name="second").field == "invite_code"


def test_who_is_invited_waits_for_nobody(database, join):
    code = database.write_now(lambda session: doors.create_invite(session, by=None).code)
    assert join("approval", invite_code=code, application="")[1] == "active"


def test_a_failed_joining_spends_no_invitation(database, join):
    code = database.write_now(lambda session: doors.create_invite(session, by=None).code)
    fails(join, Invalid, "invite", invite_code=code, name="だめ")
    fails(join, Invalid, "invite", invite_code=code, name="machi")
    assert join("invite", invite_code=code)[1] == "active"


def test_the_first_administrator_comes_in_always_and_once(database, join):
    key = database.write_now(doors.first_admin_link)
    assert join("closed", first_admin_key=key)[1:3] == ("active", "admin")
    fails(join, NotAllowed, "open", first_admin_key=key, name="second")
    assert database.write_now(doors.first_admin_link) is None


def test_the_operator_gives_roles_and_names_of_the_town(join):
    assert join("closed", by_operator=True, role="keeper", name="admin")[1:3] == ("active", "keeper")
    assert fails(join, Invalid, "open", role="admin", name="x").field == "role"
    assert fails(join, Invalid, "open", name="soumu").field == "name"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "花子",
        "a" * 31,
        "-a",
        "a.",
        "a b",
        "machi",
        "dareka",
        "actor",
        "roumu",
        "admin",
        "minato.example",
        "a\x00b",
        "HANAKO!",
    ],
)
def test_handles_that_cannot_be(join, name):
    assert fails(join, Invalid, name=name).field == "name"


@pytest.mark.parametrize(
    ("typed", "kept"), [("Hanako", "hanako"), ("＠ｈａｎａｋｏ＿３", "hanako_3"), (" a.b-c ", "a.b-c")]
)
def test_handles_are_made_plain(database, join, typed, kept):
    account_id = join(name=typed)[0]
    assert database.read_now(lambda session: session.get(Account, account_id).name) == kept


def test_a_taken_handle_is_named_kindly(join):
    join()
    problem = fails(join, Invalid, name="HARUKAZE")
    assert (problem.field, problem.facts) == ("name", {"name": "harukaze"})


@pytest.mark.parametrize(
    "nickname", ["", "  ", "\u200b\u202e", "あ" * 31, "だれかさん", "ﾀﾞﾚｶｻﾝ", "！！", "だれか\u200bさん"]
)
def test_nicknames_that_cannot_be(join, nickname):
    assert fails(join, Invalid, nickname=nickname).field == "nickname"


def test_a_nickname_loses_what_deceives(database, join):
    account_id = join(nickname=" はる\u202eかぜ\u200b\n✅ さん ")[0]
    assert database.read_now(lambda session: session.get(Account, account_id).display_name) == "はるかぜ さん"


@pytest.mark.parametrize("email", ["x", "a@b", "a b@c.jp", "@c.jp", "a@" + "b" * 260 + ".jp"])
def test_an_email_that_cannot_be(join, email):
    assert fails(join, Invalid, email=email).field == "email"


def test_nobody_learns_whose_email_is_taken(join):
    join(email="Haru@Example.jp")
    taken = fails(join, Invalid, email="haru@example.jp", name="second")
    slip = fails(join, Invalid, email="haru", name="second")
    assert (taken.field, taken.message) == (slip.field, slip.message)
    join(name="second")
    join(name="third")  # no e-mail is no clash


def test_waiting_needs_a_word_and_ends_either_way(database, join):
    assert fails(join, Invalid, "approval", application=" ").field == "application"
    first, second = join("approval")[0], join("approval", name="spam")[0]

    def waits(session):
        return [account.name for account, _ in members.waiting(session)]

    assert database.read_now(waits) == ["harukaze", "spam"]
    database.write_now(lambda session: members.approve(session, account_id=first) and None)
    database.write_now(lambda session: members.decline(session, account_id=second))
    assert database.read_now(waits) == []
    assert database.read_now(lambda session: session.get(Account, first).suspended_at) is None
    assert database.read_now(lambda session: session.get(Account, second)) is None
    with pytest.raises(NotFound):
        database.write_now(lambda session: members.decline(session, account_id=first))
    join("open", name="spam")


def test_everything_made_in_a_trial_town_is_marked(database_url, clock):
    town = make_town(database_url, clock=clock, instance={"sample": True})
    opened = open_database(town, Bus())
    assert opened.write_now(lambda session: factories.member(session).sample) is True
    opened.close_now()


def test_login_by_handle_and_by_email(database):
    def unit(session):
        factories.member(session, "hanako", email="Hana@example.jp")
        typed = ["HANAKO", "@hanako", " ｈａｎａｋｏ ", "@hanako@minato.example", "HANA@EXAMPLE.JP"]
        found = [members.by_login(session, login) for login in typed]
        return (
            [it[0].name for it in found if it],
            members.by_login(session, "dareka"),
            members.by_login(session, ""),
        )

    assert database.write_now(unit) == (["hanako"] * 5, None, None)


def test_roles_and_the_last_administrator(database):
    def unit(session):
        first = factories.member(session, "first", role="admin").id
        second = factories.member(session, "second").id
        for act in (
            lambda: members.set_role(session, account_id=first, role="member"),
            lambda: members.leave(session, account_id=first),
        ):
            with pytest.raises(NotAllowed):
                act()
        with pytest.raises(Invalid):
            members.set_role(session, account_id=second, role="king")
        members.set_role(session, account_id=second, role="admin")
        members.set_role(session, account_id=first, role="watcher")
        return session.get(Member, first).role, session.get(Member, second).role

    assert database.write_now(unit) == ("watcher", "admin")


def test_a_profile_changes_what_is_given_and_tells_only_then(database, bus):
    told = []
    bus.subscribe(events.AccountUpdated, lambda session, event: told.append(event.account_id))
    hanako = database.write_now(lambda session: factories.member(session).id)
    told.clear()

    def update(**facts):
        database.write_now(
            lambda session: members.update_profile(session, account_id=hanako, **facts) and None
        )

    update(
        nickname="ハナ",
        bio=text.from_markdown("**契約**が好き"),
        strengths=["３６協定", "契約書"],
        accepting=False,
    )
    account = database.read_now(lambda session: session.get(Account, hanako))
    assert (account.display_name, account.accepting, account.locked) == ("ハナ", False, False)
    assert "<strong>契約</strong>" in account.summary_html
    assert told == [hanako]
    update(nickname="ハナ", strengths=["３６協定", "契約書"])
    update(learnings=["登記"], default_visibility="town", locale="en", email="hana@example.jp")
    assert told == [hanako]
    member = database.read_now(lambda session: session.get(Member, hanako))
    assert (member.default_visibility, member.locale, member.email) == ("town", "en", "hana@example.jp")
    update(default_visibility="", email="")
    member = database.read_now(lambda session: session.get(Member, hanako))
    assert (member.default_visibility, member.email) == (None, None)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"nickname": ""}, "nickname"),
        ({"bio": text.from_markdown("あ" * 2001)}, "bio"),
        ({"strengths": [str(number) for number in range(9)]}, "strengths"),
        ({"learnings": ["あ" * 31]}, "learnings"),
        ({"default_visibility": "direct"}, "default_visibility"),
        ({"email": "x"}, "email"),
        ({"email": "taken@example.jp"}, "email"),
    ],
)
def test_a_profile_that_does_not_fit(database, facts, field):
    def unit(session):
        factories.member(session, "other", email="taken@example.jp")
        members.update_profile(session, account_id=factories.member(session).id, **facts)

    with pytest.raises(Invalid) as caught:
        database.write_now(unit)
    assert caught.value.field == field


def test_the_recovery_code_works_once_in_any_spelling(database, join):
    account_id, _, _, code = join()

    def come_back(typed, login="harukaze"):
        return database.write_now(
            lambda session: members.use_recovery_code(session, login=login, code=typed, passphrase_hash="new")
        )

    session_token = database.write_now(lambda session: doors.open_session(session, account_id))
    for wrong in ({"typed": code[:-1]}, {"typed": ""}, {"typed": code, "login": "nobody"}):
        with pytest.raises(NotAllowed):
            come_back(**wrong)
    following = come_back(f" {code.lower().replace('-', ' ').replace('0', 'o')} ")
    assert following != code
    assert database.read_now(lambda session: session.get(Member, account_id).passphrase_hash) == "new"
    assert database.read_now(lambda session: doors.viewer_of_session(session, session_token)) is None
    with pytest.raises(NotAllowed):
        come_back(code)
    come_back(following)


def test_a_new_passphrase_ends_every_other_session(database):
    def unit(session):
        hanako = factories.member(session).id
        here, there = doors.open_session(session, hanako), doors.open_session(session, hanako)
        app = doors.issue_token(session, hanako, "read", "app")
        members.change_passphrase(session, account_id=hanako, passphrase_hash="new", keep=here)
        return (
            doors.viewer_of_session(session, here) is not None,
            doors.viewer_of_session(session, there) is not None,
            doors.viewer_of_token(session, app) is not None,
        )

    assert database.write_now(unit) == (True, False, False)


@pytest.mark.parametrize("delete_posts", [False, True])
def test_leaving_takes_the_name_off(database, bus, delete_posts):
    told = []
    bus.subscribe(events.AccountDeleted, lambda session, event: told.append(event))

    def scene(session):
        hanako, taro = (
            factories.member(session, "hanako", strengths=["契約"]),
            factories.member(session, "taro"),
        )
        fan = factories.remote(session, "fan")
        for follower, followee in ((hanako, taro), (taro, hanako), (fan, hanako)):
            follows.request(session, follower=follower, followee=followee)
        question = factories.question(session, hanako)
        factories.answer(session, taro, question)
        doors.open_session(session, hanako.id)
        doors.issue_token(session, hanako.id, "read", "app")
        return hanako.id, taro.id, fan.id, question.id

    hanako, taro, fan, question = database.write_now(scene)
    database.write_now(lambda session: members.leave(session, account_id=hanako, delete_posts=delete_posts))

    def look(session):
        account = session.get(Account, hanako)
        assert (account.display_name, account.deleted_at is not None) == (members.GONE, True)
        for model in (Member, Strength, HomeEntry, Notification):
            assert session.execute(select(model).where(model.account_id == hanako)).first() is None
        other = session.get(Account, taro)
        assert (other.followers_count, other.following_count) == (0, 0)
        assert (session.get(posts.Post, question).deleted_at is not None) is delete_posts
        assert members.by_login(session, "hanako") is None
        with pytest.raises(Invalid):
            members.join(session, **(FACTS | {"name": "hanako"}), by_operator=True)

    database.write_now(look)
    assert [(event.account_id, set(event.follower_ids)) for event in told] == [(hanako, {taro, fan})]


def test_suggested_handles(database):
    def unit(session):
        factories.member(session, "harukaze")
        return [
            members.suggest_handle(session, nickname)
            for nickname in ("はるかぜ", "ミナト☆", "Lucky っと", "山田", "machi")
        ]

    first, second, third, kanji, reserved = database.write_now(unit)
    assert (first, second, third) == ("harukaze_2", "minato", "luckytto")
    assert kanji.isascii()
    assert kanji
    assert reserved == "machi_2"
