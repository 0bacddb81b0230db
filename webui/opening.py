"""How a command gets at its town: the settings, the keys, a database whose schema is current and whose town is founded."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from community import config, echoes, founding, migrate
from community.config import Settings, SettingsError
from community.db import Database, open_database
from community.events import Bus
from community.keyfiles import KeyFiles
from community.town import Town
from federation.catching_up import triggers
from federation.outbox import publish
from webui.streaming import exchange, facts

SQLITE = "sqlite:"


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option `--config PATH` that every command has, handed over as `path`."""
    return click.option(
        "--config",
        "path",
        type=click.Path(dir_okay=False, path_type=Path),
        default=Path("instance.toml"),
        show_default=True,
        help="The settings file of the town.",
    )(command)


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    """The database of the town whose settings stand in `path`, ready for units of work, closed afterwards.

    What a unit of work does is said to other servers as if it had been done on a page; the town that is being served
    sends it. The apps that listen to that town hear of it at once.
    """
    settings = config.load(path)
    keys = KeyFiles.load(settings.keys_dir)
    prepare_schema(settings)
    bus = Bus()
    echoes.subscribe(bus)
    publish.subscribe(bus, _NobodyToWake())
    triggers.subscribe(bus)
    database = open_database(Town(settings, keys), bus)
    facts.subscribe(bus, exchange.from_command(settings.database.url, lambda: database))
    try:
        database.write_now(founding.found)
        yield database
    finally:
        database.close_now()


def prepare_schema(settings: Settings) -> None:
    """Bring an SQLite file to this version; refuse a PostgreSQL database that `machi migrate` has to bring there."""
    url = settings.database.url
    if migrate.is_current(url):
        return
    if not url.startswith(SQLITE):
        raise SettingsError(
            f"the database needs the schema of this version; run: machi migrate --config {settings.path}"
        )
    migrate.upgrade(url)


class _NobodyToWake:
    """A command sends nothing itself: the served town looks into its queue."""

    def wake_delivery(self) -> None:
        """Nothing to do."""
