"""What stands above and below a post, in the order in which apps read a thread."""

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import distance, town
from community.models import Post
from community.visibility import Viewer
from webui.mastodon.entities import stamps
from webui.mastodon.entities.stamps import Stamp

POSTS_MOST = 4_000
"""How much of a thread is looked at; of a longer one, the oldest part."""

ABOVE_OF_STRANGERS, BELOW_OF_STRANGERS, DEPTH_OF_STRANGERS = 40, 60, 20
Found = tuple[list[Stamp], list[Stamp]]


def around(session: Session, viewer: Viewer, post_id: int) -> Found | None:
    """The posts above `post_id`, the first of the thread first, and those below, depth first; None if it is not there.

    What stands under a post that is hidden hangs on the nearest one above it. The 決め手 comes first, then the oldest.
    Strangers get a shorter thread. Five queries.
    """
    here = stamps.by_id(session, viewer, [post_id]).get(post_id)
    if here is None:
        return None
    root_id = session.scalar(select(Post.root_id).where(Post.id == post_id)) or post_id
    rows = session.execute(
        select(Post.id, Post.parent_id).where(Post.root_id == root_id).order_by(Post.id).limit(POSTS_MOST)
    ).all()
    parents = {row.id: row.parent_id for row in rows}
    unheard = _unheard(session, viewer, root_id)
    shown = stamps.by_id(session, viewer, [each for each in parents if each not in unheard] + [root_id])
    above = _above(post_id, parents, shown)
    below = _below(post_id, parents, shown, None if viewer.account_id is not None else DEPTH_OF_STRANGERS)
    if viewer.account_id is None:
        above, below = above[-ABOVE_OF_STRANGERS:], below[:BELOW_OF_STRANGERS]
    return [shown[each] for each in above], [shown[each] for each in below]


def _unheard(session: Session, viewer: Viewer, root_id: int) -> set[int]:
    """Posts of people from whom the viewer turned away."""
    if viewer.account_id is None:
        return set()
    hidden = distance.hidden(viewer, Post.__table__.c.author_id, town.now(session))
    return set(session.scalars(select(Post.__table__.c.id).where(Post.__table__.c.root_id == root_id, hidden)))


def _above(post_id: int, parents: dict[int, int | None], shown: dict[int, Stamp]) -> list[int]:
    found: list[int] = []
    at = parents.get(post_id)
    while at is not None and at not in found and len(found) < POSTS_MOST:
        found.append(at)
        at = parents.get(at)
    return [each for each in reversed(found) if each in shown]


def _below(
    post_id: int, parents: dict[int, int | None], shown: dict[int, Stamp], depth_most: int | None
) -> list[int]:
    children: defaultdict[int, list[int]] = defaultdict(list)
    for each, parent in parents.items():
        if parent is not None:
            children[parent].append(each)
    first = {stamp.accepted_answer_id for stamp in shown.values() if stamp.accepted_answer_id is not None}
    found: list[int] = []
    waiting = [(post_id, 0)]
    while waiting:
        at, depth = waiting.pop()
        if at != post_id and at in shown:
            found.append(at)
        if depth_most is None or depth < depth_most:
            under = sorted(children[at], key=lambda each: (each not in first, each), reverse=True)
            waiting += [(each, depth + 1) for each in under]
    return found
