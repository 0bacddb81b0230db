"""The streams an app may listen to: their names, what each needs, who may.

Names, parameters and error texts are Mastodon's (client-API reference §1.1). Streams that everybody has need no token;
the others are a member's own.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from community.doors import TokenHolder
from community.text import fold
from webui.mastodon.params import as_identifier
from webui.mastodon.replies import Refusal
from webui.oauth.scopes import allows

USER, NOTICES, DIRECT, LIST = "user", "user:notification", "direct", "list"
PUBLIC = ("public", "public:media", "public:local", "public:local:media", "public:remote", "public:remote:media")
HASHTAG = ("hashtag", "hashtag:local")
OPEN_TO_ALL = frozenset((*PUBLIC, *HASHTAG))
_KNOWN = OPEN_TO_ALL | {USER, NOTICES, DIRECT, LIST}
_LONGEST_TAG = 200

Key = tuple[str, str | int | None]
"""A stream as the hub knows it: its name, and whose it is, which list's or which (folded) tag's."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A stream as an app names it. `tag` and `list_id` are as sent."""

    name: str
    tag: str | None = None
    list_id: str | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream that an app may listen to: under which keys its events come, and what it is called in each message."""

    keys: tuple[Key, ...]
    label: tuple[str, ...]


OwnerOf = Callable[[int], Awaitable[int | None]]


async def resolve(wish: Wish, holder: TokenHolder | None, owner_of: OwnerOf) -> Stream:
    """The stream of `wish`, for who holds the token. `owner_of` says whose a list is. Raises Refusal."""
    if wish.name not in _KNOWN:
        raise Refusal(400, "Unknown channel requested")
    if wish.name in HASHTAG:
        return _hashtag(wish)
    if wish.name in OPEN_TO_ALL:
        return Stream(((wish.name, None),), (wish.name,))
    me = _member(holder)
    scopes = frozenset[str]() if holder is None else holder.scopes
    _require(scopes, "read:notifications" if wish.name == NOTICES else "read:statuses")
    if wish.name == LIST:
        return await _list(wish, me, owner_of)
    keys: tuple[Key, ...] = ((wish.name, me),)
    if wish.name == USER and allows(scopes, "read:notifications"):
        keys = ((USER, me), (NOTICES, me))
    return Stream(keys, (wish.name,))


def _hashtag(wish: Wish) -> Stream:
    tag = (wish.tag or "").strip().removeprefix("#")
    if not tag or len(tag) > _LONGEST_TAG:
        raise Refusal(400, "Missing tag name parameter")
    assert wish.tag is not None
    return Stream(((wish.name, fold(tag)),), (wish.name, wish.tag))


async def _list(wish: Wish, me: int, owner_of: OwnerOf) -> Stream:
    if not wish.list_id:
        raise Refusal(400, "Missing list name parameter")
    list_id = as_identifier(wish.list_id)
    if list_id is None or await owner_of(list_id) != me:
        raise Refusal(404, "Not authorized to stream this list")
    return Stream(((LIST, list_id),), (LIST, wish.list_id))


def _member(holder: TokenHolder | None) -> int:
    if holder is None:
        raise Refusal(401, "Missing access token")
    if holder.viewer.account_id is None:
        raise Refusal(422, "This method requires an authenticated user")
    return holder.viewer.account_id


def _require(scopes: frozenset[str], scope: str) -> None:
    if not allows(scopes, scope):
        raise Refusal(403, "This action is outside the authorized scopes")
