"""What a device is told: one JSON object in the shape that apps made for Mastodon read.

`access_token` is empty, for tokens are kept as hashes alone: an app knows which account a message is for by the address
it was pushed to. What may no longer be seen, or is hidden by a filter, is not told.
"""

from collections.abc import Sequence

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import nametags, notice_lists, town
from community.models import Member, Post
from community.notice_lists import Notice
from community.push import Claim
from community.text import excerpt
from community.visibility import Viewer
from webui import notice_words
from webui.i18n import SOURCE, Catalogues

_BODY_MOST = 140  # a message may have 4,096 bytes in all
_NAME_MOST = 100


def of(session: Session, catalogues: Catalogues, claims: Sequence[Claim]) -> dict[int, bytes]:
    """The messages for what `claims` hold, by the id of the item; what is not to be told any more is missing."""
    members = dict(
        session.execute(
            select(Member.account_id, Member).where(Member.account_id.in_({it.account_id for it in claims}))
        ).all()
    )
    told: dict[int, bytes] = {}
    for account_id, member in members.items():
        viewer = Viewer(account_id, role=member.role, locale=member.locale)
        own = {it.notification_id for it in claims if it.account_id == account_id}
        notices = notice_lists.many(session, viewer, sorted(own))
        hidden = notice_lists.hidden_by_filters(session, viewer, notices)
        shown = {it.id: it for it in notices if it.id not in hidden}
        made = _messages(session, catalogues, viewer, list(shown.values()))
        told |= {it.id: made[it.notification_id] for it in claims if it.notification_id in shown}
    return told


def _messages(
    session: Session, catalogues: Catalogues, viewer: Viewer, notices: Sequence[Notice]
) -> dict[int, bytes]:
    people = nametags.shown(session, viewer, {it.actor_id: it.actor_id for it in notices})
    post_ids = {it.shown_post_id for it in notices if it.shown_post_id is not None}
    posts = {row.id: row for row in session.scalars(select(Post).where(Post.id.in_(post_ids)))}
    catalogue = catalogues.get(viewer.locale) or catalogues.get(SOURCE) or next(iter(catalogues.values()))
    origin = town.of(session).uris.origin
    made = {}
    for it in notices:
        who = people[it.actor_id]
        shown = posts.get(it.shown_post_id or 0)
        made[it.id] = orjson.dumps(
            {
                "access_token": "",
                "preferred_locale": viewer.locale,
                "notification_id": it.id,
                "notification_type": it.type,
                "icon": who.avatar_url or f"{origin}/avatars/{who.id}.png",
                "title": notice_words.sentence(catalogue, it.kind, who)[:_NAME_MOST],
                "body": "" if shown is None else _body(shown),
            }
        )
    return made


def _body(post: Post) -> str:
    """The beginning of what was said; of what stands behind a warning, the warning alone."""
    return excerpt(post.summary or post.title or post.body_text, _BODY_MOST)
