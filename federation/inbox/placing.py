"""Where a received post belongs: a question on its board, a reply in its thread, else a note (§1.2, §1.3).

The author's own words decide: `inReplyTo`, the addressed board, the title. What is stored goes through the same
services as what is typed here, so a reply by a stranger becomes an answer by the same rule as a neighbour's.
"""

from dataclasses import replace
from html import escape

from sqlalchemy.orm import Session

from community import answers, belated, gatherings, notes, questions, text, thanks, town, visibility
from community.errors import NotAllowed, NotFound
from community.models import Account, Post
from community.posts import Origin
from community.text import Body
from community.visibility import DIRECT, FOLLOWERS
from federation.inbox import besides, enclosed, known, memory, sight, stamps
from federation.inbox.inbound import Ignored, Inbound
from federation.vocabulary import terms
from federation.vocabulary.hata import Flag
from federation.vocabulary.notes import Note, is_note, read_note, without_leading_mention
from federation.vocabulary.reading import same_origin

PARENTS_MOST = 10
"""How far up a thread we go for what we have not seen."""

_TITLE_FROM_BODY = 80
_UNTITLED = "（題名なし）"


def needs_of(session: Session, inbound: Inbound, note: Note, *, above: int = 0) -> list[str]:
    """What has to be fetched before `note` can be placed: its author, its board, the posts above it, its 決め手."""
    if not above and not sight.concerns_us(session, inbound, note):
        return []
    wanted = [] if known.account(session, note.attributed_to) else inbound.to_fetch([note.attributed_to])
    if known.post(session, note.id) is None:
        if note.in_reply_to is None:
            unknown = [each for each in note.audience[:1] if known.account(session, each) is None]
            wanted += inbound.to_fetch(each for each in unknown if each not in terms.PUBLIC_NAMES)
        elif above < PARENTS_MOST:
            wanted += needs_of_context(session, inbound, note.in_reply_to, above=above + 1)
    if note.quote is not None and not above and known.post(session, note.id) is None:
        wanted += needs_of_context(session, inbound, note.quote, above=PARENTS_MOST) + stamps.needs(session, inbound, note)
    if note.accepted_answer is not None and not above:
        wanted += needs_of_context(session, inbound, note.accepted_answer, above=PARENTS_MOST - 1)
    return wanted


def needs_of_context(session: Session, inbound: Inbound, uri: str, *, above: int = 1) -> list[str]:
    """What has to be fetched for the post `uri`, which another one leads to, to stand here."""
    if town.of(session).uris.is_local(uri) or known.post(session, uri) is not None:
        return []
    document = inbound.documents.get(uri)
    if document is None:
        return inbound.to_fetch([uri])
    return needs_of(session, inbound, read_note(document), above=above) if is_note(document) else []


def known_or_fetched(session: Session, inbound: Inbound, uri: str, *, above: int = 1) -> Post | None:
    """The post `uri`: as it is known, or placed from what was fetched; None if it cannot be had."""
    post = known.post(session, uri)
    if post is not None:
        return post if post.boost_of_id is None else session.get_one(Post, post.boost_of_id)
    document = inbound.documents.get(uri)
    if document is None or not is_note(document) or above > PARENTS_MOST:
        return None
    try:
        return place(session, inbound, read_note(document), above=above)
    except (Ignored, NotFound, NotAllowed):
        return None


def place(session: Session, inbound: Inbound, note: Note, *, above: int = 0) -> Post:
    """Store `note` and what it stands under, or give back what is known by its id.

    `above` counts how far up the thread it stands from what really came in: that alone must concern us. Ignored if
    it does not, if its author took it back, if the id belongs to somebody else, or nobody here may see it.
    """
    if not same_origin(note.id, note.attributed_to):
        raise Ignored("its author is of another host than the post")
    stored = known.post(session, note.id)
    if stored is not None:
        return _known(session, stored, note)
    if town.of(session).uris.is_local(note.id):
        raise Ignored("a post of this town cannot come from outside")
    if not above and not sight.concerns_us(session, inbound, note):
        raise Ignored("nobody here follows it, is addressed or is answered by it")
    if note.id != inbound.object_uri and memory.is_withdrawn(session, note.attributed_to, note.id):
        raise Ignored("it was deleted before it came")
    author = known.account(session, note.attributed_to)
    if author is None or author.suspended_at is not None or author.deleted_at is not None:
        raise Ignored("its author is suspended, gone or could not be had")
    if not belated.is_marked(session) and sight.is_flood(session, note, author):  # what is belated tells nobody
        raise Ignored("it mentions more people than a post of a stranger may")
    visible = sight.visibility_of(session, inbound, note)
    if note.in_reply_to is not None:
        post = _reply(session, inbound, note, author, visible, above=above)
    else:
        post = _first(session, inbound, note, author, visible)
    known.add_post(session, post)
    enclosed.keep(session, post, note, author, fresh=True)
    quoted = known_or_fetched(session, inbound, note.quote, above=PARENTS_MOST) if note.quote and not above else None
    besides.attach(session, inbound, post, note, author, quoted=quoted)
    if post.kind == "question" and not above:
        settle(session, inbound, post, note)
    return post


def settle(session: Session, inbound: Inbound, question: Post, note: Note) -> None:
    """Make 解決 here what the question says of itself; `note` came from its author."""
    author = session.get_one(Account, question.author_id)
    if note.accepted_answer is not None:
        answer = known_or_fetched(session, inbound, note.accepted_answer)
        if answer is not None and answer.root_id == question.id and answer.kind == "answer":
            questions.solve(session, question=question, answer=answer, by=author)
    elif note.state == "open":
        questions.reopen(session, question=question, by=author)


def body_of(note: Note, *, answered: tuple[str, ...] = ()) -> Body:
    """The words of `note`, made safe; the mention of whom it answers (`answered`: their addresses) left out."""
    html = without_leading_mention(note.html, answered) if answered else note.html
    return text.from_html(html, note.source)


def body_with_title(note: Note) -> Body:
    """The words of something that stays a note here: a title goes in front, for a note has none."""
    title = f"<p><strong>{escape(note.name)}</strong></p>" if note.name and note.in_reply_to is None else ""
    return text.from_html(title + note.html, "" if title else note.source)


def title_of(note: Note, body: Body) -> str:
    """The `name`, else the first line."""
    first_line = next((line for line in body.text.splitlines() if line.strip()), "")
    return note.name or text.excerpt(first_line, _TITLE_FROM_BODY) or _UNTITLED


def own_flag(note: Note) -> Flag:
    """What `note` says as a flag; a collection that counts who gathers is believed on the flag's own host alone."""
    assert note.flag is not None
    told = note.flag.told
    return note.flag if same_origin(told.joined_uri, note.id) else replace(note.flag, told=replace(told, joined_uri=None))


def plain_summary(note: Note) -> str:
    return text.from_html(note.summary).text if note.summary else ""


def _known(session: Session, post: Post, note: Note) -> Post:
    """A known id keeps its owner, its audience and, once deleted, its silence."""
    if post.deleted_at is not None:
        raise Ignored("it was deleted, and its id never comes back")
    if session.get_one(Account, post.author_id).uri != note.attributed_to:
        raise Ignored("its id belongs to somebody else's post")
    return post


def _reply(
    session: Session, inbound: Inbound, note: Note, author: Account, visible: str, *, above: int
) -> Post:
    if note.is_vote:
        raise Ignored("a vote in a poll")
    parent_uri = note.in_reply_to or ""
    parent = known_or_fetched(session, inbound, parent_uri, above=above + 1)
    if parent is None:
        if town.of(session).uris.is_local(parent_uri):
            raise Ignored("a reply to something that is not here any more")
        return _note(session, inbound, note, author, visible)
    answered = session.get_one(Account, parent.author_id)
    post = answers.reply(
        session,
        author=author,
        parent=parent,
        body=body_of(note, answered=(answered.uri, answered.url)),
        visibility=visible,
        as_of=note.as_of,
        basis=note.basis,
        ai_draft=note.ai_draft,
        passed_on_from=_passed_on(session, note, author),
        from_asker=note.asker,
        origin=_origin(session, inbound, note, author),
        mentions=_mentioned(session, note, visible),
    )
    if note.kind == terms.KIND_THANKS_MESSAGE and post.thanks_id is None:
        attach_to_thanks(session, post, author)
    return post


def _first(session: Session, inbound: Inbound, note: Note, author: Account, visible: str) -> Post:
    """A post that answers nothing: a question, if it is one or speaks to a board; a 旗 if it says so; else a note."""
    board = _board(session, inbound, note)
    names_board = board is not None and (board.uri in note.addressed or bool(note.name))
    speaks_to_all = note.flag is not None or note.kind == terms.KIND_QUESTION or names_board
    if not speaks_to_all or visible in (FOLLOWERS, DIRECT):
        return _note(session, inbound, note, author, visible)
    body = body_of(note, answered=(board.uri, board.url) if board is not None else ())
    if note.flag is not None:
        return gatherings.hoist(
            session, author=author, board=board, title=title_of(note, body), body=body, visibility=visible, tags=note.tags,
            plan=note.flag.plan, told=own_flag(note).told, origin=_origin(session, inbound, note, author),
        )  # fmt: skip
    return questions.ask(
        session,
        author=author,
        board=board,
        title=title_of(note, body),
        body=body,
        visibility=visible,
        tags=note.tags,
        as_of=note.as_of,
        origin=_origin(session, inbound, note, author),
    )


def _note(session: Session, inbound: Inbound, note: Note, author: Account, visible: str) -> Post:
    if visible == DIRECT and not sight.speaks_to_us(session, note):
        raise Ignored("a direct post to nobody of this town")
    return notes.write(
        session,
        author=author,
        body=body_with_title(note),
        visibility=visible,
        origin=_origin(session, inbound, note, author),
        in_reply_to_uri=note.in_reply_to,
        mentions=_mentioned(session, note, visible),
        tags=note.tags,
    )


def attach_to_thanks(session: Session, post: Post, author: Account) -> None:
    """Words whose Like named no note: they belong to the thanks of the same giver for the same answer."""
    given = thanks.between(session, author.id, post.parent_id) if post.parent_id is not None else None
    if given is not None:
        thanks.attach_message(session, thanks=given, post=post)


def _board(session: Session, inbound: Inbound, note: Note) -> Account | None:
    """The Group the post speaks to; without one, the Group of its own host that announced it.

    A Group of another host does not come by posts that nobody said to it: it could take them away again.
    """
    spoken_to = known.named(session, (*note.audience, *note.to, *note.cc)).values()
    name = next((each.uri for each in spoken_to if each.kind == "board" and not each.gone), None)
    found = None if name is None else known.account(session, name)
    if found is None and inbound.via is not None and same_origin(inbound.via.uri, note.id):
        return inbound.via
    return found


def _passed_on(session: Session, note: Note, author: Account) -> Post | None:
    """だれに教わりましたか, where it names an answer that we know and that its author may have seen."""
    source = known.post(session, note.passed_on_from) if note.passed_on_from else None
    if source is None or source.kind != "answer" or source.author_id == author.id:
        return None
    return source if visibility.may_see(session, visibility.viewer_of(session, author), source) else None


def _mentioned(session: Session, note: Note, visible: str) -> list[Account]:
    """Whom it means, as far as they are known and this town has to do with them."""
    meant = sight.meant_by(session, note, visible)
    found = (known.account(session, each.uri) for each in known.named(session, meant).values() if not each.gone)
    return [each for each in found if each is not None and each.suspended_at is None]


def _origin(session: Session, inbound: Inbound, note: Note, author: Account) -> Origin:
    return Origin(
        uri=note.id,
        url=note.url,
        published=inbound.now if note.published is None else note.published,
        updated=note.updated,
        context_uri=note.context,
        language=note.language,
        summary=plain_summary(note),
        sensitive=note.sensitive,
        sample=note.sample,
        anonymous=note.anonymous and author.kind == "relay",
        from_asker=note.asker,
        sought=known.post(session, note.id) is None,
    )

