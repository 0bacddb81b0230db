import pytest
from sqlalchemy import func, select

from community import events, follows, notifications, posts, timelines
from community.errors import NotAllowed, NotFound
from community.models import Account, Follow, HomeEntry, Notification
from tests import factories


@pytest.fixture
def told(bus):
    """What was told, in order."""
    heard = []
    for kind in (events.FollowRequested, events.FollowAccepted, events.FollowRejected, events.FollowEnded):
        bus.subscribe(kind, lambda session, event: heard.append(event))
    return heard


def kinds(told):
    return [type(event).__name__ for event in told]


def counts(session, account):
    session.expire(account)
    return account.followers_count, account.following_count


def notices(session, account):
    return list(session.scalars(select(Notification.kind).where(Notification.account_id == account.id)))


def test_an_open_member_is_followed_at_once(database, told):
    def unit(session):
        hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
        follow = follows.request(session, follower=hanako, followee=taro)
        again = follows.request(session, follower=hanako, followee=taro)
        assert (follow.state, again.id) == ("accepted", follow.id)
        assert follow.uri == f"https://minato.example/activities/{follow.id}"
        assert (counts(session, taro), counts(session, hanako)) == ((1, 0), (0, 1))
        assert (notices(session, taro), notices(session, hanako)) == (["follow"], [])

    database.write_now(unit)
    assert kinds(told) == ["FollowRequested", "FollowAccepted"]


@pytest.mark.parametrize("answer", ["accept", "reject"])
def test_a_locked_member_is_asked(database, told, answer):
    def unit(session):
        hanako, taro = factories.remote(session, "hanako"), factories.member(session, "taro", locked=True)
        follow = follows.request(session, follower=hanako, followee=taro, uri="https://yamate.example/f/1")
        assert (follow.state, notices(session, taro)) == ("requested", ["follow_request"])
        assert (follows.waiting(session, taro.id), counts(session, taro)) == ([follow], (0, 0))
        getattr(follows, answer)(session, follow=follow)
        assert follows.waiting(session, taro.id) == []
        return (
            counts(session, taro),
            notices(session, taro),
            follows.between(session, hanako.id, taro.id) is None,
        )

    assert database.write_now(unit) == (
        ((1, 0), ["follow"], False) if answer == "accept" else ((0, 0), [], True)
    )
    assert kinds(told) == [
        "FollowRequested",
        {"accept": "FollowAccepted", "reject": "FollowRejected"}[answer],
    ]
    if answer == "reject":
        assert told[1].uri == "https://yamate.example/f/1"


def test_a_remote_followee_is_waited_for(database, told):
    def unit(session):
        hanako, taro = factories.member(session, "hanako"), factories.remote(session, "taro")
        follow = follows.request(session, follower=hanako, followee=taro)
        assert (follow.state, counts(session, taro)) == ("requested", (0, 0))
        follows.accept(session, follow=follow)
        follows.accept(session, follow=follow)
        assert counts(session, taro) == (1, 0)
        follows.end(session, follower=hanako, followee=taro)
        follows.end(session, follower=hanako, followee=taro)
        assert (counts(session, taro), counts(session, hanako)) == ((0, 0), (0, 0))

    database.write_now(unit)
    assert kinds(told) == ["FollowRequested", "FollowAccepted", "FollowEnded"]


def test_a_board_accepts_always(database):
    def unit(session):
        board = factories.board(session)
        board.locked = True
        return follows.request(session, follower=factories.remote(session), followee=board, uri="x").state

    assert database.write_now(unit) == "accepted"


def test_a_server_that_forgot_is_told_again(database, told):
    def unit(session):
        hanako, taro = factories.remote(session, "hanako"), factories.member(session, "taro")
        for uri in ("https://yamate.example/f/1", "https://yamate.example/f/1", "https://yamate.example/f/2"):
            follow = follows.request(session, follower=hanako, followee=taro, uri=uri)
        assert follows.by_uri(session, "https://yamate.example/f/2") == follow
        assert (counts(session, taro), notices(session, taro)) == ((1, 0), ["follow"])

    database.write_now(unit)
    assert kinds(told) == ["FollowRequested", "FollowAccepted", "FollowAccepted"]


def test_the_id_of_somebody_elses_follow_is_refused(database):
    def unit(session):
        taro = factories.member(session, "taro")
        follows.request(
            session, follower=factories.remote(session, "a"), followee=taro, uri="https://yamate.example/f/1"
        )
        follows.request(
            session, follower=factories.remote(session, "b"), followee=taro, uri="https://yamate.example/f/1"
        )

    with pytest.raises(NotAllowed):
        database.write_now(unit)


def test_whom_nobody_can_follow(database):
    def unit(session):
        hanako, gone = factories.member(session, "hanako"), factories.member(session, "gone")
        gone.deleted_at = 1
        session.flush()
        with pytest.raises(NotFound):
            follows.request(session, follower=hanako, followee=gone)
        for followee in (hanako, factories.local(session, "minato.example")):
            with pytest.raises(NotAllowed):
                follows.request(session, follower=hanako, followee=followee)

    database.write_now(unit)


def test_lists_show_who_agreed(database):
    def unit(session):
        hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
        jiro = factories.member(session, "jiro", locked=True)
        for followee in (taro, jiro):
            follows.request(session, follower=hanako, followee=followee)
        assert follows.following(session, hanako.id) == [taro]
        assert follows.followers(session, taro.id) == [hanako]
        assert follows.followers(session, jiro.id) == []
        first = follows.between(session, hanako.id, taro.id)
        assert follows.following(session, hanako.id, max_id=first.id) == []

    database.write_now(unit)


def test_following_brings_the_last_posts_home_and_ending_takes_them_away(database):
    def unit(session):
        hanako, taro, jiro = (factories.member(session, name) for name in ("hanako", "taro", "jiro"))
        old = [
            factories.question(session, taro, title=f"{number}番目の質問です、よろしく")
            for number in range(22)
        ]
        whispered = factories.answer(session, taro, factories.question(session, jiro))
        whispered.visibility = "direct"
        session.flush()
        follows.request(session, follower=hanako, followee=taro)
        look = factories.viewer(session, hanako)
        assert timelines.home(session, look, limit=40) == old[:1:-1]
        fresh = factories.question(session, taro)
        assert timelines.home(session, look, limit=1) == [fresh]
        follows.request(session, follower=hanako, followee=factories.board(session, "roumu"))
        follows.end(session, follower=hanako, followee=taro)
        kept = timelines.home(session, look, limit=40)
        assert fresh in kept  # the board keeps it there
        follows.end(session, follower=hanako, followee=factories.board(session, "roumu"))
        assert timelines.home(session, look, limit=40) == []
        assert (
            session.scalar(
                select(func.count()).select_from(HomeEntry).where(HomeEntry.account_id == hanako.id)
            )
            == 0
        )

    database.write_now(unit)


def test_two_units_that_follow_at_once_count_once(database):
    def scene(session):
        return factories.member(session, "hanako").id, factories.member(session, "taro").id

    hanako, taro = database.write_now(scene)

    def follow(session):
        follows.request(session, follower=session.get(Account, hanako), followee=session.get(Account, taro))

    for _ in range(2):
        database.write_now(follow)
    assert database.read_now(lambda session: session.get(Account, taro).followers_count) == 1
    assert len(database.read_now(lambda session: session.scalars(select(Follow)).all())) == 1


def test_notices_are_for_people_who_live_here(database, clock):
    def scene(session):
        hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
        stranger, relay = factories.remote(session), factories.local(session, "dareka")
        question = factories.question(session, hanako)
        for to in (hanako, stranger, relay, factories.board(session)):
            for _ in range(2):
                notifications.tell(session, to=to, kind="like", actor=hanako, post=question)
                notifications.tell(session, to=to, kind="like", actor=taro, post=question)
        rows = session.execute(select(Notification.account_id, Notification.actor_id)).all()
        assert rows == [(hanako.id, taro.id)]

    database.write_now(scene)


def test_the_page_of_notices_and_what_is_new(database, clock):
    def scene(session):
        hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
        question = factories.question(session, hanako)
        return hanako.id, taro.id, question.id

    hanako, taro, question = database.write_now(scene)
    for number in range(12):
        clock.advance(minutes=1)
        database.write_now(
            lambda session, number=number: (
                factories.answer(
                    session,
                    session.get(Account, taro),
                    session.get(posts.Post, question),
                    body=f"{number}番目の答え",
                )
                and None
            )
        )
    viewer = database.read_now(lambda session: factories.viewer(session, hanako))

    def page(**facts):
        return database.read_now(lambda session: notifications.page(session, viewer, **facts))

    def unseen():
        return database.read_now(lambda session: notifications.unseen(session, viewer))

    assert [(notice.kind, notice.actor_id, notice.unseen) for notice in page(limit=2)] == [
        ("answer", taro, True)
    ] * 2
    assert unseen() == 10
    assert len(page(max_id=page(limit=2)[-1].id)) == 10
    newest = page(limit=1)[0].created_at
    clock.advance(days=3)
    database.write_now(lambda session: notifications.mark_seen(session, viewer))
    assert (unseen(), page(limit=1)[0].unseen) == (0, False)
    seen_at = database.read_now(
        lambda session: session.scalar(
            select(factories.Member.notifications_seen_at).where(factories.Member.account_id == hanako)
        )
    )
    assert seen_at == newest  # not the time of the visit

    last = page(limit=1)[0].post_id

    def take_back(session):
        answer = session.get(posts.Post, last)
        posts.delete(session, post=answer, by=session.get(Account, taro))

    database.write_now(take_back)
    assert len(page(limit=40)) == 11


def test_an_anonymous_asker_sees_answers_that_no_row_tells_of(database, clock):
    def scene(session):
        hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
        question = factories.anonymous_question(session, hanako)
        answer = factories.answer(session, taro, question)
        found = notifications.page(session, factories.viewer(session, hanako))
        assert [(notice.kind, notice.post_id, notice.anonymous) for notice in found] == [
            ("answer", answer.id, True)
        ]
        assert notifications.page(session, factories.viewer(session, hanako), max_id=answer.id) == []
        assert notifications.page(session, factories.viewer(session, taro)) == []
        assert session.scalars(select(Notification)).all() == []

    database.write_now(scene)
