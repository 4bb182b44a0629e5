"""The way to an agent, for each of the twins: the target picks the transport, the options of the client go to it.

What an extra brings is imported when a target asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from typing import TYPE_CHECKING, TypeAlias

from hocket.backoff import Backoff
from hocket.framing import MakeFraming, Ndjson
from hocket.http.words import shown_url
from hocket_io.client.targets import CommandTarget, HttpTarget, MemoryTarget, WebSocketTarget
from hocket_io.client.transport import AsyncTransport, Transport
from hocket_io.extras import needs
from hocket_io.fitting import fit_blocking_pipe, fit_opening, fit_pipe, shown_command
from hocket_io.pipes.blocking import BlockingChild, BlockingPipeTransport
from hocket_io.pipes.options import PipeOptions
from hocket_io.timeouts import phases_of

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from hocket_io.client.async_client import AsyncClient
    from hocket_io.client.client import Client
    from hocket_io.http.options import HttpOptions
    from hocket_io.pipes.transport import BytePipe

    Twin: TypeAlias = Client | AsyncClient

__all__ = ["enter_async_way", "enter_way"]


def enter_way(client: Client, resume: Backoff | None, stack: ExitStack) -> Transport:
    """Enter the way to the agent of a `Client`.

    Args:
        client: Whose target and options these are.
        resume: When it tries a stream again that was cut.
        stack: Leaves the way, when it is left itself.

    Raises:
        MissingExtra: This way needs an extra that is not installed.
        HocketError: There is no such way: no such program, say.
    """
    match client.target:
        case HttpTarget(url=url):
            with needs("http", "talking HTTP"):
                from hocket_io.http.client import BlockingHttpTransport

            return stack.enter_context(BlockingHttpTransport(url, _http_options(client, resume)))
        case CommandTarget(command=command, framing=framing):
            name, frames = shown_command(command), client.limits.framing
            child = fit_blocking_pipe(client.tap, BlockingChild(command), "stdio", name, framing, frames)
            options = _pipe_options(client, f"the child process {command[0]!r}", framing)
            return stack.enter_context(BlockingPipeTransport(child, options))
        case WebSocketTarget(url=url):
            with needs("ws", "talking over a WebSocket"):
                from hocket_io.pipes.portal import PortalPipe
                from hocket_io.reconnecting.blocking import BlockingReconnectingTransport

                open_pipe = _websocket_opening(client, url)
            options = _pipe_options(client, shown_url(url))
            reconnecting = BlockingReconnectingTransport(lambda: PortalPipe(open_pipe()), options, resume)
            return stack.enter_context(reconnecting)
        case MemoryTarget(agent=agent):
            with needs("http", "running an agent in memory"):
                from hocket_io.pipes.memory import MemoryPipe
                from hocket_io.pipes.portal import PortalPipe

            opening = fit_opening(client.tap, MemoryPipe(agent), "memory", agent.name, client.limits.framing)
            options = _pipe_options(client, f"the agent {agent.name!r}")
            return stack.enter_context(BlockingPipeTransport(PortalPipe(opening), options))


async def enter_async_way(client: AsyncClient, resume: Backoff | None, stack: AsyncExitStack) -> AsyncTransport:
    """Enter the way to the agent of an `AsyncClient`; see `enter_way`."""
    with needs("http", "an AsyncClient"):  # whatever the target
        from hocket_io.pipes.transport import PipeTransport

    match client.target:
        case HttpTarget(url=url):
            with needs("http", "talking HTTP"):
                from hocket_io.http.client import HttpTransport

            return await stack.enter_async_context(HttpTransport(url, _http_options(client, resume)))
        case CommandTarget(command=command, framing=framing):
            from hocket_io.stdio import open_child

            name, frames = shown_command(command), client.limits.framing
            child = fit_pipe(client.tap, await open_child(command), "stdio", name, framing, frames)
            options = _pipe_options(client, f"the child process {command[0]!r}", framing)
            return await stack.enter_async_context(PipeTransport(child, options))
        case WebSocketTarget(url=url):
            with needs("ws", "talking over a WebSocket"):
                from hocket_io.reconnecting.transport import ReconnectingTransport

                open_pipe = _websocket_opening(client, url)
            reconnecting = ReconnectingTransport(open_pipe, _pipe_options(client, shown_url(url)), resume)
            return await stack.enter_async_context(reconnecting)
        case MemoryTarget(agent=agent):
            from hocket_io.pipes.memory import MemoryPipe

            opening = fit_opening(client.tap, MemoryPipe(agent), "memory", agent.name, client.limits.framing)
            memory = await stack.enter_async_context(opening)
            options = _pipe_options(client, f"the agent {agent.name!r}")
            return await stack.enter_async_context(PipeTransport(memory, options))


def _http_options(client: Twin, resume: Backoff | None) -> HttpOptions:
    from hocket_io.http.options import HttpOptions

    return HttpOptions(
        version=client.version,
        binding=client.binding,
        headers=client.headers,
        extensions=client.extensions,
        timeout=client.timeout,
        limits=client.limits,
        resume=resume,
        proxy=client.proxy,
        tls=client.tls,
        tap=client.tap,
    )


def _pipe_options(client: Twin, peer: str, framing: MakeFraming = Ndjson) -> PipeOptions:
    return PipeOptions(
        limits=client.limits,
        extensions=client.extensions,
        framing=framing,
        timeout=phases_of(client.timeout).read,
        peer=peer,
    )


def _websocket_opening(client: Twin, url: str) -> Callable[[], AbstractAsyncContextManager[BytePipe]]:
    from hocket_io.websocket.pipe import websocket_opening

    return websocket_opening(
        url,
        headers=client.headers,
        limits=client.limits.framing,
        timeout=phases_of(client.timeout),
        tls=client.tls,
        proxy=client.proxy,
        tap=client.tap,
    )
