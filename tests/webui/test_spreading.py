"""A link that spreads: its page is made once for all who come without a cookie, and is never behind what was said."""

from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from sqlalchemy.orm import Session

from community import posts, questions, text, thanks
from community.models import Account, Post
from tests import factories
from tests.webui.conftest import Site
from tests.webui.scene import Scene
from webui.keys import TEMPLATES

CRAWLERS = (
    "Mastodon/4.5 (+https://a.example/)",
    "Misskey/2025.10",
    "Mozilla/5.0 (compatible; Discordbot/2.0)",
)


@pytest.fixture
def made(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The templates that were rendered, in order."""
    seen: list[str] = []
    templates = site.app[TEMPLATES]
    render = templates.render

    def noting(language: str, template: str, context: Any) -> str:
        seen.append(template)
        return render(language, template, context)

    monkeypatch.setattr(templates, "render", noting)
    return seen


async def get(site: Site, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client,
        client.get(
            f"{site.origin}{path}", headers={"Accept": "text/html"} | headers, allow_redirects=False
        ) as answer,
    ):
        return answer.status, dict(answer.headers), await answer.text()


async def test_a_page_is_made_once_for_all_crawlers(site: Site, scene: Scene, made: list[str]) -> None:
    told = [await get(site, scene.page, **{"User-Agent": each}) for each in CRAWLERS]
    assert made == ["thread.html"]
    (status, headers, page), *others = told
    assert status == 200
    assert '<meta property="og:title"' in page
    assert headers["Link"].endswith('rel="alternate"; type="application/activity+json"')
    for each in others:
        assert (each[0], each[2]) == (status, page)
        assert {**each[1], "Date": ""} == {**headers, "Date": ""}


async def test_a_member_and_another_language_have_pages_of_their_own(
    site: Site, scene: Scene, made: list[str]
) -> None:
    stranger = await get(site, scene.page)
    english = await get(site, scene.page, **{"Accept-Language": "en"})
    assert 'lang="en"' in english[2]
    assert 'lang="ja"' in stranger[2]
    member = await site.enter("hotate")
    seen = await member.get(scene.page)
    assert "ほたて印" in seen.text or "/logout" in seen.text
    assert made.count("thread.html") == 3
    assert (await get(site, scene.page))[2] == stranger[2]
    assert made.count("thread.html") == 3


def _answer(session: Session, scene: Scene) -> None:
    factories.answer(
        session, session.get_one(Account, scene.bystander), session.get_one(Post, scene.question)
    )


def _edit(session: Session, scene: Scene) -> None:
    posts.edit(
        session, post=session.get_one(Post, scene.comment), by=session.get_one(Account, scene.asker),
        body=text.from_markdown("あとから直しました。"),
    )  # fmt: skip


def _thank(session: Session, scene: Scene) -> None:
    thanks.give(
        session, giver=session.get_one(Account, scene.bystander), answer=session.get_one(Post, scene.answer)
    )


def _solve(session: Session, scene: Scene) -> None:
    asker = session.get_one(Account, scene.asker)
    question, answer = session.get_one(Post, scene.question), session.get_one(Post, scene.answer)
    questions.solve(session, question=question, answer=answer, by=asker)


def _take_back(session: Session, scene: Scene) -> None:
    comment = session.get_one(Post, scene.comment)
    posts.delete(session, post=comment, by=session.get_one(Account, scene.asker))


@pytest.mark.parametrize("deed", [_answer, _edit, _thank, _solve, _take_back])
async def test_what_happens_in_the_thread_shows_at_once(
    site: Site, scene: Scene, deed: Callable[[Session, Scene], None]
) -> None:
    before = await get(site, scene.page)
    site.clock.advance(ms=5)
    await site.database.write(lambda session: deed(session, scene))
    after = await get(site, scene.page)
    assert after[2] != before[2]
    assert after[2] == (await get(site, f"{scene.page}?fresh=1"))[2].replace("?fresh=1", "").replace(
        "%3Ffresh%3D1", ""
    )


async def test_a_thread_that_was_taken_back_is_gone_at_once(site: Site, scene: Scene) -> None:
    path = await site.database.write(
        lambda session: f"/@mizutama/{factories.question(session, session.get_one(Account, scene.asker)).id}"
    )
    assert (await get(site, path))[0] == 200
    post_id = int(path.rpartition("/")[2])

    def delete(session: Session) -> None:
        posts.delete(session, post=session.get_one(Post, post_id), by=session.get_one(Account, scene.asker))

    await site.database.write(delete)
    assert (await get(site, path))[0] == 410


async def test_nothing_is_older_than_a_minute(site: Site, scene: Scene, made: list[str]) -> None:
    await get(site, scene.page)
    site.clock.advance(seconds=59)
    await get(site, scene.page)
    assert made == ["thread.html"]
    site.clock.advance(seconds=2)
    await get(site, scene.page)
    assert made == ["thread.html"] * 2


@pytest.mark.parametrize("which", ["sister", "town", "hidden"])
async def test_what_is_not_for_everybody_is_never_kept(
    site: Site, scene: Scene, made: list[str], which: str
) -> None:
    member = await site.enter("hotate")
    path = f"/@{'dareka' if which == 'hidden' else 'mizutama'}/{getattr(scene, which)}"
    assert (await member.get(path)).status == 200
    made.clear()
    for _ in range(2):
        assert (await get(site, path))[0] == 404
    assert "thread.html" not in made
