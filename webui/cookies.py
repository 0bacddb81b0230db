"""Cookie names and how cookies are set: HttpOnly, SameSite=Lax, and Secure wherever the town speaks https.

Browsers share cookies between ports of a host, so the names carry the port: three towns on one machine stay apart.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from aiohttp import web

from community.config import Settings


@dataclass(frozen=True, slots=True)
class CookieNames:
    """The names in this town; with https they bear the prefix that forbids other hosts to set them."""

    session: str
    pre_session: str
    language: str
    flash: str

    @classmethod
    def of(cls, settings: Settings) -> "CookieNames":
        instance = settings.instance
        port = instance.domain.partition(":")[2] or ("443" if instance.scheme == "https" else "80")
        prefix = "__Host-" if instance.scheme == "https" else ""
        return cls(
            session=f"{prefix}machi-session-{port}",
            pre_session=f"{prefix}machi-before-{port}",
            language=f"{prefix}machi-language-{port}",
            flash=f"{prefix}machi-flash-{port}",
        )


def put(
    response: web.StreamResponse, settings: Settings, name: str, value: str, *, days: float | None = None
) -> None:
    """Set a cookie for the whole town; without `days` it ends with the browser."""
    response.set_cookie(
        name,
        value,
        max_age=None if days is None else int(days * 86_400),
        path="/",
        httponly=True,
        samesite="Lax",
        secure=settings.instance.scheme == "https",
    )


def drop(response: web.StreamResponse, settings: Settings, name: str) -> None:
    """Have the browser forget a cookie."""
    secure = settings.instance.scheme == "https"
    response.del_cookie(name, path="/", secure=secure, httponly=True, samesite="Lax")


def seal(secret: bytes, purpose: str, content: bytes) -> str:
    """`content`, readable but signed, fit for a cookie."""
    mac = hmac.digest(secret, purpose.encode() + b"\0" + content, hashlib.sha256)
    return base64.urlsafe_b64encode(mac + content).decode()


def unseal(secret: bytes, purpose: str, value: str) -> bytes | None:
    """What `seal` was given, or None when the value was not made by this town for this purpose."""
    try:
        raw = base64.urlsafe_b64decode(value.encode())
    except (binascii.Error, ValueError):
        return None
    mac, content = raw[:32], raw[32:]
    good = hmac.digest(secret, purpose.encode() + b"\0" + content, hashlib.sha256)
    return content if hmac.compare_digest(mac, good) else None
