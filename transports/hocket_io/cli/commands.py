"""The group of commands."""

from __future__ import annotations

import click

from hocket import __version__
from hocket_io.cli.card import card
from hocket_io.cli.decode import decode
from hocket_io.cli.hub import hub
from hocket_io.cli.join import join
from hocket_io.cli.pipe import pipe
from hocket_io.cli.send import send
from hocket_io.cli.serve import serve
from hocket_io.cli.task import task

__all__ = ["hocket"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(__version__, "-v", "--version", prog_name="hocket", message="%(prog)s %(version)s")
def hocket() -> None:
    """One answer, streamed between agents: serve an agent, talk to any that speaks A2A, open a hub, join streams."""


@click.command("help")
@click.argument("command", nargs=-1)
@click.pass_context
def show_help(context: click.Context, command: tuple[str, ...]) -> None:
    """Show how COMMAND is used."""
    assert context.parent is not None, "it is a command of the group"
    found: click.Command = hocket
    at = context.parent
    for name in command:
        inner = found.get_command(at, name) if isinstance(found, click.Group) else None
        if inner is None:
            raise click.UsageError(f"No such command {' '.join(command)!r}.")
        found, at = inner, click.Context(inner, parent=at, info_name=name)
    click.echo(found.get_help(at))


for _command in (serve, pipe, send, task, card, hub, join, decode, show_help):
    hocket.add_command(_command)
