"""`machi announce`: まちからのお知らせ, put up for every member and taken down again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from sqlalchemy.orm import Session

from community import announcements
from webui.opening import config_option, opened

_JAPAN = timedelta(hours=9)  # days as the towns' clock shows them


@click.group(no_args_is_help=False)
def announce() -> None:
    """Announcements: put one up for every member, list those that are up, take one down."""


@announce.command("put")
@click.argument("text")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day on which it is shown.")
@config_option
def put(path: Path, text: str, until: datetime | None) -> None:
    """Put up TEXT (Markdown) and print its number."""
    ends_at = None if until is None else _end_of(until)

    def unit(session: Session) -> int:
        return announcements.publish(session, words=text, ends_at=ends_at).id

    with opened(path) as database:
        click.echo(database.write_now(unit))


@announce.command("list")
@config_option
def list_(path: Path) -> None:
    """Print the announcements that are up, one a line: number, first line."""
    with opened(path) as database:
        for row in database.read_now(announcements.standing):
            click.echo(f"{row.id}\t{row.source.splitlines()[0]}")


@announce.command("end")
@click.argument("number", type=click.IntRange(min=1, max=2**63 - 1))
@config_option
def end(path: Path, number: int) -> None:
    """Take the announcement NUMBER down."""
    with opened(path) as database:
        database.write_now(lambda session: announcements.withdraw(session, number))
    click.echo(f"{number} is taken down.")


def _end_of(day: datetime) -> int:
    """The moment (ms) at which `day` is over in Japan."""
    return int((day.replace(tzinfo=UTC) + timedelta(days=1) - _JAPAN).timestamp() * 1000)
