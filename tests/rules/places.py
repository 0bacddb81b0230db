"""Where things lie in the repository, for the rules."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("community", "federation", "webui")


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """The path (from the root) and the syntax tree of each module below `folders`."""
    for folder in folders or PACKAGES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))
