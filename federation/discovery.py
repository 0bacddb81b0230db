"""How others find our actors and learn what this server is: WebFinger, host-meta, NodeInfo.

Handles may bear another domain than the ids (`[instance] account_domain`): then both hosts are asked, the one sends on
to the other, and whoever asks hears the same of every account, whichever host was named (federation reference §2.4).
"""

from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from sqlalchemy.orm import Session

from community import census, town, towns
from community.errors import Invalid
from community.models import Account
from community.uris import Uris
from federation.negotiation import ACTIVITY_JSON
from federation.software import SOFTWARE, version

Document = dict[str, Any]
NODEINFO = {version: f"http://nodeinfo.diaspora.software/ns/schema/{version}" for version in ("2.0", "2.1")}
PEOPLE, BOARDS, INSTANCE = ("person", "relay", "service"), ("board",), ("instance",)
EVERY_KIND = (*PEOPLE, *BOARDS, *INSTANCE)
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}
_LONGEST = 1_000


class Malformed(ValueError):
    """A WebFinger resource that names nothing one could look for."""


class Named(NamedTuple):
    """An account of this town as somebody names it: its name in lower case, and of which kinds it may be."""

    name: str
    kinds: tuple[str, ...]


def named(uris: Uris, resource: str) -> Named | None:
    """Whom `resource` names: `acct:name@domain` (also with a leading @, or without `acct:`), an actor id, or the address
    of a profile. None for somebody of another server.

    Raises Malformed.
    """
    scheme, colon, rest = resource.partition(":")
    if len(resource) > _LONGEST:
        raise Malformed(resource[:_LONGEST])
    if colon and scheme.lower() in ("http", "https"):
        return _at(uris, resource)
    name, at, domain = (
        (rest if colon and scheme.lower() == "acct" else resource).removeprefix("@").partition("@")
    )
    if not at or not name or not domain or any(each in ":/" for each in name):
        raise Malformed(resource)
    try:
        home = towns.normalise(domain)
    except Invalid:
        raise Malformed(resource) from None
    return Named(name.lower(), EVERY_KIND) if _is_home(uris, home) else None


def _is_home(uris: Uris, domain: str) -> bool:
    return uris.is_home(domain) or uris.is_home(domain.removesuffix(_DEFAULT_PORTS[uris.scheme]))


def _at(uris: Uris, address: str) -> Named | None:
    """The account whose id or page `address` is."""
    try:
        split = urlsplit(address)
        home = towns.normalise(split.netloc)
    except (ValueError, Invalid):
        raise Malformed(address) from None
    if not _is_home(uris, home):
        return None
    path = split.path.rstrip("/")
    if path in ("", "/actor"):
        return Named(uris.host, INSTANCE)
    for prefix, kinds in (("/users/", PEOPLE), ("/boards/", BOARDS), ("/@", EVERY_KIND)):
        name, _, domain = path.removeprefix(prefix).partition("@")
        if path.startswith(prefix) and "/" not in name and (not domain or _is_home(uris, domain)):
            return Named(name.lower(), kinds)
    return None


def jrd(session: Session, account: Account) -> Document:
    """What WebFinger says of `account`, in the one spelling of its handle."""
    uris = town.of(session).uris
    lookup = f"{uris.origin}/lookup?q={{uri}}"
    return {
        "subject": f"acct:{account.name}@{uris.account_domain}",
        "aliases": list(dict.fromkeys([account.url, account.uri])),
        "links": [
            {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": account.url},
            {"rel": "self", "type": ACTIVITY_JSON, "href": account.uri},
            {"rel": "http://ostatus.org/schema/1.0/subscribe", "template": lookup},
        ],
    }


def host_meta_json(origin: str) -> Document:
    """The same as JSON (RFC 6415, appendix A)."""
    template = f"{origin}/.well-known/webfinger?resource={{uri}}"
    return {"links": [{"rel": "lrdd", "type": "application/jrd+json", "template": template}]}


def host_meta(origin: str) -> str:
    """XRD that tells where WebFinger answers, for those who ask for it first."""
    template = f"{origin}/.well-known/webfinger?resource={{uri}}"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">\n'
        f'  <Link rel="lrdd" type="application/jrd+json" template="{template}"/>\n'
        "</XRD>\n"
    )


def nodeinfo_links(origin: str) -> Document:
    return {
        "links": [
            {"rel": schema, "href": f"{origin}/nodeinfo/{quote(number)}"}
            for number, schema in NODEINFO.items()
        ]
    }


def nodeinfo(session: Session, number: str) -> Document:
    """NodeInfo `number` ("2.0" or "2.1"). Counts are of the whole town and say nothing of anybody."""
    settings = town.of(session).settings
    software: Document = {"name": SOFTWARE, "version": version()}
    if number == "2.1" and settings.instance.source_url:
        software["repository"] = settings.instance.source_url
    return {
        "version": number,
        "software": software,
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": settings.instance.registrations in ("open", "approval"),
        "usage": _usage(session),
        "metadata": {
            "nodeName": settings.instance.name,
            "region": settings.instance.region,
            "languages": list(settings.instance.languages),
            "sample": settings.instance.sample,
        },
    }


def _usage(session: Session) -> Document:
    """Who is active is who wrote something: when a member was last here is never noted."""
    counted = census.count(session)
    users = {"total": counted.members, "activeMonth": counted.writers, "activeHalfyear": counted.half_year}
    return {"users": users, "localPosts": counted.posts}
