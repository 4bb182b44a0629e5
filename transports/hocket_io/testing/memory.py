"""An agent in this process, as if it were behind an HTTP server: on virtual time, without sockets, seen from a thread.

It runs as it would be served, in the same application; only what carries the requests is not there.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import anyio
from attrs import define, field

from hocket.agent import Agent
from hocket.entropy import seeded
from hocket.testing.place import CardFound, Place
from hocket.testing.probe import PATIENCE, Ask, Binding, ProtocolName
from hocket_io.entropy import entropy_given
from hocket_io.http.asgi import App
from hocket_io.testing.app import RunningApp
from hocket_io.testing.clocks import LoopName, time_in
from hocket_io.testing.conversations import StagedConversation
from hocket_io.testing.stage import virtual_stage
from hocket_io.testing.witness import WatchedStage, Witness

__all__ = ["URL", "MemoryProbe"]

URL = "http://agent/"
"""Where an agent in memory is; nobody else gets there."""


@define(eq=False)
class MemoryProbe:
    """A probe of an agent in this process; see `hocket.testing.probe.Probe`. A context manager.

    Args:
        agent: Who is tested.
        target: What it is called.
        loop: The event loop it runs on.
        seed: What the ids come from that it is given.
    """

    agent: Agent
    target: str
    loop: LoopName = "asyncio"
    seed: int = 0
    place: Place = field(default=Place(url=URL), init=False)
    _witness: Witness = field(factory=Witness, init=False)
    _stage: WatchedStage = field(init=False)
    _running: RunningApp = field(init=False)
    _stack: ExitStack = field(factory=ExitStack, init=False)
    _world: ExitStack = field(factory=ExitStack, init=False)
    _ids: itertools.count[int] = field(factory=lambda: itertools.count(1), init=False)

    def __enter__(self) -> Self:
        self._stack.enter_context(time_in(self.agent.function.__module__))
        self._stack.callback(lambda: self._world.close())
        try:
            self._start()
            self._look_at_card()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def protocol(self) -> ProtocolName:
        """What it speaks."""
        return "a2a"

    @property
    def binding(self) -> Binding:
        """What carries that."""
        return "memory"

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions of A2A that its card declares."""
        return self.place.versions

    @property
    def card(self) -> Mapping[str, Any] | None:
        """Its agent card as JSON."""
        return self.place.card

    @property
    def raised(self) -> list[BaseException]:
        """What its code has raised since it was started, with the traceback."""
        return list(self._witness.raised)

    @property
    def printed(self) -> str:
        """The last of what it has printed since it was started."""
        return self._witness.printed

    def open(self, ask: Ask) -> StagedConversation:
        """Ask."""
        return self._running.open(self.place.url_of(ask), ask)

    def curl(self, ask: Ask) -> None:
        """Nobody can reach it from a shell."""

    def fresh_id(self) -> str:
        """An id that this probe has not given since the last start."""
        return f"id-{next(self._ids)}"

    def wait(self, seconds: float) -> None:
        """Let time pass for the agent."""
        self._stage.run(anyio.sleep, seconds)

    def restart(self) -> None:
        """Start it anew: another event loop, another host, the first second and the first ids again."""
        self._world.close()
        self._start()

    def _start(self) -> None:
        self._witness, self._ids = Witness(), itertools.count(1)
        self._world = ExitStack()
        with entropy_given(seeded(self.seed)):  # whatever begins on the stage has it from here
            stage = WatchedStage(virtual_stage(self.loop), self._witness)
        self._stage = self._world.enter_context(stage)
        self._running = RunningApp(App(self.agent, allowed_hosts=("*",), keep_alive=None), self._stage)
        self._running.start()
        self._world.callback(self._running.stop)

    def _look_at_card(self) -> None:
        found = CardFound(URL, {})
        while (ask := found.next_ask()) is not None:
            conversation = self.open(ask)
            body = conversation.next(PATIENCE) or b""
            found.receive(conversation.status or 0, body)
        self.place = found.place()
