"""Quotes of people from whom the viewer turned away: an app shows them only when asked (client-API reference §2, Quote)."""

from collections.abc import Iterable, Mapping
from typing import cast

from sqlalchemy import Table, literal, or_, select, union_all
from sqlalchemy.orm import Session

from community import town
from community.models import Account, Block, DomainBlock, Mute
from community.storage.prepared import Prepared, among, param
from community.visibility import Viewer
from webui.mastodon.entities.stamps import Stamp

_account, _block, _mute, _shut_out = (
    cast("Table", model.__table__).c for model in (Account, Block, Mute, DomainBlock)
)
_ME, _NOW = param("me"), param("now")
_TURNED = Prepared(
    lambda dialect: union_all(
        select(_mute.target_id, literal(2).label("rank")).where(
            _mute.account_id == _ME, among(_mute.target_id, "ids", dialect),
            or_(_mute.expires_at.is_(None), _mute.expires_at > _NOW),
        ),
        select(_account.id, literal(1)).where(
            among(_account.id, "ids", dialect), _account.domain == _shut_out.domain, _shut_out.account_id == _ME
        ),
        select(_block.target_id, literal(0)).where(_block.account_id == _ME, among(_block.target_id, "ids", dialect)),
    )
)  # fmt: skip
_STATES = (b"blocked_account", b"blocked_domain", b"muted_account")


def many(
    session: Session, viewer: Viewer, quoted_ids: Iterable[int | None], around: Mapping[int, Stamp]
) -> dict[int, bytes]:
    """The state of quotes of somebody from whom `viewer` turned away, by that author; one query where anything is quoted."""
    if viewer.account_id is None:
        return {}
    authors = {around[each].author_id for each in quoted_ids if each is not None and each in around}
    authors.discard(viewer.account_id)
    if not authors:
        return {}
    found = _TURNED.rows(session, me=viewer.account_id, now=town.now(session), ids=authors)
    return {account_id: _STATES[rank] for account_id, rank in sorted(found, key=lambda row: -row[1])}
