"""What keepers and moderators do about a board of this town: a question shown first, a post of elsewhere taken off.

Seen from outside it is the town that does it (`founding.steward`): who keeps watch is not told to the world (decision 0028).
"""

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from community import events, ids, inserts, posts, text, town
from community.errors import Invalid, NotAllowed, NotFound
from community.models import LOCAL, Account, Member, Pin, Post
from community.visibility import OPEN, UNLISTED

FIRST_MOST = 5
"""How many questions stand first on a board."""

REASON_MOST = 500
KEEPERS = ("keeper", "moderator", "admin")
MODERATORS = ("moderator", "admin")
_ON_BOARDS = ("question", "flag")


def may_keep(session: Session, account_id: int | None, roles: tuple[str, ...] = KEEPERS) -> bool:
    """Whether a member holds one of `roles` now."""
    member = session.get(Member, account_id) if account_id is not None else None
    return member is not None and member.state == "active" and member.role in roles


def show_first(session: Session, *, post: Post, by: Account) -> None:
    """Have `post` stand first on its board; again changes nothing. Raises NotFound, NotAllowed; Invalid beyond FIRST_MOST."""
    board = _board(session, post, by, KEEPERS)
    if post.visibility not in (OPEN, UNLISTED) or post.kind not in _ON_BOARDS:
        raise NotAllowed("先頭に置けるのは、ひらいた質問と旗です。")
    now = town.now(session)
    if not inserts.new_row(session, Pin, id=ids.new(now), account_id=board.id, post_id=post.id, created_at=now):
        return
    shown = session.scalar(select(func.count()).select_from(Pin).where(Pin.account_id == board.id)) or 0
    if shown > FIRST_MOST:
        raise Invalid("pin", "先頭に置けるのは%(most)s件までです。ほかのものを外してからどうぞ。", most=FIRST_MOST)
    events.record(session, events.Pinned(board.id, post.id))


def show_among_others(session: Session, *, post: Post, by: Account) -> None:
    """Let it stand among the others again; nothing happens if it did. Raises NotFound, NotAllowed."""
    board = _board(session, post, by, KEEPERS)
    gone = session.execute(
        delete(Pin).where(Pin.account_id == board.id, Pin.post_id == post.id).returning(Pin.id)
    ).first()
    if gone is not None:
        events.record(session, events.Unpinned(board.id, post.id))


def is_first(session: Session, post: Post) -> bool:
    """Whether its board shows `post` first."""
    return session.scalar(select(Pin.id).where(Pin.account_id == post.board_id, Pin.post_id == post.id)) is not None


def take_off(session: Session, *, post: Post, by: Account, reason: str) -> None:
    """Take a post of another server off a board of this town, and say why. Its author's server is told, and everybody
    who follows the board. Raises NotFound, NotAllowed; Invalid without a reason.
    """
    kept = text.line(reason)
    if not kept or len(kept) > REASON_MOST:
        raise Invalid("reason", "理由を、%(most)s文字までで書いてください。書いた方と、ほかのまちに伝わります。", most=REASON_MOST)
    _board(session, post, by, MODERATORS)
    if post.local:
        raise NotAllowed("このまちの方の書きこみは、まずご本人にお願いしましょう。")
    posts.delete(session, post=post, by=by)
    events.record(session, events.PostTakenOff(post.id, kept))


def boards_written_on(session: Session, account: Account) -> list[Account]:
    """The boards of this town on which `account` wrote, whatever became of it."""
    wrote = select(Post.board_id).where(Post.author_id == account.id, Post.board_id.is_not(None))
    boards = select(Account).where(Account.id.in_(wrote), Account.kind == "board", Account.domain == LOCAL)
    return list(session.scalars(boards.order_by(Account.id)))


def _board(session: Session, post: Post, by: Account, roles: tuple[str, ...]) -> Account:
    """The board of this town on which the thread of `post` stands."""
    if post.deleted_at is not None:
        raise NotFound("この文章は取り下げられています。")
    board = session.get(Account, post.board_id) if post.board_id is not None else None
    if board is None or not board.local:
        raise NotAllowed("このまちのカテゴリーにあるものではありません。")
    if not may_keep(session, by.id, roles):
        raise NotAllowed("カテゴリーを見ている方だけができることです。")
    return board
