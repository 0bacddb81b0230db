"""Editing from an app: the text it was given to edit comes back changed, and with it pictures, poll and warning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import (
    composing,
    markup,
    media,
    notifications,
    polls,
    posts,
    questions,
    tags,
    text,
    town,
    wording,
)
from community.composing import Draft
from community.errors import Invalid
from community.models import Account, Mention, Post
from community.text import Body


@dataclass(frozen=True, slots=True)
class Described:
    """What an app says anew of a picture; None leaves it as it is."""

    description: str | None = None
    focus: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class _Reworded:
    title: str
    body: Body
    tags: list[str] | None  # None: they stay
    mentioned: Sequence[Account]


def source(session: Session, post: Post) -> str:
    """The text of `post` as an app is given it to edit; what `rewrite` takes back."""
    if post.kind != "question":
        return post.body_source
    board = session.get(Account, post.board_id) if post.board_id is not None else None
    named = f"@{board.handle} " if board is not None else ""
    return f"{named}{post.title}\n{post.body_source}".strip()


def rewrite(
    session: Session,
    *,
    author: Account,
    post: Post,
    draft: Draft,
    described: Mapping[int, Described] | None = None,
) -> Post:
    """Let `post` of `author` say what `draft` says; its place and its visibility stay.

    Pictures and poll that `draft` does not name are taken off. What was written on a page stays Markdown. Raises as
    `posts.edit` and `composing.write` do.
    """
    posts.check_editor(post, author)
    words, summary = composing.spoken(draft)
    composing.check_length(words, summary)
    if post.kind == "question" and draft.poll is not None:
        raise Invalid("poll", "質問には投票をつけられません。まちの質問は、ことばで答えてもらうものです。")
    reworded = _reworded(session, post, words)
    manner = posts.Manner(
        summary=summary,
        sensitive=bool((post.sensitive if draft.sensitive is None else draft.sensitive) or summary),
        language=draft.language,
        speaks=bool(draft.media_ids or draft.poll or post.quote_of_id),
        anyway=_other_pictures(session, post, draft, described or {}) or polls.differs(session, post, draft.poll),
    )
    if not reworded.body.text and not manner.speaks and post.kind != "question":
        raise Invalid("blank", "本文がまだのようです。ひとことでも大丈夫です。")
    _edit(session, author, post, reworded, manner)
    media.rearrange(session, post, draft.media_ids)
    for media_id, said in (described or {}).items():
        if media_id in draft.media_ids:
            media.describe(
                session, account_id=author.id, media_id=media_id, description=said.description, focus=said.focus,
                quietly=True,
            )  # fmt: skip
    polls.replace(session, post, draft.poll)
    _mention(session, author, post, reworded.mentioned)
    return post


def _edit(session: Session, author: Account, post: Post, reworded: _Reworded, manner: posts.Manner) -> None:
    if post.kind == "question":
        questions.edit(
            session, post=post, by=author, title=reworded.title, body=reworded.body, tags=reworded.tags,
            as_of=post.as_of, manner=manner,
        )  # fmt: skip
        return
    posts.edit(
        session, post=post, by=author, body=reworded.body, as_of=post.as_of, basis=post.basis, ai_draft=post.ai_draft,
        manner=manner,
    )  # fmt: skip
    if reworded.tags is not None:
        tags.put(session, post, wording.foreign_tags(reworded.tags))


def _reworded(session: Session, post: Post, words: str) -> _Reworded:
    title = ""
    known = composing.accounts_in(session, words, by=post.author_id)
    if post.kind == "question":
        found = markup.leading_handle(words, homes=town.of(session).uris.homes)
        board = known.get(found[0]) if found is not None else None
        said = found[1] if found is not None and board is not None and board.id == post.board_id else words
        title, words = composing.title_and_body(said)
    if post.application is None:
        return _Reworded(title, text.from_markdown(words), None, ())
    written = composing.render(session, words, known)
    labels = [*markup.tags_of(title), *written.tags]
    if post.kind == "question":
        before = {text.fold(each) for each in markup.tags_of(f"{post.title}\n{post.body_source}")}
        chosen = [each for each in tags.labels_of(session, post) if text.fold(each) not in before]
        labels = wording.foreign_tags([*chosen, *labels])[: wording.TAGS_MOST]
    return _Reworded(title, written.body, labels, written.mentioned)


def _other_pictures(session: Session, post: Post, draft: Draft, described: Mapping[int, Described]) -> bool:
    """Whether pictures, their order or what is said of them change."""
    present = media.of(session, [post.id]).get(post.id, [])
    if [each.id for each in present] != list(dict.fromkeys(draft.media_ids)):
        return True
    return any(
        said.focus is not None or said.description not in (None, each.description)
        for each in present
        if (said := described.get(each.id)) is not None
    )


def _mention(session: Session, author: Account, post: Post, mentioned: Sequence[Account]) -> None:
    """Whoever is mentioned now and was not before is told."""
    known = set(session.scalars(select(Mention.account_id).where(Mention.post_id == post.id)))
    fresh = [each for each in mentioned if each.id not in known and each.id != post.board_id]
    for account in posts.mention(session, post, fresh) if fresh else ():
        notifications.tell(session, to=account, kind="mention", actor=author, post=post)
