"""名札: who is shown beside a post, and who is recognised behind a hidden name tag.

An anonymous post is spoken by the relay だれかさん of its town; no row names the member. Two things can still tell
the asker: the あいことば, whose hash stands beside the thread for ever, and a tag made of the member's id and the
thread's random draft key under a key that lies outside the database and dies after 90 days. A tag is only ever
compared with the one member who is looking; nothing here answers the question "who was it".

The relay also stands in for who is veiled from the one who looks (`community.veils`).
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from community import founding, ids, passphrases, town, veils
from community.models import Account, AnonymousThread, Post
from community.storage.prepared import Prepared, param
from community.visibility import Viewer, visible_to

_NO_THREAD = "0" * 64
RECOGNISED = 91 * 24 * 3_600_000
"""How long (ms) a tag can be worked out at all: its key lives 90 days, and the question came up to a day later."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification for an anonymous asker, worked out when they look and never stored.

    It has the fields of `models.Notification` that matter to a reader; `id` is that of the post, so it is ordered by
    time among the stored ones. `actor_id` is the shown author of the post.
    """

    id: int
    kind: str  # answer | comment
    actor_id: int
    post_id: int
    question_id: int
    created_at: int
    thanks_id: None = None


def public_author(session: Session, post: Post, viewer: Viewer | None = None) -> Account:
    """Whom `viewer` is shown as the author of `post`; without one, whom other servers are."""
    if viewer is None:  # most often the row is at hand
        return session.get_one(Account, post.author_id)
    return public_authors(session, [post], viewer)[post.id]


def public_authors(session: Session, posts: Iterable[Post], viewer: Viewer | None = None) -> dict[int, Account]:
    """The shown author of each of `posts`, by the id of the post; three queries at most."""
    return shown(session, viewer, {post.id: post.author_id for post in posts})


def shown(session: Session, viewer: Viewer | None, who: Mapping[int, int]) -> dict[int, Account]:
    """The accounts `who`, given by some key, as `viewer` is shown them: who is veiled from them is だれかさん."""
    if not who:
        return {}
    wanted = set(who.values())
    hidden = frozenset[int]() if viewer is None else veils.among_these(session, viewer, wanted)
    found = session.scalars(select(Account).where(Account.id.in_(wanted - hidden))) if wanted - hidden else ()
    accounts = {account.id: account for account in found}
    if hidden:
        accounts |= dict.fromkeys(hidden, founding.relay(session))
    return {key: accounts[account_id] for key, account_id in who.items()}


def veiled(session: Session, viewer: Viewer, account_ids: Iterable[int]) -> dict[int, Account]:
    """だれかさん for each of those accounts that are veiled from `viewer`; nothing for the others."""
    hidden = veils.among_these(session, viewer, account_ids)
    return dict.fromkeys(hidden, founding.relay(session)) if hidden else {}


def tag(key: bytes, member_id: int, draft_key: str) -> str:
    """What marks a thread as one member's: without `key` it says nothing, and no two threads share one."""
    return hmac.new(key, f"{member_id}:{draft_key}".encode(), hashlib.sha256).hexdigest()


def key_of_form(form_key: str) -> str:
    """The draft key of a form with the random key `form_key`, of which it tells nothing; empty for an empty one.

    The same form, sent again with the name shown, leaves the hash of its own key beside the member's question.
    """
    return hashlib.sha256(f"draft:{form_key}".encode()).hexdigest()[:32] if form_key else ""


def phrase_hash(draft_key: str, phrase: str) -> str:
    """How an あいことば is kept. It is random (64 bits and more), so a plain salted hash is enough."""
    return hashlib.sha256(f"{draft_key}:{passphrases.plain_phrase(phrase)}".encode()).hexdigest()


def asker_of(session: Session, question: Post, phrase: str) -> bool:
    """Whether `phrase` is the あいことば of the anonymous `question`; takes as long for a wrong one."""
    thread = _thread(session, question)
    draft_key, kept = (thread.draft_key, thread.phrase_hash) if thread else ("", _NO_THREAD)
    return hmac.compare_digest(phrase_hash(draft_key, phrase), kept or _NO_THREAD)


def is_asker(session: Session, viewer: Viewer, question: Post) -> bool:
    """Whether the member who is looking asked `question` anonymously, as far as the keys still tell."""
    if viewer.account_id is None or viewer.remote or not question.anonymous:
        return False
    thread = _thread(session, question)
    return thread is not None and any(
        mine(session, viewer.account_id, [(thread.epoch, thread.tag, thread.draft_key)])
    )


def mine(session: Session, member_id: int, rows: Iterable[tuple[int, str, str]]) -> Iterator[bool]:
    """For each (epoch, tag, draft key): is it of `member_id`? A destroyed key recognises nobody."""
    keys: dict[int, bytes | None] = {}
    for epoch, kept, draft_key in rows:
        if epoch not in keys:
            keys[epoch] = town.of(session).keys.anonymity_key(epoch)
        key = keys[epoch]
        yield key is not None and hmac.compare_digest(tag(key, member_id, draft_key), kept)


def own_question_ids(session: Session, member_id: int, since: int) -> list[int]:
    """The anonymous questions of `member_id` released since the moment `since`, as far as the keys still tell.

    It reads every anonymous thread since then: one HMAC (2 µs) each.
    """
    session.flush()
    rows = _RELEASED.rows(session, since=since)
    verdicts = mine(session, member_id, ((epoch, kept, draft_key) for epoch, kept, draft_key, _ in rows))
    return sorted(post_id for (*_, post_id), is_mine in zip(rows, verdicts, strict=True) if is_mine)


_threads = AnonymousThread.__table__.c
_RELEASED = Prepared(
    lambda _dialect: select(_threads.epoch, _threads.tag, _threads.draft_key, _threads.post_id).where(
        _threads.released_at >= param("since")
    )
)


def own_threads(session: Session, viewer: Viewer, since: int) -> list[Post]:
    """The anonymous questions of the member who is looking, released since the moment `since`, newest first."""
    if viewer.account_id is None or viewer.remote:
        return []
    own = own_question_ids(session, viewer.account_id, since)
    found = session.scalars(select(Post).where(Post.id.in_(own), visible_to(viewer)).order_by(Post.id.desc()))
    return list(found)


def own_notices(session: Session, viewer: Viewer, since_ms: int, limit: int) -> list[Notice]:
    """What came to the anonymous questions of the member who is looking after `since_ms`, newest first.

    It reaches as far back as the keys do (90 days). What the member wrote there openly is left out.
    """
    if viewer.account_id is None or viewer.remote:
        return []
    own = own_question_ids(session, viewer.account_id, town.now(session) - RECOGNISED)
    if not own:
        return []
    found = session.scalars(
        select(Post)
        .where(
            Post.root_id.in_(own),
            Post.kind.in_(("answer", "comment")),
            Post.thanks_id.is_(None),
            Post.id >= ids.first_of(since_ms + 1),
            Post.from_asker.is_(False),
            Post.author_id != viewer.account_id,
            visible_to(viewer),
        )
        .order_by(Post.id.desc())
        .limit(limit)
    )
    return [Notice(it.id, it.kind, it.author_id, it.id, it.root_id or it.id, it.created_at) for it in found]


def forget_phrase(session: Session, question: Post) -> None:
    """The asker took `question` back: there is nothing left to prove. It also tells a question that was taken back
    from one that was removed (see `anonymity.draft`).
    """
    session.execute(
        update(AnonymousThread).where(AnonymousThread.post_id == question.id).values(phrase_hash="")
    )


def _thread(session: Session, question: Post) -> AnonymousThread | None:
    return session.scalar(select(AnonymousThread).where(AnonymousThread.post_id == question.id))
