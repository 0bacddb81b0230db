"""Who is let in, and on which word: the registration mode of the town, and what a newcomer brings."""

import re
import unicodedata
from dataclasses import dataclass

from sqlalchemy.orm import Session

from community import doors, town
from community.errors import Invalid, NotAllowed

QUESTION = "総務・経理・人事・労務などの仕事に関わっていますか"
"""The town's one question of joining; the answer stands in `Member.application`."""

APPLICATION_LIMIT = 500
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_EMAIL_LIMIT = 254


@dataclass(frozen=True, slots=True)
class Admission:
    """How somebody comes in: `state` active or pending, with a role of its own when a key gave one."""

    state: str
    role: str | None = None
    invite_id: int | None = None


def admit(
    session: Session, *, invite_code: str | None, first_admin_key: str | None, by_operator: bool
) -> Admission:
    """Spend what the newcomer brings and say how they come in.

    Raises NotAllowed when the town takes nobody or the key is no good, Invalid("invite_code").
    """
    if by_operator:
        return Admission("active")
    if first_admin_key:
        doors.use_first_admin_key(session, first_admin_key)
        return Admission("active", role="admin")
    mode = town.of(session).settings.instance.registrations
    if mode == "closed":
        raise NotAllowed("いま、このまちは新しいなかまを迎えていません。読むことは、いつでもできます。")
    if invite_code and invite_code.strip():
        return Admission("active", invite_id=doors.use_invite(session, invite_code).id)
    if mode == "invite":
        raise Invalid(
            "invite_code",
            "このまちに入るには招待コードが必要です。まちの人からもらったコードを書いてください。",
        )
    return Admission("active" if mode == "open" else "pending")


def application(typed: str, *, needed: bool) -> str:
    """The answer to QUESTION. Raises Invalid("application") when it is too long, or missing though `needed`."""
    answer = typed.strip()
    if needed and not answer:
        raise Invalid(
            "application",
            "お仕事とのかかわりを、ひとことだけ教えてください。くわしい会社のことは書かなくて大丈夫です。",
        )
    if len(answer) > APPLICATION_LIMIT:
        raise Invalid("application", "%(limit)s文字までで書いてください。", limit=APPLICATION_LIMIT)
    return answer


def email(typed: str | None) -> str | None:
    """An e-mail address as it is stored and compared, or None. Raises Invalid("email")."""
    address = unicodedata.normalize("NFKC", typed or "").strip().casefold()
    if not address:
        return None
    if len(address) > _EMAIL_LIMIT or _EMAIL.fullmatch(address) is None:
        raise unusable_email()
    return address


def unusable_email() -> Invalid:
    """One sentence for a slip and for an address that is taken: nobody may learn who is a member here."""
    return Invalid("email", "このメールアドレスは使えませんでした。空のままでも、なかまになれます。")
