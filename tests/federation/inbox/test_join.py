"""Join, Undo{Join} and Reject{Join} from outside (federation reference §1.6)."""

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community import blocks, events, gatherings, joins, text
from community.errors import NotFound
from community.models import Account, Gathering, Join, Post
from community.plans import Plan
from federation import actors
from tests import factories
from tests.federation.inbox import mail


@pytest.fixture
def flag(session: Session) -> Post:
    mail.know(session, "machi/member")
    return factories.flag(session, factories.member(session, "hanako"))


def join(flag: Post, number: int = 1, **more: Any) -> dict[str, Any]:
    actor = mail.load("machi/member")["id"]
    return {
        "id": f"https://yamate.example/activities/{number}", "type": "Join", "actor": actor, "object": flag.uri,
        "to": ["https://minato.example/users/hanako"],
    } | more  # fmt: skip


def count(session: Session) -> int:
    return session.scalar(select(Gathering.joined_count)) or 0


def test_it_counts_once_whatever_its_id(session: Session, flag: Post) -> None:
    mail.deliver(session, join(flag))
    mail.deliver(session, join(flag, 2))
    assert count(session) == 1
    assert session.scalar(select(func.count()).select_from(Join)) == 1


def test_an_undo_takes_it_back_by_id_or_by_what_it_names(session: Session, flag: Post) -> None:
    for told in (join(flag)["id"], join(flag), join(flag) | {"id": "https://yamate.example/activities/77"}):
        mail.deliver(session, join(flag))
        assert count(session) == 1
        undo = {"id": "https://yamate.example/activities/9", "type": "Undo", "actor": join(flag)["actor"], "object": told}
        mail.deliver(session, undo)
        assert count(session) == 0


def test_nobody_takes_back_the_join_of_somebody_else(session: Session, flag: Post) -> None:
    mail.deliver(session, join(flag))
    mail.know(session, "mastodon/actor")
    ken = mail.load("mastodon/actor")["id"]
    undo = {"id": "https://m.example/undo/1", "type": "Undo", "actor": ken, "object": join(flag)["id"]}
    assert "somebody else" in mail.refusal(session, undo)
    assert count(session) == 1


def test_an_undo_that_overtakes_its_join_is_kept_in_mind(session: Session, flag: Post) -> None:
    undo = {"id": "https://yamate.example/activities/9", "type": "Undo", "actor": join(flag)["actor"], "object": join(flag)}
    assert mail.refusal(session, undo)
    assert mail.refusal(session, join(flag))
    assert count(session) == 0


def test_a_full_flag_is_declined_and_said_so(session: Session, flag: Post, told) -> None:
    gatherings.of(session, flag).joined_count = 3
    told()
    assert "declined" in mail.refusal(session, join(flag))
    account = session.scalars(select(Account).where(Account.uri == join(flag)["actor"])).one()
    assert events.JoinDeclined(join(flag)["id"], account.id, flag.id) in told()


def test_a_closed_flag_and_a_blocked_one_are_declined(session: Session, flag: Post) -> None:
    hanako = factories.local(session, "hanako")
    gatherings.close(session, flag=flag, by=hanako)
    assert "declined" in mail.refusal(session, join(flag))
    gatherings.reopen(session, flag=flag, by=hanako)
    account = session.scalars(select(Account).where(Account.uri == join(flag)["actor"])).one()
    blocks.block(session, account=hanako, target=account)
    with pytest.raises(NotFound):
        joins.join(session, account=account, flag=flag)
    assert "declined" in mail.refusal(session, join(flag)) or count(session) == 0


def test_what_is_no_flag_or_stays_in_the_town_is_not_joined(session: Session, flag: Post) -> None:
    question = factories.question(session, factories.local(session, "hanako"))
    assert "no flag" in mail.refusal(session, join(question))
    town_only = factories.flag(session, factories.local(session, "hanako"), visibility="town")
    with pytest.raises(NotFound):
        mail.deliver(session, join(town_only))


def test_a_board_passes_no_join_on(session: Session, flag: Post) -> None:
    mail.know(session, "machi/board")
    factories.sister(session, "yamate.example")
    letter = mail.load("machi/announce_create") | {"id": "https://yamate.example/activities/8", "object": join(flag)}
    assert mail.refusal(session, letter)
    assert count(session) == 0


class TestReject:
    def theirs(self, session: Session) -> tuple[Post, Account]:
        mail.know(session, "machi/member")
        author = session.scalars(select(Account).where(Account.uri == mail.load("machi/member")["id"])).one()
        flag = gatherings.hoist(
            session, author=author, board=None, title="あつまれ", body=text.from_markdown("まつ"), plan=Plan(),
            origin=factories.origin("https://yamate.example/posts/88"),
        )  # fmt: skip
        taro = factories.member(session, "taro")
        joins.join(session, account=taro, flag=flag)
        return flag, taro

    def reject(self, session: Session, actor: str) -> dict[str, Any]:
        (ours,) = session.scalars(select(Join)).all()
        inner = {"type": "Join", "id": ours.uri, "actor": "https://minato.example/users/taro"}
        return {"id": f"{actor}/1", "type": "Reject", "actor": actor, "object": inner}

    def test_by_who_raised_it(self, session: Session) -> None:
        flag, taro = self.theirs(session)
        mail.deliver(session, self.reject(session, mail.load("machi/member")["id"]))
        assert joins.between(session, taro.id, flag.id) is None

    def test_by_nobody_else(self, session: Session) -> None:
        flag, taro = self.theirs(session)
        mail.know(session, "mastodon/actor")
        assert "did not raise" in mail.refusal(session, self.reject(session, mail.load("mastodon/actor")["id"]))
        assert joins.between(session, taro.id, flag.id) is not None


def test_who_is_gone_gathers_no_more(session: Session, flag: Post) -> None:
    mail.deliver(session, join(flag))
    account = session.scalars(select(Account).where(Account.uri == join(flag)["actor"])).one()
    actors.remove(session, account)
    assert count(session) == 0
