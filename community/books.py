"""感謝の手帳: the letters somebody received, and how many came from this town and from others. No rank, no score."""

from dataclasses import dataclass

from sqlalchemy import Select, case, distinct, func, select
from sqlalchemy.orm import Session, aliased

from community import nametags
from community.models import Account, Post, Thanks
from community.visibility import Viewer, visible_to

# Made once: an alias works its columns out when they are first used, which costs more than the query.
_GIVER, _RECEIVER, _ANSWER = aliased(Account), aliased(Account), aliased(Post)


@dataclass(frozen=True, slots=True)
class Letter:
    """One ありがとう with words. `answer` and `question` are None for what the viewer may not see (any more)."""

    thanks: Thanks
    giver: Account  # the shown one
    message: Post
    answer: Post | None
    question: Post | None


@dataclass(frozen=True, slots=True)
class Book:
    """`this_town` and `other_towns` count every ありがとう, with or without words, 本人だけに ones too; `people` is
    助けた人, `towns` the towns they live in. An anonymous asker counts as one person for each question.
    """

    letters: list[Letter]
    this_town: int
    other_towns: int
    people: int
    towns: int


def book(
    session: Session, viewer: Viewer, account_id: int, *, max_id: int | None = None, limit: int = 20
) -> Book:
    """The book of `account_id` as `viewer` sees it. Four queries at most, however many letters there are.

    Letters come newest first, those before the thanks `max_id`. 本人だけに letters are shown to the receiver alone;
    of the others only those whose words the viewer may see.
    """
    counts = session.execute(_counts(account_id)).one()
    rows = session.execute(_letters(viewer, account_id, max_id).limit(limit)).all()
    seen = _visible(session, viewer, [post_id for row in rows for post_id in row[3:]])
    veiled = nametags.veiled(session, viewer, {row[1].id for row in rows})
    letters = [
        Letter(thanks, veiled.get(giver.id, giver), message, seen.get(answer_id), seen.get(root_id or 0))
        for thanks, giver, message, answer_id, root_id in rows
    ]
    return Book(letters, counts.here, counts.elsewhere, counts.people, counts.towns)


def _counts(account_id: int) -> Select[int, int, int, int]:
    giver, receiver = _GIVER, _RECEIVER
    at_home = giver.domain == receiver.domain
    # Ids of accounts and posts are one sequence, so a relay's question stands in for the person behind it.
    person = case((giver.kind == "relay", Post.root_id), else_=giver.id)
    return (
        select(
            func.count(case((at_home, 1))).label("here"),
            func.count(case((~at_home, 1))).label("elsewhere"),
            func.count(distinct(person)).label("people"),
            func.count(distinct(giver.domain)).label("towns"),
        )
        .select_from(Thanks)
        .join(giver, giver.id == Thanks.giver_id)
        .join(receiver, receiver.id == Thanks.receiver_id)
        .join(Post, Post.id == Thanks.post_id)
        .where(Thanks.receiver_id == account_id)
    )


def _letters(
    viewer: Viewer, account_id: int, max_id: int | None
) -> Select[Thanks, Account, Post, int, int | None]:
    answer = _ANSWER
    rows = (
        select(Thanks, Account, Post, answer.id, answer.root_id)
        .join(Account, Account.id == Thanks.giver_id)
        .join(Post, Post.id == Thanks.message_post_id)
        .join(answer, answer.id == Thanks.post_id)
        .where(Thanks.receiver_id == account_id, visible_to(viewer))
        .order_by(Thanks.id.desc())
    )
    if viewer.account_id != account_id:
        rows = rows.where(Thanks.private.is_(False))
    return rows if max_id is None else rows.where(Thanks.id < max_id)


def _visible(session: Session, viewer: Viewer, post_ids: list[int | None]) -> dict[int, Post]:
    wanted = {post_id for post_id in post_ids if post_id is not None}
    return {
        post.id: post for post in session.scalars(select(Post).where(Post.id.in_(wanted), visible_to(viewer)))
    }
