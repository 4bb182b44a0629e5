"""OurServer: `hocket.a2a.Server` with its pipes and its HTTP, as the world tests it."""

from __future__ import annotations

from typing import Literal

from attrs import define, field

from hocket.a2a import V1_0, AgentCard, Delivery, PipeClient, PipeServer, Server, ServerLimits
from hocket.a2a.holding import Holding, holding
from hocket.a2a.ports import amount
from hocket.entropy import seeded
from hocket.errors import HocketError
from hocket.framing import Ndjson
from hocket.http import Response, Routes
from hocket.http.answer import Answer
from hocket.log import LogLimits
from hocket.testing.worlds.a2a.http import ONE_MORE_CHUNK, Incoming, chunk, request_of, response_bytes
from hocket.testing.worlds.a2a.ports import Served

__all__ = ["LIMITS", "OurServer", "ServedHttp", "ServedPipe", "our_teller"]

LIMITS = ServerLimits(tasks=6, calls=8, cancel_grace=5.0, answer_grace=10.0, patience=30.0, log=LogLimits(entries=8))
"""Small ones, so that a world comes to them: a slow reader falls behind soon, and idle tasks make room."""

_PORTION = 8
"""Deliveries that are taken at once: what is not taken stays in the log, and not in memory a second time."""


def our_teller() -> PipeClient:
    """The client's end of a pipe."""
    return PipeClient(Ndjson(), V1_0)


@define(eq=False)
class ServedPipe:
    """The server's end of a pipe. It takes what there is for it when there is room on the way."""

    server: Server
    link: str
    now: float
    pipe: PipeServer = field(init=False)
    _is_ready: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self.pipe = PipeServer(self.server, self.link, Ndjson())

    @property
    def is_closed(self) -> bool:
        """Whether the client has all it wanted."""
        return self.pipe.is_closed

    def ring(self) -> None:
        """There is something to take."""
        self._is_ready = True

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes of the client."""
        self.now = now
        self.pipe.receive_data(data, now)

    def receive_eof(self, now: float) -> None:
        """The client says nothing more."""
        self.now = now
        self.pipe.receive_eof(now)

    def handle_timeout(self, now: float) -> None:
        """A moment has come."""
        self.now = now
        self.pipe.handle_timeout(now)

    def next_timeout(self) -> float | None:
        """When that is."""
        return self.pipe.next_timeout()

    def next_event(self) -> None:
        """There are none."""

    def data_to_send(self) -> list[bytes]:
        """A portion of what there is."""
        if self._is_ready:
            taken = self.server.take(self.link, _PORTION)
            self._is_ready = amount(taken) >= _PORTION
            self.pipe.deliver(taken, self.now)
        return self.pipe.data_to_send()


@define(eq=False)
class ServedHttp:
    """The server's end of a connection with one request."""

    server: Server
    routes: Routes
    link: str
    now: float
    is_closed: bool = field(default=False, init=False)
    _incoming: Incoming = field(factory=Incoming, init=False)
    _body: bytearray = field(factory=bytearray, init=False)
    _answer: Answer[Delivery] | None = field(default=None, init=False)
    _has_head: bool = field(default=False, init=False)
    _is_ready: bool = field(default=False, init=False)
    _written: list[bytes] = field(factory=list, init=False)

    def ring(self) -> None:
        """There is something to take."""
        self._is_ready = True

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes of the client."""
        self.now = now
        if self._answer is not None or self.is_closed:
            return
        self._body += self._incoming.receive(data)
        if self._incoming.is_complete:
            self._ask(now)

    def receive_eof(self, now: float) -> None:
        """The client is gone."""
        self.is_closed = True

    def receive_failure(self, error: HocketError, now: float) -> None:
        """The connection broke."""
        self.is_closed = True

    def handle_timeout(self, now: float) -> None:
        """A silent stream wants its comment."""
        self.now = now
        if self._answer is not None:
            self._answer.handle_timeout(now)

    def next_timeout(self) -> float | None:
        """When that is."""
        return None if self._answer is None or self.is_closed else self._answer.next_timeout()

    def next_event(self) -> None:
        """There are none."""

    def data_to_send(self) -> list[bytes]:
        """A portion of what there is."""
        if self._answer is not None and not self.is_closed:
            self._write(self._answer)
        written, self._written = self._written, []
        return written

    def _ask(self, now: float) -> None:
        request = request_of(self._incoming, bytes(self._body))
        answer = self.routes.receive(self.link, request, self.server, now)
        if isinstance(answer, Response):
            self._respond(answer)
        else:
            self._answer = answer

    def _write(self, answer: Answer[Delivery]) -> None:
        if self._is_ready:
            taken = self.server.take(self.link, _PORTION)
            self._is_ready = amount(taken) >= _PORTION
            answer.deliver(taken, self.now)
        if (response := answer.next_response()) is not None:
            self._respond(response)
        if self._has_head:
            self._written += [chunk(data) for data in answer.data_to_send() if data]
            if answer.is_closed:
                self.is_closed = True
                self._written += [] if answer.is_cut else [ONE_MORE_CHUNK]

    def _respond(self, response: Response) -> None:
        self._written.append(response_bytes(response))
        self._has_head = response.body is None
        self.is_closed = response.body is not None


@define(eq=False)
class OurServer:
    """A server of ours.

    Args:
        seed: Of its ids.
        limits: What it holds at the most.
        on_disconnect: Whether a task goes on when nobody reads it.
        keep_alive: Seconds between the comments on a silent stream.
    """

    seed: int
    limits: ServerLimits = LIMITS
    on_disconnect: Literal["continue", "cancel"] = "continue"
    keep_alive: float | None = 15.0
    core: Server = field(init=False)
    _routes: Routes = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.core = Server(entropy=seeded(self.seed), limits=self.limits, on_disconnect=self.on_disconnect)
        self._routes = Routes(lambda url: AgentCard(name="agent"), keep_alive=self.keep_alive)

    def pipe(self, link: str, now: float) -> Served:
        """A new pipe."""
        return ServedPipe(self.core, link, now)

    def http(self, link: str, now: float) -> Served:
        """A new connection for one request."""
        return ServedHttp(self.core, self._routes, link, now)

    def disconnect(self, link: str, now: float) -> None:
        """A connection is over."""
        self.core.disconnect(link, now)

    def holding(self) -> Holding:
        """What it holds now."""
        return holding(self.core)
