"""Options that several commands have in the same words, whether they talk to an agent or not."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["allowed_host_option", "output_option"]


def output_option(command: Any) -> Any:
    """A decorator: the command gets `--output`, and with it the argument `output`, "text" or "json"."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        envvar="A2ACLI_OUTPUT",
        show_envvar=True,
        help="Format of what is printed.",
    )(command)


def allowed_host_option(command: Any) -> Any:
    """A decorator: the command gets `--allowed-host`, and with it the argument `allowed_hosts`, a tuple of names."""
    return click.option(
        "--allowed-host",
        "allowed_hosts",
        multiple=True,
        metavar="NAME",
        help="Answer requests under this name or address; may be repeated, and * is for all.  "
        "[default: this machine's own names, where --host is one of them; otherwise all]",
    )(command)
