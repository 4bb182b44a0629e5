"""Faults as values: what goes wrong in a network, where and when. A plan of them is played, shrunk and pasted.

>>> from hocket import Connection
>>> from hocket.framing import Ndjson
>>> from hocket.testing.network import VirtualNetwork
>>> net = VirtualNetwork(seed=1)
>>> client, server = Connection(Ndjson()), Connection(Ndjson())
>>> link = net.connect(client, server, names=("client", "server"))
>>> asked = client.send_request("add", [1, 2], now=net.now)
>>> play(net, [Fault(kind="stall", at=0.0, lasts=5.0), Fault(kind="cut", at=1.0)], until=10.0)
>>> link.is_over
True
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from attrs import field, frozen
from attrs.validators import ge, in_

from hocket.errors import LocalProtocolError
from hocket.testing.network import Link, VirtualNetwork

__all__ = ["KINDS", "Fault", "play"]

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "cut": "a connection breaks; of what is on its way so many bytes still arrive",
        "stall": "one end of a connection reads nothing",
        "slow": "one end of a connection reads so many bytes in a second",
        "delay": "from now on a connection takes up to that long",
        "partition": "nothing passes between a place and all others",
        "crash": "a place dies, and comes up again: with its log, or (an odd number) without it",
        "jump": "the clock of a place goes ahead by that time",
        "duplicate": "a unit that is on its way arrives twice",
        "swap": "a unit that is on its way and the next one change places",
        "lose": "a unit that is on its way never arrives",
    }
)
"""What can go wrong. Units are messages that are carried each by itself, as POSTs are."""


@frozen(kw_only=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: What, one of `KINDS`.
        at: When, in seconds of the network's time.
        target: Where: which of the links or places that are there then, counted round.
        lasts: For how many seconds, or by how many.
        number: How many bytes, or which unit.
    """

    kind: str = field(validator=in_(KINDS))
    at: float = field(validator=ge(0))
    target: int = field(default=0, validator=ge(0))
    lasts: float = field(default=0.0, validator=ge(0))
    number: int = field(default=0, validator=ge(0))


def play(
    network: VirtualNetwork, faults: Sequence[Fault], *, until: float, places: Sequence[str] | None = None
) -> None:
    """Run a network while things go wrong in it; then mend what lasted longer: nobody stays down, parted or slow.

    A fault that meets nothing (a cut where nothing is connected) does nothing, so that any fault can be left out of a
    plan. What was cut stays cut.

    Args:
        network: The network.
        faults: What goes wrong, in any order. What would be later than `until` never is.
        until: The end, in seconds of the network's time.
        places: Whose clocks jump, who crashes and who is parted; by default all that are at the end of a link at first.

    Raises:
        LocalProtocolError: `until` is over already.
    """
    if until < network.now:
        raise LocalProtocolError(f"the network's time is {network.now:g} already: it cannot run until {until:g}")
    network.pump()
    there = list(dict.fromkeys(name for link in network.links for name in link.places) if places is None else places)
    played = _Played(network, there)
    begins = [(fault.at, 0, number) for number, fault in enumerate(faults)]
    ends = [(fault.at + fault.lasts, 1, number) for number, fault in enumerate(faults)]
    for time, is_end, number in sorted([*begins, *ends]):
        if time > until:
            break
        network.run(until=max(time, network.now))
        if is_end:
            played.end(number)
        else:
            played.begin(number, faults[number])
    network.run(until=until)
    played.mend()


@frozen(eq=False)
class _Played:
    """A plan that is being played: the faults that are at work, by their numbers, each with the link that it is at."""

    network: VirtualNetwork
    places: list[str]
    _at_work: dict[int, tuple[Fault, Link | None]] = field(factory=dict, init=False)

    def begin(self, number: int, fault: Fault) -> None:
        if fault.kind in _AT_PLACES:
            if self.places:
                self._at_work[number] = fault, None
                _AT_PLACES[fault.kind](self.network, self._place(fault), fault)
        elif links := self.network.links:
            link = links[fault.target % len(links)]
            self._at_work[number] = fault, link
            # Each link has two ends: counted round once, the targets begin with the other ones.
            _AT_LINKS[fault.kind](link, link.places[fault.target // len(links) % 2], fault)

    def end(self, number: int) -> None:
        """End a fault, if it is at work and one that ends."""
        fault, link = self._at_work.pop(number, (None, None))
        if fault is None:
            return
        match fault.kind:
            case "partition" if not self._is_parted:
                self.network.heal()
            case "crash":
                self.network.restart(self._place(fault), keep_log=fault.number % 2 == 0)
            case "stall" | "slow" if link is not None and not link.is_over:
                link.resume()

    def mend(self) -> None:
        """End everything that ends."""
        for number in list(self._at_work):
            self.end(number)

    def _place(self, fault: Fault) -> str:
        return self.places[fault.target % len(self.places)]

    @property
    def _is_parted(self) -> bool:
        return any(fault.kind == "partition" for fault, _ in self._at_work.values())


_AT_PLACES: Mapping[str, Callable[[VirtualNetwork, str, Fault], None]] = {
    "partition": lambda network, place, fault: network.partition([place]),
    "crash": lambda network, place, fault: network.crash(place),
    "jump": lambda network, place, fault: network.jump_clock(place, fault.lasts),
}
_AT_LINKS: Mapping[str, Callable[[Link, str, Fault], object]] = {
    "cut": lambda link, place, fault: link.cut((fault.number, fault.number)),
    "stall": lambda link, place, fault: link.stall(place),
    "slow": lambda link, place, fault: link.slow(place, fault.number + 1.0),
    "delay": lambda link, place, fault: link.delay((0.0, fault.lasts)),
    "duplicate": lambda link, place, fault: link.duplicate(fault.number),
    "swap": lambda link, place, fault: link.swap(fault.number),
    "lose": lambda link, place, fault: link.lose(fault.number),
}
