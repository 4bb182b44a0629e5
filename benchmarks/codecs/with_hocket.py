"""hocket as one of the codecs: `with_hocket.py [stdlib]`; see `asked`. What is decoded becomes frozen objects."""

import sys

if "stdlib" in sys.argv:
    sys.modules["msgspec"] = None  # type: ignore[assignment]  # as where it is not installed

from collections.abc import Callable
from itertools import cycle
from typing import Any

from asked import answer
from frames import A2A, ACP, OLD_A2A, RPC, VALUES

from hocket.a2a import V0_3, V1_0
from hocket.a2a.dialects.item_reader import ItemReader
from hocket.acp.wire import ACP as WIRE
from hocket.acp.wire import PARAMS, usual_calls
from hocket.jsonrpc import Peer

METHODS = {"chunk": PARAMS["stream.chunk"], "message": PARAMS["stream.message"]}


def received(frame: bytes, wanted: type | None = None) -> Callable[[], object]:
    """A message as an event of JSON-RPC; what is said in it as an object of a class, where one is wanted."""
    peer = Peer(usual=usual_calls(PARAMS))
    read = None if wanted is None else WIRE.reader(wanted).from_value

    def function() -> Any:
        peer.receive_message(frame, 0.0)
        event: Any = peer.next_event()
        while (more := peer.next_event()) is not None:
            event = more
        if read is None or event.params.__class__ is wanted:
            return event
        return read(event.params)

    return function


def response(dialect: Any, frame: bytes) -> Callable[[], object]:
    """As a client reads a stream: what comes next differs from what came before."""
    read, frames = ItemReader(dialect.read_response).read, cycle([frame, frame.replace(b" 12 ", b" 13 ")])
    return lambda: read(next(frames))


def params(wanted: type, value: Any) -> Callable[[], object]:
    said, write = WIRE.reader(wanted).from_value(value), WIRE.writer(wanted).to_json
    return lambda: write(said)


def result(dialect: Any, value: Any) -> Callable[[], object]:
    item, write = dialect.read_item(value), dialect.item_writer(lambda: None)
    return lambda: write(item)


answer(
    {
        "decode ACP": {shape: received(frame, METHODS[shape]) for shape, frame in ACP.items()},
        "decode A2A": {shape: response(V1_0, frame) for shape, frame in A2A.items()},
        "decode A2A 0.3": {shape: response(V0_3, frame) for shape, frame in OLD_A2A.items()},
        "decode JSON-RPC": {shape: received(frame) for shape, frame in RPC.items()},
        "encode ACP": {shape: params(METHODS[shape], value) for shape, value in VALUES["ACP"].items()},
        "encode A2A": {shape: result(V1_0, value) for shape, value in VALUES["A2A"].items()},
        "encode A2A 0.3": {shape: result(V0_3, value) for shape, value in VALUES["A2A 0.3"].items()},
    }
)
