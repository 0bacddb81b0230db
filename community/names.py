"""What people and boards may be called: handles, nicknames, and the names that nobody may take."""

import re
import unicodedata

from community.errors import Invalid
from community.taxonomy import BY_SLUG
from community.text import line

HANDLE_LIMIT = 30
NICKNAME_LIMIT = 30
HANDLE = re.compile(r"[a-z0-9_]+(?:[.-]+[a-z0-9_]+)*")

OPERATOR_NAMES = frozenset(
    {
        "admin", "administrator", "contact", "info", "moderator", "office", "official", "operator", "soumu", "staff",
        "support", "unei", "webmaster",
    }
)  # fmt: skip
"""Names that sound like the town speaking: only who runs the town may give them."""

_PATHS = frozenset(
    {
        "about", "accounts", "activities", "actor", "api", "apps", "auth", "boards", "explore", "flags", "followers",
        "following", "healthz", "help", "home", "inbox", "instance", "join", "login", "logout", "lookup", "media",
        "metrics", "nodeinfo", "notifications", "oauth", "operate", "outbox", "posts", "promise", "public",
        "questions", "quotes", "readyz", "recover", "robots", "search", "settings", "shares", "sisters", "static",
        "streaming", "tags", "town", "users", "welcome", "wisdom", "ask",
    }
)  # fmt: skip
_ACTORS = frozenset({"dareka", "machi", "darekasan"})
_NOBODY = frozenset(
    {
        "abuse", "all", "anonymous", "everyone", "here", "hostmaster", "localhost", "mailer-daemon", "me", "new",
        "nobody", "none", "noreply", "null", "postmaster", "relay", "root", "security", "system", "undefined",
    }
)  # fmt: skip
RESERVED: frozenset[str] = _PATHS | _ACTORS | _NOBODY | OPERATOR_NAMES | frozenset(BY_SLUG)
"""Names nobody may take: paths, actors of the town, boards' slugs, and words that would mislead."""

# 「だれかさん」 and the town's own voice: a nickname that looks like them would mislead.
_RESERVED_NICKNAMES = frozenset({"だれかさん", "誰かさん", "ダレカサン"})
# Emoji and signs that look like a mark of having been checked by somebody.
_CHECK_MARKS = str.maketrans("", "", "✓✔☑✅🗸🗹⍻🮱")


def display_name(typed: str) -> str:
    """A name as it may be shown: one line, without bidi controls, zero-width and control characters, and without
    look-alikes of check marks. May come out empty. For names of our own members and of strangers alike.
    """
    return line(typed.translate(_CHECK_MARKS))


def nickname(typed: str) -> str:
    """The ニックネーム that was typed, cleaned. Raises Invalid("nickname")."""
    cleaned = display_name(typed)
    if not any(unicodedata.category(character)[0] in "LNS" for character in cleaned):
        raise Invalid("nickname", "ニックネームを1文字以上書いてください。本名でなくて大丈夫です。")
    if len(cleaned) > NICKNAME_LIMIT:
        raise Invalid("nickname", "ニックネームは%(limit)s文字までにしてください。", limit=NICKNAME_LIMIT)
    if unicodedata.normalize("NFKC", cleaned) in _RESERVED_NICKNAMES:
        raise Invalid(
            "nickname", "「だれかさん」は名札を伏せた人の呼び名です。ほかのニックネームを書いてください。"
        )
    return cleaned


def plain_handle(typed: str) -> str:
    """What was typed where a handle or log-in name is asked for: full width and capitals made plain, no leading @."""
    return unicodedata.normalize("NFKC", typed).strip().removeprefix("@").casefold()


def handle(typed: str, *, host: str, by_operator: bool = False) -> str:
    """The handle that was typed, lower case. `host` is the town's own, which is taken. Raises Invalid("name")."""
    name = plain_handle(typed)
    if not name:
        raise Invalid("name", "まちでの名前を、半角の英数字で書いてください。例：harukaze")
    if len(name) > HANDLE_LIMIT:
        raise Invalid("name", "まちでの名前は%(limit)s文字までにしてください。", limit=HANDLE_LIMIT)
    if HANDLE.fullmatch(name) is None:
        raise Invalid(
            "name",
            "まちでの名前に使えるのは、半角の英数字と _ です。「.」と「-」は間にだけ使えます。例：harukaze_3",
        )
    spoken_for = RESERVED - OPERATOR_NAMES if by_operator else RESERVED
    if name in spoken_for or name == host:
        raise Invalid(
            "name", "「%(name)s」は、まちのために取ってある名前です。ほかの名前をお試しください。", name=name
        )
    return name
