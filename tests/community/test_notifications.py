"""Who is told of what, and of what not."""

import pytest
from sqlalchemy import select

from community import (
    events,
    ids,
    likes,
    members,
    notice_policy,
    notifications,
    onlookers,
    posts,
    push,
    towns,
)
from community.errors import Invalid, NotFound
from community.models import (
    Account,
    Block,
    DomainBlock,
    Follow,
    Member,
    Mute,
    Notification,
    NotificationSender,
    Post,
    PushItem,
    Report,
    ThreadMute,
)
from tests import factories


@pytest.fixture
def people(session):
    return factories.member(session, "hanako"), factories.member(session, "harukaze")


def rows(session, account, **facts):
    found = session.scalars(select(Notification).filter_by(account_id=account.id, **facts).order_by(Notification.id))
    return [(it.kind, it.actor_id, it.post_id) for it in found]


def follow(session, follower, followee, *, at=1, **facts):
    row = Follow(
        id=ids.new(1), uri=f"urn:f:{follower.id}:{followee.id}", follower_id=follower.id,
        followee_id=followee.id, state="accepted", created_at=at, **facts,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def test_the_same_is_told_once_and_an_edit_anew(session, people, told):
    hanako, harukaze = people
    question = factories.question(session, hanako)
    told()
    for kind in ("like", "like", "update", "update"):
        notifications.tell(session, to=hanako, kind=kind, actor=harukaze, post=question)
    assert [it[0] for it in rows(session, hanako)] == ["like", "update"]
    assert [type(it) for it in told(notices=True)] == [events.Notified] * 3


def test_nobody_is_told_of_themselves_but_of_the_end_of_their_poll(session, people):
    hanako, _ = people
    question = factories.question(session, hanako)
    notifications.tell(session, to=hanako, kind="like", actor=hanako, post=question)
    notifications.tell(session, to=hanako, kind="poll", actor=hanako, post=question)
    assert rows(session, hanako) == [("poll", hanako.id, question.id)]


def block(session, me, other):
    session.add(Block(id=1, uri="urn:b", account_id=me.id, target_id=other.id, created_at=1))


def blocked(session, me, other):
    block(session, other, me)


def mute(session, me, other):
    session.add(Mute(id=1, account_id=me.id, target_id=other.id, created_at=1))


def shut_out(session, me, other):
    other.domain = "rude.example"
    session.add(DomainBlock(id=1, account_id=me.id, domain="rude.example", created_at=1))


def mute_thread(session, me, other):
    root = session.scalars(select(Post.id).where(Post.kind == "question")).one()
    session.add(ThreadMute(account_id=me.id, root_id=root))


@pytest.mark.parametrize("away", [block, blocked, mute, shut_out, mute_thread])
def test_whom_a_member_turned_away_from_they_do_not_hear(session, people, away):
    hanako, harukaze = people
    question = factories.question(session, hanako)
    away(session, hanako, harukaze)
    notifications.tell(session, to=hanako, kind="like", actor=harukaze, post=question)
    assert rows(session, hanako) == []


def test_a_mute_may_spare_notices_and_ends(session, people, clock):
    hanako, harukaze = people
    question = factories.question(session, hanako)
    session.add(Mute(id=1, account_id=hanako.id, target_id=harukaze.id, created_at=1, notifications=False))
    session.flush()
    notifications.tell(session, to=hanako, kind="like", actor=harukaze, post=question)
    assert len(rows(session, hanako)) == 1


def test_moderators_hear_of_newcomers_and_reports_whomever_they_mute(session, people):
    hanako, harukaze = people
    session.get_one(Member, hanako.id).role = "moderator"
    mute(session, hanako, harukaze)
    report = Report(
        id=7, uri="urn:r", account_id=harukaze.id, target_id=hanako.id, created_at=1, updated_at=1
    )
    session.add(report)
    notifications.tell_moderators(session, kind="report", actor=harukaze, report=report)
    notifications.tell_moderators(session, kind="report", actor=harukaze, report=report)
    joined = members.join(
        session, name="hotate", nickname="ほたて", passphrase_hash="x", application="よろしくお願いします。"
    )
    assert [it[:2] for it in rows(session, hanako)] == [("report", harukaze.id), ("sign_up", joined.account.id)]
    assert rows(session, harukaze) == []
    assert joined.member.state == "pending"
    members.decline(session, account_id=joined.account.id)
    assert len(rows(session, hanako)) == 1


# --- the policy


def test_without_a_policy_nothing_is_held(session, people):
    hanako, _ = people
    assert set(notice_policy.of(session, hanako.id).values()) == {"accept"}
    notifications.tell(session, to=hanako, kind="follow", actor=factories.remote(session))
    assert rows(session, hanako, held=False)


def set_policy(session, member, **rules):
    notice_policy.change(session, account_id=member.id, rules=rules)
    session.expire_all()


def test_what_is_filtered_waits_and_what_is_dropped_is_gone(session, people, told):
    hanako, _ = people
    taro, jiro = factories.remote(session), factories.remote(session, "jiro")
    set_policy(session, hanako, for_not_following="filter")
    told()
    question = factories.question(session, hanako)
    for _ in range(2):
        notifications.tell(session, to=hanako, kind="like", actor=taro, post=question)
        notifications.tell(session, to=hanako, kind="follow", actor=taro)
    assert not [it for it in told(notices=True) if isinstance(it, events.Notified)]
    assert len(rows(session, hanako, held=True)) == 2
    assert notice_policy.summary(session, hanako.id) == notice_policy.Summary(1, 2)
    viewer = factories.viewer(session, hanako)
    assert notifications.page(session, viewer) == [] and notifications.unseen(session, viewer) == 0
    set_policy(session, hanako, for_not_following="drop")
    notifications.tell(session, to=hanako, kind="like", actor=jiro, post=question)
    assert len(rows(session, hanako)) == 2


@pytest.mark.parametrize(
    ("rule", "met"),
    [
        ("for_not_following", lambda *_: None),
        ("for_not_followers", lambda *_: None),
        ("for_not_followers", lambda session, me, it, now: follow(session, it, me, at=now - 86_400_000)),
        ("for_new_accounts", lambda session, me, it, now: setattr(it, "created_at", now - 86_400_000)),
        ("for_bots", lambda session, me, it, now: setattr(it, "bot", True)),
        (
            "for_limited_accounts",
            lambda session, me, it, now: towns.block(session, domain="example", policy="silence"),
        ),
    ],
)
def test_each_rule_holds_strangers_and_spares_friends(session, people, clock, rule, met):
    hanako, _ = people
    taro = factories.remote(session)
    taro.created_at = 1
    set_policy(session, hanako, **{rule: "filter"})
    met(session, hanako, taro, clock.now)
    session.flush()
    notifications.tell(session, to=hanako, kind="follow", actor=taro)
    assert [it[0] for it in rows(session, hanako, held=True)] == ["follow"]
    session.execute(Notification.__table__.delete())
    follow(session, hanako, taro)
    session.execute(Follow.__table__.update().where(Follow.follower_id == taro.id).values(created_at=1))
    if session.scalar(select(Follow.id).where(Follow.follower_id == taro.id)) is None:
        follow(session, taro, hanako)  # for so long that it counts
    notifications.tell(session, to=hanako, kind="follow", actor=taro)
    assert [it[0] for it in rows(session, hanako, held=False)] == ["follow"]


def test_an_ordinary_account_meets_no_rule_about_others(session, people):
    hanako, _ = people
    taro = factories.remote(session)
    taro.created_at = 1
    set_policy(
        session, hanako, for_new_accounts="drop", for_bots="drop", for_limited_accounts="drop", for_private_mentions="drop"
    )  # fmt: skip
    notifications.tell(session, to=hanako, kind="follow", actor=taro)
    assert rows(session, hanako, held=False)


def test_private_words_of_strangers_wait_but_not_in_reply(session, people):
    hanako, harukaze = people
    set_policy(session, hanako, for_private_mentions="filter")
    question = factories.question(session, hanako)
    reply = factories.answer(session, harukaze, question)
    reply.visibility = "direct"
    apart = factories.answer(session, harukaze, factories.question(session, harukaze, title="べつの話です"))
    apart.visibility = "direct"
    session.flush()
    session.execute(Notification.__table__.delete())
    notifications.tell(session, to=hanako, kind="mention", actor=harukaze, post=apart)
    notifications.tell(session, to=hanako, kind="mention", actor=harukaze, post=reply)
    assert rows(session, hanako, held=True) == [("mention", harukaze.id, apart.id)]
    assert rows(session, hanako, held=False) == [("mention", harukaze.id, reply.id)]


def test_moderators_and_boards_are_never_held(session, people):
    hanako, harukaze = people
    set_policy(session, hanako, **dict.fromkeys(notice_policy.RULES, "drop"))
    session.get_one(Member, harukaze.id).role = "moderator"
    board = factories.board(session)
    question = factories.question(session, hanako)
    for actor in (harukaze, board):
        notifications.tell(session, to=hanako, kind="mention", actor=actor, post=question)
    notifications.tell(session, to=hanako, kind="update", actor=factories.remote(session), post=question)
    assert len(rows(session, hanako, held=False)) == 3


def test_accepting_lets_through_and_dismissing_throws_away(session, people, told):
    hanako, _ = people
    taro, jiro = factories.remote(session), factories.remote(session, "jiro")
    set_policy(session, hanako, for_not_following="filter")
    question = factories.question(session, hanako)
    for actor in (taro, jiro):
        notifications.tell(session, to=hanako, kind="like", actor=actor, post=question)
    by_sender = {it.from_id: it.id for it in session.scalars(select(NotificationSender))}
    harukaze = factories.member(session, "kaoru")
    notice_policy.accept(session, account_id=harukaze.id, request_ids=by_sender.values())
    assert len(rows(session, hanako, held=True)) == 2, "others cannot answer for her"
    told()
    notice_policy.accept(session, account_id=hanako.id, request_ids=[by_sender[taro.id]])
    assert told() == [events.NotificationsMerged(hanako.id, (question.id,))]
    notice_policy.dismiss(session, account_id=hanako.id, request_ids=[by_sender[jiro.id]])
    assert rows(session, hanako) == [("like", taro.id, question.id)]
    with pytest.raises(NotFound):
        notice_policy.request(session, hanako.id, by_sender[taro.id])
    notifications.tell(session, to=hanako, kind="follow", actor=taro)
    notifications.tell(session, to=hanako, kind="follow", actor=jiro)
    assert [it[0] for it in rows(session, hanako, held=False)] == ["like", "follow"]
    waiting = notice_policy.request(session, hanako.id, by_sender[jiro.id])
    assert (waiting.from_id, waiting.count, waiting.last_post_id) == (jiro.id, 1, None)


def test_a_policy_has_known_rules_and_actions(session, people):
    for rules in ({"for_fun": "drop"}, {"for_bots": "shout"}):
        with pytest.raises(Invalid):
            notice_policy.change(session, account_id=people[0].id, rules=rules)


# --- onlookers


def test_the_bell_rings_for_each_post_of_somebody(session, people, clock):
    hanako, harukaze = people
    follow(session, hanako, harukaze, notify=True)
    kaoru = factories.member(session, "kaoru")
    follow(session, kaoru, harukaze)
    question = factories.question(session, harukaze)
    answer = factories.answer(session, harukaze, factories.question(session, kaoru))
    comment = factories.answer(session, harukaze, answer)
    for post in (question, answer, comment):
        onlookers.on_created(session, events.PostCreated(post.id))
    assert [it[2] for it in rows(session, hanako, kind="post")] == [question.id, answer.id]
    assert rows(session, kaoru, kind="post") == []


def test_the_bell_of_a_board_rings_for_hidden_askers_alike(session, people):
    hanako, harukaze = people
    follow(session, hanako, factories.board(session, "kyuyo"), notify=True)
    own = factories.anonymous_question(session, hanako, title="名札を伏せて聞きます", phrase="あさひ いちご うさぎ えんぴつ")
    others = factories.anonymous_question(session, harukaze, title="名札を伏せて聞いてみます", phrase="かもめ きつね くじら けむり")
    for post in (own, others):
        onlookers.on_created(session, events.PostCreated(post.id))
    # Her own is told like anybody's: if it were not, the missing row would say whose it is.
    assert [it[2] for it in rows(session, hanako, kind="post")] == [own.id, others.id]
    assert {it[1] for it in rows(session, hanako, kind="post")} == {own.author_id}


def test_old_narrow_and_foreign_posts_ring_no_bell(session, people, clock):
    hanako, harukaze = people
    follow(session, hanako, harukaze, notify=True, languages=["en"])
    board = factories.board(session)
    follow(session, hanako, board, notify=True)
    japanese = factories.answer(session, harukaze, factories.question(session, hanako))
    direct = factories.answer(session, harukaze, factories.question(session, hanako))
    direct.visibility, direct.language = "direct", "en"
    old = factories.question(session, harukaze)
    old.created_at = clock.now - 2 * 86_400_000
    session.flush()
    for post in (japanese, direct, old):
        onlookers.on_created(session, events.PostCreated(post.id))
    assert rows(session, hanako, kind="post") == []


def test_an_edit_is_told_to_those_who_answered(session, people):
    hanako, harukaze = people
    kaoru = factories.member(session, "kaoru")
    question = factories.question(session, hanako)
    answer = factories.answer(session, harukaze, question)
    factories.answer(session, harukaze, question)
    factories.answer(session, kaoru, answer)
    factories.answer(session, factories.remote(session), question)
    for _ in range(2):
        onlookers.on_edited(session, events.PostEdited(question.id))
    assert rows(session, harukaze, kind="update") == [("update", hanako.id, question.id)]
    assert rows(session, kaoru) == rows(session, hanako, kind="update") == []


# --- reading


def test_read_up_to_keeps_the_id_of_an_own_row_alone(session, people):
    hanako, harukaze = people
    question = factories.question(session, hanako)
    likes.like(session, account=harukaze, post=question)
    (own,) = session.scalars(select(Notification.id).where(Notification.account_id == hanako.id))
    assert notifications.read_up_to(session, hanako.id, own + 5) == own
    assert notifications.read_up_to(session, hanako.id, own - 1) == 0
    assert notifications.read_up_to(session, harukaze.id, own + 5) == 0


def test_taking_a_post_back_takes_its_notices_and_their_pushes(session, people):
    hanako, harukaze = people
    question = factories.question(session, hanako)
    answer = factories.answer(session, harukaze, question)
    (notice,) = session.scalars(select(Notification).where(Notification.post_id == answer.id))
    assert notice.kind == "answer"
    posts.delete(session, post=answer, by=harukaze)
    assert rows(session, hanako) == []


def test_telling_takes_few_statements(session, people, queries):
    hanako, harukaze = people
    question = factories.question(session, hanako)
    session.refresh(question)
    with queries() as sent:
        for it in (hanako, harukaze, question):
            session.refresh(it)
        before = len(sent)
        notifications.tell(session, to=hanako, kind="like", actor=harukaze, post=question)
        assert len(sent) - before == 2


def test_nothing_is_queued_without_a_device(session, people):
    hanako, harukaze = people
    factories.answer(session, harukaze, factories.question(session, hanako))
    assert session.scalars(select(PushItem)).all() == [] and not push.any_due(session)
    assert isinstance(session.get(Account, hanako.id), Account)
