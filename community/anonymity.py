"""名札を伏せて聞く (product D1): a question that nothing in the database joins to the member who asked it.

While it waits for its random moment it is a draft under a random key; the draft goes in the transaction in which the
post comes. Who is shown and who is recognised stands in `community.nametags`, offered here as well.
"""

import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from community import events, founding, nametags, passphrases, questions, town
from community.errors import Conflict, Invalid, NotAllowed, TooMany
from community.models import Account, AnonymousDraft, AnonymousThread, Post
from community.nametags import (
    Notice,
    asker_of,
    is_asker,
    key_of_form,
    own_notices,
    own_threads,
    public_author,
    public_authors,
)
from community.posts import HOUR
from community.questions import Wording
from community.text import Body

__all__ = [
    "Notice", "ReleasePlanned", "asker_of", "draft", "is_asker", "key_of_form", "next_release_at", "own_notices", "own_threads", "public_author",
    "public_authors", "release_due",
]  # fmt: skip

MINUTE = 60_000  # milliseconds
WEEK = 7 * 24 * HOUR
DAY_SECONDS = 24 * 3600
REMOVED_MOST = 2
RELEASES_MOST = 50  # in one unit of work
_DRAFT_KEY = re.compile(r"[0-9a-f]{32}")
_PHRASE_LEAST = 12  # characters; the ones we make hold 64 bits and more


@dataclass(frozen=True, slots=True)
class ReleasePlanned(events.Event):
    """A question waits for `release_at` (ms): whoever releases may want to be woken then."""

    release_at: int


def draft(
    session: Session,
    *,
    member_id: int,
    board: Account | None,
    title: str,
    body: Body,
    visibility: str,
    tags: Sequence[str],
    phrase: str,
    draft_key: str,
) -> int:
    """Take a question of `member_id` under a hidden name tag; the moment (ms) at which it will be released.

    `draft_key` is 128 random bits in hex, made with the form: the same key and `phrase` again, even after the
    release, make nothing twice. The member's id enters the tag alone. Invalid names the field that does not fit;
    TooMany after `weekly_limit` questions in 7 days (unless limits are off); NotAllowed for a member of whom two
    questions were removed; Conflict if the key belongs to another phrase.
    """
    if not _DRAFT_KEY.fullmatch(draft_key):
        raise Invalid(
            "draft_key", "この画面は古くなったようです。書いた文を写してから、開きなおしてください。"
        )
    if len(passphrases.plain_phrase(phrase)) < _PHRASE_LEAST:
        raise Invalid("phrase", "あいことばが短すぎます。画面に出たものを、そのままお使いください。")
    if board is None:
        raise Invalid("board", "カテゴリーを選んでください。")
    phrase_hash = nametags.phrase_hash(draft_key, phrase)
    known = _known(session, draft_key, phrase_hash)
    if known is not None:
        return known
    kept = questions.check(board=board, title=title, body=body, visibility=visibility, tags=tags)
    _check_limits(session, member_id)
    row = _row(
        session, member_id=member_id, board=board, kept=kept, phrase_hash=phrase_hash, draft_key=draft_key
    )
    session.add(row)
    session.flush()
    events.record(session, ReleasePlanned(row.release_at))
    return row.release_at


def release_due(session: Session) -> int:
    """Let the questions stand whose moment has come; how many there were.

    Each gets its id now, shows only the hour, and is asked by the relay. Its draft goes in the same transaction.
    """
    now = town.now(session)
    due = session.scalars(
        select(AnonymousDraft)
        .where(AnonymousDraft.release_at <= now)
        .order_by(AnonymousDraft.release_at)
        .limit(RELEASES_MOST)
        .with_for_update(skip_locked=True)
    ).all()
    relay = founding.relay(session) if due else None
    for row in due:
        assert relay is not None
        _release(session, row, relay, now)
    return len(due)


def next_release_at(session: Session) -> int | None:
    """When (ms) the next question is due, or None if none waits."""
    return session.scalar(select(func.min(AnonymousDraft.release_at)))


def _release(session: Session, row: AnonymousDraft, relay: Account, now: int) -> None:
    kept = Wording(
        row.title,
        Body(row.body_source, row.body_html, row.body_text),
        row.visibility,
        row.tags,
        language=town.of(session).settings.instance.languages[0],
    )
    post = questions.place(session, author=relay, board=session.get(Account, row.board_id), kept=kept)
    post.sample = post.sample or row.sample
    session.add(
        AnonymousThread(
            draft_key=row.draft_key,
            post_id=post.id,
            epoch=row.epoch,
            tag=row.tag,
            phrase_hash=row.phrase_hash,
            released_at=now - now % HOUR,
        )
    )
    session.delete(row)
    session.flush()


def _row(
    session: Session, *, member_id: int, board: Account, kept: Wording, phrase_hash: str, draft_key: str
) -> AnonymousDraft:
    now = town.now(session)
    keys = town.of(session).keys
    epoch = keys.ensure_epoch(now)
    key = keys.anonymity_key(epoch)
    assert key is not None
    settings = town.of(session).settings
    earliest, latest = (minutes * MINUTE for minutes in settings.anonymity.delay_minutes)
    return AnonymousDraft(
        draft_key=draft_key,
        epoch=epoch,
        tag=nametags.tag(key, member_id, draft_key),
        phrase_hash=phrase_hash,
        release_at=now + earliest + secrets.randbelow(latest - earliest + 1),
        board_id=board.id,
        title=kept.title,
        body_source=kept.body.source,
        body_html=kept.body.html,
        body_text=kept.body.text,
        visibility=kept.visibility,
        tags=kept.tags,
        sample=settings.instance.sample,
    )


def _known(session: Session, draft_key: str, phrase_hash: str) -> int | None:
    """When the question of this form is or was released, if it has been sent before."""
    waiting = session.get(AnonymousDraft, draft_key)
    released = None if waiting else session.get(AnonymousThread, draft_key)
    before = waiting or released
    if before is None:
        return None
    if not secrets.compare_digest(before.phrase_hash, phrase_hash):
        raise Conflict(
            "この画面の質問は、もう預かっています。新しい質問は、画面を開きなおしてお書きください。"
        )
    return before.release_at if isinstance(before, AnonymousDraft) else before.released_at


def _check_limits(session: Session, member_id: int) -> None:
    """Limits without names: the tags are worked out for this one member, and nobody sees the result."""
    removed, recent = 0, 0
    horizon = town.now(session) - WEEK
    for released_at, was_removed in _own_rows(session, member_id):
        recent += released_at is None or released_at >= horizon
        removed += was_removed
    if removed >= REMOVED_MOST:
        raise NotAllowed(
            "名札を伏せた質問は、いまはお預かりできません。名札をつけた質問は、これまでどおり歓迎です。"
        )
    settings = town.of(session).settings
    if settings.limits.enabled and recent >= settings.anonymity.weekly_limit:
        raise TooMany(
            "名札を伏せた質問は、7日間に%(limit)s回までです。少し間をおいて、またどうぞ。",
            retry_after=DAY_SECONDS,
            limit=settings.anonymity.weekly_limit,
        )


def _own_rows(session: Session, member_id: int) -> Iterator[tuple[int | None, bool]]:
    """(released_at, or None while it waits; was it removed?) of each question of the member that the keys still tell.

    One that its asker took back has lost its あいことば; one that somebody else removed still has it.
    """
    waiting, thread = AnonymousDraft, AnonymousThread
    drafts = session.execute(select(waiting.epoch, waiting.tag, waiting.draft_key)).all()
    for is_mine in nametags.mine(session, member_id, drafts):
        if is_mine:
            yield None, False
    was_removed = and_(Post.deleted_at.is_not(None), thread.phrase_hash != "")
    rows = session.execute(
        select(thread.epoch, thread.tag, thread.draft_key, thread.released_at, was_removed)
        .join(Post, Post.id == thread.post_id)
        .where(thread.released_at >= town.now(session) - nametags.RECOGNISED)
    ).all()  # fmt: skip
    verdicts = nametags.mine(session, member_id, (row[:3] for row in rows))
    for (*_, released_at, removed), is_mine in zip(rows, verdicts, strict=True):
        if is_mine:
            yield released_at, bool(removed)
