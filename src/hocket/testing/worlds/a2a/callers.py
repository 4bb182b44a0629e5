"""Callers: the clients of a world, each a place of the network, with its pipes and its calls over HTTP."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from hocket.a2a import ClientCall, Outcome
from hocket.errors import ConnectionFailed, HocketError, RequestTimeout
from hocket.http import Request
from hocket.http.resuming import ResumingCall
from hocket.testing.network import Node
from hocket.testing.violation import Violation
from hocket.testing.worlds.a2a.http import Incoming, request_bytes
from hocket.testing.worlds.a2a.ports import Teller
from hocket.testing.worlds.a2a.reading import Reading
from hocket.timers import Timers

__all__ = ["PATIENCE", "Asking", "Caller", "HttpEnd", "PipeEnd", "Stranger"]

PATIENCE = 40.0
"""Seconds of silence after which a client gives up the stream of a response: longer than between two comments."""


@define(eq=False)
class PipeEnd:
    """The client's end of a pipe, and the calls on it."""

    teller: Teller
    agent: str
    readings: dict[ClientCall, Reading] = field(factory=dict)
    is_ended: bool = field(default=False, init=False)
    """Whether there can be no more calls."""

    @property
    def is_closed(self) -> bool:
        """Whether nothing more comes out of it."""
        return self.teller.is_closed

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes of the server."""
        self.teller.receive_data(data, now)
        self.look()

    def receive_eof(self, now: float) -> None:
        """The server says nothing more: all calls that wait are over."""
        self.is_ended = True
        self.teller.receive_eof(now)
        self.look()

    def receive_failure(self, error: HocketError, now: float) -> None:
        """The connection broke: they could not help it."""
        for reading in self.readings.values():
            reading.is_disturbed = True
        self.receive_eof(now)

    def handle_timeout(self, now: float) -> None:
        """A moment has come."""
        self.teller.handle_timeout(now)
        self.look()

    def next_timeout(self) -> float | None:
        """When that is."""
        return self.teller.next_timeout()

    def next_event(self) -> None:
        """They were taken already, and looked at."""

    def data_to_send(self) -> list[bytes]:
        """Requests."""
        return self.teller.data_to_send()

    def look(self) -> None:
        """See what has come to which call."""
        while (call := self.teller.next_event()) is not None:
            if isinstance(call, ClientCall) and call in self.readings:
                self.readings[call].look()

    def drop(self, reading: Reading, now: float) -> None:
        """Want nothing more of a call."""
        reading.is_dropped = True
        del self.readings[reading.call]
        self.teller.drop(reading.call, now)


@define(eq=False)
class Asking:
    """One call over HTTP, which may take several connections, one after the other."""

    machine: ResumingCall[Request]
    reading: Reading
    agent: str
    pauses: Timers[Asking]
    connect: Callable[[Asking, Request, float], None]
    requests: list[Request] = field(factory=list, init=False)

    def go_on(self, now: float) -> None:
        """Look at what has come, and ask what is to be asked next."""
        self.reading.look()
        request = self.machine.next_request()
        if request is not None:
            self.requests.append(request)
            self.connect(self, request, now)
        elif (at := self.machine.next_timeout()) is not None:
            self.pauses.set(self, at)
        else:
            self._check_effort()

    def _check_effort(self) -> None:
        """Who has lost a stream has tried to get it back, as often as it may.

        Raises:
            Violation: `ended-not-cut`: it has not.
        """
        call, page, backoff = self.machine.call, self.reading.page, self.machine.backoff
        if (
            call.outcome is not Outcome.CUT
            or backoff is None
            or page is None
            or page.is_lost
            or self.reading.is_dropped
        ):
            return
        if call.reader.task_id is not None and not self.reading.was_refused and len(self.requests) <= backoff.attempts:
            asked = len(self.requests)
            raise Violation("ended-not-cut", f"{self.reading.name}: it was cut, and given up after {asked} requests")

    def resume(self, now: float) -> None:
        """It is time to ask again."""
        self.machine.handle_timeout(now)
        self.go_on(now)


@define(eq=False)
class HttpEnd:
    """The client's end of a connection with one request, and the response to it."""

    asking: Asking
    request: Request
    heard: float
    is_closed: bool = field(default=False, init=False)
    _incoming: Incoming = field(factory=Incoming, init=False)
    _is_sent: bool = field(default=False, init=False)
    _has_head: bool = field(default=False, init=False)

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes of the response."""
        if self.is_closed:
            return
        if not self._has_settled:
            self.heard = now
        machine, incoming = self.asking.machine, self._incoming
        body = incoming.receive(data)
        if incoming.start and not self._has_head:
            self._has_head = True
            machine.receive_head(int(incoming.start.split()[1]), incoming.headers, now)
        if body:
            machine.receive_data(body, now)
        if incoming.is_complete:
            machine.receive_eof(now)
            self._check_end()
        if incoming.is_complete or (not machine.is_reading and not self._has_settled):
            self.is_closed = True
        self.asking.go_on(now)

    def receive_eof(self, now: float) -> None:
        """The server has closed the connection in good order.

        Raises:
            Violation: `ended-not-cut`: in the middle of a response.
        """
        if not self.is_closed:
            raise Violation("ended-not-cut", f"a server has closed the connection before {self._said} was complete")

    def receive_failure(self, error: HocketError, now: float) -> None:
        """The connection broke."""
        if not self.is_closed:
            self.asking.reading.is_disturbed = True
            self._fail(ConnectionFailed(f"the connection broke: {error}"), now)

    def next_timeout(self) -> float | None:
        """When a stream has been silent for too long, or was not ended for too long after its last event."""
        if self.is_closed or not self.asking.machine.call.is_streaming:
            return None
        return self.heard + PATIENCE

    def handle_timeout(self, now: float) -> None:
        """Give up a stream that is silent.

        Raises:
            Violation: `silence`: there was no reason for it. `every-call-ends`: all was told, and it goes on.
        """
        at = self.next_timeout()
        if at is None or now < at:
            return
        name, is_disturbed = self.asking.reading.name, self.asking.reading.is_disturbed
        if not is_disturbed and self._has_settled:
            raise Violation("every-call-ends", f"{name}: its last event came, and the server does not end it")
        if not is_disturbed:
            raise Violation("silence", f"{name}: nothing came for {PATIENCE:g} s, not even a comment")
        self._fail(RequestTimeout(f"nothing came for {PATIENCE:g} s"), now)

    def next_event(self) -> None:
        """There are none."""

    def data_to_send(self) -> list[bytes]:
        """The request, once."""
        if self._is_sent:
            return []
        self._is_sent = True
        return [request_bytes(self.request)]

    @property
    def _said(self) -> str:
        return f"the body of {self._incoming.start!r}" if self._has_head else "the head of its response"

    def end_early(self, now: float) -> None:
        """A proxy on the way has lost the server, and ends the response as if that were all."""
        if self._has_head and not self.is_closed:
            self.is_closed = self.asking.reading.is_disturbed = True
            self.asking.machine.receive_eof(now)
            self.asking.go_on(now)

    def _check_end(self) -> None:
        """The server has ended the response in good order: then it is no stream that is taken for a cut one."""
        media_type = dict(self._incoming.headers).get("content-type", "")
        if media_type.startswith("text/event-stream") and self.asking.machine.next_timeout() is not None:
            page, after = self.asking.reading.page, self.asking.reading.after
            raise Violation(
                "ended-early",
                f"{self.asking.reading.name}: the server ends it in good order after entry {after}, "
                f"and the task goes on: {'' if page is None or not after else page.folds[after - 1].state.value}",
            )

    @property
    def _has_settled(self) -> bool:
        """Whether the last event of a stream has come: then the server is to end the response, too."""
        return self.asking.machine.call.outcome is Outcome.SETTLED

    def _fail(self, error: HocketError, now: float) -> None:
        self.is_closed = True
        self.asking.machine.receive_failure(error, now)
        self.asking.go_on(now)


@define(eq=False)
class Stranger:
    """An end that says something once, and does not listen: a request that comes a second time, or what no one says."""

    data: bytes
    is_closed: bool = field(default=False, init=False)

    def receive_data(self, data: bytes, now: float) -> None:
        """Whatever it is."""

    def receive_eof(self, now: float) -> None:
        """That was it."""
        self.is_closed = True

    def handle_timeout(self, now: float) -> None:
        """It waits for nothing."""

    def next_timeout(self) -> None:
        """It waits for nothing."""

    def next_event(self) -> None:
        """There are none."""

    def data_to_send(self) -> list[bytes]:
        """What it has to say."""
        data, self.data = self.data, b""
        return [data] if data else []


@define(eq=False)
class Caller:
    """A client: the place where its calls begin. Nobody connects to it."""

    name: str
    pipes: dict[str, PipeEnd] = field(factory=dict, init=False)
    pauses: Timers[Asking] = field(factory=Timers, init=False)

    def accept(self, link: str, now: float) -> None:
        """Nobody connects to a client."""

    def gone(self, link: str, now: float) -> None:
        """Nobody was connected."""

    def restarted(self, keep_log: bool, now: float) -> Node:
        """It has nothing on its disk."""
        return Caller(self.name)

    def next_timeout(self) -> float | None:
        """When a call that was cut is to ask again."""
        return self.pauses.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Ask again."""
        for asking in self.pauses.due(now):
            asking.resume(now)
