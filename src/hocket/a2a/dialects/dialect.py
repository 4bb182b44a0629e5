"""Dialect: one version of A2A on the wire. Data, and the few functions that put the data to use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import cached_property
from typing import Any, Protocol, TypeAlias, TypeVar

from attrs import field, frozen

from hocket import codec
from hocket.a2a.card import AgentCard
from hocket.a2a.dialects.boxes import boxed, unboxed
from hocket.a2a.dialects.checks import ID_BYTES, violations
from hocket.a2a.dialects.details import details
from hocket.a2a.dialects.forms import AS_IT_IS, WireForm
from hocket.a2a.dialects.invalid import invalid_params
from hocket.a2a.dialects.item_writer import ItemWriter
from hocket.a2a.dialects.usual import usual_result
from hocket.a2a.model import Message, SendResult, StreamItem, Task, TaskState, TaskStatusUpdateEvent
from hocket.a2a.requests import (
    CancelTaskRequest,
    DeleteTaskPushNotificationConfigRequest,
    GetExtendedAgentCardRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTaskPushNotificationConfigsRequest,
    ListTaskPushNotificationConfigsResponse,
    ListTasksRequest,
    ListTasksResponse,
    Params,
    SendMessageRequest,
    SubscribeToTaskRequest,
    TaskPushNotificationConfig,
)
from hocket.codec.scan import check_text
from hocket.errors import CodecError, ErrorObject
from hocket.log import Entry

__all__ = ["CallDialect", "Dialect", "Operation", "Params", "Result"]

T = TypeVar("T")


class Operation(Enum):
    """What can be asked of an agent, under whatever name."""

    SEND = "send"
    STREAM = "stream"
    GET = "get"
    LIST = "list"
    CANCEL = "cancel"
    SUBSCRIBE = "subscribe"
    PUSH_CREATE = "push-create"
    PUSH_GET = "push-get"
    PUSH_LIST = "push-list"
    PUSH_DELETE = "push-delete"
    EXTENDED_CARD = "extended-card"


Result: TypeAlias = (
    Task
    | Message
    | ListTasksResponse
    | TaskPushNotificationConfig
    | ListTaskPushNotificationConfigsResponse
    | AgentCard
    | None
)
"""What a call that does not stream is answered with; None after a deletion."""

_PARAMS: Mapping[Operation, type[Params]] = {
    Operation.SEND: SendMessageRequest,
    Operation.STREAM: SendMessageRequest,
    Operation.GET: GetTaskRequest,
    Operation.LIST: ListTasksRequest,
    Operation.CANCEL: CancelTaskRequest,
    Operation.SUBSCRIBE: SubscribeToTaskRequest,
    Operation.PUSH_CREATE: TaskPushNotificationConfig,
    Operation.PUSH_GET: GetTaskPushNotificationConfigRequest,
    Operation.PUSH_LIST: ListTaskPushNotificationConfigsRequest,
    Operation.PUSH_DELETE: DeleteTaskPushNotificationConfigRequest,
    Operation.EXTENDED_CARD: GetExtendedAgentCardRequest,
}

_RESULTS: Mapping[Operation, Any] = {
    Operation.SEND: SendResult,
    Operation.GET: Task,
    Operation.LIST: ListTasksResponse,
    Operation.CANCEL: Task,
    Operation.PUSH_CREATE: TaskPushNotificationConfig,
    Operation.PUSH_GET: TaskPushNotificationConfig,
    Operation.PUSH_LIST: ListTaskPushNotificationConfigsResponse,
    Operation.EXTENDED_CARD: AgentCard,
}
"""What an operation that does not stream is answered with, where that is anything at all."""


class CallDialect(Protocol):
    """How a call is to be answered: what the server needs to know of a dialect, or of events of another kind.

    A result or an item may be several JSON objects, one a line: each is an event of its own.
    """

    @property
    def name(self) -> str:
        """What to call it."""
        ...

    @property
    def streams_finished_tasks(self) -> bool:
        """Whether a subscription to a task that is over gets the Task and the end, not an error."""
        ...

    def write_entry(self, entry: Entry[StreamItem], task: Callable[[], Task], is_last: bool) -> bytes | None:
        """The result of one event of a stream; None for what this dialect has no event for.

        Args:
            entry: The event in its place in the log, or a Task that stands for all up to there.
            task: Gives the Task as the log has it now.
            is_last: Whether this reader's stream ends with it.
        """
        ...

    @property
    def is_shared(self) -> bool:
        """Whether what it writes of an entry is the same for all readers, and kept with the entry under `name`."""
        ...

    def item_writer(self, task: Callable[[], Task]) -> Callable[[StreamItem], bytes | None]:
        """A writer for the items of one log, which may remember how the last one looked.

        It gives what `write_entry` gives to a reader whose stream ends with the item.

        Args:
            task: Gives the Task as the log has it now.
        """
        ...

    def write_result(self, operation: Operation, result: Result) -> bytes:
        """The result of a call that does not stream."""
        ...

    def write_error(self, error: ErrorObject) -> ErrorObject:
        """The error as it is to be written."""
        ...


@frozen(eq=False, kw_only=True)
class Dialect:
    """How A2A looks in one version. It is a `CallDialect`.

    Attributes:
        version: Major.Minor, as `A2A-Version` says it.
        methods: The name of each operation that this version has.
        wire: How the objects look.
        open_wire: How they look where the stream goes on after them; None where that makes no difference.
        forms: The classes that travel as something else.
        sends_version: Whether a client says the version with every request.
        streams_finished_tasks: Whether a subscription to a task that is over gets the Task and the end, not an error.
        details_errors: Whether the `data` of an error is a list of typed details.
        boxes_data: Whether data parts hold objects only, so that other values need a box.
        pushes_tasks: Whether a push notification is the whole Task, sent when its status changes.
    """

    version: str
    methods: Mapping[Operation, str]
    wire: codec.Dialect
    open_wire: codec.Dialect | None = None
    forms: Mapping[Any, WireForm]
    sends_version: bool
    streams_finished_tasks: bool
    details_errors: bool
    boxes_data: bool
    pushes_tasks: bool
    operations: Mapping[str, Operation] = field(init=False)

    @property
    def name(self) -> str:
        """What to call it: the key of encoded events."""
        return self.version

    @property
    def is_shared(self) -> bool:
        """All readers of one version are given the same bytes."""
        return True

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "operations", {name: operation for operation, name in self.methods.items()})

    def __repr__(self) -> str:
        return f"<Dialect {self.version}>"  # all of it are 8 kB, in every failure of a test that is given one

    @cached_property
    def _items(self) -> codec.Reader[StreamItem]:
        """Reads the items of streams; made when the first one comes."""
        return self.wire.reader(StreamItem)

    @cached_property
    def _item_texts(self) -> codec.Writer[StreamItem]:
        """Writes the items of streams; made when the first one goes."""
        return self.wire.writer(StreamItem)

    # Any object, there and back.

    def read(self, wanted: Any, value: Any, path: str) -> Any:
        """An object from a JSON value.

        Args:
            wanted: Its class, or a union of the dialect.
            value: The value.
            path: What to call it in errors.

        Raises:
            CodecError: It is not what this version says.
        """
        form = self.forms.get(wanted, AS_IT_IS)
        parsed = self.wire.reader(form.wire or wanted).from_value(form.tidied(value), path)
        return self._read(form.loaded(parsed))

    def write(self, wanted: Any, value: Any) -> Any:
        """An object as a JSON value; `wanted` as for `read`."""
        form = self.forms.get(wanted, AS_IT_IS)
        return form.dressed(self.wire.writer(form.wire or wanted).to_value(form.dumped(self._written(value))))

    def _read(self, value: T) -> T:
        return unboxed(value) if self.boxes_data else value

    def _written(self, value: T) -> T:
        return boxed(value) if self.boxes_data else value

    # The server's side.

    def read_params(self, operation: Operation, params: Any, id_bytes: int = ID_BYTES) -> Params | ErrorObject:
        """The parameters of a request, or the error that says what is wrong with them."""
        try:
            parsed: Params = self.read(_PARAMS[operation], {} if params is None else params, "params")
        except CodecError as error:
            return invalid_params((error.path.removeprefix("params."), error.reason))
        wrong = violations(parsed, id_bytes)
        if wrong:
            return invalid_params(*[(self.own_path(type(parsed), path), reason) for path, reason in wrong])
        return parsed

    def own_path(self, params: type[Params], path: str) -> str:
        """Where a member of the parameters stands in this version, of its path in 1.0."""
        for beginning, own in self.forms.get(params, AS_IT_IS).paths.items():
            if path.startswith(beginning):
                return own + path[len(beginning) :]
        return path

    def write_result(self, operation: Operation, result: Result) -> bytes:
        """The result of a call that does not stream."""
        wanted = _RESULTS.get(operation)
        if wanted is None:
            return b"null"
        if wanted in self.forms:
            return codec.dumps(self.write(wanted, result))
        return self.wire.writer(wanted).to_json(self._written(result))

    def write_item(self, item: StreamItem) -> bytes | None:
        """The result in one event of a stream; None for what a task's log holds but no version sends.

        (A message that is added to the history: A2A has no event for it.)
        """
        return None if isinstance(item, Message) else self._item_texts.to_json(self._written(item))

    def write_entry(self, entry: Entry[StreamItem], task: Callable[[], Task], is_last: bool) -> bytes | None:
        """`write_item`, once for all readers of the log; the Task is not needed.

        Where a version marks the last event of a stream (`final`), it is not marked for who reads on after it.
        """
        if not is_last and self.open_wire is not None and _interrupts(entry.event):
            return entry.encoded((self.name, "open"), self._write_open)
        return entry.encoded(self.name, self.write_item)

    def item_writer(self, task: Callable[[], Task]) -> Callable[[StreamItem], bytes | None]:
        """`write_item` for the items of one log; the Task is not needed."""
        return ItemWriter(self.write_item)

    def _write_open(self, item: StreamItem) -> bytes:
        assert self.open_wire is not None, "asked for only where there is one"
        return self.open_wire.writer(StreamItem).to_json(self._written(item))

    def write_push(self, item: StreamItem, task: Callable[[], Task]) -> bytes | None:
        """The body of the push notification for an item; None for what gives none.

        In 1.0 it is what a stream would carry. In 0.3 it is the whole Task, after each change of its status
        (0.3 section 9.5).

        Args:
            item: What has happened.
            task: Gives the task with it.
        """
        if not self.pushes_tasks:
            return self.write_item(item)
        return self.write_item(task()) if isinstance(item, Task | TaskStatusUpdateEvent) else None

    def write_error(self, error: ErrorObject) -> ErrorObject:
        """The error as this version writes it."""
        return ErrorObject(error.code, error.message, details(error)) if self.details_errors else error

    # The client's side.

    def write_params(self, operation: Operation, params: Params) -> Any:
        """The params of a request."""
        return self.write(_PARAMS[operation], params)

    def read_result(self, operation: Operation, result: Any) -> Result:
        """The result of a call that does not stream. Of a deletion anything is one, also none at all.

        Raises:
            CodecError: It is not one.
        """
        if operation in (Operation.STREAM, Operation.SUBSCRIBE):
            item = self.read_item(result)
            if isinstance(item, Task | Message):
                return item
            raise CodecError("must be a Task or a Message where nothing is streamed", "result")
        wanted = _RESULTS.get(operation)
        answer: Result = None if wanted is None else self.read(wanted, result, "result")
        return answer

    def read_item(self, result: Any) -> StreamItem:
        """One item of a stream.

        Raises:
            CodecError: It is not one.
        """
        item: StreamItem = self._items.from_value(result, "result")
        return self._read(item)

    def read_response(self, data: bytes) -> StreamItem | ErrorObject:
        """One event of a stream: a JSON-RPC response with an item, or with an error.

        Raises:
            CodecError: It is neither.
        """
        item = self._read_canonical(data)
        if item is not None:
            return self._read(item) if self.boxes_data else item
        response = codec.loads(data, envelope=True)
        match response:
            case {"error": {"code": int() as code, "message": str() as message, **more}}:
                return ErrorObject(code, message, more.get("data"))
            case {"result": result}:
                return self.read_item(result)
        raise CodecError("an event of a stream must be a JSON-RPC response, with a result or an error")

    def _read_canonical(self, data: bytes) -> StreamItem | None:
        """The item in a response without anything unusual; None for whatever takes a longer look.

        A chunk of thirty characters: 5.2 µs -> 2.4, without msgspec 8.1 -> 4.8 (`benchmarks/codec.py`, CPython 3.11).
        """
        result = usual_result(data)
        if result is None:
            return None
        check_text(data)
        if self._items.decode is not None:
            return self._items.decode(result)
        try:
            value = codec.default.parse(result)
        except CodecError:
            return None
        return self._items.from_value(value, "result")

    def read_usual_item(self, text: bytes) -> StreamItem:
        """The item in the text of a result without anything unusual.

        Args:
            text: The result, of an event that `codec.scan.check_text` has seen.

        Raises:
            CodecError: It is none, or it takes a longer look to tell.
        """
        decode = self._items.decode
        if decode is None:
            return self.read_item(codec.loads(text))
        item = decode(text)
        if item is None:
            raise CodecError("may be an item, or not", "result")
        return self._read(item)


def _interrupts(item: StreamItem) -> bool:
    """Whether this ends the stream of some readers and not of others."""
    return isinstance(item, TaskStatusUpdateEvent) and item.status.state is TaskState.INPUT_REQUIRED
