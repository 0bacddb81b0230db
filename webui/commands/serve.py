"""`machi serve`: serve the town, in one process or several."""

import os
from pathlib import Path

import click

from community import config
from community.config import Settings
from webui import logs, serving
from webui.opening import SQLITE, config_option, opened
from webui.supervisor import NUMBER, supervise


@click.command()
@config_option
def serve(path: Path) -> None:
    """Serve the town until Ctrl-C or SIGTERM.

    Makes what is missing first: the database file, the boards. With SQLite the queues are worked by the first process,
    with PostgreSQL by each, beside any number of `machi worker`.
    """
    settings = config.load(path)
    logs.set_up(settings.log)
    number = os.environ.get(NUMBER)
    if number is not None:
        serving.run(settings, background=_works_queues(settings, int(number)), among=int(number))
        return
    with opened(path):
        pass
    serving.check_free(settings.server.host, settings.server.port)
    if settings.server.workers == 1:
        serving.run(settings, background=True)
    elif not supervise(["serve", "--config", str(settings.path)], settings.server.workers):
        raise click.ClickException("a serving process ended right after its start; see above for why")


def _works_queues(settings: Settings, number: int) -> bool:
    """One process writes an SQLite file best; PostgreSQL deals the work out to all."""
    return number == 0 or not settings.database.url.startswith(SQLITE)
