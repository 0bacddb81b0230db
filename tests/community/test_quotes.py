import pytest
from sqlalchemy import select

from community import boosts, composing, events, follows, posts, quote_stamps, quotes, rewriting
from community.errors import Invalid, NotAllowed
from community.models import Account, Notification, Post
from tests import factories


def note(session, author, text="見てください", **facts):
    return composing.write(session, author=author, draft=composing.Draft(text=text, **facts))


def people(session):
    return tuple(factories.member(session, name) for name in ("hanako", "hotate"))


def test_a_quote_counts_and_is_told(session):
    hanako, hotate = people(session)
    quoted = note(session, hanako)
    quoting = note(session, hotate, quoted_id=quoted.id)
    session.refresh(quoted)
    assert (quoting.quote_of_id, quoting.quote_state, quoted.quotes_count) == (quoted.id, "accepted", 1)
    kinds = session.scalars(select(Notification.kind).where(Notification.account_id == hanako.id)).all()
    assert kinds == ["quote"]
    posts.delete(session, post=quoting, by=hotate)
    session.refresh(quoted)
    assert quoted.quotes_count == 0


def test_the_author_decides(session):
    hanako, hotate = people(session)
    nobodys = note(session, hanako, quote_policy="nobody")
    followers = note(session, hanako, quote_policy="followers")
    for quoted in (nobodys, followers):
        with pytest.raises(Invalid) as error:
            note(session, hotate, quoted_id=quoted.id)
        assert error.value.field == "quoted_status_id"
    follows.request(session, follower=hotate, followee=hanako)
    assert note(session, hotate, quoted_id=followers.id).quote_state == "accepted"
    assert note(session, hanako, quoted_id=nobodys.id).quote_state == "accepted"


def test_what_a_circle_was_told_is_not_quoted_more_widely(session):
    hanako, hotate = people(session)
    town = factories.question(session, hanako, visibility="town")
    with pytest.raises(Invalid):
        note(session, hotate, quoted_id=town.id)
    private = note(session, hanako, visibility="followers")
    with pytest.raises(Invalid):
        note(session, hanako, quoted_id=private.id)
    assert note(session, hanako, quoted_id=private.id, visibility="followers").quote_state == "accepted"
    hidden = note(session, hanako, visibility="direct")
    with pytest.raises(Invalid) as error:
        note(session, hotate, quoted_id=hidden.id)
    assert error.value.field == "quoted_unknown"


def test_a_quote_is_taken_off(session, told):
    hanako, hotate = people(session)
    quoted = note(session, hanako)
    quoting = note(session, hotate, quoted_id=quoted.id)
    touched = quoting.touched
    told()
    with pytest.raises(NotAllowed):
        quotes.revoke(session, by=hotate, quoted=quoted, quoting=quoting)
    quotes.revoke(session, by=hanako, quoted=quoted, quoting=quoting)
    quotes.revoke(session, by=hanako, quoted=quoted, quoting=quoting)
    for each in (quoted, quoting):
        session.refresh(each)
    assert (quoting.quote_state, quoting.touched, quoted.quotes_count) == ("revoked", touched + 1, 0)
    stamp = quote_stamps.between(session, quoted.id, quoting.uri)
    assert stamp is not None
    assert told() == [events.QuoteRevoked(quoting.id), events.StampRevoked(stamp.id)]


def test_what_is_gone_is_shown_as_gone(session):
    hanako, hotate = people(session)
    quoted = note(session, hanako)
    quoting = note(session, hotate, quoted_id=quoted.id)
    posts.delete(session, post=quoted, by=hanako)
    session.refresh(quoting)
    assert quoting.quote_state == "deleted"


def test_a_remote_author_who_speaks_of_quoting_has_to_be_asked(session):
    hanako, _ = people(session)
    taro = factories.remote(session)
    silent, asks = (
        Post(
            id=number, uri=f"https://yamate.example/{number}", url="", kind="note", visibility="open", local=False,
            author_id=taro.id, root_id=number, body_source="", body_html="", body_text="", created_at=1,
            quote_policy=policy,
        )
        for number, policy in ((1, None), (2, "public"))
    )  # fmt: skip
    session.add_all([silent, asks])
    session.flush()
    assert quotes.verdict(session, author=hanako, quoted=silent) == "accepted"
    assert quotes.verdict(session, author=hanako, quoted=asks) == "pending"
    assert quotes.verdict(session, author=session.get_one(Account, taro.id), quoted=asks) == "accepted"


def test_who_quoted_and_who_boosted_hear_of_an_edit(session, clock):
    hanako, hotate = people(session)
    quoted = note(session, hanako)
    note(session, hotate, quoted_id=quoted.id)
    boosts.boost(session, account=hotate, post=quoted)
    clock.advance(minutes=1)
    rewriting.rewrite(session, author=hanako, post=quoted, draft=composing.Draft(text="書きなおしました"))
    kinds = session.scalars(select(Notification.kind).where(Notification.account_id == hotate.id)).all()
    assert sorted(kinds) == ["quoted_update", "update"]
