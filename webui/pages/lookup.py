"""さがす by name or address: the way from @name@town, or from any post's address, to its page in this town."""

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import anonymity, posts, visibility
from community.errors import CommunityError, NotFound
from community.models import Account, Post
from community.visibility import Viewer
from federation import lookup
from webui import addresses, auth, forms, statuses
from webui.forms import Form
from webui.keys import DATABASE, FEDERATION
from webui.rendering import page, sentence

routes = web.RouteTableDef()
_MOST = 2_000
_NOBODY = "見つかりませんでした。@から始まる名前か、アドレスをもう一度たしかめてください。"


@routes.get("/lookup")
async def find(request: web.Request) -> web.Response:
    """Lead to what `q` names. Strangers, and anybody who adds `known=1`, reach only what this town already holds:
    whoever makes the town fetch from elsewhere has to be a member of it.
    """
    wanted = forms.query(request, "q")[:_MOST]
    viewer = await auth.viewer(request)
    if not wanted:
        return page(request, "lookup.html", form=Form())
    try:
        address = await _address(request, viewer, wanted)
    except CommunityError as error:
        form = Form.blank(q=wanted)
        form.errors["q"] = sentence(request, error.message, error.facts)
        return page(request, "lookup.html", status=statuses.of(error), form=form)
    return web.Response(status=303, headers={"Location": address, "Cache-Control": "no-store"})


async def _address(request: web.Request, viewer: Viewer, wanted: str) -> str:
    database = request.app[DATABASE]
    found = await database.read(lambda session: _known(session, viewer, wanted))
    if found is not None:
        return found
    if viewer.account_id is None or forms.query(request, "known"):
        raise NotFound(_NOBODY)
    federation = request.app[FEDERATION]
    if wanted.startswith(("http://", "https://")):
        try:
            post_id = await lookup.post(federation, wanted)
        except NotFound:
            pass  # an address may be somebody's profile as well
        else:
            return await database.read(lambda session: of_post_id(session, viewer, post_id))
    account_id = await lookup.account(federation, wanted)
    return await database.read(lambda session: addresses.of_account(session.get_one(Account, account_id)))


def _known(session: Session, viewer: Viewer, wanted: str) -> str | None:
    """The page of a post or an account that is stored here under this id."""
    post = posts.by_uri(session, wanted)
    if post is not None:
        return of_post_id(session, viewer, post.id)
    account = session.scalar(select(Account).where(Account.uri == wanted, Account.deleted_at.is_(None)))
    return addresses.of_account(account) if account else None


def of_post_id(session: Session, viewer: Viewer, post_id: int) -> str:
    """The place of a post in its thread. NotFound if `viewer` may not see it."""
    post = visibility.require(session, viewer, post_id)
    root = session.get(Post, post.root_id or post.id) or post
    return addresses.in_thread(root, anonymity.public_author(session, root), post.id)
