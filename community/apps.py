"""Apps: registered once, let in by a member's consent, holding tokens until somebody ends them.

A service that meets an attack returns None instead of raising: a unit of work that raises is undone, and a code or a
refresh token that is shown twice has to leave its token ended. Secrets are stored as hashes alone.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from community import ids, redirect_uris, text, town
from community.doors import digest, end_access
from community.errors import Invalid, NotFound
from community.models import AccessGrant, AccessToken, App

NAME_LIMIT = 60
WEBSITE_LIMIT = 2_000
CODE_MS = 10 * 60 * 1000
SPENT_CODES_MS = 24 * 3600 * 1000
"""How long a code that is over is remembered, so that showing it again is noticed."""

REFRESHED_MS = 2 * 3600 * 1000
"""How long a token lives that can be renewed; the others live until somebody ends them."""

_WEBSITE = re.compile(r"https?://[^\s/]+\S*", re.IGNORECASE)
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636, 4.1


@dataclass(frozen=True, slots=True)
class Issued:
    """A token as its app gets it; it stands nowhere else."""

    token: str
    scopes: str
    created_at: int  # milliseconds
    refresh_token: str | None = None
    expires_in: int | None = None  # seconds; None: it does not end by itself


@dataclass(frozen=True, slots=True)
class Access:
    """What a member lets one app do: the app `app_id`, or a token that the operator made (`token_id`)."""

    app_id: int | None
    token_id: int | None
    name: str
    website: str | None
    scopes: frozenset[str]
    since: int  # milliseconds


def register(
    session: Session, *, name: str, uris: Sequence[str], scopes: Sequence[str], website: str | None = None
) -> tuple[App, str]:
    """A new app and its secret. Raises Invalid with the field client_name, redirect_uris or website."""
    shown = text.line(name)
    if not shown:
        raise Invalid("client_name", "アプリの名前（client_name）がありません。")
    if len(shown) > NAME_LIMIT:
        raise Invalid("client_name", "アプリの名前は%(limit)s文字までにしてください。", limit=NAME_LIMIT)
    if website and (len(website) > WEBSITE_LIMIT or _WEBSITE.fullmatch(website) is None):
        raise Invalid("website", "アプリのウェブサイトは、http か https のアドレスで書いてください。")
    redirect_uris.check(uris, http_anywhere=town.of(session).settings.instance.scheme == "http")
    now, secret = town.now(session), secrets.token_urlsafe(32)
    app = App(
        id=ids.new(now),
        client_id=secrets.token_urlsafe(24),
        secret_hash=digest(secret),
        name=shown,
        website=website or None,
        redirect_uris="\n".join(uris),
        scopes=" ".join(scopes),
        created_at=now,
    )
    session.add(app)
    session.flush()
    return app, secret


def find(session: Session, client_id: str) -> App | None:
    """The app that registered as `client_id`."""
    return session.execute(select(App).where(App.client_id == client_id)).scalar_one_or_none()


def authenticate(session: Session, client_id: str, secret: str) -> App | None:
    """The app, if it knows its secret."""
    app = find(session, client_id)
    return app if app is not None and hmac.compare_digest(app.secret_hash, digest(secret)) else None


def addresses(app: App) -> list[str]:
    """Where the app may have codes sent, as it registered them."""
    return app.redirect_uris.split("\n")


def consent(
    session: Session,
    *,
    app_id: int,
    account_id: int,
    redirect_uri: str,
    scopes: Sequence[str],
    challenge: str | None = None,
) -> str:
    """A code by which the app gets a token that speaks for the member: once, within ten minutes.

    `challenge` (PKCE, S256) makes its verifier a condition.
    """
    now = town.now(session)
    session.execute(delete(AccessGrant).where(AccessGrant.expires_at <= now - SPENT_CODES_MS))
    code = secrets.token_urlsafe(32)
    session.add(
        AccessGrant(
            code_hash=digest(code),
            app_id=app_id,
            account_id=account_id,
            redirect_uri=redirect_uri,
            scopes=" ".join(scopes),
            challenge=challenge,
            created_at=now,
            expires_at=now + CODE_MS,
        )
    )
    session.flush()
    return code


def redeem(
    session: Session, *, app: App, code: str, redirect_uri: str, verifier: str | None, renewable: str
) -> Issued | None:
    """The token for a code; None when it is unknown, over, spent, or was not given to this app for this redirect.

    The token can be renewed if the scope `renewable` was granted. A code that is shown again ends the token it gave.
    """
    now, hashed = town.now(session), digest(code)
    grant = session.execute(select(AccessGrant).where(AccessGrant.code_hash == hashed)).scalar_one_or_none()
    if grant is None:
        return None
    if grant.token_id is not None:
        end_access(session, AccessToken.id == grant.token_id)
        return None
    fits = (
        grant.app_id == app.id
        and grant.redirect_uri == redirect_uri
        and grant.expires_at > now
        and _proves(grant.challenge, verifier)
    )
    token_id = ids.new(now)
    if not fits or not _spend(session, hashed, token_id):
        return None
    return _issue(session, app, grant.account_id, grant.scopes, token_id, renewable=renewable)


def issue_to_app(session: Session, *, app: App, scopes: Sequence[str]) -> Issued:
    """A token of the app itself, which speaks for nobody."""
    return _issue(session, app, None, " ".join(scopes), ids.new(town.now(session)))


def issue_to_member(session: Session, *, app_id: int, account_id: int) -> Issued:
    """A token for somebody who has just joined through the app, with everything that the app registered for.

    Raises NotFound.
    """
    app = session.get(App, app_id)
    if app is None:
        raise NotFound("そのアプリは見つかりませんでした。")
    return _issue(session, app, account_id, app.scopes, ids.new(town.now(session)))


def renew(session: Session, *, app: App, refresh_token: str) -> Issued | None:
    """A fresh token in the place of the one that `refresh_token` came with; both old ones end at once.

    None when it is unknown, ended or another app's. One that was used before ends the access: two have it now.
    """
    family, _, turn = refresh_token.partition(".")
    row = session.execute(
        select(AccessToken).where(AccessToken.refresh_hash == digest(family), AccessToken.app_id == app.id)
    ).scalar_one_or_none()
    if row is None or row.revoked_at is not None:
        return None
    next_turn, token, now = secrets.token_urlsafe(24), secrets.token_urlsafe(32), town.now(session)
    taken = session.execute(
        update(AccessToken)
        .where(AccessToken.id == row.id, AccessToken.refresh_turn_hash == digest(turn))
        .values(token_hash=digest(token), refresh_turn_hash=digest(next_turn), expires_at=now + REFRESHED_MS)
        .returning(AccessToken.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if taken is None:
        end_access(session, AccessToken.id == row.id)
        return None
    return Issued(token, row.scopes, now, f"{family}.{next_turn}", REFRESHED_MS // 1000)


def revoke(session: Session, *, app: App, token: str) -> bool:
    """End a token of `app`, named by itself or by its refresh token; an unknown one is no error.

    False when it is another app's: nothing was ended.
    """
    mine = or_(
        AccessToken.token_hash == digest(token), AccessToken.refresh_hash == digest(token.partition(".")[0])
    )
    row = session.execute(select(AccessToken.id, AccessToken.app_id).where(mine)).one_or_none()
    if row is None:
        return True
    if row.app_id != app.id:
        return False
    end_access(session, AccessToken.id == row.id)
    return True


def of_member(session: Session, account_id: int) -> list[Access]:
    """The apps that a member lets in, the newest first; several log-ins of one app are one."""
    now = town.now(session)
    rows = session.execute(
        select(AccessToken, App.website)
        .outerjoin(App, App.id == AccessToken.app_id)
        .where(
            AccessToken.account_id == account_id,
            AccessToken.revoked_at.is_(None),
            or_(AccessToken.expires_at.is_(None), AccessToken.refresh_hash.is_not(None), AccessToken.expires_at > now),
        )
        .order_by(AccessToken.id.desc())
    ).all()
    found: dict[tuple[int | None, int | None], Access] = {}
    for token, website in rows:
        key = (token.app_id, token.id if token.app_id is None else None)
        seen = found.get(key)
        scopes = frozenset(token.scopes.split())
        found[key] = Access(
            *key,
            token.client_name,
            website,
            scopes if seen is None else scopes | seen.scopes,
            token.created_at if seen is None else seen.since,
        )
    return list(found.values())


def shut_out(session: Session, *, account_id: int, app_id: int) -> None:
    """End everything that an app may do for a member, codes on their way included. Raises NotFound if that is nothing."""
    grants = session.execute(
        delete(AccessGrant)
        .where(AccessGrant.account_id == account_id, AccessGrant.app_id == app_id)
        .returning(AccessGrant.code_hash)
    ).all()
    ended = end_access(session, AccessToken.account_id == account_id, AccessToken.app_id == app_id)
    if not ended and not grants:
        raise NotFound("そのアプリは、もう入れないようになっています。")


def shut_out_token(session: Session, *, account_id: int, token_id: int) -> None:
    """End one token of a member that the operator made. Raises NotFound."""
    if not end_access(session, AccessToken.account_id == account_id, AccessToken.id == token_id):
        raise NotFound("そのアプリは、もう入れないようになっています。")


def _spend(session: Session, hashed: str, token_id: int) -> bool:
    """Note what the code was spent on; False if somebody was quicker."""
    spent = session.execute(
        update(AccessGrant)
        .where(AccessGrant.code_hash == hashed, AccessGrant.token_id.is_(None))
        .values(token_id=token_id)
        .returning(AccessGrant.code_hash)
        .execution_options(synchronize_session=False)
    )
    return spent.scalar_one_or_none() is not None


def _proves(challenge: str | None, verifier: str | None) -> bool:
    """Whether `verifier` is what `challenge` was made of. Where no challenge was given none may come: RFC 9700, 2.1.1."""
    if challenge is None or verifier is None:
        return challenge is None and verifier is None
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(made, challenge.encode())


def _issue(
    session: Session, app: App, account_id: int | None, scopes: str, token_id: int, *, renewable: str = ""
) -> Issued:
    now, token = town.now(session), secrets.token_urlsafe(32)
    family, turn = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    renews = renewable in scopes.split()
    session.add(
        AccessToken(
            id=token_id,
            token_hash=digest(token),
            account_id=account_id,
            client_name=app.name,
            scopes=scopes,
            created_at=now,
            app_id=app.id,
            expires_at=now + REFRESHED_MS if renews else None,
            refresh_hash=digest(family) if renews else None,
            refresh_turn_hash=digest(turn) if renews else None,
        )
    )
    session.flush()
    if not renews:
        return Issued(token, scopes, now)
    return Issued(token, scopes, now, f"{family}.{turn}", REFRESHED_MS // 1000)
