"""Followers synchronisation (FEP-8fcf): two servers make sure that they count the same people as followers.

What we say to followers alone carries, to each host, a digest of those followers of the author that live there. A host
that counts others asks for the list, which is given to that very host and to nobody else; and we do the same.
"""

import hashlib
import re
from collections.abc import Collection, Iterable
from typing import NamedTuple, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from community.models import Account, Follow
from community.storage.prepared import Prepared, among_texts, param
from federation.models import RemoteActor
from federation.vocabulary.reading import same_origin

HEADER = "Collection-Synchronization"
PATH = "followers_synchronization"
"""Where the followers of one host are listed, under the actor's own path, as Mastodon has it."""

_ACCEPTED = "accepted"
_LONGEST = 4_096
_PAIR = re.compile(r'([A-Za-z]+)="([^"\\\x00-\x1f\x7f]*)"')
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ACCOUNTS = cast("Table", Account.__table__)
_FOLLOWS = cast("Table", Follow.__table__)
_ACTORS = cast("Table", RemoteActor.__table__)


class Claimed(NamedTuple):
    """What a header says: whose followers, where those of ours among them are listed, and their digest."""

    collection: str
    url: str
    digest: str


def digest(ids: Iterable[str]) -> str:
    """The SHA-256 digests of actor ids, one XORed with the other, in hex; of nobody 64 zeros."""
    whole = 0
    for each in set(ids):
        whole ^= int.from_bytes(hashlib.sha256(each.encode()).digest(), "big")
    return f"{whole:064x}"


def headers(session: Session, account_id: int, hosts: Collection[str]) -> dict[str, str]:
    """The header of each of `hosts` for what the local account says to followers alone."""
    uri: str = session.connection().execute(select(Account.uri).where(Account.id == account_id)).scalar_one()
    there: dict[str, list[str]] = {host: [] for host in hosts}
    for host, follower in _FOLLOWERS.rows(session, account=account_id, hosts=list(hosts)):
        there[host].append(follower)
    return {
        host: f'collectionId="{uri}/followers", url="{uri}/{PATH}", digest="{digest(ids)}"'
        for host, ids in there.items()
    }


def followers_on(session: Session, account: Account, host: str) -> list[str]:
    """The ids of the followers of a local `account` that live on `host`."""
    return sorted(follower for _, follower in _FOLLOWERS.rows(session, account=account.id, hosts=[host]))


def read(header: str, actor_uri: str) -> Claimed | None:
    """What the header of an activity of `actor_uri` says, or None if it is none: all three parts, once each, and the list
    on the actor's own host, so that nobody sends us anywhere else.
    """
    found = _PAIR.findall(header) if len(header) <= _LONGEST else []
    values = {name.lower(): value for name, value in found}
    if len(values) != len(found) or not values.keys() >= {"collectionid", "url", "digest"}:
        return None
    claimed = Claimed(values["collectionid"], values["url"], values["digest"].lower())
    if not same_origin(claimed.url, actor_uri) or not _DIGEST.fullmatch(claimed.digest):
        return None
    return claimed


_FOLLOWERS = Prepared(
    lambda dialect: select(_ACTORS.c.host, _ACCOUNTS.c.uri)
    .select_from(_FOLLOWS)
    .join(_ACTORS, _ACTORS.c.account_id == _FOLLOWS.c.follower_id)
    .join(_ACCOUNTS, _ACCOUNTS.c.id == _FOLLOWS.c.follower_id)
    .where(
        _FOLLOWS.c.followee_id == param("account"),
        _FOLLOWS.c.state == _ACCEPTED,
        _ACCOUNTS.c.deleted_at.is_(None),
        among_texts(_ACTORS.c.host, "hosts", dialect),
    )
)
