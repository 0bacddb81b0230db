"""Custom emoji: small pictures that :shortcodes: stand for. A town has its own, and learns of others' as they come."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from community import ids, inserts, media, town
from community.errors import Conflict, Invalid, NotFound
from community.models import LOCAL, Account, CustomEmoji

MOST = 64
"""How many different ones one text or name may bear."""

_SHORTCODE = re.compile(r"[A-Za-z0-9_]{2,64}")
_IN_TEXT = re.compile(r"(?<![A-Za-z0-9:]):([A-Za-z0-9_]{2,64}):(?![A-Za-z0-9:])")
_LONGEST_URL = 2_048

Shown = dict[str, str]
"""How a post or an account keeps one: shortcode, url, static_url."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """An emoji of another server, as its document names it."""

    shortcode: str
    url: str
    uri: str | None = None


def of_town(session: Session) -> list[CustomEmoji]:
    """What members may pick from, by category and name."""
    rows = select(CustomEmoji).where(CustomEmoji.domain == LOCAL, CustomEmoji.visible.is_(True))
    return list(session.scalars(rows.order_by(func.coalesce(CustomEmoji.category, ""), CustomEmoji.shortcode)))


def in_text(session: Session, *texts: str) -> list[Shown]:
    """Those of this town that stand in `texts`, in order; for what is written here. No query where there is no colon."""
    wanted = list(dict.fromkeys(code for text in texts if ":" in text for code in _IN_TEXT.findall(text)))[:MOST]
    if not wanted:
        return []
    rows = select(CustomEmoji).where(CustomEmoji.domain == LOCAL, CustomEmoji.shortcode.in_(wanted))
    known = {row.shortcode: row for row in session.scalars(rows)}
    return [_shown(known[code]) for code in wanted if code in known]


def add(session: Session, *, shortcode: str, url: str, category: str | None = None) -> CustomEmoji:
    """A new emoji of the town, whose picture lies at `url`. Raises Invalid("shortcode"), Conflict if it is taken."""
    if not _SHORTCODE.fullmatch(shortcode):
        raise Invalid("shortcode", "絵文字の名前は、英数字と「_」の2文字以上64文字までにしてください。")
    now = town.now(session)
    identifier = ids.new(now)
    fresh = inserts.new_row(
        session,
        CustomEmoji,
        id=identifier,
        shortcode=shortcode,
        url=url,
        static_url=url,
        category=category or None,
        uri=f"{town.of(session).uris.origin}/emojis/{identifier}",
        created_at=now,
    )
    if not fresh:
        raise Conflict("「%(shortcode)s」という絵文字は、もうあります。", shortcode=shortcode)
    return session.get_one(CustomEmoji, identifier)


def remove(session: Session, *, shortcode: str) -> None:
    """Take an emoji of the town away; where it was used the :shortcode: shows as letters. Raises NotFound."""
    row = session.scalar(select(CustomEmoji).where(CustomEmoji.domain == LOCAL, CustomEmoji.shortcode == shortcode))
    if row is None:
        raise NotFound("その絵文字は見つかりませんでした。")
    of_the_town = select(Account.id).where(Account.kind == "instance", Account.domain == LOCAL)
    owner = session.scalars(of_the_town).one()
    media.let_go(session, account_id=owner, keys=[media.key_of(session, row.url)])
    session.execute(delete(CustomEmoji).where(CustomEmoji.id == row.id))


def learn(session: Session, domain: str, found: Sequence[Foreign]) -> list[Shown]:
    """Remember the emoji that a document of `domain` brought; how its post or account is to keep them."""
    usable = {each.shortcode: each for each in found if _is_usable(each)}
    kept = list(usable.values())[:MOST]
    _remember(session, domain, kept)
    return [{"shortcode": each.shortcode, "url": each.url, "static_url": each.url} for each in kept]


def _remember(session: Session, domain: str, found: Iterable[Foreign]) -> None:
    wanted = {each.shortcode: each for each in found}
    if not wanted or domain == LOCAL:
        return
    rows = select(CustomEmoji).where(CustomEmoji.domain == domain, CustomEmoji.shortcode.in_(list(wanted)))
    for row in session.scalars(rows):
        each = wanted.pop(row.shortcode)
        if row.url != each.url:
            row.url = row.static_url = each.url
    now = town.now(session)
    for each in wanted.values():
        inserts.new_row(
            session,
            CustomEmoji,
            id=ids.new(now),
            shortcode=each.shortcode,
            domain=domain,
            uri=each.uri,
            url=each.url,
            static_url=each.url,
            created_at=now,
        )
    session.flush()


def _is_usable(emoji: Foreign) -> bool:
    return bool(
        _SHORTCODE.fullmatch(emoji.shortcode)
        and len(emoji.url) <= _LONGEST_URL
        and emoji.url.startswith(("https://", "http://"))
    )


def _shown(row: CustomEmoji) -> Shown:
    return {"shortcode": row.shortcode, "url": row.url, "static_url": row.static_url}
