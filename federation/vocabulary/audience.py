"""Whom a post speaks to, in the wire's words: `to`, `cc` and `audience` (federation reference §1.2, §1.3, §1.7).

The visibility of the post decides; every name in here is the shown author's, so an anonymous post addresses the
followers of だれかさん and nobody else's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from community import anonymity, town
from community.models import Account, Mention, Post
from community.storage.prepared import Prepared, param
from federation.vocabulary import terms


@dataclass(frozen=True, slots=True)
class Audience:
    """`to` and `cc` without repetition; `board` is the id of the thread's board, if it stands on one."""

    to: tuple[str, ...]
    cc: tuple[str, ...]
    board: str | None = None

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """Those whom an activity of ours named: they hear as well that it is taken back."""
        return cls(tuple(said.get("to", ())), tuple(said.get("cc", ())))

    def fields(self) -> dict[str, object]:
        """What goes into an object or activity; what is empty is left out."""
        written: dict[str, object] = {}
        if self.to:
            written["to"] = list(self.to)
        if self.cc:
            written["cc"] = list(self.cc)
        if self.board:
            written["audience"] = self.board
        return written


_mention = Mention.__table__.c
_NAMES_ANYBODY = Prepared(
    lambda _dialect: select(_mention.account_id).where(_mention.post_id == param("post")).limit(1)
)
_MENTIONED = (
    select(Account)
    .join(Mention, Mention.account_id == Account.id)
    .where(Mention.post_id == bindparam("post"), Account.deleted_at.is_(None))
    .order_by(Account.id)
)


@dataclass(frozen=True, slots=True)
class Company:
    """The accounts around a post: who is shown as its author, whom it answers, names and concerns."""

    author: Account
    board: Account | None
    answered: Account | None  # the shown author of the post it replies to
    asker: Account | None  # the shown author of the thread's first post
    mentioned: tuple[Account, ...]

    def named_in(self, post: Post) -> tuple[Account, ...]:
        """Those addressed by name: whom it answers first, then the mentioned; never the author.

        A direct post speaks to those whom it mentions alone, wherever it stands; words of thanks are for the thanked.
        """
        answers_them = post.visibility != "direct" or post.thanks_id is not None
        named = ([self.answered] if self.answered and answers_them else []) + list(self.mentioned)
        return tuple({each.id: each for each in named if each.id != self.author.id}.values())


def company(session: Session, post: Post) -> Company:
    """Everybody whom the wire names when it speaks of `post`."""
    parent = session.get(Post, post.parent_id) if post.parent_id else None
    root = session.get(Post, post.root_id) if post.root_id else None
    board_id = post.board_id or (root.board_id if root else None)
    anybody = _NAMES_ANYBODY.rows(session, post=post.id)
    mentioned = session.scalars(_MENTIONED, {"post": post.id}).all() if anybody else ()
    return Company(
        author=anonymity.public_author(session, post),
        board=session.get(Account, board_id) if board_id else None,
        answered=anonymity.public_author(session, parent) if parent else None,
        asker=anonymity.public_author(session, root) if root and root.id != post.id else None,
        mentioned=tuple(mentioned),
    )


def of_post(session: Session, post: Post, around: Company) -> Audience:
    """The audience of `post`. A post of まちの中だけ has none: it never leaves, and nobody may ask for its words."""
    people = [each.uri for each in around.named_in(post)]
    board = [around.board.uri] if around.board else []
    asker = [around.asker.uri] if around.asker and around.asker.id != around.author.id else []
    followers = [f"{around.author.uri}/followers"]
    # The first post names its board in `to`, as 1b12 software looks for it there; replies carry it in `cc`.
    first, later = (board, []) if post.parent_id is None else ([], [*board, *asker])
    match post.visibility:
        case "open":
            to, cc = [terms.PUBLIC, *first, *people], [*later, *followers]
        case "unlisted":
            to, cc = [*followers, *first, *people], [terms.PUBLIC, *later]
        case "sister":
            to, cc = [town.of(session).uris.sisters, *first, *people], later
        case "followers":
            return Audience(_once([*followers, *people]), ())
        case "direct":
            return Audience(_once(people), ())
        case _:
            return Audience((), ())
    return Audience(_once(to), _once(cc, without=to), board[0] if board else None)


def of_announcement(
    session: Session, board: Account, visibility: str, author_uri: str | None = None
) -> Audience:
    """The audience of what a local board passes on: its followers, or for a sister thread the sister towns alone."""
    author = [author_uri] if author_uri else []
    if visibility == "sister":
        return Audience((town.of(session).uris.sisters,), _once(author))
    return Audience((terms.PUBLIC,), _once([f"{board.uri}/followers", *author]))


def _once(uris: Iterable[str], *, without: Sequence[str] = ()) -> tuple[str, ...]:
    return tuple(uri for uri in dict.fromkeys(uris) if uri not in without)
