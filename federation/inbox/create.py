"""Create and Update of posts; Update of actors (federation reference §1.2, §1.3, §1.8)."""

from sqlalchemy.orm import Session

from community import gatherings, posts, questions
from community.models import Account, Post
from community.visibility import OPEN, UNLISTED
from federation import actors
from federation.inbox import besides, enclosed, known, placing, stamps, votes
from federation.inbox.inbound import Ignored, Inbound
from federation.vocabulary import terms
from federation.vocabulary.notes import Note, is_note, read_note
from federation.vocabulary.parse import is_actor
from federation.vocabulary.reading import Document, moment, same_origin, type_of, uri


def needs(session: Session, inbound: Inbound) -> list[str]:
    """The object, if only its id came; then whatever it takes to place it."""
    if votes.several(inbound):
        return []
    document = _document(inbound)
    if document is None:
        return inbound.to_fetch([inbound.object_uri] if same_origin(inbound.object_uri, inbound.actor_uri) else [])
    return placing.needs_of(session, inbound, _own_note(inbound, document)) if is_note(document) else []


def apply(session: Session, inbound: Inbound) -> None:
    """A post by the actor: stored where it belongs, if it concerns us. A known one is left as it is."""
    inbound.actor(session)
    if choices := votes.several(inbound):
        votes.apply(session, inbound, *(_own_note(inbound, each) for each in choices))
        return
    note = _own_note(inbound, _required(inbound))
    if votes.is_vote(session, note):
        votes.apply(session, inbound, note)
    else:
        placing.place(session, inbound, note)


def apply_update(session: Session, inbound: Inbound) -> None:
    """An actor that changed, or a post of the actor: reworded here, 解決 taken over; unknown ones are stored."""
    signer = inbound.actor(session)
    document = _required(inbound)
    if is_actor(document):
        if uri(document.get("id")) != signer.uri:
            document = _board_anew(inbound, document)
        actors.upsert(session, document)
        return
    note = _own_note(inbound, document)
    post = known.post(session, note.id)
    if post is None:
        placing.place(session, inbound, note)
    elif post.author_id != signer.id:
        raise Ignored("an Update of what somebody else wrote")
    elif post.deleted_at is not None:
        raise Ignored("an Update of what was deleted")
    else:
        _edit(session, inbound, post, note, signer)


def needs_of_update(session: Session, inbound: Inbound) -> list[str]:
    """As for Create; for a post that is known only a 決め手 that is not, and what it quotes, by whose consent."""
    document = _document(inbound)
    if document is None:
        return needs(session, inbound)
    if not is_note(document):
        board = inbound.via
        return inbound.to_fetch([board.uri]) if board is not None and uri(document.get("id")) == board.uri else []
    note = _own_note(inbound, document)
    post = known.post(session, note.id)
    if post is None:
        return placing.needs_of(session, inbound, note)
    wanted = stamps.needs(session, inbound, note)
    if note.quote is not None and post.quote_of_id is None:
        wanted += placing.needs_of_context(session, inbound, note.quote, above=placing.PARENTS_MOST)
    if note.accepted_answer:
        wanted += placing.needs_of_context(session, inbound, note.accepted_answer)
    return wanted


def _board_anew(inbound: Inbound, told: Document) -> Document:
    """The board that passes on an Update of itself by who looks after it (Lemmy), as its own host serves it now."""
    board = inbound.via
    fresh = inbound.documents.get(board.uri) if board is not None and uri(told.get("id")) == board.uri else None
    if fresh is None:
        raise Ignored("an Update of another actor")
    return fresh


def _document(inbound: Inbound) -> Document | None:
    """The object as it was sent, or fetched where only its id was."""
    return inbound.object or inbound.documents.get(inbound.object_uri)


def _required(inbound: Inbound) -> Document:
    document = _document(inbound)
    if document is None:
        raise Ignored("its object could not be had")
    return document


def _own_note(inbound: Inbound, document: Document) -> Note:
    """The object as a post of the actor's own (federation reference §3, Same authority)."""
    read = inbound.notes.get(id(document))  # `needs` asked for it, and `apply` asks again
    if read is not None:
        return read
    if not is_note(document):
        raise Ignored(f"{inbound.type} of {type_of(document) or 'nothing'} is not for us")
    note = read_note(document if document.get("attributedTo") else {**document, "attributedTo": inbound.actor_uri})
    if not same_origin(note.id, inbound.actor_uri):
        raise Ignored("its object is of another host")
    if note.attributed_to != inbound.actor_uri:
        raise Ignored("its object is by somebody else")
    inbound.notes[id(document)] = note
    return note


def _edit(session: Session, inbound: Inbound, post: Post, note: Note, signer: Account) -> None:
    if post.visibility in (OPEN, UNLISTED) and note.addressed and not note.public:
        raise Ignored("an Update for fewer people than those who see the post")
    told = (note.updated, moment(inbound.activity.get("updated")), moment(inbound.activity.get("published")))
    edited_at = next((each for each in told if each is not None), inbound.now)
    quoted = placing.known_or_fetched(session, inbound, note.quote, above=placing.PARENTS_MOST) if note.quote else None
    counted = besides.renew(session, inbound, post, note, signer, quoted=quoted)
    if post.kind == "flag" and note.flag is not None:
        _edit_flag(session, post, note, signer, edited_at)
        return
    if counted and posts.is_stale(post, edited_at):
        return  # new counts of a poll come without a new moment
    if posts.is_stale(post, edited_at):
        raise Ignored("an Update that is older than what stands")
    enclosed.keep(session, post, note, signer)
    if post.kind == "question":
        body = placing.body_of(note, answered=_board_addresses(session, post))
        questions.edit(
            session,
            post=post,
            by=signer,
            title=placing.title_of(note, body),
            body=body,
            tags=note.tags,
            as_of=note.as_of,
            edited_at=edited_at,
        )
        placing.settle(session, inbound, post, note)
        return
    if note.kind == terms.KIND_THANKS_MESSAGE and post.thanks_id is None:
        placing.attach_to_thanks(session, post, signer)  # its author made it the words of a ありがとう
    answered = _answered_addresses(session, post)
    body = placing.body_with_title(note) if post.kind == "note" else placing.body_of(note, answered=answered)
    posts.edit(
        session,
        post=post,
        by=signer,
        body=body,
        as_of=note.as_of,
        basis=note.basis,
        ai_draft=note.ai_draft,
        summary=placing.plain_summary(note),
        edited_at=edited_at,
    )


def _edit_flag(session: Session, post: Post, note: Note, signer: Account, edited_at: int) -> None:
    """A 旗 moved or reworded; how many gather, and whether it is おひらき, comes without a new moment as well."""
    flag = placing.own_flag(note)
    if posts.is_stale(post, edited_at):
        gatherings.heed(session, post, flag.told)
        return
    enclosed.keep(session, post, note, signer)
    body = placing.body_of(note, answered=_board_addresses(session, post))
    gatherings.edit(
        session, post=post, by=signer, title=placing.title_of(note, body), body=body, plan=flag.plan, tags=note.tags,
        edited_at=edited_at, told=flag.told,
    )  # fmt: skip


def _answered_addresses(session: Session, post: Post) -> tuple[str, ...]:
    parent = session.get(Post, post.parent_id) if post.parent_id is not None else None
    return _addresses(session, parent.author_id if parent is not None else None)


def _board_addresses(session: Session, post: Post) -> tuple[str, ...]:
    return _addresses(session, post.board_id)


def _addresses(session: Session, account_id: int | None) -> tuple[str, ...]:
    account = session.get(Account, account_id) if account_id is not None else None
    return (account.uri, account.url) if account is not None else ()

