"""For tests of the inbox's rules: one open unit of work in a founded town, on each engine at hand."""

from tests.community.conftest import session, told

__all__ = ["session", "told"]
