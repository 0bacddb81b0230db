"""Notes: what an app posts without a board, or a followed person elsewhere; also replies whose parent is unknown."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from community import extras as besides
from community import notifications, posts, wording
from community import tags as tag_rows
from community.errors import Invalid
from community.extras import Extras
from community.models import Account, Post
from community.posts import Origin
from community.text import Body
from community.visibility import FROM_WIDE

NOTE_MOST = 5_000


def write(
    session: Session,
    *,
    author: Account,
    body: Body,
    visibility: str,
    origin: Origin | None = None,
    in_reply_to_uri: str | None = None,
    mentions: Sequence[Account] = (),
    tags: Sequence[str] = (),
    language: str | None = "ja",
    summary: str = "",
    sensitive: bool = False,
    extras: Extras | None = None,
) -> Post:
    """A note by `author`, of here or of elsewhere; with `origin`, one that is known comes back as it is.

    `summary`, `sensitive` and `language` are those of a local note, `extras` of one that an app wrote, which may say
    nothing in words; a remote one carries its own in `origin`. Invalid names the field of a local note that does not fit.
    """
    known = posts.known(session, origin)
    if known is not None:
        return known
    if origin is None:
        posts.check_author(author)
        wordless = extras is not None and extras.speaks
        # What apps send was counted as they count (`community.composing`): an address is not its length.
        most = NOTE_MOST if extras is None else wording.BODY_MOST
        body = wording.fits(body, most=most) if wordless else wording.body(body, most=most)
        if visibility not in FROM_WIDE:
            raise Invalid("visibility", "公開範囲をもう一度選んでください。")
    labels = wording.tags(tags) if origin is None and extras is None else wording.foreign_tags(tags)
    post = posts.new(
        kind="note",
        visibility=visibility,
        anonymous=origin is not None and origin.anonymous,
        in_reply_to_uri=in_reply_to_uri,
        body_source=body.source,
        body_html=body.html,
        body_text=body.text,
        language=language if origin is None else None,
        summary=summary,
        sensitive=sensitive,
    )
    if extras is not None:
        besides.dress(post, extras)
    posts.store(session, post, author=author, origin=origin)
    if extras is not None:
        besides.attach(session, post, author=author, extras=extras)
    if labels:
        tag_rows.put(session, post, labels, fresh=True)
    mentioned = posts.mention(session, post, mentions)
    posts.announce(session, post)
    for account in mentioned:
        notifications.tell(session, to=account, kind="mention", actor=author, post=post)
    return post
