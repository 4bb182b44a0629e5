"""The simulator: whole sessions of clients, servers and agents under faults, in virtual time."""

from hocket.testing.simulation.actions import FAULTS, Action
from hocket.testing.simulation.campaign import Campaign
from hocket.testing.simulation.saved import read_session, write_session
from hocket.testing.simulation.session import Finding, Played, Session, play, replay
from hocket.testing.simulation.shrink import Shrunk, shrink
from hocket.testing.simulation.tally import Tally
from hocket.testing.simulation.world import Step, World, WorldFactory

__all__ = [
    "FAULTS",
    "Action",
    "Campaign",
    "Finding",
    "Played",
    "Session",
    "Shrunk",
    "Step",
    "Tally",
    "World",
    "WorldFactory",
    "play",
    "read_session",
    "replay",
    "shrink",
    "write_session",
]
