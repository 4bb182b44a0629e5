"""hocket_io: everything of hocket that touches the world. `Client`, `AsyncClient` and `serve` are the way in."""

from hocket_io.async_client import AsyncClient
from hocket_io.client import Client
from hocket_io.server import serve
from hocket_io.streams import AsyncStream, Stream

__all__ = ["AsyncClient", "AsyncStream", "Client", "Stream", "serve"]
