"""What a received post brings besides its words: pictures, and the custom emoji in them."""

from sqlalchemy.orm import Session

from community import emojis, media, towns
from community.models import Account, Post
from federation.vocabulary.notes import Note


def keep(session: Session, post: Post, note: Note, author: Account) -> None:
    """Let `post`, which `author` of another server wrote, have what `note` says of it now.

    Nothing is kept of hosts whose pictures this town does not want.
    """
    unwanted = towns.rejects_media(session, author.domain)
    media.set_foreign(session, post, () if unwanted else note.pictures)
    shown = None if unwanted else emojis.learn(session, author.domain, note.emojis) or None
    if post.emojis != shown:
        post.emojis = shown
        session.flush()
        media.touch(session, post.id)
