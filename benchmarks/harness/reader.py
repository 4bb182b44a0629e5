"""A neutral reader: plain sockets, one `select`, and a count of `data:` lines.

It has no HTTP library and parses nothing, so it is never what is measured: `peers/ceiling_server.py` says how much it
could take.
"""

import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator, Sequence

from attrs import define, frozen

from harness.contest import LeftOut

_MARK = b"data:"
_SIZE = 1 << 18
_PATIENCE = 60.0
"""Seconds without a byte from anybody after which the servers are given up."""


@frozen
class Way:
    """A way to ask for words: the path, the version that is named, and how the message is written."""

    path: str
    version: str = ""
    method: str = "SendStreamingMessage"
    role: str = "ROLE_USER"
    kind: str = ""
    """The member that says that a part is text, in the versions that have one."""

    def request(self, port: int, text: str, number: int = 0) -> bytes:
        """The bytes of a whole request on a connection of its own."""
        part = {self.kind: "text", "text": text} if self.kind else {"text": text}
        message = {"messageId": f"m-{time.perf_counter_ns()}-{number}", "role": self.role, "parts": [part]}
        params = {"kind": "message", **message} if self.kind == "kind" else message
        body: dict[str, object] = {"message": params}
        if self.method:
            body = {"jsonrpc": "2.0", "id": 1, "method": self.method, "params": body}
        content = json.dumps(body).encode()
        fields = [
            f"POST {self.path} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Content-Type: application/json",
            "Accept: text/event-stream",
            f"Content-Length: {len(content)}",
            "Connection: close",
            *([f"A2A-Version: {self.version}"] if self.version else []),
        ]
        return "\r\n".join([*fields, "", ""]).encode() + content


RPC_1_0 = Way("/", "1.0")
RPC_0_3 = Way("/", "0.3", "message/stream", "user", "kind")
REST = Way("/message:stream", "1.0", "")
GATEWAY = Way("/agents/words/a2a", "", "message/stream", "user", "type")


@define(eq=False)
class Reading:
    """One stream that is read: what has come of it."""

    sock: socket.socket
    events: int = 0
    first: float = 0.0
    """When its first event had come."""
    tail: bytes = b""

    def take(self, data: bytes) -> None:
        """Count what begins in these bytes, or began at the end of those before."""
        edge = len(_MARK) - 1
        self.events += data.count(_MARK) + (self.tail + data[:edge]).count(_MARK)
        self.tail = (self.tail + data[-edge:])[-edge:]


@frozen
class Taken:
    """What came of some streams that were read at the same time."""

    seconds: float
    events: list[int]
    waited: list[float]
    """For each stream the seconds from its connection to its first event."""


def read_all(port: int, requests: Sequence[bytes]) -> Taken:
    """Ask all of these at the same time, each on a connection of its own, and read to the ends.

    Raises:
        LeftOut: Nothing has come for a minute, or an answer has no event at all.
    """
    allow_files(len(requests) + 100)
    clock = time.perf_counter
    begun = clock()
    asked, readings = [], []
    for request in requests:
        asked.append(clock())
        readings.append(ask(port, request))
    for reading, data in arrivals(readings):
        reading.take(data)
        if reading.events and not reading.first:
            reading.first = clock()
    seconds = clock() - begun
    if not all(reading.events for reading in readings):
        raise LeftOut("an answer has no event")
    waited = [reading.first - at for reading, at in zip(readings, asked, strict=True)]
    return Taken(seconds, [reading.events for reading in readings], waited)


def arrivals(readings: Sequence[Reading]) -> Iterator[tuple[Reading, bytes]]:
    """What comes from any of these, as it comes, until all have ended.

    Raises:
        LeftOut: Nothing has come for a minute.
    """
    with selectors.DefaultSelector() as selector:
        for reading in readings:
            selector.register(reading.sock, selectors.EVENT_READ, reading)
        missing = len(readings)
        while missing:
            if not (ready := selector.select(_PATIENCE)):
                raise LeftOut(f"{missing} of {len(readings)} streams say nothing for {_PATIENCE:.0f} s")
            for key, _ in ready:
                if data := key.data.sock.recv(_SIZE):
                    yield key.data, data
                else:
                    selector.unregister(key.data.sock)
                    key.data.sock.close()
                    missing -= 1


def ask(port: int, request: bytes) -> Reading:
    """Connect and send a request."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(request)
    return Reading(sock)


def wait_for_event(reading: Reading) -> None:
    """Read until one event has come."""
    while not reading.events:
        if not (data := reading.sock.recv(_SIZE)):
            raise LeftOut("a stream has ended before its first event")
        reading.take(data)


def allow_files(wanted: int) -> None:
    """Open files for as many connections, here and in what is started from now on."""
    if sys.platform == "win32":  # there is no such limit, and no such module
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (ValueError, OSError):
        sys.exit(f"{wanted} files would have to be open, and {hard} may be (ulimit -Hn)")
