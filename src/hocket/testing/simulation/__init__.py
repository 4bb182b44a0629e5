"""The simulator: whole sessions of clients, servers and agents under faults, in virtual time."""

from hocket.testing.simulation.actions import FAULTS, Action
from hocket.testing.simulation.world import Step, World, WorldFactory

__all__ = ["FAULTS", "Action", "Step", "World", "WorldFactory"]
