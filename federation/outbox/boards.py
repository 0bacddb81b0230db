"""What a local board says: it passes on what was done in its threads (FEP-1b12), and recommends new questions.

(a) `Announce{activity}` goes to followers that may read it and to sister towns; (b) `Announce` of a question's id goes
to every follower, which is what Mastodon and its kin show as a boost (federation reference §1.1).
"""

from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import founding, ids, town
from community.models import Account, Post
from federation.models import OutboxItem
from federation.outbox import addressing, sayings, understanding
from federation.outbox.addressing import Inbox
from federation.vocabulary import activities, audience
from federation.vocabulary.audience import Company

INBOUND = "machi.inbound"
"""Where the inbox leaves the activity whose deed is being done, as it was received, in `session.info`."""

_SHOWN = ("open", "unlisted")


def received(session: Session, types: Collection[str], about: str | None = None) -> dict[str, Any] | None:
    """The remote activity behind the present deed, if it is one of `types` and, where given, about the object `about`.

    A deed may be done on the way to another one (a parent that was fetched): then there is nothing to pass on.
    """
    activity = session.info.get(INBOUND)
    if not isinstance(activity, dict) or activity.get("type") not in types:
        return None
    if not isinstance(activity.get("id"), str) or town.of(session).uris.is_local(activity["id"]):
        return None
    if about is not None and _id_of(activity.get("object")) != about:
        return None
    return activity


def _id_of(value: object) -> object:
    return value.get("id") if isinstance(value, dict) else value


def pass_on(
    session: Session,
    post: Post,
    around: Company,
    activity: dict[str, Any] | None,
    *,
    without_software: Collection[str] = understanding.PLAIN,
) -> None:
    """Have the local board of the thread of `post` announce `activity`, once, to those who read it that way.

    An activity of ours has gone to the sister towns already; one of another host never goes back there.
    """
    board = around.board
    if activity is None or board is None or not board.local or post.visibility not in (*_SHOWN, "sister"):
        return
    if _announced(session, board, activity["id"]):
        return
    ours = town.of(session).uris.is_local(activity["id"])
    sisters = addressing.sisters(session)
    readers: list[Inbox] = [] if ours else sisters
    if post.visibility in _SHOWN:
        readers = [*readers, *addressing.followers(session, board, without_software=without_software)]
    known = {each.host for each in sisters} if ours else {urlsplit(activity["id"]).netloc.lower()}
    readers = addressing.allowed(session, readers, without_hosts=known)
    if not readers:
        return
    now = town.now(session)
    heard = audience.of_announcement(session, board, post.visibility)
    uri = town.of(session).uris.activity(ids.new(now))
    announcement = activities.announce(uri, board, activities.without_blind(activity), now=now, heard=heard)
    sayings.say(session, board, announcement, readers, about=activity["id"], at=now, post=post)


def _announced(session: Session, board: Account, activity_uri: str) -> bool:
    return (
        session.scalar(
            select(OutboxItem.id)
            .where(
                OutboxItem.object_uri == activity_uri,
                OutboxItem.account_id == board.id,
                OutboxItem.type == "Announce",
            )
            .limit(1)
        )
        is not None
    )


def recommend(session: Session, post: Post, around: Company) -> None:
    """Have the question's board, and the town's own board, announce the id of a new question to their followers."""
    board = around.board
    if board is not None and board.local and post.visibility in _SHOWN:
        _announce_id(session, board, post, around.author)
    if post.visibility != "open" or not (around.author.local or (board is not None and board.local)):
        return
    whole = founding.town_board(session)
    if board is None or whole.id != board.id:
        _announce_id(session, whole, post, around.author)


def _announce_id(session: Session, board: Account, post: Post, author: Account) -> None:
    now = town.now(session)
    heard = audience.of_announcement(session, board, post.visibility, author.uri)
    uri = town.of(session).uris.activity(ids.new(now))
    announcement = activities.announce(uri, board, post.uri, now=max(now, post.created_at), heard=heard)
    readers = addressing.followers(session, board, without_software=understanding.REFUSES_BARE_ANNOUNCE)
    # Listed in the board's outbox also while nobody follows: who comes later finds the questions there.
    sayings.say(
        session,
        board,
        announcement,
        readers,
        about=post.uri,
        at=now,
        post=post,
        public=post.visibility == "open",
    )
