"""Hubs of ACP streams, and clients without sockets: JSON-RPC as bytes, HTTP as values, a WebSocket as a script."""

import json

import anyio

from hocket.acp.hub import Hub
from hocket.entropy import seeded
from hocket.http import Request, Response
from hocket.http.acp import HubRoutes
from hocket.http.feed import Feed


def hub_of(**options):
    return Hub(entropy=seeded(1), **options)


def call(method, params=None, request_id=1):
    """A request; a notification if `request_id` is `...`."""
    message = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params or {}}
    if request_id is ...:
        del message["id"]
    return message


def start(*participants, request_id=1, **more):
    return call("stream.start", {"participants": list(participants), **more}, request_id)


def said(text, **more):
    return {"role": "agent", "parts": [{"type": "TextPart", "content": text}], **more}


def say(stream_id, text, request_id=2):
    return call("stream.message", {"streamId": stream_id, "message": said(text)}, request_id)


def body(message):
    return message if isinstance(message, bytes) else json.dumps(message).encode()


def post(message, agent=None, **headers):
    """The request that POSTs a message to a hub."""
    fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
    if agent is not None:
        fields.append(("x-agent-id", agent))
    return Request(method="POST", path="/jsonrpc", headers=tuple(fields), body=body(message))


def get(path, agent=None, accept=None, query="", **headers):
    """The request that GETs something of a hub."""
    fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
    if agent is not None:
        fields.append(("x-agent-id", agent))
    if accept is not None:
        fields.append(("accept", accept))
    return Request(method="GET", path=path, query=query, headers=tuple(fields))


class Web:
    """Routes, and a client that has a link for each request."""

    def __init__(self, hub=None, **options):
        self.hub = hub or hub_of()
        self.routes = HubRoutes(self.hub, **options)
        self.links = 0

    def ask(self, request, now=0.0):
        self.links += 1
        answer = self.routes.receive(self.links, request, now)
        if isinstance(answer, Response):
            self.hub.disconnect(self.links, now)
        return answer

    def rpc(self, message, agent="ada", **headers):
        response = self.ask(post(message, agent, **headers))
        assert response.status == 200, response
        return json.loads(response.body)

    def start(self, *participants):
        return self.rpc(start(*participants), participants[0])["result"]["stream"]["streamId"]

    def feed(self, stream_id, agent, **options):
        feed = self.ask(get(f"/streams/{stream_id}", agent, "text/event-stream", **options))
        assert isinstance(feed, Feed), feed
        return feed


def header(response, name):
    return dict(response.headers).get(name)


def flow(feed, now=0.0):
    """What a feed writes now."""
    feed.deliver(feed.hub.take(feed.link), now)
    return b"".join(feed.data_to_send())


async def ask(link, message):
    """Say something on a link of a HubHost and give the answer, whatever comes before it."""
    link.receive(body(message))
    return (await read(link, f'"id":{json.dumps(message["id"])}'))[-1]


async def read(link, text):
    """The messages up to the one with the text in it, and those that were taken with it."""
    messages = []
    while True:
        taken = link.take()
        messages += [json.loads(send.message) for send in taken]
        if any(text.encode() in send.message for send in taken):
            return messages
        if not taken:
            await link.wait()


class WebSocket:
    """A WebSocket to an ASGI application, and what came out of it."""

    def __init__(self, app, path="/jsonrpc", *, query=b"", headers=()):
        self.app = app
        self.scope = {
            "type": "websocket",
            "scheme": "ws",
            "path": path,
            "root_path": "",
            "query_string": query,
            "headers": [(b"host", b"hub.example"), *headers],
        }
        self.sent = []
        self.news = anyio.Event()
        self.to_app, self.inbox = anyio.create_memory_object_stream(1000)
        self.to_app.send_nowait({"type": "websocket.connect"})
        self.receives = 0
        self.may_write = None
        """An event before which no message is taken from the application: a client that does not read."""

    async def receive(self):
        message = await self.inbox.receive()
        self.receives += 1
        return message

    async def send(self, message):
        await anyio.lowlevel.checkpoint()
        if self.may_write is not None and message["type"] == "websocket.send":
            await self.may_write.wait()
        self.sent.append(message)
        self.news.set()
        self.news = anyio.Event()

    async def perform(self):
        try:
            await self.app(self.scope, self.receive, self.send)
        finally:
            self.to_app.close()
            self.inbox.close()
        return self

    def say(self, message):
        self.to_app.send_nowait({"type": "websocket.receive", "text": body(message).decode()})

    def leave(self):
        self.to_app.send_nowait({"type": "websocket.disconnect", "code": 1001})

    async def until(self, text):
        while not any(text in frame for frame in self.frames):
            await self.news.wait()

    @property
    def frames(self):
        return [message["text"] for message in self.sent if message["type"] == "websocket.send"]

    @property
    def messages(self):
        return [json.loads(frame) for frame in self.frames]

    @property
    def close(self):
        """(code, reason) of the close, None if it was not closed."""
        last = self.sent[-1]
        return (last["code"], last["reason"]) if last["type"] == "websocket.close" else None
