"""An ASGI server without sockets: requests, a lifespan, and the JSON-RPC of 0.3 to send."""

import json

import anyio


class Request:
    """One HTTP request to an application, and what came back."""

    def __init__(
        self, app, method="POST", path="/", body=b"", *, headers=(), query=b"", pieces=None, root="", raw_path=None
    ):
        self.app = app
        self.pieces = [body] if pieces is None else list(pieces)
        self.scope = {
            "type": "http",
            "method": method,
            "scheme": "http",
            "path": path,
            "root_path": root,
            "query_string": query,
            "headers": [(b"host", b"agent.example:8000"), *headers],
        }
        if raw_path is not None:  # servers need not give it
            self.scope["raw_path"] = raw_path
        self.sent = []
        self.leaves = anyio.Event()
        self.news = anyio.Event()

    async def receive(self):
        if self.pieces:
            return {"type": "http.request", "body": self.pieces.pop(0), "more_body": bool(self.pieces)}
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        await anyio.lowlevel.checkpoint()
        self.sent.append(message)
        self.news.set()
        self.news = anyio.Event()

    async def perform(self):
        await self.app(self.scope, self.receive, self.send)
        return self

    async def until(self, text):
        while text not in self.content:
            await self.news.wait()

    @property
    def status(self):
        return self.sent[0]["status"]

    @property
    def headers(self):
        return dict(self.sent[0]["headers"])

    @property
    def content(self):
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def is_complete(self):
        return not self.sent[-1].get("more_body", False)

    def json(self):
        return json.loads(self.content)

    def events(self):
        """The data of a stream's events."""
        blocks = self.content.decode().split("\n\n")
        data = [line[6:] for block in blocks for line in block.split("\n") if line.startswith("data: ")]
        return [json.loads(text)["result"] for text in data]


def text_in(events):
    """The text of a stream in the dialect of 0.3."""
    return "".join(
        part["text"] for event in events if event["kind"] == "artifact-update" for part in event["artifact"]["parts"]
    )


def rpc(method, params, request_id=1):
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def message(text="Ada", **more):
    parts = [{"kind": "text", "text": text}]
    return {"message": {"messageId": "m-1", "role": "user", "parts": parts, **more}}


def post(app, method, params, **options):
    return Request(app, body=json.dumps(rpc(method, params)).encode(), **options)


class Lifespan:
    """A server that tells an application when it begins and ends."""

    def __init__(self, app):
        self.app, self.sent = app, []
        self.told = anyio.Event()
        self.ends = anyio.Event()
        self.inbox = [{"type": "lifespan.startup"}]

    async def receive(self):
        if self.inbox:
            return self.inbox.pop(0)
        await self.ends.wait()
        return {"type": "lifespan.shutdown"}

    async def send(self, message):
        self.sent.append(message["type"])
        self.told.set()

    async def __aenter__(self):
        self.group = await anyio.create_task_group().__aenter__()
        self.group.start_soon(self.app, {"type": "lifespan"}, self.receive, self.send)
        await self.told.wait()
        return self

    async def __aexit__(self, *error):
        self.ends.set()
        await self.group.__aexit__(None, None, None)


def host_of(app):
    """The one host of an application."""
    (host,) = app._site.hosts.running.values()
    return host
