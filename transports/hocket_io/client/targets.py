"""Targets: what a client can be pointed at."""

from __future__ import annotations

import shlex
import sys
from typing import TypeAlias
from urllib.parse import urlsplit

from attrs import field, frozen

from hocket.agent import Agent
from hocket.errors import LocalProtocolError
from hocket.framing import ContentLength, MakeFraming, Ndjson
from hocket.http.words import shown_url

__all__ = [
    "FRAMINGS",
    "CommandTarget",
    "HttpTarget",
    "MemoryTarget",
    "Target",
    "WebSocketTarget",
    "parse_command",
    "parse_target",
    "shown_target",
]

FRAMINGS: dict[str, MakeFraming] = {"ndjson": Ndjson, "content-length": ContentLength}
"""The framings of a pipe, by the names that both sides are told."""

_WANTED = "http(s)://HOST…, ws(s)://HOST…, stdio:COMMAND, or an Agent"

_PIPES = {"stdio": Ndjson, **{f"stdio+{name}": framing for name, framing in FRAMINGS.items()}}


def shown_target(target: object) -> str:
    """The repr of a target without what may be a secret: who asks, in an address, and the arguments of a command.

    >>> shown_target("ws://ada:s3cret@agent/?token=s3cret"), shown_target("ada:s3cret@agent")
    ("'ws://agent/'", "'agent'")
    >>> shown_target("stdio:agent --token s3cret"), shown_target("stdio:-"), shown_target("http://[")
    ("'stdio:agent …'", "'stdio:-'", "'http://['")
    """
    if not isinstance(target, str):
        return repr(target)
    prefix, _, rest = target.partition(":")
    if prefix.startswith("stdio"):
        command, *arguments = rest.split(maxsplit=1) or [""]
        return repr(f"{prefix}:{command} …" if arguments else target)
    return repr(shown_url(target) if "://" in target else target.rpartition("@")[2])


@frozen
class HttpTarget:
    """An agent at a URL."""

    url: str = field(repr=shown_target)


@frozen
class WebSocketTarget:
    """An agent at the other end of a WebSocket."""

    url: str = field(repr=shown_target)


@frozen
class CommandTarget:
    """An agent that is a child process. Its arguments are not shown: one of them may be a secret.

    Attributes:
        command: What to start.
        framing: How messages are cut out of what it writes, and out of what it reads.
    """

    command: tuple[str, ...] = field(repr=lambda command: f"({command[0]!r}, …)")
    framing: MakeFraming = Ndjson


@frozen
class MemoryTarget:
    """An agent in this process."""

    agent: Agent


Target: TypeAlias = HttpTarget | WebSocketTarget | CommandTarget | MemoryTarget


def parse_target(target: str | Agent) -> Target:
    """What a target says.

    Args:
        target: `http(s)://…`, `ws(s)://…`, `stdio:COMMAND` (as in a shell, without its expansions;
            `stdio+content-length:COMMAND` for a child that wants Content-Length headers), or an Agent.

    Raises:
        LocalProtocolError: It is none of these.

    >>> parse_target("stdio:python -m hocket pipe hello.py").command[1:]
    ('-m', 'hocket', 'pipe', 'hello.py')
    """
    if isinstance(target, Agent):
        return MemoryTarget(target)
    if not isinstance(target, str):
        raise LocalProtocolError(f"{target!r} is no target: give {_WANTED}")
    prefix, colon, rest = target.partition(":")
    if colon and prefix in _PIPES:
        return parse_command(rest, _PIPES[prefix])
    if prefix.startswith("stdio+"):
        known = ", ".join(f"{each}:COMMAND" for each in _PIPES)
        raise LocalProtocolError(f"{shown_target(target)} is no target: give {known}")
    if "://" not in target:
        place = target.rpartition("@")[2]
        is_file = place.endswith(".py") and " " not in place
        meant = f"stdio:python -m hocket pipe {place}" if is_file else f"http://{place}"
        hint = f" (did you mean {meant}?)" if is_file or _has_host(meant) else ""
        raise LocalProtocolError(f"{shown_target(target)} is no target: give {_WANTED}{hint}")
    scheme = target.partition("://")[0].lower()
    if scheme not in ("http", "https", "ws", "wss"):
        raise LocalProtocolError(
            f"{shown_target(target)} is no target: {scheme}:// is not spoken here; give http(s)://…, ws(s)://… or "
            "stdio:COMMAND"
        )
    if not _has_host(target):
        raise LocalProtocolError(f"{shown_target(target)} is no target: an address looks like {scheme}://HOST:PORT/")
    return WebSocketTarget(target) if scheme in ("ws", "wss") else HttpTarget(target)


def _has_host(url: str) -> bool:
    """Whether a URL names a host, and a port that can be one."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def parse_command(text: str, framing: MakeFraming = Ndjson) -> CommandTarget:
    """A command as a shell would read it, without its expansions.

    Raises:
        LocalProtocolError: It cannot be read, or there is none.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise LocalProtocolError(f"the command of stdio: cannot be read: {error}") from None
    if not words:
        raise LocalProtocolError("stdio: needs a command, as in stdio:python -m hocket pipe hello.py")
    if words[0] in ("python", "python3"):
        words[0] = sys.executable  # the interpreter that has hocket, whatever PATH says
    return CommandTarget(tuple(words), framing)
