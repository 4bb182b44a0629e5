"""Client: talk to an agent, without an event loop. The target picks the transport; everything else is the same.

It is used like this::

    with Client("http://127.0.0.1:8000") as agent:
        for event in agent.stream("Ada"):
            print(event.text, end="", flush=True)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from attrs import define, field

from hocket.a2a import (
    AgentCard,
    CancelTaskRequest,
    ClientCall,
    ClientLimits,
    GetTaskRequest,
    Message,
    Operation,
    Params,
    StreamEvent,
    SubscribeToTaskRequest,
    Task,
)
from hocket.errors import LocalProtocolError
from hocket_io.answers import StreamView, task_of, whole_text
from hocket_io.blocking import BlockingChild, BlockingPipeTransport
from hocket_io.extras import needs
from hocket_io.requests import Content, message_request
from hocket_io.targets import CommandTarget, HttpTarget, MemoryTarget, Target, parse_target

if TYPE_CHECKING:
    import httpx2

__all__ = ["Client", "Stream"]


class Transport(Protocol):
    def card(self) -> AgentCard | None: ...
    def start(self, operation: Operation, params: Params, last_event_id: int | None = None) -> ClientCall: ...
    def events(self, call: ClientCall) -> Iterator[StreamEvent]: ...
    def answer(self, call: ClientCall) -> Task | Message: ...


@define(eq=False)
class Stream(StreamView):
    """The events of one call, as they come. An iterator, also a context manager that closes the stream early.

    It ends after the event that is `done`. A stream that could not be had at all raises at its first event.

    Args:
        client: Whose stream it is; `Client.stream` and `Client.resume` make them.
        operation: What is asked.
        params: Its parameters.
        last_event_id: The offset after which to go on, for a stream that resumes.
    """

    client: Client
    operation: Operation
    params: Params
    last_event_id: int | None = None
    _events: Iterator[StreamEvent] | None = field(default=None, init=False)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> StreamEvent:
        if self._events is None:
            transport = self.client.transport
            self._call = transport.start(self.operation, self.params, self.last_event_id)
            self._events = transport.events(self._call)
        return self._events.__next__()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Read no more. The task goes on, unless its agent says otherwise."""
        if self._events is not None and hasattr(self._events, "close"):
            self._events.close()

    def cancel(self) -> Task:
        """Cancel the task of this stream; the stream then ends with CANCELED.

        Raises:
            LocalProtocolError: The server has not told yet which task it is.
            RpcError: It cannot be canceled: it is over, or unknown.
        """
        if self.task_id is None:
            raise LocalProtocolError("the stream has no task yet: read its first event before you cancel it")
        return self.client.cancel(self.task_id)

    def text(self) -> str:
        """Read to the end, and give the whole answer as text.

        Raises:
            StreamCut, RpcError, AgentError, ConnectionFailed: There is no whole answer.
        """
        events = list(self)
        assert self._call is not None, "it was read"
        return whole_text(events, self._call)


@define(eq=False)
class Client:
    """A client of one agent, without an event loop. Use it as a context manager.

    Args:
        target: `http(s)://…` (the agent or its card), `stdio:COMMAND` (a child process), or an Agent in this process.
        version: The A2A version to speak over HTTP; None for the newest that both sides speak.
        headers: Header fields to send with every request.
        timeout: Seconds, or an httpx2.Timeout for each phase; by default 10 to connect and 300 of silence.
        limits: Of what comes back; a call whose answer is larger fails with the name of the limit.

    Raises:
        LocalProtocolError: The target cannot be understood.
    """

    target: Target = field(converter=parse_target)
    version: str | None = field(default=None, kw_only=True)
    headers: Mapping[str, str] = field(factory=dict, kw_only=True)
    timeout: float | httpx2.Timeout | None = field(default=None, kw_only=True)
    limits: ClientLimits = field(default=ClientLimits(), kw_only=True)
    _transport: Transport | None = field(default=None, init=False)
    _stack: ExitStack = field(factory=ExitStack, init=False)

    def __enter__(self) -> Self:
        match self.target:
            case HttpTarget(url=url):
                with needs("http", "talking HTTP"):
                    from hocket_io.http.client import BlockingHttpTransport, default_timeout

                timeout = default_timeout() if self.timeout is None else self.timeout
                transport = BlockingHttpTransport(url, self.version, self.headers, timeout, self.limits)
                self._transport = self._stack.enter_context(transport)
            case CommandTarget(command=command):
                self._transport = self._stack.enter_context(BlockingPipeTransport(BlockingChild(command), self.limits))
            case MemoryTarget(agent=agent):
                with needs("http", "running an agent in memory"):
                    from hocket_io.portal import PortalPipe

                self._transport = self._stack.enter_context(BlockingPipeTransport(PortalPipe(agent), self.limits))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport = None
        self._stack.__exit__(kind, error, trace)

    @property
    def transport(self) -> Transport:
        """The way to the agent, while the client is entered.

        Raises:
            LocalProtocolError: It is not.
        """
        if self._transport is None:
            raise LocalProtocolError("the client is not open: use it inside `with Client(…) as agent:`")
        return self._transport

    def stream(self, content: Content, *, task_id: str | None = None, context_id: str | None = None) -> Stream:
        """Send a message and give the answer as it comes.

        Args:
            content: Text, a Part, several, or a whole Message.
            task_id: The task it follows up.
            context_id: The conversation it belongs to.
        """
        return Stream(self, Operation.STREAM, message_request(content, task_id=task_id, context_id=context_id))

    def resume(self, task_id: str, *, after: int | None = None) -> Stream:
        """Read a task that is under way: a snapshot of it, then what follows.

        Args:
            task_id: The task.
            after: The `offset` of the last event that was seen; a server of ours then leaves the snapshot out.
        """
        return Stream(self, Operation.SUBSCRIBE, SubscribeToTaskRequest(id=task_id), after)

    def text(self, content: Content, *, task_id: str | None = None, context_id: str | None = None) -> str:
        """Send a message, and give the whole answer as text.

        Raises:
            AgentError: The task failed, was rejected or canceled.
            StreamCut: The connection ended before the answer was complete.
            RpcError, ConnectionFailed, AuthenticationError, RequestTimeout: There is no answer.
        """
        return self.stream(content, task_id=task_id, context_id=context_id).text()

    def send(
        self,
        content: Content,
        *,
        task_id: str | None = None,
        context_id: str | None = None,
        wait: bool = True,
    ) -> Task | Message:
        """Send a message, and give the Task (or the Message) that answers it.

        Args:
            content: Text, a Part, several, or a whole Message.
            task_id: The task it follows up.
            context_id: The conversation it belongs to.
            wait: Whether to wait until the task has settled; otherwise it is given as it stands at once.

        Raises:
            RpcError, ConnectionFailed, AuthenticationError, RequestTimeout, CodecError: There is no answer.
        """
        params = message_request(content, task_id=task_id, context_id=context_id, wait=wait)
        return self.transport.answer(self.transport.start(Operation.SEND, params))

    def get(self, task_id: str, *, history_length: int | None = None) -> Task:
        """A task as it stands, with so many messages of its history (None: all).

        Raises:
            RpcError, ConnectionFailed, AuthenticationError, RequestTimeout, CodecError: There is no answer.
        """
        params = GetTaskRequest(id=task_id, history_length=history_length)
        return task_of(self.transport.answer(self.transport.start(Operation.GET, params)))

    def cancel(self, task_id: str) -> Task:
        """Cancel a task.

        Raises:
            RpcError: It cannot be canceled: it is over, or unknown.
            ConnectionFailed, AuthenticationError, RequestTimeout, CodecError: There is no answer.
        """
        params = CancelTaskRequest(id=task_id)
        return task_of(self.transport.answer(self.transport.start(Operation.CANCEL, params)))

    def card(self) -> AgentCard | None:
        """What the agent says of itself; None if it has no card (on a pipe, say).

        Raises:
            ConnectionFailed, RequestTimeout: The agent cannot be reached.
        """
        return self.transport.card()
