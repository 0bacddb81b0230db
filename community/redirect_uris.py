"""Where an app may have its codes sent. What is registered is kept byte for byte and compared so."""

import ipaddress
import re
from collections.abc import Iterable, Sequence

from community.errors import Invalid

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
"""No address at all: the code is shown on a page, to be copied."""

LENGTH_MOST = 2_000
_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):([!-~]+)")
_WEB = re.compile(r"//([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(?:[/?].*)?")
# A browser would run them, show them as the page's own, or read the disk.
_REFUSED = frozenset({"javascript", "data", "vbscript", "about", "blob", "file", "filesystem", "view-source"})


def split(texts: Iterable[str]) -> list[str]:
    """The addresses in `texts`, of which each may hold several between blanks or line ends; each once."""
    return list(dict.fromkeys(uri for text in texts for uri in text.split()))


def check(uris: Sequence[str], *, http_anywhere: bool) -> None:
    """Raise Invalid("redirect_uris") unless every one of `uris` may be registered.

    An app's own scheme may be anything that no browser acts on; plain http leads to the member's own machine only,
    unless the town itself speaks http (`http_anywhere`).
    """
    if not uris:
        raise Invalid("redirect_uris", "戻り先のアドレス（redirect_uris）がありません。")
    if sum(map(len, uris)) > LENGTH_MOST:
        raise Invalid("redirect_uris", "戻り先のアドレスは、あわせて%(limit)s文字までにしてください。", limit=LENGTH_MOST)
    for uri in uris:
        if not _usable(uri, http_anywhere=http_anywhere):
            raise Invalid("redirect_uris", "戻り先のアドレス「%(uri)s」は使えません。", uri=uri[:200])


def source(uri: str) -> str | None:
    """What a Content-Security-Policy calls the place of a registered `uri`; None for OUT_OF_BAND."""
    if uri == OUT_OF_BAND:
        return None
    scheme, _, rest = uri.partition(":")
    web = _WEB.fullmatch(rest) if scheme.lower() in ("http", "https") else None
    return f"{scheme.lower()}:" if web is None else f"{scheme.lower()}://{web[1]}{web[2] or ''}"


def _usable(uri: str, *, http_anywhere: bool) -> bool:
    found = _URI.fullmatch(uri)
    if found is None or "#" in uri:
        return False
    scheme = found[1].lower()
    if scheme not in ("http", "https"):
        return scheme not in _REFUSED and (scheme != "urn" or uri == OUT_OF_BAND)
    web = _WEB.fullmatch(found[2])
    return web is not None and (scheme == "https" or http_anywhere or _is_loopback(web[1]))


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
