"""A2AWorld: clients, servers, agents, stores and a network that splits, delays and breaks. Time is a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import ClassVar

from attrs import define, field

from hocket.a2a import ServerLimits
from hocket.testing.network import Carrier, Trace, VirtualNetwork
from hocket.testing.simulation.actions import Action
from hocket.testing.violation import Violation
from hocket.testing.worlds.a2a.actions import ACTIONS
from hocket.testing.worlds.a2a.book import Book
from hocket.testing.worlds.a2a.callers import Caller
from hocket.testing.worlds.a2a.choices import LATENCIES
from hocket.testing.worlds.a2a.deeds import DEEDS, NEEDS, THERE
from hocket.testing.worlds.a2a.ending import come_to_an_end
from hocket.testing.worlds.a2a.ours import LIMITS, OurServer, our_teller
from hocket.testing.worlds.a2a.ports import MakeServer, MakeTeller
from hocket.testing.worlds.a2a.scene import STRANGER, Scene
from hocket.testing.worlds.a2a.site import Site

__all__ = ["A2AWorld"]

_NAMES = ("ada", "bob", "cleo", "dora", "emil", "fay")
_UNSENT = 1024 * 1024
"""Bytes of one connection that may wait for their way: what a reader does not take stays in the log."""


@define(eq=False)
class A2AWorld:
    """A world of A2A: what an agent says reaches whoever reads it, in order, once and whole, whatever breaks.

    It is a `World` of the simulator. What is tested may be somebody else's: `server` makes a server, `client` the
    client's end of a pipe.

    Args:
        seed: What all chances of the network come from, and the ids.
        agents: How many agents there are, each with a server and a store.
        clients: How many clients, 6 at the most.
        store: How slow the stores are in the beginning, from 1 for not at all to 4 for two seconds.
        server: Makes a server; it is given a seed for its ids.
        client: Makes the client's end of a pipe.
        limits: What the server holds at the most, and how long it lets an agent wait, as far as that is checked.

    >>> world = A2AWorld(1)
    >>> world.act("send", (0, 0, 0))
    >>> world.act("wait", (3,))
    >>> world.act("speak", (0, 1))
    >>> world.check()
    >>> world.finish()
    >>> world.counts["events"]
    6
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = ACTIONS
    OPTIONS: ClassVar[Mapping[str, tuple[int, int]]] = {"agents": (1, 3), "clients": (1, 3), "store": (1, 4)}

    seed: int
    agents: int = field(default=1, kw_only=True)
    clients: int = field(default=2, kw_only=True)
    store: int = field(default=1, kw_only=True)
    server: MakeServer = field(default=OurServer, kw_only=True)
    client: MakeTeller = field(default=our_teller, kw_only=True)
    limits: ServerLimits = field(default=LIMITS, kw_only=True)
    network: VirtualNetwork = field(init=False)
    scene: Scene = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.network = VirtualNetwork(self.seed, carrier=Carrier(cuts=1))
        self.scene = scene = Scene.of(self.network, self.client, self.seed)
        for number in range(1, self.agents + 1):
            name = "agent" if self.agents == 1 else f"agent {number}"
            seed, patience = self.seed * 1_000_003 + number * 1_009, self.limits.patience
            site = Site(name, self.server, seed, Book(), scene.sent, scene.sites, patience)
            site.store.latency = LATENCIES[(self.store - 1) % len(LATENCIES)]
            self.network.add(name, site)
        for name in islice(_NAMES, self.clients):
            scene.callers[name] = caller = Caller(name)
            self.network.add(name, caller)
        self.network.add(STRANGER)

    @property
    def now(self) -> float:
        """Virtual seconds since the beginning."""
        return self.network.now

    @property
    def trace(self) -> Trace:
        """What has happened."""
        return self.network.trace

    @property
    def counts(self) -> Mapping[str, int]:
        """How much has happened: calls, events that were told to their callers, bytes that arrived."""
        return {
            "messages": len(self.scene.readings),
            "events": sum(reading.events for reading in self.scene.readings),
            "bytes": self.network.bytes_carried,
        }

    def possible(self) -> list[str]:
        """The actions that make sense now."""
        there = {None, *[what for what, look in THERE.items() if look(self.scene)]}
        return [each.name for each in ACTIONS if NEEDS.get(each.name) in there]

    def can(self, action: str) -> bool:
        """Whether one action makes sense now."""
        return action not in NEEDS or bool(THERE[NEEDS[action]](self.scene))

    def act(self, action: str, numbers: Sequence[int]) -> None:
        """Let something happen; nothing, if it makes no sense now.

        Args:
            action: The name of one of ACTIONS.
            numbers: What it takes: any numbers, of which the world makes something. Those that are missing are 0.

        Raises:
            Violation: It shows that something is wrong.
        """
        if not self.can(action):
            return
        wanted = _TAKES[action]
        DEEDS[action](self.scene, *(*numbers, *[0] * wanted)[:wanted])
        self.network.pump()

    def check(self) -> None:
        """Look at what must hold at every moment. The rest is looked at where it happens.

        Raises:
            Violation: `bounded-memory`: somebody holds too much. `in-time`: an agent waits for an answer for too long.
                `nothing-left`: nobody is at work, and a server still has a deadline for somebody.
        """
        for site in self.scene.up:
            now, at = self.network.now_at(site.name), site.tested.core.next_timeout()
            if at is None or at > now:  # else its clock has jumped, and it is about to see that
                site.stage.check(now)
            if at is not None and not site.stage.players and not site.store:
                raise Violation("nothing-left", f"no agent of {site.name} is at work, and it has a deadline at {at:g}")
            held = site.tested.holding()
            if held is None:
                continue
            most = max(self.limits.tasks, held.busy) + len(site.store)
            for what, has, may in (
                ("tasks", held.tasks, most),
                ("entries of a log", held.entries, self.limits.log.entries),
                ("links", held.links, len(site.ends)),
                ("calls of links that have left", held.strays, 0),
            ):
                if has > may:
                    raise Violation("bounded-memory", f"{site.name} holds {has} {what}; there may be {may}")
        for link in self.network.links:
            if max(link.unsent) > _UNSENT:
                raise Violation("bounded-memory", f"{max(link.unsent)} bytes wait to be sent on {link.name}")

    def finish(self) -> None:
        """Everything heals and is carried, every agent ends, every open question is canceled, and everybody leaves.

        Raises:
            Violation: `every-call-ends`: somebody still waits. `nothing-left`: something is left over. `said`: what an
                agent has said never came into the log.
        """
        come_to_an_end(self.scene)


_TAKES = {action.name: action.numbers for action in ACTIONS}
