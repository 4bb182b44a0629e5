"""What is tested, as the world sees it: an A2A server and the client's end of a pipe. The defaults are ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from hocket.a2a import ClientCall, Operation, Output, Params, Stored, StreamItem, TaskPage
from hocket.a2a.holding import Holding
from hocket.endpoint import Endpoint
from hocket.log import Entry

__all__ = ["Core", "MakeServer", "MakeTeller", "Served", "Teller", "Tested"]


class Served(Endpoint[object], Protocol):
    """The server's end of one connection."""

    def ring(self) -> None:
        """The server has something for this link (its output `Ready`): take it when there is room on the way."""


class Core(Protocol):
    """The server itself: what `hocket.a2a.Server` has for a store and for a runner.

    It asks with the outputs of `hocket.a2a` (Append, Load, Run, Interrupt …). One that keeps its log by itself says
    `Append` all the same, so that the world knows of it.
    """

    def next_output(self) -> Output | None:
        """What it wants of the world."""

    def feed(self, task_id: str, entries: Sequence[Entry[StreamItem]], now: float) -> None:
        """These were appended."""

    def append_refused(self, task_id: str, now: float) -> None:
        """They were not: the log ends elsewhere."""

    def loaded(self, task_id: str, stored: Stored | None, now: float) -> None:
        """What the store has."""

    def found(self, ticket: int, page: TaskPage | None, now: float) -> None:
        """What the store has found."""

    def started(self, task_id: str, run: int, now: float) -> None:
        """The agent begins."""

    def emit(self, task_id: str, run: int, items: Sequence[StreamItem], now: float) -> None:
        """The agent says this; LocalProtocolError if it may not."""

    def asked(self, task_id: str, run: int, now: float) -> None:
        """The agent waits for an answer."""

    def ended(self, task_id: str, run: int, now: float) -> None:
        """The agent is done."""

    def next_timeout(self) -> float | None:
        """When it wants to be called."""

    def handle_timeout(self, now: float) -> None:
        """That time has come."""


class Tested(Protocol):
    """An A2A server whose agent is played by the world, and whose log the world keeps."""

    @property
    def core(self) -> Core:
        """What asks the world for things, and is told."""

    def pipe(self, link: str, now: float) -> Served:
        """A new connection that speaks the pipe binding (`hocket.a2a.pipe`)."""

    def http(self, link: str, now: float) -> Served:
        """A new connection that speaks HTTP/1.1: one request, one response."""

    def disconnect(self, link: str, now: float) -> None:
        """A connection is over."""

    def holding(self) -> Holding | None:
        """What it holds in memory; None where it does not say."""


class Teller(Endpoint[object], Protocol):
    """The client's end of a pipe: what `hocket.a2a.PipeClient` has."""

    def call(
        self, operation: Operation, params: Params, now: float, headers: Mapping[str, str] | None = None
    ) -> ClientCall:
        """Ask for something."""

    def drop(self, call: ClientCall, now: float) -> None:
        """Want nothing more of a call."""


MakeServer = Callable[[int], Tested]
"""Makes a server; the number is a seed for its ids, another one each time."""

MakeTeller = Callable[[], Teller]
"""Makes the client's end of a pipe."""
