"""The guards, as `guards.toml` lists them: a line of the checklist, where it is kept, what breaks it, which tests see that."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LISTED = Path(__file__).parent / "guards.toml"


@dataclass(frozen=True, slots=True)
class Guard:
    """`old` stands exactly once in `file`; with `new` in its place one of `tests` has to fail."""

    id: str
    section: str
    line: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def broken(self, text: str) -> str:
        """The text of `file` without the guard. Raises ValueError unless `old` stands there once."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.id}: what is to be replaced stands {text.count(self.old)} times in {self.file}")
        return text.replace(self.old, self.new)


def load() -> list[Guard]:
    """In the order of the list."""
    listed = tomllib.loads(LISTED.read_text(encoding="utf-8"))["guard"]
    return [Guard(**{**entry, "tests": tuple(entry["tests"])}) for entry in listed]


def table(listed: list[Guard]) -> str:
    """The lines of the checklist as docs/security.md shows them: by section, each with its tests and its mutation."""
    parts: list[str] = []
    for section in dict.fromkeys(each.section for each in listed):
        parts += [f"### {section}", "", "| line | guard | tests | mutation |", "| --- | --- | --- | --- |"]
        parts += [_row(each) for each in listed if each.section == section]
        parts.append("")
    return "\n".join(parts)


def _row(guard: Guard) -> str:
    tests = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in guard.tests)
    return f"| {guard.line} | `{guard.file}` | {tests} | {guard.id} |"
