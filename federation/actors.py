"""Remote actors as rows: who they are (`accounts`), where they receive and how they sign (`remote_actors`).

Whoever hands a document in has made sure of where it came from: it was fetched from the host of its id, or it was
signed by that actor. Nothing in it is believed that concerns another host.
"""

from typing import Any, cast

from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from community import emojis, follows, ids, joins, posts, search, text, town, towns
from community.models import LOCAL, Account, Post, Strength
from community.storage.prepared import Prepared, param, text_param
from community.storage.rows import Rows
from federation.models import RemoteActor
from federation.vocabulary.parse import Actor, read_actor
from federation.vocabulary.reading import Document, Unreadable, authority

_ACCOUNTS, _WIRES = Rows(Account), Rows(RemoteActor)
_BY_URI = _ACCOUNTS.by("uri")
_account, _wire = cast("Table", Account.__table__).c, cast("Table", RemoteActor.__table__).c
_BY_HANDLE = Prepared(
    lambda _dialect: select(Account.__table__).where(
        _account.domain == text_param("domain"), _account.name == text_param("name")
    )
)
_ON_HOST = Prepared(
    lambda _dialect: select(RemoteActor.account_id).where(RemoteActor.host == text_param("host")).limit(1)
)
_REMOVED_AT_ONCE = 100  # posts of an actor that is gone, in one unit of work


def by_uri(session: Session, uri: str) -> Account | None:
    """The account with the actor id `uri`, local or remote, gone ones included; None if it was never seen."""
    return _ACCOUNTS.first(session, _BY_URI, value=uri)


def is_host_known(session: Session, host: str) -> bool:
    """Whether anybody of `host` (host[:port] of their ids) was met here."""
    return bool(_ON_HOST.rows(session, host=host))


def upsert(session: Session, document: Document, *, domain: str | None = None) -> Account:
    """Store the remote actor that `document` describes, or bring what is stored up to date.

    `domain` is the host of its handle where WebFinger has shown that it differs from the host of its id. A deleted
    actor stays deleted. Raises Unreadable if the document is no actor, or claims to be one of ours.
    """
    actor = read_actor(document)
    if town.of(session).uris.is_local(actor.id):
        raise Unreadable("an actor of this town cannot come from outside")
    account = by_uri(session, actor.id)
    if account is None:
        return _add(session, actor, domain or authority(actor.id) or "")
    if account.deleted_at is not None:
        return account
    if domain is not None and domain != account.domain:
        account.name = _free_name(session, actor, domain)
        account.domain = domain
    _describe(session, account, actor)
    session.flush()
    _set_strengths(session, account, actor)
    wire = session.get(RemoteActor, account.id)
    if wire is None:
        wire = RemoteActor(account_id=account.id)
        session.add(wire)
    _set_wire(session, wire, actor)
    search.note_account(session, account.id)
    return account


def remove(session: Session, account: Account) -> bool:
    """A remote actor is gone for good: it says nothing any more, follows nobody, and its posts vanish.

    Large accounts take several calls, so that no unit of work is long: False as long as posts are left. Doing it again
    changes nothing.
    """
    now = town.now(session)
    if account.deleted_at is None:
        # Suspended as well: what is still to be deleted is out of sight from this moment.
        account.deleted_at, account.suspended_at = now, account.suspended_at or now
        account.display_name, account.summary_html, account.fields = account.name, "", []
        account.avatar_url = account.header_url = account.emojis = None
        follows.purge(session, account_id=account.id)
        joins.forget(session, account.id)
        search.forget_account(session, account.id)
        session.execute(delete(Strength).where(Strength.account_id == account.id))
        session.execute(delete(RemoteActor).where(RemoteActor.account_id == account.id))
    left = session.scalars(
        select(Post).where(Post.author_id == account.id, Post.deleted_at.is_(None)).limit(_REMOVED_AT_ONCE)
    ).all()
    for post in left:
        posts.delete(session, post=post, by=account)
    session.flush()
    return len(left) < _REMOVED_AT_ONCE


def _add(session: Session, actor: Actor, domain: str) -> Account:
    """Store somebody who was never met: nothing of theirs is here that would have to be compared."""
    account = _new(session, actor, domain)
    _describe(session, account, actor)
    _ACCOUNTS.put(session, account)
    labels = _add_strengths(session, account, actor)
    wire = RemoteActor(account_id=account.id)
    _set_wire(session, wire, actor)
    _WIRES.put(session, wire)
    search.note_new_account(session, account, labels)
    return account


def _new(session: Session, actor: Actor, domain: str) -> Account:
    now = town.now(session)
    return Account(
        id=ids.new(now),
        uri=actor.id,
        name=_free_name(session, actor, domain),
        domain=domain,
        created_at=min(actor.published if actor.published is not None else now, now),
        silenced_at=now if towns.is_silenced(session, domain) else None,
    )


def _free_name(session: Session, actor: Actor, domain: str) -> str:
    """The handle of `actor` at `domain`, which the column pair (domain, name) must hold once.

    Lemmy lets a person and a community share a name: the one that comes second gets its kind behind it. Two actors of
    one kind cannot share a name: the id that speaks now is the valid one, so the older row steps aside.
    """
    name = actor.name
    other = _holder(session, name, domain)
    if other is not None and (other.kind == "board") != (actor.kind == "board"):
        name = f"{name}~{actor.kind}"
        other = _holder(session, name, domain)
    if other is not None and other.uri != actor.id:
        other.name = f"{name}~{other.id}"
        session.flush()
    return name


def _holder(session: Session, name: str, domain: str) -> Account | None:
    session.flush()
    return _ACCOUNTS.first(session, _BY_HANDLE, domain=domain, name=name)


def _describe(session: Session, account: Account, actor: Actor) -> None:
    if account.domain == LOCAL:
        raise Unreadable("an actor of this town cannot come from outside")
    account.kind = actor.kind
    account.url = actor.url
    account.display_name = actor.display_name
    account.summary_source = ""
    account.summary_html = text.from_html(actor.summary_html).html if actor.summary_html else ""
    account.fields = [
        {"name": field.name, "value": text.from_html(field.html).html} for field in actor.fields
    ]
    account.avatar_url = actor.avatar_url
    account.header_url = actor.header_url
    account.avatar_description, account.header_description = actor.avatar_description, actor.header_description
    account.emojis = emojis.learn(session, account.domain, actor.emojis) or None
    if towns.rejects_media(session, account.domain):
        account.avatar_url = account.header_url = account.emojis = None
    account.locked = actor.locked
    account.discoverable = actor.discoverable
    account.indexable = actor.indexable
    account.sample = actor.sample
    account.moved_to_uri = actor.moved_to
    if (account.also_known_as or []) != list(actor.also_known_as):
        account.also_known_as = list(actor.also_known_as)
    account.updated_at = town.now(session)


def _set_strengths(session: Session, account: Account, actor: Actor) -> None:
    stored = session.execute(
        select(Strength.topic, Strength.label)
        .where(Strength.account_id == account.id)
        .order_by(Strength.position)
    )
    if [(topic, label) for topic, label in stored] == list(_topics(actor).items()):
        return
    session.execute(delete(Strength).where(Strength.account_id == account.id))
    _add_strengths(session, account, actor)


def _add_strengths(session: Session, account: Account, actor: Actor) -> list[str]:
    """Store the labels; gives them in order."""
    topics = _topics(actor)
    if topics:
        session.add_all(
            Strength(account_id=account.id, topic=topic, label=label, position=position)
            for position, (topic, label) in enumerate(topics.items())
        )
        session.flush()
    return list(topics.values())


def _topics(actor: Actor) -> dict[str, str]:
    return {text.fold(label): label for label in actor.strengths}


def _set_wire(session: Session, wire: RemoteActor, actor: Actor) -> None:
    wire.host = authority(actor.id) or ""
    wire.inbox = actor.inbox
    wire.shared_inbox = actor.shared_inbox
    wire.outbox = actor.outbox
    wire.followers = actor.followers
    wire.featured = actor.featured
    wire.moderators = actor.moderators
    wire.fetched_at = town.now(session)
    # One key id never speaks for two actors; whoever holds it keeps it.
    key_taken = _is_taken(session, _KEY_HOLDER, actor.key_id, wire)
    wire.key_id = None if key_taken else actor.key_id
    wire.public_key_pem = None if key_taken else actor.public_key_pem
    proof_key_taken = _is_taken(session, _PROOF_KEY_HOLDER, actor.proof_key_id, wire)
    wire.proof_key_id = None if proof_key_taken else actor.proof_key_id
    wire.proof_multikey = None if proof_key_taken else actor.proof_multikey


def _is_taken(session: Session, holder: Prepared, key_id: str | None, wire: RemoteActor) -> bool:
    return key_id is not None and bool(holder.rows(session, key_id=key_id, this=wire.account_id))


def _held_by_another(column: Any) -> Prepared:
    """Whether another actor has the key id."""
    return Prepared(
        lambda _dialect: select(_wire.account_id)
        .where(column == text_param("key_id"), _wire.account_id != param("this"))
        .limit(1)
    )


_KEY_HOLDER, _PROOF_KEY_HOLDER = _held_by_another(_wire.key_id), _held_by_another(_wire.proof_key_id)
