"""Poster: one POST after the other to whoever may be posted to.

No redirects are followed, no proxies of the environment are used, no cookies are kept.
"""

from __future__ import annotations

from contextlib import aclosing
from types import TracebackType
from typing import Self

import anyio
import httpcore2
from attrs import define, field

from hocket import __version__
from hocket.a2a import PushTarget
from hocket.errors import ConnectionFailed
from hocket.http import Headers, Response
from hocket_io.concurrency.shield import shielded
from hocket_io.http.network import tls
from hocket_io.push.network import JudgedNetwork
from hocket_io.push.options import PushOptions
from hocket_io.reasons import reason_of

__all__ = ["Poster"]

_READ = 64 * 1024
"""Bytes of an answer's body that are read, so that its connection can be used again."""
_FAREWELL = 1.0
"""Seconds that it may take to come."""
_IDLE = 15.0
"""Seconds that an idle connection is kept."""

_BROKEN = (
    httpcore2.NetworkError,
    httpcore2.ProtocolError,
    httpcore2.TimeoutException,
    httpcore2.ConnectionNotAvailable,
    OSError,
)


@define(eq=False)
class Poster:
    """Connections to receivers; an async context manager.

    Args:
        options: How long, how many, where to.
        network: Makes the connections; by default one that judges where they lead.
    """

    options: PushOptions
    network: httpcore2.AsyncNetworkBackend = field(kw_only=True)
    _pool: httpcore2.AsyncConnectionPool = field(init=False)

    @network.default
    def _judged(self) -> httpcore2.AsyncNetworkBackend:
        return JudgedNetwork(self.options.rules)

    def __attrs_post_init__(self) -> None:
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=self.options.tls or tls(),
            max_connections=self.options.connections,
            keepalive_expiry=_IDLE,
            network_backend=self.network,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await shielded(self._pool.aclose)  # closing sockets waits for nobody

    async def post(self, target: PushTarget, headers: Headers, body: bytes) -> Response:
        """Post `body`; the head of the answer.

        Raises:
            AddressRefused: It may not be posted there.
            ConnectionFailed: There is no answer.
        """
        url = httpcore2.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
        fields = [*headers, ("user-agent", f"hocket/{__version__}")]
        timeout = self.options.timeout
        extensions = {"timeout": {"connect": timeout}}
        answer: Response | None = None
        try:
            with anyio.fail_after(timeout):
                async with self._pool.stream(
                    "POST", url, headers=fields, content=body, extensions=extensions
                ) as response:
                    answer = _head(response)
                    await _read_on(response)
        except TimeoutError:
            failure = f"no answer within {timeout:g} s"
        except _BROKEN as error:
            failure = reason_of(error)
        if answer is None:
            raise ConnectionFailed(failure)
        return answer  # whatever happened to its body


def _head(response: httpcore2.Response) -> Response:
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers]
    return Response(status=response.status, headers=tuple(fields), body=None)


async def _read_on(response: httpcore2.Response) -> None:
    """Read the body, if there is not much of it: its connection can then be used again."""
    length = 0
    with anyio.move_on_after(_FAREWELL):
        async with aclosing(response.aiter_stream()) as body:
            async for piece in body:
                length += len(piece)
                if length > _READ:
                    return
