"""Serving: a hub at the end of byte pipes. TCP connections, child processes, our own stdin and stdout; all NDJSON."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import anyio
import anyio.abc

from hocket.acp.hub.pipe import HubPipe
from hocket.errors import ConnectionFailed
from hocket.framing import FramingLimits, Ndjson
from hocket.heartbeat import Heartbeat
from hocket_io.acp.host import HubHost, HubLink
from hocket_io.acp.links.own import OwnPipe
from hocket_io.addresses import shown_address
from hocket_io.concurrency.groups import scratch_group
from hocket_io.concurrency.shield import shielded
from hocket_io.fitting import fit_pipe, shown_command
from hocket_io.http.listening import cannot_listen
from hocket_io.pipes.tcp import TcpPipe, keep_alive
from hocket_io.pipes.transport import BytePipe
from hocket_io.stdio import StandardStreams, open_child

if TYPE_CHECKING:
    from hocket_io.tap import Tap

__all__ = ["serve_pipe", "serve_stdio", "serve_tcp", "start_agent"]

_log = logging.getLogger(__name__)

_BREATH = 0.5
"""Seconds to wait after no connection could be taken."""


async def serve_pipe(
    host: HubHost, pipe: BytePipe, *, agent: str | None = None, heartbeat: Heartbeat | None = None
) -> None:
    """Carry between a hub and whoever is at the other end of a pipe, until one of the two ends.

    The other side may close its half first: what it has asked for before is still answered. However the pipe ends, it
    is closed, and nothing is raised.

    Args:
        host: The hub.
        pipe: Two byte streams.
        agent: Who is at the other end; None lets it say so itself, with the `agentId` of each frame.
        heartbeat: When to ask a silent agent for a sign of life (it must answer any JSON-RPC request), and when to
            give it up. By default never, because an agent with one busy thread is silent and well.
    """
    try:
        link = host.open_link(principal=agent)
    except ConnectionFailed as error:
        _log.warning("a pipe was turned away: %s", error)
        await _close(pipe)
        return
    machine = HubPipe(host.hub, link.name, Ndjson(FramingLimits(frame=host.limits.message)), heartbeat)
    try:
        async with scratch_group() as group:
            group.start_soon(_read, machine, link, pipe)
            await _write(machine, link, pipe)
    except ConnectionFailed as error:
        _log.debug("a pipe has broken: %s", error)
    finally:
        link.close()
        await _close(pipe)


async def serve_tcp(
    host: HubHost,
    listen_host: str,
    port: int,
    *,
    heartbeat: Heartbeat | None = None,
    tap: Tap | None = None,
    task_status: anyio.abc.TaskStatus[tuple[str, int]] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Serve a hub on a TCP port, for ever. Nobody is asked who they are: it is for this machine, or a network to trust.

    Args:
        host: The hub.
        listen_host: The address to listen on.
        port: The port; 0 picks a free one.
        heartbeat: As for `serve_pipe`.
        tap: Told what passes.
        task_status: With `await group.start(serve_tcp, …)`: gives address and port once connections can be made.

    Raises:
        AddressInUse: Nothing can listen there.
    """
    try:
        listener = await anyio.create_tcp_listener(local_host=listen_host, local_port=port)
    except (OSError, OverflowError) as error:
        raise cannot_listen(listen_host, port, error) from None

    async def connected(stream: anyio.abc.SocketStream) -> None:
        _hold(stream)
        keep_alive(stream)
        pipe = TcpPipe(stream, "the agent")
        await _serve_alone(host, _fit(host, tap, pipe, "tcp", _address_of(stream)), None, heartbeat)

    async with listener, scratch_group() as group:
        address = listener.extra_attributes[anyio.abc.SocketAttribute.local_address]()
        task_status.started((str(address[0]), int(address[1])))
        while True:
            try:
                await listener.serve(connected, group)
            except* (
                OSError,
                anyio.BrokenResourceError,
            ) as errors:  # too many open files, say: those that are there go on
                _log.warning("no connection can be taken for the moment: %r", errors.exceptions)
            await anyio.sleep(_BREATH)


async def serve_stdio(
    host: HubHost, *, agent: str | None = None, streams: StandardStreams | None = None, tap: Tap | None = None
) -> None:
    """Serve a hub on stdin and stdout until stdin has ended and what came from it is answered.

    Args:
        host: The hub.
        agent: Who is at the other end; None lets it say so itself.
        streams: Where to read and write; by default this process's own, taken away from everybody else.
        tap: Told what passes.

    Raises:
        ConnectionFailed: stdin or stdout is closed.
    """
    pipe = OwnPipe() if streams is None else OwnPipe(streams)
    await serve_pipe(host, _fit(host, tap, pipe, "stdio", "stdio:-"), agent=agent)


async def start_agent(host: HubHost, command: Sequence[str], *, agent: str, tap: Tap | None = None) -> None:
    """Start a child process that is an agent: its stdin and stdout are a connection to the hub.

    The child ends with the host. (Such a child connects to the target `stdio:-`.)

    Args:
        host: The hub; it was entered.
        command: The command and its arguments.
        agent: The name under which the child takes part; it can speak for nobody else.
        tap: Told what passes.

    Raises:
        ConnectionFailed: It cannot be started.
        LocalProtocolError: The host is not running.
    """
    host.check_running()
    pipe = _fit(host, tap, await open_child(command), "stdio", shown_command(command))
    host.start_soon(_serve_alone, host, pipe, agent, None)


async def _serve_alone(host: HubHost, pipe: BytePipe, agent: str | None, heartbeat: Heartbeat | None) -> None:
    """Serve a pipe among others: a mistake of ours that it brings to light must not end them all."""
    try:
        await serve_pipe(host, pipe, agent=agent, heartbeat=heartbeat)
    except Exception:  # noqa: BLE001  -- logged with its traceback
        _log.exception("a connection of %s has failed", agent or "somebody")


def _fit(host: HubHost, tap: Tap | None, pipe: BytePipe, transport: str, peer: str) -> BytePipe:
    return fit_pipe(tap, pipe, transport, peer, limits=FramingLimits(frame=host.limits.message))


def _address_of(stream: anyio.abc.SocketStream) -> str:
    address = stream.extra(anyio.abc.SocketAttribute.remote_address, ("", 0))  # noqa: S610  -- no query of Django's
    return shown_address(str(address[0]), int(address[1]))


def _hold(stream: anyio.abc.SocketStream) -> None:
    """Read nothing before we ask for it.

    Under asyncio, anyio reads from an accepted connection at once, and on and on until we have caught up once: with
    somebody who sends faster than we take, never.
    """
    transport = getattr(stream, "_transport", None)
    if isinstance(transport, asyncio.ReadTransport):
        transport.pause_reading()


async def _read(machine: HubPipe, link: HubLink, pipe: BytePipe) -> None:
    host = link.host
    while data := await pipe.receive():
        machine.receive_data(data, host.now())
        host.pump()
        link.ring()
        await link.room()
    machine.receive_eof(host.now())
    host.pump()
    link.ring()


async def _write(machine: HubPipe, link: HubLink, pipe: BytePipe) -> None:
    """Write what the hub has, at the pace of whoever reads: nothing is taken before the last write is through."""
    host = link.host
    while True:
        machine.handle_timeout(host.now())
        pieces = machine.data_to_send()
        link.made_room()
        if machine.is_closed:
            return
        if pieces:
            await pipe.send(b"".join(pieces))
        else:
            await link.wait(machine.next_timeout())


async def _close(pipe: BytePipe) -> None:
    await shielded(pipe.aclose)
