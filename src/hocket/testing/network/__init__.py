"""A virtual network: endpoints joined by links that delay, cut, stall and break, the same way for the same seed."""

from __future__ import annotations

from hocket.testing.network.carrier import Carrier
from hocket.testing.network.link import Link
from hocket.testing.network.network import VirtualNetwork
from hocket.testing.network.node import Fallible, Node, Told
from hocket.testing.network.trace import Trace

__all__ = ["Carrier", "Fallible", "Link", "Node", "Told", "Trace", "VirtualNetwork"]
