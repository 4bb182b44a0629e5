"""A hub between agents on lines that reorder, repeat, lose and break, and readers that take at any pace.

ada and bob speak in order, on sockets that may break and frames that may be unreadable. pat posts chunks in any order,
some of them twice, some never. eve comes and goes. What everybody has in the end is held against what was sent, and
the whole conversation is played a second time: the same calls must give the same bytes.
"""

import json
from collections import deque

from attrs import define, field
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hocket.acp.events import (
    ChunkReceived,
    MessageCompleted,
    MessageLost,
    MessageSent,
    ParticipantJoined,
    ParticipantLeft,
    StreamEnded,
)
from hocket.acp.hub import Hub
from hocket.acp.limits import HubLimits
from hocket.entropy import seeded

SOCKETS = ("ada", "bob")
READERS = ("ada", "bob", "pat", "eve")
TALKERS = ("ada", "bob", "pat")


def new_hub():
    return Hub(entropy=seeded(3), epoch=1_700_000_000.0, limits=HubLimits())


@define
class Tape:
    """A hub, and all that was asked of it with what it gave."""

    hub: Hub = field(factory=new_hub)
    calls: list = field(factory=list)

    def __call__(self, name, *args, **options):
        result = getattr(self.hub, name)(*args, **options)
        self.calls.append((name, args, options, result))
        return result

    def replay(self):
        hub = new_hub()
        for name, args, options, result in self.calls:
            assert getattr(hub, name)(*args, **options) == result


@define
class Talker:
    """Who says messages of some chunks, one after the other. Every chunk has a text of its own.

    Attributes:
        restarts: Whether each message is numbered from 1; or on from the last one.
    """

    name: str
    restarts: bool
    messages: int = 0
    place: int = 0
    length: int = 0
    sequence: int = 0

    @property
    def message(self):
        return f"{self.name}{self.messages}"

    def begin(self, length):
        if self.place == self.length:
            self.messages += 1
            self.place, self.length = 0, length
            if self.restarts:
                self.sequence = 0

    def chunk(self):
        """The next chunk, as params."""
        return {
            "chunk": {"role": "agent", "parts": [{"type": "TextPart", "content": f"{self.message}.{self.place} "}]},
            "sequence": self.sequence + 1,
            "isLast": self.place + 1 == self.length,
        }

    def move_on(self):
        self.place += 1
        self.sequence += 1

    def give_up(self):
        self.place = self.length


@define
class Reader:
    """Who reads a stream on a line, in the way of a client: what comes again is dropped, what is whole is kept."""

    name: str
    link: str = ""
    flight: deque = field(factory=deque)  # taken from the hub, on the way
    last: int = 0
    ids: list = field(factory=list)
    open: dict = field(factory=dict)
    whole: list = field(factory=list)
    lost: list = field(factory=list)

    def read(self):
        message = json.loads(self.flight.popleft())
        if "method" not in message:
            return
        params = message["params"]
        number = int(params["eventId"])
        if params.get("event") == "stream_invitation" or number <= self.last:
            return
        self.last = number
        self.ids.append(number)
        content = params.get("chunk") or params.get("message")
        if content is not None:
            words = "".join([part["content"] for part in content["parts"]])
        if message["method"] == "stream.message":
            self.whole.append(words)
        elif message["method"] == "stream.chunk":
            first = params["firstEventId"]
            text = words if first == params["eventId"] else self.open.pop(first) + words
            if params.get("isLast"):
                self.whole.append(text)
            else:
                self.open[first] = text
        elif params.get("event") == "MESSAGE_LOST":
            self.lost.append(params["data"].get("firstEventId"))
            if params["agentId"] != self.name:
                self.open.pop(params["data"].get("firstEventId"), None)


class Conversation(RuleBasedStateMachine):
    @initialize(restarts=st.tuples(st.booleans(), st.booleans()))
    def begin(self, restarts):
        self.hub = Tape()
        self.now = 0.0
        self.names = 0
        self.told = []
        self.sent = {}  # the text of every message that was begun → who says it
        self.broken = set()  # messages of which a chunk did not reach the hub
        self.late = set()  # messages whose chunks may have taken too long
        self.sure = {}  # message → the chunks that the hub said it had taken
        self.bag = []  # what pat has posted, and is on its way
        self.talkers = {name: Talker(name, each) for name, each in zip(SOCKETS, restarts, strict=True)}
        self.readers = {name: Reader(name) for name in READERS}
        for name in READERS:
            self.connect(name)
        params = {"participants": ["ada", "bob", "pat"], "metadata": {"allowDynamicJoin": True}}
        self.stream_id = self.ask(self.readers["ada"].link, "stream.start", **params)["result"]["stream"]["streamId"]

    # --- lines

    def connect(self, name):
        self.names += 1
        reader = self.readers[name]
        reader.link = f"{name} {self.names}"
        self.hub("connect", reader.link, self.now, principal=name, ordered=name in SOCKETS)

    def settle(self):
        while (event := self.hub("next_event")) is not None:
            self.told.append(event)

    def receive(self, link, message):
        data = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.hub("receive", link, data, self.now)
        self.settle()

    def ask(self, link, method, *, id=None, **params):
        """A request and its answer; what is taken before that stays in flight."""
        self.names += 1
        asked = id or f"q{self.names}"
        self.receive(link, {"jsonrpc": "2.0", "id": asked, "method": method, "params": params})
        flight = next((reader.flight for reader in self.readers.values() if reader.link == link), deque())
        while True:
            (send,) = self.hub("take", link, 1)
            answer = json.loads(send.message)
            if answer.get("id") == asked:
                return answer
            flight.append(send.message)

    # --- speaking in order

    def next_chunk(self, name, length):
        talker = self.talkers[name]
        talker.begin(length)
        text = "".join([f"{talker.message}.{place} " for place in range(talker.length)])
        self.sent[text] = name
        return talker, text

    @rule(name=st.sampled_from(SOCKETS), length=st.integers(1, 4), is_request=st.booleans(), twice=st.booleans())
    def talk(self, name, length, is_request, twice):
        talker, text = self.next_chunk(name, length)
        link, params = self.readers[name].link, {"streamId": self.stream_id, **talker.chunk()}
        if is_request:
            answer = self.ask(link, "stream.chunk", **params)
            if twice and "error" not in answer:
                assert self.ask(link, "stream.chunk", id=answer["id"], **params) == answer
            if answer.get("error", {}).get("code") == -40010:
                return  # it is sent again some time
            if "error" not in answer:
                self.sure.setdefault(text, set()).add(talker.place)
        else:
            self.receive(link, {"jsonrpc": "2.0", "method": "stream.chunk", "params": params})
            if self.hub.hub.stream(self.stream_id).status.value == "PAUSED":
                self.broken.add(text)
        talker.move_on()

    @rule(name=st.sampled_from(SOCKETS), length=st.integers(1, 4), junk=st.sampled_from([b"\xff", b'{"a":1}', b"7"]))
    def spoil(self, name, length, junk):
        """A chunk comes as something that nobody can read."""
        talker, text = self.next_chunk(name, length)
        self.broken.add(text)
        self.receive(self.readers[name].link, junk)
        talker.move_on()

    @rule(name=st.sampled_from(TALKERS))
    def say(self, name):
        self.names += 1
        text = f"{name} whole {self.names}"
        message = {"role": "agent", "parts": [{"type": "TextPart", "content": text}]}
        answer = self.ask(self.readers[name].link, "stream.message", streamId=self.stream_id, message=message)
        if "result" in answer:
            self.sent[text] = name
            self.sure[text] = set()

    @rule(name=st.sampled_from(TALKERS), lost=st.integers(0, 2), gives_up=st.booleans())
    def break_line(self, name, lost, gives_up):
        """The line breaks with chunks on their way, and with what its reader has not read. It is made again."""
        reader = self.readers[name]
        talker = self.talkers.get(name)
        for _ in range(lost if talker else 0):
            _, text = self.next_chunk(name, 2)
            self.broken.add(text)
            talker.move_on()
        if gives_up and talker:
            talker.give_up()
        self.hub("disconnect", reader.link, self.now)
        self.settle()
        reader.flight.clear()
        self.connect(name)
        self.ask(reader.link, "stream.join", streamId=self.stream_id, lastEventId=str(reader.last))

    # --- speaking in any order

    @rule(length=st.integers(1, 5))
    def post(self, length):
        self.names += 1
        name = f"pat{self.names}"
        text = "".join([f"{name}.{place} " for place in range(length)])
        self.sent[text] = "pat"
        for place in range(length):
            part = {"type": "TextPart", "content": f"{name}.{place} ", "x-messageId": name}
            chunk = {"role": "agent", "parts": [part]}
            self.bag.append((text, {"chunk": chunk, "sequence": place + 1, "isLast": place + 1 == length}))

    @precondition(lambda self: self.bag)
    @rule(which=st.integers(0, 10_000), again=st.booleans())
    def arrive(self, which, again):
        """One of the posts arrives; it may arrive once more."""
        text, params = self.bag[which % len(self.bag)]
        if not again:
            del self.bag[which % len(self.bag)]
        self.names += 1
        link = f"post {self.names}"
        self.hub("connect", link, self.now, principal="pat", ordered=False, listens=False, session="pat")
        answer = self.ask(link, "stream.chunk", streamId=self.stream_id, **params)
        self.hub("disconnect", link, self.now)
        self.settle()
        if "error" in answer:
            self.bag += [] if again else [(text, params)]  # one of each is on its way, or none
        else:
            self.sure.setdefault(text, set()).add(params["sequence"] - 1)

    @precondition(lambda self: self.bag)
    @rule(which=st.integers(0, 10_000))
    def get_lost(self, which):
        text, params = self.bag.pop(which % len(self.bag))
        if params["sequence"] - 1 not in self.sure.get(text, ()):
            self.broken.add(text)

    # --- everything else

    @rule(pauses=st.booleans())
    def pause_or_resume(self, pauses):
        self.ask(self.readers["ada"].link, "stream.pause" if pauses else "stream.resume", streamId=self.stream_id)

    @rule(method=st.sampled_from(["stream.join", "stream.leave"]))
    def come_or_go(self, method):
        self.ask(self.readers["eve"].link, method, streamId=self.stream_id)

    @rule(seconds=st.sampled_from([1.0, 20.0, 40.0, 120.0]))
    def wait(self, seconds):
        self.late.update([text for text, _ in self.bag])
        until = self.now + seconds
        while (at := self.hub("next_timeout")) is not None and at <= until:
            self.now = max(at, self.now)
            self.hub("handle_timeout", self.now)
            self.settle()
        self.now = until

    @rule(name=st.sampled_from(READERS), limit=st.integers(1, 8))
    def take(self, name, limit):
        reader = self.readers[name]
        reader.flight.extend([send.message for send in self.hub("take", reader.link, limit)])

    @rule(name=st.sampled_from(READERS), count=st.integers(1, 8))
    def read(self, name, count):
        reader = self.readers[name]
        for _ in range(min(count, len(reader.flight))):
            reader.read()

    # --- what must be true

    @invariant()
    def no_message_is_more_or_less_than_what_was_said(self):
        for reader in getattr(self, "readers", {}).values():
            for text in reader.whole:
                assert text in self.sent
                assert text not in self.broken, "a chunk of it never came"
                assert self.sent[text] != reader.name

    def teardown(self):
        if not hasattr(self, "hub"):
            return
        for method in ("stream.resume", "stream.end"):
            self.ask(self.readers["ada"].link, method, streamId=self.stream_id)
        for reader in self.readers.values():
            while sends := self.hub("take", reader.link, 3):
                reader.flight.extend([send.message for send in sends])
            while reader.flight:
                reader.read()
        self.no_message_is_more_or_less_than_what_was_said()
        self.everybody_has_what_it_was_to_have()
        self.every_message_is_complete_or_lost()
        self.what_was_taken_is_there()
        self.hub.replay()

    def everybody_has_what_it_was_to_have(self):
        """The same events in the same order, but not its own, and not from times when it was no member."""
        logged = [event for event in self.told if getattr(event, "event_id", 0)]
        assert [event.event_id for event in logged] == list(range(1, len(logged) + 1)), "one order for all"
        for name, reader in self.readers.items():
            expected, since = [], 0 if name != "eve" else None
            for event in logged:
                if isinstance(event, ParticipantJoined) and event.agent_id == name:
                    since = event.event_id
                if since is not None and self.hears(name, event, since):
                    expected.append(event.event_id)
                if isinstance(event, ParticipantLeft) and event.agent_id == name:
                    since = None
            assert reader.ids == expected, name

    def hears(self, name, event, since):
        if isinstance(event, ChunkReceived | MessageLost) and 0 < event.first_event_id <= since:
            return False
        return (
            event.agent_id != name
            or isinstance(event, MessageLost)
            or (isinstance(event, StreamEnded) and event.agent_id != name)
        )

    def every_message_is_complete_or_lost(self):
        begun = [
            event.event_id
            for event in self.told
            if isinstance(event, ChunkReceived) and event.event_id == event.first_event_id
        ]
        ended = [event.first_event_id for event in self.told if isinstance(event, MessageCompleted | MessageLost)]
        assert sorted(filter(None, ended)) == begun, "each once"
        for name in SOCKETS:
            order = [text for text, who in self.sent.items() if who == name]
            heard = [text for text in self.readers["pat"].whole if self.sent[text] == name and "." in text]
            places = [order.index(text) for text in heard]
            assert places == sorted(set(places)), "in the order in which it said them, and each once"

    def what_was_taken_is_there(self):
        """What the hub said it had taken, all of it, is in the history and was told."""
        said = [event.text for event in self.told if isinstance(event, MessageSent | MessageCompleted)]
        assert len(said) == len(set(said))
        for text, places in self.sure.items():
            if places >= set(range(text.count("."))) and text not in self.broken and text not in self.late:
                assert text in said
        log = self.hub.hub.stream(self.stream_id).log
        assert sorted([each.text for each in log]) == sorted(said)


TestConversation = Conversation.TestCase
TestConversation.settings = settings(stateful_step_count=60, report_multiple_bugs=False)
