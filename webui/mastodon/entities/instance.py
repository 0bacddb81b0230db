"""Instance: what an app learns of the town before anything else, in its two shapes (client-API reference §2).

Every limit stands here as it is enforced; nothing is promised in `api_versions` that is not kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from community import media, names, pins, polls, profiles
from community.census import Census
from community.config import Settings
from community.members import BIO_LIMIT
from community.promises import PROMISES
from community.software import version
from community.uris import Uris
from webui.i18n import Catalogues, translate
from webui.media import pictures
from webui.staticfiles import StaticFiles

Entity = dict[str, Any]

SPEAKS = "4.5.0"
"""The level of Mastodon that apps may take this town for; they read three numbers at the beginning."""

API_VERSIONS: Mapping[str, int] = {"mastodon": 7, "machi": 1}
"""`mastodon`: the highest level of which every promise is kept. 7 = quotes that are consented to (4.5)."""

CHARACTERS_MOST = 5_000
CHARACTERS_OF_AN_ADDRESS = 23
FEATURED_TAGS_MOST = 10
ICON_SIZES = (48, 192, 512)
BLURHASH = "LkP@IZa#Rjt7~WbHjZWB4.V@fkkC"  # of static/town.png
SHORT = "総務・経理・人事・労務の仕事をする人が、はずかしがらずに聞いて、やさしく答えて、ありがとうを贈りあう場所です。"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the document of an instance is made of."""

    settings: Settings
    uris: Uris
    static: StaticFiles
    catalogues: Catalogues
    language: str
    census: Census
    contact: orjson.Fragment | None  # the Account whom people may turn to
    vapid_key: str

    def sentence(self, message: str) -> str:
        return translate(self.catalogues[self.language], message)

    def picture(self, name: str) -> str:
        return self.uris.origin + self.static.url(name)


def v2(facts: Facts) -> Entity:
    """`GET /api/v2/instance`."""
    town = facts.settings.instance
    picture = facts.picture("town.png")
    return {
        "domain": facts.uris.account_domain,
        "title": town.name,
        "version": announced_version(),
        "source_url": town.source_url or facts.uris.origin,
        "description": facts.sentence(SHORT),
        "usage": {"users": {"active_month": facts.census.writers}},
        "thumbnail": {
            "url": picture,
            "description": None,
            "blurhash": BLURHASH,
            "versions": {"@1x": picture, "@2x": picture},
        },
        "icon": [
            {"src": facts.picture(f"icon-{size}.png"), "size": f"{size}x{size}"} for size in ICON_SIZES
        ],
        "languages": list(town.languages),
        "configuration": _configuration(facts),
        "registrations": _registrations(facts),
        "api_versions": dict(API_VERSIONS),
        "contact": {"email": "", "account": facts.contact},
        "rules": rules(facts.catalogues, facts.language),
        "wrapstodon": None,
    }


def v1(facts: Facts) -> Entity:
    """`GET /api/v1/instance`, which older apps and toot read."""
    town, census = facts.settings.instance, facts.census
    whole = _configuration(facts)
    parts = ("accounts", "statuses", "media_attachments", "polls", "translation")
    return {
        "uri": facts.uris.account_domain,
        "title": town.name,
        "short_description": facts.sentence(SHORT),
        "description": facts.sentence(SHORT),
        "email": "",
        "version": announced_version(),
        "urls": {"streaming_api": whole["urls"]["streaming"]},
        "stats": {
            "user_count": census.members,
            "status_count": census.posts,
            "domain_count": census.domains,
        },
        "thumbnail": facts.picture("town.png"),
        "languages": list(town.languages),
        "registrations": is_open(facts.settings),
        "approval_required": town.registrations == "approval",
        "invites_enabled": False,  # members of Mastodon may invite; here the operators do
        "configuration": {part: whole[part] for part in parts},
        "max_toot_chars": CHARACTERS_MOST,
        "contact_account": facts.contact,
        "rules": rules(facts.catalogues, facts.language),
    }


def announced_version() -> str:
    """As parsers of versions know it: Mastodon's level in front, our own in brackets."""
    return f"{SPEAKS} (compatible; Machi {version()})"


def rules(catalogues: Catalogues, language: str) -> list[Entity]:
    """まちの約束 in `language`, each with its other languages."""
    return [
        {
            "id": str(number),
            "text": translate(catalogues[language], sentence),
            "hint": "",
            "translations": {
                other: {"text": translate(catalogue, sentence), "hint": ""}
                for other, catalogue in catalogues.items()
            },
        }
        for number, sentence in PROMISES.items()
    ]


def is_open(settings: Settings) -> bool:
    """Whether an app can bring somebody in. Invitations are for the page alone."""
    return settings.instance.registrations in ("open", "approval")


def _configuration(facts: Facts) -> Entity:
    origin = facts.uris.origin
    streaming = ("wss://" if facts.uris.scheme == "https" else "ws://") + facts.uris.domain
    everybody = {"local": "public", "remote": "public"}
    return {
        "urls": {
            "streaming": streaming,
            "status": None,
            "about": f"{origin}/promise",
            "privacy_policy": f"{origin}/promise",
            "terms_of_service": f"{origin}/promise",
        },
        "vapid": {"public_key": facts.vapid_key},
        "accounts": {
            "max_featured_tags": FEATURED_TAGS_MOST,
            "max_pinned_statuses": pins.MOST,
            "max_profile_fields": profiles.FIELDS_MOST,
            "profile_field_name_limit": profiles.FIELD_MOST,
            "profile_field_value_limit": profiles.FIELD_MOST,
            "max_display_name_length": names.NICKNAME_LIMIT,
            "max_note_length": BIO_LIMIT,
            "max_avatar_description_length": profiles.PICTURE_DESCRIPTION_MOST,
            "max_header_description_length": profiles.PICTURE_DESCRIPTION_MOST,
        },
        "statuses": {
            "max_characters": CHARACTERS_MOST,
            "max_media_attachments": media.MOST,
            "characters_reserved_per_url": CHARACTERS_OF_AN_ADDRESS,
        },
        "media_attachments": _media(),
        "polls": {
            "max_options": polls.OPTIONS_MOST,
            "max_characters_per_option": polls.OPTION_MOST,
            "min_expiration": polls.SHORTEST,
            "max_expiration": polls.LONGEST,
        },
        "translation": {"enabled": False},
        "timelines_access": {
            "live_feeds": everybody,
            "hashtag_feeds": everybody,
            "trending_link_feeds": everybody,
        },
        "limited_federation": facts.settings.federation.mode == "allowlist",
    }


def _media() -> Entity:
    """Only pictures are taken; the limits of films are those of pictures, for apps want numbers."""
    return {
        "supported_mime_types": list(pictures.ACCEPTED),
        "description_limit": media.DESCRIPTION_MOST,
        "image_size_limit": pictures.SIZE_MOST,
        "image_matrix_limit": pictures.MATRIX_MOST,
        "video_size_limit": pictures.SIZE_MOST,
        "video_frame_rate_limit": 60,
        "video_matrix_limit": pictures.MATRIX_MOST,
    }


def _registrations(facts: Facts) -> Entity:
    mode = facts.settings.instance.registrations
    closed = {
        "invite": "このまちには、招待を受けた方だけが入れます。",
        "closed": "いまは、新しいなかまをお迎えしていません。",
    }
    return {
        "enabled": is_open(facts.settings),
        "approval_required": mode == "approval",
        "reason_required": mode == "approval",
        "message": f"<p>{facts.sentence(closed[mode])}</p>" if mode in closed else None,
        "min_age": None,
        "url": None,
    }
