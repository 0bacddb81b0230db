"""Admin::Account, Admin::Report, Admin::DomainBlock, Admin::DomainAllow: what who looks after the town is shown.

Of a member the town holds an e-mail address at most, and no network address of anybody: `ip` is null.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from community.models import Account, DomainRule, Invite, Member, Report
from community.visibility import Viewer
from webui.i18n import Catalogues
from webui.mastodon.entities import accounts, credentials, instance, reports, statuses
from webui.mastodon.entities.times import iso

Entity = dict[str, Any]


def many_accounts(session: Session, ids: Sequence[int]) -> list[Entity]:
    """The accounts in this order, suspended ones too; those that are gone are left out. A fixed number of queries."""
    found = accounts_by_id(session, ids)
    return [found[each] for each in ids if each in found]


def accounts_by_id(session: Session, ids: Iterable[int]) -> dict[int, Entity]:
    wanted = set(ids)
    rows = session.execute(
        select(Account, Member, Invite.created_by_id)
        .outerjoin(Member, Member.account_id == Account.id)
        .outerjoin(Invite, Invite.id == Member.invite_id)
        .where(Account.id.in_(wanted), Account.deleted_at.is_(None))
    ).all()
    stamps = session.execute(select(*accounts.STAMP).where(Account.id.in_([row[0].id for row in rows])))
    shown = accounts.rendered(session, [tuple(stamp) for stamp in stamps])
    return {account.id: _account(account, member, inviter, shown[account.id]) for account, member, inviter in rows}


def _account(account: Account, member: Member | None, inviter: int | None, shown: bytes) -> Entity:
    pending = member is not None and member.state == "pending"
    entity: Entity = {
        "id": str(account.id),
        "username": account.name,
        "domain": account.domain or None,
        "created_at": iso(account.created_at),
        "email": member.email or "" if member is not None else None,
        "ip": None,
        "ips": [],
        "locale": member.locale if member is not None else None,
        "invite_request": member.application or None if member is not None else None,
        "role": credentials.role(member.role) if member is not None else None,
        "confirmed": member is not None,
        "approved": member is not None and not pending,
        "disabled": member is not None and member.state == "disabled",
        "silenced": account.silenced_at is not None,
        "suspended": account.suspended_at is not None and not pending,
        "sensitized": account.sensitized_at is not None,
        "account": orjson.Fragment(shown),
    }
    if inviter is not None:
        entity["invited_by_account_id"] = str(inviter)
    return entity


def many_reports(
    session: Session, viewer: Viewer, rows: Sequence[Report], *, catalogues: Catalogues, language: str
) -> list[Entity]:
    """The reports in this order with everybody concerned, their posts and the promises that were broken."""
    people = accounts_by_id(session, {each for row in rows for each in _concerned(row)})
    posts = statuses.by_id(session, viewer, {each for row in rows for each in row.post_ids})
    promised = {rule["id"]: rule for rule in instance.rules(catalogues, language)}
    return [
        reports.facts(row)
        | {
            "updated_at": iso(row.updated_at),
            "account": people.get(row.account_id),
            "target_account": people.get(row.target_id),
            "assigned_account": people.get(row.assigned_id or 0),
            "action_taken_by_account": people.get(row.action_taken_by_id or 0),
            "statuses": [posts[each] for each in row.post_ids if each in posts],
            "rules": [promised[str(each)] for each in row.rule_ids if str(each) in promised],
        }
        for row in rows
    ]


def _concerned(row: Report) -> list[int]:
    people = (row.account_id, row.target_id, row.assigned_id, row.action_taken_by_id)
    return [each for each in people if each is not None]


def domain_block(row: DomainRule) -> Entity:
    return {
        "id": str(row.id),
        "domain": row.domain,
        "digest": hashlib.sha256(row.domain.encode()).hexdigest(),
        "created_at": iso(row.created_at),
        "severity": row.policy,
        "reject_media": row.reject_media,
        "reject_reports": row.reject_reports,
        "private_comment": row.reason or None,
        "public_comment": row.public_reason or None,
        "obfuscate": row.obfuscate,
    }


def domain_allow(row: DomainRule) -> Entity:
    return {"id": str(row.id), "domain": row.domain, "created_at": iso(row.created_at)}
