"""さがす by name or address: the way from @name@town, or from any post's address, to its page in this town."""

import re
import unicodedata

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import posts, town, visibility
from community.errors import CommunityError, NotFound
from community.models import Account
from community.visibility import Viewer
from federation import lookup
from webui import addresses, auth, forms, statuses
from webui.forms import Form
from webui.keys import DATABASE, FEDERATION
from webui.pages.places import of_post_id, place
from webui.pages.profiles import by_handle, standing
from webui.rendering import page, sentence

routes = web.RouteTableDef()
_MOST = 2_000
_NOBODY = "見つかりませんでした。@から始まる名前か、アドレスをもう一度たしかめてください。"
_HANDLE = re.compile(r"@?[^@/\s]+(?:@[^@/\s]+)?")
_OUR_PAGE = re.compile(r"/@(?P<handle>[^/?#]+)(?:/(?P<outer>\d+)(?:#post-(?P<inner>\d+))?)?/?")


@routes.get("/lookup")
async def find(request: web.Request) -> web.Response:
    """Lead to what `q` names. Strangers, and anybody who adds `known=1`, reach only what this town already holds:
    whoever makes the town fetch from elsewhere has to be a member of it.
    """
    wanted = forms.query(request, "q")[:_MOST]
    viewer = await auth.viewer(request)
    if not wanted:
        return page(request, "lookup.html", form=Form())
    if "://" not in wanted:
        wanted = unicodedata.normalize("NFKC", wanted)  # ＠ as Japanese keyboards write it
    try:
        address = await _address(request, viewer, wanted)
    except CommunityError as error:
        form = Form.blank(q=wanted)
        form.errors["q"] = sentence(request, error.message, error.facts)
        return page(request, "lookup.html", status=statuses.of(error), form=form)
    return web.Response(status=303, headers={"Location": address, "Cache-Control": "no-store"})


async def _address(request: web.Request, viewer: Viewer, wanted: str) -> str:
    database = request.app[DATABASE]
    known_only = viewer.account_id is None or bool(forms.query(request, "known"))
    found = await database.read(lambda session: _known(session, viewer, wanted, by_name=known_only))
    if found is not None:
        return found
    if known_only:
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
    return await database.read(
        lambda session: addresses.of_account(standing(session, viewer, session.get(Account, account_id)))
    )


def _known(session: Session, viewer: Viewer, wanted: str, *, by_name: bool) -> str | None:
    """The page of a post or an account that is stored here: by its id, by the address of its page here and, with
    `by_name`, by a handle as it is known here. NotFound for what `viewer` may not see.
    """
    post = posts.by_uri(session, wanted)
    if post is not None:
        if not visibility.may_see(session, viewer, post):
            raise NotFound(_NOBODY)  # in the words for what is not here: nobody learns which
        return place(session, viewer, post)
    here = town.of(session).uris
    ours = _OUR_PAGE.fullmatch(wanted.removeprefix(here.origin))
    if ours is not None and ours["outer"]:
        return of_post_id(session, viewer, forms.identifier(ours["inner"] or ours["outer"]))
    if ours is not None:
        return addresses.of_account(by_handle(session, viewer, ours["handle"]))
    there = Account.deleted_at.is_(None), Account.suspended_at.is_(None)
    account = session.scalar(select(Account).where(Account.uri == wanted, *there))
    if account is not None:
        return addresses.of_account(standing(session, viewer, account))
    if by_name and _HANDLE.fullmatch(wanted):
        return addresses.of_account(by_handle(session, viewer, wanted))
    return None
