"""hocket_io: everything of hocket that touches the world. `Client`, `AsyncClient` and `serve` are the way in."""

from hocket_io.client.async_client import AsyncClient
from hocket_io.client.client import Client
from hocket_io.client.streams import AsyncStream, Stream
from hocket_io.server import serve

__all__ = ["AsyncClient", "AsyncStream", "Client", "Stream", "serve"]
