"""AcpWorld: a hub and agents on a virtual network. What everybody is told is held against the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from types import MappingProxyType
from typing import ClassVar, Final

from attrs import define, evolve, field

from hocket.acp.client import Client
from hocket.acp.states import ClientState
from hocket.entropy import Entropy, seeded
from hocket.errors import HocketError, LocalProtocolError
from hocket.testing.network import Carrier, Link, Trace, VirtualNetwork
from hocket.testing.simulation.actions import Action
from hocket.testing.violation import Violation
from hocket.testing.worlds.acp.agent import Agent, Kind
from hocket.testing.worlds.acp.deeds import DEEDS, HUB, Deed
from hocket.testing.worlds.acp.door import HubDoor
from hocket.testing.worlds.acp.hosted import hosted
from hocket.testing.worlds.acp.lines import FeedEnd, PipeEnd, PostEnd
from hocket.testing.worlds.acp.roads import HubNode, Road, Weighed
from hocket.testing.worlds.acp.rules import Deadlines, Rules
from hocket.testing.worlds.acp.spoken import Spoken
from hocket.testing.worlds.acp.witness import Witness

__all__ = ["AGENTS", "KINDS", "AcpWorld", "our_client"]

AGENTS: Final = ("ada", "bob", "cyd", "dee", "eve", "fay")
"""Who takes part, as many of them as there are."""
KINDS: Final[tuple[Kind, ...]] = ("known", "nameless", "posts", "declared", "known", "posts")
"""How the hub knows them."""
_ROUNDS: Final = 60
"""Turns of half a minute that everything has to come to an end."""
_ROUND: Final = 40.0
_MOMENT: Final = 0.02
"""Seconds that pass after each thing that is done."""
_RECENT: Final = 7
"""Posts that may be repeated, one more than that."""
_OPEN: Final = (ClientState.STARTING, ClientState.ACTIVE, ClientState.PAUSED, ClientState.LOST)
_LIVE: Final = (ClientState.ACTIVE, ClientState.PAUSED)


def our_client(name: str, kind: Kind, entropy: Entropy) -> Client:
    """Our client for an agent."""
    posts = kind == "posts"
    return Client(name, entropy=entropy, listens_apart=posts, is_ordered=not posts, batches=kind == "nameless")


@define(eq=False, repr=False)
class Trouble:
    """What is wrong at the moment.

    Attributes:
        slow: The connections on which somebody reads slowly, or not at all.
        posted: What was posted lately, and may arrive once more.
        is_parted: Whether nothing passes between some of the places.
    """

    slow: dict[str, None] = field(factory=dict, init=False)
    posted: list[tuple[Agent, bytes]] = field(factory=list, init=False)
    is_parted: bool = field(default=False, init=False)


@define(eq=False, repr=False)
class AcpWorld:
    """A hub, some agents and what is between them.

    Args:
        seed: What everything comes from that is left to chance.
        agents: How many agents there are, 1 to 6.
        history: How many messages of a stream the hub keeps: who reads more slowly gets a gap.
        window: Bytes that may be on their way in one direction of a connection.
        hub: Makes the hub that is tested, again after every crash; ours by default.
        client: Makes the client of an agent: anything that has the methods of `hocket.acp.client.Client`.
        deadlines: How long the hub waits.
        kinds: How the hub knows the agents, one after the other and round again; a hub that has nothing but pipes
            has none that post.
        names: What the agents are called.

    >>> world = AcpWorld(7)
    >>> world.act("start", (0, 0, 0))
    >>> world.finish()
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = tuple(deed.action for deed in DEEDS)
    OPTIONS: ClassVar[Mapping[str, tuple[int, int]]] = MappingProxyType(
        {"agents": (1, len(AGENTS)), "history": (2, 40), "window": (600, 65_536)}
    )
    seed: int
    agents: int = field(default=4, kw_only=True)
    history: int = field(default=1_000, kw_only=True)
    window: int = field(default=65_536, kw_only=True)
    hub: Callable[[Entropy, int], HubNode] = field(default=hosted, kw_only=True)
    client: Callable[[str, Kind, Entropy], Client] = field(default=our_client, kw_only=True)
    deadlines: Deadlines = field(default=Deadlines(), kw_only=True)
    kinds: Sequence[Kind] = field(default=KINDS, kw_only=True)
    names: Sequence[str] = field(default=AGENTS, kw_only=True)
    spoken: Spoken = field(factory=Spoken, init=False)
    network: VirtualNetwork = field(init=False)
    witness: Witness = field(init=False)
    cast: tuple[Agent, ...] = field(init=False)
    trouble: Trouble = field(factory=Trouble, init=False)
    _count: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        if not 1 <= self.agents <= len(self.names):
            raise LocalProtocolError(f"there are 1 to {len(self.names)} agents, not {self.agents}")
        self.network = VirtualNetwork(self.seed, carrier=Carrier(window=self.window), trace=Trace(limit=20_000))
        self.witness = Witness(self._make_hub(0), Rules(self.deadlines), spoken=self.spoken)
        self.network.add(HUB, HubDoor(self._make_hub, self.witness))
        self.cast = tuple([self._agent(place) for place in range(self.agents)])
        for agent in self.cast:
            agent.connect(self.now_at(agent))

    # As a world of the simulator

    @property
    def now(self) -> float:
        """Seconds since it began."""
        return self.network.now

    @property
    def trace(self) -> Trace:
        """What has happened."""
        return self.network.trace

    @property
    def counts(self) -> Mapping[str, int]:
        """How much has happened."""
        return {
            "messages": self.witness.traffic.messages,
            "events": sum([agent.events for agent in self.cast]),
            "bytes": self.witness.traffic.size,
        }

    def possible(self) -> Sequence[str]:
        """What can be done now."""
        there = {choices: bool(choices(self)) for choices in _CHOICES}
        return [name for name, deed in _DEEDS.items() if there[deed.choices]]

    def act(self, action: str, numbers: Sequence[int]) -> None:
        """Do something, and let a moment pass.

        Args:
            action: What, one of ACTIONS.
            numbers: With what, and how.

        Raises:
            Violation: Something is wrong.
            LocalProtocolError: There is no such action, or it takes another count of numbers.
        """
        deed = _DEEDS.get(action)
        if deed is None or len(numbers) != deed.action.numbers:
            raise LocalProtocolError(f"there is no action {action!r} that takes {len(numbers)} numbers")
        choices = deed.choices(self)
        if choices:
            self.do(deed, choices[numbers[0] % len(choices)], *numbers[1:])

    def check(self) -> None:
        """Look at what must hold at every moment, beside what is looked at when it happens.

        Raises:
            Violation: It does not hold.
        """
        for name, (held, most) in self._load().items():
            if held > most:
                raise Violation("bounded-memory", f"{name}: {held:g}, and not more than {most:g}")

    def finish(self) -> None:
        """Let everything come to its end.

        Raises:
            Violation: Something is wrong in the end; or there is none.
        """
        self._mend()
        known = {stream_id: dict(log) for stream_id, log in self.witness.logs.items()}
        for agent in self.cast:
            for stream_id in () if agent.is_ordered else agent.streams(ClientState.ACTIVE):
                agent.leave_a_gap(stream_id, self.now_at(agent))
        self.wait(_ROUND)
        for agent in self.cast:
            for stream_id in agent.streams(ClientState.ACTIVE):
                self.witness.check_gaps(stream_id, agent.name, self.network.now_at(HUB))
            agent.check_heard(known, self.witness)
        for _ in range(_ROUNDS):
            self._farewell()
            self.wait(_ROUND)
            if not self._unfinished():
                break
        else:
            raise Violation("every-stream-ends", "; ".join(self._unfinished()))
        self.check()
        self._check_end()
        self._leave()

    # What happens

    def do(self, deed: Deed, choice: object, *numbers: int) -> None:
        """Do something with one of its choices, and let a moment pass."""
        deed.do(self, choice, *numbers)
        self.wait(_MOMENT)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.network.run(until=self.network.now + seconds)

    def now_at(self, agent: Agent) -> float:
        """What an agent's clock shows."""
        return self.network.now_at(agent.name)

    @property
    def streams(self) -> list[str]:
        """All streams that there ever were, as far as anybody has been told."""
        return list(self.witness.named)

    def new_purpose(self) -> str:
        """What no stream was for before."""
        self._count += 1
        return f"purpose {self._count}"

    def heal(self) -> None:
        """End all partitions."""
        self.network.heal()
        self.trouble.is_parted = False

    def doubt(self) -> None:
        """What anybody is saying in pieces may be lost from here on."""
        for agent in self.cast:
            agent.doubt()

    def repeat(self, agent: Agent, message: bytes) -> None:
        """Something that was posted is posted again, by whatever is on the way. Nobody waits for the answer."""
        road = Road(name="", agent=agent.name, kind="post")
        self._dial(agent, PostEnd(_Nobody(), _nothing, message=message), road)

    # Within

    def _make_hub(self, generation: int) -> HubNode:
        return self.hub(seeded(self.seed * 1_000 + generation), self.history)

    def _agent(self, place: int) -> Agent:
        name, kind = self.names[place], self.kinds[place % len(self.kinds)]
        client = self.client(name, kind, seeded(self.seed * 1_000 + 500 + place))
        agent = Agent(name, kind, client, self.spoken, self._dial)
        self.network.add(name, agent)
        return agent

    def _dial(self, agent: Agent, end: PipeEnd | PostEnd | FeedEnd, road: Road) -> Link:
        self._count += 1
        name = f"{agent.name} {road.kind} {self._count}"
        self.witness.roads[name] = evolve(road, name=name)
        if road.kind == "post" and isinstance(end, PostEnd):
            self.trouble.posted = [*self.trouble.posted[-_RECENT:], (agent, end.message)]
        return self.network.dial(agent.name, end, HUB, name=name)

    def _mend(self) -> None:
        self.heal()
        if not self.network.is_up(HUB):
            self.network.restart(HUB, keep_log=False)
        for link in self.network.links:
            link.resume()
            link.delay(self.network.carrier.latency)
        self.trouble.slow.clear()

    def _farewell(self) -> None:
        """Everybody ends or leaves whatever it is in, and does not wait for others to do so."""
        for place, agent in enumerate(self.cast):
            for stream_id in agent.streams(*_LIVE):
                if not agent.is_leaving(stream_id):
                    agent.control("leave" if place % 2 else "end", stream_id, self.now_at(agent))

    def _unfinished(self) -> list[str]:
        """What is not at its end."""
        return [
            *[
                f"{agent.name} is still in {stream_id}, which is {agent.client.state(stream_id).value}"
                for agent in self.cast
                for stream_id in agent.streams(*_OPEN)
            ],
            *[f"{agent.name} still waits for {list(agent.wishes)}" for agent in self.cast if agent.wishes],
        ]

    def _load(self) -> Mapping[str, tuple[float, float]]:
        return self.witness.node.load() if isinstance(self.witness.node, Weighed) else {}

    def _check_end(self) -> None:
        self.witness.check_answers()
        self.witness.check_logs()
        for agent in self.cast:
            agent.check_ears(self.witness)
        self.witness.check_said(self.spoken)

    def _leave(self) -> None:
        """Everybody goes home: nothing is left of what was, once the longest life of a stream is over."""
        for agent in self.cast:
            agent.hang_up()
        self.wait(_MOMENT)
        if not isfinite(self.deadlines.duration):
            return
        self.wait(self.deadlines.duration + self.deadlines.forget + _ROUND)
        left = [f"the connection {link.name}" for link in self.network.links]
        left += ["a timer of the hub"] if self.witness.next_timeout() is not None else []
        left += [name for name, (held, _) in self._load().items() if held]
        if left:
            raise Violation("nothing-left", f"all have gone, and there is still {', '.join(left)}")


_DEEDS: Final = {deed.action.name: deed for deed in DEEDS}
_CHOICES: Final = tuple(dict.fromkeys([deed.choices for deed in DEEDS]))
"""What deeds choose among; many of them among the same."""


class _Nobody:
    """Whoever has repeated something on the way, and does not care for the answer."""

    def messages_to_send(self) -> list[bytes]:
        return []

    def receive_message(self, message: bytes, now: float) -> None:
        pass


def _nothing(error: HocketError | None, now: float) -> None:
    pass
