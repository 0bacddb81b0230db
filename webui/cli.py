"""`machi`: the command line of a town. What goes wrong is one line on stderr: exit 2 for wrong use, 1 for failure."""

import gc
import importlib
import os
import sys
from typing import NoReturn

import click

from community.config import SettingsError
from community.errors import CommunityError
from webui import logs
from webui.commands.wording import spoken
from webui.i18n import TranslationsMissing

WRONG_USE, FAILURE, INTERRUPTED = 2, 1, 130
TRACEBACK = "MACHI_TRACEBACK"  # set to anything: show where an unforeseen error arose
COMMANDS = ("init", "serve", "worker", "migrate", "demo", "member", "emoji", "invite", "sister", "domain", "announce", "keys")
"""Each is the command of that name in the module of that name below webui.commands."""


class Commands(click.Group):
    """Loads the module of a command when it is called for: `machi init` need not load the whole server."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        # What is loaded here stays for good: not looking through it for garbage saves a seventh of the start, and
        # some of every later collection.
        gc.disable()
        try:
            module = importlib.import_module(f"webui.commands.{cmd_name}")
        finally:
            gc.freeze()
            gc.enable()
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=False)
@click.version_option(package_name="machi-soumu", prog_name="machi")
def cli() -> None:
    """Machi (まちの総務): a federated town for people who do general affairs."""


def main() -> None:
    """Run the command that the arguments name, and end the process with its exit status."""
    logs.keep_quiet()
    try:
        status = cli.main(prog_name="machi", standalone_mode=False)
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "machi"
        _stop(f"{error.format_message()} (see: {where} --help)", WRONG_USE)
    except click.ClickException as error:
        _stop(error.format_message(), FAILURE)
    except (SettingsError, TranslationsMissing) as error:
        _stop(str(error), FAILURE)
    except CommunityError as error:
        _stop(spoken(error), FAILURE)
    except (click.Abort, KeyboardInterrupt):
        _stop("stopped", INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; there is nobody to tell
        sys.exit(FAILURE)
    except Exception as error:
        if TRACEBACK in os.environ:
            raise
        _stop(
            f"this should not happen: {type(error).__name__}: {error} (set {TRACEBACK}=1 to see where)",
            FAILURE,
        )
    sys.exit(status if isinstance(status, int) else 0)


def _stop(message: str, status: int) -> NoReturn:
    click.echo(f"machi: {' '.join(message.split())}", err=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
