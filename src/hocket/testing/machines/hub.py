"""HubMachine: Hypothesis plays agents, their clients and the network around a hub. One rule for each thing they do.

What fails is printed as a program that one can read, and paste::

    state = HubMachine()
    state.begin(agents=2, history=1000, window=65536, seed=0, met=False)
    state.start(who='ada', others=2, rules=0)
    state.say(who='ada', where=0)
    state.teardown()
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from types import MappingProxyType
from typing import Any, ClassVar, Final, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from hocket.acp.client import Client
from hocket.entropy import Entropy
from hocket.testing.machines.balance import Balance
from hocket.testing.probe import Probe
from hocket.testing.simulation.actions import FAULTS
from hocket.testing.worlds.acp.agent import Kind
from hocket.testing.worlds.acp.deeds import DEEDS, Deed
from hocket.testing.worlds.acp.hosted import hosted
from hocket.testing.worlds.acp.reached import ANY_TIME, Reached
from hocket.testing.worlds.acp.roads import HubNode
from hocket.testing.worlds.acp.world import AGENTS, KINDS, AcpWorld, our_client

__all__ = ["HubMachine", "HubTargetMachine"]

_DEEDS: Final[Mapping[str, Deed]] = MappingProxyType({deed.action.name: deed for deed in DEEDS})
_WHO = st.runner().flatmap(lambda self: self.who)
_WHERE = st.integers(0, 3)
_MANY = st.integers(0, 7)

Rule = TypeVar("Rule", bound=Callable[..., Any])


def _when(deed: str) -> Callable[[Rule], Rule]:
    """A rule counts where the world has what the deed needs, and the machine plays faults of its kind."""
    return precondition(lambda self: self.can(deed))


class HubMachine(RuleBasedStateMachine):
    """A world of ACP in the hands of Hypothesis. A subclass says what is tested, and pytest runs its `TestCase`.

    Whatever happens, everybody is told what the others have said: in the order of each sender, once, whole, or that it
    is lost; and the hub answers as the table of its states has it. See `hocket.testing.worlds.acp`.

    Attributes:
        faults: The kinds of faults that are played; all of them, if nothing else is said.
        kinds: How the hub knows the agents. One that has nothing but pipes has no agents of the kind `posts`.
        who: The names of those who are there.

    >>> from hypothesis import settings
    >>> from hypothesis.stateful import run_state_machine_as_test
    >>> run_state_machine_as_test(HubMachine, settings=settings(max_examples=2, stateful_step_count=5, database=None))
    """

    faults: ClassVar[Sequence[str]] = tuple(FAULTS)
    kinds: ClassVar[Sequence[Kind]] = KINDS

    def __init__(self) -> None:
        super().__init__()
        self.world: AcpWorld | None = None
        self.who: st.SearchStrategy[str] = st.sampled_from(AGENTS)
        self._has_failed = False
        self._balance = Balance()

    def make_hub(self, entropy: Entropy, history: int) -> HubNode:
        """A hub to be tested; ours, if nothing else is said. After a crash another one is made.

        Args:
            entropy: Where the names of its streams come from.
            history: How many messages of a stream it keeps; one that does not know such a limit keeps them all.
        """
        return hosted(entropy, history)

    def make_client(self, name: str, kind: Kind, entropy: Entropy) -> Client:
        """The client of an agent; ours, if nothing else is said."""
        return our_client(name, kind, entropy)

    def can(self, deed: str) -> bool:
        """Whether something makes sense now, and is played here."""
        fault = _DEEDS[deed].action.fault
        if self.world is None:
            return False
        if fault is not None and (fault not in self.faults or not self._balance.allows_fault):
            return False
        return bool(_DEEDS[deed].choices(self.world))

    @initialize(
        agents=st.integers(1, 4),
        history=st.sampled_from([1_000, 5, 2]),
        window=st.sampled_from([65_536, 600]),
        seed=st.integers(0, 99),
        met=st.booleans(),
    )
    def begin(self, agents: int, history: int, window: int, seed: int, met: bool = False) -> None:
        """A new world. If they have `met`, ada has begun a stream with all others, and half a second has passed."""
        self.world = self.make_world(seed, agents=agents, history=history, window=window)
        self.who = st.sampled_from(AGENTS[: len(self.world.cast)])
        if met:
            self._by("ada", "start", 0, 15, 0)
            self._act("wait", 0, 1)

    def make_world(self, seed: int, *, agents: int, history: int, window: int) -> AcpWorld:
        """The world to be played in."""
        return AcpWorld(
            seed,
            agents=agents,
            history=history,
            window=window,
            hub=self.make_hub,
            client=self.make_client,
            kinds=self.kinds,
        )

    # What agents do -----------------------------------------------------------------------------------------------

    @_when("start")
    @rule(who=_WHO, others=st.integers(0, 15), rules=_MANY)
    def start(self, who: str, others: int, rules: int) -> None:
        """A new stream. `others` are those who take part: a bit for each agent. `rules` are who else may."""
        self._by(who, "start", 0, others, rules)

    @_when("join")
    @rule(who=_WHO, where=_WHERE)
    def join(self, who: str, where: int) -> None:
        """Take part in a stream, also again."""
        self._by(who, "join", where)

    @_when("invite")
    @rule(who=_WHO, where=_WHERE, whom=_WHERE)
    def invite(self, who: str, where: int, whom: int) -> None:
        """Ask another to take part."""
        self._by(who, "invite", where, whom)

    @_when("remove")
    @rule(who=_WHO, where=_WHERE, whom=_WHERE)
    def remove(self, who: str, where: int, whom: int) -> None:
        """Send another away."""
        self._by(who, "remove", where, whom)

    @_when("leave")
    @rule(who=_WHO, where=_WHERE, what=st.sampled_from(["pause", "resume", "resume", "leave", "end", "get"]))
    def control(self, who: str, where: int, what: str) -> None:
        """Pause a stream, resume it, leave it, end it, or ask how it stands."""
        self._by(who, what, where)

    @_when("say")
    @rule(who=_WHO, where=_WHERE)
    def say(self, who: str, where: int) -> None:
        """Say something in one piece."""
        self._by(who, "say", where)

    @_when("post")
    @rule(who=_WHO, where=_WHERE, count=st.integers(0, 3), at_once=st.booleans())
    def post(self, who: str, where: int, count: int, at_once: bool) -> None:
        """Say `count` + 1 things in passing: they wait for others, or are sent at once."""
        self._by(who, "post", where, count)
        if at_once:
            self._by(who, "flush", where)

    @_when("begin")
    @rule(who=_WHO, where=_WHERE, length=st.integers(0, 3), numbering=st.integers(0, 2), with_id=st.integers(0, 1))
    def begin_to_say(self, who: str, where: int, length: int, numbering: int, with_id: int) -> None:
        """Say the first of `length` + 1 pieces. They are numbered from 1, on from the last number, or from 0."""
        self._by(who, "begin", where, length, numbering, with_id)

    @_when("go on")
    @rule(who=_WHO, which=_WHERE)
    def go_on(self, who: str, which: int) -> None:
        """Say the next piece of something that was begun."""
        self._by(who, "go on", which)

    @_when("tell")
    @rule(who=_WHO, which=_WHERE)
    def tell(self, who: str, which: int) -> None:
        """Say the next piece in a notification, which is not answered."""
        self._by(who, "tell", which)

    @_when("abandon")
    @rule(who=_WHO, which=_WHERE)
    def abandon(self, who: str, which: int) -> None:
        """Never say the rest."""
        self._by(who, "abandon", which)

    @_when("skip")
    @rule(who=_WHO, which=_WHERE)
    def skip(self, who: str, which: int) -> None:
        """Never say the next piece, but perhaps those after it."""
        self._by(who, "skip", which)

    @_when("swap")
    @rule(who=_WHO, which=_WHERE)
    def swap(self, who: str, which: int) -> None:
        """Post the piece after the next one, and then that."""
        self._by(who, "swap", which)

    @_when("again")
    @rule(who=_WHO, which=_WHERE)
    def say_again(self, who: str, which: int) -> None:
        """Say the last piece once more."""
        self._by(who, "again", which)

    @rule(seconds=st.integers(0, 4))
    def wait(self, seconds: int) -> None:
        """Let time pass: 0.05 s, 0.5 s, 3 s, 12 s, or 35 s."""
        self._act("wait", 0, seconds)

    # What goes wrong ----------------------------------------------------------------------------------------------

    @_when("attack")
    @rule(who=_WHO, kind=st.integers(0, 20), where=_WHERE)
    def attack(self, who: str, kind: int, where: int) -> None:
        """Send what no agent should."""
        self._by(who, "attack", 0, kind, where)

    @_when("cut")
    @rule(link=_MANY)
    def cut(self, link: int) -> None:
        """Break a connection."""
        self._act("cut", link)

    @_when("stall")
    @rule(link=_MANY, whose=st.integers(0, 1), how=st.sampled_from(["stall", "slow", "read on"]))
    def read_slowly(self, link: int, whose: int, how: str) -> None:
        """Read nothing, or 200 bytes a second; or read on. `whose`: the agent's end, or the hub's."""
        numbers = {"stall": (whose,), "slow": (whose, 0), "read on": ()}[how]
        self._act(how, link, *numbers)

    @_when("delay")
    @rule(link=_MANY, latency=st.integers(0, 2))
    def delay(self, link: int, latency: int) -> None:
        """Let what a connection carries take longer: others overtake it."""
        self._act("delay", link, latency)

    @_when("part")
    @rule(who=_MANY, others=st.integers(0, 15))
    def part(self, who: int, others: int) -> None:
        """Let nothing pass between some agents and the hub."""
        self._act("part", who, others)

    @_when("heal")
    @rule()
    def heal(self) -> None:
        """Let all pass again."""
        self._act("heal", 0)

    @_when("crash")
    @rule()
    def crash(self) -> None:
        """Let the hub die: it forgets everything."""
        self._act("crash", 0)

    @_when("restart")
    @rule()
    def restart(self) -> None:
        """Let it come back."""
        self._act("restart", 0)

    @_when("jump")
    @rule(whose=st.integers(0, 4), seconds=st.integers(0, 3))
    def jump(self, whose: int, seconds: int) -> None:
        """Let a clock go ahead by 35 s, 310 s, 1,000 s, or 7,300 s: the hub's is 0."""
        self._act("jump", whose, seconds)

    @_when("double")
    @rule(which=_MANY)
    def double(self, which: int) -> None:
        """Let something that was posted arrive once more."""
        self._act("double", which)

    # The end -----------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Let everything end."""
        if self.world is not None and not self._has_failed:
            self.world.finish()

    def _act(self, name: str, *numbers: int) -> None:
        assert self.world is not None, "begin comes first"
        world = self.world
        if name != "wait":
            self._balance.count(_DEEDS[name].action.fault)
        self._try(lambda: world.act(name, numbers))

    def _by(self, who: str, name: str, which: int, *numbers: int) -> None:
        """Let one agent do something, if it can."""
        assert self.world is not None, "begin comes first"
        world, deed = self.world, _DEEDS[name]
        agent = next((each for place, each in enumerate(world.cast) if AGENTS[place] == who), None)
        choices = [each for each in deed.choices(world) if (each[0] if isinstance(each, tuple) else each) is agent]
        if choices:
            self._balance.count(deed.action.fault)
            self._try(lambda: world.do(deed, choices[which % len(choices)], *numbers))

    def _try(self, what: Callable[[], None]) -> None:
        try:
            what()
            if self.world is not None:
                self.world.check()
        except BaseException:
            self._has_failed = True
            raise


class HubTargetMachine(HubMachine):
    """The same agents at a hub that is somewhere: what they say goes there. There are no faults.

    A subclass says where the hub is. Every example has agents of its own, whose names nobody has had before.
    """

    faults: ClassVar[Sequence[str]] = ()
    kinds: ClassVar[Sequence[Kind]] = ("known",)

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self._probe: Probe | None = None

    def reach(self) -> AbstractContextManager[Probe]:
        """A way to the hub, such as `hocket_io.testing.reach("tcp://127.0.0.1:8200")`.

        Raises:
            NotImplementedError: A subclass has to say it.
        """
        raise NotImplementedError("say where the hub is: def reach(self): return hocket_io.testing.reach(TARGET)")

    def make_world(self, seed: int, *, agents: int, history: int, window: int) -> AcpWorld:
        """Its agents are known nowhere; its hub is the one that is reached."""
        self._probe = probe = self._stack.enter_context(self.reach())
        suffix = probe.fresh_id()
        return AcpWorld(
            seed,
            hub=self.make_hub,
            client=self.make_client,
            kinds=self.kinds,
            names=[f"{name} {suffix}" for name in AGENTS],
            deadlines=ANY_TIME,
            agents=agents,
        )

    def make_hub(self, entropy: Entropy, history: int) -> HubNode:
        """What stands for the hub."""
        assert self._probe is not None, "a world is made when the hub is reached"
        return Reached(self._probe)

    def teardown(self) -> None:
        """Let everything end, and hang up."""
        with self._stack:
            super().teardown()
