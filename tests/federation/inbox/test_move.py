"""Move: carried over only what both accounts, looked at anew, agree about; every forged one is refused."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import blocks, events, moves, towns
from community.errors import CommunityError
from community.models import Account, Follow
from federation import actors
from federation.inbox import registry
from federation.inbox.inbound import Ignored, Inbound
from tests import factories
from tests.federation.inbox import mail
from tests.towns import FixedClock

KEN = "https://m.example/users/ken"
NEW = "https://o.example/users/ken"
HANAKO = f"{mail.HERE}/users/hanako"


def old(**facts: Any) -> dict[str, Any]:
    return mail.load("mastodon/actor") | {"movedTo": NEW} | facts


def new(**facts: Any) -> dict[str, Any]:
    return {
        "id": NEW, "type": "Person", "preferredUsername": "ken", "name": "けん", "inbox": f"{NEW}/inbox",
        "alsoKnownAs": [KEN], **facts,
    }  # fmt: skip


def move(number: int = 1, **facts: Any) -> dict[str, Any]:
    return {
        "id": f"{KEN}/moves/{number}", "type": "Move", "actor": KEN, "object": KEN, "target": NEW,
        "to": [f"{KEN}/followers"], **facts,
    }  # fmt: skip


def deliver(session: Session, activity: dict[str, Any], *documents: dict[str, Any]) -> str:
    """As `mail.refusal`, but what stands at an id now is exactly what the test says."""
    shelf = {each["id"]: each for each in documents}
    inbound = Inbound(activity, session.info["machi.town"].clock())
    try:
        while wanted := registry.handle(session, inbound):
            inbound.documents |= {uri: shelf[uri] for uri in wanted if uri in shelf}
            inbound.unavailable |= {uri for uri in wanted if uri not in shelf}
    except registry.Ignored as reason:
        return str(reason)
    return ""


@pytest.fixture
def hanako(session: Session) -> Account:
    return mail.follower_of_ken(session)


def followed(session: Session, account: Account) -> list[str]:
    rows = select(Account.uri).join(Follow, Follow.followee_id == Account.id)
    return list(session.scalars(rows.where(Follow.follower_id == account.id)))


def test_followers_go_along(session: Session, hanako: Account, told) -> None:
    told()
    assert deliver(session, move(), old(), new()) == ""
    assert followed(session, hanako) == [NEW]
    origin, target = actors.by_uri(session, KEN), actors.by_uri(session, NEW)
    assert origin is not None
    assert target is not None
    assert (origin.moved_to_uri, target.also_known_as) == (NEW, [KEN])
    kinds = [type(each) for each in told()]
    assert kinds.count(events.FollowEnded) == kinds.count(events.FollowRequested) == 1


def test_what_is_stored_counts_for_nothing(session: Session, hanako: Account) -> None:
    """Both are asked anew: neither an alias that was taken back nor a `movedTo` that is gone is believed."""
    actors.upsert(session, old())
    actors.upsert(session, new())
    assert "おたがい" in refusal(session, move(), old(movedTo=None), new())
    assert "おたがい" in refusal(session, move(2), old(), new(alsoKnownAs=[]))
    assert followed(session, hanako) == [KEN]


def refusal(session: Session, activity: dict[str, Any], *documents: dict[str, Any]) -> str:
    try:
        return deliver(session, activity, *documents)
    except (CommunityError, Ignored) as problem:
        return str(problem)


@pytest.mark.parametrize(
    ("forged", "documents"),
    [
        pytest.param({}, (old(), new(alsoKnownAs=None)), id="not in alsoKnownAs"),
        pytest.param({}, (old(), new(alsoKnownAs=["https://m.example/users/rei"])), id="another alias"),
        pytest.param({}, (old(movedTo=None), new()), id="the old one says nothing"),
        pytest.param({}, (old(movedTo="https://o.example/users/x"), new()), id="the old one went elsewhere"),
        pytest.param({}, (old(), new(movedTo=KEN)), id="in a circle"),
        pytest.param({}, (old(), new(movedTo="https://p.example/users/ken")), id="on and on"),
        pytest.param({}, (old(), new(id=f"{NEW}2")), id="another account stands there"),
        pytest.param({}, (old(),), id="the new one cannot be had"),
        pytest.param({}, (new(),), id="the old one cannot be had"),
        pytest.param({}, (old(), new(type="Group")), id="to a board"),
        pytest.param({}, (old(type="Group"), new()), id="of a board"),
        pytest.param({}, (old(**{"machi:anonymousRelay": True}), new()), id="of a relay"),
        pytest.param({}, (old(), new(**{"machi:anonymousRelay": True})), id="to a relay"),
        pytest.param({"object": "https://m.example/users/rei"}, (old(), new()), id="somebody else's account"),
        pytest.param({"object": f"{KEN}/statuses/1"}, (old(), new()), id="a topic"),
        pytest.param({"target": KEN}, (old(), new()), id="to itself"),
        pytest.param({"target": None}, (old(), new()), id="to nowhere"),
        pytest.param({"target": "mailto:ken@o.example"}, (old(), new()), id="to no account"),
        pytest.param({"target": f"{mail.HERE}/users/nobody"}, (old(movedTo=f"{mail.HERE}/users/nobody"),), id="to nobody here"),
        pytest.param({"target": f"{mail.HERE}/users/dareka"}, (old(movedTo=f"{mail.HERE}/users/dareka"),), id="to our relay"),
    ],
)  # fmt: skip
def test_a_forged_move_moves_nobody(
    session: Session, hanako: Account, forged: dict[str, Any], documents: tuple[dict[str, Any], ...]
) -> None:
    assert refusal(session, move(**forged), *documents)
    assert followed(session, hanako) == [KEN]


def test_nobody_moves_in_the_name_of_another(session: Session, hanako: Account) -> None:
    """れい signs a Move of けん's account to an account of hers that names him."""
    mail.know(session, "misskey/actor")
    rei = "https://mi.example/users/9abc"
    letter = move(actor=rei, id=f"{rei}/move", target=NEW)
    assert "something else than the actor" in refusal(session, letter, old(), new())
    assert followed(session, hanako) == [KEN]


def test_one_who_came_to_live_here(session: Session, hanako: Account) -> None:
    yuki, ken = factories.member(session, "yuki"), actors.by_uri(session, KEN)
    assert ken is not None
    moves.add_alias(session, account=yuki, other=ken)
    assert deliver(session, move(target=yuki.uri), old(movedTo=yuki.uri)) == ""
    assert followed(session, hanako) == [yuki.uri]


def test_one_of_here_who_did_not_say_so_gets_nobody(session: Session, hanako: Account) -> None:
    yuki = factories.member(session, "yuki")
    assert "おたがい" in refusal(session, move(target=yuki.uri), old(movedTo=yuki.uri))
    assert followed(session, hanako) == [KEN]


def test_a_second_move_waits_seven_days(session: Session, hanako: Account, clock: FixedClock) -> None:
    assert deliver(session, move(), old(), new()) == ""
    third = "https://p.example/users/ken"
    there = new(id=third, inbox=f"{third}/inbox", alsoKnownAs=[KEN])
    again = move(2, target=third)
    ken = actors.by_uri(session, KEN)
    assert ken is not None
    blocks.block(session, account=hanako, target=ken)  # so that somebody has to do with him
    clock.advance(days=6)
    assert "seven days" in refusal(session, again, old(movedTo=third), there)
    clock.advance(days=1)
    assert refusal(session, again, old(movedTo=third), there) == ""
    assert blocks.between(session, hanako.id, actors.by_uri(session, third).id) is not None  # type: ignore[union-attr]


def test_a_move_that_concerns_nobody_makes_us_fetch_nothing(session: Session) -> None:
    mail.know(session, "mastodon/actor")
    inbound = Inbound(move(), 0)
    with pytest.raises(registry.Ignored, match="nobody here"):
        registry.handle(session, inbound)


@pytest.mark.parametrize("refused", ["o.example", "m.example"])
def test_neither_end_may_be_a_host_that_is_refused(session: Session, hanako: Account, refused: str) -> None:
    towns.suspend(session, refused)
    assert refusal(session, move(), old(), new())
    assert NEW not in followed(session, hanako)


def test_a_follow_of_who_moved_away_is_refused_and_said_so(session: Session, hanako: Account, told) -> None:
    hanako.moved_to_uri = NEW
    session.flush()
    ken = actors.by_uri(session, KEN)
    assert ken is not None
    told()
    letter = {"id": f"{KEN}/f/1", "type": "Follow", "actor": KEN, "object": HANAKO}
    assert "moved away" in mail.refusal(session, letter)
    assert told() == [events.FollowRejected(f"{KEN}/f/1", ken.id, hanako.id)]
