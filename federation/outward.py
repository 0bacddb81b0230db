"""Which web addresses may be asked at all, before any name is looked up (federation reference §3, SSRF)."""

import ipaddress
import re
from urllib.parse import urljoin

from yarl import URL

from federation.addresses import Refused

_LONGEST = 2_048
_PLAIN = re.compile(r"[\x21-\x7e]+")
_CONTROL = re.compile(r"[\x00-\x20\x7f\\]")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,62})?(\.[a-z0-9_]([a-z0-9_-]{0,62})?)*")


def checked(url: str, *, allow_private: bool) -> URL:
    """`url` ready to be asked, its fragment cut off. Raises Refused.

    Taken is https on port 443 with a host name; with `allow_private` also http, any port and IP literals. Never taken:
    user names in the address, and numbers that some systems read as an IP address (`127.1`, `0x7f.1`).
    """
    address = _parsed(url)
    if address.scheme not in (("https", "http") if allow_private else ("https",)):
        raise Refused(f"{url[:200]} is not https")
    if address.raw_user is not None or address.raw_password is not None or "@" in address.raw_authority:
        raise Refused(f"{url[:200]} has a user name in it")
    host = address.raw_host or ""
    if _is_literal(host):
        if not allow_private:
            raise Refused(f"{url[:200]} names no host, but a number")
    elif len(host) > 253 or not _HOST.fullmatch(host.lower()) or _looks_like_a_number(host):
        raise Refused(f"{url[:200]} names no usable host")
    if not allow_private and address.port != 443:
        raise Refused(f"{url[:200]} is on an unusual port")
    return address


def joined(base: str, reference: str) -> str:
    """Where `reference`, as a page or a redirect at `base` gives it, leads to. Raises Refused."""
    try:
        return urljoin(base, reference)
    except ValueError as problem:  # such as an unbalanced bracket
        raise Refused(f"{reference[:200]!r} is no web address") from problem


def _parsed(url: str) -> URL:
    try:
        # Taken as it stands where possible: whoever signed or minted an id wrote it exactly so.
        address = URL(url, encoded=_PLAIN.fullmatch(url) is not None).with_fragment(None)
        usable = address.raw_host is not None and address.port is not None
    except ValueError:  # also for a port that is no number, which shows only when asked for
        usable = False
    if not usable or len(url) > _LONGEST or _CONTROL.search(url):
        raise Refused(f"{url[:200]!r} is no web address")
    return address


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _looks_like_a_number(host: str) -> bool:
    last = host.lower().rpartition(".")[2]
    return last.isdecimal() or re.fullmatch(r"0x[0-9a-f]*", last) is not None
