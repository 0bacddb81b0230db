"""What the town talks of these days. Topics are told by how many people wrote of them; posts and people are never ranked:
in the place of popular posts stand the questions that were solved, the newest first.
"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community import ids, quiet, timelines, town
from community.models import Post, PostTag, Tag
from community.visibility import OPEN, PUBLIC, Viewer, visible_to

DAYS = 7
_DAY = 86_400_000
READ_MOST = 5_000
"""How many of the newest posts of these days are looked at."""

TAGS_MOST = 100


def tags(session: Session) -> list[Tag]:
    """The tags of open posts of the last seven days, those of most people first; at most TAGS_MOST."""
    since = ids.first_of(town.now(session) - DAYS * _DAY)
    lately = (
        select(Post.id).where(Post.id >= since).order_by(Post.id.desc()).limit(READ_MOST).subquery("lately")
    )
    people = func.count(Post.author_id.distinct())
    counted = (
        select(PostTag.tag_id)
        .join(lately, lately.c.id == PostTag.post_id)
        .join(Post, Post.id == lately.c.id)
        .where(Post.visibility == OPEN, visible_to(PUBLIC), quiet.heard(PUBLIC, Post.author_id))
        .group_by(PostTag.tag_id)
        .order_by(people.desc(), func.count().desc(), PostTag.tag_id.desc())
        .limit(TAGS_MOST)
    )
    found = list(session.scalars(counted))
    rows = {tag.id: tag for tag in session.scalars(select(Tag).where(Tag.id.in_(found)))}
    return [rows[each] for each in found]


def solved(session: Session, viewer: Viewer, *, limit: int, offset: int = 0) -> list[int]:
    """The questions that were solved and that everyone may read, the newest first."""
    found = timelines.questions(session, viewer, tab="solved", limit=limit + offset)
    return [post.id for post in found if post.visibility == OPEN][offset:]
