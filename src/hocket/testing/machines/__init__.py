"""Machines of Hypothesis that play a whole protocol against an implementation: yours, in a subclass, or ours."""

from __future__ import annotations

from hocket.errors import MissingExtra

try:
    import hypothesis  # noqa: F401  -- asked for once, here, and not in the middle of what is imported below
except ModuleNotFoundError:
    raise MissingExtra("hocket.testing.machines", "test") from None

from hocket.testing.machines.a2a import A2AMachine
from hocket.testing.machines.a2a_target import A2ATargetMachine
from hocket.testing.machines.hub import HubMachine, HubTargetMachine

__all__ = ["A2AMachine", "A2ATargetMachine", "HubMachine", "HubTargetMachine"]
