"""A server of ours at the end of connections that break where a plan says, and a client machine that reads on. No I/O.

While a client reads, the agent says one word after each piece; while it waits, as many as `pace` says.
"""

from urllib.parse import urlsplit

from attrs import define, evolve, field

from hocket.a2a import AgentCard, Append, Checkpoint, Load, Run, Server, StreamItem
from hocket.agent import Speech
from hocket.entropy import seeded
from hocket.errors import ConnectionFailed
from hocket.http import Response, Routes
from hocket_io.stores import MemoryStore
from support.drain import drain
from support.world import keep

REFUSED = -1
"""In a plan: nobody is there. Any other number: bytes of the body that come through."""


@define(eq=False)
class Talker:
    """A server and its one agent, which says a word when it is told to."""

    words: list[str]
    server: Server = field(factory=lambda: Server(entropy=seeded(1)))
    store: MemoryStore = field(factory=MemoryStore)
    routes: Routes = field(factory=lambda: Routes(lambda url: AgentCard(name="talker"), keep_alive=None))
    left: list[str] = field(init=False)
    run: tuple | None = None
    speech: Speech | None = None
    links: int = 0
    log: list[StreamItem] = field(factory=list)
    """Everything that happened, in order."""

    def __attrs_post_init__(self):
        self.left = list(self.words)

    def open(self, request, now):
        """What the server makes of a request, and the link it goes by."""
        self.links += 1
        parts = urlsplit(request.path)
        asked = evolve(request, path=parts.path, raw_path=parts.path, query=parts.query)
        answer = self.routes.receive(self.links, asked, self.server, now)
        self.pump(now)
        return self.links, answer

    def pump(self, now):
        while (output := self.server.next_output()) is not None:
            match output:
                case Append() | Load() | Checkpoint():
                    keep(output, self.server, self.store, now)
                    self.log += output.items if isinstance(output, Append) else ()
                case Run(task=task, run=run):
                    self.run = (task.id, run)
                    self.speech = Speech(task.id, task.context_id, run, seeded(2))
                    self.server.started(task.id, run, now)

    def speak(self, now):
        """One more word, or the end."""
        if self.run is None:
            return
        if self.left:
            self.server.emit(*self.run, self.speech.say(self.left.pop(0)), now)
        else:
            self.server.emit(*self.run, self.speech.finish(), now)
            self.server.ended(*self.run, now)
            self.run = None
        self.pump(now)


def converse(machine, talker, plan, *, piece=64, pace=1, is_clean=False):
    """Let a `ResumingCall` talk to the server until it is closed; returns its events, and the waits between.

    With `is_clean` the bodies that are cut end in good order.
    """
    events, waits, now, plan = [], [], 0.0, list(plan)
    while not machine.is_closed:
        request = machine.next_request()
        if request is None:
            at = machine.next_timeout()
            waits.append(at - now)
            now = at
            for _ in range(pace):
                talker.speak(now)
            machine.handle_timeout(now)
            continue
        budget = plan.pop(0) if plan else None
        if budget == REFUSED:
            machine.receive_failure(ConnectionFailed("nobody is there"), now)
        else:
            _carry(machine, talker, request, budget, piece, now, is_clean)
        events += drain(machine)
    return events + drain(machine), waits


def _carry(machine, talker, request, budget, piece, now, is_clean):
    link, answer = talker.open(request, now)
    for data in _response(machine, talker, link, answer, now):
        for begin in range(0, len(data), piece):
            part = data[begin : begin + piece]
            if budget is not None and len(part) > budget:
                machine.receive_data(part[:budget], now)
                if is_clean:
                    machine.receive_eof(now)
                else:
                    machine.receive_failure(ConnectionFailed("the connection broke"), now)
                break
            budget = None if budget is None else budget - len(part)
            machine.receive_data(part, now)
        if not machine.is_reading:
            break
    else:
        machine.receive_eof(now)
    talker.server.disconnect(link, now)


def _response(machine, talker, link, answer, now):
    """The pieces of a response, whose head is given to the machine; the agent speaks after each."""
    if isinstance(answer, Response):
        machine.receive_head(answer.status, answer.headers, now)
        yield answer.body
        return
    has_head = False
    while True:
        answer.deliver(talker.server.take(link), now)
        head = answer.next_response()
        if head is not None:
            machine.receive_head(head.status, head.headers, now)
            has_head = True
            if head.body is not None:
                yield head.body
                return
        for data in answer.data_to_send():
            assert has_head, "a body follows its head"
            yield data
        if answer.is_closed:
            return
        talker.speak(now)
