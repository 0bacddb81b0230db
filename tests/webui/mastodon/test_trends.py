"""Trends as apps see them."""

from community import questions
from community.models import Account, Post


async def test_topics_come_as_tags_with_their_days(site, scene, app_of):
    app = await app_of(None)
    for path in ("/api/v1/trends/tags", "/api/v1/trends"):
        (told,) = (await app.get(path)).json
        assert told["name"] == "入社手続き"
        assert len(told["history"]) == 7
        assert "following" not in told
    member = await app_of(scene.bystander)
    assert (await member.get("/api/v1/trends/tags")).json[0]["following"] is False
    assert (await member.get("/api/v1/trends/tags", params={"offset": 1})).json == []


async def test_solved_questions_stand_where_popular_posts_would(site, scene, app_of):
    app = await app_of(None)
    assert (await app.get("/api/v1/trends/statuses")).json == []

    def solve(session):
        question, answer = session.get_one(Post, scene.question), session.get_one(Post, scene.answer)
        questions.solve(session, question=question, answer=answer, by=session.get_one(Account, scene.asker))

    await site.database.write(solve)
    (told,) = (await app.get("/api/v1/trends/statuses")).json
    assert told["id"] == str(scene.question)


async def test_links_are_counted_by_nobody(app_of):
    answer = await (await app_of(None)).get("/api/v1/trends/links")
    assert (answer.status, answer.json) == (200, [])


async def test_any_app_reads_what_is_talked_of(site, scene, app_of):
    narrow = await app_of(scene.bystander, scopes="write:lists")
    for path in ("trends", "trends/tags", "trends/statuses", "trends/links"):
        assert (await narrow.get(f"/api/v1/{path}")).status == 200
