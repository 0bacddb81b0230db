"""`machi emoji`: the custom emoji of the town. Works beside a town that is being served."""

import asyncio
from pathlib import Path

import click
from sqlalchemy.orm import Session

from community import config, emojis, town
from webui.media import pictures
from webui.media.workshop import store_of
from webui.opening import config_option, opened


@click.group(no_args_is_help=False)
def emoji() -> None:
    """Custom emoji: add one, take one away, list them."""


@emoji.command("add")
@click.argument("shortcode")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--category", help="What apps group it under.")
@config_option
def add(path: Path, shortcode: str, file: Path, category: str | None) -> None:
    """Let :SHORTCODE: stand for the picture in FILE, which is drawn anew, at most 128 points wide and high."""
    with file.open("rb") as source:
        drawn = pictures.emoji(source)
    store = store_of(config.load(path))
    code = shortcode.strip(":")

    def unit(session: Session) -> None:
        emojis.add(session, shortcode=code, url=town.of(session).uris.media(key), category=category)

    with opened(path) as database:
        key = asyncio.run(store.put(drawn.body, drawn.mime))
        try:
            database.write_now(unit)
        except Exception:
            asyncio.run(store.remove([key]))
            raise
    click.echo(f":{code}: stands for {file.name} now.")


@emoji.command("remove")
@click.argument("shortcode")
@config_option
def remove(path: Path, shortcode: str) -> None:
    """Let :SHORTCODE: be letters again. The town that is served, or will be, removes the picture."""
    code = shortcode.strip(":")
    with opened(path) as database:
        database.write_now(lambda session: emojis.remove(session, shortcode=code))
    click.echo(f":{code}: is gone.")


@emoji.command("list")
@config_option
def list_(path: Path) -> None:
    """Print the emoji of the town, one a line: name, address, category."""
    with opened(path) as database:
        for row in database.read_now(emojis.of_town):
            click.echo("\t".join(part for part in (row.shortcode, row.url, row.category) if part))
