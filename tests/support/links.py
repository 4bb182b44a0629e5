"""Clients on the ends of links that carry bytes when they are told to, and break: a pipe, and one call over HTTP.

Every event that a client is given is held against the log of its task.
"""

from attrs import define, field

from hocket.a2a import (
    V1_0,
    ClientCall,
    Message,
    Outcome,
    PipeClient,
    PipeServer,
    Server,
    Task,
    TaskState,
    fold,
)
from hocket.errors import ConnectionFailed
from hocket.framing import Ndjson
from hocket.http import Exchange, HttpCall, receive_rpc

FINAL = (TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELED, TaskState.REJECTED)
QUESTIONS = (TaskState.INPUT_REQUIRED, TaskState.AUTH_REQUIRED)


@define(eq=False)
class Watched:
    """One call of a client, and what it was given; every event is held against the log."""

    call: ClientCall
    truth: dict
    after: int | None = None
    """The offset that it was given last, or said it had seen."""
    done: int = 0
    is_cut: bool = False

    def look(self):
        while (event := self.call.next_event()) is not None:
            assert self.done == 0, "nothing follows the last event"
            self.done += event.done
            if event.item is not None:
                self.check(event)

    def check(self, event):
        log = self.truth[event.task_id]
        if self.call.as_stream:  # one answer, told as an event: it has no number
            assert event.done
            assert any(event.item == fold(log[:number]) for number in range(1, len(log) + 1))
            return
        assert 1 <= event.offset <= len(log)
        if isinstance(event.item, Task):
            assert event.item == fold(log[: event.offset]), "a snapshot is the fold of the log up to its offset"
            assert self.after is None or event.offset > self.after or event.offset == len(log)
        else:
            assert event.item == log[event.offset - 1]
            skipped = log[self.after or 0 : event.offset - 1]
            assert all(isinstance(item, Message) for item in skipped), "no gap, and nothing twice"
            assert self.after is None or event.offset > self.after
        self.after = event.offset

    def check_end(self):
        """The call is over: say what kind of end it was, and hold it against the log."""
        call = self.call
        if not call.is_streaming:
            assert (call.answer is None) != (call.error is None)
            return
        assert self.done == 1
        if call.outcome is Outcome.SETTLED and self.after is not None:
            state = fold(self.truth[call.reader.task_id][: self.after]).state
            assert state in FINAL or state in QUESTIONS
            if state in FINAL:
                assert self.after == len(self.truth[call.reader.task_id]), "it has everything"
        elif call.outcome is Outcome.CUT:
            assert self.is_cut or self.after is not None

    @property
    def is_waiting(self):
        return not self.call.is_closed


@define(eq=False)
class PipeLink:
    """A pipe: two queues of bytes, any number of calls."""

    name: str
    server: Server
    client: PipeClient = field(factory=lambda: PipeClient(Ndjson(), V1_0))
    served: PipeServer = field(init=False)
    up: bytearray = field(factory=bytearray)
    down: bytearray = field(factory=bytearray)
    calls: list[Watched] = field(factory=list)
    is_over: bool = False

    def __attrs_post_init__(self):
        self.served = PipeServer(self.server, self.name, Ndjson())

    def ask(self, operation, params, truth, now, seen=None):
        headers = {} if seen is None else {"Last-Event-ID": str(seen)}
        call = self.client.call(operation, params, now, headers)
        self.up += b"".join(self.client.data_to_send())
        self.calls.append(Watched(call, truth, seen))

    def carry(self, number, now):
        data, self.up = bytes(self.up[:number]), self.up[number:]
        self.served.receive_data(data, now)
        self.down += b"".join(self.served.data_to_send())
        data, self.down = bytes(self.down[:number]), self.down[number:]
        self.client.receive_data(data, now)
        self.up += b"".join(self.client.data_to_send())  # asked again, for one answer, where there is no stream
        self.look()

    def serve(self, limit, now):
        taken = self.server.take(self.name, limit)
        self.served.deliver(taken, now)
        self.down += b"".join(self.served.data_to_send())
        return bool(taken)

    def take_back(self, watched, now):
        if self.client.is_closed:
            return
        self.client.drop(watched.call, now)
        self.up += b"".join(self.client.data_to_send())
        self.calls.remove(watched)

    def cut(self, now):
        self.is_over = True
        for watched in self.calls:
            watched.is_cut = True
        self.client.receive_eof(now)
        self.server.disconnect(self.name, now)
        self.look()

    def look(self):
        while self.client.next_event() is not None:
            pass
        for watched in self.calls:
            watched.look()


@define(eq=False)
class HttpLink:
    """One HTTP call: a body up, a head and bytes down."""

    name: str
    server: Server
    http: HttpCall = field(init=False)
    exchange: Exchange | None = None
    down: bytearray = field(factory=bytearray)
    calls: list[Watched] = field(factory=list)
    is_over: bool = False
    has_head: bool = False

    def ask(self, operation, params, truth, now, seen=None):
        self.http = HttpCall(ClientCall(operation, params, V1_0, "r"), "http://agent/", last_event_id=seen)
        self.calls.append(Watched(self.http.call, truth, seen))

    def carry(self, number, now):
        if self.exchange is None:
            request = self.http.next_request()
            self.exchange = receive_rpc(self.name, request, self.server, now)
        response = self.exchange.next_response()
        if response is not None:
            self.has_head = True
            self.http.receive_head(response.status, response.headers, now)
            self.down += response.body or b""
        if self.has_head:
            self.down += b"".join(self.exchange.data_to_send())
            data, self.down = bytes(self.down[:number]), self.down[number:]
            self.http.receive_data(data, now)
            if self.exchange.is_closed and not self.down:
                self.http.receive_eof(now)
                self.leave(now)
        self.calls[0].look()

    def serve(self, limit, now):
        taken = self.server.take(self.name, limit)
        if self.exchange is not None:
            self.exchange.deliver(taken, now)
        return bool(taken)

    def leave(self, now):
        self.is_over = True
        self.server.disconnect(self.name, now)

    def cut(self, now):
        self.calls[0].is_cut = True
        self.http.receive_eof(now) if self.has_head else self.http.receive_failure(ConnectionFailed("cut"), now)
        self.leave(now)
        self.calls[0].look()
