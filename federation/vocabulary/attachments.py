"""Pictures, films, sounds and custom emoji of posts and actors: as others write them, and as we do."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from sqlalchemy.orm import Session

from community import media, town
from community.emojis import Foreign as Emoji
from community.emojis import Shown
from community.media import Foreign as Picture
from community.models import Media, Post
from federation.vocabulary.reading import Document, authority, items, text_of, type_of, uri

_SHOWN = {"Document", "Image", "Video", "Audio"}
_KINDS = {"image": "image", "video": "video", "audio": "audio"}
_WRITTEN = {"Note", "Question", "ChatMessage"}  # all they show is in `attachment`
_ENDINGS = {
    **dict.fromkeys(("png", "gif", "webp", "avif"), "image/"), "jpg": "image/jpeg", "jpeg": "image/jpeg",
    **dict.fromkeys(("mp4", "webm"), "video/"), "mov": "video/quicktime", "m4v": "video/mp4", "ogv": "video/ogg",
    **dict.fromkeys(("ogg", "opus", "flac", "wav"), "audio/"), "mp3": "audio/mpeg", "m4a": "audio/mp4", "oga": "audio/ogg",
}  # fmt: skip
"""What the ending of an address says of it, where nothing else does: `type/` means the type of that very name."""
_MOST_LINKS = 16
_MOST_TAGS = 64
_LARGEST_SIDE = 65_535
_BLURHASH = re.compile(r"[0-9A-Za-z#$%*+,\-.:;=?@\[\]^_{|}~]{6,120}")
_MIME = re.compile(r"[a-z]+/[a-z0-9.+-]{1,60}")


def pictures(value: object) -> tuple[Picture, ...]:
    """What an `attachment` shows. What has no web address is left out."""
    found = (_picture(each) for each in items(value) if isinstance(each, dict) and _is_shown(each))
    return tuple(picture for picture in found if picture is not None)[: media.MOST_FOREIGN]


def shown_by(document: Document) -> tuple[Picture, ...]:
    """What a post shows: its `attachment`; the post itself if it is a film, a sound or a picture (PeerTube, Funkwhale);
    and the `image` of a page, an article or an event (Lemmy, WordPress, Mobilizon).
    """
    attached = pictures(document.get("attachment"))
    kind = type_of(document)
    if kind in _WRITTEN:
        return attached
    found = {each.url: each for each in attached}
    if kind in _SHOWN and (itself := _recording(document)) is not None:
        found = {itself.url: itself} | found
    else:
        illustrations = [each if isinstance(each, dict) else {"url": each} for each in items(document.get("image"))]
        found |= {each.url: each for each in pictures([{"type": "Image"} | each for each in illustrations[:1]])}
    return tuple(found.values())[: media.MOST_FOREIGN]


def is_sensitive(value: object) -> bool:
    """Whether something in an `attachment` is marked as sensitive on its own (Misskey)."""
    return any(isinstance(each, dict) and each.get("sensitive") is True for each in items(value))


def links(value: object) -> str:
    """What an `attachment` leads to besides, such as the page that somebody shares, as links behind the words."""
    paragraphs: list[str] = []
    for each in items(value)[:_MOST_LINKS]:
        if not isinstance(each, dict) or type_of(each) == "PropertyValue" or _is_shown(each):
            continue
        address = uri(each.get("href")) or uri(each.get("url"))
        if address is not None and authority(address) is not None:
            words = text_of(each.get("name")).strip() or address
            paragraphs.append(f'<p><a href="{escape(address)}">{escape(words)}</a></p>')
    return "".join(paragraphs)


def emojis(value: object) -> tuple[Emoji, ...]:
    """The custom emoji among the `tag`s of a post or an actor."""
    found: list[Emoji] = []
    for each in items(value)[:_MOST_TAGS]:
        if isinstance(each, dict) and type_of(each) in {"Emoji", "toot:Emoji"}:
            address, _ = _address(each.get("icon"))
            if address is not None:
                found.append(Emoji(text_of(each.get("name")).strip(":"), address, uri(each.get("id"))))
    return tuple(found)


def documents(session: Session, post: Post) -> list[Document]:
    """The pictures of a post of ours, as `attachment`."""
    of = town.of(session)
    rows = media.of(session, [post.id]).get(post.id, [])
    return [_document(row, of.uris.media(row.file), sensitive=post.sensitive) for row in rows if row.file]


def emoji_tags(shown: Iterable[Shown] | None) -> list[Document]:
    """The custom emoji of a post or an actor of ours, as `tag`s."""
    return [
        {
            "type": "Emoji",
            "name": f":{each['shortcode']}:",
            "icon": {"type": "Image", "mediaType": _mime_of(each["url"]), "url": each["url"]},
        }
        for each in shown or ()
    ]


def image(url: str | None, description: str = "") -> Document | None:
    """The avatar or header of an actor of ours; None if there is none."""
    if not url:
        return None
    document: Document = {"type": "Image", "mediaType": _mime_of(url), "url": url}
    return document | {"name": description} if description else document


def described(value: object) -> str:
    """The words for those who do not see an actor's `icon` or `image`."""
    first = next((each for each in items(value) if isinstance(each, dict)), {})
    return (text_of(first.get("name")) or text_of(first.get("summary"))).strip()


def _is_shown(attachment: Document) -> bool:
    """Pictures, films and sounds, and links that lead straight to one (Lemmy)."""
    kind = type_of(attachment)
    if kind in _SHOWN:
        return True
    if kind not in {"Link", ""}:
        return False
    address, mime = _address(attachment.get("href") or attachment.get("url"))
    return (_mime(attachment.get("mediaType")) or mime or _by_ending(address)).partition("/")[0] in _KINDS


def _recording(document: Document) -> Picture | None:
    """The file of a film, a sound or a picture among its addresses. PeerTube keeps films inside the Link of a play list."""
    links = items(document.get("url"))[:_MOST_LINKS]
    for outer in tuple(links):
        links += items(outer.get("tag"))[:_MOST_LINKS] if isinstance(outer, dict) else []
    for each in links:
        address, mime = _address(each)
        mime = mime or _by_ending(address)
        if mime.partition("/")[0] in _KINDS:
            sides = {side: each.get(side) for side in ("width", "height")} if isinstance(each, dict) else {}
            # Its name is the title of the post; of what is to be seen nothing is said.
            return _picture({"url": address, "mediaType": mime, "icon": document.get("icon"), **sides})
    return None


def _by_ending(address: str | None) -> str:
    ending = (address or "").partition("?")[0].partition("#")[0].rpartition("/")[2].rpartition(".")[2].lower()
    mime = _ENDINGS.get(ending, "")
    return mime + ending if mime.endswith("/") else mime


def _picture(attachment: Document) -> Picture | None:
    url = attachment.get("url") if "url" in attachment else attachment.get("href")
    address, mime = _address(url)
    if address is None:
        return None
    mime = _mime(attachment.get("mediaType")) or mime or _by_ending(address)
    kind = _KINDS.get(mime.partition("/")[0]) or _KINDS.get(type_of(attachment).lower(), "unknown")
    blurhash = text_of(attachment.get("blurhash"))
    return Picture(
        url=address,
        kind=kind,
        mime=mime,
        preview_url=None if kind == "image" else _address(attachment.get("icon"))[0],
        description=(text_of(attachment.get("name")) or text_of(attachment.get("summary"))).strip(),
        blurhash=blurhash if _BLURHASH.fullmatch(blurhash) else None,
        width=_side(attachment.get("width")),
        height=_side(attachment.get("height")),
        focus=_focus(attachment.get("focalPoint")),
    )


def _address(value: object) -> tuple[str | None, str]:
    """The first web address in `value`, which may be a text, a Link or an Image, or several; and its media type."""
    for each in items(value):
        if isinstance(each, dict):
            address, inner = _address(each.get("href") or each.get("url"))
            if address is not None:
                return address, _mime(each.get("mediaType")) or inner
        elif isinstance(each, str) and authority(each) is not None:
            return each, ""
    return None, ""


def _mime(value: object) -> str:
    found = text_of(value).lower()
    return found if _MIME.fullmatch(found) else ""


def _side(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST_SIDE else None


def _focus(value: object) -> tuple[float, float] | None:
    if not isinstance(value, list) or len(value) != 2 or not all(isinstance(each, int | float) for each in value):
        return None
    x, y = value
    return float(x), float(y)


def _document(row: Media, url: str, *, sensitive: bool) -> Document:
    original = _map(row.meta.get("original"))
    focus = _map(row.meta.get("focus"))
    optional: Document = {
        "name": row.description,
        "blurhash": row.blurhash,
        "width": original.get("width"),
        "height": original.get("height"),
        "focalPoint": [focus["x"], focus["y"]] if focus else None,
        "sensitive": sensitive,
    }
    return {"type": "Document", "mediaType": row.mime, "url": url} | {
        name: value for name, value in optional.items() if value
    }


def _map(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _mime_of(url: str) -> str:
    """Our store gives the ending of an address by its type."""
    endings: Sequence[tuple[str, str]] = ((".jpg", "image/jpeg"), (".webp", "image/webp"), (".gif", "image/gif"))
    return next((mime for ending, mime in endings if url.endswith(ending)), "image/png")
