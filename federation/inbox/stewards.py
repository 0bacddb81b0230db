"""What those who look after another server's board do there, as the board passes it on: remove posts, show some first,
shut people out (FEP-1b12; federation reference §1.1, §2.3).

Who they are: actors on the board's own host, as its operators are, and those whom its collection of moderators lists,
asked for anew each time. Their word goes no further than the board, and never reaches what was written here.
"""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from community import ids, inserts, posts, town
from community.models import Account, Pin, Post
from federation.inbox import known, placing
from federation.inbox.inbound import Ignored, Inbound
from federation.models import RemoteActor
from federation.vocabulary.reading import same_origin, truth, uri, uris

REMOVED_AT_ONCE = 100
"""Posts of somebody who was shut out, in one unit of work."""

FIRST_MOST = 20
"""How many posts of a board stand first here; the latest count."""

PASSED_OVER = frozenset(
    {"Accept", "Dislike", "Flag", "Follow", "Ignore", "Join", "Leave", "Listen", "Lock", "Move", "Offer", "Read", "Reject", "View"}
)
"""What boards may announce and nothing here comes of; it is not even fetched."""


def needs(session: Session, inbound: Inbound) -> list[str]:
    """The list of moderators, where somebody of another host than the board's speaks."""
    board = inbound.via
    address = _list_of(session, board) if board is not None else None
    if board is None or address is None or same_origin(inbound.actor_uri, board.uri):
        return []
    return inbound.to_fetch([address])


def is_by_one(session: Session, inbound: Inbound) -> bool:
    """Whether who acts looks after the board that announces it."""
    board = inbound.via
    if board is None:
        return False
    if same_origin(inbound.actor_uri, board.uri):
        return True
    document = inbound.documents.get(_list_of(session, board) or "", {})
    listed = uris(document.get("orderedItems") or document.get("items"))
    return inbound.actor_uri in listed


def needs_of_feature(session: Session, inbound: Inbound) -> list[str]:
    """The post that is to stand first, and who may say so."""
    wanted = needs(session, inbound)
    return wanted or placing.needs_of_context(session, inbound, inbound.object_uri)


def add(session: Session, inbound: Inbound) -> None:
    """Add: a board, or somebody themselves, shows a post first."""
    account, post = _featured(session, inbound)
    fresh = inserts.new_row(
        session, Pin, id=ids.new(town.now(session)), account_id=account.id, post_id=post.id, created_at=town.now(session)
    )
    if fresh:
        _forget_oldest(session, account)


def remove(session: Session, inbound: Inbound) -> None:
    """Remove: it stands among the others again."""
    account, post = _featured(session, inbound)
    session.execute(delete(Pin).where(Pin.account_id == account.id, Pin.post_id == post.id))


def ban(session: Session, inbound: Inbound) -> None:
    """Block with a `target`: somebody writes on the board no more. With `removeData` what they wrote there goes, unless
    they live here; anything else is for the board itself to hold to.
    """
    board = inbound.via
    if board is None or uri(inbound.activity.get("target")) != board.uri:
        raise Ignored("somebody is shut out of something else than the board that says so")
    if not is_by_one(session, inbound):
        raise Ignored("somebody is shut out by one who does not look after the board")
    account = known.account(session, inbound.object_uri)
    if account is None or account.local or not truth(inbound.activity.get("removeData")):
        inbound.remark = "somebody is shut out of a board of another server: nothing is to be done here"
        return
    theirs = select(Post).where(
        Post.author_id == account.id, Post.board_id == board.id, Post.local.is_(False), Post.deleted_at.is_(None)
    )
    rows = session.scalars(theirs.limit(REMOVED_AT_ONCE)).all()
    for post in rows:
        posts.delete(session, post=post, by=account)
    inbound.unfinished = len(rows) == REMOVED_AT_ONCE


def _featured(session: Session, inbound: Inbound) -> tuple[Account, Post]:
    """Who shows what first. Ignored unless it is for them to say, and their own collection that is changed."""
    account = inbound.via or inbound.actor(session)
    if inbound.via is not None and not is_by_one(session, inbound):
        raise Ignored("an Add or Remove by one who does not look after the board")
    wire = session.get(RemoteActor, account.id)
    target = uri(inbound.activity.get("target"))
    if wire is None or target is None or target != wire.featured:
        raise Ignored("an Add or Remove of something that is not shown here")
    post = placing.known_or_fetched(session, inbound, inbound.object_uri)
    if post is None or post.deleted_at is not None:
        raise Ignored("an Add or Remove of a post that is not known here")
    if (post.board_id if account.kind == "board" else post.author_id) != account.id:
        raise Ignored("an Add or Remove of a post that stands elsewhere")
    return account, post


def _forget_oldest(session: Session, account: Account) -> None:
    kept = select(Pin.id).where(Pin.account_id == account.id).order_by(Pin.id.desc()).limit(FIRST_MOST)
    session.execute(delete(Pin).where(Pin.account_id == account.id, Pin.id.not_in(list(session.scalars(kept)))))


def _list_of(session: Session, board: Account) -> str | None:
    wire = session.get(RemoteActor, board.id)
    return wire.moderators if wire is not None else None
