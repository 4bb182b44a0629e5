"""What can happen in a world of A2A: the table that the simulator draws from, and the machine has its rules for."""

from __future__ import annotations

from hocket.testing.simulation.actions import Action

__all__ = ["ACTIONS"]

ACTIONS = (
    # clients
    Action("send", 3, 7),
    Action("follow_up", 3, 2),
    Action("answer", 3, 5),
    Action("repeat", 3, 1),
    Action("subscribe", 4, 4),
    Action("get", 3, 2),
    Action("cancel", 3, 2),
    Action("list", 3, 1),
    Action("drop", 1, 1),
    Action("hang_up", 2, 1),
    # agents
    Action("speak", 2, 14),
    Action("become", 2, 2),
    Action("revise", 2, 3),
    Action("ask", 2, 4),
    Action("end", 2, 4),
    # the clock
    Action("wait", 1, 14),
    # what goes wrong, and how it comes right again
    Action("cut", 1, 3, "cut"),
    Action("end_early", 1, 2, "cut"),
    Action("stall", 1, 2, "slow"),
    Action("slow", 2, 2, "slow"),
    Action("resume", 1, 2),
    Action("delay", 2, 2, "delay"),
    Action("store_slow", 2, 2, "delay"),
    Action("overtake", 1, 2, "reorder"),
    Action("partition", 2, 1, "partition"),
    Action("heal", 0, 3),
    Action("crash", 2, 1, "crash"),
    Action("restart", 1, 4),
    Action("jump", 2, 1, "jump"),
    Action("duplicate", 1, 2, "duplicate"),
    Action("hostile", 3, 2, "hostile"),
)
"""Everything that can happen. `A2AWorld` says what each number means."""
