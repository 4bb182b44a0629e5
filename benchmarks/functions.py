"""Single functions of the core under pyperf, for who changes one of them: before and after, with what chance has done.

    python benchmarks/functions.py -o before.json
    python benchmarks/functions.py -o after.json && python -m pyperf compare_to before.json after.json

Beside other people's code these functions stand in `codec` and `core`. All options of pyperf work; `--fast` is a first
look, and `--inherit-environ=PYTHONPATH` measures a tree that is not installed.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import pyperf

sys.path.insert(0, str(Path(__file__).with_name("codecs")))

from frames import A2A, ACP, RPC, VALUES

from hocket import Connection, codec
from hocket.a2a import V1_0
from hocket.a2a.dialects.item_reader import ItemReader
from hocket.a2a.dialects.item_writer import ItemWriter
from hocket.acp.wire import ACP as WIRE
from hocket.acp.wire import ChunkParams
from hocket.framing import ContentLength, Framing, Ndjson, SseParser, encode_event, encode_events

MANY = 100
"""Frames in one piece of bytes."""


def received(framing: Framing) -> Callable[[], object]:
    """Frames of a pipe, up to their events."""
    connection, data = Connection(framing), framing.encode(ACP["chunk"]) * MANY

    def function() -> None:
        connection.receive_data(data, 0.0)
        while connection.next_event() is not None:
            pass

    return function


def parsed() -> Callable[[], object]:
    """Server-sent events."""
    parser = SseParser()
    data = b"".join([encode_event(A2A["chunk"], id=str(number)) for number in range(MANY)])

    def function() -> None:
        parser.receive_data(data)
        parser.next_events()

    return function


def main() -> None:
    chunk, task = (V1_0.read_item(VALUES["A2A"][shape]) for shape in ("chunk", "task"))
    said = WIRE.reader(ChunkParams).from_value(VALUES["ACP"]["chunk"])
    read = ItemReader(V1_0.read_response).read
    numbered = [(number, A2A["chunk"]) for number in range(MANY)]
    runner = pyperf.Runner()
    runner.bench_func("codec.loads, a call", codec.loads, RPC["call"])
    runner.bench_func("codec.dumps, a chunk", codec.dumps, VALUES["A2A"]["chunk"])
    runner.bench_func("escape_string", codec.default.escape, "chunk number 12 of the answer ")
    runner.bench_func("ACP reader.from_value", WIRE.reader(ChunkParams).from_value, VALUES["ACP"]["chunk"])
    runner.bench_func("ACP writer.to_json", WIRE.writer(ChunkParams).to_json, said)
    runner.bench_func("A2A read_response, a chunk", V1_0.read_response, A2A["chunk"])
    runner.bench_func("A2A read_response, a task", V1_0.read_response, A2A["task"])
    runner.bench_func("A2A ItemReader, a chunk", read, A2A["chunk"])
    runner.bench_func("A2A write_item, a chunk", V1_0.write_item, chunk)
    runner.bench_func("A2A write_item, a task", V1_0.write_item, task)
    runner.bench_func("A2A ItemWriter, a chunk", ItemWriter(V1_0.write_item), chunk)
    runner.bench_func("SseParser", parsed(), inner_loops=MANY)
    runner.bench_func("encode_events", encode_events, numbered, inner_loops=MANY)
    runner.bench_func("Connection, lines", received(Ndjson()), inner_loops=MANY)
    runner.bench_func("Connection, Content-Length", received(ContentLength()), inner_loops=MANY)


if __name__ == "__main__":
    main()
