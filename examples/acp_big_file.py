"""A file of 15 MiB goes through a hub, over a network that loses and reorders requests. Does it arrive as it was?

All of it is in memory: two clients, a hub, no sockets, and a clock that jumps to whatever comes next.
"""

from heapq import heappop, heappush
from random import Random

from hocket.acp import ClientLimits, Hub, Invited
from hocket.acp.client import Answered, Client, Failed
from hocket.acp.patterns.files import (
    FileChunk,
    FileCompleted,
    FileData,
    FileFailed,
    FileReceiver,
    FileSender,
    checksum_of,
)
from hocket.entropy import seeded
from hocket.timers import soonest

FILE = Random(1).randbytes(15 * 1024 * 1024)
LOST = 0.05  # of the requests, and of the answers
DELAY = 0.2  # seconds at the most: each message takes its own part of it
PATIENCE = 1.0  # seconds until a request without an answer is sent again


class Network:
    """One direction of a network: what is sent arrives after a while, in any order; or never."""

    def __init__(self, seed: int) -> None:
        self.sent = self.lost = self.overtaken = self.newest = 0
        self.random = Random(seed)
        self.travelling: list[tuple[float, int, bytes]] = []

    def send(self, message: bytes, now: float) -> None:
        self.sent += 1
        if self.random.random() < LOST:
            self.lost += 1
        else:
            heappush(self.travelling, (now + self.random.uniform(0.0, DELAY), self.sent, message))

    def next_arrival(self) -> float | None:
        return self.travelling[0][0] if self.travelling else None

    def arrivals(self, now: float) -> list[bytes]:
        messages = []
        while self.travelling and self.travelling[0][0] <= now:
            _, number, message = heappop(self.travelling)
            self.overtaken += number < self.newest
            self.newest = max(self.newest, number)
            messages.append(message)
        return messages


class Archive:
    """The agent that has the file. Its client sends again what is not answered."""

    def __init__(self) -> None:
        limits = ClientLimits(request=PATIENCE)
        self.client = Client("archive", entropy=seeded(1), limits=limits, is_ordered=False)
        self.file = FileSender("archive.bin", len(FILE), transfer_id="file-1", checksum=checksum_of([FILE]))
        self.stream_id: str | None = None
        self.unanswered: dict[str, FileChunk] = {}

    def work(self, now: float) -> None:
        while (event := self.client.next_event()) is not None:
            match event:
                case Answered() if self.stream_id is None:
                    self.stream_id = event.stream_id
                case Answered():
                    self.file.acknowledged(self.unanswered.pop(event.request_id))
                case Failed():
                    raise event.error
        while self.stream_id is not None and (part := self.file.next_range()) is not None:
            chunk = self.file.chunk(FILE[part.offset : part.offset + part.length])
            asked = self.client.chunk(self.stream_id, chunk.message, chunk.sequence, is_last=chunk.is_last, now=now)
            self.unanswered[asked] = chunk


class Reader:
    """The agent that gets it."""

    def __init__(self) -> None:
        self.client = Client("reader", entropy=seeded(2))
        self.files = FileReceiver()
        self.content = bytearray()
        self.pieces = 0
        self.end: FileCompleted | FileFailed | None = None

    def work(self, now: float) -> None:
        while (event := self.client.next_event()) is not None:
            if isinstance(event, Invited):
                self.client.join(event.stream_id, now=now)
            for told in self.files.receive(event):
                match told:
                    case FileData():
                        self.content += told.data
                        self.pieces += 1
                    case FileCompleted() | FileFailed():
                        self.end = told


def main() -> None:
    hub, archive, reader = Hub(entropy=seeded(3)), Archive(), Reader()
    hub.connect("archive", 0.0, principal="archive", ordered=False)  # as over HTTP: each request goes its own way
    hub.connect("reader", 0.0, principal="reader")
    archive.client.connected(0.0)
    reader.client.connected(0.0)
    archive.client.start(["reader"], now=0.0)
    requests, answers = Network(seed=4), Network(seed=5)
    machines = (hub, archive.client, reader.client)
    now = 0.0
    while True:
        for send in hub.take("archive"):
            answers.send(send.message, now)
        for send in hub.take("reader"):
            reader.client.receive_message(send.message, now)
        archive.work(now)
        reader.work(now)
        if reader.end and archive.file.is_done:
            break
        for message in archive.client.messages_to_send():
            requests.send(message, now)
        for message in reader.client.messages_to_send():
            hub.receive("reader", message, now)

        timeouts = [machine.next_timeout() for machine in machines]
        now = soonest(requests.next_arrival(), answers.next_arrival(), *timeouts) or now
        for machine in machines:
            machine.handle_timeout(now)
        for message in requests.arrivals(now):
            hub.receive("archive", message, now)
        for message in answers.arrivals(now):
            archive.client.receive_message(message, now)

    print(f"sent:     {len(FILE):,} bytes in {reader.pieces} pieces, with {requests.sent} requests")
    print(f"lost:     {requests.lost} requests and {answers.lost} answers; what had no answer was sent again")
    print(f"late:     {requests.overtaken} requests were overtaken by others")
    is_verified = isinstance(reader.end, FileCompleted) and reader.end.is_verified
    print(f"arrived:  {len(reader.content):,} bytes, the checksum is {'right' if is_verified else 'wrong'}")
    print(f"the same: {'every byte' if reader.content == FILE else 'no'}, after {now:.1f} s by that clock")


if __name__ == "__main__":
    main()
