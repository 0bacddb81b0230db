"""A device and its push service, on a real socket: it takes what is pushed, checks whose word it is, and reads it."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import http_ece
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass
class Device:
    """What it was sent stands in `messages`, decrypted; what it answers can be set."""

    origin: str = ""
    status: int = 201
    retry_after: str | None = None
    requests: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)
    headers: list[Any] = field(default_factory=list)
    claims: list[dict[str, Any]] = field(default_factory=list)
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"sixteen secrets!"

    def subscription(self, *, standard: bool) -> dict[str, Any]:
        """What an app sends to have this device pushed to."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "endpoint": f"{self.origin}/push/1", "standard": standard,
            "keys": {"p256dh": text(point), "auth": text(self.auth)},
        }  # fmt: skip

    async def take(self, request: web.Request) -> web.Response:
        self.requests += 1
        body = await request.read()
        self.headers.append(request.headers.copy())
        self.claims.append(self._vouched(request))
        if self.status == 201:
            self.messages.append(json.loads(self._read(request, body)))
        headers = {"Retry-After": self.retry_after} if self.retry_after else None
        return web.Response(status=self.status, headers=headers)

    def _read(self, request: web.Request, body: bytes) -> bytes:
        encoding = request.headers["Content-Encoding"]
        if encoding == "aes128gcm":
            return http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version=encoding)
        salt = raw(request.headers["Encryption"].removeprefix("salt="))
        dh = raw(_part(request.headers["Crypto-Key"], "dh"))
        return http_ece.decrypt(
            body, salt=salt, private_key=self.key, dh=dh, auth_secret=self.auth, version=encoding
        )

    def _vouched(self, request: web.Request) -> dict[str, Any]:
        """The claims of the VAPID token, its signature checked against the key that came with it."""
        scheme, _, rest = request.headers["Authorization"].partition(" ")
        if scheme == "vapid":
            token, public = _part(rest, "t"), _part(rest, "k")
        else:
            assert scheme == "WebPush"
            token, public = rest, _part(request.headers["Crypto-Key"], "p256ecdsa")
        said, _, signature = token.rpartition(".")
        r, s = raw(signature)[:32], raw(signature)[32:]
        known = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(public))
        both = encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
        known.verify(both, said.encode(), ec.ECDSA(hashes.SHA256()))
        head, claims = (json.loads(raw(it)) for it in said.split("."))
        assert head == {"typ": "JWT", "alg": "ES256"}
        return claims | {"key": public}


@asynccontextmanager
async def served() -> AsyncIterator[Device]:
    """A device whose push service listens."""
    device = Device()
    app = web.Application()
    app.router.add_post("/push/1", device.take)
    async with TestServer(app) as server:
        device.origin = f"http://127.0.0.1:{server.port}"
        yield device


def _part(header: str, name: str) -> str:
    parts = [it.strip() for chunk in header.split(",") for it in chunk.split(";")]
    return next(it.removeprefix(f"{name}=") for it in parts if it.startswith(f"{name}="))
