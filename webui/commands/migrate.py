"""`machi migrate`: bring the database to the schema of this version."""

from pathlib import Path

import click

from community import config
from community import migrate as migrations
from webui.opening import config_option


@click.command()
@config_option
def migrate(path: Path) -> None:
    """Bring the database to the schema of this version (SQLite files are brought there by themselves)."""
    url = config.load(path).database.url
    if migrations.is_current(url):
        click.echo("The database has the schema of this version already.")
        return
    migrations.upgrade(url)
    click.echo("The database has the schema of this version now.")
