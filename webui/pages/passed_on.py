"""だれに教わりましたか: the earlier answer that somebody names when answering, and how a thread shows it."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import posts, visibility
from community.errors import Invalid, NotFound
from community.models import Post
from community.visibility import Viewer, visible_to
from webui import forms
from webui.pages import cards
from webui.pages.cards import Card

_UNKNOWN = "その回答が見つかりません。回答のページのアドレスを、そのまま貼ってください。"


def find(session: Session, viewer: Viewer, typed: str) -> Post | None:
    """The answer that `typed` names: its lasting address, the address of its place on a page, or its number.

    None if nothing was typed. Invalid("passed_on_from") if it names nothing the viewer can see.
    """
    if not typed:
        return None
    post = posts.by_uri(session, typed)
    try:
        number = post.id if post else forms.identifier(typed.rstrip("/").replace("#post-", "/").rpartition("/")[2])
        return visibility.require(session, viewer, number)
    except NotFound as error:
        raise Invalid("passed_on_from", _UNKNOWN) from error


def load(session: Session, viewer: Viewer, answers: Sequence[Post]) -> dict[int, Card]:
    """By the id of an answer, the card of the one it was learnt from, as far as the viewer may see that."""
    wanted = {answer.passed_on_from_id: answer.id for answer in answers if answer.passed_on_from_id}
    if not wanted:
        return {}
    found = session.scalars(select(Post).where(Post.id.in_(wanted), visible_to(viewer))).all()
    by_id = {card.post.id: card for card in cards.load(session, found)}
    return {
        answer.id: by_id[answer.passed_on_from_id] for answer in answers if answer.passed_on_from_id in by_id
    }
