"""ようこそ: what a stranger sees first. A member who comes here is at home."""

from dataclasses import dataclass

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import anonymity, timelines
from community.models import Account, Post, Thanks
from community.visibility import PUBLIC, visible_to
from webui import addresses, auth
from webui.keys import DATABASE
from webui.pages import home
from webui.rendering import page

routes = web.RouteTableDef()
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Story:
    """A solved question as the front page tells it."""

    question: Post
    address: str
    letter: Post | None  # words of thanks for its deciding answer
    letter_from: Account | None


@routes.get("/")
async def show(request: web.Request) -> web.StreamResponse:
    if auth.visitor(request).member:
        return await home.home(request)
    stories = await request.app[DATABASE].read(_stories)
    return page(request, "welcome.html", stories=stories)


def _stories(session: Session) -> list[Story]:
    questions = timelines.questions(session, PUBLIC, tab="solved", limit=_SHOWN)
    letters = _letters(session, [post.accepted_answer_id for post in questions if post.accepted_answer_id])
    authors = anonymity.public_authors(session, [*questions, *letters.values()], PUBLIC)
    stories = []
    for question in questions:
        letter = letters.get(question.accepted_answer_id or 0)
        stories.append(
            Story(
                question,
                addresses.of_post(question, authors[question.id]),
                letter,
                authors[letter.id] if letter else None,
            )
        )
    return stories


def _letters(session: Session, answer_ids: list[int]) -> dict[int, Post]:
    """The first letter of thanks for each answer that everybody may read."""
    rows = (
        select(Thanks.post_id, Post)
        .join(Post, Post.id == Thanks.message_post_id)
        .where(Thanks.post_id.in_(answer_ids), Thanks.private.is_(False), visible_to(PUBLIC))
        .order_by(Thanks.id.desc())
    )
    return {row[0]: row[1] for row in session.execute(rows)}
