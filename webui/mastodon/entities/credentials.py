"""What only the member themselves is told of their account: CredentialAccount, Profile, Preferences (reference §2)."""

from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community import tag_follows
from community.follows import REQUESTED
from community.models import Account, Follow, Member
from community.visibility import Viewer
from webui.mastodon.entities import accounts
from webui.mastodon.entities import tags as tag_entities

Entity = dict[str, Any]

PRIVACY = {
    "open": "public", "unlisted": "unlisted", "followers": "private", "sister": "private", "town": "private",
    "direct": "direct",
}  # fmt: skip
"""Our words for who sees a post, and those of apps."""

_EVERYBODY = "-99"  # Mastodon's id for the role that everybody has
_ADMINISTRATOR = 1 << 0
_MODERATOR = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 7 | 1 << 10  # the log, the overview, reports, blocks, people
_PERMISSIONS = {"admin": _ADMINISTRATOR, "moderator": _MODERATOR}
"""What roles may do, in Mastodon's bits (docs/mastodon-api.md); 灯台役 and 見守り役 act through the town's pages."""


def one(session: Session, viewer: Viewer) -> Entity:
    """The member who is looking, as they themselves see it. Raises NotFound for who is gone."""
    shown: Entity = orjson.loads(orjson.dumps(accounts.one(session, viewer, _id(viewer))))
    account, member = _rows(session, viewer)
    shown["source"] = {
        "privacy": PRIVACY[member.posting_visibility],
        "sensitive": member.posting_sensitive,
        "language": member.posting_language,
        "quote_policy": member.quote_policy,
        "note": account.summary_source,
        "fields": _fields(member),
        "follow_requests_count": _requests(session, account.id),
        "hide_collections": account.hides_collections,
        "discoverable": account.discoverable,
        "indexable": account.indexable,
        "attribution_domains": member.attribution_domains or [],
    }
    shown["role"] = role(member.role)
    return shown


def profile(session: Session, viewer: Viewer) -> Entity:
    """What of the member can be edited, as it was typed; pictures that are not there are null here."""
    account, member = _rows(session, viewer)
    return {
        "id": str(account.id),
        "display_name": account.display_name,
        "note": account.summary_source,
        "fields": _fields(member),
        "avatar": account.avatar_url,
        "avatar_static": account.avatar_url,
        "avatar_description": account.avatar_description,
        "header": account.header_url,
        "header_static": account.header_url,
        "header_description": account.header_description,
        "locked": account.locked,
        "bot": account.bot,
        "hide_collections": account.hides_collections,
        "discoverable": account.discoverable,
        "indexable": account.indexable,
        "show_media": True,
        "show_media_replies": True,
        "show_featured": True,
        "attribution_domains": member.attribution_domains or [],
        "featured_tags": [tag_entities.featured(session, used) for used in tag_follows.featured(session, account.id)],
    }


def preferences(session: Session, viewer: Viewer) -> Entity:
    """How an app begins a post and shows others'; the latter the town leaves to the app."""
    _, member = _rows(session, viewer)
    return {
        "posting:default:visibility": PRIVACY[member.posting_visibility],
        "posting:default:sensitive": member.posting_sensitive,
        "posting:default:language": member.posting_language,
        "posting:default:quote_policy": member.quote_policy,
        "reading:expand:media": "default",
        "reading:expand:spoilers": False,
        "reading:autoplay:gifs": False,
    }


def _id(viewer: Viewer) -> int:
    assert viewer.account_id is not None
    return viewer.account_id


def _rows(session: Session, viewer: Viewer) -> tuple[Account, Member]:
    return session.get_one(Account, _id(viewer)), session.get_one(Member, _id(viewer))


def _fields(member: Member) -> list[Entity]:
    """As they were typed; the 得意技, which are set elsewhere, are not among them."""
    return [
        {"name": each["name"], "value": each["value"], "verified_at": None} for each in member.fields_source or []
    ]


def _requests(session: Session, account_id: int) -> int:
    asking = select(func.count()).where(Follow.followee_id == account_id, Follow.state == REQUESTED)
    return session.scalar(asking) or 0


def role(name: str) -> Entity:
    """What a member does for the town, and what an app may let them try."""
    return {
        "id": _EVERYBODY if name == "member" else name,
        "name": "" if name == "member" else accounts.ROLES.get(name, name),
        "permissions": str(_PERMISSIONS.get(name, 0)),
        "color": "",
        "highlighted": name != "member",
    }
