"""A browser without scripts for tests: keeps cookies, reads forms, sends them as a person would."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL


@dataclass
class SeenForm:
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    """Forms with what they would send untouched, and the sentences of what does not fit."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[SeenForm] = []
        self.title = ""
        self.alert = ""
        self._area: str | None = None
        self._select: str | None = None
        self._in_title = False
        self._alert_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if facts.get("role") == "alert" or self._alert_depth:
            self._alert_depth += tag not in {"input", "br", "path"}
        self._in_title = tag == "title"
        if tag == "form":
            self.forms.append(SeenForm(facts.get("action", "")))
        if not self.forms:
            return
        fields, name = self.forms[-1].fields, facts.get("name", "")
        if tag == "input" and name:
            if facts.get("type") not in {"checkbox", "radio"} or "checked" in facts:
                fields[name] = facts.get("value", "")
        elif tag == "textarea" and name:
            self._area = name
            fields[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in facts or self._select not in fields):
            fields[self._select] = facts.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._alert_depth -= bool(self._alert_depth)
        if tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None
        elif tag == "title":
            self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        if self._alert_depth:
            self.alert += data
        if self._area is not None:
            seen = self.forms[-1].fields
            seen[self._area] += data if seen[self._area] else data.removeprefix("\n")


@dataclass
class Page:
    status: int
    path: str  # with the query, after redirects
    text: str
    headers: Mapping[str, str]

    def __post_init__(self) -> None:
        self._seen = _Reader()
        self._seen.feed(self.text)

    def form(self, action: str) -> dict[str, str]:
        """What the form with this action would send untouched."""
        for form in self._seen.forms:
            if form.action == action:
                return dict(form.fields)
        raise AssertionError(f"{self.path} ({self.status}) has no form for {action}")

    @property
    def actions(self) -> set[str]:
        return {form.action for form in self._seen.forms}

    @property
    def title(self) -> str:
        return self._seen.title

    @property
    def alert(self) -> str:
        """What the page says does not fit."""
        return " ".join(self._seen.alert.split())


class Browser:
    """One person's browser at `origin`."""

    def __init__(self, origin: str, *, language: str = "ja") -> None:
        self.origin = origin
        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            headers={"Accept": "text/html", "Accept-Language": language},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.key: cookie.value for cookie in self._http.cookie_jar}

    async def get(self, path: str, *, follow: bool = True, **headers: str) -> Page:
        async with self._http.get(self.origin + path, allow_redirects=follow, headers=headers) as response:
            return await _page(response)

    async def post(
        self, path: str, data: object, *, follow: bool = True, origin: str | None = "", **headers: str
    ) -> Page:
        """Send `data` as it is; `origin` None leaves the header out."""
        if origin is not None:
            headers["Origin"] = origin or self.origin
        async with self._http.post(
            self.origin + path, data=data, headers=headers, allow_redirects=follow
        ) as response:
            return await _page(response)

    async def send(self, page: Page, action: str, *, follow: bool = True, **typed: str) -> Page:
        """Fill in the form with this action and send it."""
        return await self.post(action, page.form(action) | typed, follow=follow)


async def _page(response: aiohttp.ClientResponse) -> Page:
    url = URL(str(response.url))
    return Page(response.status, url.path_qs, await response.text(), response.headers.copy())
