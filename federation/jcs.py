"""JSON in one form only (RFC 8785), so that a hash over a document means the document."""

from typing import Any

import orjson
import rfc8785

_LARGEST = 2**53 - 1  # the largest whole number that every reader of JSON has


class Unfit(ValueError):
    """The document has no such form: a number too large, a broken text, something that is no JSON."""


def canonical(value: Any) -> bytes:
    """`value`, as read from JSON, in the form of RFC 8785. Raises Unfit.

    Nearly everything that is said between servers has no fractions and only ASCII names. Written with its names in
    order, that is the same text, a hundred times faster.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS) if _is_plain(value) else rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, orjson.JSONEncodeError, ValueError, RecursionError) as problem:
        raise Unfit(str(problem)) from problem


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is dict:
        return all(type(name) is str and name.isascii() and _is_plain(each) for name, each in value.items())
    if kind is list:
        return all(map(_is_plain, value))
    return kind is int and -_LARGEST <= value <= _LARGEST
