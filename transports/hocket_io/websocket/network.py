"""The network of a WebSocket: a connection over TCP or TLS, by way of a proxy where there is one."""

from __future__ import annotations

import ssl
from functools import cache

import anyio
import anyio.abc
from anyio.streams.tls import TLSStream
from websockets.uri import WebSocketURI

from hocket.errors import ConnectionFailed
from hocket.http.words import shown_url
from hocket_io.reasons import reason_of
from hocket_io.tunnel import open_tunnel, proxy_of_environment

__all__ = ["connect"]

_HUNG_UP = "it ended the connection in the midst of the TLS handshake; it may want a certificate of ours (tls=)"


@cache
def _trusted() -> ssl.SSLContext:
    """What the system trusts. It takes longer to load than to connect: once is enough for a process."""
    return ssl.create_default_context()


async def connect(
    uri: WebSocketURI, url: str, timeout: float | None, tls: ssl.SSLContext | None, proxy: str | None
) -> anyio.abc.ByteStream:
    """Connect to a WebSocket server.

    Args:
        uri: Where it is.
        url: How it is called in errors.
        timeout: Seconds that it may take; None for no end.
        tls: Which certificates are trusted; None for those that the system trusts.
        proxy: The proxy to go through; None for that of the environment, if it names one.

    Raises:
        ConnectionFailed: There is no way to there.
        AuthenticationError: The proxy wants credentials.
        LocalProtocolError: The proxy of the environment cannot be used.
    """
    proxy = proxy or proxy_of_environment(uri.host, is_secure=uri.secure)
    place = url if proxy is None else f"{url} through the proxy {shown_url(proxy)}"
    try:
        with anyio.fail_after(timeout):
            return await _connect(uri, tls or _trusted(), proxy)
    except TimeoutError:
        raise ConnectionFailed(f"cannot reach {place} in {timeout:g} seconds (timeout=, its connect phase)") from None
    except (OSError, anyio.BrokenResourceError, anyio.EndOfStream) as error:
        is_hung_up = isinstance(error, anyio.EndOfStream | ssl.SSLEOFError)
        raise ConnectionFailed(f"cannot reach {place}: {_HUNG_UP if is_hung_up else reason_of(error)}") from None


async def _connect(uri: WebSocketURI, tls: ssl.SSLContext, proxy: str | None) -> anyio.abc.ByteStream:
    if proxy is None:
        stream: anyio.abc.ByteStream = await anyio.connect_tcp(uri.host, uri.port)
    else:
        stream = await open_tunnel(proxy, uri.host, uri.port, tls)
    if not uri.secure:
        return stream
    try:
        return await TLSStream.wrap(stream, hostname=uri.host, ssl_context=tls, standard_compatible=False)
    except BaseException:
        await anyio.aclose_forcefully(stream)
        raise
