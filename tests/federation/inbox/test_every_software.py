"""What each software says, in its own words, and what comes of it here: the cells of docs/federation-interop.md.

`SPOKEN` names for each activity who speaks it. Each test composes it (`dialects`), lets it have its effect through the
inbox's rules, and looks at the rows.
"""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.federation.inbox import acts_of_people as people
from tests.federation.inbox import acts_of_posts as posts
from tests.federation.inbox.scene import Scene

ENGINES = ["sqlite"]

MICROBLOGS = ("mastodon", "misskey", "gotosocial", "akkoma")
COMMUNITIES = ("lemmy", "piefed", "nodebb", "discourse", "mbin")
ALL = (*MICROBLOGS, *COMMUNITIES, "machi")
SOCIAL = (*MICROBLOGS, "mbin", "machi")  # where people follow, boost and block people

SPOKEN: dict[str, tuple[str, ...]] = {
    "follow": (*SOCIAL, "nodebb"),
    "follow-board": ALL,
    "accept": ALL,
    "reject": (*SOCIAL, "piefed", "nodebb"),
    "undo-follow": ALL,
    "question": ALL,
    "answer": ALL,
    "comment": ALL,
    "note": (*SOCIAL, "nodebb"),
    "update": tuple(each for each in ALL if each != "misskey"),
    "update-actor": ALL,
    "delete": ALL,
    "delete-actor": ALL,
    "like": ALL,
    "undo-like": ALL,
    "react": ("misskey", "akkoma", "piefed"),
    "thanks": ("machi",),
    "announce": (*SOCIAL, "nodebb"),
    "undo-announce": (*SOCIAL, "nodebb"),
    "announce-activity": (*COMMUNITIES, "machi"),
    "announce-id": ("piefed", "nodebb", "mbin", "machi"),
    "choose-answer": ("piefed", "machi"),
    "undo-choose-answer": ("piefed", "machi"),
    "block": SOCIAL,
    "undo-block": SOCIAL,
    "flag": ("mastodon", "misskey", "gotosocial", "akkoma", "lemmy", "piefed", "nodebb", "mbin", "machi"),
    "move": (*MICROBLOGS, "machi"),
    "add-featured": ("mastodon", "misskey", "akkoma", "machi"),
    "remove-featured": ("mastodon", "misskey", "akkoma", "machi"),
    "feature-on-board": ("lemmy", "piefed", "mbin", "machi"),
    "quote": ("mastodon", "misskey", "akkoma", "machi"),
    "quote-request": ("mastodon", "machi"),
    "join": ("machi",),
    "undo-join": ("machi",),
    "poll": (*MICROBLOGS, "piefed", "machi"),
    "poll-vote": (*MICROBLOGS, "piefed", "machi"),
    "poll-counts": (*MICROBLOGS, "machi"),
}
"""Activity → who speaks it. Of the rest nothing is known that would say it."""


ACTS: dict[str, Callable[[Scene], Any]] = {
    "follow": people.follow, "follow-board": people.follow_board, "accept": people.accept, "reject": people.reject,
    "undo-follow": people.undo_follow, "question": posts.question, "answer": posts.answer, "comment": posts.comment,
    "note": posts.note, "update": posts.update, "update-actor": people.update_actor, "delete": posts.delete,
    "delete-actor": people.delete_actor, "like": posts.like, "undo-like": posts.undo_like, "react": posts.react,
    "thanks": posts.thank, "announce": posts.announce, "undo-announce": posts.undo_announce,
    "announce-activity": posts.announce_activity, "announce-id": posts.announce_id,
    "choose-answer": posts.choose_answer, "undo-choose-answer": posts.undo_choose_answer, "block": people.block,
    "undo-block": people.undo_block, "flag": people.flag, "move": people.move, "add-featured": people.add_featured,
    "remove-featured": people.remove_featured, "feature-on-board": posts.feature_on_board, "quote": posts.quote,
    "quote-request": posts.quote_request, "join": people.join, "undo-join": people.undo_join, "poll": posts.poll,
    "poll-vote": posts.poll_vote, "poll-counts": posts.poll_counts,
}  # fmt: skip


@pytest.mark.parametrize(
    ("act", "software"), [pytest.param(act, each, id=f"{act}-{each}") for act, speakers in SPOKEN.items() for each in speakers]
)
def test_understood(session: Session, act: str, software: str):
    ACTS[act](Scene(session, software))
