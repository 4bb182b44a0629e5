"""A hub and its connections in a test: what is said to it as Python values, what it says as Python values."""

import json

from hocket.acp.hub import Hub
from hocket.acp.hub.delivery import Ready
from hocket.acp.limits import HubLimits, StreamLimits
from hocket.entropy import seeded

EPOCH = 1_700_000_000.0
AGENTS = ("ada", "bob", "cyd", "eve", "fay")


def text(words, **more):
    """A Message, as it is on the wire."""
    return {"role": "agent", "parts": [{"type": "TextPart", "content": words}], **more}


def call(method, /, **params):
    """A notification, as bytes."""
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode()


def name_of(notification):
    """What a notification tells: its method, or the `event` of a stream.event."""
    method = notification["method"]
    return notification["params"]["event"] if method == "stream.event" else method


class HubWorld:
    """One hub. Links have the names of their agents, unless a test says otherwise; every one takes all at once.

    `events` is what the hub told since it was last asked, `inbox[link]` what a link was given besides its answers.
    """

    def __init__(self, *agents, limits=None, **options):
        self.hub = Hub(entropy=seeded(7), epoch=EPOCH, limits=limits or HubLimits(), **options)
        self.now = 0.0
        self.inbox = {}
        self.replies = {}
        self._told = []
        self._ids = 0
        for agent in agents:
            self.connect(agent, principal=agent)

    # --- connections

    def connect(self, link, **options):
        refusal = self.hub.connect(link, self.now, **options)
        self.inbox[link], self.replies[link] = [], []
        self.pump()
        return refusal

    def disconnect(self, link):
        self.hub.disconnect(link, self.now)
        self.pump()

    def pump(self, *links):
        """Let the links (all, if none is named) take what there is, until there is nothing."""
        while (event := self.hub.next_event()) is not None:
            if not isinstance(event, Ready):
                self._told.append(event)
        for link in links or list(self.inbox):
            while sends := self.hub.take(link):
                for send in sends:
                    self.keep(send)

    def keep(self, send):
        message = json.loads(send.message)
        is_reply = isinstance(message, list) or "method" not in message
        (self.replies if is_reply else self.inbox)[send.link].append(message)

    @property
    def events(self):
        self.pump()
        told, self._told = self._told, []
        return told

    def given(self, link):
        """What a link was given since the last time, besides its answers."""
        self.pump()
        given, self.inbox[link] = self.inbox[link], []
        return given

    def names(self, link):
        return [name_of(notification) for notification in self.given(link)]

    # --- messages

    def raw(self, link, message):
        """Any bytes, or any value as JSON; the answers to it."""
        data = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.hub.receive(link, data, self.now)
        self.pump()
        answers, self.replies[link] = self.replies[link], []
        return answers

    def ask(self, link, method, /, *, id=None, **params):
        """A request; its whole answer."""
        self._ids += 1
        request = {"jsonrpc": "2.0", "id": f"q{self._ids}" if id is None else id, "method": method, "params": params}
        (answer,) = self.raw(link, request)
        assert answer["id"] == request["id"]
        return answer

    def tell(self, link, method, /, **params):
        """A notification, which is never answered."""
        assert self.raw(link, {"jsonrpc": "2.0", "method": method, "params": params}) == []

    def ok(self, link, method, /, **params):
        """The result of a request."""
        answer = self.ask(link, method, **params)
        assert "error" not in answer, answer
        return answer["result"]

    def error(self, link, method, /, **params):
        """The error of a request."""
        answer = self.ask(link, method, **params)
        assert "result" not in answer, answer
        return answer["error"]

    def start(self, starter, *others, **metadata):
        """A new stream; its id."""
        more = {"metadata": metadata} if metadata else {}
        return self.ok(starter, "stream.start", participants=[starter, *others], **more)["stream"]["streamId"]

    def say(self, link, stream_id, words):
        return self.ok(link, "stream.message", streamId=stream_id, message=text(words))

    def chunk(self, link, stream_id, words, sequence, *, last=False, told=False):
        """A chunk, as a request or (told) as a notification."""
        params = {"streamId": stream_id, "chunk": text(words), "sequence": sequence, "isLast": last}
        return self.tell(link, "stream.chunk", **params) if told else self.ask(link, "stream.chunk", **params)

    # --- time

    def wait_until(self, now):
        """Virtual time passes, with every deadline on the way."""
        while (at := self.hub.next_timeout()) is not None and at <= now:
            self.now = max(self.now, at)
            self.hub.handle_timeout(self.now)
            self.pump()
        self.now = now

    def wait(self, seconds):
        self.wait_until(self.now + seconds)


def stream_in(state):
    """A world with a stream in this state; everybody has been given everything.

    ada has started it, bob and cyd are members, fay was invited, eve is nobody.
    """
    world = HubWorld(*AGENTS)
    stream_id = world.start("ada", "bob", "cyd") if state != "unknown" else "stream-unknown"
    if state != "unknown":
        world.ok("ada", "stream.invite", streamId=stream_id, agentId="fay")
    if state == "PAUSED":
        world.ok("ada", "stream.pause", streamId=stream_id)
    if state == "CLOSED":
        world.ok("ada", "stream.end", streamId=stream_id)
    assert world.events or state == "unknown"
    for agent in AGENTS:
        world.given(agent)
    return world, stream_id


def status_of(world, stream_id):
    stream = world.hub.stream(stream_id)
    return "unknown" if stream is None else stream.status.value


def words(notifications):
    """What was said in the notifications, in messages and in chunks."""
    found = []
    for each in notifications:
        content = each["params"].get("message") or each["params"].get("chunk")
        found.append(content["parts"][0]["content"] if content else name_of(each))
    return found


def ids(notifications):
    """The eventIds of the notifications."""
    return [int(each["params"]["eventId"]) for each in notifications]


def talk(*agents, count=3):
    """A world with a stream in which ada has said "1", "2" …"""
    world = HubWorld(*agents)
    stream_id = world.start("ada", "bob", allowDynamicJoin=True)
    for number in range(1, count + 1):
        world.say("ada", stream_id, str(number))
    return world, stream_id


def small_history(count):
    """A stream that keeps two messages, in which ada has said "1" to `count`, and bob has been given the start only."""
    limits = HubLimits(stream=StreamLimits(history=2))
    world = HubWorld("ada", "bob", limits=limits)
    stream_id = world.start("ada", "bob")
    world.given("bob")
    for number in range(1, count + 1):
        world.hub.receive("ada", call("stream.message", streamId=stream_id, message=text(str(number))), 0.0)
    return world, stream_id
