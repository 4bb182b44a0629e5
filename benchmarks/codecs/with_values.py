"""Codecs that give dictionaries: `with_values.py json|orjson|msgspec`; see `asked`. They check the text and no more."""

import json
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import orjson
from asked import answer
from frames import A2A, ACP, OLD_A2A, RPC, VALUES

CODECS: dict[str, tuple[Callable[[bytes], Any], Callable[[Any], Any]]] = {
    "json": (json.loads, lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()),
    "orjson": (orjson.loads, orjson.dumps),
    "msgspec": (msgspec.json.Decoder().decode, msgspec.json.Encoder().encode),
}
LOADS, DUMPS = CODECS[sys.argv[1]]
FRAMES = {"ACP": ACP, "A2A": A2A, "A2A 0.3": OLD_A2A, "JSON-RPC": RPC}


def decoding(frame: bytes) -> Callable[[], object]:
    return lambda: LOADS(frame)


def encoding(value: Any) -> Callable[[], object]:
    return lambda: DUMPS(value)


answer(
    {f"decode {name}": {shape: decoding(frame) for shape, frame in each.items()} for name, each in FRAMES.items()}
    | {f"encode {name}": {shape: encoding(value) for shape, value in each.items()} for name, each in VALUES.items()}
)
