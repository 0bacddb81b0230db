"""Who a received post is for, and whether this town has any business with it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import town, towns
from community.models import LOCAL, Account, Follow
from community.storage.prepared import Prepared, among
from community.visibility import DIRECT, FOLLOWERS, OPEN, SISTER_ONLY, UNLISTED
from federation.inbox import known
from federation.inbox.inbound import Ignored, Inbound
from federation.models import RemoteActor
from federation.vocabulary import terms
from federation.vocabulary.notes import Note
from federation.vocabulary.reading import authority, same_origin

MEANT_MOST = 20
"""Of so many a direct post without mentions is the business."""

_SISTERS_PATH = "/sisters"
_follow, _follower = Follow.__table__.c, Account.__table__.c
_FOLLOWED = Prepared(
    lambda dialect: select(_follow.id)
    .where(
        among(_follow.followee_id, "these", dialect),
        _follow.state == "accepted",
        # Asked of each follower; joined, SQLite would begin with everybody who lives here.
        select(_follower.domain).where(_follower.id == _follow.follower_id).scalar_subquery() == LOCAL,
    )
    .limit(1)
)


def visibility_of(session: Session, inbound: Inbound, note: Note) -> str:
    """The visibility that the addresses of `note` mean. Ignored if it is for the sisters of a town that is none of ours.

    A sister thread may hold words from a town that is no sister of ours: then the board of a sister vouches for them.
    """
    if not terms.PUBLIC_NAMES.isdisjoint(note.to):
        return OPEN
    if not terms.PUBLIC_NAMES.isdisjoint(note.cc):
        return UNLISTED
    if any(_is_circle_of(note.attributed_to, each) for each in note.addressed):
        if not _from_sister(session, inbound, note.attributed_to):
            raise Ignored("a post for the sister towns of a town that is no sister of ours")
        return SISTER_ONLY
    return FOLLOWERS if _followers_of(session, note.attributed_to) in note.addressed else DIRECT


def concerns_us(session: Session, inbound: Inbound, note: Note) -> bool:
    """Whether somebody here follows it, is addressed, answered or quoted by it, or a sister town sends it."""
    answers = known.answers(session)  # `needs` asks, and `place` asks again
    if note.id not in answers:
        answers[note.id] = _concerns_us(session, inbound, note)
    return answers[note.id]


def _concerns_us(session: Session, inbound: Inbound, note: Note) -> bool:
    if note.in_reply_to is not None and known.post(session, note.in_reply_to) is not None:
        return True
    if note.quote is not None and _is_ours(session, note.quote):
        return True
    named = known.named(session, note.addressed).values()
    if any(each.local and not each.gone for each in named):
        return True
    watched = [each.id for each in named if each.kind == "board"]
    watched += [each.id for each in (known.account(session, note.attributed_to), inbound.via) if each is not None]
    if watched and is_followed(session, watched):
        return True
    return _from_sister(session, inbound, note.attributed_to)


def _is_ours(session: Session, uri: str) -> bool:
    """Whether somebody of this town wrote the post `uri`, and it stands."""
    post = known.post(session, uri) if town.of(session).uris.is_local(uri) else None
    return post is not None and post.local and post.deleted_at is None


def meant_by(session: Session, note: Note, visible: str) -> list[str]:
    """Whom `note` means of those whom it addresses: the mentioned, by id or by page; in a direct post, whoever gets it.

    A mention of somebody whom it does not address is a trick (federation reference §3, Mention floods). Messages of
    Lemmy and Pleroma mention nobody.
    """
    uris, addressed = town.of(session).uris, note.addressed
    meant = [each for named in note.mentions for each in (named, *uris.behind(named)) if each in addressed]
    return list(dict.fromkeys((*meant, *addressed)))[:MEANT_MOST] if visible == DIRECT else meant


def is_flood(session: Session, note: Note, author: Account) -> bool:
    """Whether somebody whom nobody here follows mentions a crowd (federation reference §3, Mention floods)."""
    limits = town.of(session).settings.limits
    crowd = limits.enabled and note.mentioned > limits.strangers_mentions
    return crowd and not is_followed(session, [author.id])


def is_followed(session: Session, account_ids: list[int]) -> bool:
    """Whether anybody who lives here follows one of these."""
    return bool(_FOLLOWED.rows(session, these=account_ids))


def speaks_to_us(session: Session, note: Note) -> bool:
    """Whether the addresses of `note` name one of us."""
    uris = town.of(session).uris
    return any(uris.is_local(each) for each in note.addressed)


def _from_sister(session: Session, inbound: Inbound, author_uri: str) -> bool:
    hosts = {authority(author_uri), authority(inbound.via.uri) if inbound.via is not None else None}
    return any(host is not None and towns.is_sister(session, host) for host in hosts)


def _is_circle_of(author_uri: str, address: str) -> bool:
    """Whether `address` is the collection of the sister towns of the author's town."""
    return address.endswith(_SISTERS_PATH) and same_origin(address, author_uri)


def _followers_of(session: Session, author_uri: str) -> str | None:
    account = known.account(session, author_uri)
    wire = session.get(RemoteActor, account.id) if account is not None else None
    return wire.followers if wire is not None else None
