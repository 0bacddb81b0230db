"""ChooseAnswer: the asker tells that an answer decided the question (federation reference §1.4).

The truth is `machi:acceptedAnswer` on the question at its origin; this activity is the notice of it. It counts if the
asker signed it, or else if the question, fetched anew, says so.
"""

from sqlalchemy.orm import Session

from community import questions
from community.models import Account, Post
from federation.inbox import known, placing
from federation.inbox.inbound import Ignored, Inbound
from federation.vocabulary import terms
from federation.vocabulary.notes import is_note, read_note
from federation.vocabulary.reading import Document, uri


def needs(session: Session, inbound: Inbound) -> list[str]:
    """An answer that never came here, and the question itself if somebody else than the asker speaks."""
    answer = known.post(session, inbound.object_uri)
    question = _question(session, inbound, answer)
    if question is None or question.local:
        return []
    if answer is None:
        return placing.needs_of_context(session, inbound, inbound.object_uri)
    if _author(session, question).uri != inbound.actor_uri:
        return inbound.to_fetch([question.uri])
    return []


def apply(session: Session, inbound: Inbound) -> None:
    signer = inbound.actor(session)
    answer = placing.known_or_fetched(session, inbound, inbound.object_uri)
    question = _question(session, inbound, answer)
    if answer is None or question is None or answer.root_id != question.id:
        raise Ignored("a ChooseAnswer for a question or an answer that is not known here")
    asker = _author(session, question)
    if asker.id != signer.id and not _says_so(inbound.documents.get(question.uri), question, answer):
        raise Ignored("a ChooseAnswer by somebody who did not ask the question")
    questions.solve(session, question=question, answer=answer, by=asker)


def take_back(session: Session, signer: Account, answer_uri: str | None) -> None:
    """Undo{ChooseAnswer}: the question waits again. Ignored unless `signer` asked it and this is its 決め手."""
    answer = known.post(session, answer_uri) if answer_uri else None
    question = session.get(Post, answer.root_id) if answer is not None and answer.root_id else None
    if answer is None or question is None or question.accepted_answer_id != answer.id:
        raise Ignored("an Undo of a ChooseAnswer that does not stand")
    questions.reopen(session, question=question, by=signer)


def _question(session: Session, inbound: Inbound, answer: Post | None) -> Post | None:
    if answer is not None:
        return session.get(Post, answer.root_id) if answer.root_id else None
    named = uri(inbound.activity.get(terms.QUESTION))
    return known.post(session, named) if named else None


def _says_so(document: Document | None, question: Post, answer: Post) -> bool:
    if document is None or not is_note(document):
        return False
    note = read_note(document)
    return note.id == question.uri and note.accepted_answer == answer.uri


def _author(session: Session, post: Post) -> Account:
    return session.get_one(Account, post.author_id)
