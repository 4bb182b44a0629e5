"""Targets: what a client can be pointed at."""

from __future__ import annotations

import shlex
import sys
from typing import TypeAlias
from urllib.parse import urlsplit

from attrs import frozen

from hocket.agent import Agent
from hocket.errors import LocalProtocolError

__all__ = ["CommandTarget", "HttpTarget", "MemoryTarget", "Target", "parse_command", "parse_target"]


@frozen
class HttpTarget:
    """An agent at a URL."""

    url: str


@frozen
class CommandTarget:
    """An agent that is a child process."""

    command: tuple[str, ...]


@frozen
class MemoryTarget:
    """An agent in this process."""

    agent: Agent


Target: TypeAlias = HttpTarget | CommandTarget | MemoryTarget


def parse_target(target: str | Agent) -> Target:
    """What a target says.

    Args:
        target: `http(s)://…`, `stdio:COMMAND` (as in a shell, without its expansions), or an Agent.

    Raises:
        LocalProtocolError: It is none of these.

    >>> parse_target("stdio:python -m hocket pipe hello.py").command[1:]
    ('-m', 'hocket', 'pipe', 'hello.py')
    """
    if isinstance(target, Agent):
        return MemoryTarget(target)
    if not isinstance(target, str):
        raise LocalProtocolError(f"{target!r} is no target: give http(s)://HOST…, stdio:COMMAND, or an Agent")
    if target.startswith("stdio:"):
        return parse_command(target.removeprefix("stdio:"))
    if "://" not in target:
        meant = f"stdio:python -m hocket pipe {target}" if target.endswith(".py") else f"http://{target}"
        raise LocalProtocolError(
            f"{target!r} is no target: give http(s)://HOST…, stdio:COMMAND, or an Agent (did you mean {meant}?)"
        )
    scheme = target.partition("://")[0].lower()
    if scheme not in ("http", "https"):
        raise LocalProtocolError(
            f"{target!r} is no target: {scheme}:// is not spoken here; give http(s)://… or stdio:COMMAND"
        )
    if not _has_host(target):
        raise LocalProtocolError(f"{target!r} is no target: an address looks like {scheme}://HOST:PORT/")
    return HttpTarget(target)


def _has_host(url: str) -> bool:
    """Whether a URL names a host, and a port that can be one."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def parse_command(text: str) -> CommandTarget:
    """A command as a shell would read it, without its expansions.

    Raises:
        LocalProtocolError: It cannot be read, or there is none.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise LocalProtocolError(f"the command {text!r} cannot be read: {error}") from None
    if not words:
        raise LocalProtocolError("stdio: needs a command, as in stdio:python -m hocket pipe hello.py")
    if words[0] in ("python", "python3"):
        words[0] = sys.executable  # the interpreter that has hocket, whatever PATH says
    return CommandTarget(tuple(words))
