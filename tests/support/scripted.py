"""An `a2a.Server` whose agent has its words written down: for tests of what the server makes of requests."""

from attrs import define, evolve, field

from hocket.a2a import Run, Server, ServiceParameters
from hocket.agent import Speech
from hocket.entropy import seeded
from hocket.http import Exchange, RpcEnvelope
from hocket_io.stores import MemoryStore
from support.world import outputs


def numbered():
    """Entropy whose ids are id-1, id-2, …"""
    numbers = iter(range(1, 10_000))
    return evolve(seeded(1), new_id=lambda: f"id-{next(numbers)}")


@define(eq=False)
class Scripted:
    """A server whose agent says `words` at once when it is run, and then ends: at once too, or not before `finish`."""

    words: list[str] | None
    """None: it never begins."""
    server: Server = field(factory=lambda: Server(entropy=numbered()))
    is_finishing: bool = True
    store: MemoryStore = field(factory=MemoryStore)
    speaking: list = field(factory=list)

    def pump(self):
        for output in outputs(self.server, self.store):
            if isinstance(output, Run) and self.words is not None:
                self.play(output)

    def play(self, run):
        key = run.task.id, run.run
        speech = Speech(run.task.id, run.task.context_id, run.run, seeded(2))
        self.server.started(*key, 0.0)
        self.speaking.append((key, speech))
        for word in self.words:
            self.server.emit(*key, speech.say(word), 0.0)
        if self.is_finishing:
            self.finish()

    def finish(self):
        while self.speaking:
            key, speech = self.speaking.pop()
            self.server.emit(*key, speech.finish(), 0.0)
            self.server.ended(*key, 0.0)

    def respond(self, body, version="1.0", mouthful=256):
        """Over HTTP: the exchange of a body, the response to it, and the bytes of the stream if it is one."""
        envelope = RpcEnvelope("link")
        exchange = Exchange(envelope)
        exchange.respond(envelope.receive_body(body, ServiceParameters(version=version), self.server, 0.0))
        self.pump()
        sent = []
        while taken := self.server.take("link", mouthful):
            exchange.deliver(taken, 0.0)
            sent += exchange.data_to_send()
        return exchange, exchange.next_response(), sent
