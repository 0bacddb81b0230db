"""What a received post brings besides its words: pictures, and the custom emoji in them."""

from sqlalchemy.orm import Session

from community import emojis, media, towns
from community.models import Account, Post
from federation.vocabulary.notes import Note


def keep(session: Session, post: Post, note: Note, author: Account, *, fresh: bool = False) -> None:
    """Let `post`, which `author` of another server wrote, have what `note` says of it now. A `fresh` post has nothing yet.

    Nothing is kept of hosts whose pictures this town does not want.
    """
    brings = bool(note.pictures or note.emojis)
    if fresh and not brings:
        return
    unwanted = brings and towns.rejects_media(session, author.domain)
    media.set_foreign(session, post, () if unwanted else note.pictures, fresh=fresh)
    shown = None if unwanted else emojis.learn(session, author.domain, note.emojis) or None
    if post.emojis != shown:
        post.emojis = shown
        session.flush()
        media.touch(session, post.id)
