"""Other towns and hosts: which are sisters (how they came to be: `sisters`), and the rules about every other host."""

import ipaddress
import re

import idna
from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from community import events, follows, ids, inserts, town
from community.errors import Conflict, Invalid, NotFound
from community.models import LOCAL, Account, DomainRule, SisterTown
from community.storage.prepared import Prepared, among_texts

AGREED = "agreed"
SUSPEND, SILENCE, NOOP, ALLOW = "suspend", "silence", "noop", "allow"
POLICIES = (SUSPEND, SILENCE, NOOP)
"""What a town may decide about a host; ALLOW is the permission of allow-list mode."""

_rule = DomainRule.__table__.c
_RULED = Prepared(lambda dialect: select(_rule.domain).where(among_texts(_rule.domain, "covering", dialect)))
"""Which of these hosts there is a rule about: asked of every request that comes in, and mostly none."""

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


def sisters(session: Session) -> list[str]:
    """The domains (host[:port]) of the sister towns, in alphabetical order."""
    agreed = select(SisterTown.domain).where(SisterTown.state == AGREED).order_by(SisterTown.domain)
    return list(session.execute(agreed).scalars())


def is_sister(session: Session, domain: str) -> bool:
    """Whether this town and `domain` (host[:port]) agreed to be 姉妹まち, and it is not suspended."""
    state = session.scalar(select(SisterTown.state).where(SisterTown.domain == domain.casefold()))
    return state == AGREED and not is_suspended(session, domain.casefold())


def _is_asked(session: Session, authority: str) -> bool:
    return session.scalar(select(SisterTown.state).where(SisterTown.domain == authority)) == "asked"


def suspend(session: Session, domain: str, *, reason: str = "") -> str:
    """Have nothing to do with a host and all below it: no inbox, no delivery, no follows, its posts hidden.

    A sisterhood with it ends. Gives the domain as stored. Raises Invalid("domain").
    """
    name = _elsewhere(session, domain)
    rule = _of(session, name)
    if rule is None:
        rule = _new_rule(session, name, policy=SUSPEND)
    rule.policy, rule.reason = SUSPEND, reason
    _enforce(session, rule)
    return name


def allow(session: Session, domain: str) -> str:
    """Take a suspension back, or except a host from the suspension of one above it. Its posts show again;
    follows do not come back by themselves. Gives the domain as stored.
    """
    name = _without_port(normalise(domain))
    rule = _of(session, name)
    if rule is not None:
        lift(session, rule)
    above = _covering(session, name)
    if above is not None and above.policy == SUSPEND:
        _new_rule(session, name, policy=NOOP)
        _enforce(session, above, at=name)
    return name


def suspended(session: Session) -> list[DomainRule]:
    """The hosts this town has nothing to do with, in alphabetical order, with the reason."""
    return [rule for rule in blocks(session) if rule.policy == SUSPEND]


def blocks(session: Session) -> list[DomainRule]:
    """Every rule about a host but the permissions of allow-list mode, in alphabetical order."""
    rules = select(DomainRule).where(DomainRule.policy != ALLOW).order_by(DomainRule.domain)
    return list(session.scalars(rules))


def block(
    session: Session,
    *,
    domain: str,
    policy: str,
    reason: str = "",
    public_reason: str = "",
    reject_media: bool = False,
    reject_reports: bool = False,
    obfuscate: bool = False,
) -> DomainRule:
    """Make a rule about a host and all below it: `suspend` (nothing to do with it), `silence` (its people are heard by
    those alone who follow them), or `noop` (only what the other facts say: no pictures, no reports taken from it).

    Raises Invalid("domain"), Conflict if there is a rule about it already.
    """
    name = _elsewhere(session, domain)
    if _of(session, name) is not None:
        raise Conflict("%(domain)s についての決まりは、もうあります。", domain=name)
    rule = _new_rule(session, name, policy=NOOP)
    return change(
        session, rule, policy=policy, reason=reason, public_reason=public_reason,
        reject_media=reject_media, reject_reports=reject_reports, obfuscate=obfuscate,
    )  # fmt: skip


def change(session: Session, rule: DomainRule, **facts: str | bool) -> DomainRule:
    """Set facts of a rule (those that `block` takes) and act by it. Raises Invalid("policy")."""
    if facts.get("policy", NOOP) not in POLICIES:
        raise Invalid("policy", "決まりは、止める・控えめにする・そのまま、から選んでください。")
    for name, value in facts.items():
        setattr(rule, name, value)
    _enforce(session, rule)
    return rule


def lift(session: Session, rule: DomainRule) -> None:
    """Take a rule about a host away, and what was done because of it, save follows that ended."""
    session.execute(delete(DomainRule).where(DomainRule.domain == rule.domain))
    _enforce(session, rule)


def permits(session: Session) -> list[DomainRule]:
    """The hosts that allow-list mode lets in besides the sister towns, in alphabetical order."""
    rules = select(DomainRule).where(DomainRule.policy == ALLOW).order_by(DomainRule.domain)
    return list(session.scalars(rules))


def permit(session: Session, domain: str) -> DomainRule:
    """Let a host in although it is no sister town; it matters in allow-list mode alone. Doing it again changes nothing.

    Raises Invalid("domain"), Conflict if the host is blocked.
    """
    name = _elsewhere(session, domain)
    rule = _of(session, name) or _new_rule(session, name, policy=ALLOW)
    if rule.policy != ALLOW:
        raise Conflict("%(domain)s についての決まりは、もうあります。", domain=name)
    return rule


def rule_by_id(session: Session, rule_id: int) -> DomainRule:
    """The rule that the admin API knows by this id. Raises NotFound."""
    rule = session.scalar(select(DomainRule).where(DomainRule.id == rule_id))
    if rule is None:
        raise NotFound("その決まりは見つかりませんでした。")
    return rule


def rule_of(session: Session, domain: str) -> DomainRule | None:
    """The rule about exactly this host. Raises Invalid("domain")."""
    return _of(session, _without_port(normalise(domain)))


def is_refused(session: Session, host: str) -> bool:
    """Whether this town neither hears nor speaks to `host` (host[:port], A-label): suspended, or, in allowlist mode,
    neither a sister nor permitted.
    """
    authority = host.casefold()
    rule = _covering(session, authority)
    if rule is not None and rule.policy == SUSPEND:
        return True
    current = town.of(session)
    if current.settings.federation.mode == "open" or authority in current.uris.homes:
        return False
    if (rule is not None and rule.policy == ALLOW) or is_sister(session, authority):
        return False
    return not _is_asked(session, authority)  # whom the operator asked may answer


def is_silenced(session: Session, host: str) -> bool:
    """Whether the people of `host` are heard by those alone who follow them."""
    rule = _covering(session, host.casefold())
    return rule is not None and rule.policy == SILENCE


def rejects_media(session: Session, host: str) -> bool:
    """Whether nothing that is to be seen or heard is taken from `host`: posts come without, people without faces."""
    rule = _covering(session, host.casefold())
    return rule is not None and (rule.reject_media or rule.policy == SUSPEND)


def rejects_reports(session: Session, host: str) -> bool:
    """Whether reports that `host` sends are not taken."""
    rule = _covering(session, host.casefold())
    return rule is not None and (rule.reject_reports or rule.policy == SUSPEND)


def is_suspended(session: Session, authority: str) -> bool:
    """Whether a rule says that this town has nothing to do with the host."""
    rule = _covering(session, authority)
    return rule is not None and rule.policy == SUSPEND


def _covering(session: Session, authority: str) -> DomainRule | None:
    """The rule about a host: of those that cover it the longest decides."""
    labels = _without_port(authority).removesuffix(".").split(".")
    covering = [".".join(labels[start:]) for start in range(len(labels))]
    ruled = [name for (name,) in _RULED.rows(session, covering=covering)]
    return _of(session, max(ruled, key=len)) if ruled else None


def _of(session: Session, name: str) -> DomainRule | None:
    return session.scalar(select(DomainRule).where(DomainRule.domain == name))


def _new_rule(session: Session, name: str, *, policy: str) -> DomainRule:
    now = town.now(session)
    inserts.new_row(session, DomainRule, domain=name, policy=policy, created_at=now, id=ids.new(now))
    return session.scalars(select(DomainRule).where(DomainRule.domain == name)).one()


def _elsewhere(session: Session, domain: str) -> str:
    name = _without_port(normalise(domain))
    if name in (_without_port(home) for home in town.of(session).uris.homes):
        raise Invalid("domain", "このまち自身は止められません。")
    return name


def _enforce(session: Session, rule: DomainRule, *, at: str = "") -> None:
    """Bring the accounts of `rule.domain` (or those `at` a host below it) to what the rules say of their hosts now.

    Who was suspended or silenced before the rule was made, was so for a reason of their own, and stays so.
    """
    session.flush()
    now, since = town.now(session), rule.created_at
    for sister in session.scalars(select(SisterTown)).all():
        if is_suspended(session, sister.domain):
            session.delete(sister)
    session.flush()
    there = select(Account.domain).where(_lives_at(at or rule.domain)).distinct()
    for home in session.scalars(there).all():
        decides = _covering(session, home)
        policy = NOOP if decides is None else decides.policy
        people = update(Account).where(Account.domain == home, Account.deleted_at.is_(None))
        if policy == SUSPEND:
            hidden = people.where(Account.suspended_at.is_(None)).values(suspended_at=now).returning(Account.id)
            for account_id in session.scalars(hidden).all():
                follows.purge(session, account_id=account_id)
        else:
            session.execute(people.where(Account.suspended_at >= since).values(suspended_at=None))
        quiet = people.where(Account.silenced_at.is_(None)).values(silenced_at=now, updated_at=now)
        heard = people.where(Account.silenced_at >= since).values(silenced_at=None, updated_at=now)
        session.execute(quiet if policy == SILENCE else heard)
    if not at and is_suspended(session, rule.domain):
        events.record(session, events.HostSuspended(rule.domain))


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
