"""The part of a Status that is the same for every viewer, as JSON without its outer braces."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from sqlalchemy import BindParameter, bindparam, exists, inspect, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.util import identity_key

from community import boards, flag_lists, founding, plans, thanking, town
from community.models import Account, Gathering, Media, Mention, Poll, Post, PostTag, Tag
from community.storage.prepared import Prepared, among
from community.storage.rows import Rows
from community.uris import Uris
from webui.mastodon.entities import cards, media, words
from webui.mastodon.entities.stamps import Stamp
from webui.mastodon.entities.times import iso, iso_or_none

VISIBILITIES = {
    "open": "public", "unlisted": "unlisted", "followers": "private", "direct": "direct",
    "sister": "private", "town": "private",
}  # fmt: skip
"""Our visibilities in the words of apps; which of the three private ones it is, `machi.visibility` tells."""

_ON_BOARDS = ("question", "flag")
_OFFER = b',"offers":["thanks"]'
_parent, _answer = aliased(Post), aliased(Post)
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_POSTS = Rows(Post)
_ABOVE = select(_parent.id, _parent.author_id, _parent.kind).where(_parent.id.in_(_IDS))
_ANSWERS = select(_answer.id, _answer.author_id, _answer.url).where(_answer.id.in_(_IDS))
_account, _mention, _tag, _post_tag, _poll, _post = (
    model.__table__.c for model in (Account, Mention, Tag, PostTag, Poll, Post)
)
_MENTIONED = Prepared(
    lambda dialect: select(
        _mention.post_id, _account.id, _account.name, _account.domain, _account.url, _account.uri
    )
    .join_from(Mention.__table__, Account.__table__, _account.id == _mention.account_id)
    .where(among(_mention.post_id, "ids", dialect))
)
_TAGGED = Prepared(
    lambda dialect: select(_post_tag.post_id, _tag.name, _tag.label)
    .join_from(PostTag.__table__, Tag.__table__, _tag.id == _post_tag.tag_id)
    .where(among(_post_tag.post_id, "ids", dialect))
    .order_by(_post_tag.post_id, _post_tag.position)
)
_BESIDES = Prepared(
    lambda dialect: select(
        _post.id,
        exists().where(Media.__table__.c.post_id == _post.id),
        exists().where(_poll.post_id == _post.id),
    ).where(among(_post.id, "ids", dialect))
)
"""Which posts have pictures, and which ask for votes."""


class Named(NamedTuple):
    """Somebody a post speaks to."""

    id: int
    name: str
    domain: str
    url: str
    uri: str

    @property
    def handle(self) -> str:
        return f"{self.name}@{self.domain}" if self.domain else self.name


@dataclass(frozen=True, slots=True)
class Text:
    """`body` ends inside the `machi` object, to which counts are added."""

    body: bytes
    words: str  # what filters look through
    has_poll: bool
    quote_policy: str
    offers: bytes  # JSON for the author's eyes: what the town offers to make of the post
    named: frozenset[int]  # the accounts it tells of besides its author


@dataclass(frozen=True, slots=True)
class _Around:
    """What belongs to the posts of a page, by their ids."""

    uris: Uris
    mentions: dict[int, list[Named]]
    tags: dict[int, dict[str, str]]  # labels by their names
    media: dict[int, list[dict[str, Any]]]
    cards: dict[int, dict[str, Any]]  # by the id of the card
    polls: set[int]
    boards: dict[int, Account]  # by their own ids
    parents: dict[int, tuple[int, str, str]]  # by the id of the parent: its author, its kind, its solved answer's address
    solutions: dict[int, tuple[int, str]]  # by the id of the answer: its author, its page
    gatherings: dict[int, Gathering]
    veiled: frozenset[int]  # the accounts in whose place だれかさん stands
    relay_id: int


def make(session: Session, page: Sequence[Stamp], veiled: frozenset[int] = frozenset(), relay_id: int = 0) -> list[Text]:
    """The texts of the posts of `page`, in its order; nine queries, however many they are.

    They tell nothing of the accounts `veiled`: だれかさん, who has the id `relay_id`, stands for them. What somebody typed
    stays as it is.
    """
    ids = [stamp.id for stamp in page]
    posts = {post.id: post for post in _posts(session, ids)}
    around = _around(session, list(posts.values()), veiled, relay_id)
    return [_text(posts[each], around) for each in ids]


def _posts(session: Session, ids: Sequence[int]) -> Sequence[Post]:
    """The rows, as plain columns: they are only read, and an object for each would cost more than its query. The one
    that was written in this very unit of work is at hand.
    """
    if len(ids) == 1:
        written = session.identity_map.get(identity_key(Post, ids[0]))
        if written is not None and not inspect(written).expired_attributes:
            return [written]
    return _POSTS.plain(session, ids)


def _around(session: Session, posts: Sequence[Post], veiled: frozenset[int], relay_id: int) -> _Around:
    ids = [post.id for post in posts]
    boards_needed = {post.board_id for post in posts if post.board_id is not None}
    parents = {post.parent_id for post in posts if post.parent_id is not None}
    chosen = {post.accepted_answer_id for post in posts if post.accepted_answer_id is not None}
    pictured = {post.card_id for post in posts if post.card_id is not None}
    mentions: defaultdict[int, list[Named]] = defaultdict(list)
    for post_id, *account in _MENTIONED.rows(session, ids=ids):
        mentions[post_id].append(Named(*account))
    labelled: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for post_id, name, label in _TAGGED.rows(session, ids=ids):
        labelled[post_id][name] = label
    besides = _BESIDES.rows(session, ids=ids)
    pictured_posts = [post_id for post_id, pictures, _ in besides if pictures]
    above = session.execute(_ABOVE, {"ids": list(parents)}).all() if parents else ()
    named = session.scalars(select(Account).where(Account.id.in_(boards_needed))) if boards_needed else ()
    answers = session.execute(_ANSWERS, {"ids": list(chosen)}).all() if chosen else ()
    return _Around(
        uris=town.of(session).uris,
        mentions=mentions,
        tags=labelled,
        media=media.many(session, pictured_posts) if pictured_posts else {},
        cards=cards.many(session, pictured) if pictured else {},
        polls={post_id for post_id, _, poll in besides if poll},
        boards={account.id: account for account in named},
        parents={row.id: (row.author_id, row.kind, "") for row in above},
        solutions={row.id: (row.author_id, row.url) for row in answers},
        gatherings=flag_lists.plans_of(session, [post.id for post in posts if post.kind == "flag"]),
        veiled=veiled,
        relay_id=relay_id,
    )


def _text(post: Post, around: _Around) -> Text:
    pictures = around.media.get(post.id, [])
    solved = post.solved_at if post.accepted_answer_id is not None else None
    edited = max((each for each in (post.edited_at, solved) if each is not None), default=None)
    parent = around.parents.get(post.parent_id or 0)
    status: dict[str, Any] = {
        "id": str(post.id),
        "created_at": iso(post.created_at),
        "edited_at": iso_or_none(edited),
        "in_reply_to_id": str(post.parent_id) if parent else None,
        "in_reply_to_account_id": str(around.relay_id if parent[0] in around.veiled else parent[0]) if parent else None,
        "sensitive": post.sensitive,
        "spoiler_text": post.summary,
        "visibility": VISIBILITIES[post.visibility],
        "language": post.language,
        "uri": post.uri,
        "url": _page(post.id, post.author_id, post.url or post.uri, around),
        "content": "" if post.kind == "boost" else _content(post, around),
        "application": _application(post),
        "media_attachments": pictures,
        "mentions": _mentions(post, around),
        "tags": _tags(post, around),
        "emojis": [{**each, "visible_in_picker": False} for each in post.emojis or []],
        "card": around.cards.get(post.card_id or 0),
        "machi": _machi(post, around),
    }
    return Text(
        body=orjson.dumps(status)[1:-2],
        words="\n".join(
            [post.title or "", post.body_text, post.summary, *(str(each["description"] or "") for each in pictures)]
        ),
        has_poll=post.id in around.polls,
        quote_policy=post.quote_policy or "public",
        offers=_offers(post, parent),
        named=_named(post, parent, around),
    )


def _named(post: Post, parent: tuple[int, str, str] | None, around: _Around) -> frozenset[int]:
    spoken_to = {account.id for account in around.mentions.get(post.id, [])}
    solution = around.solutions.get(post.accepted_answer_id or 0)
    return frozenset(spoken_to | ({parent[0]} if parent else set()) | ({solution[0]} if solution else set()))


def _page(post_id: int, author_id: int, address: str, around: _Around) -> str:
    """The page of a post, under the name of its shown author."""
    return around.uris.post_page(founding.RELAY, post_id) if author_id in around.veiled else address


def _content(post: Post, around: _Around) -> str:
    if post.title is None or post.kind not in _ON_BOARDS:
        return post.body_html
    board = around.boards.get(post.board_id or 0)
    chosen = around.solutions.get(post.accepted_answer_id or 0)
    solution = _page(post.accepted_answer_id or 0, *chosen, around) if chosen else ""
    page = _page(post.id, post.author_id, post.url or post.uri, around)
    named = words.board(board.name, boards.label(board, "ja"), board.url, around.uris.tag("")) if board else ""
    body, mark = post.body_html, ""
    if (gathering := around.gatherings.get(post.id)) is not None:
        body, mark = body + words.of_plan(plans.lines(gathering), closed=gathering.closed_at is not None), words.FLAG
    return words.of_question(
        mark + post.title, body, board=named, page=page, solution=words.solution(solution) if solution else ""
    )


def _mentions(post: Post, around: _Around) -> list[dict[str, str]]:
    """Whom it speaks to, and the board of a question."""
    named: dict[int, Named | Account] = {
        it.id: it for it in around.mentions.get(post.id, []) if it.id not in around.veiled
    }
    board = around.boards.get(post.board_id or 0)
    if board is not None and post.kind in _ON_BOARDS:
        named.setdefault(board.id, board)
    return [
        {"id": str(each.id), "username": each.name, "url": each.url or each.uri, "acct": each.handle}
        for each in named.values()
    ]


def _tags(post: Post, around: _Around) -> list[dict[str, str]]:
    """Its hashtags, and that of the board of a question."""
    labels = dict(around.tags.get(post.id, {}))
    board = around.boards.get(post.board_id or 0)
    if board is not None and post.kind in _ON_BOARDS:
        label = words.label_as_tag(boards.label(board, "ja"))
        labels.setdefault(label.casefold(), label)
    return [{"name": label, "url": around.uris.tag(name)} for name, label in labels.items()]


def _application(post: Post) -> dict[str, str | None] | None:
    return None if post.application is None else {"name": post.application, "website": post.application_url}


def _offers(post: Post, parent: tuple[int, str, str] | None) -> bytes:
    """A reply to somebody's answer that begins with ありがとう may become the words of a ありがとう."""
    spoken = parent is not None and parent[1] == "answer" and parent[0] != post.author_id
    return _OFFER if spoken and post.local and thanking.may_become_words(post) else b""


def _machi(post: Post, around: _Around) -> dict[str, Any]:
    """What only an app that knows our towns reads (docs/mastodon-api.md)."""
    board = around.boards.get(post.board_id or 0)
    return {
        "kind": "thanks" if post.thanks_id is not None else post.kind,
        "visibility": post.visibility,
        "title": post.title,
        "board": None if board is None else {"id": str(board.id), "acct": board.handle, "name": board.display_name},
        "state": _state(post, around),
        "accepted_answer_id": None if post.accepted_answer_id is None else str(post.accepted_answer_id),
        "root_id": None if post.root_id is None else str(post.root_id),
        "as_of": post.as_of,
        "basis": post.basis,
        "ai_draft": post.ai_draft,
        "anonymous": post.anonymous,
        "from_asker": post.from_asker,
        "sample": post.sample,
        "gathering": _gathering(around.gatherings.get(post.id)),
    }


def _state(post: Post, around: _Around) -> str | None:
    """open, solved (a question), closed (a 旗 that is おひらき); None for everything else."""
    if post.kind == "question":
        return "open" if post.solved_at is None else "solved"
    gathering = around.gatherings.get(post.id)
    return None if gathering is None else "open" if gathering.closed_at is None else "closed"


def _gathering(row: Gathering | None) -> dict[str, Any] | None:
    """When, where and for how many of a 旗; who gathers is told to nobody here."""
    if row is None:
        return None
    return {
        "starts_at": iso_or_none(row.starts_at),
        "minutes": row.minutes,
        "place": row.place,
        "form": row.form,
        "capacity": row.capacity,
        "listening": row.listening,
        "joined_count": row.joined_count,
    }
