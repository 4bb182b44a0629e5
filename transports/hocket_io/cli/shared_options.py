"""Options that several commands have in the same words, whether they talk to an agent or not."""

from __future__ import annotations

import secrets
from typing import Any

import click

__all__ = ["allowed_host_option", "entry_options", "output_option", "seed_or_new"]

_SEEDS = 1_000_000
"""Seeds that nobody gave are below it: short enough to be typed."""


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


def entry_options(command: Any) -> Any:
    """A decorator: the command gets `--bearer`, `--svc-param` and `--proxy`, with which a server lets it in."""
    for option in reversed(_ENTRY_OPTIONS):
        command = option(command)
    return command


_ENTRY_OPTIONS = (
    click.option(
        "--bearer",
        metavar="TOKEN",
        envvar="A2ACLI_BEARER",
        show_envvar=True,
        help="Bearer token. A token on the command line shows in the process table and in the shell's history.",
    ),
    click.option(
        "--svc-param",
        metavar="NAME:VALUE",
        multiple=True,
        help="A service parameter, sent as a header field. Can be repeated.",
    ),
    click.option(
        "--proxy",
        metavar="URL",
        help="A proxy for all requests.  [default: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY]",
    ),
)


def seed_or_new(seed: int | None) -> int:
    """The seed that was given, or else one that nobody has chosen."""
    return secrets.randbelow(_SEEDS) if seed is None else seed
