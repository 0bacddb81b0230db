"""Somebody on the other server of a test: `Peer.actor` makes them."""

import contextlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests import peer_proofs, peer_rfc9421, peer_shapes, peer_signing
from tests.peer_shapes import AS2, PUBLIC, SHAPES, Document

if TYPE_CHECKING:
    from tests.peer import Peer

_spare_keys: list[
    RSAPrivateKey
] = []  # making one takes 0.2 s: actors of later tests take over those of earlier ones


@dataclass(frozen=True)
class Reply:
    """What the other side said to a request of ours."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class PeerActor:
    """Somebody, or a group, on the other server. Change `document` as you like before it is fetched."""

    def __init__(self, peer: "Peer", name: str, kind: str) -> None:
        shape = SHAPES[peer.software]
        self.peer = peer
        self.name = name
        path = shape.group if kind == "Group" else shape.person
        self.id = peer.origin + path.format(name=name)
        self.key_id = shape.key.format(actor=self.id)
        self.key = _take_key()
        self.document = peer_shapes.actor(
            peer.software,
            origin=peer.origin,
            uri=self.id,
            kind=kind,
            name=name,
            key_id=self.key_id,
            public_pem=public_pem(self.key),
        )

        self.proof_key = Ed25519PrivateKey.generate()
        self.proof_key_id = f"{self.id}#ed25519-key"

    def lists_proof_key(self) -> "PeerActor":
        """Show the key of integrity proofs in the actor document (FEP-521a)."""
        self.document["assertionMethod"] = [
            {
                "id": self.proof_key_id,
                "type": "Multikey",
                "controller": self.id,
                "publicKeyMultibase": peer_proofs.multikey(self.proof_key.public_key()),
            }
        ]
        return self

    def proves(self, document: Document, **more: Any) -> Document:
        """`document` with an integrity proof of this actor's."""
        made = {"method": self.proof_key_id, "created": self.peer.moment()} | more
        return peer_proofs.with_proof(document, made.pop("key", self.proof_key), **made)

    @property
    def inbox(self) -> str:
        return f"{self.id}/inbox"

    @property
    def followers(self) -> str:
        return f"{self.id}/followers"

    @property
    def handle(self) -> str:
        """`@name@host:port`"""
        return f"@{self.name}@{self.peer.domain}"

    def rotate(self) -> RSAPrivateKey:
        """Take a new key under the same id; gives the old one."""
        old, self.key = self.key, _take_key()
        self.document["publicKey"]["publicKeyPem"] = public_pem(self.key)
        return old

    def does(self, kind: str, obj: str | Document, **more: Any) -> Document:
        """An activity of this actor, served at its id. Addressed to Public unless `to` is given."""
        uri = self.peer.origin + SHAPES[self.peer.software].activity.format(
            name=self.name, n=next(self.peer.numbers)
        )
        activity = {"@context": AS2, "id": uri, "type": kind, "actor": self.id, "object": obj}
        if kind not in ("Follow", "Accept", "Reject", "Like"):
            activity |= {"to": [PUBLIC], "cc": [self.followers], "published": self.peer.moment()}
        activity |= more
        self.peer.put(activity)
        return activity

    def note(
        self,
        content: str,
        *,
        to: list[str] | None = None,
        cc: list[str] | None = None,
        reply_to: str | None = None,
        mentions: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Document:
        """A Note of this actor, served at its id. `mentions`: actor id → handle with @; they are addressed as well."""
        uri = self.peer.origin + SHAPES[self.peer.software].post.format(
            name=self.name, n=next(self.peer.numbers)
        )
        note: Document = {
            "@context": AS2,
            "id": uri,
            "type": "Note",
            "attributedTo": self.id,
            "content": content,
            "published": self.peer.moment(),
            "to": [PUBLIC] if to is None else to,
            "cc": [self.followers, *(mentions or {})] if cc is None else cc,
        }
        if reply_to is not None:
            note["inReplyTo"] = reply_to
        if mentions:
            note["tag"] = [
                {"type": "Mention", "href": href, "name": handle} for href, handle in mentions.items()
            ]
        note |= more
        self.peer.put(note)
        return note

    def create(self, note: Document) -> Document:
        """The Create of `note`, addressed as it is."""
        inner = {name: value for name, value in note.items() if name != "@context"}
        return self.does("Create", inner, to=note["to"], cc=note["cc"], published=note["published"])

    async def post(
        self,
        inbox: str,
        activity: Document | bytes,
        *,
        headers: Mapping[str, str] | None = None,
        covering: Mapping[str, str] | None = None,
    ) -> Reply:
        """Deliver `activity`, signed. `headers` are put over the signed ones, to spoil them; `covering` (lower case) are
        signed as well.
        """
        body = activity if isinstance(activity, bytes) else json.dumps(activity, ensure_ascii=False).encode()
        signed = self.signed("POST", inbox, body, covering=covering)
        return await self.peer.send("POST", inbox, {**signed, **(headers or {})}, body)

    async def post_rfc9421(self, inbox: str, activity: Document | bytes, *, edwards: bool = False, **more: Any) -> Reply:
        """Deliver `activity`, signed by RFC 9421: with the RSA key, or with the other one (`edwards`)."""
        body = activity if isinstance(activity, bytes) else json.dumps(activity, ensure_ascii=False).encode()
        key_id, key = (self.proof_key_id, self.proof_key) if edwards else (self.key_id, self.key)
        signed = peer_rfc9421.signed_headers(
            "POST", inbox, body, key_id=key_id, key=key, now=self.peer.clock(), **more
        )
        return await self.peer.send("POST", inbox, signed, body)

    async def get(self, url: str) -> Reply:
        """A signed GET."""
        return await self.peer.send("GET", url, self.signed("GET", url, None), None)

    def signed(
        self,
        method: str,
        url: str,
        body: bytes | None,
        *,
        key: RSAPrivateKey | None = None,
        covering: Mapping[str, str] | None = None,
    ) -> dict[str, str]:
        """The headers of a signed request, lower case: for tests that spoil one before `peer.send`."""
        return peer_signing.signed_headers(
            self.peer.software,
            method,
            url,
            body,
            key_id=self.key_id,
            key=key or self.key,
            now=self.peer.clock(),
            covering=covering,
        )


def public_pem(key: RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _take_key() -> RSAPrivateKey:
    with contextlib.suppress(IndexError):
        return _spare_keys.pop()
    return generate_private_key(public_exponent=65537, key_size=2048)


def give_keys_back(actors: Iterable[PeerActor]) -> None:
    """Whoever comes next may have their keys."""
    _spare_keys.extend(actor.key for actor in actors)
