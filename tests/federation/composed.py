"""A post of another server in its barest form, for tests about one property of it."""

from typing import Any

from federation.vocabulary.notes import Note, read_note
from tests.peer_shapes import PUBLIC, Document

AUTHOR = "https://a.example/users/ume"
HERE = "https://minato.example/users/hanako"
FILE = "https://files.a.example"


def note(**said: Any) -> Note:
    """What is read of it with the properties `said`; None takes one away."""
    document: Document = {
        "id": "https://a.example/posts/1", "type": "Note", "attributedTo": AUTHOR, "content": "<p>こんにちは</p>",
        "to": [PUBLIC], "cc": [HERE],
    }  # fmt: skip
    return read_note({name: value for name, value in (document | said).items() if value is not None})
