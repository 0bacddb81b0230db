"""Ways into the town: sessions of browsers, tokens of apps, the link of the first administrator, invitations.

Only hashes of session tokens, app tokens and one-time keys are stored. Nothing here notes when a member was last here.
"""

import hashlib
import secrets
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from community import events, ids, passphrases, town
from community.errors import Invalid, NotAllowed, NotFound
from community.models import (
    AccessGrant,
    AccessToken,
    Account,
    Invite,
    Member,
    OneTimeLink,
    WebSession,
    WorkMark,
)
from community.storage.prepared import Prepared, param, text_param
from community.visibility import PUBLIC, Viewer

_DAY = 24 * 3600 * 1000
SESSION_MS = 60 * _DAY
FIRST_ADMIN_MS = 7 * _DAY
INVITE_DAYS = 30
_FIRST_ADMIN = "first-admin"
_INVITE_LENGTH = 16  # 80 bits


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """Whom an app speaks for, and what it may do."""

    viewer: Viewer  # PUBLIC for an app that speaks for nobody
    scopes: frozenset[str]
    token_id: int
    app_id: int | None = None  # None: a token that the operator made
    client_name: str = ""
    state: str = "active"  # of the member: active | pending | disabled; only an active one may do anything


def open_session(session: Session, account_id: int) -> str:
    """Log a browser in for sixty days; gives the token for its cookie."""
    now = town.now(session)
    session.execute(delete(WebSession).where(WebSession.expires_at <= now))
    token = secrets.token_urlsafe(32)
    session.add(
        WebSession(
            token_hash=digest(token), account_id=account_id, created_at=now, expires_at=now + SESSION_MS
        )
    )
    session.flush()
    return token


def viewer_of_session(session: Session, token: str) -> Viewer | None:
    """Whose session `token` opens; None when it is unknown, over, or its member is not (or no longer) active."""
    found = session.execute(
        _active_member()
        .join(WebSession, WebSession.account_id == Member.account_id)
        .where(WebSession.token_hash == digest(token), WebSession.expires_at > town.now(session))
    ).one_or_none()
    return None if found is None else Viewer(found.account_id, found.role, found.locale, shielded=found.shielded)


def close_session(session: Session, token: str) -> None:
    """Log a browser out. An unknown token is no error."""
    session.execute(delete(WebSession).where(WebSession.token_hash == digest(token)))


def close_all(session: Session, account_id: int, *, but: str | None = None) -> None:
    """End every session of a member, save the one whose token is `but`, and every app's access."""
    gone = delete(WebSession).where(WebSession.account_id == account_id)
    session.execute(gone if but is None else gone.where(WebSession.token_hash != digest(but)))
    session.execute(delete(AccessGrant).where(AccessGrant.account_id == account_id))
    end_access(session, AccessToken.account_id == account_id)


def issue_token(session: Session, account_id: int, scopes: str, client_name: str) -> str:
    """Let an app in with `scopes` (separated by spaces); gives the token, which is not stored."""
    now = town.now(session)
    token = secrets.token_urlsafe(32)
    session.add(
        AccessToken(
            id=ids.new(now),
            token_hash=digest(token),
            account_id=account_id,
            client_name=client_name,
            scopes=" ".join(dict.fromkeys(scopes.split())),
            created_at=now,
        )
    )
    session.flush()
    return token


def viewer_of_token(session: Session, token: str) -> TokenHolder | None:
    """Whom the app with `token` speaks for: a member of any `state`, or nobody (an app's own token).

    None when the token is unknown, revoked or over, or its member has gone. One indexed row, by a statement that is
    made once: every request of an app comes through here.
    """
    found = _HOLDER.rows(session, hash=digest(token), now=town.now(session))
    row = _Held._make(found[0]) if found else None
    if row is None or (row.account_id is not None and (row.role is None or row.deleted_at is not None)):
        return None
    scopes = _scopes(row.scopes)
    if row.account_id is None:
        return TokenHolder(PUBLIC, scopes, row.id, row.app_id, row.client_name)
    viewer = Viewer(
        row.account_id, row.role, row.locale, filters_version=row.filters_version, shielded=bool(row.shielded)
    )
    state = "disabled" if row.state == "active" and row.suspended_at is not None else row.state
    return TokenHolder(viewer, scopes, row.id, row.app_id, row.client_name, state)


def revoke_token(session: Session, token: str) -> None:
    """Shut one app out. An unknown token is no error."""
    end_access(session, AccessToken.token_hash == digest(token))


def end_access(session: Session, *which: ColumnElement[bool]) -> tuple[int, ...]:
    """End the access of apps whose `AccessToken` fits `which`, for every process at once; gives the ids that ended."""
    ended = tuple(
        session.execute(
            update(AccessToken)
            .where(AccessToken.revoked_at.is_(None), *which)
            .values(revoked_at=town.now(session))
            .returning(AccessToken.id)
            .execution_options(synchronize_session=False)
        ).scalars()
    )
    if ended:
        events.record(session, events.AccessEnded(ended))
    return ended


def first_admin_link(session: Session) -> str | None:
    """The key of a link by which the first administrator joins, valid for a week; None if there is an administrator.

    Each call makes a new key and ends the one before: only its hash is stored.
    """
    if has_admin(session):
        return None
    session.execute(delete(OneTimeLink).where(OneTimeLink.purpose == _FIRST_ADMIN))
    key = secrets.token_urlsafe(24)
    session.add(
        OneTimeLink(
            token_hash=digest(key), purpose=_FIRST_ADMIN, expires_at=town.now(session) + FIRST_ADMIN_MS
        )
    )
    session.flush()
    return key


def is_first_admin_key(session: Session, key: str) -> bool:
    """Whether `key` still makes its bearer the first administrator."""
    now = town.now(session)
    link = session.execute(
        select(OneTimeLink.token_hash).where(
            OneTimeLink.token_hash == digest(key),
            OneTimeLink.purpose == _FIRST_ADMIN,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.expires_at > now,
        )
    ).first()
    return link is not None and not has_admin(session)


def use_first_admin_key(session: Session, key: str) -> None:
    """Spend the key. Raises NotAllowed when it is unknown, spent or over, or an administrator exists."""
    spent = (
        is_first_admin_key(session, key)
        and session.execute(
            update(OneTimeLink)
            .where(OneTimeLink.token_hash == digest(key), OneTimeLink.used_at.is_(None))
            .values(used_at=town.now(session))
            .returning(OneTimeLink.token_hash)
        ).scalar_one_or_none()
    )
    if not spent:
        raise NotAllowed(
            "このリンクはもう使えません。まちを動かしている画面に出ている、新しいリンクをお使いください。"
        )


def has_admin(session: Session) -> bool:
    """Whether the town has an administrator who can log in."""
    return session.execute(_active_member().where(Member.role == "admin").limit(1)).first() is not None


def create_invite(
    session: Session, *, by: int | None, max_uses: int | None = 1, days: int | None = INVITE_DAYS
) -> Invite:
    """A new invitation; `by` is the account that invites, None for the operator. None for `max_uses` or `days`
    means without end. Raises Invalid.
    """
    if max_uses is not None and max_uses < 1:
        raise Invalid("max_uses", "招待できる人数は1人以上にしてください。")
    if days is not None and days < 1:
        raise Invalid("days", "招待の期限は1日以上にしてください。")
    now = town.now(session)
    invite = Invite(
        id=ids.new(now),
        code=passphrases.new_code(_INVITE_LENGTH),
        created_by_id=by,
        max_uses=max_uses,
        created_at=now,
        expires_at=None if days is None else now + days * _DAY,
    )
    session.add(invite)
    session.flush()
    return invite


def use_invite(session: Session, code: str) -> Invite:
    """Use an invitation once. Raises Invalid("invite_code") when it is unknown, used up, over or taken back."""
    now = town.now(session)
    invite = session.execute(
        update(Invite)
        .where(
            Invite.code == passphrases.plain_code(code),
            Invite.revoked_at.is_(None),
            or_(Invite.max_uses.is_(None), Invite.uses < Invite.max_uses),
            or_(Invite.expires_at.is_(None), Invite.expires_at > now),
        )
        .values(uses=Invite.uses + 1)
        .returning(Invite)
    ).scalar_one_or_none()
    if invite is None:
        raise Invalid(
            "invite_code",
            "この招待コードは使えませんでした。書きまちがいがないか、期限が過ぎていないか、ご確認ください。",
        )
    return invite


def invites(session: Session) -> list[Invite]:
    """The invitations that still work, newest first."""
    now = town.now(session)
    return list(
        session.execute(
            select(Invite)
            .where(
                Invite.revoked_at.is_(None),
                or_(Invite.max_uses.is_(None), Invite.uses < Invite.max_uses),
                or_(Invite.expires_at.is_(None), Invite.expires_at > now),
            )
            .order_by(Invite.id.desc())
        ).scalars()
    )


def revoke_invite(session: Session, invite_id: int) -> None:
    """Take an invitation back. Raises NotFound."""
    invite = session.get(Invite, invite_id)
    if invite is None:
        raise NotFound("その招待は見つかりませんでした。")
    invite.revoked_at = invite.revoked_at or town.now(session)
    session.flush()


def _active_member() -> Select[int, str, str, bool]:
    shielded = exists().where(WorkMark.account_id == Member.account_id).label("shielded")
    return (
        select(Member.account_id, Member.role, Member.locale, shielded)
        .join(Account, Account.id == Member.account_id)
        .where(Member.state == "active", Account.deleted_at.is_(None), Account.suspended_at.is_(None))
    )


@lru_cache(maxsize=256)
def _scopes(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _holder_statement() -> Select[*tuple[Any, ...]]:
    token, member, account = AccessToken.__table__.c, Member.__table__.c, Account.__table__.c
    return (
        select(
            token.id, token.account_id, token.app_id, token.client_name, token.scopes,
            member.state, member.role, member.locale, member.filters_version,
            account.deleted_at, account.suspended_at,
            exists().where(WorkMark.account_id == token.account_id).label("shielded"),
        )
        .select_from(
            AccessToken.__table__.outerjoin(Member.__table__, member.account_id == token.account_id).outerjoin(
                Account.__table__, account.id == token.account_id
            )
        )
        .where(
            token.token_hash == text_param("hash"),
            token.revoked_at.is_(None),
            or_(token.expires_at.is_(None), token.expires_at > param("now")),
        )
    )  # fmt: skip


_HOLDER = Prepared(lambda _dialect: _holder_statement())


class _Held(NamedTuple):
    """What `_holder_statement` reads, in its order."""

    id: int
    account_id: int | None
    app_id: int | None
    client_name: str
    scopes: str
    state: str
    role: str | None
    locale: str
    filters_version: int
    deleted_at: int | None
    suspended_at: int | None
    shielded: int


def digest(secret: str) -> str:
    """What is stored of a random secret: SHA-256, hex."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()  # a cookie may hold any bytes
