"""`machi keys`: the keys by which other servers know that it is us. Works beside a town that is being served."""

from functools import partial
from pathlib import Path

import click

from federation import rotation
from webui.opening import config_option, opened


@click.group(no_args_is_help=False)
def keys() -> None:
    """The keys by which other servers know that it is us."""


@keys.command("rotate")
@click.argument("name", required=False)
@click.option("--all", "everybody", is_flag=True, help="Members, boards, だれかさん and the town itself.")
@config_option
def rotate(path: Path, name: str | None, everybody: bool) -> None:
    """Give NAME (a handle, or `actor` for the town itself) or everybody new keys.

    Other servers are told in letters that the former keys sign; those sign what was said before for 48 hours more.
    Do it again within these hours only in need: what still waits from before the first time may then be refused.
    """
    if (name is None) != everybody:
        raise click.UsageError("Name whose keys to change, or say --all.")
    handle = name.removeprefix("@").lower() if name is not None else None
    with opened(path) as database:
        found = database.write_now(partial(rotation.whose, name=handle))
        if name is not None and not found:
            raise click.ClickException(f"@{handle} is nobody here whose keys were ever made.")
        with click.progressbar(found, label="New keys", show_pos=True, item_show_func=_shown) as those:
            for account_id, _ in those:
                new = rotation.NewKeys.make()
                database.write_now(partial(rotation.rotate, account_id=account_id, new=new))
    click.echo(f"New keys: {len(found)}. Other servers hear of them as soon as the town is served.")


def _shown(each: tuple[int, str] | None) -> str:
    return f"@{each[1]}" if each is not None else ""
