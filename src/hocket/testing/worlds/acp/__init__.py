"""The world of ACP: a hub, agents, and the network between them."""

from hocket.testing.worlds.acp.world import AcpWorld

__all__ = ["AcpWorld"]
