"""引っ越し: who may go where, who goes along, and what goes with them."""

import pytest
from sqlalchemy import select

from community import account_notes, blocks, events, follows, lists, moves, mutes
from community.errors import Invalid, NotAllowed, TooMany
from community.models import AccountNote, Block, Follow, Mute
from tests import factories


def remote(session, name, *, knows=(), moved_to=None, domain="yamate.example"):
    account = factories.remote(session, name, domain)
    account.also_known_as, account.moved_to_uri = list(knows), moved_to
    session.flush()
    return account


def pair(session):
    """Somebody elsewhere and who they are now, each naming the other."""
    origin, target = remote(session, "taro"), remote(session, "taro", domain="aoba.example")
    origin.moved_to_uri, target.also_known_as = target.uri, [origin.uri]
    session.flush()
    return origin, target


def follow(session, follower, followee):
    follows.accept(session, follow=follows.request(session, follower=follower, followee=followee))


def followed(session, account):
    rows = select(Follow.followee_id).where(Follow.follower_id == account.id)
    return set(session.scalars(rows))


class TestLeaving:
    def test_followers_of_here_go_along_and_the_rest_is_told(self, session, told):
        hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
        follow(session, hotate, hanako)
        target = remote(session, "hana", knows=[hanako.uri])
        told()
        moves.leave_for(session, account=hanako, target=target)
        assert hanako.moved_to_uri == target.uri
        assert followed(session, hotate) == {target.id}
        kinds = [type(each).__name__ for each in told()]
        assert kinds[0] == "AccountUpdated"
        assert kinds[-1] == "AccountMoved"
        assert moves.destination(session, hanako) is target

    def test_the_other_account_has_to_say_so(self, session):
        hanako = factories.member(session, "hanako")
        for target in (remote(session, "a"), remote(session, "b", knows=["https://minato.example/users/other"])):
            with pytest.raises(Invalid, match="もとのアカウント"):
                moves.leave_for(session, account=hanako, target=target)
        assert hanako.moved_to_uri is None

    def test_nobody_goes_in_circles(self, session):
        hanako = factories.member(session, "hanako")
        target = remote(session, "hana", knows=[hanako.uri], moved_to=hanako.uri)
        with pytest.raises(Invalid, match="さらに引っ越して"):
            moves.leave_for(session, account=hanako, target=target)
        with pytest.raises(Invalid, match="もう一度たしかめて"):
            moves.leave_for(session, account=hanako, target=hanako)

    @pytest.mark.parametrize("kind", ["board", "relay", "instance"])
    def test_only_to_people(self, session, kind):
        hanako = factories.member(session, "hanako")
        target = remote(session, "hana", knows=[hanako.uri])
        target.kind = kind
        with pytest.raises(Invalid):
            moves.leave_for(session, account=hanako, target=target)

    def test_not_to_the_blocked(self, session):
        hanako = factories.member(session, "hanako")
        target = remote(session, "hana", knows=[hanako.uri])
        blocks.block(session, account=target, target=hanako, uri="https://yamate.example/b/1")
        with pytest.raises(Invalid):
            moves.leave_for(session, account=hanako, target=target)

    def test_once_in_seven_days(self, session, clock):
        hanako = factories.member(session, "hanako")
        one, two = (remote(session, name, knows=[hanako.uri]) for name in ("a", "b"))
        moves.leave_for(session, account=hanako, target=one)
        moves.stay(session, account=hanako)
        clock.advance(days=7, ms=-1)
        with pytest.raises(TooMany) as caught:
            moves.leave_for(session, account=hanako, target=two)
        assert caught.value.retry_after == 1
        clock.advance(ms=1)
        moves.leave_for(session, account=hanako, target=two)
        assert hanako.moved_to_uri == two.uri

    def test_nobody_follows_who_moved_until_they_stay(self, session):
        hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
        moves.leave_for(session, account=hanako, target=remote(session, "hana", knows=[hanako.uri]))
        with pytest.raises(NotAllowed, match="引っ越しました"):
            follows.request(session, follower=hotate, followee=hanako)
        moves.stay(session, account=hanako)
        assert follows.request(session, follower=hotate, followee=hanako).state == "accepted"


class TestAliases:
    def test_are_kept_told_and_taken_away(self, session, told):
        hanako, old = factories.member(session, "hanako"), remote(session, "hana")
        told()
        moves.add_alias(session, account=hanako, other=old)
        moves.add_alias(session, account=hanako, other=old)
        assert hanako.also_known_as == [old.uri]
        moves.remove_alias(session, account=hanako, uri=old.uri)
        moves.remove_alias(session, account=hanako, uri=old.uri)
        assert hanako.also_known_as == []
        assert told() == [events.AccountUpdated(hanako.id)] * 2

    def test_are_few_and_of_people(self, session):
        hanako = factories.member(session, "hanako")
        for other in (hanako, factories.board(session)):
            with pytest.raises(Invalid):
                moves.add_alias(session, account=hanako, other=other)
        for number in range(moves.ALIASES_MOST):
            moves.add_alias(session, account=hanako, other=remote(session, f"old{number}"))
        with pytest.raises(Invalid):
            moves.add_alias(session, account=hanako, other=remote(session, "one_more"))


class TestArriving:
    def test_who_follows_goes_along_with_wishes_and_lists(self, session):
        hanako = factories.member(session, "hanako")
        origin, target = pair(session)
        origin.moved_to_uri = None
        wishes = follows.Wishes(boosts=False, notify=True, languages=["ja"])
        follows.accept(
            session, follow=follows.request(session, follower=hanako, followee=origin, wishes=wishes)
        )
        kept = lists.create(session, account=hanako, title="なかま")
        lists.add(session, row=kept, accounts=[origin])
        origin.moved_to_uri = target.uri
        assert moves.arrive(session, origin=origin, target=target)
        row = follows.between(session, hanako.id, target.id)
        assert row is not None
        assert (row.boosts, row.notify, row.languages) == (False, True, ["ja"])
        assert follows.between(session, hanako.id, origin.id) is None
        assert [each.id for each in lists.of(session, hanako.id, with_account=target.id)] == [kept.id]
        assert lists.of(session, hanako.id, with_account=origin.id) == []

    def test_blocks_mutes_and_notes_are_kept_of_both(self, session, clock):
        hanako, hotate, yuki = (factories.member(session, name) for name in ("hanako", "hotate", "yuki"))
        origin, target = pair(session)
        blocks.block(session, account=hanako, target=origin)
        mutes.mute(session, account=hotate, target=origin, notifications=False, seconds=600)
        account_notes.put(session, account=yuki, target=origin, comment="親切な人")
        clock.advance(minutes=5)
        assert moves.arrive(session, origin=origin, target=target)
        assert blocks.between(session, hanako.id, target.id) is not None
        mute = session.scalars(select(Mute).where(Mute.target_id == target.id)).one()
        assert (mute.account_id, mute.notifications) == (hotate.id, False)
        assert mute.expires_at == clock() + 300_000
        notes = {each.account_id: each.comment for each in session.scalars(select(AccountNote).where(AccountNote.target_id == target.id))}
        assert notes[yuki.id] == "@taro@yamate.example から引っ越してきた人です。\n親切な人"
        assert set(notes) == {hanako.id, hotate.id, yuki.id}
        assert session.scalars(select(Block.account_id).where(Block.target_id == target.id)).all() == [hanako.id]

    def test_who_follows_the_new_one_is_not_turned_from_them(self, session):
        hanako = factories.member(session, "hanako")
        origin, target = pair(session)
        follow(session, hanako, target)
        mutes.mute(session, account=hanako, target=origin)
        moves.arrive(session, origin=origin, target=target)
        assert session.scalars(select(Mute.target_id)).all() == [origin.id]

    def test_who_has_nothing_to_do_with_the_new_one_only_stops(self, session):
        hanako = factories.member(session, "hanako")
        origin, target = pair(session)
        origin.moved_to_uri = None
        follow(session, hanako, origin)
        blocks.block(session, account=hanako, target=target)
        origin.moved_to_uri = target.uri
        assert moves.arrive(session, origin=origin, target=target)
        assert followed(session, hanako) == set()

    @pytest.mark.parametrize("side", ["origin", "target"])
    def test_both_have_to_say_so(self, session, side):
        hanako = factories.member(session, "hanako")
        origin, target = pair(session)
        origin.moved_to_uri = None
        follow(session, hanako, origin)
        if side == "target":
            origin.moved_to_uri, target.also_known_as = target.uri, ["https://yamate.example/users/other"]
        with pytest.raises(NotAllowed, match="おたがい"):
            moves.arrive(session, origin=origin, target=target)
        assert followed(session, hanako) == {origin.id}

    def test_not_on_and_on(self, session):
        origin, target = pair(session)
        target.moved_to_uri = origin.uri
        with pytest.raises(NotAllowed, match="さらに引っ越して"):
            moves.arrive(session, origin=origin, target=target)

    @pytest.mark.parametrize("kind", ["board", "relay", "instance"])
    def test_neither_from_nor_to_what_is_no_person(self, session, kind):
        origin, target = pair(session)
        origin.kind = kind
        with pytest.raises(NotAllowed):
            moves.arrive(session, origin=origin, target=target)
        origin.kind, target.kind = "person", kind
        with pytest.raises(NotAllowed):
            moves.arrive(session, origin=origin, target=target)

    def test_to_somebody_else_only_after_seven_days(self, session, clock):
        origin, target = pair(session)
        moves.arrive(session, origin=origin, target=target)
        other = remote(session, "third", knows=[origin.uri])
        origin.moved_to_uri = other.uri
        clock.advance(days=6)
        with pytest.raises(TooMany):
            moves.arrive(session, origin=origin, target=other)
        clock.advance(days=1)
        assert moves.arrive(session, origin=origin, target=other)

    def test_many_go_some_at_a_time(self, session, monkeypatch):
        monkeypatch.setattr(moves, "_AT_ONCE", 2)
        people = [factories.member(session, name) for name in ("hanako", "hotate", "yuki")]
        origin, target = pair(session)
        origin.moved_to_uri = None
        for each in people:
            follow(session, each, origin)
        origin.moved_to_uri = target.uri
        assert [moves.arrive(session, origin=origin, target=target) for _ in range(2)] == [False, True]
        assert all(followed(session, each) == {target.id} for each in people)

    def test_somebody_elsewhere_comes_to_live_here(self, session):
        hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
        old = remote(session, "hana")
        follow(session, hotate, old)
        moves.add_alias(session, account=hanako, other=old)
        old.moved_to_uri = hanako.uri
        assert moves.arrive(session, origin=old, target=hanako)
        row = follows.between(session, hotate.id, hanako.id)
        assert row is not None
        assert row.state == "accepted"
