"""Our actors and objects as the wire sees them (federation reference §1).

Every document obeys §1.0: one plain `type`, plain strings for `actor` and `attributedTo`, arrays for `to`, `cc`, `tag`
and `attachment`, nothing null, no empty list, and no `name` on a reply. Documents come without `@context`;
`with_context` puts it in front of whatever leaves the process.
"""

import re
from html import escape
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from community import town
from community.models import Account, Media, Poll, PollOption, Post, PostTag, Strength, Tag
from community.storage.prepared import Prepared, param
from federation.models import OutboxItem
from federation.vocabulary import attachments, audience, hanging, hata, quoting, terms
from federation.vocabulary.audience import Company
from federation.vocabulary.times import iso, midnight

Document = dict[str, Any]

_ACTOR_TYPES = {
    "person": "Person",
    "relay": "Person",
    "board": "Group",
    "instance": "Application",
    "service": "Service",
}
_KINDS = {
    "question": terms.KIND_QUESTION,
    "answer": terms.KIND_ANSWER,
    "comment": terms.KIND_COMMENT,
    "flag": terms.KIND_FLAG,
}
_SHOWN = ("open", "unlisted")


def with_context(document: Document) -> Document:
    """`document` as it stands alone: the context first, whatever context it had before replaced."""
    return {"@context": terms.CONTEXT, **{key: value for key, value in document.items() if key != "@context"}}


def actor(session: Session, account: Account, public_pem: str, proof_multikey: str | None = None) -> Document:
    """The actor document of a local account; `public_pem` is its RSA key as SPKI PEM, `proof_multikey` the key of its
    integrity proofs (FEP-521a). Raises nothing.
    """
    uris = town.of(session).uris
    name = uris.host if account.kind == "instance" else account.name
    document: Document = {
        "id": account.uri,
        "type": "Service" if account.kind == "person" and account.bot else _ACTOR_TYPES[account.kind],
        "preferredUsername": name,
        "name": account.display_name or name,
        "webfinger": f"{name}@{uris.account_domain}",
        "url": account.url,
        "inbox": uris.shared_inbox if account.kind == "instance" else f"{account.uri}/inbox",
        "outbox": f"{account.uri}/outbox",
        "followers": f"{account.uri}/followers",
        "following": f"{account.uri}/following",
        "endpoints": {"sharedInbox": uris.shared_inbox},
        "published": iso(midnight(account.created_at)),
        "discoverable": account.discoverable,
        "indexable": account.indexable,
        "publicKey": {"id": f"{account.uri}#main-key", "owner": account.uri, "publicKeyPem": public_pem},
    }
    if proof_multikey:
        document["assertionMethod"] = [_multikey(account, proof_multikey)]
    document.update(_by_kind(session, account))
    optional: Document = {
        "summary": account.summary_html,
        "icon": attachments.image(account.avatar_url, account.avatar_description),
        "image": attachments.image(account.header_url, account.header_description),
        "tag": attachments.emoji_tags(account.emojis),
        "movedTo": account.moved_to_uri,
        "alsoKnownAs": list(account.also_known_as or ()),
        terms.SAMPLE: account.sample,
    }
    document.update((key, value) for key, value in optional.items() if value)
    return document


def _multikey(account: Account, multibase: str) -> Document:
    return {
        "id": f"{account.uri}{terms.PROOF_KEY}",
        "type": "Multikey",
        "controller": account.uri,
        "publicKeyMultibase": multibase,
    }


def _by_kind(session: Session, account: Account) -> Document:
    match account.kind:
        case "board":
            # `manuallyApprovesFollowers` stays away: Lemmy would take the board for a private community.
            return {
                "attributedTo": f"{account.uri}/moderators",
                "featured": f"{account.uri}/featured",
                "postingRestrictedToMods": False,
                "sensitive": False,
                "questionAnswer": True,
            }
        case "instance":
            return {"manuallyApprovesFollowers": True, terms.BOARDS: f"{account.uri}/boards"}
        case "relay":
            return {
                "manuallyApprovesFollowers": False,
                "featured": f"{account.uri}/featured",
                terms.ANONYMOUS_RELAY: True,
            }
    fields: Document = {
        "manuallyApprovesFollowers": account.locked,
        "featured": f"{account.uri}/featured",
        "featuredTags": f"{account.uri}/featured_tags",
        "liked": f"{account.uri}/liked",
    }
    if told := [*_strengths(session, account), *_fields(account)]:
        fields["attachment"] = told
    return fields


def _strengths(session: Session, account: Account) -> list[Document]:
    """得意技, one PropertyValue each: every server shows them beside the profile."""
    labels = session.scalars(
        select(Strength.label).where(Strength.account_id == account.id).order_by(Strength.position)
    ).all()
    return [
        {"type": "PropertyValue", "name": terms.STRENGTH_LABEL, "value": escape(label)} for label in labels
    ]


def _fields(account: Account) -> list[Document]:
    """What a member wrote of themselves besides."""
    return [{"type": "PropertyValue", "name": each["name"], "value": each["value"]} for each in account.fields]


def note(session: Session, post: Post, around: Company | None = None) -> Document:
    """The Note of a local post (question, answer, comment, words of thanks, note).

    The caller has made sure that the post may leave: it is local, not deleted, not まちの中だけ. `around` is its company,
    if that is known already.
    """
    around = around or audience.company(session, post)
    heard = audience.of_post(session, post, around)
    root = post if post.root_id in (None, post.id) else session.get_one(Post, post.root_id)
    document: Document = {
        "id": post.uri,
        "type": "Note",
        "attributedTo": around.author.uri,
        "url": post.url,
        **heard.fields(),
        "published": iso(post.created_at),
        "mediaType": "text/html",
        **_words(session, post, around),
        **_place(session, post, root),
        **_own_terms(session, post),
    }
    if (updated := _updated(session, post)) is not None:
        document["updated"] = iso(max(updated, post.created_at))
    if post.summary:
        document["summary"] = post.summary
    if post.sensitive:
        document["sensitive"] = True
    if tags := [*_tags(session, post, around), *attachments.emoji_tags(post.emojis)]:
        document["tag"] = tags
    ((pictures, poll),) = _BESIDES.rows(session, post=post.id)
    if pictures and (shown := attachments.documents(session, post)):
        document["attachment"] = shown
    if poll:
        document |= _poll(session, session.get_one(Poll, post.id))
    return document | quoting.of_post(post, around.author)


def _poll(session: Session, poll: Poll) -> Document:
    """A poll is AS2 `Question`: its options with their counts, unless those are hidden until it ends."""
    options = session.scalars(
        select(PollOption).where(PollOption.post_id == poll.post_id).order_by(PollOption.position)
    ).all()
    shown: list[Document] = []
    ended = poll.expires_at is not None and poll.expires_at <= town.now(session)
    for each in options:
        option: Document = {"type": "Note", "name": each.title}
        if ended or not poll.hides_totals:
            option["replies"] = {"type": "Collection", "totalItems": each.votes_count}
        shown.append(option)
    said: Document = {"type": "Question", "anyOf" if poll.multiple else "oneOf": shown}
    if poll.voters_count is not None:
        said["votersCount"] = poll.voters_count
    if poll.expires_at is not None:
        said["endTime"] = iso(poll.expires_at)
        if ended:
            said["closed"] = iso(poll.expires_at)
    return said


def _words(session: Session, post: Post, around: Company) -> Document:
    """`content` for everybody, `source` for those who edit Markdown, `_misskey_content` as plain text.

    The title is repeated in bold where Mastodon would lose it, and only a thread's first post has a `name`: a reply
    with one is read as a vote in a poll by five servers.
    """
    html, source, plain = post.body_html, post.body_source, post.body_text
    solution = _solution(session, post)
    if solution:
        html += f'<p>{terms.SOLVED_MARK}<a href="{escape(solution)}">{escape(solution)}</a></p>'
        source, plain = (f"{text}\n\n{terms.SOLVED_MARK}{solution}".strip() for text in (source, plain))
    if post.application is not None and plain:
        plain = _with_full_handles(session, source, around)
    answered = around.answered
    if answered and answered in around.named_in(post) and f'href="{escape(answered.url)}"' not in html:
        link = f'<a href="{escape(answered.url)}" class="u-url mention">@{escape(answered.name)}</a> '
        html = f"<p>{link}{html[3:]}" if html.startswith("<p>") else f"<p>{link.strip()}</p>{html}"
        plain = f"@{full_handle(session, answered)} {plain}"
    words: Document = {}
    flag = hata.words(session, post)
    if flag is not None and flag.html:
        html += flag.html
        source, plain = (f"{text}\n\n{flag.plain}".strip() for text in (source, plain))
    if post.title and post.parent_id is None:
        words["name"] = post.title
        html = f"<p><strong>{flag.title if flag else ''}{escape(post.title)}</strong></p>{html}"
    if (quoted := quoting.quoted(post)) is not None:
        link = _quote_page(session, post) or quoted
        html = f'<p class="quote-inline">RE: <a href="{escape(link)}">{escape(link)}</a></p>{html}'
    words["content"] = html
    if post.language:
        words["contentMap"] = {post.language: html}
    if source:
        # What an app wrote is plain text: read as Markdown it would lose its line ends, and more.
        kind = "text/markdown" if post.application is None else "text/plain"
        words["source"] = {"mediaType": kind, "content": source}
    if plain:
        words["_misskey_content"] = plain
    return words


def _with_full_handles(session: Session, source: str, around: Company) -> str:
    """The plain text of an app with our own people named as others have to name them."""
    for each in around.mentioned:
        if each.local:
            name = re.escape(each.name)
            source = re.sub(rf"(?<![\w@/.])@{name}(?![\w@-])", f"@{full_handle(session, each)}", source, flags=re.IGNORECASE)
    return source


def _quote_page(session: Session, post: Post) -> str | None:
    quoted = session.get(Post, post.quote_of_id) if post.quote_of_id is not None else None
    return quoted.url if quoted is not None else None


def _place(session: Session, post: Post, root: Post) -> Document:
    """Where the post stands: what it answers, its thread, and its own collections."""
    place: Document = {}
    if post.in_reply_to_uri:
        place["inReplyTo"] = post.in_reply_to_uri
    elif post.parent_id:
        place["inReplyTo"] = session.get_one(Post, post.parent_id).uri
    thread = f"{root.uri}/context" if root.local else root.context_uri
    if thread:
        place["context"] = place["conversation"] = thread
    return place | hanging.collections(session, post)


def _own_terms(session: Session, post: Post) -> Document:
    """What only software like ours reads; everybody else finds the same in the words."""
    said: Document = {}
    kind = terms.KIND_THANKS_MESSAGE if post.thanks_id is not None else _KINDS.get(post.kind)
    if kind:
        said[terms.KIND] = kind
    if kind == terms.KIND_QUESTION:
        said[terms.STATE] = "solved" if post.solved_at is not None else "open"
    if post.accepted_answer_id is not None:
        said[terms.ACCEPTED_ANSWER] = session.get_one(Post, post.accepted_answer_id).uri
    if (source := _source(session, post)) is not None:
        said[terms.PASSED_ON_FROM] = source.uri
    optional: Document = {
        terms.ANONYMOUS: post.anonymous,
        terms.ASKER: post.from_asker,
        terms.AS_OF: post.as_of,
        terms.BASIS: post.basis,
        terms.AI_DRAFT: post.ai_draft,
        terms.SAMPLE: post.sample,
    }
    said.update((key, value) for key, value in optional.items() if value)
    return said | hata.own_terms(session, post)


def _source(session: Session, post: Post) -> Post | None:
    """The answer that `post` learnt from, if whoever may have `post` may know of it."""
    source = session.get_one(Post, post.passed_on_from_id) if post.passed_on_from_id is not None else None
    if source is None or source.visibility in _SHOWN or source.visibility == post.visibility == "sister":
        return source
    return None


def _tags(session: Session, post: Post, around: Company) -> list[Document]:
    labels = _LABELS.rows(session, post=post.id)
    tags = [_hashtag(session, label, name) for label, name in labels]
    if post.solved_at is not None and terms.SOLVED_TAG not in (name for _, name in labels):
        tags.append(_hashtag(session, terms.SOLVED_TAG, terms.SOLVED_TAG))
    if post.kind == "flag" and terms.FLAG_TAG not in (name for _, name in labels):
        tags.append(_hashtag(session, terms.FLAG_TAG, terms.FLAG_TAG))
    mentions = [
        {"type": "Mention", "href": each.uri, "name": f"@{full_handle(session, each)}"}
        for each in around.named_in(post)
    ]
    return [*tags, *mentions]


_tag, _post_tag = Tag.__table__.c, PostTag.__table__.c
_LABELS = Prepared(
    lambda _dialect: select(_tag.label, _tag.name)
    .join_from(Tag.__table__, PostTag.__table__, _post_tag.tag_id == _tag.id)
    .where(_post_tag.post_id == param("post"))
    .order_by(_post_tag.position)
)
_BESIDES = Prepared(
    lambda _dialect: select(
        exists().where(Media.__table__.c.post_id == param("post")),
        exists().where(Poll.__table__.c.post_id == param("post")),
    )
)
"""Whether a post has pictures, and whether it asks for votes: most have neither."""


def _hashtag(session: Session, label: str, name: str) -> Document:
    return {"type": "Hashtag", "name": f"#{label}", "href": town.of(session).uris.tag(name)}


def _solution(session: Session, post: Post) -> str | None:
    """The page of the 決め手, which the last paragraph of a solved question leads to."""
    if post.solved_at is None or post.accepted_answer_id is None:
        return None
    return session.get_one(Post, post.accepted_answer_id).url


def _updated(session: Session, post: Post) -> int | None:
    """When the document last changed; every Update that was sent counts, so that it only ever grows."""
    if post.kind != "question" and post.edited_at is None and not post.touched:
        return None  # none was sent
    sent = session.scalar(
        select(func.max(OutboxItem.created_at)).where(
            OutboxItem.object_uri == post.uri, OutboxItem.type == "Update"
        )
    )
    return max((moment for moment in (sent, post.edited_at) if moment is not None), default=None)


def full_handle(session: Session, account: Account) -> str:
    """`name@domain`, also for our own people."""
    return f"{account.name}@{account.domain or town.of(session).uris.account_domain}"


def tombstone(post: Post) -> Document:
    """What stays of a deleted post: that something stood there."""
    document: Document = {"id": post.uri, "type": "Tombstone", "formerType": "Note"}
    if post.deleted_at is not None:
        document["deleted"] = iso(post.deleted_at)
    return document


def actor_tombstone(account: Account) -> Document:
    document: Document = {"id": account.uri, "type": "Tombstone", "formerType": _ACTOR_TYPES[account.kind]}
    if account.deleted_at is not None:
        document["deleted"] = iso(account.deleted_at)
    return document
