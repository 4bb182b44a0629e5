"""What a client tells is the log of its streams: in order, once, and without a hole that is not told as one."""

import json

from hypothesis import given
from hypothesis import strategies as st

from hocket.acp.client import Client
from hocket.acp.client.events import Listen, Reconnect
from hocket.acp.events import ChunkReceived, MessageCompleted, MessageLost, ReplayGap, StreamEnded
from hocket.acp.hub import Hub
from hocket.acp.limits import HubLimits, StreamLimits
from hocket.acp.states import ClientState
from hocket.entropy import seeded
from support.acp_hub_script import HubScript, chunk, said
from support.drain import drain

# A hub written by hand, which gives pieces of one log again and again --------------------------------------------

SENDERS = ("bob", "eve")


@st.composite
def logs(draw):
    """A log as a hub would keep it: messages and interleaved chunks of two agents; with the texts that are complete."""
    log, whole, open_messages = [], [], {}
    for number in range(1, draw(st.integers(1, 25)) + 1):
        sender = draw(st.sampled_from(SENDERS))
        if draw(st.booleans()):
            first, sequence, text = open_messages.pop(sender, (number, 1, ""))
            is_last = draw(st.booleans())
            log.append(chunk(f"{number} ", sequence, number, first, last=is_last, agent=sender))
            text += f"{number} "
            if is_last:
                whole.append(text)
            else:
                open_messages[sender] = (first, sequence + 1, text)
        else:
            log.append(said(str(number), number, agent=sender))
    return log, whole


@given(logs(), st.lists(st.tuples(st.integers(0, 25), st.integers(1, 25)), max_size=12))
def test_events_that_come_again_are_told_once(given_log, pieces):
    """At least once, in order, from any place that was reached before, any number of times: what a hub promises."""
    log, whole = given_log
    hub, reached = HubScript().enter(), 0
    for back, length in [*pieces, (0, len(log))]:
        begin = max(0, reached - back)
        for message in log[begin : begin + length]:
            hub.say(message)
        reached = max(reached, min(len(log), begin + length))
    events = hub.events()
    numbers = [event.event_id for event in events if not isinstance(event, MessageCompleted)]
    assert numbers == list(range(1, len(log) + 1))
    assert [event.text for event in events if isinstance(event, MessageCompleted)] == whole
    assert not any(isinstance(event, MessageLost) for event in events)


@given(logs(), st.integers(0, 25))
def test_of_a_message_whose_beginning_was_not_heard_nothing_is_told(given_log, joined_at):
    log, _ = given_log
    hub = HubScript().enter(last_event_id=str(min(joined_at, len(log))))
    for message in log[joined_at:]:
        hub.say(message)
    for event in hub.events():
        if isinstance(event, ChunkReceived | MessageCompleted):
            assert event.first_event_id > joined_at


# The real hub, and connections that break anywhere ----------------------------------------------------------------


class Room:
    """Ada listens through the machine, on connections that break; bob speaks straight into the hub."""

    def __init__(self, history, *, listens_apart):
        limits = HubLimits(stream=StreamLimits(history=history, pause=1e9, duration=1e9))
        self.hub = Hub(entropy=seeded(1), limits=limits)
        self.client = Client("ada", entropy=seeded(2), listens_apart=listens_apart)
        self.now, self.count, self.links, self.events = 0.0, 0, [], []
        self.log = {}
        self.is_wanted = True  # whether the transport is to connect (again)
        self.feed_after, self.is_cut = None, False
        self.hub.connect("bob", self.now, principal="bob")
        self.line = None
        self.connect()
        self.client.start(["bob"], now=self.now)
        self.pump()
        (self.stream_id,) = [stream.stream_id for stream in self.hub.registry.of("ada")]
        self.work_off()
        self.calm()

    @property
    def apart(self):
        return self.client.listens_apart

    def say(self, method, **params):
        self.count += 1
        call = {"jsonrpc": "2.0", "id": self.count, "method": method, "params": {"streamId": self.stream_id, **params}}
        self.hub.receive("bob", json.dumps(call).encode(), self.now)

    def speak(self, sequence, *, last):
        content = {"role": "agent", "parts": [{"type": "TextPart", "content": f"{sequence} "}]}
        if sequence:
            self.say("stream.chunk", chunk=content, sequence=sequence, isLast=last)
        else:
            self.say("stream.message", message=content)

    # the transport

    def connect(self):
        self.count += 1
        self.line = f"line{self.count}"
        self.hub.connect(
            self.line, self.now, principal="ada", listens=not self.apart, session="ada" if self.apart else None
        )
        self.links.append(self.line)
        self.is_wanted = False
        self.client.connected(self.now, same_session=self.apart)

    def open_feed(self):
        self.count += 1
        feed, after = f"feed{self.count}", self.feed_after
        self.feed_after = None
        self.hub.connect(feed, self.now, principal="ada")
        refusal = self.hub.attach(feed, self.stream_id, self.now, last_event_id=after, only=True)
        assert refusal is None
        self.links.append(feed)
        self.client.feed_opened(self.stream_id, self.now)

    def lose(self, *, line):
        """All connections break; or with feeds, where the line lives on, the feeds alone."""
        for link in list(self.links):
            if line or link != self.line:
                self.hub.disconnect(link, self.now)
                self.links.remove(link)
        if line:
            self.client.connection_lost(self.now)
            self.feed_after = None
        else:
            self.client.feed_lost(self.stream_id, self.now)

    def pump(self, *, drop=0, late=False):
        """Carry everything once, and say how much it was.

        Of what the hub sends, the last `drop` are lost with the connection. `late`: what the client sends is on its
        way still, while the hub sends.
        """
        carried = 0
        if not late and self.line in self.links:
            for message in self.client.messages_to_send():
                self.hub.receive(self.line, message, self.now)
                carried += 1
        for link in list(self.links):
            sends = self.hub.take(link, 1_000)
            carried += len(sends)
            for send in sends[: max(0, len(sends) - drop)]:
                self.client.receive_message(send.message, self.now)
        self.write_down()
        self.work_off()
        return carried

    def write_down(self):
        """Everything that happened, also what the hub keeps no longer."""
        for event in drain(self.hub):
            if number := getattr(event, "event_id", 0):
                self.log[number] = event

    def work_off(self):
        for event in drain(self.client):
            match event:
                case Reconnect(stream_id=None):
                    self.is_wanted = True
                case Listen(last_event_id=after) | Reconnect(last_event_id=after):
                    self.feed_after = 0 if after is None else after
                case _:
                    self.events.append(event)

    def wait(self, seconds):
        until, turns = self.now + seconds, 0
        while (at := self.client.next_timeout()) is not None and at <= until:
            turns = turns + 1 if at <= self.now else 0
            assert turns < 10, "it asks for the same timeout again and again"
            self.now = max(self.now, at)
            self.client.handle_timeout(self.now)
            self.work_off()
        self.now = until

    def calm(self):
        """No more trouble: whatever the machine asks for works, until nothing is under way."""
        for _ in range(40):
            self.work_off()
            if self.is_wanted and self.line not in self.links:
                self.connect()
            if self.feed_after is not None and self.apart and self.line in self.links:
                self.open_feed()
            carried = self.pump()
            state = self.client.state(self.stream_id)
            is_deaf = self.apart and len(self.links) < 2 and state is not ClientState.CLOSED
            if state is ClientState.LOST or is_deaf:
                self.wait(40.0)
            elif not carried:
                return
        raise AssertionError("it does not come to rest")


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("message"), st.integers(1, 4)),
        st.tuples(st.just("chunk"), st.integers(1, 4)),
        st.tuples(st.just("last"), st.just(1)),
        st.tuples(st.just("pump"), st.booleans()),
        st.tuples(st.just("lose"), st.integers(0, 6)),
        st.tuples(st.just("lose feeds"), st.integers(0, 6)),
        st.tuples(st.just("wait"), st.integers(1, 100)),
        st.tuples(st.just("connect"), st.just(0)),
    ),
    max_size=50,
)


def play(room, steps):
    sequence = 0
    for what, value in steps:
        match what:
            case "message":
                for _ in range(value):
                    room.speak(0, last=False)
            case "chunk":
                for _ in range(value):
                    sequence += 1
                    room.speak(sequence, last=False)
            case "last":
                room.speak(sequence + 1, last=True)
                sequence = 0
            case "pump":
                room.pump(late=value)
            case "lose" if room.line in room.links:
                room.pump(drop=value)
                room.lose(line=True)
            case "lose feeds" if room.apart and len(room.links) > 1:
                room.pump(drop=value)
                room.lose(line=False)
            case "wait":
                room.wait(float(value))
            case "connect" if room.line not in room.links:
                room.connect()
            case "connect" if room.feed_after is not None and room.apart:
                room.open_feed()
        room.work_off()


def check_told(room):
    """What was told, with the gaps that were told, is the log after the start, each event once and in its order."""
    room.write_down()
    last = room.hub.stream(room.stream_id).events.last
    assert list(room.log) == list(range(1, last + 1))
    told, missing = [], set()
    for event in room.events:
        if isinstance(event, ReplayGap):
            assert not told or event.first > told[-1]
            missing.update(range(event.first, event.last + 1))
        elif getattr(event, "event_id", 0):
            told.append(event.event_id)
    assert told == sorted(set(told)), "once, in order"
    assert not missing & set(told), "what was told is not missing"
    seen = missing | set(told)
    silent = [number for number in range(2, last + 1) if number not in seen]
    headless = missing | {event.first_event_id for event in room.events if isinstance(event, MessageLost)}
    for number in silent:
        event = room.log[number]
        is_own = getattr(event, "agent_id", None) == "ada"
        is_headless = isinstance(event, ChunkReceived | MessageLost) and event.first_event_id in headless
        assert is_own or is_headless, f"a hole at {number}: {event}"


def check_messages(room):
    """What was told as complete is what bob said; what was begun and lost was told as lost."""
    chunks, over = {}, set()
    for event in room.events:
        match event:
            case ChunkReceived(first_event_id=first, event_id=number):
                assert first not in over
                assert (first in chunks) == (first != number), "it begins with its first chunk"
                chunks.setdefault(first, []).append(event.text)
            case MessageCompleted(first_event_id=first):
                assert event.text == "".join(chunks[first])
                assert event.text == "".join(f"{number} " for number in range(1, len(chunks[first]) + 1))
                over.add(first)
            case MessageLost(first_event_id=first):
                assert first in chunks
                over.add(first)


@given(STEPS, st.sampled_from([3, 1_000]), st.booleans())
def test_wherever_connections_break_the_log_is_told_without_a_hole(steps, history, listens_apart):
    room = Room(history, listens_apart=listens_apart)
    play(room, steps)
    room.calm()
    check_told(room)
    check_messages(room)
    assert room.client.state(room.stream_id) is ClientState.ACTIVE


@given(STEPS, st.booleans(), st.booleans())
def test_a_stream_ends_once_and_after_everything_that_was_said_in_it(steps, listens_apart, by_us):
    room = Room(1_000, listens_apart=listens_apart)
    play(room, steps)
    if by_us:
        room.calm()
        room.speak(0, last=False)  # not told yet when the end is asked for
        room.client.end(room.stream_id, "done", now=room.now)
    else:
        room.say("stream.end", reason="done")
    room.calm()
    check_told(room)
    ends = [place for place, event in enumerate(room.events) if isinstance(event, StreamEnded)]
    assert len(ends) == 1
    assert room.events[ends[0]].reason == "done"
    assert not any(getattr(event, "event_id", 0) for event in room.events[ends[0] + 1 :])
    assert room.client.state(room.stream_id) is ClientState.CLOSED
