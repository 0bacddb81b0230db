"""だれに教わりましたか: the earlier answer that somebody names when answering, and how a thread shows it."""

import re
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import posts, town, visibility
from community.errors import Invalid, NotFound
from community.models import Post
from community.visibility import Viewer, visible_to
from webui import forms
from webui.pages import cards
from webui.pages.cards import Card

_OUR_PAGE = re.compile(r"/@[^/?#]+/(?P<outer>\d+)/?(?:#post-(?P<inner>\d+))?")
_UNKNOWN = "その回答が見つかりません。回答のページのアドレスを、そのまま貼ってください。"


def find(session: Session, viewer: Viewer, typed: str) -> Post | None:
    """The answer that `typed` names: its lasting address, the address of its place on a page, or its number.

    None if nothing was typed. Invalid("passed_on_from") if it names nothing the viewer can see.
    """
    if not typed:
        return None
    post = posts.by_uri(session, typed)
    try:
        number = post.id if post else _number(typed.removeprefix(town.of(session).uris.origin))
        return visibility.require(session, viewer, number)
    except NotFound as error:
        raise Invalid("passed_on_from", _UNKNOWN) from error


def _number(typed: str) -> int:
    """The id in the address of a page of ours, or typed by itself. Raises NotFound."""
    address = _OUR_PAGE.fullmatch(typed)
    return forms.identifier((address["inner"] or address["outer"]) if address else typed)


def load(session: Session, viewer: Viewer, answers: Sequence[Post]) -> dict[int, Card]:
    """By the id of an answer, the card of the one it was learnt from, as far as the viewer may see that."""
    wanted = {answer.passed_on_from_id for answer in answers if answer.passed_on_from_id}
    if not wanted:
        return {}
    found = session.scalars(select(Post).where(Post.id.in_(wanted), visible_to(viewer))).all()
    by_id = {card.post.id: card for card in cards.load(session, viewer, found)}
    return {
        answer.id: by_id[answer.passed_on_from_id] for answer in answers if answer.passed_on_from_id in by_id
    }
