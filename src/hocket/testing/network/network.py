"""VirtualNetwork: any number of endpoints, joined by links that delay, cut, stall and break, in a time that jumps."""

from __future__ import annotations

import random  # noqa: TID251  -- a seed is given
from collections.abc import Iterable
from math import inf

from attrs import define, field

from hocket.endpoint import Endpoint
from hocket.errors import LocalProtocolError
from hocket.testing.network.carrier import Carrier
from hocket.testing.network.end import End
from hocket.testing.network.link import Link
from hocket.testing.network.medium import Medium
from hocket.testing.network.node import Node, Told
from hocket.testing.network.place import Place
from hocket.testing.network.trace import Trace
from hocket.testing.network.wire import Wire

__all__ = ["VirtualNetwork"]


@define(eq=False, repr=False)
class VirtualNetwork:
    """Places and the links between them. Nothing is sent anywhere, and no time is waited for.

    Whatever is left to chance is chosen by the seed, so that the same seed and the same calls give the same bytes at
    the same times. Each link has a generator of its own: what happens on one does not change the choices on another.

    Args:
        seed: A number or a name; or a generator of random numbers, such as one that Hypothesis draws (`st.randoms()`)
            and shrinks: it then makes all choices.
        carrier: How links carry bytes, unless they say otherwise.
        trace: Where it is written down what happens.

    >>> from hocket import Connection
    >>> from hocket.framing import Ndjson
    >>> client, server = Connection(Ndjson()), Connection(Ndjson())
    >>> network = VirtualNetwork(seed=1)
    >>> link = network.connect(client, server, names=("ada", "bob"))
    >>> asked = client.send_request("add", [1, 2], now=network.now)
    >>> network.next_event().event
    RequestReceived(id='1', method='add', params=[1, 2])
    """

    seed: int | str | random.Random
    carrier: Carrier = field(factory=Carrier, kw_only=True)
    trace: Trace = field(factory=Trace, kw_only=True)
    _medium: Medium = field(init=False)
    _places: dict[str, Place] = field(factory=dict, init=False)
    _links: dict[str, Link] = field(factory=dict, init=False)
    _used: dict[str, int] = field(factory=dict, init=False)
    _partitions: list[tuple[frozenset[str], frozenset[str] | None]] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self._medium = Medium(self.trace)

    # --- what is there

    @property
    def now(self) -> float:
        """Seconds since the network began."""
        return self._medium.agenda.now

    def now_at(self, place: str) -> float:
        """What the monotonic clock of a place shows, in seconds."""
        return self._place(place).now

    def is_up(self, place: str) -> bool:
        """Whether a place has not crashed, or is up again."""
        return self._place(place).is_up

    @property
    def links(self) -> list[Link]:
        """The links that are not over, oldest first."""
        return [link for link in self._links.values() if not link.is_over]

    @property
    def bytes_carried(self) -> int:
        """Bytes that were given to endpoints."""
        return self.trace.size

    def link(self, name: str) -> Link:
        """The link of this name, if it is not over."""
        link = self._links.get(name)
        if link is None or link.is_over:
            raise LocalProtocolError(f"there is no link {name!r}, or it is over")
        return link

    def add(self, name: str, node: Node | None = None, *, clock: float = 0.0) -> None:
        """Add a place.

        Args:
            name: Its name.
            node: What serves the links that are opened to it; None if it only opens some.
            clock: What its monotonic clock shows when that of the network shows 0, in seconds.
        """
        if name in self._places:
            raise LocalProtocolError(f"there is a place {name!r} already")
        self._places[name] = place = Place(name, self._medium.agenda, node, clock)
        place.poll()

    def connect(
        self,
        near: Endpoint[object],
        far: Endpoint[object],
        *,
        names: tuple[str, str] = ("a", "b"),
        name: str | None = None,
        there: Carrier | None = None,
        back: Carrier | None = None,
    ) -> Link:
        """Join two endpoints by a link that is open at once.

        Args:
            near: One of them.
            far: The other.
            names: The places where they are; those that are new are added.
            name: The name of the link; by default it is made of those of the places.
            there: How it carries what the first one writes, if not as the others do.
            back: How it carries what the second one writes.
        """
        self._check(names, name, near, far)
        for each in names:
            if each not in self._places:
                self.add(each)
        return self._join(near, far, names, name, there, back)

    def dial(
        self,
        origin: str,
        endpoint: Endpoint[object],
        to: str,
        *,
        name: str | None = None,
        there: Carrier | None = None,
        back: Carrier | None = None,
    ) -> Link:
        """Let an endpoint connect to the node of another place, which accepts or refuses it after a while.

        Args:
            origin: The place where the endpoint is.
            endpoint: What connects. It is told nothing when it is accepted; its bytes are on their way already.
            to: The place of the node.
            name: The name of the link, under which the node knows it; by default it is made of those of the places.
            there: How it carries what the endpoint writes, if not as the other links do.
            back: How it carries what the node writes.
        """
        self._place(origin), self._place(to)
        self._check((origin, to), name, endpoint)
        return self._join(endpoint, None, (origin, to), name, there, back)

    # --- time

    def pump(self, *places: str) -> None:
        """Take what there is to send, here or everywhere, and set the timers: say it after commands to endpoints."""
        for place in [self._place(name) for name in places] or list(self._places.values()):
            self._medium.called.update(dict.fromkeys(place.ends.values()))
            place.poll()

    @property
    def next_time(self) -> float | None:
        """When the next thing happens, in seconds since the network began; None if nothing is to come."""
        return self._medium.agenda.next_time()

    def step(self, until: float | None = None) -> bool:
        """Let the next single thing happen: something arrives, is read, or a timer rings.

        Args:
            until: The time at which to stop, in seconds since the network began.

        Returns:
            False if nothing is to come (before then); time has not moved.

        Raises:
            Violation: So much happens at the same instant that time never goes on.
        """
        self.pump()
        return self._medium.agenda.step(until)

    def run(self, until: float | None = None) -> None:
        """Let everything happen, until a time or until nothing is to come.

        Args:
            until: The time, in seconds since the network began, which it then is. With None, endpoints whose timers
                are set again and again, as heartbeats are, keep it running for ever.
        """
        self.pump()
        agenda = self._medium.agenda
        while agenda.step(until):
            pass
        if until is not None:
            agenda.now = max(agenda.now, until)

    def next_event(self, until: float | None = None) -> Told | None:
        """Let things happen until an endpoint has something to tell.

        Args:
            until: The time at which to stop, in seconds since the network began.

        Returns:
            What was told; None if it is `until`, or nothing is to come.
        """
        self.pump()
        agenda = self._medium.agenda
        while (told := self._told()) is None:
            if not agenda.step(until):
                if until is not None:
                    agenda.now = max(agenda.now, until)
                return None
        return told

    # --- faults

    def partition(self, places: Iterable[str], others: Iterable[str] | None = None) -> None:
        """Let nothing pass between two groups of places, and nothing fail, until `heal`. Comes on top of others.

        Args:
            places: One group.
            others: The other one; None for all that are not in the first.
        """
        some = self._group(places)
        rest = None if others is None else self._group(others)
        self._partitions.append((some, rest))
        sides = [", ".join(sorted(some)), "the rest" if rest is None else ", ".join(sorted(rest))]
        self._medium.note(f"partition {' | '.join(sides)}")
        for link in self.links:
            if self._is_parted(*link.places):
                link.hold()

    def heal(self) -> None:
        """End all partitions: what was held goes on."""
        if self._partitions:
            self._partitions.clear()
            self._medium.note("healed")
            for link in self.links:
                link.release()

    def crash(self, place: str) -> None:
        """Let a place die: its links break, its endpoints are dropped without a word, and it can be dialed no more."""
        crashed = self._place(place)
        if not crashed.is_up:
            return
        self._medium.note(f"{place} crashes")
        for end in crashed.crash():
            end.die()
            end.link.cut()

    def restart(self, place: str, *, keep_log: bool = True) -> None:
        """Let a place that has crashed come up again, with a node that knows what was on its disk, or nothing.

        Args:
            place: The place; nothing happens if it is up.
            keep_log: Whether the disk is still there.
        """
        crashed = self._place(place)
        if not crashed.is_up:
            self._medium.note(f"{place} restarts {'with' if keep_log else 'without'} its log")
            crashed.restart(keep_log)

    def jump_clock(self, place: str, seconds: float) -> None:
        """Let the clock of a place go forward, as that of a laptop that slept; its timers ring late."""
        if not 0 <= seconds < inf:
            raise LocalProtocolError(f"a monotonic clock never goes back, and no clock jumps by {seconds!r} s")
        self._place(place).jump(seconds)
        self._medium.note(f"the clock of {place} jumps {seconds:g} s")

    # --- within

    def _place(self, name: str) -> Place:
        try:
            return self._places[name]
        except KeyError:
            raise LocalProtocolError(f"there is no place {name!r}; `add` it") from None

    def _group(self, places: Iterable[str]) -> frozenset[str]:
        if isinstance(places, str):
            raise LocalProtocolError(f"places are given as a list: [{places!r}]")
        return frozenset(self._place(name).name for name in places)

    def _is_parted(self, one: str, other: str) -> bool:
        return any(_separates(partition, one, other) for partition in self._partitions)

    def _join(
        self,
        near: Endpoint[object],
        far: Endpoint[object] | None,
        names: tuple[str, str],
        name: str | None,
        there: Carrier | None,
        back: Carrier | None,
    ) -> Link:
        here, yonder = self._place(names[0]), self._place(names[1])
        stem = f"{names[0]}-{names[1]}"
        name = self._new_name(name, stem)
        chance = self._chance(name)
        agenda = self._medium.agenda
        outward = Wire(agenda, chance, there or self.carrier)
        homeward = Wire(agenda, chance, back or self.carrier)
        suffix = "" if name == stem else f" ({name})"
        one = End(name, f"{names[1]}→{names[0]}{suffix}", here, self._medium, outward, near)
        other = End(name, f"{names[0]}→{names[1]}{suffix}", yonder, self._medium, homeward, far)
        one.meet(other)
        self._links[name] = link = Link(name, self._medium, one, other)
        one.link = other.link = link
        if self._is_parted(*names):
            link.hold()
        if far is None:
            outward.open()
        here.poll(one)
        yonder.poll(other)
        return link

    def _chance(self, name: str) -> random.Random:
        """What chooses on a new link."""
        if isinstance(self.seed, random.Random):
            return self.seed
        times = self._used.get(name, 1)
        return random.Random(f"{self.seed} {name}" if times == 1 else f"{self.seed} {name} again {times}")

    def _check(self, names: tuple[str, str], name: str | None, near: Endpoint[object], far: object = None) -> None:
        """Refuse a link before anything has changed for it."""
        if names[0] == names[1]:
            raise LocalProtocolError(f"a link joins two places, and both ends are at {names[0]!r}")
        if name in self._links and not self._links[name].is_over:
            raise LocalProtocolError(f"there is a link {name!r} already")
        for place in names if far is not None else names[:1]:
            if place in self._places and not self._places[place].is_up:
                raise LocalProtocolError(f"{place!r} has crashed; `restart` it first")
        for end in (end for place in self._places.values() for end in place.ends.values()):
            if end.endpoint is near or end.endpoint is far:
                raise LocalProtocolError(f"an endpoint has one link, and this one is at an end of {end.name!r}")

    def _new_name(self, wanted: str | None, stem: str) -> str:
        """The name of a new link, and note that it was used once more."""
        self._links = {name: link for name, link in self._links.items() if not link.is_over}
        name = wanted
        while name is None or (wanted is None and name in self._links):
            number = self._used[stem] = self._used.get(stem, 0) + 1
            name = stem if number == 1 else f"{stem} {number}"
        if wanted is not None:
            self._used[wanted] = self._used.get(wanted, 0) + 1
        return name

    def _told(self) -> Told | None:
        called = self._medium.called
        while called:
            end = next(iter(called))
            if end.endpoint is not None and (event := end.endpoint.next_event()) is not None:
                place = end.place
                self._medium.note(f"{place.name} is told {_short(event)}")
                return Told(at=place.now, place=place.name, link=end.link, endpoint=end.endpoint, event=event)
            del called[end]
        return None


def _separates(partition: tuple[frozenset[str], frozenset[str] | None], one: str, other: str) -> bool:
    some, rest = partition
    if rest is None:
        return (one in some) != (other in some)
    return (one in some and other in rest) or (other in some and one in rest)


def _short(event: object) -> str:
    text = repr(event)
    return text if len(text) <= 100 else f"{text[:99]}…"
