"""Direct conversations over a real socket: the subscribers of the served town keep them."""

import pytest

from community import notes, posts, text
from community.models import Account, Post
from tests.webui.conftest import Site
from tests.webui.mastodon.conftest import AppOf
from tests.webui.scene import Scene

PATH = "/api/v1/conversations"


@pytest.fixture
def say(site: Site):
    """Call it with the account ids of who says it and to whom; the id of the post."""

    async def saying(author: int, *others: int) -> int:
        def unit(session) -> int:
            to = [session.get_one(Account, it) for it in others]
            who = session.get_one(Account, author)
            body = text.from_markdown("内緒の話です。")
            return notes.write(session, author=who, body=body, visibility="direct", mentions=to).id

        return await site.database.write(unit)

    return saying


async def test_the_list_is_walked_by_last_posts(scene: Scene, app_of: AppOf, say) -> None:
    said = [await say(scene.asker, scene.answerer) for _ in range(3)]
    said.append(await say(scene.answerer, scene.asker, scene.bystander))
    app = await app_of(scene.answerer)
    first = await app.get(PATH, params={"limit": "3"})
    assert [it["last_status"]["id"] for it in first.json] == [str(it) for it in said[:0:-1]]
    assert [it["unread"] for it in first.json] == [False, True, True]
    assert {it["username"] for it in first.json[0]["accounts"]} == {"mizutama", "hotate"}
    assert f"max_id={said[1]}" in first.links["next"]
    rest = await app.get(first.links["next"].partition("localhost:8080")[2])
    assert [it["last_status"]["id"] for it in rest.json] == [str(said[0])]


async def test_reading_and_putting_away(site: Site, scene: Scene, app_of: AppOf, say) -> None:
    post_id = await say(scene.asker, scene.answerer)
    app, other = await app_of(scene.answerer), await app_of(scene.bystander)
    (row,) = (await app.get(PATH)).json
    one = f"{PATH}/{row['id']}"
    for deed in (other.post(f"{one}/read"), other.post(f"{one}/unread"), other.delete(one)):
        assert (await deed).status == 404
    assert (await app.post(f"{one}/read")).json == row | {"unread": False}
    assert (await app.post(f"{one}/unread")).json["unread"] is True
    assert (await app.delete(one)).json == {}
    assert (await app.get(PATH)).json == []
    again = await say(scene.asker, scene.answerer)
    assert [it["last_status"]["id"] for it in (await app.get(PATH)).json] == [str(again)]

    def take_back(session) -> None:
        for each in (again, post_id):
            posts.delete(session, post=session.get_one(Post, each), by=session.get_one(Account, scene.asker))

    await site.database.write(take_back)
    assert (await app.get(PATH)).json == []


async def test_scopes(scene: Scene, app_of: AppOf) -> None:
    assert (await (await app_of(scene.asker, scopes="write")).get(PATH)).status == 403
    assert (await (await app_of(scene.asker, scopes="read")).post(f"{PATH}/1/read")).status == 403
    assert (await (await app_of(scene.asker, scopes="read")).delete(f"{PATH}/1")).status == 403
