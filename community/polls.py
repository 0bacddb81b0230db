"""Polls: a few options beside the words of a post, open for a while. Votes are counted; who chose what is shown to nobody.

On the wire a poll is AS2 `Question`; what the town calls a question is another matter (`community.questions`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from community import distance, events, ids, inserts, notifications, text, town, visibility
from community.errors import Invalid, NotFound
from community.models import Account, Poll, PollOption, PollVote, Post

OPTIONS_LEAST, OPTIONS_MOST = 2, 8
OPTION_MOST = 100  # characters
SHORTEST, LONGEST = 300, 30 * 86_400  # seconds: five minutes to thirty days
_FOREIGN_OPTIONS_MOST = 50
_FOREIGN_OPTION_MOST = 500
_PAUSE = 60_000  # ms between two tellings of the counts of an open poll
_CLOSED_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Draft:
    """A poll as its author wants it; `expires_in` is in seconds from when it is posted."""

    options: tuple[str, ...]
    expires_in: int
    multiple: bool = False
    hides_totals: bool = False


@dataclass(frozen=True, slots=True)
class Foreign:
    """A poll of another server, as its document tells it: title and count of each option. `voters` None: not told."""

    options: tuple[tuple[str, int], ...]
    multiple: bool = False
    expires_at: int | None = None
    closed: bool = False
    voters: int | None = None


def check(options: Sequence[str], expires_in: int, *, multiple: bool, hides_totals: bool) -> Draft:
    """The poll that was asked for. Invalid names what does not fit: "options", "options_most", "options_length",
    "options_twice", "expires_in" (too short), "expires_in_most".
    """
    titles = tuple(text.line(each) for each in options)
    if len(titles) < OPTIONS_LEAST or not all(titles):
        raise Invalid("options", "選択肢は%(least)s個以上書いてください。", least=OPTIONS_LEAST)
    if len(titles) > OPTIONS_MOST:
        raise Invalid("options_most", "選択肢は%(most)s個までです。", most=OPTIONS_MOST)
    if any(len(title) > OPTION_MOST for title in titles):
        raise Invalid("options_length", "選択肢はひとつ%(most)s文字までです。", most=OPTION_MOST)
    if len(set(titles)) < len(titles):
        raise Invalid("options_twice", "同じ選択肢がふたつあります。")
    if not SHORTEST <= expires_in <= LONGEST:
        field = "expires_in" if expires_in < SHORTEST else "expires_in_most"
        raise Invalid(field, "投票の期間は、5分から30日のあいだで決めてください。")
    return Draft(titles, expires_in, multiple, hides_totals)


def attach(session: Session, post: Post, draft: Draft) -> Poll:
    """Put the poll `draft`, which `check` has let through, beside the words of `post`."""
    expires_at = town.now(session) + draft.expires_in * 1000
    poll = Poll(
        post_id=post.id, multiple=draft.multiple, hides_totals=draft.hides_totals, expires_at=expires_at, voters_count=0
    )
    session.add(poll)
    session.flush()
    _put_options(session, post, [(title, 0) for title in draft.options])
    return poll


def replace(session: Session, post: Post, draft: Draft | None) -> bool:
    """Give `post` another poll, or none; whether anything changed. What was chosen in the old one is forgotten.

    The same options to choose in the same way are the same poll: only its end may move.
    """
    poll = session.get(Poll, post.id)
    if poll is None and draft is None:
        return False
    if poll is not None and draft is not None and _is_like(session, poll, draft):
        return _move_end(session, poll, draft)
    for model in (PollVote, PollOption, Poll):
        session.execute(delete(model).where(model.post_id == post.id))
    if draft is not None:
        attach(session, post, draft)
    _touch(session, post.id)
    return True


def differs(session: Session, post: Post, draft: Draft | None) -> bool:
    """Whether `replace` would change what the poll of `post` offers."""
    poll = session.get(Poll, post.id)
    if poll is None or draft is None:
        return (poll is None) != (draft is None)
    return not _is_like(session, poll, draft)


def take(session: Session, post: Post, told: Foreign) -> bool:
    """What another server tells of its poll: new, or newer counts. Whether anything changed."""
    options = [(text.line(title)[:_FOREIGN_OPTION_MOST], max(count, 0)) for title, count in told.options]
    options = options[:_FOREIGN_OPTIONS_MOST]
    if not options:
        return False
    now = town.now(session)
    poll = session.get(Poll, post.id)
    known = _options(session, post.id) if poll is not None else []
    if poll is None:
        poll = Poll(post_id=post.id, multiple=told.multiple)
        session.add(poll)
    elif [title for title, _ in known] != [title for title, _ in options]:
        session.execute(delete(PollVote).where(PollVote.post_id == post.id))
    ended = told.closed or (told.expires_at is not None and told.expires_at <= now)
    facts = (told.multiple, told.expires_at if not ended else min(told.expires_at or now, now), told.voters)
    changed = known != options or facts != (poll.multiple, poll.expires_at, poll.voters_count)
    poll.multiple, poll.expires_at, poll.voters_count = facts
    poll.votes_count = sum(count for _, count in options)
    poll.fetched_at = now
    session.flush()
    if known != options:
        session.execute(delete(PollOption).where(PollOption.post_id == post.id))
        _put_options(session, post, options)
    if changed:
        _touch(session, post.id)
    return changed


def vote(
    session: Session, *, account: Account, post: Post, choices: Sequence[int], uri: str | None = None
) -> list[PollVote]:
    """`account` chooses in the poll of `post`; the rows of what was chosen now. `uri` is that of a remote vote.

    In a poll of several choices another one may follow later. NotFound if there is no poll that `account` can see, or
    its author has nothing to do with them; NotAllowed if `account` blocks the author;
    Invalid("own"), ("expired"), ("choices") for what is not offered, ("voted") for a second time.
    """
    poll = session.scalar(select(Poll).where(Poll.post_id == post.id).with_for_update())
    if poll is None or not visibility.may_see(session, visibility.viewer_of(session, account), post):
        raise NotFound("この投票は見つかりませんでした。取り下げられたか、見られる範囲が限られているようです。")
    chosen = list(dict.fromkeys(choices))
    if account.id == post.author_id:
        raise Invalid("own", "ご自分の投票には答えられません。")
    distance.check(session, actor=account, target=session.get_one(Account, post.author_id))
    earlier = _chosen(session, account.id, post.id)
    _check_vote(session, poll, chosen, earlier)
    now = town.now(session)
    rows = [
        PollVote(id=ids.new(now), post_id=post.id, account_id=account.id, position=each, uri=uri, created_at=now)
        for each in chosen
    ]
    session.add_all(rows)
    option = PollOption
    session.execute(
        update(option)
        .where(option.post_id == post.id, option.position.in_(chosen))
        .values(votes_count=option.votes_count + 1)
    )
    poll.votes_count += len(chosen)
    if not earlier and poll.voters_count is not None:
        poll.voters_count += 1
    session.flush()
    _touch(session, post.id)
    events.record(session, events.PollVoted(post.id, account.id, tuple(row.id for row in rows)))
    return rows


def position_of(session: Session, post: Post, title: str) -> int | None:
    """Which option of the poll of `post` bears this title."""
    wanted = text.line(title)
    option = PollOption
    return session.scalar(
        select(option.position).where(option.post_id == post.id, option.title == wanted).limit(1)
    )


def titles(session: Session, post: Post) -> list[str] | None:
    """What the poll of `post` offers; None if it has none."""
    return [title for title, _ in _options(session, post.id)] or None


def close_due(session: Session) -> int:
    """Tell of the polls whose end has come: their voters and authors who live here, and for ours the other servers."""
    now = town.now(session)
    due = session.execute(
        select(Poll, Post)
        .join(Post, Post.id == Poll.post_id)
        .where(Poll.closed.is_(False), Poll.expires_at <= now)
        .order_by(Poll.expires_at)
        .limit(_CLOSED_AT_ONCE)
    ).all()
    for poll, post in due:
        poll.closed = True
        session.flush()
        _touch(session, post.id)
        _tell_of_end(session, post)
        events.record(session, events.PollEnded(post.id))
        if post.local:
            events.record(session, events.PollCounted(post.id))
    return len(due)


def tell_counts(session: Session) -> int:
    """Have the counts of our open polls told to those who show them, each poll once a minute at most."""
    now = town.now(session)
    rows = session.scalars(
        select(Poll)
        .join(Post, Post.id == Poll.post_id)
        .where(
            Poll.closed.is_(False),
            Post.local.is_(True),
            Poll.votes_count != Poll.told_count,
            (Poll.fetched_at.is_(None)) | (Poll.fetched_at < now - _PAUSE),
        )
        .limit(_CLOSED_AT_ONCE)
    ).all()
    for poll in rows:
        poll.told_count, poll.fetched_at = poll.votes_count, now
        events.record(session, events.PollCounted(poll.post_id))
    session.flush()
    return len(rows)


def is_anything_due(session: Session) -> bool:
    """Whether `close_due` or `tell_counts` has something to do; a look at the open polls."""
    now = town.now(session)
    return session.connection().execute(_DUE, {"now": now, "before": now - _PAUSE}).first() is not None


def _tell_of_end(session: Session, post: Post) -> None:
    author = session.get_one(Account, post.author_id)
    voters = session.scalars(
        select(Account).where(
            Account.id.in_(select(PollVote.account_id).where(PollVote.post_id == post.id)), Account.domain == ""
        )
    ).all()
    for account in {each.id: each for each in (author, *voters)}.values():
        if account.local:
            notifications.tell(session, to=account, kind="poll", actor=author, post=post)


def _check_vote(session: Session, poll: Poll, chosen: list[int], earlier: set[int]) -> None:
    if poll.closed or (poll.expires_at is not None and poll.expires_at <= town.now(session)):
        raise Invalid("expired", "この投票は、もう終わっています。")
    offered = len(_options(session, poll.post_id))
    if not chosen or not all(0 <= each < offered for each in chosen):
        raise Invalid("choices", "その選択肢はありません。")
    if len(chosen) > 1 and not poll.multiple:
        raise Invalid("choices", "選べるのはひとつです。")
    if (earlier and not poll.multiple) or not earlier.isdisjoint(chosen):
        raise Invalid("voted", "この投票には、もう答えています。")


def _chosen(session: Session, account_id: int, post_id: int) -> set[int]:
    vote_of = PollVote
    return set(
        session.scalars(
            select(vote_of.position).where(vote_of.account_id == account_id, vote_of.post_id == post_id)
        )
    )


def _options(session: Session, post_id: int) -> list[tuple[str, int]]:
    option = PollOption
    rows = session.execute(
        select(option.title, option.votes_count).where(option.post_id == post_id).order_by(option.position)
    )
    return [(title, count) for title, count in rows]


def _put_options(session: Session, post: Post, options: Sequence[tuple[str, int]]) -> None:
    for position, (title, count) in enumerate(options):
        inserts.new_row(
            session, PollOption, post_id=post.id, position=position, title=title, votes_count=count
        )


def _is_like(session: Session, poll: Poll, draft: Draft) -> bool:
    offered = tuple(title for title, _ in _options(session, poll.post_id))
    return offered == draft.options and poll.multiple == draft.multiple


def _move_end(session: Session, poll: Poll, draft: Draft) -> bool:
    facts = (draft.hides_totals, town.now(session) + draft.expires_in * 1000)
    if (poll.hides_totals, poll.expires_at) == facts or poll.closed:
        return False
    poll.hides_totals, poll.expires_at = facts
    session.flush()
    _touch(session, poll.post_id)
    return True


def _touch(session: Session, post_id: int) -> None:
    session.execute(update(Post).where(Post.id == post_id).values(touched=Post.touched + 1))


_DUE = (
    select(Poll.post_id)
    .join(Post, Post.id == Poll.post_id)
    .where(
        Poll.closed.is_(False),
        (Poll.expires_at <= bindparam("now"))
        | (
            Post.local.is_(True)
            & (Poll.votes_count != Poll.told_count)
            & (Poll.fetched_at.is_(None) | (Poll.fetched_at < bindparam("before")))
        ),
    )
    .limit(1)
)
