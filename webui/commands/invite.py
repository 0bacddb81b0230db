"""`machi invite`: print a link by which somebody joins."""

from pathlib import Path

import click
from sqlalchemy.orm import Session

from community import doors, town
from webui.opening import config_option, opened


@click.command()
@click.option(
    "--uses", type=click.IntRange(min=1), default=1, show_default=True, help="How many people it lets in."
)
@click.option(
    "--days",
    type=click.IntRange(1, 365),
    default=doors.INVITE_DAYS,
    show_default=True,
    help="How long it works.",
)
@config_option
def invite(path: Path, uses: int, days: int) -> None:
    """Print a link by which somebody joins."""

    def make(session: Session) -> str:
        code = doors.create_invite(session, by=None, max_uses=uses, days=days).code
        return f"{town.of(session).uris.origin}/join?invite={code}"

    with opened(path) as database:
        click.echo(database.write_now(make))
