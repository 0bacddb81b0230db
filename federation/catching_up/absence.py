"""What was not found a day ago is asked for once more: if it is still not there, it is deleted."""

from sqlalchemy.orm import Session

from community import posts
from federation.catching_up import profiles
from federation.catching_up.posts import forget
from federation.catching_up.trip import Trip


async def run(trip: Trip, uri: str) -> None:
    """Decide about the post or actor `uri`. Raises TemporaryFailure: a failure says nothing."""
    told = await trip.ask(uri)
    if not (told.gone or told.absent):
        return
    if not await trip.ctx.database.write(lambda session: _forget_post(session, uri)):
        await profiles.remove(trip.ctx, uri)


def _forget_post(session: Session, uri: str) -> bool:
    """Whether `uri` is a post; then it is gone."""
    post = posts.by_uri(session, uri)
    if post is not None and not post.local and post.deleted_at is None:
        forget(session, post)
    return post is not None
