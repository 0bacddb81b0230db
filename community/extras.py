"""What an app says of a post besides its words, and what the post carries: pictures, a poll, a quote."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from community import media, polls, quotes
from community.models import Account, Post


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """How a local post was written. `application` None: on a page, in Markdown; else with the app of that name, in
    plain text. `language` None: that of the thread.
    """

    summary: str = ""
    sensitive: bool = False
    language: str | None = None
    application: str | None = None
    application_url: str | None = None
    quote_policy: str | None = None
    media_ids: Sequence[int] = ()
    scheduled_id: int | None = None  # the scheduled post for which the pictures were kept
    poll: polls.Draft | None = None
    quoted: Post | None = None

    @property
    def speaks(self) -> bool:
        """Whether the post says something even without words."""
        return bool(self.media_ids or self.poll or self.quoted)


PLAIN = Extras()


def dress(post: Post, extras: Extras) -> None:
    """Write on `post`, before it is stored, what stands on the post itself."""
    post.summary = extras.summary
    post.sensitive = extras.sensitive
    post.language = extras.language or post.language
    post.application, post.application_url = extras.application, extras.application_url
    post.quote_policy = extras.quote_policy


def attach(session: Session, post: Post, *, author: Account, extras: Extras) -> None:
    """Give `post`, which was just stored, its pictures, poll and quote. Raises Invalid as they do."""
    if extras.media_ids:
        media.attach(session, post, extras.media_ids, scheduled_id=extras.scheduled_id)
    if extras.poll is not None:
        polls.attach(session, post, extras.poll)
    if extras.quoted is not None:
        quotes.attach(session, post, author=author, quoted=extras.quoted)
