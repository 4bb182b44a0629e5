"""A server of ours at the end of connections that carry any number of calls and break where a plan says. No I/O."""

from attrs import define, field, frozen

from hocket.a2a import Append, Checkpoint, Load, PipeServer, Run, Server, StreamItem
from hocket.agent import Speech
from hocket.entropy import seeded
from hocket.errors import ConnectionFailed
from hocket.framing import Ndjson
from hocket_io.stores import MemoryStore
from support.drain import drain
from support.world import keep


@frozen
class Break:
    """How one connection ends, or the attempt to make it.

    Attributes:
        after: Bytes from the server that come through; None for all.
        is_refused: There is no connection at all.
        is_deaf: What is said to the server does not arrive.
        error: Why.
    """

    after: int | None = None
    is_refused: bool = False
    is_deaf: bool = False
    error: Exception = field(factory=lambda: ConnectionFailed("the connection broke"))


@define(eq=False)
class Choir:
    """A server whose agent says the words of each message, one each time it is told to."""

    server: Server = field(factory=lambda: Server(entropy=seeded(1)))
    store: MemoryStore = field(factory=MemoryStore)
    logs: dict[str, list[StreamItem]] = field(factory=dict)
    """Everything that happened, in order, by task."""
    _runs: dict = field(factory=dict)
    _links: int = 0

    def meet(self):
        """The server's side of a new connection."""
        self._links += 1
        return PipeServer(self.server, self._links, Ndjson())

    def pump(self, now):
        while (output := self.server.next_output()) is not None:
            match output:
                case Append() | Load() | Checkpoint():
                    keep(output, self.server, self.store, now)
                    if isinstance(output, Append):
                        self.logs.setdefault(output.task_id, []).extend(output.items)
                case Run(task=task, run=run):
                    speech = Speech(task.id, task.context_id, run, seeded(2))
                    self._runs[task.id, run] = speech, task.history[-1].text.splitlines()
                    self.server.started(task.id, run, now)

    def speak(self, now):
        """One more word of everybody, or the end."""
        for key, (speech, left) in list(self._runs.items()):
            if left:
                self.server.emit(*key, speech.say(left.pop(0)), now)
            else:
                self.server.emit(*key, speech.finish(), now)
                self.server.ended(*key, now)
                del self._runs[key]
            self.pump(now)


@define(eq=False)
class Conversation:
    """A `ReconnectingClient` that talks to a choir, over connections that break as the plan says."""

    client: object
    choir: Choir
    plan: list[Break]
    pace: int = 1
    """Words that are said while the client waits."""
    piece: int = 64
    now: float = 0.0
    waits: list[float] = field(factory=list)
    connections: int = 0
    events: dict = field(factory=dict)
    """What each call was told."""

    def run(self):
        """Until every call is over."""
        while not self.is_over():
            if self.client.wants_connection:
                self._connect(self.plan.pop(0) if self.plan else Break())
            else:
                at = self.client.next_timeout()
                assert at is not None, "nothing to do, and it is not over"
                self.waits.append(at - self.now)
                self.now = max(self.now, at)
                for _ in range(self.pace):
                    self.choir.speak(self.now)
                self.client.handle_timeout(self.now)
            self._take()
        return self

    def is_over(self):
        return all(told and told[-1].done for told in self.events.values())

    def begin(self, operation, params, last_event_id=None):
        call = self.client.call(operation, params, self.now, last_event_id)
        self.events[call] = []
        return call

    def _connect(self, fate):
        if fate.is_refused:
            self.client.receive_end(fate.error, self.now)
            return
        self.connections += 1
        far, budget = self.choir.meet(), fate.after
        self.client.connect(self.now)
        while not self.is_over():
            said = b"".join(self.client.data_to_send())
            if not fate.is_deaf:
                far.receive_data(said, self.now)
            self.choir.pump(self.now)
            far.deliver(self.choir.server.take(far.link), self.now)
            heard = b"".join(far.data_to_send())
            if budget is not None and len(heard) >= budget:
                self._hear(heard[:budget])
                break
            budget = None if budget is None else budget - len(heard)
            self._hear(heard)
            at = self.client.next_timeout()
            if not heard and not said and at is not None:
                self.now = max(self.now, at)
                self.client.handle_timeout(self.now)
            self.choir.speak(self.now)
            if fate.is_deaf:
                break
        if not self.is_over():
            self.client.receive_end(fate.error, self.now)
            self._take()
        self.choir.server.disconnect(far.link, self.now)

    def _hear(self, data):
        for begin in range(0, len(data), self.piece):
            self.client.receive_data(data[begin : begin + self.piece], self.now)
            self._take()

    def _take(self):
        while (call := self.client.next_event()) is not None:
            if call in self.events:
                self.events[call] += drain(call)
