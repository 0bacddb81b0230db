"""The comments under a post in the order in which they are read: each under what it answers, indented only so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from community.models import Account, Post
from community.threads import Thread

DEEPEST = 2
"""Steps of indentation; a phone has no room for more. Further replies say to whom they speak."""


@dataclass(frozen=True, slots=True)
class Said:
    post: Post
    depth: int  # 0 … DEEPEST
    to: Account | None  # whom it speaks to, where the indentation no longer shows it


def under(thread: Thread, post_id: int) -> list[Said]:
    """What was said under the post `post_id` of `thread`, depth first. However deep it goes, nothing recurses."""
    return _walk(thread.comments, thread.authors, post_id)


def _walk(comments: Mapping[int, Sequence[Post]], authors: Mapping[int, Account], post_id: int) -> list[Said]:
    said: list[Said] = []
    waiting = [(post, 0, post_id) for post in reversed(comments.get(post_id, ()))]
    while waiting:
        post, depth, above = waiting.pop()
        said.append(Said(post, min(depth, DEEPEST), authors[above] if depth > DEEPEST else None))
        waiting += [(below, depth + 1, post.id) for below in reversed(comments.get(post.id, ()))]
    return said
