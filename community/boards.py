"""Boards: the categories of the town, each an actor that anybody anywhere can follow."""

from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from community import taxonomy, towns
from community.errors import NotFound
from community.models import Account, Board, Pin, Post
from community.visibility import Viewer, visible_to

MOST_COUNTED = 1000
"""Counts go no further: a page costs the same in a town of any size."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A board of this town: its actor, and what only boards have."""

    account: Account
    board: Board

    @property
    def slug(self) -> str:
        return self.board.slug

    def label(self, locale: str) -> str:
        """What the board is called. English only where the town left the shared name as it is."""
        return label(self.account, locale)

    def notice(self, locale: str) -> str:
        """The one line about the limits of advice here, or an empty text."""
        shared = taxonomy.BY_SLUG.get(self.board.slug)
        if locale == "en" and shared is not None and self.board.notice == shared.notice:
            return shared.notice_en
        return self.board.notice


@dataclass(frozen=True, slots=True)
class Page:
    """What the page of a board tells; the counts are of the last thousand questions that the viewer may see."""

    entry: Entry
    questions: int
    waiting: int  # no answer yet, not solved
    solved: int
    followers: int


def label(account: Account, locale: str) -> str:
    """What a board is called, of here or of elsewhere: towns share the names of their categories."""
    shared = taxonomy.BY_SLUG.get(account.name)
    if locale == "en" and shared is not None and account.display_name == shared.name:
        return shared.name_en
    return account.display_name


def all(session: Session) -> list[Entry]:  # noqa: A001 - boards.all reads as it is meant
    """The boards of this town in their order; the town's own board `machi` is the first."""
    rows = select(Account, Board).join(Board, Board.account_id == Account.id).order_by(Board.position)
    return [Entry(account, board) for account, board in session.execute(rows)]


def askable(session: Session) -> list[Entry]:
    """The boards a question can be put into: all but the town's own, which announces the questions of all."""
    return [entry for entry in all(session) if entry.slug in taxonomy.BY_SLUG]


def foreign(session: Session, handle: str) -> Account | None:
    """The board of another server that goes by `name@host`, if it still stands and the town has to do with it."""
    name, _, domain = handle.casefold().removeprefix("@").partition("@")
    if not domain:
        return None
    account = session.scalar(
        select(Account).where(Account.name == name, Account.domain == domain, Account.kind == "board")
    )
    if account is None or account.deleted_at is not None or account.suspended_at is not None:
        return None
    return None if towns.is_refused(session, domain) else account


def by_slug(session: Session, slug: str) -> Entry:
    """The board called `slug`. Raises NotFound."""
    row = session.execute(
        select(Account, Board)
        .join(Board, Board.account_id == Account.id)
        .where(Board.slug == slug.casefold())
    ).one_or_none()
    if row is None:
        raise NotFound("そのカテゴリーは見つかりませんでした。")
    return Entry(*row)


def first(session: Session, viewer: Viewer, board_id: int, most: int = 5) -> list[Post]:
    """What the board shows first, the latest choice first, as far as `viewer` may see it."""
    rows = select(Post).join(Pin, Pin.post_id == Post.id).where(Pin.account_id == board_id, visible_to(viewer))
    return list(session.scalars(rows.order_by(Pin.id.desc()).limit(most)))


def page(session: Session, viewer: Viewer, slug: str) -> Page:
    """What the page of the board `slug` tells `viewer`. Raises NotFound."""
    entry = by_slug(session, slug)
    latest = (
        select(Post.answers_count, Post.solved_at)
        .where(Post.board_id == entry.account.id, Post.kind == "question", visible_to(viewer))
        .order_by(Post.id.desc())
        .limit(MOST_COUNTED)
        .subquery()
    )
    waiting = (latest.c.answers_count == 0) & latest.c.solved_at.is_(None)
    counted = session.execute(
        select(func.count(), func.count(case((waiting, 1))), func.count(latest.c.solved_at)).select_from(
            latest
        )
    ).one()
    return Page(entry, counted[0], counted[1], counted[2], followers=entry.account.followers_count)
