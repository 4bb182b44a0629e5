"""What httpx2 is told of the network: timeouts, proxies, certificates; and what its errors mean to a client of ours."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from urllib.parse import unquote, urlsplit

import httpx2

from hocket.errors import AuthenticationError, ConnectionFailed, HocketError, LocalProtocolError, RequestTimeout
from hocket.http.host_names import is_loopback, is_unspecified
from hocket.http.words import shown_url
from hocket_io.fitting import fit_client
from hocket_io.http.options import HttpOptions
from hocket_io.reasons import reason_of
from hocket_io.tunnel import proxy_of_environment

__all__ = ["BROKEN", "async_client", "blocking_client", "failure_of", "is_here", "tls", "url_and_credentials"]

BROKEN = (httpx2.HTTPError, ssl.SSLError)
"""What httpx2 raises where the network fails. The second comes through it from anyio, after the handshake."""

_CONNECTIONS = httpx2.Limits(max_connections=1_000, max_keepalive_connections=20, keepalive_expiry=3.0)
"""Each stream keeps one. Many servers close one that was idle for 5 seconds, and would lose a request on its way."""


@cache
def tls() -> ssl.SSLContext:
    """What httpx2 uses by default. Loading the certificates takes longer than a call: once is enough for a process."""
    return httpx2.create_ssl_context()


def blocking_client(url: str, options: HttpOptions, transport: httpx2.BaseTransport | None) -> httpx2.Client:
    """Connections for a `Client`.

    Args:
        url: The agent's.
        options: How it is spoken to.
        transport: What carries the requests; None for connections of its own.

    Raises:
        LocalProtocolError: The environment names a proxy that cannot be used.
    """
    with _proxies_of_the_environment():
        client = httpx2.Client(
            timeout=_timeout(options),
            verify=options.tls or tls(),
            proxy=_proxy(options),
            trust_env=not is_here(url),
            limits=_CONNECTIONS,
            transport=transport,
        )
    fit_client(options.tap, client)
    return client


def async_client(
    url: str,
    options: HttpOptions,
    transport: httpx2.AsyncBaseTransport | None,
    limits: httpx2.Limits = _CONNECTIONS,
) -> httpx2.AsyncClient:
    """Connections for an `AsyncClient`; see `blocking_client`. `limits` says how many, and which are used again."""
    with _proxies_of_the_environment():
        client = httpx2.AsyncClient(
            timeout=_timeout(options),
            verify=options.tls or tls(),
            proxy=_proxy(options),
            trust_env=not is_here(url),
            limits=limits,
            transport=transport,
        )
    fit_client(options.tap, client)
    return client


def is_here(url: str) -> bool:
    """Whether this is the machine itself: then no proxy of the environment is asked, which may be another one.

    >>> is_here("http://localhost:8000/"), is_here("http://0.0.0.0:8000/"), is_here("https://agent.example/")
    (True, True, False)
    """
    name = urlsplit(url).hostname or ""
    return is_loopback(name) or is_unspecified(name)


def url_and_credentials(url: str) -> tuple[str, tuple[str, str] | None]:
    """A URL as httpx2 is given it, which logs it, and the name and password that it had.

    >>> url_and_credentials("http://ada:s3cr%40t@agent/a2a")
    ('http://agent/a2a', ('ada', 's3cr@t'))
    """
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url, None
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return bare, (unquote(parts.username or ""), unquote(parts.password or ""))


def failure_of(error: httpx2.HTTPError | ssl.SSLError, url: str, options: HttpOptions | None = None) -> HocketError:
    """What an error of httpx2 means to a client of ours.

    Args:
        error: What was raised.
        url: Who was asked.
        options: What the person can change, for the words of the error.
    """
    proxy = None if options is None else _proxy_to(url, options)
    url = shown_url(url)
    place = url if proxy is None else f"{url} through the proxy {proxy}"
    match error:
        case httpx2.ConnectTimeout():
            return ConnectionFailed(f"cannot reach {place} in time{_phase(options, 'connect')}")
        case httpx2.ConnectError():
            return ConnectionFailed(f"cannot reach {place}: {reason_of(error)}")
        case httpx2.WriteTimeout():
            return RequestTimeout(f"{url} took nothing of the request for too long{_phase(options, 'write')}")
        case httpx2.PoolTimeout():
            return RequestTimeout(
                f"no connection to {url} came free in time: the streams of this client have all 1,000"
                f"{_phase(options, 'pool')}"
            )
        case httpx2.TimeoutException():
            return RequestTimeout(f"{url} was silent for too long{_phase(options, 'read')}")
        case httpx2.ProxyError():
            return _refused(str(error), url, proxy or "of the environment")
        case httpx2.ProtocolError():
            return ConnectionFailed(f"the connection to {url} broke: {error}")
        case _:
            reason = reason_of(error)
            why = "it was closed" if reason == type(error).__name__ else reason  # trio's errors are without words
            return ConnectionFailed(f"the connection to {url} broke: {why}")


def _proxy_to(url: str, options: HttpOptions) -> str | None:
    """The proxy that is on the way to a URL, as it may be shown."""
    proxy, parts = options.proxy, urlsplit(url)
    if proxy is None:
        with suppress(LocalProtocolError):  # it is one of SOCKS, which httpx2 knows and we do not
            proxy = proxy_of_environment(parts.hostname or "", is_secure=parts.scheme == "https")
    return None if proxy is None else shown_url(proxy)


def _timeout(options: HttpOptions) -> httpx2.Timeout:
    phases = options.phases
    return httpx2.Timeout(connect=phases.connect, read=phases.read, write=phases.write, pool=phases.pool)


def _proxy(options: HttpOptions) -> httpx2.Proxy | None:
    if options.proxy is None:
        return None
    is_secret = options.proxy.lower().startswith("https:")
    return httpx2.Proxy(options.proxy, ssl_context=options.tls or tls() if is_secret else None)


@contextmanager
def _proxies_of_the_environment() -> Iterator[None]:
    """Around httpx2's look at the environment."""
    try:
        yield
    except (ImportError, ValueError) as error:
        reason = "SOCKS needs the package socksio" if isinstance(error, ImportError) else "give http://HOST:PORT"
        raise LocalProtocolError(
            f"a proxy of the environment (ALL_PROXY, HTTPS_PROXY, HTTP_PROXY) cannot be used: {reason}, or name "
            "another with proxy="
        ) from None


def _phase(options: HttpOptions | None, name: str) -> str:
    """How long that was, and what to change."""
    if options is None:
        return ""
    return f": {getattr(options.phases, name):g} s (timeout=, its {name} phase)"


def _refused(status: str, url: str, proxy: str) -> HocketError:
    """A proxy that opens no way to the agent."""
    if status.startswith("407"):
        return AuthenticationError(
            f"the proxy {proxy} wants credentials: HTTP {status}; give them as proxy='http://NAME:PASSWORD@HOST:PORT'"
        )
    return ConnectionFailed(f"the proxy {proxy} opens no way to {url}: HTTP {status}")
