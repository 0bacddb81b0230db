"""What is kept of renderings is never older, nor other, than what stands in the database."""

import orjson
import pytest

from community import filter_matching, filters
from community.filters import Word
from community.models import Account, Post
from community.visibility import Viewer
from webui.mastodon.entities import accounts, statuses


class Undone(Exception):
    pass


async def test_what_was_written_and_undone_is_not_shown_under_the_facts_of_what_came_then(site, scene, app_of):
    app = await app_of(scene.bystander)

    def say(words):
        def unit(session):
            post, author = session.get_one(Post, scene.answer), session.get_one(Account, scene.answerer)
            post.body_html, author.display_name = f"<p>{words}</p>", words
            post.touched, author.updated_at = post.touched + 1, author.updated_at + 1
            session.flush()
            viewer = Viewer(scene.bystander, role="member")
            shown = statuses.one(session, viewer, scene.answer), accounts.one(session, viewer, scene.answerer)
            assert all(words.encode() in orjson.dumps(each) for each in shown)
            if words == "取り消し":
                raise Undone

        return unit

    with pytest.raises(Undone):
        await site.database.write(say("取り消し"))
    await site.database.write(say("本当"))
    shown = (await app.get(f"/api/v1/statuses/{scene.answer}")).json
    assert (shown["content"], shown["account"]["display_name"]) == ("<p>本当</p>", "本当")


async def test_filters_that_were_made_and_undone_are_not_asked(site, scene, app_of):
    filter_matching.forget()

    def make(session):
        words = [Word(text="年末", whole=False)]
        filters.create(session, account_id=scene.bystander, title="x", contexts=["home"], words=words)
        assert filter_matching.of(session, scene.bystander).hits("年末調整", 1)
        raise Undone

    with pytest.raises(Undone):
        await site.database.write(make)
    app = await app_of(scene.bystander)
    made = await app.post("/api/v2/filters", json={"title": "y", "context": ["home"], "keywords_attributes": [{"keyword": "夏"}]})
    assert made.status == 200
    assert not await site.database.read(lambda session: filter_matching.of(session, scene.bystander).hits("年末調整", 1))
