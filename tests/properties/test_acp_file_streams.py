"""Files through streams as they are, with all their rules about chunks: refused, cut, begun again, they arrive."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hocket.acp import Stream
from hocket.acp.patterns.files import FileCompleted, FileData, FileFailed, FileReceiver, FileSender, checksum_of
from hocket.errors import StreamRefused

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["send", "send", "send", "cut", "go on", "restart", "again", "pause"]),
        st.integers(0, 99).map(Random),
    ),
    max_size=12,
)


class Transfer:
    """A file that is sent into a stream, chunks in any order, and what the receiver makes of the stream's events."""

    def __init__(self, data, **options):
        self.data, self.options = data, options | {"checksum": checksum_of([data])}
        self.stream = Stream(["ada", "bob"])
        self.receiver = FileReceiver()
        self.content = bytearray()
        self.ends = []
        self.begin(0)
        self.sent = []

    def begin(self, offset):
        self.sender = FileSender("f", len(self.data), transfer_id="t", offset=offset, **self.options)

    def send(self, chance):
        """All that may be under way, in any order. What is refused is sent once more, after the others."""
        chunks = []
        while (where := self.sender.next_range()) is not None:
            chunks.append(self.sender.chunk(self.data[where.offset : where.offset + where.length]))
        self.sent += chunks
        chance.shuffle(chunks)
        refused = [chunk for chunk in chunks if not self.say(chunk)]
        refused = [chunk for chunk in refused if not self.say(chunk)]
        if refused:
            self.sender.resume()

    def say(self, chunk):
        try:
            self.stream.chunk("ada", chunk.message, sequence=chunk.sequence, last=chunk.is_last)
        except StreamRefused:
            return False
        finally:
            self.listen()
        self.sender.acknowledged(chunk)
        return True

    def listen(self):
        while (event := self.stream.next_event()) is not None:
            for told in self.receiver.receive(event):
                match told:
                    case FileData():
                        assert told.offset == len(self.content)
                        self.content += told.data
                    case FileCompleted():
                        self.ends.append(told)
                    case FileFailed():
                        assert told.reason == "lost"
                        assert told.received == len(self.content)

    def step(self, step, chance):
        match step:
            case "send":
                self.send(chance)
            case "cut":  # the stream loses what is open, and the sender finds out
                self.stream.resync("ada")
                self.listen()
                self.sender.resume()
            case "go on":  # the sender gives up a message that is still open
                self.sender.resume(chance.randint(0, self.sender.accepted))
            case "restart":  # the program of the sender is started again
                self.begin(self.sender.accepted)
            case "again" if self.sent:  # something comes late, a second time
                late = chance.choice(self.sent)
                try:
                    self.stream.chunk("ada", late.message, sequence=late.sequence, last=late.is_last)
                except StreamRefused:
                    pass
                self.listen()
            case "pause":
                self.stream.pause("ada")
                self.send(chance)
                self.stream.resume("ada")


@given(st.binary(max_size=80), st.integers(1, 20), st.integers(1, 60), st.integers(1, 6), STEPS)
def test_a_file_gets_through_a_stream_whole_and_once(data, chunk_size, segment, window, steps):
    transfer = Transfer(data, chunk_size=chunk_size, segment=segment, window=window)
    for step, chance in steps:
        transfer.step(step, chance)
        assert transfer.sender.accepted <= len(transfer.content)
        assert data.startswith(bytes(transfer.content))
    for _ in range(1_000):
        if transfer.sender.is_done:
            break
        transfer.send(Random(1))
    assert transfer.content == data
    assert [end.is_verified for end in transfer.ends] == [True]
