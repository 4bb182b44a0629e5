"""The hub: many streams × many connections. `hub` is the machine, the other rooms are what it is made of."""

from hocket.acp.hub.delivery import Ready
from hocket.acp.hub.hub import Hub
from hocket.acp.hub.links import Link, Send
from hocket.acp.hub.pipe import HubPipe
from hocket.acp.hub.reception import HubEvent

__all__ = ["Hub", "HubEvent", "HubPipe", "Link", "Ready", "Send"]
