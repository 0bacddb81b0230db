"""Join: somebody of another town gathers round a 旗 of ours; and the answer where there is no place (reference §1.6).

It counts once for each actor, whatever its id. Boards never pass it on: who gathers is for the one who raised the flag.
"""

from sqlalchemy.orm import Session

from community import distance, events, joins
from community.errors import Conflict
from community.models import Account, Join, Post
from federation.inbox import known
from federation.inbox.inbound import Ignored, Inbound
from federation.vocabulary.reading import Document, type_of, uri


def apply(session: Session, inbound: Inbound) -> None:
    """Gather. Where it is full, over, or the two are apart, the other side hears that nothing comes of it."""
    account = inbound.actor(session)
    flag = known.post(session, inbound.object_uri)
    if flag is None or not flag.local or flag.kind != "flag" or flag.deleted_at is not None:
        raise Ignored("a Join of what is no flag of this town")
    if account.kind != "person":
        raise Ignored("a Join by somebody who is no person")
    if distance.apart(session, actor=account, target=session.get_one(Account, flag.author_id)):
        _decline(session, inbound, account, flag)
        return
    try:
        joins.join(session, account=account, flag=flag, uri=inbound.id)
    except Conflict:
        _decline(session, inbound, account, flag)


def take_back(session: Session, signer: Account, told: Document | str | None) -> bool:
    """Undo{Join}, by its id, else by which flag it names; whether there was one. Ignored for somebody else's."""
    found = _find(session, signer, told)
    if found is None:
        return False
    if found.account_id != signer.id:
        raise Ignored("an Undo of what somebody else did")
    joins.leave(session, account=signer, flag=session.get_one(Post, found.post_id))
    return True


def declined(session: Session, inbound: Inbound) -> bool:
    """Reject{Join}: there is no place for one of us; whether it was that. Ignored unless who raised the flag says it."""
    told = inbound.object
    if told is not None and type_of(told) != "Join":
        return False
    found = joins.by_uri(session, inbound.object_uri)
    if found is None:
        if told is None:
            return False
        raise Ignored("a Reject of a Join that is not known here")
    account, flag = session.get_one(Account, found.account_id), session.get_one(Post, found.post_id)
    if not account.local or flag.local or session.get_one(Account, flag.author_id).uri != inbound.actor_uri:
        raise Ignored("a Reject of a Join by somebody who did not raise the flag")
    joins.declined(session, account=account, flag=flag)
    return True


def _decline(session: Session, inbound: Inbound, account: Account, flag: Post) -> None:
    events.record(session, events.JoinDeclined(inbound.id, account.id, flag.id))
    inbound.remark = "the Join is declined: the flag is full or over, or the two have nothing to do with each other"


def _find(session: Session, signer: Account, told: Document | str | None) -> Join | None:
    join_uri = uri(told)
    found = joins.by_uri(session, join_uri) if join_uri else None
    if found is not None or not isinstance(told, dict) or type_of(told) != "Join":
        return found
    flag_uri = uri(told.get("object"))
    flag = known.post(session, flag_uri) if flag_uri else None
    return joins.between(session, signer.id, flag.id) if flag is not None else None
