"""`machi member`: add a member, give an app's token, change a role. Works beside a town that is being served."""

import sys
from pathlib import Path

import click
from sqlalchemy.orm import Session

from community import doors, members, passphrases
from community.models import Account, Member
from webui.opening import config_option, opened

ROLES = ("member", "keeper", "watcher", "moderator", "admin")
SCOPES = frozenset({"read", "write", "follow", "push", "profile", "admin:read", "admin:write"})
_role = click.Choice(ROLES)


@click.group(no_args_is_help=False)
def member() -> None:
    """Members: add one, give an app's token, change a role."""


@member.command("add")
@click.argument("name")
@click.option("--role", type=_role, default="member", show_default=True)
@click.option("--nickname", help="The name people see; NAME if left out.")
@click.option("--password-stdin", is_flag=True, help="Read the passphrase from the first line of stdin.")
@config_option
def add(path: Path, name: str, role: str, nickname: str | None, password_stdin: bool) -> None:
    """Add a member who can log in at once. NAME is the handle, without @."""
    passphrase = _passphrase(from_stdin=password_stdin)
    hashed = passphrases.hash_passphrase(passphrase)
    handle = _handle(name)
    with opened(path) as database:
        joined = database.write_now(
            lambda session: members.join(
                session,
                name=handle,
                nickname=nickname or handle,
                passphrase_hash=hashed,
                application="",
                by_operator=True,
                role=role,
            )
        )
    click.echo(f"@{handle} belongs to the town now, with the role {role}.")
    click.echo(f"Recovery code, shown this once: {joined.recovery_code}")


@member.command("token")
@click.argument("name")
@click.option("--scopes", default="read write follow push", show_default=True, help="Separated by spaces.")
@config_option
def token(path: Path, name: str, scopes: str) -> None:
    """Print a token by which an app acts for the member NAME."""
    wanted = _scopes(scopes)
    with opened(path) as database:
        click.echo(
            database.write_now(
                lambda session: doors.issue_token(
                    session, _member(session, name)[0].id, wanted, "machi member token"
                )
            )
        )


@member.command("role")
@click.argument("name")
@click.argument("role", type=_role)
@config_option
def change_role(path: Path, name: str, role: str) -> None:
    """Give the member NAME another ROLE."""
    with opened(path) as database:
        database.write_now(
            lambda session: members.set_role(session, account_id=_member(session, name)[0].id, role=role)
        )
    click.echo(f"@{_handle(name)} has the role {role} now.")


def _member(session: Session, name: str) -> tuple[Account, Member]:
    """The member with that handle, who must be able to act."""
    found = members.by_login(session, _handle(name))
    if found is None:
        raise click.ClickException(
            f"there is no member @{_handle(name)}; add one with: machi member add {name}"
        )
    if found[1].state != "active":
        raise click.ClickException(f"@{_handle(name)} cannot act yet: the membership is {found[1].state}")
    return found


def _handle(name: str) -> str:
    return name.strip().removeprefix("@").lower()


def _scopes(text: str) -> str:
    wanted = text.split()
    for scope in wanted:
        if scope not in SCOPES and scope.partition(":")[0] not in SCOPES - {"profile", "push"}:
            raise click.BadParameter(f"{scope!r} is none; use words like: read write follow push")
    if not wanted:
        raise click.BadParameter("name at least one, such as: read")
    return " ".join(wanted)


def _passphrase(*, from_stdin: bool) -> str:
    """From the first line of stdin, or asked twice on a terminal."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError(
            "there is no terminal to ask on; hand the passphrase over with --password-stdin"
        )
    text: str = click.prompt("Passphrase (10 characters or more)", hide_input=True, confirmation_prompt=True)
    return text
