"""From a handle to an actor and back: the loop has to close (federation reference §2.4).

Whoever answers for `name@host` names an actor; only if that actor's own host names the same handle again do the two
belong together. Handle and actor may live on different hosts (split domain).
"""

import unicodedata
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from community import towns
from community.errors import Invalid
from federation.context import Federation
from federation.http import Page, PermanentFailure, Refused, TemporaryFailure
from federation.links import links
from federation.media_types import XRD, is_activity
from federation.vocabulary.reading import authority, items, text_of

_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Handle:
    """`name@host`; `host` is host[:port] as towns are stored, or empty where only a name was written."""

    name: str
    host: str = ""

    @property
    def acct(self) -> str:
        return f"acct:{self.name}@{self.host}"

    def is_same(self, other: "Handle") -> bool:
        return (self.name.casefold(), self.host) == (other.name.casefold(), other.host)


@dataclass(frozen=True, slots=True)
class Resolved:
    """The actor that a handle leads to, and the handle as its own host writes it."""

    actor: str
    handle: Handle


def parse(text: str) -> Handle | None:
    """The handle in `@name@host`, `name@host:port`, `acct:name@host` or `@name`; None if it is none."""
    plain = unicodedata.normalize("NFKC", text).strip()
    plain = plain[5:] if plain[:5].lower() == "acct:" else plain
    name, at, host = plain.removeprefix("@").partition("@")
    if not 0 < len(name) <= _LONGEST_NAME or not all(each.isalnum() or each in "_.-~" for each in name):
        return None
    if not at:
        return Handle(name)
    try:
        return Handle(name, towns.normalise(host))
    except Invalid:
        return None


async def resolve(ctx: Federation, handle: Handle) -> Resolved:
    """Ask the host of `handle` for its actor; if the answer speaks of another handle, that one's host as well.

    Raises TemporaryFailure, PermanentFailure, and Refused for answers that do not hold together.
    """
    actor, subject = _read(await _ask(ctx, handle.host, handle.acct), handle)
    if not subject.is_same(handle):
        actor_again, subject_again = _read(await _ask(ctx, subject.host, subject.acct), subject)
        if actor_again != actor or not subject_again.is_same(subject):
            raise Refused(f"{handle.acct} and {subject.acct} do not name the same actor")
    return Resolved(actor, subject)


async def resolve_address(ctx: Federation, address: str) -> str:
    """The actor of the profile page at `address`, as its host tells. Raises as `resolve` does."""
    host = authority(address)
    if host is None:
        raise Refused(f"{address} is no address")
    return _self_link(await _ask(ctx, host, address))


async def home_of(ctx: Federation, actor: dict[str, Any], claimed: Handle | None = None) -> str:
    """The host of the actor's handle; `claimed` is the one that led to it, and has to be the actor's own.

    An actor met by its address alone, whose host does not answer as it should, is at home where its id is.
    Raises Refused if the loop does not close, and as `resolve` does.
    """
    own = Handle(text_of(actor.get("preferredUsername")), authority(text_of(actor.get("id"))) or "")
    if claimed is not None and claimed.is_same(own):
        return own.host
    try:
        found = await resolve(ctx, own)
    except (PermanentFailure, Refused, TemporaryFailure):
        if claimed is not None:
            raise
        return own.host
    closes = found.actor == actor.get("id") and found.handle.name.casefold() == own.name.casefold()
    if claimed is not None and not (closes and found.handle.is_same(claimed)):
        raise Refused(f"{own.acct} does not lead back to {claimed.acct}")
    return found.handle.host if closes else own.host


async def _ask(ctx: Federation, host: str, resource: str) -> dict[str, Any]:
    """The JRD for `resource`. Where the usual path is missing, host-meta may name another one."""
    question = quote(resource, safe=":@")
    try:
        return (
            await ctx.http.get_jrd(f"{ctx.scheme}://{host}/.well-known/webfinger?resource={question}")
        ).body
    except PermanentFailure as failure:
        template = await _template(ctx, host) if failure.status == 404 else None
        if template is None or template.partition("?")[0] == f"{ctx.scheme}://{host}/.well-known/webfinger":
            raise
    return (await ctx.http.get_jrd(template.replace("{uri}", question))).body


async def _template(ctx: Federation, host: str) -> str | None:
    try:
        page = await ctx.http.get_page(f"{ctx.scheme}://{host}/.well-known/host-meta", accept=XRD)
    except (PermanentFailure, Refused):
        return None
    if not isinstance(page, Page):
        return None
    return next(
        (
            each["template"]
            for each in links(page.text)
            if each.get("rel") == "lrdd" and "{uri}" in each.get("template", "")
        ),
        None,
    )


def _read(jrd: dict[str, Any], asked: Handle) -> tuple[str, Handle]:
    """The actor and the handle that an answer speaks of."""
    subject = parse(text_of(jrd.get("subject"))) if "subject" in jrd else asked
    if subject is None or not subject.host:
        raise Refused(f"the answer about {asked.acct} names no handle")
    return _self_link(jrd), subject


def _self_link(jrd: dict[str, Any]) -> str:
    for each in items(jrd.get("links")):
        if (
            isinstance(each, dict)
            and each.get("rel") == "self"
            and is_activity(text_of(each.get("type")))
            and authority(text_of(each.get("href"))) is not None
        ):
            return text_of(each["href"])
    raise Refused("the answer names no ActivityPub actor")
