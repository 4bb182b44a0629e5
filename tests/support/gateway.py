"""One agent behind a gateway, without I/O: what a client is answered, and when."""

import json

from attrs import define, field

from hocket.a2a.dialects.gateway import GatewayDialect
from hocket.http import Request, Response
from hocket.http.gateway_face import GatewayFace
from support.world import World

ECHO = GatewayDialect(agent_id="echo-agent", agent_name="Echo Agent")


@define(eq=False)
class Visit:
    """One request to an agent behind a gateway, and what comes back."""

    world: World
    link: str
    answer: object
    response: Response | None = None
    writes: list = field(factory=list)

    def pump(self):
        """Let the gateway write all it has: each element of `writes` is one write."""
        self.world.pump()
        if isinstance(self.answer, Response):
            self.response = self.answer
            return self
        while True:
            deliveries = self.world.server.take(self.link)
            self.answer.deliver(deliveries, self.world.now)
            if not deliveries:
                self.answer.handle_timeout(self.world.now)
            self.response = self.answer.next_response() or self.response
            while chunks := self.answer.data_to_send():
                self.writes.append(b"".join(chunks))
            if not deliveries:
                return self

    @property
    def status(self):
        return self.response.status

    @property
    def text(self):
        return b"".join(self.writes).decode()

    @property
    def events(self):
        """The data of the events, without comments."""
        lines = [line for block in self.text.split("\n\n") for line in block.split("\n")]
        return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]

    @property
    def kinds(self):
        return [event.get("type", event.get("code")) for event in self.events]

    def json(self):
        return json.loads(self.response.body)


def visit(world, request, link="ada", face=None):
    face = face or GatewayFace(ECHO, keep_alive=None)
    return Visit(world, link, face.receive(link, request, world.server, world.now)).pump()


def posted(world, method, params, link="ada", headers=(), **options):
    body = json.dumps({"jsonrpc": "2.0", "id": "r", "method": method, "params": params}).encode()
    return visit(world, Request(method="POST", path="/a2a", headers=headers, body=body), link, **options)


def streamed(world, config=None, link="ada", headers=(), **options):
    """`message/stream`, as the clients of a gateway send it; the agent begins."""
    message = {"messageId": "m-1", "role": "user", "parts": [{"type": "text", "text": "hi"}]}
    params = {"message": message} if config is None else {"message": message, "streamConfig": config}
    call = posted(world, "message/stream", params, link, headers, **options)
    if world.runs:
        world.start()
    return call.pump()


def listened(world, query, link="eve", headers=()):
    """An EventSource."""
    return visit(world, Request(method="GET", path="/a2a/stream", query=query, headers=headers), link)
