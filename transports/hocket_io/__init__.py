"""hocket_io: everything of hocket that touches the world. `Client`, `AsyncClient` and `serve` are the way in."""

from hocket_io.async_client import AsyncClient, AsyncStream
from hocket_io.client import Client, Stream
from hocket_io.server import serve

__all__ = ["AsyncClient", "AsyncStream", "Client", "Stream", "serve"]
