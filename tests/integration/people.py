"""What a member does, always on the pages: every deed is a form that was found where a reader would find it."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from tests.webui.browsing import Browser, Page

_PLACES = re.compile(r'id="post-(\d+)" data-uri="([^"]+)"')


@dataclass
class Person:
    """Somebody at a browser, logged in as the member `name` or, with an empty name, a stranger."""

    browser: Browser
    name: str

    async def get(self, path: str) -> Page:
        return await self.browser.get(path)

    # Finding

    async def find(self, uri: str) -> Page:
        """The page on which the post `uri` stands; a page that says so if the member may not see it."""
        return await self.browser.get(f"/lookup?q={quote(uri, safe='')}")

    async def sees(self, uri: str) -> bool:
        """Whether the post `uri` stands on a page of this town, without anything being fetched."""
        page = await self.browser.get(f"/lookup?known=1&q={quote(uri, safe='')}")
        return page.status == 200 and uri in places(page).values()

    async def thread(self, uri: str) -> Page:
        page = await self.find(uri)
        assert page.status == 200, (page.status, page.alert)
        return page

    async def home(self) -> str:
        return (await self.browser.get("/home" if not self.name else "/")).text

    async def notices(self) -> str:
        page = await self.browser.get("/notifications")
        assert page.status == 200
        return page.text

    # Following

    async def follow(self, handle: str) -> Page:
        """Type a handle into the field, and press the button on the page that it leads to."""
        page = await self.browser.get(f"/lookup?q={quote(handle, safe='')}")
        assert page.status == 200, page.alert
        return await self._press(page, "/follow")

    async def unfollow(self, handle: str) -> Page:
        return await self._press(await self.browser.get(f"/@{handle.removeprefix('@')}"), "/unfollow")

    # Speaking

    async def ask(self, title: str, *, visibility: str = "open", board: str = "roumu", **typed: str) -> str:
        """Ask with one's name; the uri of the question."""
        sent = await self.browser.send(
            await self.browser.get("/ask"), "/ask",
            title=title, body=typed.pop("body", "日割りになるのか、**1か月分**なのかがわかりません。"), board=board,
            visibility=visibility, **typed,
        )  # fmt: skip
        assert sent.status == 200, sent.alert
        return next(iter(places(sent).values()))

    async def ask_hidden(self, title: str, phrase: str, *, visibility: str = "open") -> None:
        """Ask with the name tag hidden; the question comes when the town lets it out."""
        sent = await self.browser.send(
            await self.browser.get("/ask"), "/ask",
            title=title, body="だれに、どう伝えるのがよいでしょうか。", board="kyuyo", visibility=visibility,
            anonymous="1", phrase=phrase,
        )  # fmt: skip
        assert sent.status == 200, sent.alert

    async def answer(self, question: str, body: str, **typed: str) -> str:
        return await self._reply(question, "answers", body, **typed)

    async def comment(self, parent: str, body: str) -> str:
        return await self._reply(parent, "comments", body)

    async def _reply(self, parent: str, kind: str, body: str, **typed: str) -> str:
        page = await self.thread(parent)
        folder = "questions" if kind == "answers" else "posts"
        sent = await self.browser.send(page, f"/{folder}/{place(page, parent)}/{kind}", body=body, **typed)
        assert sent.status == 200, sent.alert
        (new,) = set(places(sent).values()) - set(places(page).values())
        return new

    async def edit(self, uri: str, body: str, **typed: str) -> None:
        action = f"/posts/{place(await self.thread(uri), uri)}/edit"
        sent = await self.browser.send(await self.browser.get(action), action, body=body, **typed)
        assert sent.status == 200, sent.alert

    async def delete(self, uri: str) -> None:
        action = f"/posts/{place(await self.thread(uri), uri)}/delete"
        sent = await self.browser.send(await self.browser.get(action), action)
        assert sent.status == 200, sent.alert

    # Deciding and thanking

    async def solve(self, question: str, answer: str) -> None:
        page = await self.thread(question)
        form = f"/questions/{place(page, question)}/solve"
        # One form for each answer; the one for this answer is the one that names it.
        sent = await self.browser.post(form, page.form(form) | {"answer": place(page, answer)})
        assert sent.status == 200, sent.alert

    async def reopen(self, question: str) -> None:
        await self._press(await self.thread(question), "/reopen")

    async def thank(self, answer: str, words: str = "", **typed: str) -> None:
        action = f"/posts/{place(await self.thread(answer), answer)}/thanks"
        sent = await self.browser.send(await self.browser.get(action), action, message=words, **typed)
        assert sent.status == 200, sent.alert

    async def take_thanks_back(self, answer: str) -> None:
        action = f"/posts/{place(await self.thread(answer), answer)}/thanks"
        await self._press(await self.browser.get(action), "/withdraw")

    async def by_phrase(self, question: str, phrase: str, **typed: str) -> Page:
        """Go on with an anonymous question as whoever holds its あいことば."""
        action = f"/questions/{question.rpartition('/')[2]}/phrase"
        sent = await self.browser.send(await self.browser.get(action), action, phrase=phrase, **typed)
        assert sent.status == 200, sent.alert
        return sent

    async def _press(self, page: Page, ending: str) -> Page:
        """Send the one form of `page` whose action ends so, as it stands."""
        (action,) = (each for each in page.actions if each.endswith(ending))
        sent = await self.browser.send(page, action)
        assert sent.status == 200, sent.alert
        return sent


def places(page: Page) -> dict[str, str]:
    """The posts that stand on the page of a thread: number here → uri, the question first."""
    return dict(_PLACES.findall(page.text))


def place(page: Page, uri: str) -> str:
    """The number that the post `uri` has in this town."""
    found = [number for number, each in places(page).items() if each == uri]
    assert found, f"{uri} does not stand on {page.path} ({page.status})"
    return found[0]
