"""What an app may set of its member besides what the pages offer: pictures, fields, and how their posts begin."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from sqlalchemy.orm import Session

from community import emojis, markup, media, members, names, text, town
from community.errors import Invalid, NotFound
from community.models import Account, Member
from community.text import Body

FIELDS_MOST = 4
"""Fields of one's own; the 得意技 stand before them."""

STRENGTHS = "得意技"
"""A field of this name is not one's own: it would be taken for the strengths, which some apps send back with the rest."""

FIELD_MOST = 255
PICTURE_DESCRIPTION_MOST = 150
POSTING = ("open", "unlisted", "followers", "direct")
"""How the posts of a member may begin, the widest first."""

QUOTING = ("public", "followers", "nobody")
_DOMAINS_MOST = 100
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_ADDRESS = re.compile(r"https?://[^\s<>\"']{1,200}")
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What to set. None leaves it as it is; "" takes a picture, a description or a language away."""

    nickname: str | None = None
    note: str | None = None  # plain text
    strengths: Sequence[str] | None = None
    accepting: bool | None = None
    locked: bool | None = None
    bot: bool | None = None
    discoverable: bool | None = None
    indexable: bool | None = None
    hides_collections: bool | None = None
    fields: Sequence[tuple[str, str]] | None = None
    avatar: str | None = None  # a key of the media store
    header: str | None = None
    avatar_description: str | None = None
    header_description: str | None = None
    posting_visibility: str | None = None
    posting_sensitive: bool | None = None
    posting_language: str | None = None
    quote_policy: str | None = None
    attribution_domains: Sequence[str] | None = None


def update(session: Session, *, account_id: int, changes: Changes) -> Account:
    """Change what is given. Pictures that are replaced are let go of.

    An empty nickname becomes the handle. Raises NotFound, and Invalid with the field nickname, bio, strengths, fields,
    avatar_description, header_description, posting_visibility, posting_language, quote_policy or attribution_domains.
    """
    member = session.get(Member, account_id)
    if member is None:
        raise NotFound("その人は見つかりませんでした。")
    account = session.get_one(Account, account_id)
    _set_preferences(member, changes)
    before = _shown(account)
    _set_pictures(session, account, changes)
    if changes.bot is not None:
        account.bot = changes.bot
    if changes.fields is not None:
        _set_fields(account, member, changes.fields)
    bio = None if changes.note is None else _written(session, changes.note)
    nickname = changes.nickname
    if nickname is not None:
        nickname = names.display_name(nickname) or account.name
    account.emojis = _emojis(session, account, nickname, bio)
    return members.update_profile(
        session,
        account_id=account_id,
        nickname=nickname,
        bio=bio,
        strengths=changes.strengths,
        accepting=changes.accepting,
        locked=changes.locked,
        discoverable=changes.discoverable,
        indexable=changes.indexable,
        hides_collections=changes.hides_collections,
        more=_shown(account) != before,
    )


def _shown(account: Account) -> tuple[object, ...]:
    """What others see of the columns that are set here."""
    return (
        account.avatar_url, account.header_url, account.avatar_description, account.header_description, account.bot,
        account.fields, account.emojis,
    )  # fmt: skip


def _set_pictures(session: Session, account: Account, changes: Changes) -> None:
    uris = town.of(session).uris
    for column, key in (("avatar_url", changes.avatar), ("header_url", changes.header)):
        if key is not None:
            old = media.key_of(session, getattr(account, column))
            media.let_go(session, account_id=account.id, keys=[old])
            setattr(account, column, uris.media(key) if key else None)
    for column, words in (
        ("avatar_description", changes.avatar_description),
        ("header_description", changes.header_description),
    ):
        if words is not None:
            if len(words) > PICTURE_DESCRIPTION_MOST:
                raise Invalid(column, "説明は%(limit)s文字までにしてください。", limit=PICTURE_DESCRIPTION_MOST)
            setattr(account, column, text.line(words))


def _set_fields(account: Account, member: Member, fields: Sequence[tuple[str, str]]) -> None:
    kept = [(text.line(name), text.line(value)) for name, value in fields]
    kept = [(name, value) for name, value in kept if (name or value) and name != STRENGTHS]
    if len(kept) > FIELDS_MOST:
        raise Invalid("fields", "自由な項目は%(most)sつまでにしてください。", most=FIELDS_MOST)
    if any(len(part) > FIELD_MOST for field in kept for part in field):
        raise Invalid("fields", "項目の名前と内容は、それぞれ%(limit)s文字までにしてください。", limit=FIELD_MOST)
    if any(not name for name, _ in kept):
        raise Invalid("fields", "項目には名前をつけてください。")
    member.fields_source = [{"name": name, "value": value} for name, value in kept]
    account.fields = [{"name": name, "value": _linked(value)} for name, value in kept]


def _linked(value: str) -> str:
    """The words of a field as HTML; one address alone becomes a link, by which other servers see whose page it is."""
    if not _ADDRESS.fullmatch(value):
        return escape(value, quote=False)
    address = escape(value)
    return f'<a href="{address}" rel="me nofollow noopener">{address}</a>'


def _written(session: Session, note: str) -> Body:
    """What an app sends is plain text, in which addresses and hashtags become links."""
    uris = town.of(session).uris
    return markup.render(note, known={}, homes=uris.homes, tag_url=uris.tag).body


def _emojis(session: Session, account: Account, nickname: str | None, bio: Body | None) -> list[dict[str, str]] | None:
    name = account.display_name if nickname is None else nickname
    words = account.summary_source if bio is None else bio.source
    return emojis.in_text(session, name, words, *(each["value"] for each in account.fields)) or None


def _set_preferences(member: Member, changes: Changes) -> None:
    """What nobody but the member sees."""
    if changes.posting_visibility is not None:
        member.posting_visibility = _one_of("posting_visibility", changes.posting_visibility, POSTING)
    if changes.quote_policy is not None:
        member.quote_policy = _one_of("quote_policy", changes.quote_policy, QUOTING)
    if changes.posting_sensitive is not None:
        member.posting_sensitive = changes.posting_sensitive
    if changes.posting_language is not None:
        if changes.posting_language and not _LANGUAGE.fullmatch(changes.posting_language):
            raise Invalid("posting_language", "その言語はわかりませんでした。")
        member.posting_language = changes.posting_language[:16] or None
    if changes.attribution_domains is not None:
        domains = list(dict.fromkeys(each.strip().lower() for each in changes.attribution_domains if each.strip()))
        if len(domains) > _DOMAINS_MOST or not all(_HOST.fullmatch(each) for each in domains):
            raise Invalid("attribution_domains", "ドメインの書き方を確かめてください。")
        member.attribution_domains = domains


def _one_of(field: str, value: str, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise Invalid(field, "その設定はありません。")
    return value
