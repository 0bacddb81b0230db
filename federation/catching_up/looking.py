"""Somebody looks at what came from elsewhere: what grew old is asked for beside the answer, which never waits for it."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from federation import errands, freshness
from federation.catching_up import triggers
from federation.context import Federation
from federation.keyring import Recent

_AGAIN_MS = 60_000  # within it a second look at the same makes this process ask the database nothing
_FEATURED_AGAIN_MS = 21_600_000
_MOST = 10_000
Old = Callable[[Session], tuple[str, ...]]


class Looks:
    """What was looked at lately, in this process."""

    def __init__(self) -> None:
        self._seen: Recent[tuple[str, int], int] = Recent(_MOST)

    def is_first(self, kind: str, number: int, now: int, *, again: int = _AGAIN_MS) -> bool:
        at = self._seen.get((kind, number))
        if at is not None and now - at < again:
            return False
        self._seen.put((kind, number), now)
        return True


def thread_opened(ctx: Federation, post_id: int) -> None:
    """A member opened the thread of a post: its replies elsewhere are fetched, once in a quarter of an hour at most."""
    if _looks(ctx).is_first("thread", post_id, ctx.town.clock()):
        ctx.aside(_ask_for(ctx, errands.REPLIES, lambda session: triggers.thread_opened(session, post_id)))


def post_opened(ctx: Federation, post_id: int) -> None:
    """A member opened one post: what it says and counts elsewhere is read anew, as seldom as that."""
    if _looks(ctx).is_first("post", post_id, ctx.town.clock()):
        ctx.aside(_ask_for(ctx, errands.POST, lambda session: triggers.post_opened(session, post_id)))


def profile_opened(ctx: Federation, account_id: int) -> None:
    """A member looked at an account: one that was not read for a day is read anew, and what it shows first."""
    featured_opened(ctx, account_id)
    if _looks(ctx).is_first("profile", account_id, ctx.town.clock()):
        ctx.aside(
            _ask_for(ctx, errands.PROFILE, lambda session: freshness.old_profile(session, account_id))
        )


def featured_opened(ctx: Federation, account_id: int) -> None:
    """A member looked at what an account shows first: that is read from its server, a few times a day at most."""
    if _looks(ctx).is_first("featured", account_id, ctx.town.clock(), again=_FEATURED_AGAIN_MS):
        ctx.aside(
            _ask_for(ctx, errands.FEATURED, lambda session: triggers.featured_opened(session, account_id))
        )


def poll_opened(ctx: Federation, post_id: int) -> None:
    """A member looked at a poll: its counts are read anew, once in some minutes."""
    if _looks(ctx).is_first("poll", post_id, ctx.town.clock()):
        ctx.aside(_ask_for(ctx, errands.POST, lambda session: triggers.poll_opened(session, post_id)))


async def _ask_for(ctx: Federation, kind: str, old: Old) -> None:
    """Have what is `old` fetched, if anything is."""
    uris = await ctx.database.read(old)
    if uris:
        await ctx.database.write(lambda session: [errands.enqueue(session, kind, each) for each in uris])


def _looks(ctx: Federation) -> Looks:
    looks: Looks = ctx.town.memory.setdefault("machi.looks", Looks())
    return looks
