"""How often apps may call, and how they are told: 1,500 calls in five minutes for each member, 300 for each stranger's network.

Counted in memory, by process. Reset times are ISO 8601, for Mastodon.py sleeps until then (client-API reference §1.1).
"""

from datetime import UTC, datetime

from aiohttp import web

from community.doors import TokenHolder
from webui.keys import SETTINGS, TOWN
from webui.mastodon.replies import Refusal
from webui.security import client_network

PERIOD_MS = 300_000
OF_MEMBERS = 1_500
OF_STRANGERS = 300
_KEYS_MOST = 50_000

COUNTS: web.AppKey[dict[str, list[int]]] = web.AppKey("machi.api_counts", dict)


def count(request: web.Request, holder: TokenHolder | None) -> dict[str, str] | None:
    """Note one call; the headers that tell what is left, None while limits are off. Raises Refusal 429."""
    if not request.app[SETTINGS].limits.enabled:
        return None
    if holder is not None and holder.viewer.account_id is not None:
        key, most = f"member {holder.viewer.account_id}", OF_MEMBERS
    else:
        key, most = f"network {client_network(request)}", OF_STRANGERS
    now = request.app[TOWN].clock()
    used, reset = _use(request.app[COUNTS], key, now)
    told = {
        "X-RateLimit-Limit": str(most),
        "X-RateLimit-Remaining": str(max(most - used, 0)),
        "X-RateLimit-Reset": datetime.fromtimestamp(reset / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    if used > most:
        wait = str(-(-(reset - now) // 1000))
        raise Refusal(429, "Too many requests", headers={**told, "Retry-After": wait})
    return told


def _use(counts: dict[str, list[int]], key: str, now: int) -> tuple[int, int]:
    """How many calls this one makes in the running period, and when (ms) the period ends."""
    entry = counts.get(key)
    if entry is None or entry[1] <= now:
        if len(counts) >= _KEYS_MOST:
            for old in [each for each, (_, end) in counts.items() if end <= now] or list(counts)[:1000]:
                del counts[old]
        entry = counts[key] = [0, now - now % PERIOD_MS + PERIOD_MS]
    entry[0] += 1
    return entry[0], entry[1]
