"""How others find our actors and learn what this server is: WebFinger, host-meta, NodeInfo. Plain units on a session."""

from typing import Any
from urllib.parse import quote

from sqlalchemy.orm import Session

from community import census, town
from community.models import Account
from federation import documents
from federation.negotiation import ACTIVITY_JSON
from federation.software import SOFTWARE, version

Document = dict[str, Any]
NODEINFO = {version: f"http://nodeinfo.diaspora.software/ns/schema/{version}" for version in ("2.0", "2.1")}
_EVERY_KIND = ("person", "relay", "board", "instance")


class Malformed(ValueError):
    """A WebFinger resource that names nothing one could look for."""


def webfinger(session: Session, resource: str) -> tuple[int, Document | None]:
    """200 and the JRD, 404 or 410 and None. `resource` is `acct:name@domain`, an actor id or a profile's address.

    Raises Malformed.
    """
    account = _named(session, resource)
    if account is None:
        return 404, None
    if account.deleted_at is not None:
        return 410, None
    return 200, _jrd(session, account)


def _named(session: Session, resource: str) -> Account | None:
    uris = town.of(session).uris
    scheme, colon, rest = resource.partition(":")
    if not colon or not rest:
        raise Malformed(resource)
    if scheme.lower() in ("http", "https"):
        return _at(session, resource)
    if scheme.lower() != "acct":
        raise Malformed(resource)
    name, at, domain = rest.rpartition("@")
    if not at or not name or not domain or "@" in name or "/" in rest:
        raise Malformed(resource)
    if domain.lower() != uris.domain:
        return None
    return documents.local_account(session, name.lower(), *_EVERY_KIND)


def _at(session: Session, address: str) -> Account | None:
    """The account whose id or page `address` is."""
    uris = town.of(session).uris
    if not uris.is_local(address):
        return None
    path = address.removeprefix(uris.origin)
    if path in ("", "/", "/actor"):
        return documents.local_account(session, uris.host, "instance")
    for prefix, kinds in (("/users/", ("person", "relay")), ("/boards/", ("board",)), ("/@", _EVERY_KIND)):
        if path.startswith(prefix):
            return documents.local_account(session, path.removeprefix(prefix).lower(), *kinds)
    return None


def _jrd(session: Session, account: Account) -> Document:
    uris = town.of(session).uris
    lookup = f"{uris.origin}/lookup?q={{uri}}"
    return {
        "subject": f"acct:{account.name}@{uris.domain}",
        "aliases": list(dict.fromkeys([account.url, account.uri])),
        "links": [
            {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": account.url},
            {"rel": "self", "type": ACTIVITY_JSON, "href": account.uri},
            {"rel": "http://ostatus.org/schema/1.0/subscribe", "template": lookup},
        ],
    }


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
