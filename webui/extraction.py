"""Finds what has to be translated in Python source: for `make translations` and the test of the catalogues.

Every Japanese sentence (a string that ends in 。 and is no docstring) is something people read, so nothing has to be
marked and nothing can be forgotten. Shorter words are found where they are handed to gettext.
"""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from typing import IO, Any

_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_GETTEXT = frozenset({"gettext", "_"})
Message = tuple[int, str, str, list[str]]


def sentences(
    fileobj: IO[bytes], keywords: Mapping[str, Any], comment_tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[Message]:
    """A Babel extraction method: line, function name, message, comments for each string to translate."""
    tree = ast.parse(fileobj.read())
    skipped = set(_docstrings(tree))
    asked = set(_gettext_arguments(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or node in skipped:
            continue
        if node in asked or (node.value.endswith("。") and _JAPANESE.search(node.value)):
            yield node.lineno, "_", node.value, []


def _docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    """Strings that stand alone: docstrings of modules, classes, functions and constants."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _gettext_arguments(tree: ast.AST) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in _GETTEXT:
                yield node.args[0]
