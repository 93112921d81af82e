"""The command line: one module per command group, imported when it is asked for.

Answers go to stdout, everything else to stderr. Exit codes: 0 done, 1 a failure said in one sentence,
2 usage, 130 interrupted.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

import click

from clawlocal import __version__
from clawlocal.errors import ClawlocalError

COMMANDS = {
    "chat": "clawlocal.cli.chat:chat",
    "rate": "clawlocal.cli.feedback:rate",
    "correct": "clawlocal.cli.feedback:correct",
    "sessions": "clawlocal.cli.sessions:sessions",
    "learn": "clawlocal.cli.learn:learn",
    "lessons": "clawlocal.cli.lessons:lessons",
    "forget": "clawlocal.cli.forget:forget",
    "adapters": "clawlocal.cli.adapters:adapters",
    "models": "clawlocal.cli.models:models",
    "offload": "clawlocal.cli.offload:offload",
    "data": "clawlocal.cli.data:data",
    "bench": "clawlocal.cli.bench:bench",
    "doctor": "clawlocal.cli.doctor:doctor",
    "paths": "clawlocal.cli.places:paths",
}
INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group whose commands are imported one by one, so that `--version` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="clawlocal")
@click.option(
    "-m", "--model", help="The model to chat with; `clawlocal models list` names them. REMOTE/MODEL chats on a remote."
)
@click.option("-c", "--session", metavar="ID", help="Open this session.")
@click.option("--temp", is_flag=True, help="A temporary chat: neither kept nor learned from.")
@click.pass_context
def cli(ctx: click.Context, model: str | None, session: str | None, temp: bool) -> None:
    """A terminal assistant that runs on your machine and learns from every reply you give it.

    Without a command, the chat opens.
    """
    if ctx.invoked_subcommand is None:
        ctx.exit(_open_terminal(model=model, session=session, temporary=temp))


def _open_terminal(**options: Any) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ClawlocalError("The chat needs a terminal. In a script, use `clawlocal chat TEXT`.")
    found = entry_points(group="clawlocal.interfaces", name="terminal")
    if not found:
        raise ClawlocalError("The terminal interface is not installed. `pip install clawlocal` brings it.")
    run = next(iter(found)).load()
    code: int = run(**options)
    return code


def main() -> None:
    """The entry point."""
    try:
        code = cli.main(prog_name="clawlocal", standalone_mode=False)
    except click.UsageError as e:
        e.show()
        sys.exit(2)
    except click.ClickException as e:
        e.show()
        sys.exit(e.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        sys.exit(INTERRUPTED)
    except ClawlocalError as e:
        # Imported here: most runs need no such words.
        from clawlocal.cli.output import plain

        click.echo(plain(str(e)), err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)
