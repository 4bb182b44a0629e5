"""What a client of a hub can be pointed at."""

from __future__ import annotations

from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit, urlunsplit

from attrs import field, frozen

from hocket.errors import LocalProtocolError
from hocket_io.client.targets import CommandTarget, parse_command, shown_target

__all__ = [
    "WANTED",
    "LinkTarget",
    "OwnStreams",
    "TcpTarget",
    "WebSocketTarget",
    "WebTarget",
    "parse_link_target",
]

WANTED = "give http(s)://HOST…, ws(s)://HOST…, tcp://HOST:PORT, stdio:COMMAND, stdio:-, or a HubHost"
"""What to say to somebody who gave something else."""


@frozen
class WebTarget:
    """A hub over HTTP. `url` is what `/jsonrpc` and `/streams/…` are appended to: it has no slash at its end."""

    url: str = field(repr=shown_target)


@frozen
class WebSocketTarget:
    """A hub over WebSocket."""

    url: str = field(repr=shown_target)


@frozen
class TcpTarget:
    """A hub on a TCP port."""

    host: str
    port: int


@frozen
class OwnStreams:
    """A hub that has started this process, at the other end of stdin and stdout."""


LinkTarget: TypeAlias = WebTarget | WebSocketTarget | TcpTarget | CommandTarget | OwnStreams


def parse_link_target(target: str) -> LinkTarget:
    """What a target says.

    Args:
        target: `http(s)://HOST[:PORT][/PATH]`, `ws(s)://HOST[:PORT][/PATH]` (the path is `/jsonrpc` if there is none),
            `tcp://HOST:PORT`, `stdio:COMMAND` (a hub as a child process), or `stdio:-` (our own stdin and stdout).

    Raises:
        LocalProtocolError: It is none of these.

    >>> parse_link_target("ws://127.0.0.1:8100")
    WebSocketTarget(url='ws://127.0.0.1:8100/jsonrpc')
    """
    if target.startswith("stdio:"):
        words = target.removeprefix("stdio:")
        return OwnStreams() if words.strip() == "-" else parse_command(words)
    if "://" not in target:
        raise LocalProtocolError(
            f"{shown_target(target)} is no hub: {WANTED} (did you mean http://{target.rpartition('@')[2]}?)"
        )
    parts = _split(target)
    match parts.scheme:
        case "http" | "https":
            return _web(target, parts)
        case "ws" | "wss":
            path = parts.path if parts.path.strip("/") else "/jsonrpc"
            return WebSocketTarget(urlunsplit(parts._replace(path=path)))
        case "tcp":
            return _tcp(target, parts)
        case scheme:
            raise LocalProtocolError(f"{shown_target(target)} is no hub: {scheme}:// is not spoken here; {WANTED}")


def _split(target: str) -> SplitResult:
    scheme = target.partition("://")[0].lower()
    try:
        parts = urlsplit(target)
        if parts.hostname and parts.port != 0:
            return parts
    except ValueError:
        pass
    if scheme not in ("http", "https", "ws", "wss", "tcp"):
        raise LocalProtocolError(f"{shown_target(target)} is no hub: {scheme}:// is not spoken here; {WANTED}")
    raise LocalProtocolError(f"{shown_target(target)} is no hub: an address looks like {scheme}://HOST:PORT")


def _web(target: str, parts: SplitResult) -> WebTarget:
    if parts.query or parts.fragment:
        raise LocalProtocolError(f"{shown_target(target)} is no hub: leave out what follows the path")
    path = parts.path.rstrip("/").removesuffix("/jsonrpc")
    return WebTarget(urlunsplit(parts._replace(path=path)))


def _tcp(target: str, parts: SplitResult) -> TcpTarget:
    is_bare = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
    if parts.hostname is None or parts.port is None or not is_bare:
        raise LocalProtocolError(f"{shown_target(target)} is no hub: an address looks like tcp://HOST:PORT")
    return TcpTarget(parts.hostname, parts.port)
