"""`machi init`: write a commented settings file and the key files beside it. Asks nothing, touches no database."""

import tomllib
from pathlib import Path
from typing import Any

import click

from community import config
from community.keyfiles import KeyFiles
from webui.opening import config_option
from webui.settings_file import settings_text, write_settings


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
