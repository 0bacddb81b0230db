"""Writing a town's settings file: the commented example, with the town's own values in place of the example's."""

import json
import os
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from community.config import SettingsError

EXAMPLE = "instance.example.toml"


def settings_text(values: Mapping[tuple[str, str], Any]) -> str:
    """The commented settings file with the given values (by table and key) in place of the example's."""
    missing = dict(values)
    lines = []
    table = ""
    for line in resources.files("webui").joinpath(EXAMPLE).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            table = line.strip("[]")
        key = re.match(r"([a-z_]+) = ", line)
        if key and (table, key[1]) in missing:
            line = f"{key[1]} = {_toml(missing.pop((table, key[1])))}"  # noqa: PLW2901 - the line as it shall stand
        lines.append(line)
    assert not missing, missing
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    """A string, number, boolean or list of those, for which TOML and JSON are written alike."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def write_settings(path: Path, text: str) -> None:
    """Make the file, readable by its owner alone: a database password may come to stand in it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written: {error.strerror}") from None
