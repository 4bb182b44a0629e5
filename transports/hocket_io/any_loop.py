"""Any loop: a call of an agent for an event loop that hocket knows nothing of, and for its own HTTP client.

The protocol, the clock and the ids are here; sending a request and waiting for what comes back are the loop's::

    asking = ask("http://127.0.0.1:8000", "Ada", lambda event: print(event.text, end=""))
    while (request := asking.next_request()) is not None:
        response = ...  # send request.method, request.path (the whole URL), request.headers and request.body
        asking.receive_head(response.status, response.headers)
        for data in response.body:
            asking.receive_data(data)
        asking.receive_eof()
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import SupportsBytes, TypeAlias

from attrs import define

from hocket.a2a import ClientLimits, Operation, StreamEvent
from hocket.backoff import Backoff
from hocket.errors import ConnectionFailed, HocketError
from hocket.http import AgentCall, Request
from hocket_io.client.requests import Content, message_request
from hocket_io.entropy import system_entropy

__all__ = ["Asking", "ask"]

Text: TypeAlias = str | bytes | SupportsBytes
"""What HTTP clients give as the name or the value of a header field; some have a class of their own for bytes."""


@define(eq=False)
class Asking:
    """A call on its way, with this computer's clock. `on_event` is given each event as soon as it can be read.

    The names are those of `hocket.http.AgentCall`, without `now`. Response after response, no two at a time:
    `receive_eof` or `receive_failure` first, then `next_request`. Call it from one thread.

    Args:
        call: What is asked.
        on_event: Is given what the agent tells; what it raises comes out of the method that was called.
    """

    call: AgentCall
    on_event: Callable[[StreamEvent], None]

    @property
    def is_closed(self) -> bool:
        """True once the last event was told: the response may be closed."""
        return self.call.is_closed

    @property
    def delay(self) -> float | None:
        """Seconds to wait before `next_request` has something again; None where no time is to be waited for."""
        at = self.call.next_timeout()
        return None if at is None else max(0.0, at - time.monotonic())

    def next_request(self) -> Request | None:
        """What to send now, once; None where there is nothing to ask: for good, or (with `resume`) for a while.

        Raises:
            LocalProtocolError: The message cannot be said over the agent's binding.
        """
        self.call.handle_timeout(time.monotonic())
        return self.call.next_request()

    def receive_head(self, status: int, headers: Iterable[tuple[Text, Text]]) -> None:
        """The response has begun.

        Args:
            status: Its status.
            headers: Its header fields, names and values as text or as bytes.
        """
        fields = tuple([(_text(name).lower(), _text(value)) for name, value in headers])
        self.call.receive_head(status, fields, time.monotonic())
        self._tell()

    def receive_data(self, data: bytes | SupportsBytes) -> None:
        """Bytes of the body, as they come."""
        self.call.receive_data(bytes(data), time.monotonic())
        self._tell()

    def receive_eof(self) -> None:
        """The response is complete; without a head, there was none."""
        self.call.receive_eof(time.monotonic())
        self._tell()

    def receive_failure(self, reason: HocketError | str) -> None:
        """The server cannot be reached, or the connection broke; `reason` says so to a person."""
        error = reason if isinstance(reason, HocketError) else ConnectionFailed(reason)
        self.call.receive_failure(error, time.monotonic())
        self._tell()

    def _tell(self) -> None:
        while (event := self.call.next_event()) is not None:
            self.on_event(event)


def ask(
    url: str,
    content: Content,
    on_event: Callable[[StreamEvent], None],
    *,
    task_id: str | None = None,
    context_id: str | None = None,
    headers: Mapping[str, str] | None = None,
    version: str | None = None,
    limits: ClientLimits = ClientLimits(),
    resume: Backoff | None = None,
) -> Asking:
    """Send a message to the agent at a URL, and be told its answer as it comes, whatever loop carries it.

    Args:
        url: The agent's address, or that of its card.
        content: Text, a Part, several, or a whole Message.
        on_event: Is given each event of the answer; the last one is `done`.
        task_id: The task it follows up.
        context_id: The conversation it belongs to.
        headers: Header fields to send with every request.
        version: The A2A version to speak; None for the newest that both sides speak.
        limits: Of what comes back.
        resume: How long to wait before a stream that was cut is asked for again (`delay`); None for never.

    Raises:
        LocalProtocolError: The URL is none, the content is nothing that can be sent, or the version is not spoken here.
    """
    call = AgentCall(
        url,
        Operation.STREAM,
        message_request(content, task_id=task_id, context_id=context_id),
        system_entropy(),
        headers=tuple((headers or {}).items()),
        version=version,
        limits=limits,
        resume=resume,
    )
    return Asking(call, on_event)


def _text(value: Text) -> str:
    """A name or a value as text; bytes are read as HTTP has them, each a character (RFC 9110 section 5.5)."""
    return value if isinstance(value, str) else bytes(value).decode("latin-1")
