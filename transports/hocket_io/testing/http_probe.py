"""A probe of an agent that is asked with requests of HTTP, whatever carries them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol, Self

import anyio
from attrs import define, field

from hocket import codec
from hocket.errors import AuthenticationError, CodecError, ConnectionFailed
from hocket.http.words import shown_url
from hocket.testing.place import CardFound, Place
from hocket.testing.probe import Ask, Binding, ProtocolName
from hocket_io.testing.conversations import StagedConversation
from hocket_io.testing.stage import Stage

__all__ = ["Carrier", "HttpProbe"]

_LOOKING = 30.0
"""Seconds that the agent may take to show its card."""


class Carrier(Protocol):
    """What carries requests to an agent, and its responses."""

    @property
    def binding(self) -> Binding:
        """What it is."""

    @property
    def url(self) -> str:
        """Where the agent is."""

    @property
    def stage(self) -> Stage:
        """Where responses come."""

    @property
    def can_restart(self) -> bool:
        """Whether stopping and starting makes the agent a new one."""

    @property
    def raised(self) -> list[BaseException]:
        """What the agent has raised since the start, where that can be known."""

    def start(self) -> None:
        """Begin to work."""

    def stop(self) -> None:
        """End it."""

    def open(self, url: str, ask: Ask) -> StagedConversation:
        """Send a request."""

    def curl(self, url: str, ask: Ask) -> str | None:
        """A line for a shell that sends it."""


@define(eq=False)
class HttpProbe:
    """A probe of an A2A agent; see `hocket.testing.probe.Probe`. A context manager.

    Args:
        target: What it is, as it may be shown.
        carrier: What carries the requests.
        prefix: What the ids begin with that it makes; another one for each that asks the same server.

    Raises:
        ConnectionFailed: On entering: nothing answers there, or what answers is no agent.
        AuthenticationError: On entering: it wants credentials.
    """

    target: str
    carrier: Carrier
    prefix: str = "id"
    place: Place = field(init=False)
    _ids: itertools.count[int] = field(factory=lambda: itertools.count(1), init=False)

    def __enter__(self) -> Self:
        self.carrier.start()
        try:
            self.place = self._find()
        except BaseException:
            self.carrier.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.carrier.stop()

    @property
    def protocol(self) -> ProtocolName:
        """What it speaks."""
        return "a2a"

    @property
    def binding(self) -> Binding:
        """What carries that."""
        return self.carrier.binding

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions of A2A that its card declares; all that we speak where it has none."""
        return self.place.versions

    @property
    def card(self) -> Mapping[str, Any] | None:
        """Its agent card as JSON; None where it has none."""
        return self.place.card

    @property
    def raised(self) -> list[BaseException]:
        """What its own code has raised since it was started. Known in this process only."""
        return self.carrier.raised

    def open(self, ask: Ask) -> StagedConversation:
        """Ask. What is wrong on the way is seen in the conversation: it is then cut."""
        return self.carrier.open(self.place.url_of(ask), ask)

    def curl(self, ask: Ask) -> str | None:
        """A line for a shell that asks the same; None where there is nobody to be reached from a shell."""
        return self.carrier.curl(self.place.url_of(ask), ask)

    def fresh_id(self) -> str:
        """An id that this probe has not given before, or not since the agent was started anew."""
        return f"{self.prefix}-{next(self._ids)}"

    def wait(self, seconds: float) -> None:
        """Let time pass at the target."""
        self.carrier.stage.run(anyio.sleep, seconds)

    def restart(self) -> None:
        """Start the agent anew where that is possible: in this process."""
        if self.carrier.can_restart:
            self.carrier.stop()
            self.carrier.start()
            self._ids = itertools.count(1)

    def _find(self) -> Place:
        """Look for the card; where there is none, see whether an agent is there all the same."""
        found = CardFound(self.carrier.url)
        self.place = Place(url=self.carrier.url)
        while (ask := found.next_ask()) is not None:
            conversation = self.open(ask)
            body = conversation.next(_LOOKING)
            self._check_reached(conversation)
            found.receive(conversation.status or 0, body or b"")
        if not found.has_card:
            self._check_speaks()
        return found.place()

    def _check_reached(self, conversation: StagedConversation) -> None:
        url = shown_url(self.carrier.url)
        if conversation.end == "silent":
            does = "answer" if conversation.status is None else "end its answer"
            raise ConnectionFailed(f"{url} takes requests and does not {does}: {_LOOKING:g} s were waited")
        if conversation.status is None:
            raise ConnectionFailed(conversation.reason or f"{url} gave no response")

    def _check_speaks(self) -> None:
        conversation = self.open(Ask.call("tasks/get", {"id": "no such task"}, version="0.3"))
        said = conversation.next(_LOOKING)
        self._check_reached(conversation)
        url, status = shown_url(self.carrier.url), conversation.status
        if status in (401, 403, 407):
            raise AuthenticationError(f"{url} wants other credentials: HTTP {status}")
        try:
            answer = codec.loads(said or b"")
        except CodecError:
            answer = None
        if not isinstance(answer, dict) or "jsonrpc" not in answer:
            raise ConnectionFailed(
                f"there is no agent at {url}: no card at /.well-known/agent-card.json, and what it answers to JSON-RPC "
                f"is none (HTTP {status}); give the address of an agent, or that of its card"
            )
