"""Which sayings tell the hosts that get them how many followers are counted there."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import town
from community.db import Database
from federation.models import OutboxItem
from federation.outbox import sayings
from tests import factories


@pytest.mark.parametrize(
    ("who", "visibility", "tells"),
    [("hanako", "followers", True), ("hanako", "open", False), ("hanako", "direct", False), ("dareka", "followers", False)],
)
async def test_only_what_a_member_says_to_followers_alone_tells_of_them(
    database: Database, who: str, visibility: str, tells: bool
) -> None:
    """Of the relay nobody learns by whom it is followed, whatever is said in its name."""

    def unit(session: Session) -> bool:
        post = factories.question(session, factories.member(session, "hanako"))
        post.visibility = visibility
        activity = {"id": town.of(session).uris.activity(7), "type": "Create", "object": post.uri}
        sayings.say(session, factories.local(session, who), activity, [], about=post.uri, at=1, post=post)
        return session.scalars(select(OutboxItem.synchronises).where(OutboxItem.id == 7)).one()

    assert await database.write(unit) is tells
