"""An agent in this process, as if it were behind an HTTP server: on virtual time, without sockets.

It runs as it would be served, in the same application; only what carries the requests is not there.
"""

from __future__ import annotations

from contextlib import ExitStack

from attrs import define, field

from hocket.agent import Agent
from hocket.entropy import seeded
from hocket.testing.probe import Ask, Binding
from hocket_io.entropy import entropy_given
from hocket_io.http.asgi import App
from hocket_io.testing.app import RunningApp
from hocket_io.testing.clocks import LoopName, VirtualClock, time_in
from hocket_io.testing.conversations import StagedConversation
from hocket_io.testing.stage import virtual_stage
from hocket_io.testing.watchdog import LIMIT, Watchdog
from hocket_io.testing.witness import WatchedStage, Witness

__all__ = ["Memory"]


@define(eq=False)
class Memory:
    """What carries requests to an agent in this process; see `Carrier`.

    Each start is the first: the same second, the same ids, and an agent that knows nothing.

    Args:
        agent: Who is asked.
        loop: The event loop that it runs on.
        seed: What the ids come from that it is given.
        spins: Seconds of the processor that it may take for itself before it is stopped; fewer, once it was.
    """

    agent: Agent
    loop: LoopName = "asyncio"
    seed: int = 0
    spins: float = LIMIT
    stage: WatchedStage = field(init=False)
    _running: RunningApp = field(init=False)
    _stack: ExitStack = field(factory=ExitStack, init=False)

    @property
    def binding(self) -> Binding:
        """What carries them."""
        return "memory"

    @property
    def url(self) -> str:
        """Where the agent is; nobody else gets there."""
        return "http://agent/"

    @property
    def can_restart(self) -> bool:
        """It can."""
        return True

    @property
    def raised(self) -> list[BaseException]:
        """What the agent has raised since the start."""
        return list(self.stage.witness.raised)

    def start(self) -> None:
        """Let the agent run.

        Raises:
            LocalProtocolError: It has no function, or an event loop runs here already.
        """
        module = getattr(self.agent.function, "__module__", "")
        with ExitStack() as stack:
            stack.enter_context(time_in(module))
            with entropy_given(seeded(self.seed)):  # whatever begins on the stage has it from here
                clock = VirtualClock()
                stage = WatchedStage(virtual_stage(self.loop, clock), Witness(), Watchdog(clock, self.spins))
            self.stage = stack.enter_context(stage)
            self._running = RunningApp(stage.run(self._served), stage)
            self._running.start()
            stack.callback(self._running.stop)
            self._stack = stack.pop_all()

    def stop(self) -> None:
        """End it."""
        self._stack.close()
        self.spins = self.stage.watchdog.limit

    def open(self, url: str, ask: Ask) -> StagedConversation:
        """Ask."""
        return self._running.open(url, ask)

    async def _served(self) -> App:
        """The application, which looks at the clock when it is made."""
        return App(self.agent, allowed_hosts=("*",), keep_alive=None)

    def curl(self, url: str, ask: Ask) -> None:
        """Nobody can reach it from a shell."""
