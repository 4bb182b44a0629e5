"""A2AMachine: Hypothesis plays clients, servers, agents, stores and the network. One rule for each action of the world.

What fails is printed as a program that one can read, and paste::

    state = A2AMachine()
    state.begin(agents=1, clients=1, seed=0, at_work=False)
    state.send(agent=0, client=0, way='stream over HTTP')
    state.wait(seconds=0.5)
    state.speak(who=0, words=1)
    state.cut(which=0)
    state.teardown()
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from hocket.testing.machines.balance import Balance
from hocket.testing.simulation.actions import FAULTS
from hocket.testing.worlds.a2a import A2AWorld, OurServer, Teller, Tested
from hocket.testing.worlds.a2a.choices import DELAYS, ENDS, JUMPS, LATENCIES, PACES, REVISIONS, SECONDS, STATES
from hocket.testing.worlds.a2a.ours import our_teller
from hocket.testing.worlds.a2a.ways import WAYS

__all__ = ["A2AMachine"]

_FAULT_OF = {action.name: action.fault for action in A2AWorld.ACTIONS}
_WHICH = st.integers(0, 9)
_WAYS = [way.name for way in WAYS]

Rule = TypeVar("Rule", bound=Callable[..., Any])


def _when(action: str) -> Callable[[Rule], Rule]:
    """A rule counts where the world has what the action needs, and the machine plays faults of its kind."""
    return precondition(lambda self: self.can(action))


class A2AMachine(RuleBasedStateMachine):
    """A world of A2A in the hands of Hypothesis. A subclass says what is tested, and pytest runs its `TestCase`.

    What is given is a server and the client's end of a pipe; all else is the machine's. Whatever happens, a reader is
    told what the agent has said, in order, once and whole; see `hocket.testing.worlds.a2a`.

    Attributes:
        faults: The kinds of faults that are played; all of them, if nothing else is said.
        most_agents: How many agents there may be.
        most_clients: How many clients.

    >>> from hypothesis import settings
    >>> from hypothesis.stateful import run_state_machine_as_test
    >>> run_state_machine_as_test(A2AMachine, settings=settings(max_examples=2, stateful_step_count=5, database=None))
    """

    faults: ClassVar[Sequence[str]] = tuple(FAULTS)
    most_agents: ClassVar[int] = 2
    most_clients: ClassVar[int] = 3

    def __init__(self) -> None:
        super().__init__()
        self.world: A2AWorld | None = None
        self._has_failed = False
        self._balance = Balance()

    def make_server(self, seed: int) -> Tested:
        """A server to be tested; ours, if nothing else is said.

        Args:
            seed: Where its ids come from. No two servers of one world are given the same one.
        """
        return OurServer(seed)

    def make_client(self) -> Teller:
        """The client's end of a pipe; ours, if nothing else is said."""
        return our_teller()

    def can(self, action: str) -> bool:
        """Whether an action makes sense now, and is one that is played here."""
        fault = _FAULT_OF[action]
        if fault is not None and (fault not in self.faults or not self._balance.allows_fault):
            return False
        return self.world is not None and self.world.can(action)

    @initialize(
        seed=st.integers(0, 99),
        agents=st.runner().flatmap(lambda self: st.integers(1, self.most_agents)),
        clients=st.runner().flatmap(lambda self: st.integers(1, self.most_clients)),
        at_work=st.booleans(),
    )
    def begin(self, seed: int, agents: int, clients: int, at_work: bool = False) -> None:
        """A new world. If an agent is `at_work`, ada has sent it a message, and half a second has passed."""
        self.world = A2AWorld(seed, agents=agents, clients=clients, server=self.make_server, client=self.make_client)
        if at_work:
            self._act("send", 0, 0, 0)
            self._act("wait", SECONDS.index(0.5))

    def _act(self, action: str, *numbers: int) -> None:
        assert self.world is not None, "begin comes first"
        if action != "wait":
            self._balance.count(_FAULT_OF[action])
        try:
            self.world.act(action, numbers)
            self.world.check()
        except BaseException:
            self._has_failed = True
            raise

    # Clients ------------------------------------------------------------------------------------------------------

    @rule(client=_WHICH, agent=_WHICH, way=st.sampled_from(_WAYS))
    def send(self, client: int, agent: int, way: str) -> None:
        """A message that begins a task."""
        self._act("send", client, agent, _WAYS.index(way))

    @_when("follow_up")
    @rule(client=_WHICH, task=_WHICH, way=st.sampled_from(_WAYS))
    def follow_up(self, client: int, task: int, way: str) -> None:
        """A further message to a task, whether it waits for one or not."""
        self._act("follow_up", client, task, _WAYS.index(way))

    @_when("answer")
    @rule(client=_WHICH, task=_WHICH, way=st.sampled_from(_WAYS))
    def answer(self, client: int, task: int, way: str) -> None:
        """A message to a task that waits for one."""
        self._act("answer", client, task, _WAYS.index(way))

    @_when("repeat")
    @rule(client=_WHICH, message=_WHICH, way=st.sampled_from(_WAYS))
    def repeat(self, client: int, message: int, way: str) -> None:
        """A message that was sent before, once more."""
        self._act("repeat", client, message, _WAYS.index(way))

    @_when("subscribe")
    @rule(client=_WHICH, task=_WHICH, way=st.sampled_from(_WAYS), seen=st.none() | st.integers(0, 19))
    def subscribe(self, client: int, task: int, way: str, seen: int | None) -> None:
        """Read a task along: from a snapshot, or after the entry of its log that was seen last."""
        self._act("subscribe", client, task, _WAYS.index(way), 0 if seen is None else 3 * seen + 1)

    @_when("get")
    @rule(client=_WHICH, task=_WHICH, way=st.sampled_from(_WAYS))
    def get(self, client: int, task: int, way: str) -> None:
        """Ask how a task stands."""
        self._act("get", client, task, _WAYS.index(way))

    @_when("cancel")
    @rule(client=_WHICH, task=_WHICH, way=st.sampled_from(_WAYS))
    def cancel(self, client: int, task: int, way: str) -> None:
        """Cancel a task, and wait until it is."""
        self._act("cancel", client, task, _WAYS.index(way))

    @rule(client=_WHICH, agent=_WHICH)
    def list_tasks(self, client: int, agent: int) -> None:
        """List the tasks of an agent."""
        self._act("list", client, agent, 0)

    @_when("drop")
    @rule(which=_WHICH)
    def drop(self, which: int) -> None:
        """Want nothing more of one call on a pipe."""
        self._act("drop", which)

    @_when("hang_up")
    @rule(which=_WHICH, wants_answers=st.booleans())
    def hang_up(self, which: int, wants_answers: bool) -> None:
        """Close a connection, or the half of a pipe by which one asks."""
        self._act("hang_up", which, int(wants_answers))

    # Agents -------------------------------------------------------------------------------------------------------

    @_when("speak")
    @rule(who=_WHICH, words=st.integers(1, 5))
    def speak(self, who: int, words: int) -> None:
        """An agent says some words."""
        self._act("speak", who, words - 1)

    @_when("become")
    @rule(who=_WHICH, state=st.sampled_from([state.value for state in STATES]))
    def become(self, who: int, state: str) -> None:
        """An agent says in which state its task is."""
        self._act("become", who, [each.value for each in STATES].index(state))

    @_when("revise")
    @rule(who=_WHICH, how=st.sampled_from(REVISIONS))
    def revise(self, who: int, how: str) -> None:
        """An agent sends an artifact in chunks, and then once more as a whole."""
        self._act("revise", who, REVISIONS.index(how))

    @_when("ask")
    @rule(who=_WHICH, wants=st.sampled_from(["input", "auth"]))
    def ask(self, who: int, wants: str) -> None:
        """An agent asks its user something, and waits."""
        self._act("ask", who, 0 if wants == "input" else 2)

    @_when("end")
    @rule(who=_WHICH, how=st.sampled_from(sorted(set(ENDS), key=ENDS.index)))
    def end(self, who: int, how: str) -> None:
        """An agent's function returns, raises, or is gone without a word."""
        self._act("end", who, ENDS.index(how))

    # The clock, the network, the store ----------------------------------------------------------------------------

    @rule(seconds=st.sampled_from(SECONDS))
    def wait(self, seconds: float) -> None:
        """Time passes, and whatever is due happens."""
        self._act("wait", SECONDS.index(seconds))

    @_when("cut")
    @rule(which=_WHICH)
    def cut(self, which: int) -> None:
        """A connection breaks."""
        self._act("cut", which)

    @_when("end_early")
    @rule(which=_WHICH)
    def end_early(self, which: int) -> None:
        """A proxy ends a response in the middle, as if it were complete."""
        self._act("end_early", which)

    @_when("stall")
    @rule(which=_WHICH)
    def stall(self, which: int) -> None:
        """A client reads nothing more of a connection."""
        self._act("stall", which)

    @_when("slow")
    @rule(which=_WHICH, bytes_a_second=st.sampled_from(PACES))
    def slow(self, which: int, bytes_a_second: float) -> None:
        """A client reads slowly."""
        self._act("slow", which, PACES.index(bytes_a_second))

    @_when("resume")
    @rule(which=_WHICH)
    def resume(self, which: int) -> None:
        """A client reads as fast as it can again."""
        self._act("resume", which)

    @_when("delay")
    @rule(which=_WHICH, latency=st.sampled_from(DELAYS))
    def delay(self, which: int, latency: tuple[float, float]) -> None:
        """A connection takes longer, or no time at all."""
        self._act("delay", which, DELAYS.index(latency))

    @_when("overtake")
    @rule(which=_WHICH)
    def overtake(self, which: int) -> None:
        """All connections are faster than this one."""
        self._act("overtake", which)

    @_when("store_slow")
    @rule(agent=_WHICH, seconds=st.sampled_from(LATENCIES))
    def store_takes(self, agent: int, seconds: float) -> None:
        """A store takes so long for each thing."""
        self._act("store_slow", agent, LATENCIES.index(seconds))

    @_when("partition")
    @rule(client=_WHICH, agent=_WHICH)
    def partition(self, client: int, agent: int) -> None:
        """Nothing passes between a client and an agent, and neither is told."""
        self._act("partition", client, agent)

    @_when("heal")
    @rule()
    def heal(self) -> None:
        """Everything passes again."""
        self._act("heal")

    @_when("crash")
    @rule(agent=_WHICH, keeps_log=st.booleans())
    def crash(self, agent: int, keeps_log: bool) -> None:
        """A server dies; its log may die with it."""
        self._act("crash", agent, 0 if keeps_log else 2)

    @_when("restart")
    @rule(which=_WHICH)
    def restart(self, which: int) -> None:
        """A server that died is started again."""
        self._act("restart", which)

    @_when("jump")
    @rule(who=_WHICH, seconds=st.sampled_from(JUMPS))
    def jump(self, who: int, seconds: float) -> None:
        """A clock goes ahead."""
        self._act("jump", who, JUMPS.index(seconds))

    @_when("duplicate")
    @rule(which=_WHICH)
    def duplicate(self, which: int) -> None:
        """A request comes a second time."""
        self._act("duplicate", which)

    @_when("hostile")
    @rule(agent=_WHICH, what=st.integers(0, 39), over=st.sampled_from(["HTTP", "a pipe"]))
    def say_something_strange(self, agent: int, what: int, over: str) -> None:
        """Somebody says to an agent what no one should."""
        self._act("hostile", agent, what, 0 if over == "HTTP" else 1)

    # The end -----------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Everything heals, everybody says the last word and goes; then nobody waits, and nothing is left."""
        if self.world is not None and not self._has_failed:
            self.world.finish()
