"""Files in streams: whatever is late, lost or cut on the way, the bytes arrive as they were, or not at all."""

import pytest
from attrs import define, evolve, field
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hocket.acp.assembly import message_id
from hocket.acp.events import ChunkReceived, MessageCompleted, MessageLost, ParticipantLeft, StreamEnded
from hocket.acp.model import Encoding, Message, Part, PartType, Role, data_part, file_part, message_of
from hocket.acp.patterns.file_info import info_part, read_info
from hocket.acp.patterns.files import (
    FileCompleted,
    FileData,
    FileFailed,
    FileInfo,
    FileLimits,
    FileReceiver,
    FileSender,
    FileStarted,
    checksum_of,
    safe_name,
)
from hocket.acp.wire import ACP
from hocket.errors import CodecError

READ, WRITE = ACP.reader(Message), ACP.writer(Message)
FILES = st.binary(max_size=60)
AGENTS = ("ada", "grace", "mary")


@define
class Folder:
    """What a program makes of what a receiver tells; it notices what it must never be told."""

    receiver: FileReceiver
    files: dict[int, bytearray] = field(factory=dict)
    open: dict[int, bool] = field(factory=dict)
    names: dict[int, str] = field(factory=dict)
    ends: dict[int, FileCompleted | FileFailed] = field(factory=dict)

    def receive(self, event):
        for told in self.receiver.receive(event):
            number = told.transfer
            ended = self.ends.get(number)
            assert ended is None, "something came after the end"
            match told:
                case FileStarted():
                    assert not self.open.get(number), "it was open already"
                    assert told.offset == len(self.files.setdefault(number, bytearray()))
                    assert (told.stream_id, told.agent_id) == (event.stream_id, event.agent_id)
                    self.open[number] = True
                    self.names[number] = told.info.name
                case FileData():
                    assert self.open[number]
                    assert told.offset == len(self.files[number])
                    assert told.data
                    self.files[number] += told.data
                case FileCompleted():
                    assert self.open[number]
                    assert len(self.files[number]) == told.info.size
                    self.ends[number] = told
                case FileFailed():
                    assert told.received == len(self.files.get(number, b""))
                    if told.reason == "lost":
                        self.open[number] = False
                    else:
                        self.ends[number] = told


@define
class Room:
    """A stream without its limits: it puts the chunks of a message in order, and fails it when it is told to."""

    folder: Folder
    with_event_ids: bool = True
    events: int = 0
    lanes: dict = field(factory=dict)

    def take(self, agent, chunk):
        """A chunk arrives, out of order or a second time as it may be."""
        lane = self.lanes.setdefault((agent, chunk.message_id), {"next": 1, "held": {}, "first": 0, "over": False})
        if lane["over"] or chunk.sequence < lane["next"]:
            return
        lane["held"][chunk.sequence] = chunk
        while (ready := lane["held"].pop(lane["next"], None)) is not None:
            lane["next"] += 1
            self.events += 1
            lane["first"] = lane["first"] or self.events
            message = READ.from_json(WRITE.to_json(ready.message))
            ids = {"event_id": self.events, "first_event_id": lane["first"]} if self.with_event_ids else {}
            said = {"stream_id": "s", "agent_id": agent}
            sent = ChunkReceived(chunk=message, sequence=ready.sequence, is_last=ready.is_last, **said, **ids)
            self.folder.receive(sent)
            if ready.is_last:
                lane["over"] = True
                first = ids.get("first_event_id", 0)
                self.folder.receive(MessageCompleted(chunks=(message,), first_event_id=first, **said))

    def lose(self, agent):
        """What this agent has open will not be complete."""
        for (name, _), lane in self.lanes.items():
            if name == agent and not lane["over"]:
                lane["over"] = True
                first = lane["first"] if self.with_event_ids else 0
                lost = MessageLost(stream_id="s", agent_id=agent, reason="gap", expected=lane["next"])
                if lane["first"]:
                    self.folder.receive(evolve(lost, first_event_id=first))


@define
class Line:
    """An agent that sends one file over a network that delays, loses and doubles."""

    data: bytes
    sender: FileSender
    travelling: list = field(factory=list)
    unanswered: list = field(factory=list)
    answers: list = field(factory=list)

    def send(self):
        where = self.sender.next_range()
        if where is not None:
            chunk = self.sender.chunk(self.data[where.offset : where.offset + where.length])
            self.travelling.append(chunk)
            self.unanswered.append(chunk)


class Transfers(RuleBasedStateMachine):
    """Several agents send a file each to one receiver, through everything that can happen."""

    @initialize(
        files=st.lists(FILES, min_size=1, max_size=3),
        sizes=st.tuples(st.integers(1, 20), st.integers(1, 70), st.integers(1, 5)),
        checked=st.booleans(),
        with_event_ids=st.booleans(),
    )
    def begin(self, files, sizes, checked, with_event_ids):
        chunk_size, segment, window = sizes
        self.window = window
        self.room = Room(Folder(FileReceiver()), with_event_ids)
        self.lines = {}
        for agent, data in zip(AGENTS, files, strict=False):
            checksum = checksum_of([data]) if checked else None
            options = {"chunk_size": chunk_size, "segment": segment, "window": window, "checksum": checksum}
            self.lines[agent] = Line(data, FileSender(f"{agent}.bin", len(data), transfer_id="t", **options))

    def line(self, which):
        agent = list(self.lines)[which % len(self.lines)]
        return agent, self.lines[agent]

    @rule(which=st.integers(0, 2), count=st.integers(1, 3))
    def send(self, which, count):
        for _ in range(count):
            self.line(which)[1].send()

    @rule(which=st.integers(0, 2), place=st.integers(0, 9), again=st.booleans())
    def arrive(self, which, place, again):
        agent, line = self.line(which)
        if line.travelling:
            chunk = line.travelling[place % len(line.travelling)]
            if not again:
                line.travelling.remove(chunk)
            self.room.take(agent, chunk)
            line.answers.append(chunk)

    @rule(which=st.integers(0, 2), place=st.integers(0, 9), again=st.booleans())
    def answer(self, which, place, again):
        _, line = self.line(which)
        if line.answers:
            chunk = line.answers[place % len(line.answers)] if again else line.answers.pop(place % len(line.answers))
            line.sender.acknowledged(chunk)
            line.unanswered = [one for one in line.unanswered if one is not chunk]

    @rule(which=st.integers(0, 2))
    def drop_and_send_again(self, which):
        _, line = self.line(which)
        line.travelling = list(line.unanswered)

    @rule(which=st.integers(0, 2), told=st.booleans(), back=st.integers(0, 30), late=st.booleans(), lost=st.booleans())
    def cut(self, which, told, back, late, lost):
        """A sender goes on in a new message, from what it knows, or what the receiver says, or before.

        The old message is lost or still open, and of what was sent some may arrive later.
        """
        agent, line = self.line(which)
        if line.sender.is_done:
            return
        if lost:
            self.room.lose(agent)
        has = [len(data) for number, data in self.room.folder.files.items() if self.agent_of(number) == agent]
        known = has[-1] if told and has else line.sender.accepted
        line.sender.resume(max(0, known - back))
        line.unanswered.clear()
        if not late:
            line.travelling.clear()

    def agent_of(self, number):
        return self.room.folder.names[number].removesuffix(".bin")

    @invariant()
    def what_was_told_is_a_prefix_of_the_file(self):
        if hasattr(self, "lines"):
            for number, data in self.room.folder.files.items():
                assert self.lines[self.agent_of(number)].data.startswith(bytes(data))

    @invariant()
    def what_counts_as_accepted_has_arrived(self):
        if hasattr(self, "lines"):
            folder = self.room.folder
            for agent, line in self.lines.items():
                told = [len(data) for number, data in folder.files.items() if self.agent_of(number) == agent]
                assert line.sender.accepted <= max(told, default=0)
                assert 0.0 <= line.sender.progress <= 1.0
                assert len(line.unanswered) <= self.window

    @precondition(lambda self: hasattr(self, "lines"))
    @rule()
    def quiet(self):
        """From here on nothing is lost: every file arrives, once, whole."""
        for agent, line in self.lines.items():
            for _ in range(10_000):
                if line.sender.is_done:
                    break
                line.send()
                for chunk in list(line.unanswered):
                    self.room.take(agent, chunk)
                    line.sender.acknowledged(chunk)
                line.unanswered.clear()
            assert line.sender.is_done
            assert line.sender.next_range() is None
            assert (line.sender.accepted, line.sender.progress) == (len(line.data), 1.0)
        folder = self.room.folder
        arrived = {self.agent_of(number): bytes(data) for number, data in folder.files.items()}
        assert arrived == {agent: line.data for agent, line in self.lines.items()}
        assert all(isinstance(end, FileCompleted) for end in folder.ends.values())
        assert len(folder.ends) == len(folder.files) == len(self.lines), "a file came twice"

    def teardown(self):
        if hasattr(self, "lines"):
            self.quiet()


TestTransfers = Transfers.TestCase


def chunks_of(data, sender):
    """All chunks of a file, with nothing lost."""
    chunks = []
    while (where := sender.next_range()) is not None:
        chunks.append(sender.chunk(data[where.offset : where.offset + where.length]))
        sender.acknowledged(chunks[-1])
    return chunks


@given(st.binary(min_size=1, max_size=60), st.integers(1, 20), st.integers(1, 60), st.data())
def test_a_file_with_one_other_byte_is_never_complete(data, chunk_size, segment, draw):
    place = draw.draw(st.integers(0, len(data) - 1))
    flipped = bytearray(data)
    flipped[place] ^= draw.draw(st.integers(1, 255))
    options = {"checksum": checksum_of([data]), "chunk_size": chunk_size, "segment": segment}
    room = Room(Folder(FileReceiver()))
    for chunk in chunks_of(bytes(flipped), FileSender("f", len(data), transfer_id="t", **options)):
        room.take("ada", chunk)
    assert [end.reason for end in room.folder.ends.values()] == ["checksum"]


@given(FILES, st.integers(1, 20), st.integers(-5, 5), st.booleans())
def test_a_file_of_another_length_is_never_complete(data, chunk_size, more, resumable):
    assume(more and len(data) + more >= 0)
    said = {"name": "f", "total_size": len(data) + more} | ({"transfer_id": "t"} if resumable else {})
    room = Room(Folder(FileReceiver()))
    chunks = chunks_of(data, FileSender("f", len(data), transfer_id="t", chunk_size=chunk_size))
    chunks[0] = evolve(chunks[0], message=message_of(data_part({"file_info": said})))
    for chunk in chunks:
        room.take("ada", chunk)
    room.folder.receive(StreamEnded(stream_id="s"))
    expected = "lost" if resumable and more > 0 else "size"
    ends = room.folder.ends
    assert ([end.reason for end in ends.values()] or ["lost"]) == [expected]
    assert not any(isinstance(end, FileCompleted) for end in ends.values())


# What a peer may say instead of a file.

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 60), st.floats(), st.text(max_size=4), st.lists(st.none(), max_size=1)
)
MEMBERS = ["name", "total_size", "size", "totalSize", "chunks", "totalChunks", "chunk_size", "chunkSize"]
MEMBERS += ["checksum", "transfer_id", "transferId", "offset", "mime_type", "mimeType"]
GOOD = st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "../b", "\0", ""]), "total_size": st.integers(0, 12)},
    optional={
        "offset": st.integers(0, 12),
        "transfer_id": st.sampled_from(["t", "u", "v"]),
        "checksum": st.sampled_from([checksum_of([b"abc"]), "md5:900150983cd24fb0d6963f7d28e17f72", "sha256:0"]),
    },
)
SAID = st.one_of(GOOD, st.dictionaries(st.sampled_from(MEMBERS), ODD))
ANNOUNCED = st.builds(lambda box, said: data_part({box: said}), st.sampled_from(["file_info", "fileInfo"]), SAID)
PARTS = st.one_of(
    ANNOUNCED,
    st.builds(file_part, st.binary(max_size=8)),
    st.builds(
        Part,
        type=st.sampled_from(PartType),
        content=st.one_of(ODD, st.sampled_from(["YWJj", "YWJ", "YQ==", "=", "-_-_", "é", "\ud800"])),
        encoding=st.none() | st.sampled_from(Encoding),
        size=st.none() | st.integers(-1, 8),
    ),
)
MESSAGES = st.builds(
    Message, role=st.just(Role.AGENT), parts=st.lists(PARTS, max_size=3).map(tuple)
)  # without parts too: no peer gets that past the hub, but a caller might
WHO = {"stream_id": st.sampled_from("st"), "agent_id": st.sampled_from(AGENTS)}
EVENTS = st.one_of(
    st.builds(
        ChunkReceived,
        chunk=MESSAGES,
        sequence=st.integers(1, 3),
        event_id=st.integers(0, 9),
        first_event_id=st.integers(0, 9),
        **WHO,
    ),
    st.builds(
        MessageCompleted, chunks=st.lists(MESSAGES, max_size=2).map(tuple), first_event_id=st.integers(0, 9), **WHO
    ),
    st.builds(MessageLost, reason=st.just("gap"), first_event_id=st.integers(0, 9), **WHO),
    st.builds(ParticipantLeft, **WHO),
    st.builds(StreamEnded, stream_id=WHO["stream_id"]),
)


@given(st.lists(EVENTS, max_size=40), st.integers(1, 6), st.integers(1, 3))
def test_nothing_that_a_peer_sends_raises_or_costs_more_than_the_limits(events, transfers, transfers_each):
    receiver = FileReceiver(FileLimits(size=10, transfers=transfers, transfers_each=transfers_each))
    folder = Folder(receiver)
    for event in events:
        folder.receive(event)
        assert len(receiver._transfers) <= transfers
        feeds = [(key, known) for known in receiver._transfers.values() for key in known.feeds]
        assert dict(feeds) == receiver._messages
        assert all(known.goes_on or known.feeds for known in receiver._transfers.values()), "what is kept for nothing"
        for agent in {key[:2] for key in receiver._transfers}:
            assert sum(key[:2] == agent for key in receiver._transfers) <= transfers_each
    assert all(len(data) <= 10 for data in folder.files.values())


@given(SAID)
def test_an_announcement_is_read_or_refused_with_its_path(said):
    chunk = message_of(data_part({"fileInfo": said}))
    try:
        info = read_info(chunk)
    except CodecError:
        with pytest.raises(CodecError, match="fileInfo"):
            read_info(chunk)
        return
    assert 0 <= info.offset <= info.size
    assert info.name == safe_name(info.name)
    again = read_info(message_of(info_part(info)))
    assert again == (info if info.transfer_id is not None else evolve(info, offset=0))


INFOS = st.builds(
    FileInfo,
    name=st.text(min_size=1, max_size=300).map(safe_name),
    size=st.just(2**53 - 1),
    chunks=st.none() | st.integers(0, 2**40),
    chunk_size=st.none() | st.integers(0, 2**40),
    checksum=st.none() | st.binary(max_size=3).map(lambda data: checksum_of([data])),
    transfer_id=st.text(max_size=60),
    offset=st.integers(0, 2**53 - 1),
    mime_type=st.none() | st.text(max_size=30),
)


@given(INFOS)
def test_an_announcement_comes_back_as_it_was(info):
    message = message_of(info_part(info))
    assert message_id(message) is None
    assert read_info(READ.from_json(WRITE.to_json(message))) == info


TRICKS = st.sampled_from(
    ["/", "\\", "..", ".", " ", "\0", "\n", "\u202e", "con", "nul.", "COM1", ":", "\ud800", "é" * 200]
)


@given(st.lists(st.text(max_size=12) | TRICKS | st.text("ab.", max_size=300), max_size=6).map("".join))
def test_a_safe_name_stays_where_it_is_used(name):
    safe = safe_name(name)
    assert safe_name(safe) == safe
    assert 1 <= len(safe.encode()) <= 255
    assert safe == safe.strip(". ")
    assert not any(character in '/\\:*?"<>|\u202e' or character < " " for character in safe)
    assert safe.partition(".")[0].rstrip().lower() not in ("con", "prn", "aux", "nul", "com1", "lpt9")


@given(st.text("abcxyz019_-é", min_size=1, max_size=20), st.sampled_from(["", ".txt", ".tar.gz"]))
def test_an_ordinary_name_stays_as_it_is(stem, suffix):
    assume(stem.lower() not in ("con", "prn", "aux", "nul"))
    assert safe_name(stem + suffix) == stem + suffix
