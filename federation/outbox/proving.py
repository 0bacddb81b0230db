"""What we say to everybody bears the proof of its actor (FEP-8b32), so that whoever gets it from others can believe it.

The proof is made when an activity is first sent and depends on nothing but the activity and the key: whoever sends it
again, another process or the next day, sends the same bytes. What is for followers or for single people bears none:
nobody shall be able to show it around as proved.
"""

import orjson

from federation import proofs
from federation.signatures import LocalKey
from federation.vocabulary import terms

_TO_THE_SECOND = len("2026-04-01T00:00:00")


def proved(body: bytes, key: LocalKey) -> bytes:
    """`body`, an activity with its context, with a proof by `key` if it is that actor's own and speaks to everybody."""
    if key.proof_key is None or terms.PUBLIC.encode() not in body:
        return body
    said = orjson.loads(body)
    spoken_to = (*said.get("to", ()), *said.get("cc", ()))
    if terms.PUBLIC not in spoken_to or f"{said['actor']}{terms.PROOF_KEY}" != key.proof_key_id or "published" not in said:
        return body
    # Whole seconds: Fedify writes the moment anew before it hashes it, and 12:00:00.340 comes out as 12:00:00.34.
    created = f"{said['published'][:_TO_THE_SECOND]}Z"
    proof = proofs.make(said, key.proof_key, method=key.proof_key_id, created=created)
    return body[:-1] + b',"proof":' + orjson.dumps(proof) + b"}"
