"""Dialect: one version of A2A on the wire. Data, and the few functions that put the data to use."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeAlias, TypeVar

from attrs import field, frozen

from hocket import codec
from hocket.a2a.dialects.boxes import boxed, unboxed
from hocket.a2a.dialects.checks import ID_BYTES, violation
from hocket.a2a.dialects.details import details
from hocket.a2a.model import Message, SendResult, StreamItem, Task
from hocket.a2a.requests import CancelTaskRequest, GetTaskRequest, SendMessageRequest, SubscribeToTaskRequest
from hocket.errors import Code, CodecError, ErrorObject

__all__ = ["Dialect", "Operation", "Params"]

T = TypeVar("T")


class Operation(Enum):
    """What can be asked of an agent, under whatever name."""

    SEND = "send"
    STREAM = "stream"
    GET = "get"
    CANCEL = "cancel"
    SUBSCRIBE = "subscribe"


Params: TypeAlias = SendMessageRequest | GetTaskRequest | CancelTaskRequest | SubscribeToTaskRequest

_PARAMS: Mapping[Operation, type[Params]] = {
    Operation.SEND: SendMessageRequest,
    Operation.STREAM: SendMessageRequest,
    Operation.GET: GetTaskRequest,
    Operation.CANCEL: CancelTaskRequest,
    Operation.SUBSCRIBE: SubscribeToTaskRequest,
}


_ENVELOPE = (b'"jsonrpc"', b'"id"', b'"result"')


@frozen(kw_only=True, weakref_slot=False)
class _ItemResponse:
    """A JSON-RPC response whose result is an item of a stream."""

    jsonrpc: str
    id: Any
    result: StreamItem


@frozen(eq=False, kw_only=True)
class Dialect:
    """How A2A looks in one version.

    Attributes:
        version: Major.Minor, as `A2A-Version` says it.
        methods: The name of each operation.
        wire: How the objects look.
        sends_version: Whether a client says the version with every request.
        streams_finished_tasks: Whether a subscription to a task that is over gets the Task and the end, not an error.
        details_errors: Whether the `data` of an error is a list of typed details.
        boxes_data: Whether data parts hold objects only, so that other values need a box.
    """

    version: str
    methods: Mapping[Operation, str]
    wire: codec.Dialect
    sends_version: bool
    streams_finished_tasks: bool
    details_errors: bool
    boxes_data: bool
    operations: Mapping[str, Operation] = field(init=False)

    @property
    def name(self) -> str:
        """What to call it: the key of encoded events."""
        return self.version

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "operations", {name: operation for operation, name in self.methods.items()})

    def _read(self, value: T) -> T:
        return unboxed(value) if self.boxes_data else value

    def _written(self, value: T) -> T:
        return boxed(value) if self.boxes_data else value

    # The server's side.

    def read_params(self, operation: Operation, params: Any, id_bytes: int = ID_BYTES) -> Params | ErrorObject:
        """The parameters of a request, or the error that says what is wrong with them."""
        try:
            parsed = self.wire.reader(_PARAMS[operation]).from_value({} if params is None else params, "params")
        except CodecError as error:
            return _invalid(error.path, error.reason)
        wrong = violation(parsed, id_bytes)
        return self._read(parsed) if wrong is None else _invalid(*wrong)

    def write_result(self, operation: Operation, task: Task) -> bytes:
        """The result of a call that does not stream."""
        if operation is Operation.SEND:
            return self.wire.writer(SendResult).to_json(self._written(task))
        return self.wire.writer(Task).to_json(self._written(task))

    def write_item(self, item: StreamItem) -> bytes | None:
        """The result in one event of a stream; None for what a task's log holds but no version sends.

        (A message that is added to the history: A2A has no event for it.)
        """
        return None if isinstance(item, Message) else self.wire.writer(StreamItem).to_json(self._written(item))

    def write_error(self, error: ErrorObject) -> ErrorObject:
        """The error as this version writes it."""
        return ErrorObject(error.code, error.message, details(error)) if self.details_errors else error

    # The client's side.

    def write_params(self, operation: Operation, params: Params) -> Any:
        """The params of a request."""
        return self.wire.writer(_PARAMS[operation]).to_value(self._written(params))

    def read_result(self, operation: Operation, result: Any) -> Task | Message:
        """The result of a call that does not stream.

        Raises:
            CodecError: It is not one.
        """
        if operation is Operation.SEND:
            answer: SendResult = self.wire.reader(SendResult).from_value(result, "result")
            return self._read(answer)
        if operation in (Operation.STREAM, Operation.SUBSCRIBE):
            item = self.read_item(result)
            if isinstance(item, Task | Message):
                return item
            raise CodecError("must be a Task or a Message where nothing is streamed", "result")
        return self._read(self.wire.reader(Task).from_value(result, "result"))

    def read_item(self, result: Any) -> StreamItem:
        """One item of a stream.

        Raises:
            CodecError: It is not one.
        """
        item: StreamItem = self.wire.reader(StreamItem).from_value(result, "result")
        return self._read(item)

    def read_response(self, data: bytes) -> StreamItem | ErrorObject:
        """One event of a stream: a JSON-RPC response with an item, or with an error.

        Raises:
            CodecError: It is neither.
        """
        item = self._read_canonical(data)
        if item is not None:
            return self._read(item)
        response = codec.loads(data, envelope=True)
        match response:
            case {"error": {"code": int() as code, "message": str() as message, **more}}:
                return ErrorObject(code, message, more.get("data"))
            case {"result": result}:
                return self.read_item(result)
        raise CodecError("an event of a stream must be a JSON-RPC response, with a result or an error")

    def _read_canonical(self, data: bytes) -> StreamItem | None:
        """The item in a response without anything unusual; None for whatever takes a longer look.

        The short cut does not see two members of one name. That is seen to here, by the same rule as in
        `codec.loads`: a name that stands in the text once cannot be there twice.
        """
        if b"\\u00" in data or any(data.count(name) != 1 for name in _ENVELOPE):
            return None
        response = self.wire.reader(_ItemResponse).from_canonical(data)
        return None if response is None or response.jsonrpc != "2.0" else response.result


def _invalid(path: str, reason: str) -> ErrorObject:
    return ErrorObject.of(
        Code.INVALID_PARAMS, f"{path}: {reason}", {"field": path.removeprefix("params."), "reason": reason}
    )
