"""Leaving a response: one that is over gives its connection back, one that is not closes it. Nothing is left to chance.

A stream is over with its last event, but its response is not before the body has ended in good order as well, and
that may take a moment, or for ever.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import anyio
import httpx2

from hocket_io.concurrency.shield import shielded
from hocket_io.http.network import BROKEN

__all__ = ["body_of", "finish", "finish_blocking"]

_FAREWELL = 1.0
"""Seconds that a server may take to end a response after the last event of its stream."""

_PIECES = 65_536
"""Pieces of a body that can have been read from its connection, and not from us: they are in one packet."""


@asynccontextmanager
async def body_of(response: httpx2.Response) -> AsyncIterator[AsyncGenerator[bytes]]:
    """The body of a response as it comes. Where it is left before its end, its connection is closed."""
    body = response.aiter_raw()
    try:
        yield body
    finally:
        if not response.is_closed:
            await shielded(lambda: _leave(response, body))


async def _leave(response: httpx2.Response, body: AsyncGenerator[bytes]) -> None:
    """Close a response, and end what reads it: of the generators below `body`, some are closed by nobody.

    Trio warns of those. Nothing comes from a connection that is closed, so a read ends them all.
    """
    await response.aclose()
    if response.is_stream_consumed:
        with suppress(*BROKEN):
            for _ in range(_PIECES):
                if await anext(body, None) is None:
                    break
    await body.aclose()


async def finish(body: AsyncIterator[bytes]) -> None:
    """Read what follows the end of a stream, which should be nothing: its connection can then be used again."""
    with anyio.move_on_after(_FAREWELL):
        async for _ in body:
            pass


def finish_blocking(response: httpx2.Response, body: Iterator[bytes]) -> None:
    """`finish` without an event loop.

    How long a read may take was settled with the request, so a connection that takes too long is ended from another
    thread. What is no connection is not waited for.
    """
    network = response.extensions.get("network_stream")
    connection = None if network is None else network.get_extra_info("socket")
    if not isinstance(connection, socket.socket):
        return
    timer = threading.Timer(_FAREWELL, _hang_up, [connection])
    timer.daemon = True
    timer.start()
    try:
        for _ in body:
            pass
    finally:
        timer.cancel()
        timer.join()


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):  # it has ended by itself just now
        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # that of ssl would take its state from under the reader
