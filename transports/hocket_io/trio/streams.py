"""Streams of trio, as the driver reads them."""

from __future__ import annotations

import ssl

import trio
import trio.abc

__all__ = ["received"]

_CHUNK = 65_536


async def received(stream: trio.abc.Stream) -> bytes:
    """What has arrived; b"" is the end, also that of TLS without a farewell, which many do not say.

    Raises:
        trio.BrokenResourceError: The connection broke.
    """
    try:
        return bytes(await stream.receive_some(_CHUNK))
    except trio.BrokenResourceError as error:
        if isinstance(error.__cause__, ssl.SSLEOFError):
            return b""
        raise
