"""Runner: runs an agent's function, whatever its colour, and feeds what it yields to the core."""

from hocket_io.runner.runner import Runner

__all__ = ["Runner"]
