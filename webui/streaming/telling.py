"""From facts to messages: what each listener is told of an event, read in one unit of work for a handful of events.

A post is told on a stream if it stands on the timeline of that name, found by the very walk that serves the timeline
(`webui.mastodon.walks`), so the two agree on visibility, blocks and mutes. It is rendered once for strangers, once for all
members to whom it looks alike, and once more for each member to whom it may not (`community.streaming.particular`).
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import orjson
from sqlalchemy.orm import Session

from community import announcements, boards, notice_lists, streaming
from community.announcements import Reaction
from community.models import Account, Announcement, Conversation
from community.streaming import About
from community.text import fold
from community.visibility import OPEN, PUBLIC, Viewer
from webui.mastodon import walks
from webui.mastodon.entities import announcements as announcement_entities
from webui.mastodon.entities import conversations, notifications, stamps, statuses, words
from webui.mastodon.entities.stamps import Stamp
from webui.mastodon.paging import Window
from webui.streaming import facts as kinds
from webui.streaming import streams
from webui.streaming.facts import Fact
from webui.streaming.messages import Message
from webui.streaming.streams import Key

log = logging.getLogger(__name__)
_FEW = 16
"""Up to so many members are each shown the post as their own request would show it, without looking for a shorter way."""
_ANY_MEMBER = Viewer(account_id=0, role="member", filters_version=0, shielded=False)
"""A member who has nothing to do with anybody; no account has this id."""
EACH = "each"
"""Instead of whose a stream is: of everybody named, their own."""
_TOWN_WIDE = frozenset({"sister", "town"})

Present = Mapping[str, Mapping[str | int | None, frozenset[int | None]]]
"""Who listens: by the name of a stream and whose, which list's or which tag's it is, the accounts; None is a stranger."""


class Telling(NamedTuple):
    """What the listeners of one stream are told, by account; with the parameter `EACH`, of the stream that each has."""

    key: Key
    messages: Mapping[int | None, Message]


def work_out(session: Session, facts: Sequence[Fact], present: Present) -> list[Telling]:
    """What those who are `present` are told of `facts`, in order. What cannot be told is logged and left out."""
    found: list[Telling] = []
    for fact in facts:
        try:
            found.extend(_HOW[fact.kind](session, fact, present))
        except Exception:  # one event that cannot be shown must not keep the others back
            log.exception("an event of the kind %s could not be told", fact.kind)
    return found


def _posted(session: Session, fact: Fact, present: Present) -> Iterator[Telling]:
    return _shown(session, "update", fact.ids[0], present)


def _edited(session: Session, fact: Fact, present: Present) -> Iterator[Telling]:
    return _shown(session, "status.update", fact.ids[0], present)


@dataclass(frozen=True, slots=True)
class _Place:
    """A timeline on which a post may stand, and who listens to it; `find` reads it there with a viewer's eyes."""

    name: str
    param: str | int | None
    accounts: Collection[int | None]
    context: str
    find: Callable[[Viewer], list[Stamp]]


def _shown(session: Session, event: str, post_id: int, present: Present) -> Iterator[Telling]:
    post = streaming.about(session, post_id)
    if post is None:
        return
    for place in _places(session, post, present):
        yield Telling((place.name, place.param), _rendered(session, event, post, place))


def _places(session: Session, post: About, present: Present) -> Iterator[_Place]:
    window = Window(limit=1, max_id=post.id + 1, since_id=post.id - 1)
    if users := _members(present, streams.USER):
        home = streaming.at_home(session, post.id, users)
        if home:
            yield _Place(streams.USER, EACH, home, "home", lambda viewer: _home(session, viewer, window, post.id))
    if lists := present.get(streams.LIST):
        found = streaming.on_lists(session, post.id, _numbers(lists))
        for list_id, owner in found.items():
            yield _Place(
                streams.LIST, list_id, {owner}, "home",
                lambda viewer, list_id=list_id: walks.of_list(session, viewer, window, list_id),  # type: ignore[misc]
            )  # fmt: skip
    if post.narrow or post.kind == "boost":
        return
    for name, only in _public(post, present):
        yield _Place(
            name, None, present[name][None], "public",
            lambda viewer, only=only: walks.public(session, viewer, window, only),  # type: ignore[misc]
        )  # fmt: skip
    for name, tag in _hashtags(session, post, post.tags, present):
        only, tags = walks.Only(local=name.endswith(":local")), walks.Tags(any=(tag,))
        yield _Place(
            name, tag, present[name][tag], "public",
            lambda viewer, only=only, tags=tags: walks.tagged(session, viewer, window, only, tags),  # type: ignore[misc]
        )  # fmt: skip


def _home(session: Session, viewer: Viewer, window: Window, post_id: int) -> list[Stamp]:
    if viewer is _ANY_MEMBER:  # has no home, but turned away from nobody either
        return list(stamps.by_id(session, viewer, [post_id]).values())
    return walks.home(session, viewer, window)


def _public(post: About, present: Present) -> Iterator[tuple[str, walks.Only]]:
    """The public streams with listeners on which the post may stand."""
    if post.reply or post.kind == "boost" or post.narrow:
        return
    for name in streams.PUBLIC:
        parts = name.split(":")
        local, remote = "local" in parts, "remote" in parts
        elsewhere = (local and not post.local) or (remote and post.local)
        hidden = post.visibility != OPEN and not (local and post.visibility in _TOWN_WIDE)
        if name in present and not elsewhere and not hidden:
            yield name, walks.Only(local=local, remote=remote, media="media" in parts)


def _hashtags(
    session: Session, post: About, tags: Collection[str], present: Present
) -> Iterator[tuple[str, str]]:
    """The hashtag streams with listeners to which the post may belong; a board's hashtag leads to its questions."""
    listened = [name for name in streams.HASHTAG if name in present and (post.local or name == "hashtag")]
    if not listened:
        return
    names = dict.fromkeys(tags)
    board = None if post.board_id is None else session.get(Account, post.board_id)
    if board is not None:
        names[fold(words.label_as_tag(boards.label(board, "ja")))] = None
    for name in listened:
        yield from ((name, tag) for tag in names if tag in present[name])


def _rendered(session: Session, event: str, post: About, place: _Place) -> dict[int | None, Message]:
    """The post as each of those who listen is shown it; whoever may not see it there is left out."""

    def show(viewer: Viewer) -> Message | None:
        found = statuses.of_stamps(session, viewer, place.find(viewer), context=place.context)
        shown = found.get(post.id)
        return None if shown is None else Message(event, orjson.dumps(shown))

    members = {account_id for account_id in place.accounts if account_id is not None}
    near = members if len(members) <= _FEW else streaming.particular(session, post, members)
    told: dict[int | None, Message | None] = {}
    if len(members) < len(place.accounts):
        told[None] = show(PUBLIC)
    for account_id, viewer in streaming.viewers(session, near).items():
        told[account_id] = show(viewer)
    if rest := members - near:
        told |= dict.fromkeys(rest, show(_ANY_MEMBER))
    return {account_id: message for account_id, message in told.items() if message is not None}


def _deleted(session: Session, fact: Fact, present: Present) -> Iterator[Telling]:
    post_id, *tag_ids = fact.ids
    post = streaming.about(session, post_id)
    if post is None:
        return
    gone = _gone(post_id)
    if users := _members(present, streams.USER):
        yield from _to_each(streams.USER, streaming.had_at_home(session, post, tag_ids, users), gone)
    if post.visibility != "direct":
        yield from _gone_from_lists(session, [post.author_id, post.board_id or 0], gone, present)
    for name, _ in _public(post, present):
        yield Telling((name, None), _those_who_knew(post, present[name][None], gone))
    if not post.narrow:
        for name, tag in _hashtags(session, post, streaming.tag_names(session, tag_ids), present):
            yield Telling((name, tag), _those_who_knew(post, present[name][tag], gone))


def _unboosted(session: Session, fact: Fact, present: Present) -> Iterator[Telling]:
    boost_id, account_id = fact.ids
    gone = _gone(boost_id)
    if users := _members(present, streams.USER):
        yield from _to_each(streams.USER, streaming.followers(session, account_id, users), gone)
    yield from _gone_from_lists(session, [account_id], gone, present)


def _gone_from_lists(
    session: Session, account_ids: Sequence[int], gone: Message, present: Present
) -> Iterator[Telling]:
    if lists := present.get(streams.LIST):
        for list_id, owner in streaming.lists_with(session, account_ids, _numbers(lists)).items():
            yield Telling((streams.LIST, list_id), {owner: gone})


def _those_who_knew(
    post: About, accounts: Collection[int | None], gone: Message
) -> dict[int | None, Message]:
    """Strangers hear only of the end of what strangers could see."""
    return {each: gone for each in accounts if each is not None or post.visibility == OPEN}


def _merged(_session: Session, fact: Fact, present: Present) -> Iterator[Telling]:
    return _to_each(streams.NOTICES, _if_there(present, streams.NOTICES, fact.ids[0]), Message("notifications_merged", b"1"))


def _filters(_session: Session, fact: Fact, present: Present) -> Iterator[Telling]:
    return _to_each(streams.USER, _if_there(present, streams.USER, fact.ids[0]), Message("filters_changed", b"{}"))


def _notified(session: Session, fact: Fact, present: Present) -> Iterator[Telling]:
    """A stored notice; what is worked out for the asker of an anonymous question is never told of."""
    notice_id, account_id = fact.ids
    viewer = _viewer(session, present, streams.NOTICES, account_id)
    if viewer is not None:
        shown = notifications.many(session, viewer, notice_lists.many(session, viewer, [notice_id]))
        yield from _own(streams.NOTICES, account_id, "notification", shown)


def _conversed(session: Session, fact: Fact, present: Present) -> Iterator[Telling]:
    conversation_id, account_id = fact.ids
    viewer = _viewer(session, present, streams.DIRECT, account_id)
    row = None if viewer is None else session.get(Conversation, conversation_id)
    if viewer is not None and row is not None and row.account_id == account_id:
        shown = conversations.many(session, viewer, [row])
        yield from _own(streams.DIRECT, account_id, "conversation", shown)


def _viewer(session: Session, present: Present, name: str, account_id: int) -> Viewer | None:
    """The member, if they listen to their stream of this name."""
    here = _if_there(present, name, account_id)
    return streaming.viewers(session, here).get(account_id) if here else None


def _own(name: str, account_id: int, event: str, shown: Sequence[object]) -> Iterator[Telling]:
    return (Telling((name, account_id), {account_id: Message(event, orjson.dumps(each))}) for each in shown)


def _announced(session: Session, fact: Fact, present: Present) -> Iterator[Telling]:
    """The same for every member: what one of them read or set is no news."""
    row = session.get(Announcement, fact.ids[0])
    for shown in announcement_entities.many(session, PUBLIC, [row]) if row is not None else ():
        yield from _to_all(present, Message("announcement", orjson.dumps(shown)))


def _reacted(session: Session, fact: Fact, present: Present) -> Iterator[Telling]:
    """How often it is set now; 0 when the last one took it back."""
    announcement_id, name = fact.ids[0], fact.text
    if session.get(Announcement, announcement_id) is None:
        return
    stand = {each.name: each for each in announcements.reactions(session, None, [announcement_id])[announcement_id]}
    it = stand.get(name) or Reaction(name, 0, mine=False, custom=None)
    shown = announcement_entities.reaction(it, member=False) | {"announcement_id": str(announcement_id)}
    yield from _to_all(present, Message("announcement.reaction", orjson.dumps(shown)))


def _unannounced(_session: Session, fact: Fact, present: Present) -> Iterator[Telling]:
    return _to_all(present, Message("announcement.delete", str(fact.ids[0]).encode()))


def _to_all(present: Present, message: Message) -> Iterator[Telling]:
    return _to_each(streams.USER, _members(present, streams.USER), message)


def _to_each(name: str, account_ids: Collection[int], message: Message) -> Iterator[Telling]:
    yield Telling((name, EACH), dict.fromkeys(account_ids, message))


def _members(present: Present, name: str) -> list[int]:
    """The accounts that listen to streams of their own."""
    return _numbers(present.get(name, {}))


def _if_there(present: Present, name: str, account_id: int) -> list[int]:
    return [account_id] if account_id in present.get(name, {}) else []


def _numbers(found: Collection[str | int | None]) -> list[int]:
    return [each for each in found if isinstance(each, int)]


def _gone(post_id: int) -> Message:
    return Message("delete", str(post_id).encode())


_HOW: dict[str, Callable[[Session, Fact, Present], Iterator[Telling]]] = {
    kinds.POSTED: _posted,
    kinds.EDITED: _edited,
    kinds.DELETED: _deleted,
    kinds.UNBOOSTED: _unboosted,
    kinds.NOTIFIED: _notified,
    kinds.CONVERSED: _conversed,
    kinds.MERGED: _merged,
    kinds.FILTERS: _filters,
    kinds.ANNOUNCED: _announced,
    kinds.REACTED: _reacted,
    kinds.UNANNOUNCED: _unannounced,
}
