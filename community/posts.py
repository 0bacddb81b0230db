"""What all kinds of posts share: how they are stored, found, edited and taken back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, and_, case, insert, or_, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from community import (
    belated,
    clearing,
    emojis,
    events,
    ids,
    media,
    nametags,
    notifications,
    polls,
    tags,
    timelines,
    town,
    wording,
)
from community.errors import NotAllowed, NotFound
from community.models import LOCAL, Account, Member, Mention, Model, Post, Revision, Thanks
from community.storage.prepared import Prepared, param
from community.storage.rows import Rows, fill
from community.text import Body
from community.threads import Thread, thread
from community.visibility import DIRECT, FOLLOWERS, OPEN, UNLISTED

__all__ = [
    "Origin", "Thread", "adjust", "announce", "by_uri", "check_author", "count_reply", "delete", "edit", "known",
    "mention", "new", "remember_revision", "store", "thread",
]  # fmt: skip

HOUR = 3_600_000  # milliseconds
_POSTS = Rows(Post)
_BY_URI = _POSTS.by("uri")
_EVERYBODYS = (OPEN, UNLISTED)
_AT_HAND = "machi.posts.at_hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a remote post was made, and what its author's town says of it. Times are milliseconds."""

    uri: str
    url: str
    published: int
    updated: int | None = None
    context_uri: str | None = None
    language: str | None = None
    summary: str = ""
    sensitive: bool = False
    sample: bool = False
    anonymous: bool = False
    from_asker: bool = False
    sought: bool = False  # whoever brings it has just looked: it is not here yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What an app changes of a post besides its words. `speaks`: the post says something even without words;
    `anyway`: pictures or poll change, so that it is an edit even if the words stay.
    """

    summary: str
    sensitive: bool
    language: str | None
    speaks: bool = False
    anyway: bool = False

    def facts(self, post: Post) -> dict[str, object]:
        language = self.language or post.language
        return {"summary": self.summary, "sensitive": self.sensitive, "language": language}


def by_uri(session: Session, uri: str) -> Post | None:
    """The post that goes by `uri`, also if only its stub is left."""
    return _POSTS.first(session, _BY_URI, value=uri)


def known(session: Session, origin: Origin | None) -> Post | None:
    """The post that `origin` brings, if it came before."""
    return None if origin is None or origin.sought else by_uri(session, origin.uri)


def new(**facts: object) -> Post:
    """A post that is not stored yet, with these columns, the rest at their defaults."""
    return _POSTS.new(**facts)


def check_author(author: Account) -> None:
    """NotAllowed for an account that no longer speaks here."""
    if author.suspended_at is not None or author.deleted_at is not None:
        raise NotAllowed("いまは書きこめません。まちの運営にご相談ください。")


def store(session: Session, post: Post, *, author: Account, origin: Origin | None) -> Post:
    """Keep `post`, which its service has filled with words, kind and place in the thread.

    It gets its id, addresses and times here. A remote one takes its time from its town, but never lies in the
    future; a local anonymous one shows only the hour (product D1). A post without parent is its own root.
    """
    now = town.now(session)
    moment = now if origin is None else max(1, min(origin.published, now))
    of = town.of(session)
    post_id = ids.new(moment)
    fill(
        post,
        id=post_id,
        author_id=author.id,
        local=author.local,
        created_at=moment - moment % HOUR if post.anonymous and author.local else moment,
        sample=of.settings.instance.sample,
        root_id=post.root_id or post_id,
    )
    if origin is None:
        uri, page = of.uris.post(post_id), of.uris.post_page(author.name, post_id)
        fill(post, uri=uri, url=page, emojis=_emojis(session, post))
    else:
        _take_origin(post, origin)
    _POSTS.put(session, post)
    # A session forgets rows that nobody holds. Those who hear of the post before the commit ask for both again.
    session.info.setdefault(_AT_HAND, []).append((post, author))
    session.flush()
    _count(session, author, post)
    return post


def _count(session: Session, author: Account, post: Post) -> None:
    """One more post of `author`, counted in the database; the row at hand knows it without being read again."""
    for_all = post.visibility in _EVERYBODYS
    (_COUNT_FOR_ALL if for_all else _COUNT).run(session, author=author.id, at=post.created_at)
    set_committed_value(author, "posts_count", author.posts_count + 1)
    if for_all:
        set_committed_value(author, "last_post_at", max(author.last_post_at or 0, post.created_at))


_accounts = Account.__table__.c
_ONE_MORE = (
    update(cast("Table", Account.__table__))
    .where(_accounts.id == param("author"))
    .values(posts_count=_accounts.posts_count + 1)
)
_MENTION = Prepared(
    lambda _dialect: insert(cast("Table", Mention.__table__)).values(post_id=param("post"), account_id=param("account"))
)
_COUNT = Prepared(lambda _dialect: _ONE_MORE)
_COUNT_FOR_ALL = Prepared(
    lambda _dialect: _ONE_MORE.values(
        last_post_at=case((_accounts.last_post_at > param("at"), _accounts.last_post_at), else_=param("at"))
    )
)


def announce(session: Session, post: Post) -> None:
    """Put a stored post on the timelines it belongs to and tell that it stands."""
    author = session.get(Account, post.author_id)
    if author is not None and author.sensitized_at is not None:
        post.sensitive = True
    if belated.is_marked(session):
        events.record(session, events.PostBroughtIn(post.id))
        return
    timelines.enter(session, post)
    events.record(session, events.PostCreated(post.id))


def mention(session: Session, post: Post, accounts: Iterable[Account]) -> list[Account]:
    """Note whom `post` speaks to, each once and never its own author; gives those back."""
    others = {account.id: account for account in accounts if account.id != post.author_id}
    if not others:
        return []
    for account_id in others:
        _MENTION.run(session, post=post.id, account=account_id)
    return list(others.values())


def edit(
    session: Session,
    *,
    post: Post,
    by: Account,
    body: Body,
    as_of: str | None = None,
    basis: str = "",
    ai_draft: bool = False,
    summary: str | None = None,
    edited_at: int | None = None,
    manner: Manner | None = None,
) -> Post:
    """Give an answer, comment or note new words; what it said stays as a Revision. Questions: `questions.edit`.

    `manner` is what an app changes besides the words. `edited_at` is what the author's town says (milliseconds);
    without it the edit is made here, now. An older edit than the one that stands, or one that changes nothing, leaves
    everything as it is. NotAllowed unless `by` wrote the post, NotFound if it was taken back, Invalid if a local text
    does not fit.
    """
    check_editor(post, by)
    if edited_at is None:
        most = wording.MESSAGE_MOST if post.thanks_id is not None else wording.BODY_MOST
        wordless = manner is not None and manner.speaks
        body = wording.fits(body, most=most) if wordless else wording.body(body, most=most)
        as_of, basis = wording.as_of(as_of), wording.basis(basis)
    elif is_stale(post, edited_at):
        return post
    facts: dict[str, object] = {
        "body_source": body.source, "body_html": body.html, "body_text": body.text,
        "as_of": wording.foreign_as_of(as_of), "basis": basis[: wording.BASIS_MOST], "ai_draft": ai_draft,
        "summary": post.summary if summary is None else summary[: wording.FOREIGN_SUMMARY_MOST],
    }  # fmt: skip
    if manner is not None:
        facts |= manner.facts(post)
    if change(session, post, facts, edited_at, anyway=manner is not None and manner.anyway):
        told_of_edit(session, post)
    return post


def told_of_edit(session: Session, post: Post) -> None:
    """Tell that `post` reads differently now, also those who live here and passed it on or quoted it."""
    events.record(session, events.PostEdited(post.id))
    concerned = session.execute(
        select(Account, Post)
        .join(Post, Post.author_id == Account.id)
        .where(
            Account.domain == LOCAL,
            Post.deleted_at.is_(None),
            or_(Post.boost_of_id == post.id, and_(Post.quote_of_id == post.id, Post.quote_state == "accepted")),
        )
    ).all()
    author = session.get(Account, post.author_id) if concerned else None
    for account, through in concerned:
        kind = "update" if through.kind == "boost" else "quoted_update"
        assert author is not None
        about = post if kind == "update" else through
        notifications.tell(session, to=account, kind=kind, actor=author, post=about)


def check_editor(post: Post, by: Account) -> None:
    """NotFound for what is taken back, NotAllowed for everyone but the author."""
    if post.deleted_at is not None:
        raise NotFound("この文章は取り下げられています。")
    if post.author_id != by.id:
        raise NotAllowed("書きなおせるのは、書いたご本人だけです。")
    check_author(by)


def is_stale(post: Post, edited_at: int) -> bool:
    """Whether an edit of that moment is no newer than what stands (edits may overtake each other on the wire)."""
    return edited_at <= (post.edited_at or post.created_at)


def change(
    session: Session, post: Post, facts: dict[str, object], edited_at: int | None, *, anyway: bool = False
) -> bool:
    """Set columns of `post`, its old text kept; False if nothing would change (and `anyway` is not said)."""
    if not anyway and all(getattr(post, name) == value for name, value in facts.items()):
        return False
    remember_revision(session, post)
    for name, value in facts.items():
        setattr(post, name, value)
    if post.local:
        post.emojis = _emojis(session, post)
    now = town.now(session)
    post.edited_at = now if edited_at is None else min(edited_at, now)
    session.flush()
    return True


def remember_revision(session: Session, post: Post) -> None:
    """Keep what `post` says now, before it says something else. The row names nobody."""
    session.add(
        Revision(
            id=ids.new(town.now(session)),
            post_id=post.id,
            title=post.title,
            body_source=post.body_source,
            body_html=post.body_html,
            summary=post.summary,
            created_at=post.edited_at or post.created_at,
            sensitive=post.sensitive,
            media=[
                {"id": str(each.id), "description": each.description}
                for each in media.of(session, [post.id]).get(post.id, [])
            ]
            or None,
            poll=polls.titles(session, post),
        )
    )


def delete(session: Session, *, post: Post, by: Account, keep_media: bool = False) -> None:
    """Take `post` back: its words, tags and earlier versions go, a stub stays so that it never comes again. Of a boost
    nothing stays.

    `by` is the author, or a local moderator. Doing it again changes nothing. A 決め手 that goes opens its question
    again. `keep_media` leaves the pictures to the author, to be used again. NotAllowed for everyone else.
    """
    if post.deleted_at is not None:
        return
    if post.author_id != by.id and not _moderates(session, by):
        raise NotAllowed("取り下げられるのは、書いたご本人だけです。")
    if post.kind == "boost":
        clearing.remove_boost(session, post)
        return
    _leave_thread(session, post)
    if post.anonymous and post.kind == "question" and post.author_id == by.id:
        nametags.forget_phrase(session, post)
    tag_ids = tuple(tag.id for tag in tags.of(session, [post])[post.id])
    _empty(session, post)
    clearing.clear(session, post, keep_media=keep_media)
    post.deleted_at = town.now(session)
    author = session.get(Account, post.author_id)
    assert author is not None
    adjust(author, posts_count=-1)
    session.flush()
    events.record(session, events.PostDeleted(post.id, tag_ids))


def adjust(row: Model, **counts: int) -> None:
    """Add to counters of `row` in the database itself, so that two units at once both count."""
    for name, by in counts.items():
        setattr(row, name, getattr(type(row), name) + by)


def count_reply(session: Session, post: Post, by: int) -> None:
    """Count `post` under what it answers, or no longer: apps show how many replies stand directly under a post."""
    if post.parent_id is None or not counts_publicly(post):
        return
    parent = session.get(Post, post.parent_id)
    if parent is not None:
        adjust(parent, replies_count=by)


def counts_publicly(post: Post) -> bool:
    """Whether everyone who sees the thread may know of `post`: what is whispered is not counted aloud."""
    return post.visibility not in {FOLLOWERS, DIRECT}


def _emojis(session: Session, post: Post) -> list[emojis.Shown] | None:
    """The custom emoji of this town in the words of a local post."""
    return emojis.in_text(session, post.title or "", post.body_source, post.summary or "") or None


def _take_origin(post: Post, origin: Origin) -> None:
    fill(
        post,
        uri=origin.uri,
        url=origin.url,
        context_uri=origin.context_uri or post.context_uri,
        language=origin.language or post.language,
        summary=origin.summary[: wording.FOREIGN_SUMMARY_MOST],
        sensitive=origin.sensitive,
        sample=post.sample or origin.sample,
    )
    if origin.updated is not None and origin.updated > post.created_at:
        fill(post, edited_at=origin.updated)


def _moderates(session: Session, account: Account) -> bool:
    member = session.get(Member, account.id) if account.local else None
    return member is not None and member.state == "active" and member.role in {"moderator", "admin"}


def _leave_thread(session: Session, post: Post) -> None:
    """Undo what the post meant to its thread: counts, being the 決め手, carrying words of thanks."""
    count_reply(session, post, -1)
    if post.thanks_id is not None:
        session.execute(update(Thanks).where(Thanks.id == post.thanks_id).values(message_post_id=None))
        return
    if post.root_id is None or post.root_id == post.id:
        return
    root = session.get(Post, post.root_id)
    assert root is not None
    if counts_publicly(post):
        adjust(root, **{"answers_count" if post.kind == "answer" else "comments_count": -1})
    if root.accepted_answer_id == post.id:
        root.accepted_answer_id = root.solved_at = None
        events.record(session, events.AnswerUnchosen(root.id, post.id))


def _empty(session: Session, post: Post) -> None:
    """Clear what the post said. Whom it was said to stays: they must hear that it is taken back."""
    post.title = None
    post.body_source = post.body_html = post.body_text = post.summary = post.basis = ""
    post.as_of = post.passed_on_from_id = post.thanks_id = None
    tags.put(session, post, [])
    session.execute(delete_rows(Revision).where(Revision.post_id == post.id))
