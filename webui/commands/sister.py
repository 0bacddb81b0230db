"""`machi sister`: 姉妹まち, towns that agreed to share the questions meant for sister towns."""

from pathlib import Path

import click

from community import config, sisters
from community.models import SisterTown
from webui.opening import config_option, opened

_WORDS = {
    sisters.ASKED: "asked; waits for their answer",
    sisters.ASKING: "asks us: machi sister accept, or remove",
    sisters.AGREED: "sister town",
}


@click.group(no_args_is_help=False)
def sister() -> None:
    """姉妹まち: one town asks, the other agrees, either ends it."""


@sister.command("add")
@click.argument("domain")
@click.option("--note", default="", help="A few words to the operator over there.")
@config_option
def add(path: Path, domain: str, note: str) -> None:
    """Ask DOMAIN to become a sister town; if it asked already, agree. It is said as soon as this town is served."""
    with opened(path) as database:
        name, state = database.write_now(lambda session: _stand(sisters.ask(session, domain, note=note)))
    ours = config.load(path).instance.domain
    if state == sisters.AGREED:
        click.echo(f"{name} is a sister town.")
    else:
        click.echo(f"{name} was asked. Over there: machi sister accept {ours}")


@sister.command("accept")
@click.argument("domain")
@config_option
def accept(path: Path, domain: str) -> None:
    """Agree to become a sister town of DOMAIN, which asked."""
    with opened(path) as database:
        name, _ = database.write_now(lambda session: _stand(sisters.accept(session, domain)))
    click.echo(f"{name} is a sister town.")


@sister.command("remove")
@click.argument("domain")
@config_option
def remove(path: Path, domain: str) -> None:
    """End the sisterhood with DOMAIN, decline its request, or take ours back."""
    with opened(path) as database:
        database.write_now(lambda session: sisters.end(session, domain))
    click.echo(f"{domain} is no sister town any more.")


@sister.command("list")
@config_option
def list_(path: Path) -> None:
    """Print the sister towns and the requests, one a line, with where they stand."""
    with opened(path) as database:
        for name, state in database.read_now(lambda session: [_stand(row) for row in sisters.every(session)]):
            click.echo(f"{name}\t{_WORDS[state]}")


def _stand(row: SisterTown) -> tuple[str, str]:
    return row.domain, row.state
