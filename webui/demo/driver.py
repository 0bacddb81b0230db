"""Lives through the script: every act over the acting town's own pages, every wait for a crossing that really happens."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TypeVar
from urllib.parse import quote, urlsplit

import aiohttp

from webui.demo.browser import Browser, Page, PageFailed
from webui.demo.journal import Journal
from webui.demo.script import Answer, Ask, FollowExpert, Gather, Join, Raise, Script, Solve, Thank, TownPlan
from webui.templating import moment

_POLL_S = 0.05
_CROSSING_S = 90.0  # a town that was killed and started again is reached within the second pause of its lane
PASSPHRASE = "demo-no-aikotoba"  # noqa: S105 - of every person of the demo; the towns listen on this machine alone
_AS_OF = "2026-11"
_ROLES = {"灯台役": "keeper", "見守り役": "watcher"}
Seen = TypeVar("Seen")


class DemoFailed(Exception):
    """The demo cannot go on; the message says why in one line."""


class Driver:
    """Acts for everybody. `journal` is consulted before each act and written after it."""

    def __init__(
        self,
        script: Script,
        journal: Journal,
        *,
        progress: Callable[[str], None],
        give_role: Callable[[str, str, str], None],
    ) -> None:
        self._script = script
        self._journal = journal
        self._progress = progress
        self._give_role = give_role  # town, handle, role
        self._browsers: dict[str, Browser] = {}
        self._strangers: dict[str, Browser] = {}
        self._inside: set[str] = set()  # who is logged in
        self._lottery = random.SystemRandom()

    async def run(self) -> None:
        """Do every act that the journal does not hold. Raises DemoFailed."""
        async with AsyncExitStack() as stack:
            for slug, town in self._script.towns.items():
                self._strangers[slug] = await stack.enter_async_context(Browser(town.origin))
            for handle, slug in self._script.people.items():
                browser = Browser(self._script.towns[slug].origin)
                self._browsers[handle] = await stack.enter_async_context(browser)
            for act in self._script.acts:
                if act.key not in self._journal:
                    await self._persist(act.key, self._deed(act))
                self._progress(act.key)

    def _deed(self, act: object) -> Callable[[], Awaitable[str]]:
        match act:
            case Join():
                return lambda: self._join(act)
            case FollowExpert():
                return lambda: self._follow(act)
            case Ask():
                return lambda: self._ask(act)
            case Answer():
                return lambda: self._answer(act)
            case Solve():
                return lambda: self._solve(act)
            case Thank():
                return lambda: self._thank(act)
            case Raise():
                return lambda: self._raise(act)
            case Gather():
                return lambda: self._gather(act)
        raise DemoFailed(f"unknown act {act!r}")

    async def _persist(self, key: str, deed: Callable[[], Awaitable[str]]) -> None:
        """Do `deed`, again if the town went away meanwhile (its keeper starts it anew), and note the result."""
        deadline = time.monotonic() + _CROSSING_S
        while True:
            try:
                result = await deed()
            except (aiohttp.ClientError, TimeoutError) as error:
                if time.monotonic() > deadline:
                    raise DemoFailed(f"{key}: {error}") from error
                await asyncio.sleep(0.2)
            except PageFailed as error:
                raise DemoFailed(f"{key}: {error}") from error
            else:
                self._journal.record(key, result)
                return

    # People

    async def _join(self, act: Join) -> str:
        person = act.person
        browser = self._browsers[person["username"]]
        page = await browser.get("/join")
        try:
            await browser.send(
                page, "/join",
                nickname=person["display_name"], name=person["username"], passphrase=PASSPHRASE,
                application="見本です。総務の仕事をしています。", agree="on",
            )  # fmt: skip
        except PageFailed:
            await self._enter(person["username"])  # joined already, before an interruption
        self._inside.add(person["username"])
        page = await browser.get("/settings")
        await browser.send(
            page, "/settings",
            bio=person["bio"], strengths="、".join(person["skills"]), learnings="、".join(person["learning"]),
        )  # fmt: skip
        if role := _ROLES.get(person["role"]):
            await asyncio.to_thread(self._give_role, act.town, person["username"], role)
        return self._town_of(person["username"]).origin + f"/users/{person['username']}"

    async def _enter(self, handle: str) -> None:
        """Log in, unless that was done already since the demo was started."""
        if handle in self._inside:
            return
        browser = self._browsers[handle]
        await browser.send(await browser.get("/login"), "/login", login=handle, passphrase=PASSPHRASE)
        self._inside.add(handle)

    async def _member(self, handle: str, path: str) -> Page:
        """`path` as the member `handle` sees it."""
        await self._enter(handle)
        return await self._browsers[handle].get(path)

    async def _follow(self, act: FollowExpert) -> str:
        expert = f"@{act.expert}@{self._town_of(act.expert).domain}"
        page = await self._member(act.follower, f"/lookup?q={quote(expert)}")
        try:
            await self._browsers[act.follower].send(page, "/follow")
        except PageFailed:
            if "/unfollow" not in page.text:  # followed already, before an interruption
                raise
        return ""

    # Questions

    async def _ask(self, act: Ask) -> str:
        question = act.question
        typed = {
            "title": question["title"],
            "body": question["body_markdown"],
            "board": act.board,
            "tags": "、".join(question["tags"]),
            "visibility": question["visibility"],
            "as_of": _AS_OF,
            "submission": self._journal.key(act.key),
        }
        asker = self._script.askers[question["id"]]
        if asker is None:
            return await self._ask_hidden(act, typed)
        page = await self._member(asker, "/ask")
        asked = await self._browsers[asker].send(page, "/ask", **typed)
        return await self._uri(self._browsers[asker], asked.url)

    async def _ask_hidden(self, act: Ask, typed: dict[str, str]) -> str:
        """Somebody of the town, drawn by chance, asks; who it was is not kept anywhere, here least of all."""
        typed |= {"anonymous": "1", "phrase": self._phrase(act.question["id"])}
        neighbours = [handle for handle, slug in self._script.people.items() if slug == act.town]
        self._lottery.shuffle(neighbours)
        refused: PageFailed | None = None
        for handle in neighbours:  # whoever asked three times this week already is passed over
            page = await self._member(handle, "/ask")
            try:
                await self._browsers[handle].send(page, "/ask", **typed)
            except PageFailed as error:
                refused = error
                continue
            return await self._released(handle, act)
        raise refused or PageFailed("nobody to ask")

    async def _released(self, handle: str, act: Ask) -> str:
        """The address of the question once it stands among the others of its town."""
        title = act.question["title"]
        browser = self._browsers[handle]

        async def look() -> str | None:
            page = await browser.get(f"/questions?board={act.board}")
            if title not in page.text:
                return None
            # The nearest link before the title leads to the question.
            before = page.text[: page.text.index(title)]
            return before.rpartition('href="')[2].partition('"')[0]

        return await self._uri(browser, await self._until(f"{act.key}: released", look))

    def _phrase(self, question: str) -> str:
        return "みほん-" + self._journal.key(f"phrase:{question}")

    async def _answer(self, act: Answer) -> str:
        answer = act.answer
        handle = answer["by"]
        page = await self._arrived(handle, self._journal[f"ask:{act.question}"])
        typed = {
            "body": answer["body_markdown"],
            "as_of": _AS_OF,
            "submission": self._journal.key(act.key),
        }
        if origin := answer.get("passed_on_from"):
            await self._arrived(handle, self._journal[f"answer:{origin}"])
            typed["passed_on_from"] = self._journal[f"answer:{origin}"]
        answered = await self._browsers[handle].send(page, "/answers", **typed)
        return await self._uri(self._browsers[handle], answered.url)

    async def _solve(self, act: Solve) -> str:
        question = self._journal[f"ask:{act.question}"]
        asker = self._script.askers[act.question]
        answer = self._journal[f"answer:{act.answer}"]
        if asker is None:
            await self._as_hidden_asker(question, answer, act="solve", question_key=act.question)
            return ""
        page = await self._arrived(asker, answer)
        if 'data-state="solved"' not in page.text:
            await self._browsers[asker].send(page, "/solve", answer=_post_id(page.url))
        return ""

    async def _thank(self, act: Thank) -> str:
        answer = self._journal[f"answer:{act.answer}"]
        if act.by is None:
            question = self._journal[f"ask:{act.question}"]
            await self._as_hidden_asker(
                question, answer, act="thank", question_key=act.question, message=act.message,
                submission=self._journal.key(act.key),
            )  # fmt: skip
            return ""
        page = await self._arrived(act.by, answer)
        form_page = await self._browsers[act.by].get(f"/posts/{_post_id(page.url)}/thanks")
        await self._browsers[act.by].send(
            form_page, "/thanks", message=act.message, submission=self._journal.key(act.key)
        )
        return ""

    # Flags

    async def _raise(self, act: Raise) -> str:
        flag = act.flag
        browser = self._browsers[flag["raised_by"]]
        page = await self._member(flag["raised_by"], "/flags/new")
        raised = await browser.send(
            page, "/flags",
            title=flag["title"], body=flag["body_markdown"], board=act.board, tags="、".join(flag["tags"]),
            starts_at=_start(flag["starts_in_days"]), minutes=str(flag["duration_min"] or ""), place=flag["place"],
            form=flag["kind"], capacity=str(flag["capacity"] or ""), visibility=flag["visibility"],
            listening="on" if flag["listen_only_ok"] else "", submission=self._journal.key(act.key),
        )  # fmt: skip
        return await self._uri(browser, raised.url)

    async def _gather(self, act: Gather) -> str:
        page = await self._arrived(act.handle, self._journal[f"raise:{act.flag}"])
        if "/leave" not in page.text:  # else gathered already, before an interruption
            await self._browsers[act.handle].send(page, "/join")
        return ""

    async def _as_hidden_asker(self, question: str, answer: str, *, question_key: str, **typed: str) -> None:
        """A follow-up by あいことば, from a browser that is logged in as nobody."""
        slug = next(a.town for a in self._script.acts if isinstance(a, Ask) and a.question["id"] == question_key)
        stranger = self._strangers[slug]
        identifier = question.rpartition("/")[2]

        async def look() -> Page | None:
            page = await stranger.get(f"/questions/{identifier}/phrase")
            page = await stranger.send(page, "/phrase", phrase=self._phrase(question_key), act="open")
            return page if answer in page.text else None

        page = await self._until(f"{answer} at {slug}", look)
        await stranger.send(page, "/phrase", phrase=self._phrase(question_key), answer=answer, **typed)

    # Crossings

    async def _arrived(self, handle: str, uri: str) -> Page:
        """The page of the post `uri` in the town of `handle`, once the post has come there."""

        async def look() -> Page | None:
            page = await self._member(handle, f"/lookup?known=1&q={quote(uri, safe='')}")
            return page if page.status == 200 else None

        return await self._until(f"{uri} for {handle}", look)

    async def _until(self, what: str, look: Callable[[], Awaitable[Seen | None]]) -> Seen:
        deadline = time.monotonic() + _CROSSING_S
        while (seen := await look()) is None:
            if time.monotonic() > deadline:
                raise DemoFailed(f"{what} did not arrive within {_CROSSING_S:.0f} s")
            await asyncio.sleep(_POLL_S)
        return seen

    async def _uri(self, browser: Browser, url: str) -> str:
        """The lasting address of the post that a page address ends in."""
        return f"{browser.origin}/posts/{_post_id(url)}"

    def _town_of(self, handle: str) -> TownPlan:
        return self._script.towns[self._script.people[handle]]


def _start(days: int) -> str:
    """Noon by the towns' clock, so many days ahead; today's flag begins in an hour."""
    now = moment(time.time_ns() // 1_000_000)
    start = now.replace(hour=12, minute=0) + timedelta(days=days) if days else now + timedelta(hours=1)
    return f"{start:%Y-%m-%dT%H:%M}"


def _post_id(url: str) -> str:
    """The id in `…#post-{id}`, or else the last segment of the path."""
    parts = urlsplit(url)
    if parts.fragment.startswith("post-"):
        return parts.fragment.removeprefix("post-")
    return parts.path.rstrip("/").rpartition("/")[2]
