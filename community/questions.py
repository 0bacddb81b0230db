"""質問: asking, rewording, and saying which answer decided it (決め手, 解決)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from community import events, notifications, posts, text, town
from community import extras as besides
from community import tags as tag_rows
from community import wording as rules
from community.errors import Invalid, NotAllowed, NotFound
from community.extras import Extras
from community.models import Account, Member, Post
from community.posts import Origin
from community.text import Body
from community.visibility import FOR_QUESTIONS, OPEN, UNLISTED


@dataclass(frozen=True, slots=True)
class Wording:
    """A question as it will be kept: checked if it was typed here, cut to fit if it came from elsewhere."""

    title: str
    body: Body
    visibility: str
    tags: list[str]
    as_of: str | None = None
    language: str | None = None

    def post(self, kind: str, *, board: Account | None, anonymous: bool) -> Post:
        """A post that says so, not stored yet. Its tags are rows of their own."""
        return posts.new(
            kind=kind,
            visibility=self.visibility,
            anonymous=anonymous,
            board_id=board.id if board else None,
            title=self.title,
            body_source=self.body.source,
            body_html=self.body.html,
            body_text=self.body.text,
            language=self.language,
            as_of=self.as_of,
        )


def ask(
    session: Session,
    *,
    author: Account,
    board: Account | None,
    title: str,
    body: Body,
    visibility: str | None = None,
    tags: Sequence[str] = (),
    as_of: str | None = None,
    language: str | None = "ja",
    origin: Origin | None = None,
    mentions: Sequence[Account] = (),
    extras: Extras | None = None,
) -> Post:
    """A question by `author`, of here or of elsewhere; with `origin`, asking again gives back what is known.

    Without `visibility` it is the author's own default, else the town's; an app may also ask unlisted (`extras`). Invalid names the field of a local question
    that does not fit; NotAllowed if the author may no longer write. A member's hidden name tag: `anonymity.draft`.
    """
    if origin is None:
        posts.check_author(author)
        visibility = visibility or default_visibility(session, author)
        offered = FOR_QUESTIONS if extras is None else (*FOR_QUESTIONS, UNLISTED)
        kept = check(
            board=board, title=title, body=body, visibility=visibility, tags=tags, as_of=as_of, offered=offered
        )
        kept = replace(kept, language=language)
        return place(session, author=author, board=board, kept=kept, mentions=mentions, extras=extras)
    known = posts.known(session, origin)
    if known is not None:
        return known
    kept = _foreign(title, body, visibility, tags, as_of)
    return place(session, author=author, board=board, kept=kept, origin=origin)


def check(
    *,
    board: Account | None,
    title: str,
    body: Body,
    visibility: str,
    tags: Sequence[str] = (),
    as_of: str | None = None,
    offered: Sequence[str] = FOR_QUESTIONS,
) -> Wording:
    """The rules for what is asked here; Invalid names the field that does not fit."""
    if visibility not in offered:
        raise Invalid("visibility", "公開範囲は、ひらく・姉妹まちまで・まちの中だけ、から選んでください。")
    if board is not None and (board.kind != "board" or board.deleted_at is not None):
        raise Invalid("board", "カテゴリーをもう一度選んでください。")
    return Wording(rules.title(title), rules.fits(body), visibility, rules.tags(tags), rules.as_of(as_of))


def place(
    session: Session,
    *,
    author: Account,
    board: Account | None,
    kept: Wording,
    origin: Origin | None = None,
    mentions: Sequence[Account] = (),
    extras: Extras | None = None,
) -> Post:
    """Let a question stand whose words are already checked. With the relay as author it is anonymous."""
    anonymous = author.kind == "relay" or (origin is not None and origin.anonymous)
    post = kept.post("question", board=board, anonymous=anonymous)
    if extras is not None:
        besides.dress(post, extras)
    posts.store(session, post, author=author, origin=origin)
    if extras is not None:
        besides.attach(session, post, author=author, extras=extras)
    tag_rows.put(session, post, kept.tags, fresh=True)
    mentioned = posts.mention(session, post, mentions) if mentions else []
    posts.announce(session, post)
    for account in mentioned:
        notifications.tell(session, to=account, kind="mention", actor=author, post=post)
    return post


def edit(
    session: Session,
    *,
    post: Post,
    by: Account,
    title: str,
    body: Body,
    tags: Sequence[str] | None,
    as_of: str | None = None,
    edited_at: int | None = None,
    manner: posts.Manner | None = None,
) -> Post:
    """Reword a question; what it said stays as a Revision. `tags` None leaves them as they are.

    `manner`, `edited_at` and the errors are those of `posts.edit`. Who may see the question does not change.
    """
    posts.check_editor(post, by)
    if edited_at is None:
        kept = Wording(rules.title(title), rules.fits(body), post.visibility, [], rules.as_of(as_of))
        labels = None if tags is None else rules.tags(tags)
    elif posts.is_stale(post, edited_at):
        return post
    else:
        kept = _foreign(title, body, post.visibility, (), as_of)
        labels = None if tags is None else rules.foreign_tags(tags)
    if _reword(session, post, kept, labels, edited_at, manner=manner):
        posts.told_of_edit(session, post)
    return post


def solve(session: Session, *, question: Post, answer: Post, by: Account) -> None:
    """`by`, who asked `question` (the relay for an anonymous one), says that `answer` decided it.

    There is one 決め手: a new choice replaces it, the same choice again changes nothing. NotAllowed for anyone else,
    for what is no answer to this question, and for an answer that only the asker can see: others would hear of it.
    """
    _check_asker(question, by)
    if answer.deleted_at is not None:
        raise NotFound("この回答は取り下げられています。")
    if answer.kind != "answer" or answer.root_id != question.id:
        raise NotAllowed("決め手に選べるのは、この質問への回答です。")
    if not posts.counts_publicly(answer):
        raise NotAllowed(
            "この回答は、あなたにだけ届いています。決め手にすると、ほかの人にも知られてしまいます。"
        )
    if question.accepted_answer_id == answer.id:
        return
    question.accepted_answer_id = answer.id
    question.solved_at = town.now(session)
    session.flush()
    events.record(session, events.AnswerChosen(question.id, answer.id))
    answerer = session.get(Account, answer.author_id)
    assert answerer is not None
    notifications.tell(session, to=answerer, kind="chosen", actor=by, post=answer)


def reopen(session: Session, *, question: Post, by: Account) -> None:
    """Take the choice of a 決め手 back: the question waits again. Changes nothing if there is none."""
    _check_asker(question, by)
    chosen = question.accepted_answer_id
    if chosen is None:
        return
    question.accepted_answer_id = question.solved_at = None
    session.flush()
    events.record(session, events.AnswerUnchosen(question.id, chosen))


def default_visibility(session: Session, author: Account) -> str:
    """Who sees a question of `author` unless they say otherwise: their own setting, else the town's."""
    member = session.get(Member, author.id)
    own = member.default_visibility if member else None
    return own if own in FOR_QUESTIONS else town.of(session).settings.instance.default_visibility


def _check_asker(question: Post, by: Account) -> None:
    if question.deleted_at is not None:
        raise NotFound("この質問は取り下げられています。")
    if question.kind != "question" or question.author_id != by.id:
        raise NotAllowed("決め手を選べるのは、質問したご本人だけです。")


def _foreign(
    title: str, body: Body, visible: str | None, labels: Sequence[str], as_of: str | None
) -> Wording:
    shown = text.line(title)[: rules.FOREIGN_TITLE_MOST]
    return Wording(shown, body, visible or OPEN, rules.foreign_tags(labels), rules.foreign_as_of(as_of), None)


def _reword(
    session: Session,
    post: Post,
    kept: Wording,
    labels: list[str] | None,
    edited_at: int | None,
    *,
    manner: posts.Manner | None,
) -> bool:
    """Whether anything changed. New tags alone are an edit too."""
    relabelled = labels is not None and labels != tag_rows.labels_of(session, post)
    facts: dict[str, object] = {
        "title": kept.title,
        "body_source": kept.body.source,
        "body_html": kept.body.html,
        "body_text": kept.body.text,
        "as_of": kept.as_of,
    }
    if manner is not None:
        facts |= manner.facts(post)
    anyway = relabelled or (manner is not None and manner.anyway)
    changed = posts.change(session, post, facts, edited_at, anyway=anyway)
    if relabelled and labels is not None:
        tag_rows.put(session, post, labels)
    return changed
