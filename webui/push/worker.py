"""Hands what is queued for devices to their push services, several at once, until each is handed over or given up."""

import asyncio

import structlog
from sqlalchemy.orm import Session
from yarl import URL

from community import push
from community.errors import StorageFailed
from community.push import Claim
from federation.context import Federation
from federation.http import Answer, Refused, TemporaryFailure
from webui import push_keys
from webui.i18n import Catalogues
from webui.push import messages, sealing

_AT_ONCE = 16
_LOOK_EVERY = 1.0  # seconds; for pauses that end, and for what other processes queued
_KEEP_FOR = 48 * 3600  # seconds that a push service keeps a message for a device that is off
_VOUCHED_FOR = 3_600_000  # ms
_SERVICES_MOST = 256
_GONE = frozenset({404, 410})
_PATIENCE = frozenset({408, 425, 429})

_log = structlog.get_logger(__name__)


class PushWorker:
    """Works on the queue of one town. Several may, in one process or many."""

    def __init__(self, ctx: Federation, catalogues: Catalogues) -> None:
        self._ctx = ctx
        self._catalogues = catalogues
        self._vouchers: dict[str, tuple[int, str]] = {}  # by the origin of the service: made when, the word

    async def run(self) -> None:
        """Push until cancelled. Whatever was under way then comes back when its lease ends."""
        while True:
            try:
                if await self._ctx.database.read(push.any_due):
                    await self.run_once()
            except StorageFailed as failure:
                _log.warning("pushes wait for the database", reason=str(failure))
            await asyncio.sleep(_LOOK_EVERY)

    async def run_once(self) -> int:
        """Push everything that is due now; how many requests were made."""
        made = 0
        while claims := await self._ctx.database.write(lambda session: push.claim(session, _AT_ONCE)):
            made += await self._push(claims)
        return made

    async def _push(self, claims: list[Claim]) -> int:
        told = await self._ctx.database.read(lambda session: messages.of(session, self._catalogues, claims))
        sent = [it for it in claims if it.id in told]
        answers = await asyncio.gather(*(self._send(it, told[it.id]) for it in sent))

        def settle(session: Session) -> None:
            push.done(session, [it.id for it in claims if it.id not in told])
            for claim, answer in zip(sent, answers, strict=True):
                _settle(session, claim, answer)

        await self._ctx.database.write(settle)
        return len(sent)

    async def _send(self, claim: Claim, message: bytes) -> Answer | None:
        """What the push service said, None if it said nothing; 410 of our own for a device that cannot be reached."""
        try:
            letter = sealing.sealed(
                message,
                point=claim.p256dh,
                auth=claim.auth,
                standard=claim.standard,
                voucher=(self._voucher(claim.endpoint), push_keys.public_key(self._ctx.town)),
            )
            headers = letter.headers | {"TTL": str(_KEEP_FOR), "Urgency": "normal"}
            return await self._ctx.http.hand_over(claim.endpoint, letter.body, headers)
        except (Refused, sealing.Unsealable) as refusal:
            _log.info("a device cannot be pushed to", reason=str(refusal))
            return Answer(410, None)
        except TemporaryFailure:
            return None

    def _voucher(self, endpoint: str) -> str:
        """Our signed word to this push service, made anew each hour: it is believed for twelve."""
        origin, now = str(URL(endpoint).origin()), self._ctx.town.clock()
        made, word = self._vouchers.get(origin, (0, ""))
        if not word or not made <= now < made + _VOUCHED_FOR:
            key = push_keys.private_key(self._ctx.town)
            word = sealing.vouch(origin, key=key, subject=self._ctx.town.uris.origin, now=now)
            if len(self._vouchers) >= _SERVICES_MOST:
                self._vouchers.clear()
            self._vouchers[origin] = (now, word)
        return word


def _settle(session: Session, claim: Claim, answer: Answer | None) -> None:
    """What follows from `answer`: done, gone for ever, or later. What the service refuses to take is not sent again."""
    if answer is None or answer.status in _PATIENCE or answer.status >= 500:
        push.later(session, claim, retry_after=None if answer is None else answer.retry_after)
    elif answer.status in _GONE:
        push.remove(session, [claim.subscription_id])
    else:
        push.done(session, [claim.id])
