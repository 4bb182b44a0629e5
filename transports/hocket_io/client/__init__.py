"""Client and AsyncClient: talk to an agent. The target picks the transport; everything else is the same."""

from hocket_io.client.async_client import AsyncClient
from hocket_io.client.client import Client

__all__ = ["AsyncClient", "Client"]
