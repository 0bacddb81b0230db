"""What is done about our boards, said as 1b12 software reads it: the town's own hand does it, and the board announces that
(federation reference §1.1, §1.8; decision 0028).

Mastodon and its kin read none of this: of a post that is taken off they hear that the board recommends it no more.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import events, founding, ids, stewardship, town
from community.models import Account, Post
from federation.models import OutboxItem
from federation.outbox import addressing, sayings, understanding
from federation.vocabulary import activities, audience, terms
from federation.vocabulary.audience import Audience

_SHOWN = ("open", "unlisted")


def subscribe(bus: events.Bus) -> None:
    bus.subscribe(events.PostTakenOff, taken_off)
    bus.subscribe(events.ShutOut, shut_out)
    bus.subscribe(events.LetIn, let_in)


def taken_off(session: Session, event: events.PostTakenOff) -> None:
    """Delete with a `summary`, by which Lemmy knows a moderator; and the board recommends the post no more."""
    post = session.get_one(Post, event.post_id)
    board = session.get(Account, post.board_id) if post.board_id is not None else None
    if board is None or not board.local or post.visibility not in _SHOWN:
        return
    steward = founding.steward(session)
    removed = activities.removal(
        _new_uri(session), steward, post.uri, reason=event.reason, now=town.now(session), heard=_heard(board)
    )
    _announce(session, board, steward, removed, post)
    _recommend_no_more(session, post)


def shut_out(session: Session, event: events.ShutOut) -> None:
    """Block with the board as `target`, for each of our boards on which the account wrote."""
    account = session.get_one(Account, event.account_id)
    steward = founding.steward(session)
    for board in stewardship.boards_written_on(session, account):
        ban = activities.ban(_new_uri(session), steward, account, board, now=town.now(session), heard=_heard(board))
        _announce(session, board, steward, ban, about=_ban_key(account, board))


def let_in(session: Session, event: events.LetIn) -> None:
    account = session.get_one(Account, event.account_id)
    steward = founding.steward(session)
    for board in stewardship.boards_written_on(session, account):
        item = session.scalar(
            select(OutboxItem)
            .where(OutboxItem.object_uri == _ban_key(account, board), OutboxItem.type == "Block")
            .order_by(OutboxItem.id.desc())
            .limit(1)
        )
        if item is not None and item.body:
            undone = activities.undo(
                _new_uri(session), steward, sayings.document(item), now=town.now(session), heard=_heard(board)
            )
            _announce(session, board, steward, undone, about=undone["object"]["id"])


def featured(session: Session, board: Account, post: Post, kind: str) -> None:
    """Add or Remove (`kind`): by the board itself for those who know its collection, and within an Announce for 1b12."""
    now = town.now(session)
    about = f"{post.uri}#featured"
    heard = audience.of_announcement(session, board, post.visibility)
    own = activities.feature(kind, _new_uri(session), board, post.uri, now=now, heard=heard)
    readers = addressing.followers(session, board, without_software=understanding.REFUSES_BARE_ANNOUNCE)
    sayings.say(session, board, own, readers, about=about, at=now, post=post)
    steward = founding.steward(session)
    inner = activities.feature(
        kind, _new_uri(session), steward, post.uri, now=now, heard=_heard(board), target=f"{board.uri}/featured"
    )
    _announce(session, board, steward, inner, post)


def _announce(
    session: Session, board: Account, steward: Account, inner: dict[str, Any], post: Post | None = None, *, about: str = ""
) -> None:
    """Keep `inner`, which nobody is sent alone, where its id leads; and have the board announce it."""
    now = town.now(session)
    sayings.say(session, steward, inner, (), about=about or inner["id"], at=now, post=post)
    heard = audience.of_announcement(session, board, "open")
    outer = activities.announce(_new_uri(session), board, inner, now=now, heard=heard)
    readers = [
        *addressing.followers(session, board, without_software=understanding.PLAIN), *addressing.sisters(session),
    ]  # fmt: skip
    sayings.say(session, board, outer, readers, about=inner["id"], at=now, post=post)


def _recommend_no_more(session: Session, post: Post) -> None:
    """Undo of the bare Announce, to those who got it; what it said is told again from what is known of it."""
    said = session.execute(
        select(OutboxItem, Account)
        .join(Account, Account.id == OutboxItem.account_id)
        .where(OutboxItem.object_uri == post.uri, OutboxItem.type == "Announce", Account.kind == "board")
    ).all()
    for item, board in said:
        uri = town.of(session).uris.activity(item.id)
        heard = audience.of_announcement(session, board, post.visibility)
        announced = activities.announce(uri, board, post.uri, now=item.created_at, heard=heard)
        undone = activities.undo(_new_uri(session), board, announced, now=town.now(session), heard=heard)
        sayings.say(session, board, undone, sayings.reached(session, item), about=uri, at=town.now(session))


def _ban_key(account: Account, board: Account) -> str:
    """By what an Undo finds the Block again; no object has this id."""
    return f"{board.uri} {account.uri}"


def _heard(board: Account) -> Audience:
    """As Lemmy addresses what moderators do."""
    return Audience((terms.PUBLIC,), (board.uri,), board.uri)


def _new_uri(session: Session) -> str:
    return town.of(session).uris.activity(ids.new(town.now(session)))
