"""hocket_io: everything of hocket that touches the world. `Client`, `AsyncClient` and `serve` are the way in."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hocket_io.client.async_client import AsyncClient
    from hocket_io.client.client import Client
    from hocket_io.client.streams import AsyncStream, Stream
    from hocket_io.server import serve
else:
    from hocket.deferred import deferred

    __getattr__, __dir__ = deferred(
        __name__,
        {
            "hocket_io.client.async_client": ["AsyncClient"],
            "hocket_io.client.client": ["Client"],
            "hocket_io.client.streams": ["AsyncStream", "Stream"],
            "hocket_io.server": ["serve"],
        },
    )

__all__ = ["AsyncClient", "AsyncStream", "Client", "Stream", "serve"]
