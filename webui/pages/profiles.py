"""A person's page with the 感謝の手帳, a board's page, and following them."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import (
    boards,
    flag_lists,
    follows,
    moves,
    pins,
    relationships,
    strengths,
    thanks,
    timelines,
    town,
    veils,
)
from community.errors import CommunityError, NotFound
from community.models import Account, Follow, Post
from community.visibility import Viewer
from federation import lookup
from webui import addresses, auth, forms
from webui.forms import Form
from webui.keys import DATABASE, FEDERATION
from webui.pages import cards
from webui.rendering import (
    again,
    form_of,
    found_by_consent,
    name_document,
    page,
    redirect,
    to_document,
    wants_activity,
)

routes = web.RouteTableDef()
_LETTERS = 20
_POSTS = 20
_FLAGS = 3
PROGRAM = Viewer(remote=True)
"""Another server, which asks for the document of an account."""

_NOBODY = "この方は見つかりませんでした。まちを出られたか、名前がちがうようです。"


@routes.get("/@{handle}")
async def profile(request: web.Request) -> web.Response:
    handle = request.match_info["handle"]
    program = wants_activity(request)
    viewer = PROGRAM if program else await auth.viewer(request)
    account = await request.app[DATABASE].read(lambda session: by_handle(session, viewer, handle))
    if program:
        return to_document(account.uri)
    if handle != account.handle:  # another way to write the name
        address = request.rel_url.with_path(addresses.of_account(account), encoded=True, keep_query=True)
        return web.Response(status=303, headers={"Location": str(address), "Vary": "Accept"})
    context = await _surroundings(request, account)
    if not account.local and auth.visitor(request).account_id is not None:
        lookup.profile_opened(request.app[FEDERATION], account.id)
    response = page(request, _template(account), form=Form(), **context)
    own = [] if account.kind == "board" else [account]
    givers = [letter.giver for letter in context.get("letters", ())]
    found_by_consent(response, [*own, *givers, *(card.author for card in context["posts"])])
    return name_document(response, account.uri) if account.local else response


def by_handle(session: Session, viewer: Viewer, handle: str) -> Account:
    """The account that goes by `name` or `name@town`. NotFound for nobody, for who left or was sent away, and for who is
    veiled from `viewer`.
    """
    name, _, home = handle.casefold().removeprefix("@").partition("@")
    home = "" if town.of(session).uris.is_home(home) else home
    return standing(
        session, viewer, session.scalar(select(Account).where(Account.name == name, Account.domain == home))
    )


def standing(session: Session, viewer: Viewer, account: Account | None) -> Account:
    """`account`, if it is there for `viewer`; else NotFound, in the same words for every reason."""
    if account is None or account.deleted_at is not None or account.suspended_at is not None:
        raise NotFound(_NOBODY)
    if veils.among_these(session, viewer, [account.id]):
        raise NotFound(_NOBODY)
    return account


def _template(account: Account) -> str:
    return "board.html" if account.kind == "board" else "profile.html"


async def _surroundings(request: web.Request, account: Account) -> dict[str, Any]:
    """All that the template of the account's page needs."""
    viewer = await auth.viewer(request)
    before, letters_before = forms.cursor(request), forms.cursor(request, "letters")

    def unit(session: Session) -> dict[str, Any]:
        shown = session.get_one(Account, account.id)
        if shown.kind == "board":
            return _board(session, viewer, shown, before)
        return _person(session, viewer, shown, before, letters_before)

    return {"address": addresses.of_account(account)} | await request.app[DATABASE].read(unit)


def _tie(session: Session, viewer: Viewer, account: Account) -> dict[str, Any]:
    """How the viewer stands to the account: may follow, asked, follows, turned away from it."""
    me = viewer.account_id
    tie = relationships.one(session, me, account.id) if me else relationships.Relationship(account.id)
    followable = account.kind not in {"relay", "instance"} and me != account.id
    if account.moved_to_uri is not None:  # then one can only stop
        followable = followable and (tie.following or tie.requested)
    return {
        "account": account,
        "mine": me == account.id,
        "follow_state": "accepted" if tie.following else "requested" if tie.requested else "",
        "followable": followable and not tie.blocking,
        "muting": tie.muting,
        "blocking": tie.blocking,
    }


def _person(
    session: Session, viewer: Viewer, account: Account, before: int | None, letters_before: int | None
) -> dict[str, Any]:
    book = thanks.book(session, viewer, account.id, max_id=letters_before, limit=_LETTERS + 1)
    letters = book.letters[:_LETTERS]
    posts = timelines.of_author(session, viewer, account.id, max_id=before, limit=_POSTS + 1)
    shown = posts[:_POSTS]
    answers = cards.load(session, viewer, [letter.answer for letter in letters if letter.answer])
    moved_to = _destination(session, viewer, account)
    return {
        **_tie(session, viewer, account),
        "moved_to": moved_to,
        "moved_page": addresses.of_account(moved_to) if moved_to is not None else None,
        "strengths": strengths.of(session, account.id),
        "learnings": strengths.learnings_of(session, account.id) if viewer.account_id == account.id else [],
        "book": book,
        "letters": letters,
        "answers": {card.post.id: card for card in answers},
        "older_letters": letters[-1].thanks.id if len(book.letters) > _LETTERS else None,
        "pinned": cards.load(session, viewer, pins.shown(session, viewer, account.id))
        if before is None
        else [],
        "posts": cards.load(session, viewer, shown),
        "older": shown[-1].id if len(posts) > _POSTS else None,
    }


def _destination(session: Session, viewer: Viewer, account: Account) -> Account | None:
    """Who the account is now, if it moved and `viewer` may know."""
    target = moves.destination(session, account)
    return None if target is None or veils.among_these(session, viewer, [target.id]) else target


def _board(session: Session, viewer: Viewer, account: Account, before: int | None) -> dict[str, Any]:
    found = timelines.questions(session, viewer, board_id=account.id, max_id=before, limit=_POSTS + 1)
    shown = found[:_POSTS]
    first = boards.first(session, viewer, account.id) if before is None else []
    return {
        **_tie(session, viewer, account),
        "board": boards.page(session, viewer, account.name) if account.local else None,
        "label": lambda locale: boards.label(account, locale),
        "first": cards.load(session, viewer, first),
        "flags": cards.load(session, viewer, _flags(session, viewer, account, first))
        if before is None
        else [],
        "posts": cards.load(session, viewer, shown),
        "older": shown[-1].id if len(found) > _POSTS else None,
    }


def _flags(session: Session, viewer: Viewer, board: Account, first: Sequence[Post]) -> list[Post]:
    """The next flags of a board, but for those that stand first on its page already."""
    coming = flag_lists.coming(session, viewer, board_id=board.id, limit=_FLAGS + len(first))
    return [flag for flag in coming if flag not in first][:_FLAGS]


@routes.post("/accounts/{id}/follow")
@auth.require_member
async def follow(request: web.Request) -> web.Response:
    account, me = await _standing(request), auth.me(request)

    def unit(session: Session) -> Follow:
        followee = session.get_one(Account, account.id)
        return follows.request(session, follower=session.get_one(Account, me), followee=followee)

    try:
        tie = await request.app[DATABASE].write(unit)
    except CommunityError as error:
        return again(
            request, _template(account), form_of(request), error, **await _surroundings(request, account)
        )
    told = (
        "フォローしました。" if tie.state == "accepted" else "フォローをお願いしました。返事を待っています。"
    )
    return redirect(request, addresses.of_account(account), told)


@routes.post("/accounts/{id}/unfollow")
@auth.require_member
async def unfollow(request: web.Request) -> web.Response:
    account, me = await _standing(request), auth.me(request)

    def unit(session: Session) -> None:
        followee = session.get_one(Account, account.id)
        follows.end(session, follower=session.get_one(Account, me), followee=followee)

    await request.app[DATABASE].write(unit)
    return redirect(request, addresses.of_account(account), "フォローをやめました。")


@routes.post("/follows/{id}/{answer:accept|reject}")
@auth.require_member
async def answer_request(request: web.Request) -> web.Response:
    """A member who looks at each follower first lets one in, or not."""
    follow_id, me = forms.id_in_path(request), auth.me(request)
    accepts = request.match_info["answer"] == "accept"

    def unit(session: Session) -> None:
        tie = session.get(Follow, follow_id)
        if tie is None or tie.followee_id != me:
            raise NotFound("このお願いは、もう取り下げられたようです。")
        if accepts:
            follows.accept(session, follow=tie)
        else:
            follows.reject(session, follow=tie)

    await request.app[DATABASE].write(unit)
    told = "フォローを受け入れました。" if accepts else "お断りしました。相手に理由は伝わりません。"
    return redirect(request, "/notifications", told)


async def _standing(request: web.Request) -> Account:
    """The account that the path names. Raises NotFound."""
    account_id, viewer = forms.id_in_path(request), await auth.viewer(request)
    return await request.app[DATABASE].read(
        lambda session: standing(session, viewer, session.get(Account, account_id))
    )
