"""The group of commands."""

from __future__ import annotations

from importlib import import_module

import click

from hocket import __version__
from hocket_io.extras import needs

__all__ = ["hocket"]

_COMMANDS = (
    "bench",
    "card",
    "conformance",
    "decode",
    "fuzz",
    "hub",
    "join",
    "pipe",
    "send",
    "serve",
    "simulate",
    "tail",
    "task",
)
"""Each is a module beside this one, with a command of the same name in it."""


class _LoadedWhenAsked(click.Group):
    """A group whose commands are imported when they are asked for: who pipes an agent need not wait for the hub."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _COMMANDS and cmd_name not in self.commands:
            with needs("cli", "the hocket command"):
                module = import_module(f"hocket_io.cli.{cmd_name}")
            self.add_command(getattr(module, cmd_name))
        return super().get_command(ctx, cmd_name)


@click.group(cls=_LoadedWhenAsked, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
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


hocket.add_command(show_help)
