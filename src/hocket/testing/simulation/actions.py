"""What can happen in a world, as a table: for the simulator, which draws by weight, and for the rules of a machine."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from attrs import field, frozen
from attrs.validators import ge, in_, optional

from hocket.errors import LocalProtocolError

__all__ = ["FAULTS", "Action", "allowed"]

FAULTS: Mapping[str, str] = {
    "cut": "a connection breaks; what was under way is lost, or half of it",
    "delay": "bytes take long",
    "partition": "nothing passes between some of them, and nobody is told",
    "crash": "one of them dies and comes back, with or without what it had written down",
    "slow": "somebody reads slowly, or not at all",
    "jump": "a clock goes ahead, as that of a laptop which slept",
    "reorder": "what was sent later arrives earlier",
    "duplicate": "a message arrives twice",
    "hostile": "somebody sends what no one should",
}
"""The kinds of faults, each with what it does."""


@frozen
class Action:
    """One kind of thing that can happen in a world.

    Args:
        name: Its name, as a step has it.
        numbers: How many numbers it takes. Any integers will do: the world takes them modulo what is there.
        weight: How often it is drawn, among the others that are possible.
        fault: The kind of fault that it is, one of FAULTS; None for what happens in good times.
    """

    name: str
    numbers: int = field(default=0, validator=ge(0))
    weight: int = field(default=1, validator=ge(1))
    fault: str | None = field(default=None, validator=optional(in_(FAULTS)))


def allowed(actions: Sequence[Action], faults: Collection[str]) -> tuple[Action, ...]:
    """The actions that are no faults, and the faults of these kinds.

    Raises:
        LocalProtocolError: There is no such kind of fault.

    >>> [action.name for action in allowed([Action("speak"), Action("cut", fault="cut")], faults=())]
    ['speak']
    """
    for kind in faults:
        if kind not in FAULTS:
            raise LocalProtocolError(f"there is no fault {kind!r}; there are: {', '.join(FAULTS)}")
    return tuple(action for action in actions if action.fault is None or action.fault in faults)
