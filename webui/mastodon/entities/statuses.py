"""Status: a post as an app is shown it (client-API reference §2).

What does not differ between viewers is rendered once and kept (`shelf`): a page of twenty is one query and twenty pieces
of bytes put together, with the account, the counts and the viewer's own deeds laid between them. A page costs a fixed
number of queries, whatever stands on it.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import orjson
from sqlalchemy.orm import Session

from community import filter_matching, veils
from community.errors import NotFound
from community.filter_matching import Compiled
from community.visibility import Viewer
from webui.mastodon.entities import accounts, polls, shelf, stamps, texts, turned
from webui.mastodon.entities.shelf import Shelf
from webui.mastodon.entities.stamps import Stamp
from webui.mastodon.entities.texts import Text

K = TypeVar("K")
_KEPT_MOST = 20_000
_BOOLEANS = (b"false", b"true")
_FOR_NOBODY = b'{"automatic":[],"manual":[],"current_user":"'
_APPROVALS = {
    "public": (b'{"automatic":["public"],"manual":[],"current_user":"', b"automatic"),
    "followers": (b'{"automatic":["followers"],"manual":[],"current_user":"', b"automatic"),
    "manual": (b'{"automatic":[],"manual":["public"],"current_user":"', b"manual"),
    "manual_followers": (b'{"automatic":[],"manual":["followers"],"current_user":"', b"manual"),
}
"""Who may quote, by the policy of the post, and what that comes to for who is among them."""

_QUOTABLE = frozenset({"open", "unlisted"})
_FOR_FOLLOWERS = frozenset({"followers", "manual_followers"})


def many(
    session: Session, viewer: Viewer, ids: Sequence[int], *, context: str | None = None
) -> list[orjson.Fragment]:
    """The statuses `ids` in this order; what `viewer` may not see is left out.

    `context` is where they are shown (home | notifications | public | thread | account): the viewer's filters for that
    place are told in `filtered`.
    """
    found = by_id(session, viewer, ids, context=context)
    return [found[each] for each in ids if each in found]


def one(session: Session, viewer: Viewer, post_id: int, *, context: str | None = None) -> orjson.Fragment:
    """One status. Raises NotFound if there is none that `viewer` may see."""
    found = by_id(session, viewer, [post_id], context=context)
    if post_id not in found:
        raise NotFound("お探しのものは見つかりませんでした。")
    return found[post_id]


def by_id(
    session: Session, viewer: Viewer, ids: Iterable[int], *, context: str | None = None
) -> dict[int, orjson.Fragment]:
    """The statuses among `ids` that `viewer` may see, by id."""
    return of_stamps(session, viewer, stamps.by_id(session, viewer, ids).values(), context=context)


def of_stamps(
    session: Session, viewer: Viewer, page: Iterable[Stamp], *, context: str | None = None
) -> dict[int, orjson.Fragment]:
    """The statuses whose stamps were read, by id; a boost of what `viewer` may not see is left out."""
    return {each: orjson.Fragment(made) for each, made in _Page(session, viewer, list(page), context).render().items()}


class _Page:
    """The making of one page: everything that its statuses need, gathered before the first is put together."""

    def __init__(self, session: Session, viewer: Viewer, page: list[Stamp], context: str | None) -> None:
        self._viewer = viewer
        self._page = page
        around = {stamp.id: stamp for stamp in page}
        # What is passed on, then what is quoted by either.
        self._add(session, around, [each.boost_of_id for each in page])
        self._add(session, around, [each.quote_of_id for each in around.values()])
        self._around = around
        self._turned_from = turned.many(session, viewer, [each.quote_of_id for each in around.values()], around)
        self._texts = _texts(session, list(around.values()))
        self._accounts = accounts.rendered(session, {s.account[0]: s.account for s in around.values()}.values())
        self._veil(session)
        with_polls = [each for each, text in self._texts.items() if text.has_poll]
        self._polls = polls.many(session, viewer, with_polls) if with_polls else {}
        self._filters = _filters(session, viewer)
        self._context = context

    def _veil(self, session: Session) -> None:
        """Have だれかさん stand for who is veiled from the viewer, as author and where others' posts tell of them."""
        named = {stamp.author_id for stamp in self._around.values()}.union(*(each.named for each in self._texts.values()))
        veiled = veils.among_these(session, self._viewer, named)
        if not veiled:
            return
        relay_id, relay = accounts.relay(session)
        self._accounts |= dict.fromkeys(veiled, relay)
        telling = [
            stamp for stamp in self._around.values()
            if stamp.author_id in veiled or veiled & self._texts[stamp.id].named
        ]  # fmt: skip
        self._texts |= _veiled_texts(session, telling, self._texts, veiled, relay_id)

    def _add(self, session: Session, around: dict[int, Stamp], ids: Iterable[int | None]) -> None:
        missing = {each for each in ids if each is not None and each not in around}
        around.update(stamps.by_id(session, self._viewer, missing))

    def render(self) -> dict[int, bytes]:
        made: dict[int, bytes] = {}
        for stamp in self._page:
            if stamp.boost_of_id is None:
                made[stamp.id] = self._status(stamp, self._quote(stamp))
            elif (original := self._around.get(stamp.boost_of_id)) is not None:
                inner = self._status(original, self._quote(original))
                made[stamp.id] = self._status(stamp, b"null", original, inner)
        return made

    def _status(
        self, stamp: Stamp, quote: bytes, original: Stamp | None = None, inner: bytes = b"null"
    ) -> bytes:
        """One status; of a boost, `original` is what it passes on and `inner` the same as JSON."""
        shown = original or stamp  # the counts and deeds of a boost are those of what it passes on
        text = self._texts[stamp.id]
        poll = self._polls.get(stamp.id, b"null") if text.has_poll else b"null"
        parts = [
            b'{"account":', self._accounts[stamp.account[0]],
            b',"reblog":', inner, b',"quote":', quote, b',"poll":', poll,
            b',"quote_approval":', self._approval(shown), b",", text.body,
            b',"answers_count":%d,"thanks_count":%d' % (shown.answers, shown.thanks),
            text.offers if text.offers and stamp.author_id == self._viewer.account_id else b"",
            b'},"replies_count":%d,"reblogs_count":%d,"favourites_count":%d,"quotes_count":%d'
            % (shown.replies, shown.boosts, shown.likes + shown.thanks, shown.quotes),
        ]  # fmt: skip
        if self._viewer.account_id is not None:
            parts.append(self._deeds(stamp, shown))
        parts.append(b"}")
        return b"".join(parts)

    def _deeds(self, stamp: Stamp, shown: Stamp) -> bytes:
        deeds = b',"favourited":%s,"reblogged":%s,"muted":%s,"bookmarked":%s,"filtered":%s' % (
            _BOOLEANS[shown.favourited], _BOOLEANS[shown.boosted], _BOOLEANS[shown.muted], _BOOLEANS[shown.bookmarked],
            self._filtered(shown),
        )  # fmt: skip
        if stamp.author_id == self._viewer.account_id and stamp.boost_of_id is None:
            deeds += b',"pinned":' + _BOOLEANS[stamp.pinned]
        return deeds

    def _filtered(self, shown: Stamp) -> bytes:
        if not self._filters or shown.author_id == self._viewer.account_id:
            return b"[]"
        return orjson.dumps(self._filters.match(self._texts[shown.id].words, shown.id, self._context))

    def _approval(self, stamp: Stamp) -> bytes:
        policy = self._texts[stamp.id].quote_policy
        own = stamp.author_id == self._viewer.account_id
        if stamp.visibility not in _QUOTABLE and not own:
            return _FOR_NOBODY + b'denied"}'
        told, comes_to = _APPROVALS.get(policy, (_FOR_NOBODY, b"denied"))
        if own:
            return told + b'automatic"}'
        if policy in _FOR_FOLLOWERS and not stamp.follows:
            return told + b'denied"}'
        known = self._viewer.account_id is not None or comes_to == b"denied"
        return told + (comes_to if known else b"unknown") + b'"}'

    def _quote(self, stamp: Stamp) -> bytes:
        """The quoted status, if it stands and may be seen; within it, another quote is told by its id alone."""
        if stamp.quote_state is None:
            return b"null"
        quoted = self._around.get(stamp.quote_of_id) if stamp.quote_of_id is not None else None
        state = stamp.quote_state
        if state == "accepted" and quoted is None:
            state = "unauthorized"
        if state != "accepted" or quoted is None:
            return b'{"state":"%s","quoted_status":null}' % state.encode()
        inner = b"null"
        if quoted.quote_state is not None:
            standing = quoted.quote_of_id if quoted.quote_state == "accepted" else None
            known = b"null" if standing is None else b'"%d"' % standing
            inner = b'{"state":"%s","quoted_status_id":%s}' % (quoted.quote_state.encode(), known)
        shown = self._turned_from.get(quoted.author_id, b"accepted")
        return b'{"state":"%s","quoted_status":%s}' % (shown, self._status(quoted, inner))


def _filters(session: Session, viewer: Viewer) -> Compiled:
    if viewer.account_id is None or viewer.filters_version is None:
        return filter_matching.of(session, viewer.account_id)
    return filter_matching.compiled(session, viewer.account_id, viewer.filters_version)


def _texts(session: Session, around: Sequence[Stamp]) -> dict[int, Text]:
    """What does not differ between viewers, by the id of the post."""
    return _kept(session, {stamp.id: stamp for stamp in around}, lambda missing: texts.make(session, missing))


def _veiled_texts(
    session: Session, around: Sequence[Stamp], plain: dict[int, Text], veiled: frozenset[int], relay_id: int
) -> dict[int, Text]:
    """The same without a word of the accounts `veiled`. Whoever does not see the same of these is shown the same text."""
    keys = {(it.id, veiled & (plain[it.id].named | {it.author_id})): it for it in around}
    found = _kept(session, keys, lambda missing: texts.make(session, missing, veiled, relay_id))
    return {post_id: text for (post_id, _), text in found.items()}


def _kept(session: Session, wanted: dict[K, Stamp], make: Callable[[list[Stamp]], list[Text]]) -> dict[K, Text]:
    """The texts of `wanted`, by its keys: kept, or made in a fixed number of queries."""
    kept: Shelf[Text] = shelf.of(session, "statuses", _KEPT_MOST)
    found: dict[K, Text] = {}
    missing: dict[K, Stamp] = {}
    for key, stamp in wanted.items():
        text = kept.get(key, stamp.version)
        if text is None:
            missing[key] = stamp
        else:
            found[key] = text
    if missing:
        for (key, stamp), text in zip(missing.items(), make(list(missing.values())), strict=True):
            found[key] = text
            kept.put(key, stamp.version, text)
    return found
