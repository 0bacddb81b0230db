"""One question with everything said under it, as one viewer sees it, in a fixed number of queries."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from community import distance, nametags, town
from community.models import Account, Post, Thanks
from community.visibility import Viewer, visible_to

POSTS_MOST = 1_000
"""How much of a thread is shown; the oldest part, which is where the answers are."""


@dataclass(frozen=True, slots=True)
class Thread:
    """`answers`: the 決め手 first, then by thanks, then the oldest. Everything else by what it belongs to."""

    question: Post
    answers: list[Post]
    comments: dict[int, list[Post]]  # by the id of the post they stand under, the oldest first
    thanks: dict[int, list[Thanks]]  # by the id of the answer, the newest first; with and without words
    messages: dict[int, Post]  # the words, by the id of the thanks
    authors: dict[int, Account]  # the shown author, by the id of the post
    givers: dict[int, Account]  # who is shown to have given, by the id of the thanks
    by_asker: frozenset[int]  # what the asker of an open question said under it


def thread(session: Session, viewer: Viewer, root: Post) -> Thread:
    """What `viewer` sees under `root`, which the caller has asked for by `visibility.require`. Six queries at most.

    What stood under a post that is gone or not visible stands under the nearest visible one above it. Left out is also
    what was said by those from whom the viewer turned away.
    """
    posts = list(
        session.scalars(
            select(Post)
            .where(
                Post.root_id == root.id, Post.id != root.id, visible_to(viewer),
                ~distance.hidden(viewer, Post.author_id, town.now(session)),
            )
            .order_by(Post.id).limit(POSTS_MOST)
        )
    )  # fmt: skip
    answers = [post for post in posts if post.kind == "answer"]
    answers.sort(key=lambda post: (post.id != root.accepted_answer_id, -post.thanks_count, post.id))
    thanks = _thanks(session, viewer, [post.id for post in answers])
    given = [it for some in thanks.values() for it in some]
    people = {post.author_id for post in (root, *posts)} | {it.giver_id for it in given}
    shown = nametags.shown(session, viewer, {account_id: account_id for account_id in people})
    return Thread(
        question=root,
        answers=answers,
        comments=_comments(session, root, posts),
        thanks=thanks,
        messages={post.thanks_id: post for post in posts if post.thanks_id is not None},
        authors={post.id: shown[post.author_id] for post in (root, *posts)},
        givers={it.id: shown[it.giver_id] for it in given},
        by_asker=frozenset(post.id for post in posts if post.author_id == root.author_id and not root.anonymous),
    )


def _thanks(session: Session, viewer: Viewer, answer_ids: list[int]) -> dict[int, list[Thanks]]:
    """What was given for the answers; 本人だけに ones only to the two whom they concern."""
    given: dict[int, list[Thanks]] = {answer_id: [] for answer_id in answer_ids}
    for_all: ColumnElement[bool] = Thanks.private.is_(False)
    if viewer.account_id is not None:
        me = viewer.account_id
        for_all = or_(for_all, Thanks.receiver_id == me, Thanks.giver_id == me)
    rows = session.scalars(
        select(Thanks)
        .where(
            Thanks.post_id.in_(answer_ids), for_all, ~distance.hidden(viewer, Thanks.giver_id, town.now(session))
        )
        .order_by(Thanks.id.desc())
    )
    for row in rows:
        given[row.post_id].append(row)
    return given


def _comments(session: Session, root: Post, posts: list[Post]) -> dict[int, list[Post]]:
    parents = dict(session.execute(select(Post.id, Post.parent_id).where(Post.root_id == root.id)).all())
    shown = {root.id, *(post.id for post in posts if post.thanks_id is None)}
    under: defaultdict[int, list[Post]] = defaultdict(list)
    for post in posts:
        if post.kind != "comment" or post.thanks_id is not None:
            continue
        above = post.parent_id
        while above is not None and above not in shown:
            above = parents.get(above)
        under[above or root.id].append(post)
    return dict(under)
