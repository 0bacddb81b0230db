"""A member and her question, and somebody of another software who says things about them."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community import follows, posts
from community.models import (
    Account,
    Post,
)
from federation import actors
from tests import factories
from tests.federation.inbox import mail
from tests.federation.inbox.dialects import Speaker
from tests.peer_shapes import Document


class Scene:
    """はなこ and her question on a board, and somebody on a server of another software whom she may follow."""

    def __init__(self, session: Session, software: str) -> None:
        self.session = session
        self.them = Speaker(software)
        self.hanako = factories.member(session, "hanako")
        self.question = factories.question(session, self.hanako)
        self.mika = actors.upsert(session, self.them.actor())

    def deliver(self, activity: Document, *more: Document) -> None:
        mail.deliver(self.session, activity, self.them.actor(), self.them.group_actor(), *more)
        self.session.flush()
        self.session.expire_all()

    def followed(self, account: Account | None = None) -> Account:
        """はなこ follows them, or `account`."""
        account = account or self.mika
        follows.accept(self.session, follow=follows.request(self.session, follower=self.hanako, followee=account))
        return account

    def created(self, note: Document) -> Post:
        """The post that a Create of `note` makes."""
        self.deliver(self.them.says("Create", note, to=self._audience(note), cc=note.get("cc")))
        post = posts.by_uri(self.session, note["id"])
        assert post is not None
        return post

    def _audience(self, note: Document) -> list[str]:
        return note["to"] if isinstance(note["to"], list) else [note["to"]]

    def count(self, model: Any) -> int:
        return self.session.scalar(select(func.count()).select_from(model)) or 0

    def post(self, uri: str) -> Post:
        found = posts.by_uri(self.session, uri)
        assert found is not None
        return found
