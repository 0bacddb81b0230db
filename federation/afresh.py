"""Somebody elsewhere as their own server tells of them at this moment: for deeds that rest on what they say of themselves."""

from sqlalchemy.orm import Session

from community.errors import NotFound
from community.models import Account
from federation import actors, lookup
from federation.context import Federation
from federation.http import PermanentFailure, Refused, TemporaryFailure
from federation.keys import instance_key
from federation.vocabulary.reading import Document, Unreadable

_NO_ANSWER = "引っ越し先のまちから、いま返事がありません。しばらくしてから、もう一度お試しください。"


async def account(ctx: Federation, text: str) -> int:
    """The id of the account that `text` names, as `lookup.account` finds it; one of another server is fetched anew.

    Raises as that does, and NotFound if its server cannot be asked now.
    """
    account_id = await lookup.account(ctx, text)
    uri, local = await ctx.database.read(lambda session: _which(session, account_id))
    if local:
        return account_id
    try:
        document = await ctx.http.get_object(uri, signer=await instance_key(ctx))
        return await ctx.database.write(lambda session: _store(session, document, uri))
    except (PermanentFailure, TemporaryFailure, Refused, Unreadable) as failure:
        raise NotFound(_NO_ANSWER) from failure


def _which(session: Session, account_id: int) -> tuple[str, bool]:
    row = session.get_one(Account, account_id)
    return row.uri, row.local


def _store(session: Session, document: Document, uri: str) -> int:
    if document.get("id") != uri:
        raise Unreadable("the server tells of another account")
    return actors.upsert(session, document).id
