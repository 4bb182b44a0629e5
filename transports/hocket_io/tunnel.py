"""Tunnels: the way through an HTTP proxy to what is not HTTP (CONNECT, RFC 9110 section 9.3.6), and to which proxy."""

from __future__ import annotations

import ssl
from base64 import b64encode
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import anyio
import anyio.abc

from hocket.errors import AuthenticationError, ConnectionFailed, LocalProtocolError
from hocket.http.host_names import is_loopback, is_unspecified
from hocket.http.words import shown_url
from hocket_io.addresses import shown_address

__all__ = ["open_tunnel", "proxy_of_environment"]

_HEAD = 16_384
"""Bytes that the head of a proxy's answer may have."""


def proxy_of_environment(host: str, *, is_secure: bool) -> str | None:
    """The proxy that the environment names for a host (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY), or None.

    The machine itself never has one: a proxy, which may be another machine, would ask itself.

    Args:
        host: Where to.
        is_secure: Whether what passes is encrypted.

    Raises:
        LocalProtocolError: It names one that cannot be used.
    """
    if is_loopback(host) or is_unspecified(host) or proxy_bypass(host):
        return None
    named = getproxies()
    proxy = named.get("https" if is_secure else "http") or named.get("all")
    if not proxy:
        return None
    url = proxy if "://" in proxy else f"http://{proxy}"
    if not url.startswith(("http://", "https://")):
        raise LocalProtocolError(
            "a proxy of the environment (ALL_PROXY, HTTPS_PROXY, HTTP_PROXY) cannot be used for a WebSocket: give "
            "http://HOST:PORT, or name another with proxy="
        )
    return url


async def open_tunnel(proxy: str, host: str, port: int, tls: ssl.SSLContext) -> anyio.abc.ByteStream:
    """Connect to a host by way of a proxy.

    Args:
        proxy: `http(s)://[NAME:PASSWORD@]HOST[:PORT]`.
        host: Where to.
        port: Where to.
        tls: Which certificates of a proxy are trusted.

    Raises:
        ConnectionFailed: The proxy opens no way to there.
        AuthenticationError: It wants credentials.
        OSError: It cannot be reached.
    """
    parts = urlsplit(proxy)
    assert parts.hostname, "whoever gave it has looked"
    if parts.scheme == "https":
        stream: anyio.abc.ByteStream = await anyio.connect_tcp(
            parts.hostname, parts.port or 443, tls=True, ssl_context=tls, tls_standard_compatible=False
        )
    else:
        stream = await anyio.connect_tcp(parts.hostname, parts.port or 80)
    try:
        target = shown_address(host, port)
        await stream.send(_request(target, parts.username, parts.password))
        _judge(await _read_head(stream), shown_url(proxy), target)
    except BaseException:
        await anyio.aclose_forcefully(stream)
        raise
    return stream


def _request(target: str, name: str | None, password: str | None) -> bytes:
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if name is not None:
        credentials = b64encode(f"{unquote(name)}:{unquote(password or '')}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {credentials}")
    return "\r\n".join([*lines, "", ""]).encode()


async def _read_head(stream: anyio.abc.ByteStream) -> bytes:
    """The head of the answer, or what came of it. Behind it comes nothing before we have spoken."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _HEAD:
        try:
            head += await stream.receive()
        except anyio.EndOfStream:
            break
    return head


def _judge(head: bytes, proxy: str, target: str) -> None:
    """Whether that opens the way."""
    protocol, _, said = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
    if not protocol.startswith("HTTP/1.") or not head.endswith(b"\r\n\r\n"):
        raise ConnectionFailed(f"the proxy {proxy} gives no answer of HTTP")
    if said.startswith("407"):
        raise AuthenticationError(
            f"the proxy {proxy} wants credentials: HTTP {said}; give them as proxy='http://NAME:PASSWORD@HOST:PORT'"
        )
    if not said.startswith("2"):
        raise ConnectionFailed(f"the proxy {proxy} opens no way to {target}: HTTP {said}")
