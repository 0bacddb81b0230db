"""What an app sent with a request, however it sent it: query, form, multipart or JSON, in one tree.

Apps write arrays as `k[]=1`, `k[0]=1`, `k=1&k=2` or a bare value, and hashes as `poll[options][]=a`; JSON brings them as
they are. Unknown names are ignored, an empty text counts as not given (client-API reference §1.1).
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import orjson
from aiohttp import web

from community import ids
from community.text import storable

_DEPTH_MOST = 6
_KEYS_MOST = 2_000
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False", "off", "OFF", "n", "no"})
_PART = re.compile(r"\[([^\[\]]*)\]")

Tree = dict[str, Any]


class Unreadable(ValueError):
    """The body is not what its Content-Type says."""


class Params:
    """A tree of values and the ways to read them. Nothing here raises for what an app got wrong."""

    __slots__ = ("_tree",)

    def __init__(self, tree: Tree | None = None) -> None:
        self._tree = tree or {}

    def __bool__(self) -> bool:
        return bool(self._tree)

    def given(self, name: str) -> bool:
        """Whether `name` came at all, also empty or null."""
        return name in self._tree

    def string(self, name: str) -> str | None:
        """The text of `name` as sent, also if empty; None if it did not come or is no text."""
        value = self._tree.get(name)
        if isinstance(value, list):
            value = next((each for each in reversed(value) if not isinstance(each, dict | list)), None)
        return None if value is None or isinstance(value, dict | web.FileField) else _text(value)

    def text(self, name: str) -> str | None:
        """The text of `name`; None if it did not come or is empty."""
        return self.string(name) or None

    def flag(self, name: str) -> bool | None:
        """True or false as Rails reads it; None if it did not come."""
        found = self.text(name)
        return None if found is None else found not in _FALSE

    def integer(self, name: str) -> int | None:
        """A whole number, also a negative one; None for anything else."""
        found = (self.text(name) or "").strip()
        digits = found.removeprefix("-")
        return int(found) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None

    def identifier(self, name: str) -> int | None:
        """An id; None for what cannot be one."""
        return as_identifier(self.text(name) or "")

    def all(self, name: str) -> list[str]:
        """Every text of `name`, in order, empty ones left out."""
        return [text for each in self._each(name) if (text := _text(each))]

    def identifiers(self, name: str) -> list[int]:
        """The ids among `all`, each once, in order."""
        found = (as_identifier(each) for each in self.all(name))
        return list(dict.fromkeys(each for each in found if each is not None))

    def hash(self, name: str) -> "Params":
        """What stands under `name[…]`; empty if nothing does."""
        value = self._tree.get(name)
        return Params(value if isinstance(value, dict) else None)

    def hashes(self, name: str) -> list["Params"]:
        """A list of hashes: `name[][a]`, `name[0][a]` or a JSON array of objects."""
        value = self._tree.get(name)
        if isinstance(value, dict):
            value = list(value.values())
        return [Params(each) for each in value if isinstance(each, dict)] if isinstance(value, list) else []

    def file(self, name: str) -> web.FileField | None:
        """An uploaded file."""
        value = self._tree.get(name)
        return value if isinstance(value, web.FileField) else None

    def files(self) -> list[web.FileField]:
        """Every uploaded file, wherever it stands."""
        return list(_files(self._tree))

    def names(self) -> Iterable[str]:
        return self._tree.keys()

    def _each(self, name: str) -> list[Any]:
        value = self._tree.get(name)
        if isinstance(value, dict):  # name[0], name[1]
            value = list(value.values())
        values = value if isinstance(value, list) else [value]
        return [each for each in values if each is not None and not isinstance(each, dict | list | web.FileField)]


def _files(value: Any) -> Iterator[web.FileField]:
    if isinstance(value, web.FileField):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _files(each)


def as_identifier(text: str) -> int | None:
    """`text` as an id: decimal digits that fit 63 bits, 0 included (clients send it as a cursor); else None."""
    digits = text.isascii() and text.isdigit() and len(text) <= 19
    return int(text) if digits and int(text) <= ids.LARGEST else None


async def read(request: web.Request) -> Params:
    """Everything that came with `request`; the body wins over the query. Raises Unreadable, HTTPRequestEntityTooLarge."""
    tree: Tree = {}
    for name, value in request.query.items():
        _insert(tree, name, value)
    if request.body_exists and request.method not in {"GET", "HEAD"}:
        await _read_body(request, tree)
    return Params(tree)


def of_query(request: web.Request) -> Params:
    """The parameters of a request that has no body."""
    tree: Tree = {}
    for name, value in request.query.items():
        _insert(tree, name, value)
    return Params(tree)


async def _read_body(request: web.Request, tree: Tree) -> None:
    if request.content_type == "application/json":
        raw = await request.read()
        if raw.strip():
            try:
                said = orjson.loads(raw)
            except orjson.JSONDecodeError as error:
                raise Unreadable("the body is no JSON") from error
            tree.update(said if isinstance(said, dict) else {})
        return
    if request.content_type.startswith("multipart/") or request.content_type == "application/x-www-form-urlencoded":
        try:
            form = await request.post()
        except (ValueError, AssertionError, LookupError, RuntimeError) as error:
            raise Unreadable("the form cannot be read") from error
        pairs: Iterable[tuple[str, Any]] = form.items()
    else:  # no Content-Type, or one that says nothing: a form, as curl sends it
        pairs = _form(await request.read())
    body: Tree = {}
    for name, value in pairs:
        _insert(body, name, value)
    tree.update(body)


def _form(raw: bytes) -> list[tuple[str, str]]:
    from urllib.parse import parse_qsl  # noqa: PLC0415 - the rare body without a type

    try:
        return parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=_KEYS_MOST)
    except ValueError as error:
        raise Unreadable("the body cannot be read") from error


def _insert(tree: Tree, key: str, value: Any) -> None:
    """Put `value` at `a[b][]` into the tree, as Rails would."""
    if "[" not in key:
        _put(tree, key, value)
        return
    head, rest = key[: key.index("[")], key[key.index("[") :]
    parts = [head, *_PART.findall(rest)]
    if not head or len(parts) > _DEPTH_MOST or "".join(f"[{part}]" for part in parts[1:]) != rest:
        return
    at: Any = tree
    for here, following in pairwise(parts):
        at = _step(at, here, [] if following == "" else {}, following)
        if at is None:
            return
    last = parts[-1]
    if isinstance(at, list):
        at.append(value)
    elif last != "":
        at[last] = value


def _step(at: Any, name: str, fresh: Any, following: str) -> Any:
    """The container under `name`, made if it is missing; None if something else stands there."""
    if isinstance(at, list):  # k[][a]: a new hash when the last one has the name already
        if not at or not isinstance(at[-1], dict) or following in at[-1]:
            at.append({})
        return at[-1]
    found = at.setdefault(name, fresh)
    return found if isinstance(found, type(fresh)) else None


def _put(tree: Tree, key: str, value: Any) -> None:
    """A name that comes again becomes a list."""
    if key in tree and isinstance(tree[key], list):
        tree[key].append(value)
    elif key in tree and not isinstance(tree[key], dict):
        tree[key] = [tree[key], value]
    else:
        tree[key] = value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return storable(str(value))
