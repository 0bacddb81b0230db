"""Somebody looks at what came from elsewhere: what grew old is asked for beside the answer, which never waits for it."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from federation import errands, freshness
from federation.catching_up import triggers
from federation.context import Federation
from federation.keyring import Recent

_AGAIN_MS = 60_000  # within it a second look at the same makes this process ask the database nothing
_MOST = 10_000
Old = Callable[[Session], tuple[str, ...]]


class Looks:
    """What was looked at in the last minute, in this process."""

    def __init__(self) -> None:
        self._seen: Recent[tuple[str, int], int] = Recent(_MOST)

    def is_first(self, kind: str, number: int, now: int) -> bool:
        at = self._seen.get((kind, number))
        if at is not None and now - at < _AGAIN_MS:
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
    """A member looked at an account: one that was not read for a day is read anew."""
    if _looks(ctx).is_first("profile", account_id, ctx.town.clock()):
        ctx.aside(
            _ask_for(ctx, errands.PROFILE, lambda session: freshness.old_profile(session, account_id))
        )


async def _ask_for(ctx: Federation, kind: str, old: Old) -> None:
    """Have what is `old` fetched, if anything is."""
    uris = await ctx.database.read(old)
    if uris:
        await ctx.database.write(lambda session: [errands.enqueue(session, kind, each) for each in uris])


def _looks(ctx: Federation) -> Looks:
    looks: Looks = ctx.town.memory.setdefault("machi.looks", Looks())
    return looks
