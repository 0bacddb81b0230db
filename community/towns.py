"""Other towns and hosts: the sisters this town named, and the hosts it has nothing to do with."""

import ipaddress
import re

import idna
from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from community import follows, inserts, town
from community.errors import Invalid, NotFound
from community.models import LOCAL, Account, DomainRule, SisterTown

_SUSPEND, _NOOP = "suspend", "noop"
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_PORT = re.compile(r"[1-9][0-9]{0,4}")


def normalise(text: str) -> str:
    """A domain as it is stored and compared: host[:port], lower-case A-label. Raises Invalid("domain")."""
    typed = (
        text.strip().casefold().removeprefix("https://").removeprefix("http://").strip("/").removeprefix("@")
    )
    host, colon, port = typed.rpartition(":") if not typed.endswith("]") else (typed, "", "")
    if not colon:
        host, port = typed, ""
    host = host.removesuffix(".")
    try:
        host = _host(host)
    except (idna.IDNAError, ValueError, UnicodeError):
        host = ""
    if not host or (colon and _PORT.fullmatch(port) is None):
        raise Invalid("domain", "まちのアドレスを machi.example.jp のように書いてください。")
    return host + colon + port


def _host(host: str) -> str:
    if host.startswith("["):
        return f"[{ipaddress.IPv6Address(host[1:-1])}]"
    # Also names without a dot and address literals, as trials use them.
    plain = host if host.isascii() else idna.encode(host, uts46=True).decode()
    return plain if _HOST.fullmatch(plain) else ""


def add_sister(session: Session, domain: str) -> str:
    """Name a town as 姉妹まち; the other side has to name this one too. Gives the domain as stored.

    Raises Invalid("domain"), also for this town itself and for a host that is suspended.
    """
    name = normalise(domain)
    if name == town.of(session).uris.domain:
        raise Invalid("domain", "このまち自身は姉妹まちにできません。")
    if _is_suspended(session, name):
        raise Invalid(
            "domain", "%(domain)s とは、やりとりを止めています。先に再開してください。", domain=name
        )
    inserts.new_row(session, SisterTown, domain=name, created_at=town.now(session))
    return name


def remove_sister(session: Session, domain: str) -> None:
    """End a sisterhood. Raises NotFound when there is none."""
    row = session.get(SisterTown, normalise(domain))
    if row is None:
        raise NotFound("その姉妹まちは見つかりませんでした。")
    session.delete(row)
    session.flush()


def sisters(session: Session) -> list[str]:
    """The domains (host[:port]) of the sister towns, in alphabetical order."""
    return list(session.execute(select(SisterTown.domain).order_by(SisterTown.domain)).scalars())


def is_sister(session: Session, domain: str) -> bool:
    """Whether `domain` (host[:port]) was named as 姉妹まち here and is not suspended."""
    named = session.execute(select(SisterTown.domain).where(SisterTown.domain == domain.casefold())).first()
    return named is not None and not _is_suspended(session, domain.casefold())


def suspend(session: Session, domain: str, *, reason: str = "") -> str:
    """Have nothing to do with a host and all below it: no inbox, no delivery, no follows, its posts hidden.

    A sisterhood with it ends. Gives the domain as stored. Raises Invalid("domain").
    """
    name = _without_port(normalise(domain))
    if name == town.of(session).uris.host:
        raise Invalid("domain", "このまち自身は止められません。")
    _set_rule(session, name, _SUSPEND, reason)
    for sister in sisters(session):
        if _is_suspended(session, sister):
            remove_sister(session, sister)
    hidden = (
        update(Account)
        .where(_lives_at(name), Account.suspended_at.is_(None))
        .values(suspended_at=town.now(session))
        .returning(Account.id)
    )
    for account_id in session.execute(hidden).scalars().all():
        follows.purge(session, account_id=account_id)
    return name


def allow(session: Session, domain: str) -> str:
    """Take a suspension back, or except a host from the suspension of one above it. Its posts show again;
    follows do not come back by themselves. Gives the domain as stored.
    """
    name = _without_port(normalise(domain))
    session.execute(delete(DomainRule).where(DomainRule.domain == name))
    if _is_suspended(session, name):
        _set_rule(session, name, _NOOP, "")
    held = select(Account.id, Account.domain).where(_lives_at(name), Account.suspended_at.is_not(None))
    for account_id, home in session.execute(held).all():
        if not _is_suspended(session, home):
            session.execute(update(Account).where(Account.id == account_id).values(suspended_at=None))
    return name


def suspended(session: Session) -> list[DomainRule]:
    """The hosts this town has nothing to do with, in alphabetical order, with the reason."""
    return list(
        session.execute(
            select(DomainRule).where(DomainRule.policy == _SUSPEND).order_by(DomainRule.domain)
        ).scalars()
    )


def is_refused(session: Session, host: str) -> bool:
    """Whether this town neither hears nor speaks to `host` (host[:port], A-label): suspended, or, in allowlist mode,
    not a sister.
    """
    authority = host.casefold()
    if _is_suspended(session, authority):
        return True
    current = town.of(session)
    if current.settings.federation.mode == "open" or authority == current.uris.domain:
        return False
    return not is_sister(session, authority)


def _is_suspended(session: Session, authority: str) -> bool:
    """The longest rule that covers the host decides."""
    labels = _without_port(authority).removesuffix(".").split(".")
    covering = [".".join(labels[start:]) for start in range(len(labels))]
    rules = session.execute(
        select(DomainRule.domain, DomainRule.policy).where(DomainRule.domain.in_(covering))
    ).all()
    return bool(rules) and max(rules, key=lambda rule: len(rule.domain)).policy == _SUSPEND


def _set_rule(session: Session, domain: str, policy: str, reason: str) -> None:
    values = {"policy": policy, "reason": reason, "created_at": town.now(session)}
    if not inserts.new_row(session, DomainRule, domain=domain, **values):
        session.execute(update(DomainRule).where(DomainRule.domain == domain).values(**values))


def _lives_at(host: str) -> ColumnElement[bool]:
    """Accounts of a host and of all below it, whatever their port."""
    return (Account.domain != LOCAL) & or_(
        Account.domain == host,
        Account.domain.startswith(f"{host}:", autoescape=True),
        Account.domain.endswith(f".{host}", autoescape=True),
        Account.domain.contains(f".{host}:", autoescape=True),
    )


def _without_port(authority: str) -> str:
    if authority.endswith("]"):
        return authority
    host, colon, _ = authority.rpartition(":")
    return host if colon else authority
