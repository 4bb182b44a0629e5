"""What `hocket.testing` needs of the world: event loops whose clock jumps, and ways to reach what is tested."""

from hocket_io.testing.clocks import run_virtually
from hocket_io.testing.reach import reach

__all__ = ["reach", "run_virtually"]
