"""From an audience to inboxes: shared inbox first, each inbox once, refused hosts left out."""

from collections.abc import Collection, Iterable
from typing import NamedTuple, cast
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Table, func, or_, select
from sqlalchemy.orm import Session

from community import town, towns
from community.models import Account, DomainRule, Follow
from community.storage.prepared import Prepared, among, param
from federation.models import Delivery, OutboxItem, RemoteActor, RemoteHost
from federation.outbox import retirement
from federation.vocabulary.reading import authority


class Inbox(NamedTuple):
    """One place to deliver to; `host` is the authority of its address and names the lane."""

    host: str
    url: str


_ACCEPTED = "accepted"


_FOLLOWERS = (
    select(func.coalesce(RemoteActor.shared_inbox, RemoteActor.inbox))
    .distinct()
    .join(Follow, Follow.follower_id == RemoteActor.account_id)
    .join(Account, Account.id == RemoteActor.account_id)
    .where(Follow.followee_id == param("followee"), Follow.state == _ACCEPTED, Account.deleted_at.is_(None))
)

_ALL_FOLLOWERS = Prepared(lambda _dialect: _FOLLOWERS)
_wire = cast("Table", RemoteActor.__table__).c
_OWN = Prepared(lambda dialect: select(_wire.inbox).distinct().where(among(_wire.account_id, "ids", dialect)))
_SHARED = Prepared(
    lambda dialect: select(func.coalesce(_wire.shared_inbox, _wire.inbox))
    .distinct()
    .where(among(_wire.account_id, "ids", dialect))
)
_ANY_RULE = Prepared(lambda _dialect: select(DomainRule.domain).limit(1))


def inbox(url: str) -> Inbox:
    return Inbox(authority(url) or urlsplit(url).netloc.lower(), url)


def followers(session: Session, account: Account, *, without_software: Collection[str] = ()) -> list[Inbox]:
    """Where the remote followers of a local account receive; `without_software` names (lower case) are left out."""
    if not without_software:
        return [inbox(url) for (url,) in _ALL_FOLLOWERS.rows(session, followee=account.id)]
    query = _FOLLOWERS.outerjoin(RemoteHost, RemoteHost.host == RemoteActor.host).where(
        _not_of(without_software)
    )
    return [inbox(url) for url in session.connection().execute(query, {"followee": account.id}).scalars()]


def sisters(session: Session) -> list[Inbox]:
    """The shared inbox of each sister town."""
    scheme = town.of(session).uris.scheme
    return [inbox(f"{scheme}://{domain}/inbox") for domain in towns.sisters(session)]


def of_accounts(
    session: Session,
    accounts: Iterable[Account | None],
    *,
    without_software: Collection[str] = (),
    own: bool = False,
) -> list[Inbox]:
    """Where these accounts receive; our own people need no letter. `own` asks for their personal inboxes."""
    ids = [each.id for each in accounts if each is not None and not each.local and each.deleted_at is None]
    if not ids:
        return []
    if not without_software:
        session.flush()
        return [inbox(url) for (url,) in (_OWN if own else _SHARED).rows(session, ids=ids)]
    address = RemoteActor.inbox if own else func.coalesce(RemoteActor.shared_inbox, RemoteActor.inbox)
    query = (
        select(address)
        .distinct()
        .outerjoin(RemoteHost, RemoteHost.host == RemoteActor.host)
        .where(RemoteActor.account_id.in_(ids), _not_of(without_software))
    )
    return [inbox(url) for url in session.scalars(query)]


def reached(session: Session, object_uri: str) -> list[Inbox]:
    """Every inbox that an earlier activity about `object_uri` was sent to: whoever may hold it hears of its change."""
    query = (
        select(Delivery.inbox)
        .distinct()
        .join(OutboxItem, OutboxItem.id == Delivery.outbox_item_id)
        .where(OutboxItem.object_uri == object_uri)
    )
    return [inbox(url) for url in session.scalars(query)]


def everywhere(session: Session) -> list[Inbox]:
    """One inbox of every server that this town knows: the shared one, or that of somebody there."""
    shared = select(RemoteActor.shared_inbox).distinct().where(RemoteActor.shared_inbox.is_not(None))
    own = select(func.min(RemoteActor.inbox)).where(RemoteActor.shared_inbox.is_(None)).group_by(RemoteActor.host)
    found = {each.host: each for each in map(inbox, session.scalars(own))}
    found |= {each.host: each for each in (inbox(url) for url in session.scalars(shared) if url)}
    return list(found.values())


def hosts_of_sisters(session: Session) -> set[str]:
    return {each.host for each in sisters(session)}


def allowed(
    session: Session, inboxes: Iterable[Inbox], *, without_hosts: Collection[str] = ()
) -> list[Inbox]:
    """`inboxes` once each, in order, without our own town, `without_hosts`, hosts that are given up (`retirement`) and
    those that this town refuses.
    """
    here = town.of(session).uris.domain
    unique = [each for each in dict.fromkeys(inboxes) if each.host != here and each.host not in without_hosts]
    if not unique:
        return unique
    hosts = {each.host for each in unique}
    left_out = retirement.silent(session, hosts)
    if _refuses_anybody(session):
        left_out |= {host for host in hosts if towns.is_refused(session, host)}
    return [each for each in unique if each.host not in left_out] if left_out else unique


def _refuses_anybody(session: Session) -> bool:
    if town.of(session).settings.federation.mode == "allowlist":
        return True
    session.flush()
    return bool(_ANY_RULE.rows(session))


def _not_of(software: Collection[str]) -> ColumnElement[bool]:
    return or_(RemoteHost.software.is_(None), func.lower(RemoteHost.software).not_in(sorted(software)))
