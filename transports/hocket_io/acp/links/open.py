"""`open_link`: from a target to a connection that has been made."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from ssl import SSLContext
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

from hocket.acp.limits import ClientLimits
from hocket.errors import LocalProtocolError
from hocket.framing import FramingLimits
from hocket.http.words import shown_url
from hocket_io.acp.links.protocol import MessageLink
from hocket_io.acp.links.targets import (
    WANTED,
    LinkTarget,
    OwnStreams,
    TcpTarget,
    WebSocketTarget,
    WebTarget,
    parse_link_target,
)
from hocket_io.client.targets import CommandTarget
from hocket_io.extras import needs
from hocket_io.fitting import fit_link, fit_pipe, shown_command

if TYPE_CHECKING:
    from hocket_io.acp.host import HubHost
    from hocket_io.tap import Tap

__all__ = ["open_link"]


async def open_link(
    target: str | HubHost,
    *,
    agent: str | None = None,
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
    limits: ClientLimits = ClientLimits(),
    connection_id: str | None = None,
    tls: SSLContext | None = None,
    tap: Tap | None = None,
) -> MessageLink:
    """Connect an agent to a hub. What is returned works as soon as it is entered, as an async context manager.

    Args:
        target: A HubHost in this process, or one of: `http(s)://HOST[:PORT][/PATH]`, `ws(s)://HOST[:PORT][/PATH]`,
            `tcp://HOST:PORT`, `stdio:COMMAND` for a hub that is a child process, `stdio:-` for the hub that has
            started this process.
        agent: Who we are: in `X-Agent-Id`, or, on a pipe, in its first message.
        token: Shown as `Authorization: Bearer …`.
        headers: Header fields to send along, over HTTP and WebSocket.
        limits: `message` counts here.
        connection_id: A name for this connection (`X-Connection-Id`), which makes a request that is sent again known
            to the hub as the same. Give the name of an earlier HTTP link to go on where it was; by default it is new.
        tls: Over `https://` and `wss://`, which certificates are trusted; None for those that the system trusts.
        tap: Told what passes.

    Raises:
        ConnectionFailed: The hub cannot be reached.
        AuthenticationError: It wants other credentials.
        LocalProtocolError: The target is none, or has no place for a token or for header fields.
        MissingExtra: What this needs is not installed.
    """
    if not isinstance(target, str):
        _refuse_credentials(target, token, headers)
        return fit_link(tap, _open_memory(target, agent, limits), "memory", "the hub")
    parsed = parse_link_target(target)
    match parsed:
        case WebTarget() | WebSocketTarget():
            fields, query = _introduce(agent, token, headers, connection_id or str(uuid.uuid4()))
            if isinstance(parsed, WebTarget):
                return await _open_web(parsed, fields, query, limits, tls, tap)
            socket = await _open_websocket(parsed, fields, query, limits, tls)
            return fit_link(tap, socket, "websocket", shown_url(parsed.url))
        case _:
            _refuse_credentials(target, token, headers)
            return await _open_pipe(parsed, agent, limits, tap)


def _introduce(
    agent: str | None, token: str | None, headers: Mapping[str, str] | None, connection_id: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Who we are: as header fields, and as query parameters where a name has characters that no header can have."""
    fields = {**(headers or {}), "X-Connection-Id": connection_id}
    query = {}
    if token is not None:
        fields["Authorization"] = f"Bearer {token}"
    if agent is not None and agent.isascii() and agent.isprintable() and agent == agent.strip():
        fields["X-Agent-Id"] = agent
    elif agent is not None:
        query["agent"] = agent
    for name, value in fields.items():
        if not (value.isascii() and value.isprintable() and name.isascii() and name.isprintable()):
            raise LocalProtocolError(f"the header {name!r} can have printable ASCII characters only")
    return fields, query


def _refuse_credentials(target: object, token: str | None, headers: Mapping[str, str] | None) -> None:
    if token is not None or headers:
        raise LocalProtocolError(f"{target!r} has no place for a token or headers: http(s):// and ws(s):// have")


async def _open_web(
    target: WebTarget,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    limits: ClientLimits,
    tls: SSLContext | None,
    tap: Tap | None,
) -> MessageLink:
    with needs("http", "talking HTTP"):
        from hocket_io.acp.links.http import open_http_link
    return await open_http_link(target.url, headers=headers, query=query, limit=limits.message, context=tls, tap=tap)


async def _open_websocket(
    target: WebSocketTarget,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    limits: ClientLimits,
    tls: SSLContext | None,
) -> MessageLink:
    with needs("ws", "talking over a WebSocket"):
        from hocket_io.acp.links.websocket import WebSocketLink
        from hocket_io.websocket.connection import open_websocket
    parts = urlsplit(target.url)
    both = "&".join(filter(None, (parts.query, urlencode(query))))
    url = urlunsplit(parts._replace(query=both))
    socket = await open_websocket(url, headers=headers.items(), max_size=limits.message, tls=tls)
    return WebSocketLink(socket, limits.message)


def _open_memory(target: HubHost, agent: str | None, limits: ClientLimits) -> MessageLink:
    with needs("http", "running a hub in memory"):
        from hocket_io.acp.host import HubHost
        from hocket_io.acp.links.memory import open_memory_link
    if not isinstance(target, HubHost):
        raise LocalProtocolError(f"{target!r} is no hub: {WANTED}")
    return open_memory_link(target, agent, limits.message)


async def _open_pipe(target: LinkTarget, agent: str | None, limits: ClientLimits, tap: Tap | None) -> MessageLink:
    with needs("http", "talking to a hub"):
        from hocket_io.acp.links.own import OwnPipe
        from hocket_io.acp.links.pipe import PipeLink
        from hocket_io.pipes.tcp import open_tcp
        from hocket_io.stdio import open_child
    frames = FramingLimits(frame=limits.message)
    match target:
        case CommandTarget(command=command):
            pipe = fit_pipe(tap, await open_child(command), "stdio", shown_command(command), limits=frames)
        case TcpTarget(host=host, port=port):
            pipe = fit_pipe(tap, await open_tcp(host, port), "tcp", f"{host}:{port}", limits=frames)
        case OwnStreams():
            pipe = fit_pipe(tap, OwnPipe(), "stdio", "stdio:-", limits=frames)
        case _:
            raise AssertionError(f"{target!r} is no pipe")
    return PipeLink(pipe, limits.message, agent, ends_well=isinstance(target, OwnStreams))
