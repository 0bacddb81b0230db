"""One address, two readers: every Accept header that is met in practice, at every kind of path (federation reference §2.4)."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from sqlalchemy import select

from federation.models import OutboxItem
from tests.webui.conftest import Site
from tests.webui.scene import Scene

HERE = "http://localhost:8080"
NOWHERE = 9_000_000_000_000_000_001
AS2 = "application/activity+json"
PROFILE = 'profile="https://www.w3.org/ns/activitystreams"'
DOCUMENT = f"{AS2}; charset=utf-8"
PAGE = "text/html; charset=utf-8"

ASKS_FOR_A_DOCUMENT = [
    AS2,  # Akkoma, Lemmy, PieFed, WordPress
    f"application/ld+json; {PROFILE}",  # Discourse
    "application/ld+json",
    f"{AS2}, application/ld+json",  # Mastodon, Misskey
    f"{AS2},application/ld+json;{PROFILE}",  # GoToSocial
    f"application/ld+json; {PROFILE}, {AS2}",  # NodeBB
    f"{AS2}, application/ld+json; {PROFILE}, text/html;q=0.1",  # Mastodon, an address that somebody pasted
    f"{AS2}, application/ld+json; {PROFILE}, application/json",  # Hubzilla
    "Application/Activity+JSON",
    f"{AS2}; charset=utf-8",
    f"{AS2} ; q=1.0 , text/html ; q = 0.5",
    'application/ld+json; profile="https://w3id.org/security, https://www.w3.org/ns/activitystreams", text/html;q=0.9',
    'application/ld+json; profile="text/html;q=1"; q=0.8, text/html;q=0.2',
    f"text/html;q=0.9, {AS2};q=0.9",  # whoever can read both gets the document
]
ASKS_FOR_ANYTHING = [
    "",
    "*/*",
    "application/json",
    "application/*",
    "application/json, text/plain, */*",
    "q=1",
    ",",
    '"',
]
ASKS_FOR_A_PAGE = [
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",  # browsers
    "text/html",
    "text/html, */*;q=0.1",
    f"{AS2};q=0.1, text/html",
    f"text/html, {AS2};q=0",
    f"text/html, {AS2};q=nonsense",
    "application/xhtml+xml",
]


class Asking:
    """A client that follows nothing."""

    def __init__(self, client: aiohttp.ClientSession, origin: str) -> None:
        self._client = client
        self._origin = origin

    async def __call__(
        self, path: str, accept: str, method: str = "GET"
    ) -> tuple[int, "dict[str, str]", bytes]:
        headers = {"Accept": accept} if accept else {}
        skip = [] if accept else ["Accept"]
        async with self._client.request(
            method, f"{self._origin}{path}", headers=headers, skip_auto_headers=skip, allow_redirects=False
        ) as answer:
            return answer.status, dict(answer.headers), await answer.read()


@pytest.fixture
async def ask(site: Site) -> AsyncIterator[Asking]:
    async with aiohttp.ClientSession() as client:
        yield Asking(client, site.origin)


def ids(scene: Scene) -> dict[str, str]:
    """Paths of ids, each with the page it stands for."""
    post = f"/posts/{scene.question}"
    return {
        "/users/mizutama": "/@mizutama",
        "/users/dareka": "/@dareka",
        "/boards/roumu": "/@roumu",
        "/actor": "/",
        post: f"{HERE}{scene.page}",
        "/users/mizutama/outbox": "/@mizutama",
        "/users/mizutama/followers": "/@mizutama",
        "/boards/roumu/moderators": "/@roumu",
        "/tags/%E5%85%A5%E7%A4%BE%E6%89%8B%E7%B6%9A%E3%81%8D": "/questions?tag=%E5%85%A5%E7%A4%BE%E6%89%8B%E7%B6%9A%E3%81%8D",
    }


@pytest.mark.parametrize("accept", [*ASKS_FOR_A_DOCUMENT, *ASKS_FOR_ANYTHING])
async def test_an_id_answers_with_the_document_itself(ask: Asking, scene: Scene, accept: str) -> None:
    for path in ids(scene):
        status, headers, body = await ask(path, accept)
        assert (path, status, headers.get("Content-Type")) == (path, 200, DOCUMENT)
        assert "Accept" in [each.strip() for each in headers["Vary"].split(",")]
        assert body.startswith(b'{"@context":["https://www.w3.org/ns/activitystreams"')
        head = await ask(path, accept, "HEAD")
        assert (head[0], head[2]) == (200, b"")
        assert head[1]["Content-Length"] == str(len(body))


@pytest.mark.parametrize("accept", ASKS_FOR_A_PAGE)
async def test_a_reader_is_led_from_an_id_to_its_page(ask: Asking, scene: Scene, accept: str) -> None:
    for path, page in ids(scene).items():
        status, headers, _ = await ask(path, accept)
        assert (path, status, headers.get("Location"), headers["Vary"]) == (path, 303, page, "Accept")


@pytest.mark.parametrize("accept", [*ASKS_FOR_ANYTHING, *ASKS_FOR_A_PAGE])
async def test_a_page_is_a_page_and_names_its_document(ask: Asking, scene: Scene, accept: str) -> None:
    for path, document in (
        ("/@mizutama", f"{HERE}/users/mizutama"),
        ("/@roumu", f"{HERE}/boards/roumu"),
        (scene.page, f"{HERE}/posts/{scene.question}"),
    ):
        status, headers, body = await ask(path, accept)
        assert (path, status, headers["Content-Type"]) == (path, 200, PAGE)
        assert headers["Link"] == f'<{document}>; rel="alternate"; type="{AS2}"'
        assert f'<link rel="alternate" type="{AS2}" href="{document}">' in body.decode()
        assert "Accept" in [each.strip() for each in headers["Vary"].split(",")]


@pytest.mark.parametrize("accept", ASKS_FOR_A_DOCUMENT)
async def test_who_asks_a_page_for_the_document_is_led_to_the_id(
    ask: Asking, scene: Scene, accept: str
) -> None:
    for path, document in (
        ("/@mizutama", f"{HERE}/users/mizutama"),
        ("/@mizutama@localhost:8080", f"{HERE}/users/mizutama"),
        ("/@dareka", f"{HERE}/users/dareka"),
        ("/@roumu", f"{HERE}/boards/roumu"),
        (scene.page, f"{HERE}/posts/{scene.question}"),
        (f"/@harukaze/{scene.answer}", f"{HERE}/posts/{scene.answer}"),
    ):
        status, headers, _ = await ask(path, accept)
        assert (path, status, headers.get("Location"), headers["Vary"]) == (path, 302, document, "Accept")


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("/users/Mizutama", "/users/mizutama"),
        ("/users/mizutama/", "/users/mizutama"),
        ("/users/MIZUTAMA/outbox/", "/users/mizutama/outbox"),
        ("/users/mizutama?utm_source=fediverse", "/users/mizutama"),
        ("/boards/Roumu/?x=1", "/boards/roumu"),
        ("/actor/", "/actor"),
    ],
)
async def test_other_spellings_of_an_id_give_the_same_document(
    ask: Asking, scene: Scene, asked: str, answered: str
) -> None:
    status, _, body = await ask(asked, AS2)
    assert status == 200
    assert body == (await ask(answered, AS2))[2]
    assert f'"id":"{HERE}{answered}"'.encode() in body


async def test_what_is_only_a_document_is_one_for_everybody(ask: Asking, site: Site, scene: Scene) -> None:
    number = await site.database.read(
        lambda session: session.scalars(
            select(OutboxItem.id).where(OutboxItem.post_id == scene.question, OutboxItem.type == "Create")
        ).one()
    )
    for path in (
        f"/posts/{scene.question}/replies?page=1",
        f"/posts/{scene.question}/context",
        f"/activities/{number}",
    ):
        for accept in (*ASKS_FOR_A_DOCUMENT, *ASKS_FOR_ANYTHING, *ASKS_FOR_A_PAGE):
            status, headers, _ = await ask(path, accept)
            assert (path, accept, status, headers["Content-Type"]) == (path, accept, 200, DOCUMENT)


@pytest.mark.parametrize("accept", [AS2, "", "text/html"])
async def test_what_is_missing_and_what_is_forbidden_look_the_same(
    ask: Asking, scene: Scene, accept: str
) -> None:
    """Same status, same headers, same bytes, at ids and at pages: nobody learns which it was."""
    missing = _told(await ask(f"/posts/{NOWHERE}", accept), NOWHERE)
    assert missing[0] == 404
    for each in (scene.sister, scene.town, scene.hidden):
        assert _told(await ask(f"/posts/{each}", accept), each) == missing


def _told(answer: tuple[int, dict[str, str], bytes], number: int) -> tuple[int, dict[str, str], bytes]:
    """An answer without the time and without the number that was asked for."""
    headers = {name: value for name, value in answer[1].items() if name not in ("Date", "Content-Length")}
    return answer[0], headers, answer[2].replace(str(number).encode(), b"N")
