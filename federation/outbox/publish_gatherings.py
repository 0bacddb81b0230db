"""旗 on their way out: who gathers, said to the one who raised it and to its board alone; and how many, to other towns.

The flag itself is a post like others (`publish`). Names never travel further than the Join (federation reference §1.6).
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community import events, ids, town
from community.models import Account, Join, Post
from federation.models import RemoteHost
from federation.outbox import addressing, sayings
from federation.outbox.addressing import Inbox
from federation.outbox.hearing import hearers
from federation.vocabulary import activities, audience, render
from federation.vocabulary.audience import Audience

_TOWN_ONLY = "town"
_OUR_SOFTWARE = "machi"


def subscribe(bus: events.Bus) -> None:
    bus.subscribe(events.Joined, joined)
    bus.subscribe(events.Unjoined, unjoined)
    bus.subscribe(events.JoinDeclined, declined)
    bus.subscribe(events.GatheringCounted, counted)


def joined(session: Session, event: events.Joined) -> None:
    """Join, to the flag's author and board. It is kept without a post, so that only they may ask for it."""
    row = session.get(Join, event.join_id)
    if row is None:  # taken back in the same unit
        return
    account, flag = session.get_one(Account, row.account_id), session.get_one(Post, row.post_id)
    if not account.local or flag.local:
        return
    around = audience.company(session, flag)
    heard = Audience((around.author.uri,), (around.board.uri,) if around.board else ())
    activity = activities.join(row.uri, account, flag.uri, now=row.created_at, heard=heard)
    inboxes = addressing.of_accounts(session, (around.author, around.board))
    sayings.say(session, account, activity, inboxes, about=row.uri, at=row.created_at)


def unjoined(session: Session, event: events.Unjoined) -> None:
    """Undo with the whole Join inside, to those who got it."""
    account = session.get_one(Account, event.account_id)
    said = sayings.said_under(session, event.uri) if account.local else None
    if said is None or not said.body:
        return
    join = sayings.document(said)
    now = town.now(session)
    activity = activities.undo(_new_uri(session), account, join, now=now, heard=Audience.of(join))
    sayings.say(session, account, activity, sayings.reached(session, said), about=event.uri, at=now)


def declined(session: Session, event: events.JoinDeclined) -> None:
    """Reject{Join}: the flag is full or over. Said to the one who asked, by the one who raised it."""
    account, flag = session.get_one(Account, event.account_id), session.get_one(Post, event.post_id)
    author = audience.company(session, flag).author
    if not author.local or account.local:
        return
    now = town.now(session)
    activity = activities.reject_join(_new_uri(session), author, event.uri, account, flag.uri, now=now)
    inboxes = addressing.of_accounts(session, (account,), own=True)
    sayings.say(session, author, activity, inboxes, about=event.uri, at=now)


def counted(session: Session, event: events.GatheringCounted) -> None:
    """The flag anew with its number, to the towns that have it. It is no edit: `updated` does not grow by it, and
    software that shows no number is spared.
    """
    flag = session.get_one(Post, event.post_id)
    if not flag.local or flag.deleted_at is not None or flag.visibility == _TOWN_ONLY:
        return
    around = audience.company(session, flag)
    inboxes = _towns(session, [*hearers(session, flag, around), *addressing.reached(session, flag.uri)])
    if not inboxes:
        return
    heard = audience.of_post(session, flag, around)
    now = town.now(session)
    note = render.note(session, flag, around)
    activity = activities.update(_new_uri(session), around.author, note, now=now, heard=heard)
    sayings.say(session, around.author, activity, inboxes, about=f"{flag.uri}#joined", at=now, post=flag)


def _towns(session: Session, inboxes: list[Inbox]) -> list[Inbox]:
    """Those of `inboxes` that are not known to be of other software."""
    known = select(RemoteHost.host).where(
        RemoteHost.host.in_({each.host for each in inboxes}), func.lower(RemoteHost.software) != _OUR_SOFTWARE
    )
    others = set(session.scalars(known))
    return [each for each in inboxes if each.host not in others]


def _new_uri(session: Session) -> str:
    return town.of(session).uris.activity(ids.new(town.now(session)))
