"""`machi sister`: the 姉妹まち, towns that named each other."""

from pathlib import Path

import click

from community import config, towns
from webui.opening import config_option, opened


@click.group(no_args_is_help=False)
def sister() -> None:
    """姉妹まち: towns that named each other and share questions meant for sister towns."""


@sister.command("add")
@click.argument("domain")
@config_option
def add(path: Path, domain: str) -> None:
    """Name DOMAIN as a sister town. Its operator has to name this one too."""
    with opened(path) as database:
        name = database.write_now(lambda session: towns.add_sister(session, domain))
    ours = config.load(path).instance.domain
    click.echo(f"{name} is named as a sister town. Over there: machi sister add {ours}")


@sister.command("remove")
@click.argument("domain")
@config_option
def remove(path: Path, domain: str) -> None:
    """End the sisterhood with DOMAIN."""
    with opened(path) as database:
        database.write_now(lambda session: towns.remove_sister(session, domain))
    click.echo(f"{domain} is no sister town any more.")


@sister.command("list")
@config_option
def list_(path: Path) -> None:
    """Print the sister towns, one a line."""
    with opened(path) as database:
        for domain in database.read_now(towns.sisters):
            click.echo(domain)
