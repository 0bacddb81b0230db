"""From what an app sends to a draft, and from what is refused to the words that clients know (reference §1.1)."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from sqlalchemy.orm import Session

from community import composing, markup, media, polls, quotes, scheduled, wording
from community.composing import Draft
from community.errors import CommunityError, Invalid
from community.rewriting import Described
from community.visibility import DIRECT, FOLLOWERS, OPEN, UNLISTED
from federation import lookup
from webui.mastodon.params import Params
from webui.mastodon.replies import Refusal
from webui.mastodon.routing import Call

T = TypeVar("T")
VISIBILITIES = {"public": OPEN, "unlisted": UNLISTED, "private": FOLLOWERS, "direct": DIRECT}
STRANGERS_MOST = 5
"""How many unknown people in one text are looked up."""

_PATIENCE = 6.0  # seconds for looking them up, all together
_WORDS = {
    "blank": "Validation failed: Text can't be blank",
    "characters": f"Validation failed: Text character limit of {composing.TEXT_MOST} exceeded",
    "options": "Validation failed: Options must have more than one item",
    "options_most": f"Validation failed: Options can't contain more than {polls.OPTIONS_MOST} items",
    "options_length": f"Validation failed: Options can't be longer than {polls.OPTION_MOST} characters each",
    "options_twice": "Validation failed: Options contain duplicate items",
    "expires_in": "Validation failed: Expires at is too soon",
    "expires_in_most": "Validation failed: Expires at is too far into the future",
    "scheduled_at": "Validation failed: Scheduled at The scheduled date must be in the future",
    "limit": f"Validation failed: You have exceeded the limit of {scheduled.MOST} scheduled posts",
    "limit_of_day": f"Validation failed: You have exceeded the limit of {scheduled.MOST_A_DAY} scheduled posts for today",
    "pin": "Validation failed: You have already pinned the maximum number of posts",
    "pin_others": "Validation failed: Someone else's post cannot be pinned",
    "pin_direct": "Validation failed: Posts that are only visible to mentioned users cannot be pinned",
    "voted": "Validation failed: You have already voted on this poll",
    "choices": "Validation failed: The chosen vote option does not exist",
    "expired": "Validation failed: The poll has already ended",
    "own": "Validation failed: You cannot vote in your own polls",
    "quoted_status_id": "Validation failed: This post cannot be quoted",
    "policy": "Validation failed: Quote approval policy is not included in the list",
}
_MISSING = {
    "in_reply_to_id": "The post you are trying to reply to does not appear to exist.",
    "quoted_unknown": "The post you are trying to quote does not appear to exist.",
}


def of(call: Call) -> Draft:
    """The post that an app asks for. Refusal 422 for what cannot be one."""
    params = call.params
    media_ids = tuple(params.identifiers("media_ids"))
    if len(media_ids) > media.MOST:
        raise Refusal(422, f"Validation failed: Cannot attach more than {media.MOST} files")
    holder = call.holder
    return Draft(
        text=params.string("status") or "",
        visibility=_visibility(params),
        in_reply_to_id=params.identifier("in_reply_to_id"),
        media_ids=media_ids,
        poll=_poll(params),
        summary=params.string("spoiler_text") or "",
        sensitive=params.flag("sensitive"),
        language=_language(params),
        quoted_id=params.identifier("quoted_status_id"),
        quote_policy=_policy(params),
        application=holder.client_name if holder is not None else "",
    )


def described(params: Params) -> dict[int, Described]:
    """What is said anew of pictures, by their ids."""
    found: dict[int, Described] = {}
    for each in params.hashes("media_attributes"):
        media_id = each.identifier("id")
        if media_id is not None:
            description = each.string("description") if each.given("description") else None
            found[media_id] = Described(description, _focus(each.text("focus")))
    return found


async def meet_strangers(call: Call, typed: str) -> None:
    """Look up those whom `typed` mentions and nobody here knows, a few of them and not for long. Who cannot be found
    stays a word.
    """
    if len(typed) > wording.BODY_MOST:  # it will be refused: nobody need be looked for
        return
    if not any(host for _, host in markup.handles(typed, homes=call.town.uris.homes)):
        return
    unknown = await call.glance(lambda session: composing.strangers(session, typed))
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            await asyncio.gather(*(_look_up(call, each) for each in unknown[:STRANGERS_MOST]))


async def in_their_words(call: Call, unit: Callable[[Session], T]) -> T:
    """What `unit` writes; what the town refuses in Japanese is refused as Mastodon words it."""
    try:
        return await call.write(unit)
    except Invalid as error:
        if error.field in _MISSING:
            raise Refusal(404, _MISSING[error.field]) from error
        if error.field in _WORDS:
            raise Refusal(422, _WORDS[error.field]) from error
        raise


async def _look_up(call: Call, handle: str) -> None:
    with suppress(CommunityError):
        await lookup.account(call.federation, f"@{handle}")


def _visibility(params: Params) -> str | None:
    """None if it was left open. What we do not know is refused: it may have meant fewer eyes."""
    wanted = params.text("visibility")
    if wanted is not None and wanted not in VISIBILITIES:
        raise Refusal(422, "Validation failed: Visibility is not included in the list")
    return None if wanted is None else VISIBILITIES[wanted]


def _poll(params: Params) -> polls.Draft | None:
    asked = params.hash("poll")
    if not asked:
        return None
    expires_in = asked.integer("expires_in")
    if expires_in is None:
        raise Refusal(422, "Validation failed: Expires at can't be blank")
    try:
        return polls.check(
            asked.all("options"),
            expires_in,
            multiple=bool(asked.flag("multiple")),
            hides_totals=bool(asked.flag("hide_totals")),
        )
    except Invalid as error:
        raise Refusal(422, _WORDS[error.field]) from error


def _language(params: Params) -> str | None:
    """An ISO 639 code, with or without a region; anything else is as good as none."""
    code = params.text("language") or ""
    head, _, rest = code.partition("-")
    known = head.isascii() and head.isalpha() and len(head) in (2, 3) and len(code) <= 16
    return code if known and (not rest or rest.replace("-", "").isalnum()) else None


def _policy(params: Params) -> str | None:
    wanted = params.text("quote_approval_policy")
    return wanted if wanted in quotes.POLICIES else None


def _focus(said: str | None) -> tuple[float, float] | None:
    try:
        x, y = (float(each) for each in (said or "").split(","))
    except ValueError:
        return None
    return (x, y) if abs(x) <= 1 and abs(y) <= 1 else None
