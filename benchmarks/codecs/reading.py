"""Bytes to events, as the core of hocket reads them: `reading.py [stdlib]`; no socket, no loop, one process.

`{"what": "A2A over SSE", "seconds": 0.1}` comes on stdin; how many frames a second of processor time reads goes to
stdout. The bytes come in pieces of 64 KiB, as they come from sockets, and every event is taken.
"""

import json
import sys
import time

if "stdlib" in sys.argv:
    sys.modules["msgspec"] = None  # type: ignore[assignment]  # as where it is not installed

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from frames import A2A, ACP

from hocket import Connection
from hocket.a2a import V1_0
from hocket.a2a.dialects.item_reader import ItemReader
from hocket.acp.wire import ACP as WIRE
from hocket.acp.wire import PARAMS, ChunkParams, usual_calls
from hocket.framing import ContentLength, Framing, Ndjson, SseParser, encode_event

PIECE = 64 * 1024
FRAMES = 1_000
"""In each round trip of the measuring; what a machine remembers from one to the next is what it remembers in life."""


def pieces(texts: Iterator[bytes]) -> list[bytes]:
    everything = b"".join(text for text, _ in zip(texts, range(FRAMES), strict=False))
    return [everything[start : start + PIECE] for start in range(0, len(everything), PIECE)]


def values(framing: Framing) -> Callable[[], int]:
    """JSON-RPC notifications whose params are values."""
    data = pieces(framing.encode(ACP["chunk"]) for _ in count())
    connection = Connection(framing)

    def read() -> int:
        frames = 0
        for piece in data:
            connection.receive_data(piece, 0.0)
            while connection.next_event() is not None:
                frames += 1
        return frames

    return read


def acp() -> Callable[[], int]:
    """Chunks of ACP: typed params."""
    data = pieces(Ndjson().encode(ACP["chunk"]) for _ in count())
    connection = Connection(Ndjson(), usual=usual_calls(PARAMS))
    typed = WIRE.reader(ChunkParams).from_value

    def read() -> int:
        frames = 0
        for piece in data:
            connection.receive_data(piece, 0.0)
            event: Any
            while (event := connection.next_event()) is not None:
                frames += 1
                if event.params.__class__ is not ChunkParams:
                    typed(event.params)
        return frames

    return read


def sse() -> Callable[[], int]:
    """Server-sent events, their data as they came."""
    data = pieces(encode_event(A2A["chunk"], id=str(number)) for number in count(1))
    parser = SseParser()

    def read() -> int:
        frames = 0
        for piece in data:
            parser.receive_data(piece)
            frames += len(parser.next_events())
        return frames

    return read


def a2a() -> Callable[[], int]:
    """Updates of an artifact in server-sent events: typed items, read as a client does that reads one stream."""
    chunks = (A2A["chunk"].replace(b" 12 ", b" %d " % number) for number in count(1))
    data = pieces(encode_event(chunk, id=str(number)) for number, chunk in enumerate(chunks, 1))
    parser, response = SseParser(), ItemReader(V1_0.read_response).read

    def read() -> int:
        frames = 0
        for piece in data:
            parser.receive_data(piece)
            event: Any
            for event in parser.next_events():
                response(event.data)
                frames += 1
        return frames

    return read


READS: dict[str, Callable[[], int]] = {
    "JSON-RPC in lines": values(Ndjson()),
    "JSON-RPC with Content-Length": values(ContentLength()),
    "server-sent events": sse(),
    "A2A in server-sent events": a2a(),
    "ACP in lines": acp(),
}


def main() -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        read, frames, spent = READS[asked["what"]], 0, 0.0
        while spent < asked["seconds"] or not frames:
            begun = time.process_time()
            frames += read()
            spent += time.process_time() - begun
        print(json.dumps({"frames/s": frames / spent, "µs/frame": 1e6 * spent / frames}), flush=True)


main()
