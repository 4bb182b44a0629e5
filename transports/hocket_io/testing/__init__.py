"""What `hocket.testing` needs of the world: event loops whose clock jumps, and ways to reach what is tested."""

from hocket_io.testing.clocks import run_virtually
from hocket_io.testing.reach import loaded, reach

__all__ = ["loaded", "reach", "run_virtually"]
