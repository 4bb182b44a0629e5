"""ClientCall: one call as its client sees it, whatever carries it. What to ask, and what came back."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from hocket.a2a.dialects import Dialect, Operation, Params
from hocket.a2a.limits import ClientLimits
from hocket.a2a.model import Message, StreamItem, Task
from hocket.a2a.reader import Outcome, StreamEvent, StreamReader
from hocket.a2a.requests import SendMessageRequest
from hocket.errors import CodecError, ConnectionFailed, ErrorObject, HocketError, RpcError
from hocket.jsonrpc import Id

__all__ = ["ClientCall"]


@define(eq=False)
class ClientCall:
    """One call. A streaming one gives events; any other one an answer.

    Args:
        operation: What is asked for.
        params: Its parameters.
        dialect: How it is written.
        request_id: Id of the JSON-RPC request.
        last_event_id: Of a subscription: offset of the last event that was seen; what follows it is wanted.
        limits: Of what comes back.
    """

    operation: Operation
    params: Params
    dialect: Dialect
    request_id: Id
    last_event_id: int | None = None
    limits: ClientLimits = ClientLimits()
    answer: Task | Message | None = field(default=None, init=False)
    error: HocketError | None = field(default=None, init=False)
    reader: StreamReader = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.reader = StreamReader(self.operation is Operation.SUBSCRIBE, self.is_follow_up, self.limits)

    @property
    def is_follow_up(self) -> bool:
        """Whether the call is a further message to a task."""
        return isinstance(self.params, SendMessageRequest) and self.params.message.task_id is not None

    @property
    def is_streaming(self) -> bool:
        """Whether the call is answered with a stream."""
        return self.operation in (Operation.STREAM, Operation.SUBSCRIBE)

    @property
    def is_closed(self) -> bool:
        """True once the answer or the end of the stream is known."""
        return self.reader.is_closed or self.answer is not None or self.error is not None

    @property
    def method(self) -> str:
        """The method's name in the call's dialect."""
        return self.dialect.methods[self.operation]

    def write_params(self) -> Any:
        """The params as the dialect writes them."""
        return self.dialect.write_params(self.operation, self.params)

    def next_event(self) -> StreamEvent | None:
        """The next event of a stream, or None when all has been told."""
        return self.reader.next_event()

    def result(self) -> Task | Message:
        """The answer of a call that does not stream.

        Raises:
            RpcError: The server answered with an error.
            ConnectionFailed: No answer came.
            CodecError: The answer cannot be read.
        """
        if self.error is not None:
            raise self.error
        if self.answer is None:
            raise ConnectionFailed(f"{self.method} was not answered")
        return self.answer

    def receive_item(self, item: StreamItem, offset: int | None = None) -> None:
        """An item of the stream came."""
        self.reader.receive(item, offset)

    def receive_result(self, result: Any) -> None:
        """The one result of the call came. To a streaming call (the server does not stream) it is the only item."""
        try:
            answer = self.dialect.read_result(self.operation, result)
        except CodecError as error:
            self.fail(error)
            return
        if self.is_streaming:
            self.reader.receive(answer)
            self.reader.receive_end()
        else:
            self.answer = answer

    def receive_error(self, error: ErrorObject) -> None:
        """The server answered with an error."""
        if self.is_streaming:
            self.reader.receive_error(error)
        elif not self.is_closed:
            self.error = RpcError(error)

    def receive_end(self, reason: HocketError | None = None) -> None:
        """Nothing more will come; `reason` says what broke, if something did."""
        if self.is_streaming:
            self.reader.receive_end(reason)
        elif not self.is_closed:
            self.error = reason or ConnectionFailed(f"the connection ended before {self.method} was answered")

    def fail(self, error: HocketError) -> None:
        """Something came that cannot be read, or the transport refused: the call is over."""
        if self.is_streaming:
            self.reader.fail(error)
        elif not self.is_closed:
            self.error = error

    @property
    def outcome(self) -> Outcome | None:
        """How a stream ended; None while it is open."""
        return self.reader.outcome
