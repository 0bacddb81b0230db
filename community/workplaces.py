"""What names a workplace: a 法人番号, or the part of a mail address that a company has for itself."""

import re
import unicodedata

from community.errors import Invalid

_FIELD = "workplace"
_NUMBER = re.compile(r"T?(\d{13})")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
_SECOND_LEVELS = frozenset(
    ("ac", "ad", "co", "com", "ed", "edu", "go", "gov", "gr", "lg", "ltd", "me", "ne", "net", "or", "org", "plc")
)
"""Below a country's ending these are endings themselves: co.jp, com.au, co.uk."""
_PREFECTURES = frozenset((
    "hokkaido", "aomori", "iwate", "miyagi", "akita", "yamagata", "fukushima", "ibaraki", "tochigi", "gunma",
    "saitama", "chiba", "tokyo", "kanagawa", "niigata", "toyama", "ishikawa", "fukui", "yamanashi", "nagano",
    "gifu", "shizuoka", "aichi", "mie", "shiga", "kyoto", "osaka", "hyogo", "nara", "wakayama", "tottori",
    "shimane", "okayama", "hiroshima", "yamaguchi", "tokushima", "kagawa", "ehime", "kochi", "fukuoka", "saga",
    "nagasaki", "kumamoto", "oita", "miyazaki", "kagoshima", "okinawa",
))  # fmt: skip
_SHARED = frozenset((
    "gmail.com", "googlemail.com", "yahoo.co.jp", "ymail.ne.jp", "yahoo.ne.jp", "yahoo.com", "ymail.com",
    "icloud.com", "me.com", "mac.com", "outlook.com", "outlook.jp", "hotmail.com", "hotmail.co.jp", "live.com",
    "live.jp", "msn.com", "aol.com", "aol.jp", "docomo.ne.jp", "ezweb.ne.jp", "au.com", "auone.jp",
    "softbank.ne.jp", "softbank.jp", "vodafone.ne.jp", "ymobile.ne.jp", "ymobile1.ne.jp", "y-mobile.ne.jp",
    "willcom.com", "pdx.ne.jp", "emobile.ne.jp", "uqmobile.jp", "rakuten.jp", "rakumail.jp", "rakuten.ne.jp",
    "povo.jp", "disney.ne.jp", "nifty.com", "nifty.ne.jp", "biglobe.ne.jp", "ocn.ne.jp", "so-net.ne.jp",
    "plala.or.jp", "dion.ne.jp", "asahi-net.or.jp", "eonet.ne.jp", "excite.co.jp", "goo.jp", "goo.ne.jp",
    "infoseek.jp", "livedoor.com", "jcom.home.ne.jp", "home.ne.jp", "jcom.ne.jp", "zaq.ne.jp", "wakwak.com",
    "odn.ne.jp", "hi-ho.ne.jp", "tiki.ne.jp", "commufa.jp", "ctk.ne.jp", "proton.me", "protonmail.com", "pm.me",
    "tutanota.com", "tuta.io", "gmx.com", "gmx.net", "gmx.de", "web.de", "mail.com", "zoho.com", "fastmail.com",
    "hey.com", "yandex.com", "yandex.ru", "mail.ru", "qq.com", "163.com", "126.com", "naver.com", "daum.net",
    "hanmail.net", "example.com",
))  # fmt: skip
"""Where people have their own letters, whoever they work for."""


def normal(typed: str) -> str:
    """`typed` in the one form in which two colleagues type the same: 13 digits, or a domain.

    Invalid("workplace") for what is neither, for a wrong check digit, and for mail that everybody can have.
    """
    plain = unicodedata.normalize("NFKC", typed).strip()
    number = _NUMBER.fullmatch(re.sub(r"[\s\-‐-―−ー]", "", plain).upper())
    if number is not None:
        return _checked(number[1])
    if re.fullmatch(r"[\d\s\-]*", plain):
        raise Invalid(_FIELD, "法人番号は13けたの数字です。または、会社のメールアドレスの@より後ろを入れてください。")
    return _registrable(plain.lower().rpartition("@")[2].strip("."))


def _checked(number: str) -> str:
    """The first digit is made of the others (国税庁: 9 less the weighted sum modulo 9)."""
    weighed = sum(int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(number[1:])))
    if int(number[0]) != 9 - weighed % 9:
        raise Invalid(_FIELD, "法人番号の数字がどこかちがうようです。13けたをもう一度たしかめてください。")
    return number


def _registrable(domain: str) -> str:
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    if not _DOMAIN.fullmatch(domain):
        raise Invalid(_FIELD, "会社のメールアドレスの@より後ろ（例：kaisha.co.jp）か、法人番号を入れてください。")
    labels = domain.split(".")
    kept = labels[-(2 + _has_two_endings(labels)) :]
    if len(kept) == 2 and _has_two_endings(kept):
        raise Invalid(_FIELD, "会社の名前が足りないようです。「kaisha.co.jp」のように入れてください。")
    found = ".".join(kept)
    if found in _SHARED or domain in _SHARED:
        raise Invalid(
            _FIELD,
            "だれでも使えるメールでは、同僚かどうかがわかりません。会社のメールの@より後ろか、法人番号を入れてください。",
        )
    return found


def _has_two_endings(labels: list[str]) -> bool:
    country, second = labels[-1], labels[-2]
    if country == "jp" and second in _PREFECTURES:
        return True
    return len(country) == 2 and second in _SECOND_LEVELS
