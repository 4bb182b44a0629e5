"""Streams: the events of one call as they come, for `Client` and, awaited, for `AsyncClient`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from attrs import define, field

from hocket.a2a import Message, Operation, Params, StreamEvent, Task
from hocket_io.client.answers import StreamView, nothing

if TYPE_CHECKING:
    from hocket_io.client.async_client import AsyncClient
    from hocket_io.client.client import Client
    from hocket_io.client.requests import Content

__all__ = ["AsyncStream", "Stream"]


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
    _arrivals: Iterator[None] | None = field(default=None, init=False)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> StreamEvent:
        while (event := self._take()) is None:
            self._arrive()
        if event.done:
            if self._may_be_over(event):
                event = self._over_with(self.client.get(self._known_task_id("read it")), event)
            return self._end(event)
        return event

    def _arrive(self) -> None:
        """Wait until more may have come."""
        if self._call is None or self._arrivals is None:
            transport = self.client.transport
            self._call = transport.start(self.operation, self.params, self.last_event_id)
            self._arrivals = transport.arrivals(self._call)
        self._take = nothing  # where there is an error instead, what was not taken is lost
        next(self._arrivals)
        self._take = self._call.reader.next_event

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Read no more. The task goes on, unless its agent says otherwise."""
        self._take = nothing
        if self._arrivals is not None and hasattr(self._arrivals, "close"):
            self._arrivals.close()

    def cancel(self) -> Task:
        """Cancel the task of this stream; the stream then ends with CANCELED.

        Raises:
            LocalProtocolError: The server has not told yet which task it is.
            RpcError: It cannot be canceled: it is over, or unknown.
        """
        return self.client.cancel(self._known_task_id("cancel it"))

    def answer(self, content: Content) -> Stream:
        """Answer what the agent asks: the stream of the task's next turn.

        Raises:
            LocalProtocolError: The server has not told yet which task it is.
        """
        return self.client.stream(content, task_id=self._known_task_id("answer"))

    def text(self) -> str:
        """Read to the end, and give the whole answer as text.

        Raises:
            StreamCut, RpcError, AgentError, ConnectionFailed: There is no whole answer.
        """
        self._read_to_end()
        return self._whole_text()

    def result(self) -> Task | Message:
        """Read to the end, and give the task, or the message of an agent that made none.

        Raises:
            StreamCut, RpcError, AgentError, ConnectionFailed: There is no whole answer.
        """
        self._read_to_end()
        return self._whole_result()

    def _read_to_end(self) -> None:
        for _ in self:
            pass


@define(eq=False)
class AsyncStream(StreamView):
    """The events of one call, as they come. An async iterator, also a context manager that closes the stream early.

    It ends after the event that is `done`. A stream that could not be had at all raises at its first event.

    Args:
        client: Whose stream it is; `AsyncClient.stream` and `AsyncClient.resume` make them.
        operation: What is asked.
        params: Its parameters.
        last_event_id: The offset after which to go on, for a stream that resumes.
    """

    client: AsyncClient
    operation: Operation
    params: Params
    last_event_id: int | None = None
    _arrivals: AsyncIterator[None] | None = field(default=None, init=False)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StreamEvent:
        while (event := self._take()) is None:
            await self._arrive()
        if event.done:
            if self._may_be_over(event):
                event = self._over_with(await self.client.get(self._known_task_id("read it")), event)
            return self._end(event)
        return event

    async def _arrive(self) -> None:
        """Wait until more may have come."""
        if self._call is None or self._arrivals is None:
            transport = self.client.transport
            self._call = await transport.start(self.operation, self.params, self.last_event_id)
            self._arrivals = transport.arrivals(self._call)
        self._take = nothing  # where there is an error instead, what was not taken is lost
        await anext(self._arrivals)
        self._take = self._call.reader.next_event

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Read no more. The task goes on, unless its agent says otherwise."""
        self._take = nothing
        if self._arrivals is not None and hasattr(self._arrivals, "aclose"):
            await self._arrivals.aclose()

    async def cancel(self) -> Task:
        """Cancel the task of this stream; the stream then ends with CANCELED.

        Raises:
            LocalProtocolError: The server has not told yet which task it is.
            RpcError: It cannot be canceled: it is over, or unknown.
        """
        return await self.client.cancel(self._known_task_id("cancel it"))

    def answer(self, content: Content) -> AsyncStream:
        """Answer what the agent asks: the stream of the task's next turn.

        Raises:
            LocalProtocolError: The server has not told yet which task it is.
        """
        return self.client.stream(content, task_id=self._known_task_id("answer"))

    async def text(self) -> str:
        """Read to the end, and give the whole answer as text.

        Raises:
            StreamCut, RpcError, AgentError, ConnectionFailed: There is no whole answer.
        """
        await self._read_to_end()
        return self._whole_text()

    async def result(self) -> Task | Message:
        """Read to the end, and give the task, or the message of an agent that made none.

        Raises:
            StreamCut, RpcError, AgentError, ConnectionFailed: There is no whole answer.
        """
        await self._read_to_end()
        return self._whole_result()

    async def _read_to_end(self) -> None:
        async for _ in self:
            pass
