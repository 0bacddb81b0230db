"""Where a post stands: the page of its thread, and its place there."""

from sqlalchemy.orm import Session

from community import anonymity, visibility
from community.models import Post
from community.visibility import Viewer
from webui import addresses


def beginning(session: Session, viewer: Viewer, post: Post) -> Post:
    """The post whose page shows `post`: the first of its thread, or the stub that is left of it.

    Where `viewer` may not see the first one, `post` stands for itself.
    """
    if post.boost_of_id is not None:  # our pages show no boosts, but what they pass on
        post = session.get_one(Post, post.boost_of_id)
    root = session.get(Post, post.root_id or post.id) or post
    shown = visibility.may_see(session, viewer, root) or visibility.was_taken_back(session, viewer, root)
    return root if shown else post


def place(session: Session, viewer: Viewer, post: Post) -> str:
    """The address at which `viewer` finds a post that they may see."""
    root = beginning(session, viewer, post)
    return addresses.in_thread(root, anonymity.public_author(session, root, viewer), post.id)


def of_post_id(session: Session, viewer: Viewer, post_id: int) -> str:
    """The same for the post `post_id`. NotFound if `viewer` may not see it."""
    return place(session, viewer, visibility.require(session, viewer, post_id))
