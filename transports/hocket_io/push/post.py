"""Poster: one POST after the other to whoever may be posted to.

No redirects are followed, no proxies of the environment are used, no cookies are kept.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

import anyio
import httpcore2
from attrs import define, field

from hocket import __version__
from hocket.a2a import PushTarget
from hocket.errors import ConnectionFailed
from hocket.http import Headers, Response
from hocket_io.http.client import tls
from hocket_io.push.network import JudgedNetwork
from hocket_io.push.options import PushOptions
from hocket_io.reasons import reason_of

__all__ = ["Poster"]

_READ = 64 * 1024
"""Bytes of an answer's body that are read, so that its connection can be used again."""
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
        with anyio.CancelScope(shield=True):  # closing sockets waits for nobody
            await self._pool.aclose()

    async def post(self, target: PushTarget, headers: Headers, body: bytes) -> Response:
        """Post `body`; the head of the answer.

        Raises:
            AddressRefused: It may not be posted there.
            ConnectionFailed: There is no answer.
        """
        url = httpcore2.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
        fields = [*headers, ("user-agent", f"hocket/{__version__}")]
        timeout = self.options.timeout
        try:
            with anyio.fail_after(timeout):
                extensions = {"timeout": {"connect": timeout}}
                async with self._pool.stream(
                    "POST", url, headers=fields, content=body, extensions=extensions
                ) as response:
                    length = 0
                    async for piece in response.aiter_stream():
                        length += len(piece)
                        if length > _READ:
                            break
        except TimeoutError:
            raise ConnectionFailed(f"no answer within {timeout:g} s") from None
        except _BROKEN as error:
            raise ConnectionFailed(reason_of(error)) from None
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers]
        return Response(status=response.status, headers=tuple(fields))
