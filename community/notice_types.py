"""What our kinds of お知らせ are to an app: each is one of Mastodon's types, so that every client can show it.

| ours                          | theirs            | the status that comes with it           |
|-------------------------------|-------------------|-----------------------------------------|
| answer, comment, mention      | mention           | what was said                           |
| thanks with words             | mention           | the words                               |
| thanks without                | favourite         | my answer                               |
| chosen (決め手)               | update            | the question, which is 解決 now         |
| like · boost                  | favourite, reblog | my post                                 |
| quote · quoted_update         | the same          | the quoting post; the edited one        |
| poll · update · post          | poll, update, status | the post                             |
| follow, follow_request        | the same          |                                         |
| report · sign_up              | admin.report, admin.sign_up |                               |
| join (旗に集まった)           | favourite         | my flag                                 |
| flag_closed · flag_declined   | update            | the flag: おひらき, or no place was left |
"""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, or_

from community.models import Notification, Thanks

TYPES = {
    "answer": "mention",
    "comment": "mention",
    "mention": "mention",
    "thanks": "mention",  # without words: favourite
    "chosen": "update",
    "like": "favourite",
    "boost": "reblog",
    "follow": "follow",
    "follow_request": "follow_request",
    "poll": "poll",
    "update": "update",
    "quote": "quote",
    "quoted_update": "quoted_update",
    "post": "status",
    "report": "admin.report",
    "sign_up": "admin.sign_up",
    "join": "favourite",
    "flag_closed": "update",
    "flag_declined": "update",
}
KINDS = frozenset(TYPES)
OF_THE_TOWN = frozenset({"report", "sign_up"})
"""What moderators are told of: nobody's mute, block or policy holds it back."""

_THANKS_TYPES = ("mention", "favourite")


def type_of(kind: str, *, words: bool) -> str:
    """The type that an app is told; `words` says whether an ありがとう came with some."""
    return "favourite" if kind == "thanks" and not words else TYPES[kind]


def kinds_of(types: Iterable[str]) -> frozenset[str]:
    """Our kinds behind `types`, as far as the kind alone tells; unknown ones are passed over."""
    wanted = set(types)
    return frozenset(kind for kind, told in TYPES.items() if told in wanted and kind != "thanks")


def only(types: Iterable[str]) -> ColumnElement[bool]:
    """A condition on Notification, outer-joined to its Thanks: it is one of `types`."""
    wanted = set(types)
    allowed: list[ColumnElement[bool]] = [Notification.kind.in_(kinds_of(wanted))]
    for told in _THANKS_TYPES:
        if told in wanted:
            worded = Thanks.message_post_id.is_not(None) if told == "mention" else Thanks.message_post_id.is_(None)
            allowed.append(and_(Notification.kind == "thanks", worded))
    return or_(*allowed)
