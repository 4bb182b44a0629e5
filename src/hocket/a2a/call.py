"""ClientCall: one call as its client sees it, whatever carries it. What to ask, and what came back."""

from __future__ import annotations

from typing import Any, Literal

from attrs import Factory, define, field, frozen

from hocket.a2a.dialects import Dialect, Operation, Params, Result
from hocket.a2a.limits import ClientLimits
from hocket.a2a.model import Message, StreamItem, Task
from hocket.a2a.reader import Outcome, StreamEvent, StreamReader
from hocket.a2a.requests import SendMessageRequest, SubscribeToTaskRequest
from hocket.errors import CodecError, ConnectionFailed, ErrorObject, HocketError, RpcError
from hocket.jsonrpc import Id

__all__ = ["ClientCall", "Ending"]


@frozen
class Ending:
    """How one answer to a streaming call ended, for the machine that may ask again.

    Attributes:
        how: "ended" (nothing more came), "refused" (the server answered with an error) or "failed" (there was no
            answer, or none that can be read).
        reason: What the server said, or what went wrong, if something did.
    """

    how: Literal["ended", "refused", "failed"]
    reason: HocketError | None = None

    def tell(self, reader: StreamReader) -> None:
        """Let it be the end of the stream."""
        if self.how == "ended" or self.reason is None:
            reader.receive_end(self.reason)
        else:
            reader.fail(self.reason)


def _reader_of(call: ClientCall) -> StreamReader:
    task_id = call.params.id if isinstance(call.params, SubscribeToTaskRequest) else None
    return StreamReader(
        call.operation is Operation.SUBSCRIBE,
        call.is_follow_up,
        call.limits,
        task_id=task_id,
        offset=call.last_event_id,
    )


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
        as_stream: Tell the answer to a call that does not stream as the one event of a stream.
        is_resumable: Keep in `ending` how the stream ended, instead of telling it: it may go on with another call.
        reader: Where the items go; a call that resumes a stream is given the reader of that stream.
    """

    operation: Operation
    params: Params
    dialect: Dialect
    request_id: Id
    last_event_id: int | None = None
    limits: ClientLimits = ClientLimits()
    as_stream: bool = field(default=False, kw_only=True)
    is_resumable: bool = field(default=False, kw_only=True)
    reader: StreamReader = field(default=Factory(_reader_of, takes_self=True), kw_only=True)
    answer: Result = field(default=None, init=False)
    error: HocketError | None = field(default=None, init=False)
    ending: Ending | None = field(default=None, init=False)
    _is_answered: bool = field(default=False, init=False)

    @property
    def is_follow_up(self) -> bool:
        """Whether the call is a further message to a task."""
        return isinstance(self.params, SendMessageRequest) and self.params.message.task_id is not None

    @property
    def is_streaming(self) -> bool:
        """Whether the answer is told as a stream of events."""
        return self.as_stream or self.operation in (Operation.STREAM, Operation.SUBSCRIBE)

    @property
    def is_closed(self) -> bool:
        """True once the answer or the end of the stream is known."""
        reader = self.reader
        if reader.outcome is not None or reader.wants_task:
            return True
        return self.ending is not None or self._is_answered or self.error is not None

    @property
    def method(self) -> str:
        """The method's name in the call's dialect."""
        return self.dialect.methods[self.operation]

    @property
    def outcome(self) -> Outcome | None:
        """How a stream ended; None while it is open."""
        return self.reader.outcome

    def write_params(self) -> Any:
        """The params as the dialect writes them."""
        return self.dialect.write_params(self.operation, self.params)

    def next_event(self) -> StreamEvent | None:
        """The next event of a stream, or None when all has been told."""
        return self.reader.next_event()

    def result(self) -> Result:
        """The answer of a call that does not stream.

        Raises:
            RpcError: The server answered with an error.
            ConnectionFailed: No answer came.
            CodecError: The answer cannot be read.
        """
        if self.error is not None:
            raise self.error
        if not self._is_answered:
            raise ConnectionFailed(f"{self.method} was not answered")
        return self.answer

    def receive_item(self, item: StreamItem, offset: int | None = None) -> None:
        """An item of the stream came."""
        self.reader.receive(item, offset)

    def receive_result(self, result: Any) -> None:
        """The one result of the call came, None for one that is missing.

        To a streaming call (the server does not stream) it is the only item.
        """
        if self.is_closed:
            return
        try:
            answer = self.dialect.read_result(self.operation, result)
        except CodecError as error:
            self.fail(error)
            return
        if not self.is_streaming:
            self.answer, self._is_answered = answer, True
        elif isinstance(answer, Task | Message):
            self.reader.receive(answer)
            self.receive_end()

    def receive_error(self, error: ErrorObject) -> None:
        """The server answered with an error."""
        self._end(Ending("refused", RpcError(error)))

    def receive_end(self, reason: HocketError | None = None) -> None:
        """Nothing more will come; `reason` says what broke, if something did."""
        if self.is_streaming:
            self._end(Ending("ended", reason))
        else:
            self.fail(reason or ConnectionFailed(f"the connection ended before {self.method} was answered"))

    def fail(self, error: HocketError) -> None:
        """Something came that cannot be read, or the transport refused: the call is over."""
        self._end(Ending("failed", error))

    def _end(self, ending: Ending) -> None:
        if self.is_closed:
            return
        if not self.is_streaming:
            self.error = ending.reason
        elif self.is_resumable:
            self.ending = ending
        else:
            ending.tell(self.reader)
