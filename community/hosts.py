"""How the host of an address is shown to people, so that it cannot pass for another one (federation reference §3, IDN).

Hosts are stored and compared as A-labels. A label is shown in its own letters only if they are all Japanese: kana, kanji,
digits. Any other script, and any mixture, has letters that look like those of somebody else's name; it is shown as the
A-label (xn--…).
"""

import re

import idna

_PREFIX = "xn--"
_JAPANESE = re.compile("[0-9\\-々〆ーぁ-ゖァ-ヺ㐀-䶿一-鿿]+")


def shown(host: str) -> str:
    """`host`, in whatever spelling, as people may read it."""
    if host.isascii() and _PREFIX not in host:
        return host
    return ".".join(_shown(label) for label in a_label(host).split("."))


def a_label(host: str) -> str:
    """`host` in ASCII, as a browser would ask for it. Never raises: what no IDN can hold is written in Punycode as it is."""
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return ".".join(each if each.isascii() else _PREFIX + each.encode("punycode").decode() for each in host.split("."))


def _shown(label: str) -> str:
    if not label.startswith(_PREFIX):
        return label
    try:
        own = idna.decode(label)
    except (idna.IDNAError, UnicodeError):
        return label
    return own if _JAPANESE.fullmatch(own) else label
