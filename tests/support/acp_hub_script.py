"""A client of a hub whose lines are written by hand: what it sends is looked at, and what it is sent is made up."""

import json

from hocket.acp.client import Client
from hocket.acp.client.events import Answered, Failed, Listen
from hocket.entropy import Entropy
from hocket.errors import ConnectionFailed, HocketError
from support.drain import drain

STREAM = "s1"
DEAD = ConnectionFailed("no route")


class HubScript:
    """The other end of one client, `ada`. The time is `now`, and stands still unless it is moved."""

    def __init__(self, agent="ada", *, connected=True, random=0.5, **options):
        self.client = Client(agent, entropy=Entropy(new_id=lambda: "id", random=lambda: random), **options)
        self.now = 0.0
        self.log = 0
        if connected:
            self.client.connected(self.now)

    # what the client does

    def ask(self, command, *args, **options):
        """A command: the id of its request."""
        return getattr(self.client, command)(*args, now=self.now, **options)

    def sent(self):
        """What the client sends: batches are lists."""
        return [json.loads(message) for message in self.client.messages_to_send()]

    def asked(self):
        """The one request that the client sends: id, method, params."""
        (request,) = self.sent()
        return request["id"], request["method"], request["params"]

    def methods(self):
        return [request["method"] for request in self.sent()]

    def events(self):
        return drain(self.client)

    def told(self):
        """The events as short texts."""
        return [short(event) for event in self.events()]

    @property
    def state(self):
        return self.client.state(STREAM).value

    # what the hub does

    def say(self, value):
        self.client.receive_message(json.dumps(value).encode(), self.now)

    def answer(self, request_id, result=None):
        self.say({"jsonrpc": "2.0", "id": request_id, "result": {"type": "success"} if result is None else result})

    def admit(self, request_id, status="ACTIVE", stream_id=STREAM, participants=("ada", "bob"), **more):
        self.answer(request_id, stream_result(status, stream_id, participants, **more))

    def refuse(self, request_id, code, data=None):
        error = {"code": code, "message": "no", **({} if data is None else {"data": data})}
        self.say({"jsonrpc": "2.0", "id": request_id, "error": error})

    def notify(self, method, **params):
        self.say(notification(method, **params))

    # several steps at once

    def enter(self, status="ACTIVE", last_event_id="0", **more):
        """Join the stream of this script."""
        self.ask("join", STREAM)
        more = more if last_event_id is None else {"lastEventId": last_event_id, **more}
        self.admit(self.asked()[0], status, **more)
        self.events()
        return self

    def wait(self, seconds):
        """Let time pass, with every timeout on the way."""
        until, turns = self.now + seconds, 0
        while (at := self.client.next_timeout()) is not None and at <= until:
            turns = turns + 1 if at <= self.now else 0
            assert turns < 10, "it asks for the same timeout again and again"
            self.now = max(self.now, at)
            self.client.handle_timeout(self.now)
        self.now = until

    def lose(self, error=None):
        self.client.connection_lost(self.now, error)

    def connect(self, **options):
        self.client.connected(self.now, **options)


def feeds(**options):
    """A client over HTTP, in one stream, whose feed is open."""
    hub = HubScript(listens_apart=True, is_ordered=False, random=1.0, **options)
    hub.ask("join", STREAM)
    hub.admit(hub.asked()[0], lastEventId="4")
    assert hub.events()[1] == Listen(stream_id=STREAM, last_event_id=4)
    hub.client.feed_opened(STREAM, hub.now)
    return hub


def exhaust(hub):
    """Every attempt to restore the line fails."""
    hub.lose(DEAD)
    for _ in range(5):
        hub.wait(40.0)
        hub.lose(DEAD)
    return hub


def stream_result(status="ACTIVE", stream_id=STREAM, participants=("ada", "bob"), **more):
    stream = {"streamId": stream_id, "status": status, "participants": list(participants)}
    if status == "CLOSED":
        stream["closedAt"] = "2025-01-01T00:00:00Z"
    return {"type": "stream", "stream": stream, **more}


def notification(method, *, stream_id=STREAM, **params):
    return {"jsonrpc": "2.0", "method": f"stream.{method}", "params": {"streamId": stream_id, **params}}


def content(text, agent="bob", role="agent"):
    return {"role": role, "parts": [{"type": "TextPart", "content": text}], "agentId": agent}


def said(text, event_id=None, agent="bob"):
    """A message as a notification."""
    return notification("message", message=content(text, agent), **_numbered(event_id))


def chunk(text, sequence, event_id=None, first=None, *, last=False, agent="bob"):
    """A chunk as a notification."""
    numbers = {**_numbered(event_id), **({} if first is None else {"firstEventId": str(first)})}
    return notification("chunk", chunk=content(text, agent), sequence=sequence, isLast=last, **numbers)


def happened(event, event_id="x", agent="bob", **data):
    """A stream.event as a notification."""
    stamp = {"eventId": str(event_id), "timestamp": "2025-01-01T00:00:00Z", "agentId": agent}
    return notification("event", event=event, **stamp, **({"data": data} if data else {}))


def _numbered(event_id):
    return {} if event_id is None else {"eventId": str(event_id)}


def short(event):
    """An event as a text that a test can compare at a glance."""
    name = type(event).__name__
    match event:
        case Answered(request_id=request_id):
            return f"answered {request_id}"
        case Failed(request_id=request_id, error=error):
            return f"failed {request_id} {type(error).__name__}"
    words = [name]
    for attribute in ("text", "reason", "attempt", "first", "last", "last_event_id"):
        value = getattr(event, attribute, None)
        if value not in (None, "") and not isinstance(value, HocketError):
            words.append(str(value))
    return " ".join(words)
