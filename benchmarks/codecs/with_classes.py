"""Classes made for exactly these frames, by hand: `with_classes.py structs|cattrs`; see `asked`.

`structs` are msgspec's own (the least that typed objects can cost), `cattrs` are frozen attrs classes that stock cattrs
structures from what json has read.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import cattrs.gen
import msgspec
from asked import answer
from attrs import fields, frozen
from frames import A2A, ACP, VALUES


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


class Struct(msgspec.Struct, rename=camel, omit_defaults=True):
    """A struct with the names of the wire."""


class SaidPart(Struct):
    type: str
    content: str
    encoding: str | None = None


class Said(Struct):
    role: str
    parts: list[SaidPart]
    timestamp: str | None = None
    agent_id: str | None = None


class Chunk(Struct):
    stream_id: str
    chunk: Said
    sequence: int
    is_last: bool = False


class Call(Struct):
    jsonrpc: str
    method: str
    params: Chunk
    id: str | int | None = None


class Part(Struct):
    text: str


class Artifact(Struct):
    artifact_id: str
    parts: list[Part]
    name: str | None = None


class Update(Struct):
    task_id: str
    artifact: Artifact
    context_id: str | None = None
    append: bool = False
    last_chunk: bool = False


class Result(Struct):
    artifact_update: Update


class Response(Struct):
    jsonrpc: str
    id: str | int | None
    result: Result


def with_structs() -> None:
    encode, chunk = msgspec.json.Encoder().encode, ACP["chunk"]
    read_call, read_response = msgspec.json.Decoder(Call).decode, msgspec.json.Decoder(Response).decode
    call, response = read_call(chunk), read_response(A2A["chunk"])
    answer(
        {
            "decode ACP": {"chunk": lambda: read_call(chunk)},
            "decode A2A": {"chunk": lambda: read_response(A2A["chunk"])},
            "encode ACP": {"chunk": lambda: encode(call.params)},
            "encode A2A": {"chunk": lambda: encode(response.result)},
        }
    )


@frozen(kw_only=True)
class FrozenPart:
    text: str


@frozen(kw_only=True)
class FrozenArtifact:
    artifact_id: str
    parts: list[FrozenPart]
    name: str | None = None


@frozen(kw_only=True)
class FrozenUpdate:
    task_id: str
    artifact: FrozenArtifact
    context_id: str | None = None
    append: bool = False
    last_chunk: bool = False


def with_cattrs() -> None:
    converter = cattrs.Converter()
    for cls in (FrozenPart, FrozenArtifact, FrozenUpdate):
        names: Any = {each.name: cattrs.gen.override(rename=camel(each.name)) for each in fields(cls)}
        converter.register_structure_hook(cls, cattrs.gen.make_dict_structure_fn(cls, converter, **names))
        converter.register_unstructure_hook(
            cls, cattrs.gen.make_dict_unstructure_fn(cls, converter, _cattrs_omit_if_default=True, **names)
        )
    frame, update = A2A["chunk"], converter.structure(VALUES["A2A"]["chunk"]["artifactUpdate"], FrozenUpdate)

    def decode() -> FrozenUpdate:
        return converter.structure(json.loads(frame)["result"]["artifactUpdate"], FrozenUpdate)

    def encode() -> bytes:
        return json.dumps({"artifactUpdate": converter.unstructure(update)}, separators=(",", ":")).encode()

    answer({"decode A2A": {"chunk": decode}, "encode A2A": {"chunk": encode}})


CODECS: dict[str, Callable[[], None]] = {"structs": with_structs, "cattrs": with_cattrs}
CODECS[sys.argv[1]]()
