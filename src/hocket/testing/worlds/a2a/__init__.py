"""The world of A2A: clients × servers × agents that are played step by step × stores × a virtual network.

`world` is what the simulator and the machine play; `ports` what somebody else's server or client must have to be played
with. What happens is in `book`, which is kept apart from what is tested.
"""

from hocket.testing.worlds.a2a.ours import OurServer
from hocket.testing.worlds.a2a.ports import Core, Served, Teller, Tested
from hocket.testing.worlds.a2a.world import A2AWorld

__all__ = ["A2AWorld", "Core", "OurServer", "Served", "Teller", "Tested"]
