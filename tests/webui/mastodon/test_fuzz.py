"""Strange calls to every route of the client API: whatever comes, no answer is a 5xx, and every error is JSON of one shape."""

import asyncio
import random
import string

import aiohttp
import pytest

from community import doors
from tests.webui.mastodon.conftest import ALL_SCOPES
from tests.webui.scene import build
from webui import mastodon

ROUNDS = 8
"""Calls of each route, each strange in its own way."""

_NAMES = (
    "id", "id[]", "ids[]", "status", "in_reply_to_id", "media_ids[]", "poll[options][]", "poll[expires_in]", "poll", "visibility", "spoiler_text",
    "sensitive", "language", "scheduled_at", "quoted_status_id", "limit", "max_id", "min_id", "since_id", "offset", "q", "type", "resolve", "acct",
    "title", "context[]", "filter_action", "expires_in", "keywords_attributes[0][keyword]", "keywords_attributes", "keyword", "phrase", "name",
    "names[]", "comment", "duration", "notify", "reblogs", "languages[]", "account_id", "account_ids[]", "status_ids[]", "rule_ids[]", "category",
    "choices[]", "data[alerts][mention]", "subscription[endpoint]", "subscription[keys][p256dh]", "subscription", "data", "timeline[]", "home",
    "home[last_read_id]", "notifications", "fields_attributes[0][name]", "fields_attributes", "source[privacy]", "source", "display_name", "note",
    "avatar", "locked", "types[]", "exclude_types[]", "grouped_types[]", "domain", "severity", "redirect_uris", "scopes", "client_name", "username",
    "password", "email", "agreement", "locale", "reason", "description", "focus", "file", "local", "only_media", "any[]", "url", "uri", "tag",
)  # fmt: skip
_TEXTS = (
    "", " ", "0", "1", "-1", "true", "null", "[]", "{}", "9" * 18, "9" * 40, "1e9", "public", "home", "36協定", "ありがとう", "@dareka", "@machi 質問です",
    "@a@b", "<script>", "\u202e", "🙏", "%", "'\";--", "\ud83d", "2026-13-99T99:99:99Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "a" * 6000,
    "https://", "http://[::1", "javascript:alert(1)", "acct:x@y", "../../etc/passwd", "x,y", "1.5,-7", "nan,inf",
)  # fmt: skip
_SEGMENTS = ("0", "1", "abc", "9" * 19, "9" * 30, "-5", "日本", "%25", "a%2Fb", "..", "%F0%9F%99%8F", "%ff", " ")


def routes():
    """Every method and path, once."""
    return sorted({(method, path) for api in mastodon.ALL for method, path, _ in api})


class Strange:
    """A source of strange values that gives the same ones each time."""

    def __init__(self, seed: str, real: list[int]) -> None:
        self._dice = random.Random(seed)
        self._real = [str(each) for each in real]

    def text(self) -> str:
        text = self._dice.choice([*_TEXTS, *self._real, *self._real])
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")

    def path(self, path: str) -> str:
        parts = []
        for part in path.split("/"):
            hole = part.startswith("{")
            parts.append(self._dice.choice([*_SEGMENTS, *self._real * 3]) if hole else part)
        return "/".join(parts)

    def pairs(self, most: int = 10_000) -> list[tuple[str, str]]:
        return [(self._dice.choice(_NAMES), self.text()[:most]) for _ in range(self._dice.randrange(9))]

    def json(self) -> object:
        deep = [None, True, 7, -1, 2**70, 1.5, self.text(), [], {}, [self.text(), None, {"a": []}], {"options": [1, None]}]
        if self._dice.random() < 0.2:
            return self._dice.choice(deep)
        return {self._dice.choice(_NAMES).split("[")[0]: self._dice.choice(deep) for _ in range(6)}

    def options(self) -> dict[str, object]:
        """How the request is sent."""
        match self._dice.randrange(6):
            case 0:
                return {"params": self.pairs(200)}
            case 1:
                return {"json": self.json()}
            case 2:
                return {"data": self.pairs(), "params": self.pairs(200)}
            case 3:
                junk = "".join(self._dice.choices(string.printable, k=60)).encode()
                kind = self._dice.choice(["application/json", "multipart/form-data", "text/plain", "image/png", "x/y; charset=none"])
                return {"data": junk, "headers": {"Content-Type": kind}}
            case 4:
                form = aiohttp.FormData()
                for name, value in self.pairs():
                    form.add_field(name, value)
                form.add_field("file", b"\x89PNG\r\n\x1a\n" + bytes(self._dice.randrange(256) for _ in range(40)), filename="x.png")
                return {"data": form}
        return {}


async def ask(session, address, token, method, strange):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    options = strange.options()
    if method == "GET":
        options.pop("data", None)
        options.pop("json", None)
    headers |= options.pop("headers", {})
    async with session.request(method, address, headers=headers, allow_redirects=False, **options) as response:
        body = await response.read()
        what = f"{method} {address} {options!r:.300} → {response.status} {body[:200]!r}"
        assert response.status < 500, what
        if response.status >= 400:
            assert response.content_type == "application/json", what
            said = await response.json()
            assert isinstance(said.get("error"), str), what
            assert said["error"], what
        elif response.status == 200 and response.content_type == "application/json":
            await response.json()


@pytest.mark.parametrize("shift", [0, 1])
@pytest.mark.parametrize("who", ["member", "moderator", "app", "stranger"])
async def test_whatever_comes_is_answered_plainly(make_site, who, shift):
    site = await make_site(limits={"enabled": False})
    scene = await site.database.write(build)
    token = await _token(site, scene, who)
    real = [scene.question, scene.answer, scene.comment, scene.asker, scene.answerer, scene.remote, scene.hidden]
    todo = [(method, path, number) for method, path in routes() for number in range(shift, ROUNDS, 2)]
    async with aiohttp.ClientSession() as session:

        async def one(method, path, number):
            strange = Strange(f"{who} {method} {path} {number}", real)
            await ask(session, site.origin + strange.path(path), token, method, strange)

        for start in range(0, len(todo), 8):
            await asyncio.gather(*(one(*each) for each in todo[start : start + 8]))


async def _token(site, scene, who):
    if who == "stranger":
        return None
    if who == "app":
        return "no token of this town"
    account = await site.member("sumire", role="admin") if who == "moderator" else scene.bystander
    scopes = ALL_SCOPES + " admin:read admin:write"
    return await site.database.write(lambda session: doors.issue_token(session, account, scopes, "app"))
