"""Three of our own towns over real connections: somebody moves, and somebody is quoted, and the third one sees it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from community import blocks, composing, follows, moves, posts, quotes
from community.models import Account, Post
from federation import actors, afresh, lookup
from tests import factories
from tests.engines import SqliteFiles
from tests.federation.inbox.test_two_towns import Town, settle, town_at
from tests.towns import FixedClock


@pytest.fixture
async def towns(tmp_path: Path, sqlite_files: SqliteFiles, clock: FixedClock) -> AsyncIterator[list[Town]]:
    """みなと with はなこ, やまて with じゅん, かわべ with ふみ, who are strangers to each other."""
    async with AsyncExitStack() as stack:
        made = []
        for place, name in (("minato", "hanako"), ("yamate", "jun"), ("kawabe", "fumi")):
            town = await stack.enter_async_context(town_at(tmp_path / place, sqlite_files, clock))
            await town.do(lambda session, name=name: factories.member(session, name).id)  # type: ignore[misc]
            made.append(town)
        yield made


async def follow(here: Town, name: str, there: Town, whom: str) -> None:
    account_id = await lookup.account(here.ctx, f"@{whom}@{there.domain}")

    def unit(session: Session) -> None:
        followee = session.get_one(Account, account_id)
        follows.request(session, follower=factories.local(session, name), followee=followee)

    await here.do(unit)


async def follows_now(here: Town, name: str, there: Town, whom: str) -> str | None:
    def unit(session: Session) -> str | None:
        account = actors.by_uri(session, f"http://{there.domain}/users/{whom}")
        if account is None:
            return None
        row = follows.between(session, factories.local(session, name).id, account.id)
        return row.state if row is not None else None

    return await here.do(unit)


async def test_who_follows_goes_along_from_town_to_town(towns: list[Town]) -> None:
    minato, yamate, kawabe = towns
    await follow(kawabe, "fumi", minato, "hanako")
    await settle(*towns)
    assert await follows_now(kawabe, "fumi", minato, "hanako") == "accepted"

    old_id = await lookup.account(yamate.ctx, f"@hanako@{minato.domain}")
    await yamate.do(
        lambda session: moves.add_alias(
            session, account=factories.local(session, "jun"), other=session.get_one(Account, old_id)
        )
    )
    await settle(*towns)
    new_id = await afresh.account(minato.ctx, f"@jun@{yamate.domain}")
    await minato.do(
        lambda session: moves.leave_for(
            session, account=factories.local(session, "hanako"), target=session.get_one(Account, new_id)
        )
    )
    await settle(*towns)
    assert await follows_now(kawabe, "fumi", yamate, "jun") == "accepted"
    assert await follows_now(kawabe, "fumi", minato, "hanako") is None
    counts = [
        await town.do(lambda session, name=name: factories.local(session, name).followers_count)  # type: ignore[misc]
        for town, name in ((minato, "hanako"), (yamate, "jun"))
    ]
    assert counts == [0, 1]
    moved = await kawabe.do(
        lambda session: actors.by_uri(session, f"http://{minato.domain}/users/hanako").moved_to_uri  # type: ignore[union-attr]
    )
    assert moved == f"http://{yamate.domain}/users/jun"


async def write(here: Town, name: str, said: str, **facts: object) -> str:
    draft = composing.Draft(text=said, visibility="open", **facts)  # type: ignore[arg-type]
    return await here.do(
        lambda session: composing.write(session, author=factories.local(session, name), draft=draft).uri
    )


async def quoted(here: Town, uri: str) -> tuple[str | None, str | None]:
    post = await here.post(uri)
    return post.quote_state, post.quote_authorization


async def test_a_quote_is_asked_for_agreed_to_seen_by_others_and_taken_off(towns: list[Town]) -> None:
    minato, yamate, kawabe = towns
    await follow(kawabe, "fumi", yamate, "jun")
    await settle(*towns)
    original = await write(minato, "hanako", "もとの話です。")
    known = await lookup.post(yamate.ctx, original)
    quoting = await write(yamate, "jun", "見てください。", quoted_id=known)
    assert await quoted(yamate, quoting) == ("pending", None)
    await settle(*towns)

    state, stamp = await quoted(yamate, quoting)
    assert state == "accepted"
    assert stamp is not None
    assert stamp.startswith(f"http://{minato.domain}/quotes/")
    assert await quoted(kawabe, quoting) == ("accepted", stamp)  # which かわべ fetched from みなと itself
    assert await quoted(minato, quoting) == ("accepted", stamp)
    assert (await minato.post(original)).quotes_count == 1

    def take_off(session: Session) -> None:
        hanako = factories.local(session, "hanako")
        own, other = posts.by_uri(session, original), posts.by_uri(session, quoting)
        assert own is not None
        assert other is not None
        quotes.revoke(session, by=hanako, quoted=own, quoting=other)

    await minato.do(take_off)
    await settle(*towns)
    assert await quoted(yamate, quoting) == ("revoked", None)
    for town in (minato, kawabe):
        assert await quoted(town, quoting) == (None, None)  # the post came anew, without it
    assert (await minato.post(original)).quotes_count == 0


@pytest.mark.parametrize("policy", ["nobody", "followers"])
async def test_a_quote_that_is_not_wanted_is_none(towns: list[Town], policy: str) -> None:
    minato, yamate, _ = towns
    original = await write(minato, "hanako", "もとの話です。", quote_policy="public")
    known = await lookup.post(yamate.ctx, original)

    def forbid(session: Session) -> None:
        post = posts.by_uri(session, original)
        assert post is not None
        quotes.set_policy(session, by=factories.local(session, "hanako"), post=post, policy=policy)

    await minato.do(forbid)
    quoting = await write(yamate, "jun", "見てください。", quoted_id=known)
    await settle(*towns)
    assert await quoted(yamate, quoting) == ("rejected", None)
    assert (await minato.post(original)).quotes_count == 0


async def test_who_is_blocked_quotes_nobody(towns: list[Town]) -> None:
    minato, yamate, _ = towns
    original = await write(minato, "hanako", "もとの話です。")
    known = await lookup.post(yamate.ctx, original)
    jun = await lookup.account(minato.ctx, f"@jun@{yamate.domain}")
    quoting = await write(yamate, "jun", "見てください。", quoted_id=known)
    await minato.do(
        lambda session: blocks.block(
            session, account=factories.local(session, "hanako"), target=session.get_one(Account, jun)
        )
        and None
    )
    await settle(*towns)
    assert await quoted(yamate, quoting) == ("rejected", None)
    stored = await minato.do(lambda session: session.query(Post).filter(Post.quote_state == "accepted").count())
    assert stored == 0
