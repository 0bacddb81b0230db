"""`machi worker`: work the queues without serving, on as many machines as wanted."""

from pathlib import Path

import click

from community import config
from webui import logs, serving
from webui.opening import SQLITE, config_option, opened


@click.command()
@config_option
def worker(path: Path) -> None:
    """Work the queues (inbox, delivery, release) without serving. For towns on PostgreSQL."""
    settings = config.load(path)
    if settings.database.url.startswith(SQLITE):
        raise click.ClickException(
            "with SQLite, machi serve works the queues itself; workers are for PostgreSQL"
        )
    logs.set_up(settings.log)
    with opened(path):
        pass
    click.echo(f"Working the queues of {settings.instance.name}.")
    serving.run(settings, background=True, listening=False)
