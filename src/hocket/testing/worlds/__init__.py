"""Worlds: all that plays together in a simulation, and what must hold between them. They need no Hypothesis."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hocket.testing.worlds.a2a import A2AWorld as A2AWorld
    from hocket.testing.worlds.acp import AcpWorld as AcpWorld
else:
    from hocket.deferred import deferred

    __getattr__, __dir__ = deferred(
        __name__,
        {"hocket.testing.worlds.a2a": ["A2AWorld"], "hocket.testing.worlds.acp": ["AcpWorld"]},
    )

__all__ = ["A2AWorld", "AcpWorld"]
