"""`machi init`: write a commented settings file and the key files beside it. Asks nothing, touches no database."""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import click

from community import config
from community.config import SettingsError
from community.keyfiles import KeyFiles
from webui.commands.opening import config_option

EXAMPLE = "instance.example.toml"


@click.command()
@config_option
@click.option(
    "--domain", help="The host name of the town, as it will stand in every handle. It never changes."
)
@click.option("--name", help="The town's name, as people read it.")
@click.option(
    "--trial", is_flag=True, help="For a trial on this machine: http, private addresses, open doors."
)
def init(path: Path, domain: str | None, name: str | None, trial: bool) -> None:
    """Write the settings file and the key files of a new town.

    Where the settings file exists already, only key files that are missing are made (without --domain and --name).
    """
    if domain is None and name is None and path.exists():
        settings = config.load(path)
        KeyFiles.create(settings.keys_dir)
        click.echo(f"{settings.keys_dir}: the key files are complete.")
        return
    if domain is None or name is None:
        raise click.UsageError("give both --domain and --name")
    if path.exists():
        raise click.ClickException(f"{path} exists already; nothing was changed")
    values: dict[tuple[str, str], Any] = {("instance", "domain"): domain, ("instance", "name"): name}
    if trial:
        values |= _trial(domain)
    text = settings_text(values)
    settings = config.from_tables(tomllib.loads(text), path=path)
    write_settings(path, text)
    KeyFiles.create(settings.keys_dir)
    click.echo(
        f"Wrote {path} and the key files in {settings.keys_dir}. Keep both, and apart from the database."
    )
    click.echo(f"Read the settings once, then: machi serve --config {path}")


def settings_text(values: Mapping[tuple[str, str], Any]) -> str:
    """The commented settings file with the given values (by table and key) in place of the example's."""
    missing = dict(values)
    lines = []
    table = ""
    for line in resources.files("webui.commands").joinpath(EXAMPLE).read_text(encoding="utf-8").splitlines():
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


def _trial(domain: str) -> dict[tuple[str, str], Any]:
    values: dict[tuple[str, str], Any] = {
        ("instance", "scheme"): "http",
        ("instance", "registrations"): "open",
        ("federation", "allow_private_addresses"): True,
    }
    port = domain.partition(":")[2]
    if port.isdecimal():
        values["server", "port"] = int(port)
    return values


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
