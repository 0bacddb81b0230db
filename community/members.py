"""Members: joining, being let in, roles, profile, ways back in, leaving."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from community import (
    admission,
    belongings,
    doors,
    events,
    farewell,
    follows,
    ids,
    inserts,
    keepsakes,
    media,
    names,
    notifications,
    passphrases,
    posts,
    romaji,
    search,
    town,
)
from community import strengths as topics
from community.errors import Invalid, NotAllowed, NotFound
from community.models import (
    LOCAL,
    AccessGrant,
    AccessToken,
    Account,
    HomeEntry,
    Learning,
    Member,
    Post,
    Strength,
    WebSession,
)
from community.text import Body
from community.visibility import FOR_QUESTIONS

ROLES = ("member", "keeper", "watcher", "moderator", "admin")
BIO_LIMIT = 2000
GONE = "まちを出た人"


@dataclass(frozen=True, slots=True)
class Joined:
    """A new member. `recovery_code` is shown once: only its hash is stored."""

    account: Account
    member: Member
    recovery_code: str


def join(
    session: Session,
    *,
    name: str,
    nickname: str,
    passphrase_hash: str | None,
    application: str = "",
    email: str | None = None,
    locale: str = "ja",
    invite_code: str | None = None,
    first_admin_key: str | None = None,
    by_operator: bool = False,
    role: str = "member",
) -> Joined:
    """なかまになる, whole or not at all.

    `registrations` decides: open → active at once; approval → pending, unless invited; invite → needs a code; closed
    → NotAllowed. The bearer of the first administrator's key and members made by the operator come in always; only
    the operator gives a `role`. Raises Invalid with the field name, nickname, email, application or invite_code.
    """
    uris = town.of(session).uris
    handle = names.handle(name, host=uris.host, by_operator=by_operator)
    shown = names.nickname(nickname)
    address = admission.email(email)
    if role not in ROLES or (role != "member" and not by_operator):
        raise Invalid("role", "その役割はありません。")
    admitted = admission.admit(
        session, invite_code=invite_code, first_admin_key=first_admin_key, by_operator=by_operator
    )
    reason = admission.application(application, needed=admitted.state == "pending")
    account = _new_account(session, handle, shown, held=admitted.state == "pending")
    code = passphrases.new_recovery_code()
    member = _new_member(
        session,
        account_id=account.id,
        state=admitted.state,
        role=admitted.role or role,
        passphrase_hash=passphrase_hash,
        recovery_hash=passphrases.hash_recovery_code(code),
        email=address,
        application=reason,
        locale=locale if locale in ("ja", "en") else "ja",
        invite_id=admitted.invite_id,
        joined_at=account.created_at,
    )
    if not by_operator:
        notifications.tell_moderators(session, kind="sign_up", actor=account)
    return Joined(account, member, code)


def name_taken(handle: str) -> Invalid:
    """Why nobody else can be called `handle`."""
    return Invalid("name", "「%(name)s」は、もう使われています。ほかの名前をお試しください。", name=handle)


def suggest_handle(session: Session, nickname: str) -> str:
    """A free handle that goes with a ニックネーム: its reading where it is kana or Latin, else a pleasant word."""
    stem = romaji.latin(nickname)[: names.HANDLE_LIMIT - 4] or romaji.latin(
        passphrases.new_phrase().split()[0]
    )
    tails = ["", *(f"_{number}" for number in range(2, 10)), f"_{secrets.randbelow(900) + 100}"]
    candidates = [stem + tail for tail in tails if stem + tail not in names.RESERVED]
    taken = set(
        session.execute(
            select(Account.name).where(Account.domain == LOCAL, Account.name.in_(candidates))
        ).scalars()
    )
    return next((candidate for candidate in candidates if candidate not in taken), candidates[-1])


def by_login(session: Session, login: str) -> tuple[Account, Member] | None:
    """The member who logs in as `login`, a handle (also @name@this-town) or an e-mail address, in any spelling.

    Members of every state are found: the caller tells a pending one to wait.
    """
    typed = town.of(session).uris.without_home(names.plain_handle(login))
    whose = Member.email == typed if "@" in typed else Account.name == typed
    row = session.execute(
        select(Account, Member)
        .join(Member, Member.account_id == Account.id)
        .where(whose, Account.domain == LOCAL, Account.deleted_at.is_(None))
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def waiting(session: Session) -> list[tuple[Account, Member]]:
    """Who asked to join and waits for an answer, the longest first."""
    rows = (
        select(Account, Member)
        .join(Member, Member.account_id == Account.id)
        .where(Member.state == "pending")
        .order_by(Member.joined_at)
    )
    return [(account, member) for account, member in session.execute(rows)]


def approve(session: Session, *, account_id: int) -> Account:
    """Let somebody in who waits. Raises NotFound; a member who is in already stays so."""
    account, member = _found(session, account_id)
    if member.state == "pending":
        member.state = "active"
        account.suspended_at = None
        session.flush()
    return account


def decline(session: Session, *, account_id: int) -> None:
    """Do not let somebody in who waits: everything about them is removed, the handle is free again.

    Raises NotFound, also for somebody who is a member already.
    """
    account, member = _found(session, account_id)
    if member.state != "pending":
        raise NotFound("その申し込みは見つかりませんでした。")
    _remove_private(session, account_id)
    search.forget_account(session, account_id)
    session.delete(account)
    session.flush()


def set_role(session: Session, *, account_id: int, role: str) -> None:
    """Give a member a role of ROLES. Raises Invalid("role"), NotFound, NotAllowed for the last administrator."""
    if role not in ROLES:
        raise Invalid("role", "その役割はありません。")
    account, member = _found(session, account_id)
    if role != "admin":
        keep_an_admin(session, member)
    if member.role != role:
        account.updated_at = max(town.now(session), account.updated_at + 1)  # what apps keep of it goes by this
    member.role = role
    session.flush()
    if role not in notifications.MODERATORS:
        notifications.forget_of_town(session, account_id)


def update_profile(
    session: Session,
    *,
    account_id: int,
    nickname: str | None = None,
    bio: Body | None = None,
    strengths: Sequence[str] | None = None,
    learnings: Sequence[str] | None = None,
    accepting: bool | None = None,
    locked: bool | None = None,
    discoverable: bool | None = None,
    indexable: bool | None = None,
    hides_collections: bool | None = None,
    default_visibility: str | None = None,
    locale: str | None = None,
    email: str | None = None,
    more: bool = False,
) -> Account:
    """Change what is given, leave the rest; "" takes an e-mail or a default visibility away.

    Raises NotFound, and Invalid with the field nickname, bio, strengths, learnings, email or default_visibility.
    AccountUpdated is recorded when others can see a difference, or if `more` that they see has changed already.
    """
    account, member = _found(session, account_id)
    shown: dict[str, object] = {
        "accepting": accepting,
        "locked": locked,
        "discoverable": discoverable,
        "indexable": indexable,
        "hides_collections": hides_collections,
    }
    if nickname is not None:
        shown["display_name"] = names.nickname(nickname)
    if bio is not None:
        if len(bio.source) > BIO_LIMIT:
            raise Invalid("bio", "自己紹介は%(limit)s文字までにしてください。", limit=BIO_LIMIT)
        shown |= {"summary_source": bio.source, "summary_html": bio.html}
    changed = _set(account, shown) or more
    if strengths is not None:
        changed |= topics.choose(session, account_id, strengths)
    if learnings is not None:
        topics.choose_learnings(session, account_id, learnings)
    _set_preferences(session, member, default_visibility, locale, email)
    if changed:
        account.updated_at = max(town.now(session), account.updated_at + 1)  # what apps keep of it goes by this
        events.record(session, events.AccountUpdated(account_id))
    session.flush()
    return account


def change_passphrase(
    session: Session, *, account_id: int, passphrase_hash: str, keep: str | None = None
) -> None:
    """Set a new passphrase; every session ends but the one whose token is `keep`, and every app's access.

    Whether the old passphrase was right, the caller has checked. Raises NotFound.
    """
    _, member = _found(session, account_id)
    member.passphrase_hash = passphrase_hash
    doors.close_all(session, account_id, but=keep)
    session.flush()


def renew_recovery_code(session: Session, *, account_id: int) -> str:
    """A new recovery code instead of the old one, to be shown once. Raises NotFound."""
    _, member = _found(session, account_id)
    code = passphrases.new_recovery_code()
    member.recovery_hash = passphrases.hash_recovery_code(code)
    session.flush()
    return code


def use_recovery_code(session: Session, *, login: str, code: str, passphrase_hash: str) -> str:
    """Come back with the recovery code: sets the passphrase, ends every session and app, gives the next code.

    Raises NotAllowed, one sentence for a wrong login and a wrong code.
    """
    found = by_login(session, login)
    stored = None if found is None else found[1].recovery_hash
    if not passphrases.verify_recovery_code(stored or "", code) or found is None:
        raise NotAllowed(
            "名前か復帰コードが合いませんでした。書き写したものを、もう一度ゆっくり確かめてください。"
        )
    account_id = found[0].id
    change_passphrase(session, account_id=account_id, passphrase_hash=passphrase_hash)
    return renew_recovery_code(session, account_id=account_id)


def leave(session: Session, *, account_id: int, delete_posts: bool = False) -> None:
    """退会: the member's row, sessions, preferences, follows and notices go; the name on what stays is taken off.

    Posts stay under the name まちを出た人, or are deleted too by choice. The handle is never given again. Raises
    NotFound, NotAllowed for the last administrator.
    """
    account, member = _found(session, account_id)
    keep_an_admin(session, member)
    if delete_posts:
        own = select(Post).where(Post.author_id == account_id, Post.deleted_at.is_(None)).order_by(Post.id)
        for post in session.execute(own).scalars().all():
            posts.delete(session, post=post, by=account)
    follower_ids = follows.purge(session, account_id=account_id)
    _remove_private(session, account_id)
    now = town.now(session)
    _set(
        account,
        {"display_name": GONE, "summary_source": "", "summary_html": "", "fields": [], "accepting": False}
        | {"discoverable": False, "indexable": False, "deleted_at": now, "updated_at": now},
    )
    keys = [media.key_of(session, each) for each in (account.avatar_url, account.header_url)]
    media.let_go(session, account_id=account_id, keys=keys)
    media.drop_of(session, account_id)
    account.avatar_url = account.header_url = account.emojis = None
    account.avatar_description = account.header_description = ""
    session.flush()
    events.record(session, events.AccountDeleted(account_id, follower_ids))


def _new_account(session: Session, handle: str, shown: str, *, held: bool) -> Account:
    """A person; while `held` (waiting to be let in) no page, actor or list shows the account, as if suspended."""
    now = town.now(session)
    current = town.of(session)
    identifier = ids.new(now)
    fresh = inserts.new_row(
        session,
        Account,
        id=identifier,
        kind="person",
        name=handle,
        uri=current.uris.account("person", handle),
        url=current.uris.profile(handle),
        display_name=shown,
        sample=current.settings.instance.sample,
        created_at=now,
        updated_at=now,
        suspended_at=now if held else None,
    )
    if not fresh:
        raise name_taken(handle)
    search.note_account(session, identifier)
    return session.get_one(Account, identifier)


def _new_member(session: Session, *, account_id: int, **facts: object) -> Member:
    if not inserts.new_row(session, Member, account_id=account_id, **facts):
        raise admission.unusable_email()
    return session.get_one(Member, account_id)


def _found(session: Session, account_id: int) -> tuple[Account, Member]:
    member = session.get(Member, account_id)
    if member is None:
        raise NotFound("その人は見つかりませんでした。")
    return session.get_one(Account, account_id), member


def keep_an_admin(session: Session, member: Member) -> None:
    """NotAllowed if `member` is the last administrator who has a way in."""
    others = select(func.count()).where(
        Member.role == "admin", Member.state == "active", Member.account_id != member.account_id,
        Member.account_id.in_(select(Account.id).where(Account.suspended_at.is_(None))),
    )  # fmt: skip
    if member.role == "admin" and session.execute(others).scalar_one() == 0:
        raise NotAllowed("管理役がいなくなってしまいます。先に、ほかの人へ管理役をお願いしてください。")


def _set(row: object, values: dict[str, object]) -> bool:
    """Set what is given and differs; whether anything did."""
    changed = {
        key: value for key, value in values.items() if value is not None and getattr(row, key) != value
    }
    for key, value in changed.items():
        setattr(row, key, value)
    return bool(changed)


def _set_preferences(
    session: Session, member: Member, default_visibility: str | None, locale: str | None, email: str | None
) -> None:
    if default_visibility is not None:
        if default_visibility not in ("", *FOR_QUESTIONS):
            raise Invalid(
                "default_visibility", "公開範囲は、ひらく・姉妹まちまで・まちの中だけから選んでください。"
            )
        member.default_visibility = default_visibility or None
    if locale in ("ja", "en"):
        member.locale = locale
    if email is not None:
        address = admission.email(email)
        taken = select(Member.account_id).where(
            Member.email == address, Member.account_id != member.account_id
        )
        if address is not None and session.execute(taken).first() is not None:
            raise admission.unusable_email()
        member.email = address


def _remove_private(session: Session, account_id: int) -> None:
    """Everything that only the member had: ways in, preferences, home, notices."""
    doors.close_all(session, account_id)  # what apps hold open ends with it
    belongings.drop(session, account_id)
    farewell.drop(session, account_id)
    keepsakes.drop(session, account_id)
    doors_and_lists = (WebSession, AccessGrant, AccessToken, Strength, Learning, HomeEntry, Member)
    for model in doors_and_lists:
        session.execute(delete(model).where(model.account_id == account_id))
