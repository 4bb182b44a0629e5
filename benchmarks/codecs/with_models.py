"""The models of peers, each as its own package reads and writes them: `with_models.py NAME`; see `asked`."""

import json
import sys
from collections.abc import Callable
from functools import reduce
from typing import Any

from asked import Functions, answer
from frames import A2A, ACP, OLD_A2A, VALUES


def each(shapes: dict[str, Any], function: Callable[[Any], Callable[[], object]]) -> Functions:
    return {shape: function(value) for shape, value in shapes.items()}


def a2a_sdk() -> dict[str, Functions]:
    """a2a-sdk 1.x: protobuf, to and from JSON by way of dictionaries."""
    from a2a.types.a2a_pb2 import StreamResponse
    from google.protobuf.json_format import MessageToDict, ParseDict

    def decode(frame: bytes) -> Callable[[], object]:
        return lambda: ParseDict(json.loads(frame)["result"], StreamResponse())

    def encode(value: Any) -> Callable[[], object]:
        response = ParseDict(value, StreamResponse())
        return lambda: json.dumps(MessageToDict(response)).encode()

    return {"decode A2A": each(A2A, decode), "encode A2A": each(VALUES["A2A"], encode)}


def a2a_sdk_0_3() -> dict[str, Functions]:
    """a2a-sdk 0.3: pydantic."""
    from a2a.types import SendStreamingMessageResponse, SendStreamingMessageSuccessResponse

    def decode(frame: bytes) -> Callable[[], object]:
        return lambda: SendStreamingMessageResponse.model_validate_json(frame)

    def encode(frame: bytes) -> Callable[[], object]:
        result = SendStreamingMessageSuccessResponse.model_validate_json(frame).result
        return lambda: result.model_dump_json(by_alias=True, exclude_none=True)

    return {"decode A2A 0.3": each(OLD_A2A, decode), "encode A2A 0.3": each(OLD_A2A, encode)}


def fasta2a() -> dict[str, Functions]:
    """fasta2a: typed dictionaries, checked by pydantic. Its states and roles are the words of 0.3."""
    from fasta2a.schema import stream_message_response_ta as adapter

    def decode(frame: bytes) -> Callable[[], object]:
        return lambda: adapter.validate_json(frame)

    def encode(frame: bytes) -> Callable[[], object]:
        response = adapter.validate_json(frame)
        assert response["result"], "all its members are optional: what it does not know is nothing"
        return lambda: adapter.dump_json(response, by_alias=True)

    words = (b"TASK_STATE_WORKING", b"working"), (b"ROLE_USER", b"user")
    frames = {shape: reduce(lambda text, word: text.replace(*word), words, frame) for shape, frame in A2A.items()}
    return {"decode A2A": each(frames, decode), "encode A2A": each(frames, encode)}


def acp_sdk() -> dict[str, Functions]:
    """acp-sdk-python: pydantic."""
    from acp.models.generated import JsonRpcRequest, StreamChunkParams, StreamMessageParams

    classes: dict[str, Any] = {"chunk": StreamChunkParams, "message": StreamMessageParams}

    def decode(frame: bytes) -> Callable[[], object]:
        return lambda: JsonRpcRequest.model_validate_json(frame)

    def encode(value: Any) -> Callable[[], object]:
        params = classes["chunk" if "chunk" in value else "message"].model_validate(value)
        return lambda: params.model_dump_json(by_alias=True, exclude_none=True)

    values = json.loads(json.dumps(VALUES["ACP"]).replace("utf8", "base64"))  # its enum has no other word
    frames = {shape: frame.replace(b"utf8", b"base64") for shape, frame in ACP.items()}
    return {"decode ACP": each(frames, decode), "encode ACP": each(values, encode)}


MODELS: dict[str, Callable[[], dict[str, Functions]]] = {
    "a2a-sdk": a2a_sdk,
    "a2a-sdk-0.3": a2a_sdk_0_3,
    "fasta2a": fasta2a,
    "acp-sdk": acp_sdk,
}
answer(MODELS[sys.argv[1]]())
