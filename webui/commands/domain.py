"""`machi domain`: the hosts with which this town has nothing to do."""

from pathlib import Path

import click

from community import towns
from webui.opening import config_option, opened


@click.group(no_args_is_help=False)
def domain() -> None:
    """Other hosts: stop dealing with one and all below it, or deal with it again."""


@domain.command("suspend")
@click.argument("host")
@click.option("--reason", default="", help="For the town's own records.")
@config_option
def suspend(path: Path, host: str, reason: str) -> None:
    """Have nothing to do with HOST and all hosts below it."""
    with opened(path) as database:
        name = database.write_now(lambda session: towns.suspend(session, host, reason=reason))
    click.echo(f"{name} is suspended: nothing is taken from it, sent to it or shown of it.")


@domain.command("allow")
@click.argument("host")
@config_option
def allow(path: Path, host: str) -> None:
    """Take the suspension of HOST back."""
    with opened(path) as database:
        name = database.write_now(lambda session: towns.allow(session, host))
    click.echo(f"{name} is dealt with again.")


@domain.command("list")
@config_option
def list_(path: Path) -> None:
    """Print the suspended hosts, one a line, each with its reason."""
    with opened(path) as database:
        for rule in database.read_now(towns.suspended):
            click.echo(f"{rule.domain}\t{rule.reason}".rstrip())
