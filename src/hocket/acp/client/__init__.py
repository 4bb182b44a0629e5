"""The client: an agent's line to a hub. `client` is the machine, the other rooms are what it is made of."""

from hocket.acp.client.client import Client
from hocket.acp.client.events import (
    Answered,
    BatchFailed,
    ClientEvent,
    Failed,
    Listen,
    Poll,
    Reconnect,
    Reconnected,
    ReconnectExhausted,
    Reconnecting,
    Unlisten,
)

__all__ = [
    "Answered",
    "BatchFailed",
    "Client",
    "ClientEvent",
    "Failed",
    "Listen",
    "Poll",
    "Reconnect",
    "ReconnectExhausted",
    "Reconnected",
    "Reconnecting",
    "Unlisten",
]
