"""Account: a person, a board, だれかさん or the town, of here or of elsewhere (client-API reference §2).

An account is rendered once and kept, until `updated_at` changes; so whatever is shown of an account has to change it,
but for the counts, which are added each time.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from community import strengths, town, veils
from community.errors import NotFound
from community.models import LOCAL, Account, Member, Veil
from community.storage.prepared import Prepared, among, among_texts
from community.visibility import Viewer
from webui.mastodon.entities import pictures, shelf
from webui.mastodon.entities.shelf import Shelf
from webui.mastodon.entities.times import day, midnight

Entity = dict[str, Any]
_ = Account.__table__.c
STAMP = (
    _.id, _.updated_at, _.suspended_at, _.deleted_at, _.followers_count, _.following_count, _.posts_count, _.last_post_at,
    _.moved_to_uri,
)  # fmt: skip
"""What tells whether an account, as it was rendered, still holds, then its counts and where it went. `SUSPENDED`,
`DELETED` and `MOVED` are places.
"""

SUSPENDED, DELETED, MOVED = 2, 3, 8
_COUNTS = 4  # what the kept text depends on ends here
_KEPT_MOST = 10_000
_DAY = 86_400_000
ROLES = {"keeper": "灯台役", "watcher": "見守り役", "moderator": "運営のお手伝い", "admin": "運営"}
_RELAY = Prepared(lambda _dialect: select(*STAMP).where(_.kind == "relay", _.domain == LOCAL))
_STAMPS = Prepared(lambda dialect: select(*STAMP).where(among(_.id, "ids", dialect)))
_veil = Veil.__table__.c
_DESTINATIONS = Prepared(
    lambda dialect: select(_.uri, *STAMP).where(
        among_texts(_.uri, "uris", dialect), _.deleted_at.is_(None), _.suspended_at.is_(None),
        ~exists().where(_veil.other_id == _.id),
    )
)  # fmt: skip
"""Who those are now who moved. Somebody from whom anybody is veiled is named to nobody."""


def many(session: Session, viewer: Viewer, ids: Sequence[int]) -> list[orjson.Fragment]:
    """The accounts `ids` in this order; those that are gone are left out. Three queries at most."""
    found = by_id(session, viewer, ids)
    return [found[each] for each in ids if each in found]


def one(session: Session, viewer: Viewer, account_id: int) -> orjson.Fragment:
    """One account. Raises NotFound if there is none, or it is gone or suspended."""
    found = by_id(session, viewer, [account_id])
    if account_id not in found:
        raise NotFound("お探しの人は見つかりませんでした。")
    return found[account_id]


def by_id(session: Session, viewer: Viewer, ids: Iterable[int]) -> dict[int, orjson.Fragment]:
    """The accounts `ids` that are not gone, nor veiled from `viewer`, by id."""
    wanted = set(ids)
    wanted -= veils.among_these(session, viewer, wanted)
    stamps = [row for row in _STAMPS.rows(session, ids=wanted) if row[DELETED] is None and row[SUSPENDED] is None]
    return {each: orjson.Fragment(text) for each, text in rendered(session, stamps).items()}


def author(session: Session, viewer: Viewer, account_id: int) -> orjson.Fragment:
    """Whom `viewer` is shown as the author of what the account wrote: だれかさん for who is veiled. Raises NotFound."""
    if veils.among_these(session, viewer, [account_id]):
        return orjson.Fragment(relay(session)[1])
    return one(session, viewer, account_id)


def relay(session: Session) -> tuple[int, bytes]:
    """The id of だれかさん of this town, and the account as JSON."""
    return next(iter(rendered(session, _RELAY.rows(session)).items()))


def rendered(session: Session, stamps: Iterable[tuple[Any, ...]]) -> dict[int, bytes]:
    """The JSON of accounts whose `STAMP` was read, by id; two queries for those that were not kept, else none. One more
    where somebody among them moved: then `moved` tells who they are now.
    """
    stamps = list(stamps)
    found = _standing(session, stamps)
    gone = {stamp[0]: stamp[MOVED] for stamp in stamps if stamp[MOVED]}
    if gone:
        there = {row[0]: row[1:] for row in _DESTINATIONS.rows(session, uris=sorted(set(gone.values())))}
        now = _standing(session, there.values())
        for account_id, uri in gone.items():
            if uri in there:
                found[account_id] = b'%s,"moved":%s}' % (found[account_id][:-1], now[there[uri][0]])
    return found


def _standing(session: Session, stamps: Iterable[tuple[Any, ...]]) -> dict[int, bytes]:
    kept: Shelf[bytes] = shelf.of(session, "accounts", _KEPT_MOST)
    found: dict[int, bytes] = {}
    missing: dict[int, tuple[Any, ...]] = {}
    for stamp in stamps:
        text = kept.get(stamp[0], stamp[:_COUNTS])
        if text is None:
            missing[stamp[0]] = stamp
        else:
            found[stamp[0]] = text + _counts(stamp)
    if missing:
        for row, text in _render(session, list(missing)):
            stamp = missing[row.id]
            found[row.id] = text + _counts(stamp)
            kept.put(row.id, stamp[:_COUNTS], text)
    return found


def _counts(stamp: tuple[Any, ...]) -> bytes:
    followers, following, posts, last = stamp[_COUNTS:MOVED]
    return b',"followers_count":%d,"following_count":%d,"statuses_count":%d,"last_status_at":%s}' % (
        followers, following, posts, b"null" if last is None else _date(last // _DAY),
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _date(number: int) -> bytes:
    """The date of a day, counted from 1970, as JSON."""
    return f'"{day(number * _DAY)}"'.encode()


_WITH_ROLE = (
    select(Account, Member.role)
    .outerjoin(Member, Member.account_id == Account.id)
    .where(Account.id.in_(bindparam("ids", expanding=True)))
)


def _render(session: Session, ids: list[int]) -> list[tuple[Account, bytes]]:
    """Each account as JSON without its counts and its last brace."""
    rows = session.execute(_WITH_ROLE, {"ids": ids}).all()
    labels = strengths.of_many(session, ids)
    uris = town.of(session).uris
    made = []
    for account, role in rows:
        skills = [each.label for each in labels.get(account.id, [])]
        made.append((account, orjson.dumps(_entity(account, role, skills, uris.origin, uris.account_domain))[:-1]))
    return made


def _entity(account: Account, role: str | None, skills: list[str], origin: str, domain: str) -> Entity:
    avatar, header = pictures.avatar(account, origin), pictures.header(account, origin)
    entity: Entity = {
        "id": str(account.id),
        "username": account.name,
        "acct": account.handle,
        "display_name": account.display_name,
        "locked": account.locked,
        "bot": account.bot or account.kind in ("service", "instance"),
        "discoverable": account.discoverable,
        "indexable": account.indexable,
        "group": account.kind == "board",
        "created_at": midnight(account.created_at),
        "note": account.summary_html,
        "url": account.url or account.uri,
        "uri": account.uri,
        "avatar": avatar,
        "avatar_static": avatar,
        "avatar_description": account.avatar_description,
        "header": header,
        "header_static": header,
        "header_description": account.header_description,
        "hide_collections": account.hides_collections,
        "emojis": [{**each, "visible_in_picker": False} for each in account.emojis or []],
        "fields": _fields(account, skills),
        "machi": {
            "kind": account.kind,
            "town": account.domain or domain,
            "strengths": skills,
            "accepting": account.accepting,
        },
    }
    if account.domain == LOCAL:
        entity["noindex"] = not account.indexable
        entity["roles"] = [{"id": role, "name": ROLES[role], "color": ""}] if role in ROLES else []
    if account.silenced_at is not None:
        entity["limited"] = True
    if account.moved_to_uri:
        entity["machi"]["moved_to"] = account.moved_to_uri
    return entity


def _fields(account: Account, skills: list[str]) -> list[Entity]:
    """得意技 of our own people first, then what they wrote; of others what their server told."""
    own = [
        {"name": each.get("name", ""), "value": each.get("value", ""), "verified_at": None} for each in account.fields
    ]
    if account.domain != LOCAL or not skills:
        return own
    return [{"name": "得意技", "value": "、".join(map(_escaped, skills)), "verified_at": None}, *own]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
