"""A person at a browser: reads a page, fills in one of its forms, sends it. Cookies are kept, scripts are not run."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import aiohttp

_REQUEST_S = 30.0


class PageFailed(Exception):
    """The town answered a deed with something else than success; the message quotes what the page says."""


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _FormReader(HTMLParser):
    """Collects forms with the values they would send untouched, and the sentence of an error if the page has one."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.error = ""
        self._form: Form | None = None
        self._select: str | None = None
        self._error_depth = 0
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if facts.get("role") == "alert":
            self._error_depth = 1
        elif self._error_depth and tag not in {"br", "img", "input", "hr"}:
            self._error_depth += 1
        if tag == "form":
            self._form = Form(facts.get("action", ""))
            self.forms.append(self._form)
        if self._form is None:
            return
        name = facts.get("name", "")
        if tag == "input" and name and (facts.get("type") not in {"checkbox", "radio"} or "checked" in facts):
            self._form.fields[name] = facts.get("value", "on" if facts.get("type") == "checkbox" else "")
        elif tag == "textarea" and name:
            self._area = name
            self._form.fields[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in facts or self._select not in self._form.fields):
            self._form.fields[self._select] = facts.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if self._error_depth:
            self._error_depth -= 1
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._error_depth:
            self.error += data
        if self._area is not None and self._form is not None:
            self._form.fields[self._area] += data


@dataclass
class Page:
    url: str
    status: int
    text: str

    def form(self, action: str) -> Form:
        """The form whose action ends with `action`. Raises PageFailed if the page has none."""
        reader = _FormReader()
        reader.feed(self.text)
        for form in reader.forms:
            if urlsplit(form.action).path.endswith(action):
                return form
        raise PageFailed(f"{self.url} ({self.status}) has no form {action}")

    @property
    def error(self) -> str:
        """What the page says went wrong, on one line."""
        reader = _FormReader()
        reader.feed(self.text)
        return " ".join(reader.error.split())


class Browser:
    """One person's browser in one town, `origin`."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        # A town of the demo is a port of localhost, and cookies of a host without dots are kept only by a jar that is told so.
        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True),
            timeout=aiohttp.ClientTimeout(total=_REQUEST_S),
            headers={"Accept": "text/html", "Accept-Language": "ja"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.close()

    async def get(self, path: str) -> Page:
        async with self._http.get(urljoin(self.origin, path)) as response:
            return Page(_address(response), response.status, await response.text())

    async def send(self, page: Page, action: str, **typed: str) -> Page:
        """Fill the form `action` of `page` with `typed` and send it. Raises PageFailed unless it was taken."""
        form = page.form(action)
        async with self._http.post(
            urljoin(page.url, form.action or page.url),
            data={**form.fields, **typed},
            headers={"Origin": self.origin},
        ) as response:
            answer = Page(_address(response), response.status, await response.text())
        if answer.status >= 400:  # a form that was not taken comes back with a 4xx
            raise PageFailed(f"{answer.url} ({answer.status}): {answer.error}")
        return answer


def _address(response: aiohttp.ClientResponse) -> str:
    # The part after # is not in response.url: the Location header of the last redirect has it.
    if response.history:
        location = response.history[-1].headers.get("Location", "")
        return urljoin(str(response.history[-1].url), location)
    return str(response.url)
