"""Client: talk to an agent, without an event loop. The target picks the transport; everything else is the same.

It is used like this::

    with Client("http://127.0.0.1:8000") as agent:
        for event in agent.stream("Ada"):
            print(event.text, end="", flush=True)
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from ssl import SSLContext
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from attrs import define, field

from hocket.a2a import (
    AgentCard,
    AuthenticationInfo,
    ClientLimits,
    ListTaskPushNotificationConfigsResponse,
    ListTasksResponse,
    Message,
    Operation,
    SendMessageConfiguration,
    SubscribeToTaskRequest,
    Task,
    TaskPushNotificationConfig,
    TaskState,
)
from hocket.backoff import Backoff
from hocket.errors import LocalProtocolError
from hocket_io.client import asking
from hocket_io.client.asking import Asking
from hocket_io.client.options import EXTENSIONS, HEADERS, LIMITS, PROXY, RESUME, TAP, TEXT, TIMEOUT, TLS
from hocket_io.client.requests import Content, message_request
from hocket_io.client.streams import Stream
from hocket_io.client.targets import Target, parse_target
from hocket_io.client.transport import Transport
from hocket_io.client.ways import enter_way

if TYPE_CHECKING:
    import httpx2

    from hocket_io.tap import Tap

__all__ = ["Client"]

T = TypeVar("T")


@define(eq=False)
class Client:
    """A client of one agent, without an event loop. Use it as a context manager.

    Args:
        target: `http(s)://…` (the agent or its card), `ws(s)://…` (the agent), `stdio:COMMAND` (a child process;
            `stdio+content-length:COMMAND` with that framing), or an Agent in this process.
        version: The A2A version to speak over HTTP; None for the newest that both sides speak.
        binding: "JSONRPC" or "HTTP+JSON"; None for the one that the agent's card names first.
        headers: Header fields to send with every request, or with the handshake of a WebSocket.
        extensions: URIs of the extensions to ask for.
        timeout: Seconds, or an httpx2.Timeout for each phase; by default 10 to connect and 300 of silence. Pipes know
            silence only: a call to which nothing comes for so long is given up, and the pipe can be used again.
        proxy: `http(s)://HOST:PORT` of the proxy that HTTP and WebSockets go through; None for the one that the
            environment names (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY), which an agent on this machine never has.
        tls: Which certificates are trusted, and which is shown to the agent; None for those that the system trusts.
        limits: Of what comes back; a call whose answer is larger fails with the name of the limit.
        resume: When to try a stream over HTTP or WebSocket again that was cut; None for never.
        tap: Told what passes, message by message; see `hocket_io.tap`.

    Raises:
        LocalProtocolError: The target cannot be understood, or an option is not of its kind.
    """

    target: Target = field(converter=parse_target)
    version: str | None = field(default=None, kw_only=True, validator=TEXT)
    binding: str | None = field(default=None, kw_only=True, validator=TEXT)
    headers: Mapping[str, str] = field(factory=dict, kw_only=True, repr=False, validator=HEADERS)
    extensions: Sequence[str] = field(default=(), kw_only=True, validator=EXTENSIONS)
    timeout: float | httpx2.Timeout | None = field(default=None, kw_only=True, validator=TIMEOUT)
    limits: ClientLimits = field(default=ClientLimits(), kw_only=True, validator=LIMITS)
    _resume: Backoff | None = field(factory=Backoff, kw_only=True, validator=RESUME)
    proxy: str | None = field(default=None, kw_only=True, repr=False, validator=PROXY)
    tls: SSLContext | None = field(default=None, kw_only=True, validator=TLS)
    tap: Tap | None = field(default=None, kw_only=True, repr=False, validator=TAP)
    _transport: Transport | None = field(default=None, init=False, repr=False)
    _stack: ExitStack = field(factory=ExitStack, init=False, repr=False)
    _process: int = field(factory=os.getpid, init=False, repr=False)

    def __enter__(self) -> Self:
        self._process = os.getpid()
        self._transport = enter_way(self, self._resume, self._stack)
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
            LocalProtocolError: It is not, or was in the process that this one is a fork of.
        """
        if self._transport is None:
            raise LocalProtocolError("the client is not open: use it inside `with Client(…) as agent:`")
        if self._process != os.getpid():
            raise LocalProtocolError(
                "the client was opened by another process, which this one is a fork of: open one here"
            )
        return self._transport

    def stream(
        self,
        content: Content,
        *,
        task_id: str | None = None,
        context_id: str | None = None,
        configuration: SendMessageConfiguration | None = None,
    ) -> Stream:
        """Send a message and give the answer as it comes.

        Args:
            content: Text, a Part, several, or a whole Message.
            task_id: The task it follows up.
            context_id: The conversation it belongs to.
            configuration: How to be answered: output modes, how much history, push notifications.
        """
        params = message_request(content, task_id=task_id, context_id=context_id, configuration=configuration)
        return Stream(self, Operation.STREAM, params)

    def resume(self, task_id: str, *, after: int | None = None) -> Stream:
        """Read a task: a snapshot of it, then what follows. One that is over is told as the one event.

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
        configuration: SendMessageConfiguration | None = None,
    ) -> Task | Message:
        """Send a message, and give the Task (or the Message) that answers it.

        Args:
            content: Text, a Part, several, or a whole Message.
            task_id: The task it follows up.
            context_id: The conversation it belongs to.
            wait: Whether to wait until the task has settled; otherwise it is given as it stands at once.
            configuration: How to be answered: output modes, how much history, push notifications.

        Raises:
            RpcError, ConnectionFailed, AuthenticationError, RequestTimeout, CodecError: There is no answer.
        """
        asked = asking.send(content, task_id=task_id, context_id=context_id, wait=wait, configuration=configuration)
        return self._ask(asked)

    def get(self, task_id: str, *, history_length: int | None = None) -> Task:
        """A task as it stands, with so many messages of its history (None: all).

        Raises:
            RpcError, ConnectionFailed, AuthenticationError, RequestTimeout, CodecError: There is no answer.
        """
        return self._ask(asking.get(task_id, history_length))

    def cancel(self, task_id: str) -> Task:
        """Cancel a task.

        Raises:
            RpcError: It cannot be canceled: it is over, or unknown.
            ConnectionFailed, AuthenticationError, RequestTimeout, CodecError: There is no answer.
        """
        return self._ask(asking.cancel(task_id))

    def list_tasks(
        self,
        *,
        context_id: str | None = None,
        status: TaskState | None = None,
        after: str | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
        history_length: int | None = None,
        include_artifacts: bool = False,
    ) -> ListTasksResponse:
        """A page of the agent's tasks, the one that changed last first (A2A 1.0 only).

        Args:
            context_id: Only tasks of this conversation.
            status: Only tasks in this state.
            after: Only tasks whose status is of this time (RFC 3339) or later.
            page_size: How many at the most, 1 to 100; None for 50.
            page_token: Where to go on: `next_page_token` of the page before.
            history_length: So many messages of the history of each; None for all of it.
            include_artifacts: Whether the artifacts come with them.

        Raises:
            LocalProtocolError: The agent speaks A2A 0.3, which has no lists.
            RpcError, ConnectionFailed, AuthenticationError, RequestTimeout, CodecError: There is no answer.
        """
        asked = asking.list_tasks(
            context_id=context_id,
            status=status,
            after=after,
            page_size=page_size,
            page_token=page_token,
            history_length=history_length,
            include_artifacts=include_artifacts,
        )
        return self._ask(asked)

    def tasks(
        self,
        *,
        context_id: str | None = None,
        status: TaskState | None = None,
        after: str | None = None,
        history_length: int | None = None,
        include_artifacts: bool = False,
    ) -> Iterator[Task]:
        """All of the agent's tasks that fit, page after page as they are wanted; see `list_tasks`.

        Raises:
            LocalProtocolError: The agent speaks A2A 0.3, which has no lists.
            RpcError, ConnectionFailed, AuthenticationError, RequestTimeout, CodecError: There is no (further) page.
        """
        token: str | None = None
        while token != "":
            page = self.list_tasks(
                context_id=context_id,
                status=status,
                after=after,
                page_token=token,
                history_length=history_length,
                include_artifacts=include_artifacts,
            )
            yield from page.tasks
            token = page.next_page_token

    def set_push(
        self,
        task_id: str,
        url: str,
        *,
        id: str | None = None,  # noqa: A002  -- A2A's own word
        token: str | None = None,
        authentication: AuthenticationInfo | str | None = None,
    ) -> TaskPushNotificationConfig:
        """Have the events of a task posted to a URL, from now on until it is over.

        Args:
            task_id: The task.
            url: The address that gets them.
            id: A name for this, to change or delete it by; the server chooses one where it is left out.
            token: Comes with each notification, in `X-A2A-Notification-Token`.
            authentication: Comes with each notification, in `Authorization`: "Bearer …", say.

        Raises:
            RpcError: The agent sends none, or the URL is refused.
            ConnectionFailed, AuthenticationError, RequestTimeout, CodecError: There is no answer.
        """
        return self._ask(asking.set_push(task_id, url, id, token, authentication))

    def get_push(self, task_id: str, id: str | None = None) -> TaskPushNotificationConfig:  # noqa: A002  -- as above
        """Where the events of a task are posted; without `id` (0.3 allows that) the first such place.

        Raises:
            RpcError, ConnectionFailed, AuthenticationError, RequestTimeout, CodecError: There is no answer.
        """
        return self._ask(asking.get_push(task_id, id))

    def list_push(
        self, task_id: str, *, page_size: int | None = None, page_token: str | None = None
    ) -> ListTaskPushNotificationConfigsResponse:
        """All the places where the events of a task are posted, or a page of them.

        Raises:
            RpcError, ConnectionFailed, AuthenticationError, RequestTimeout, CodecError: There is no answer.
        """
        return self._ask(asking.list_push(task_id, page_size, page_token))

    def delete_push(self, task_id: str, id: str) -> None:  # noqa: A002  -- as above
        """Post the events of a task there no more. No error if they were not.

        Raises:
            RpcError, ConnectionFailed, AuthenticationError, RequestTimeout, CodecError: There is no answer.
        """
        self._ask(asking.delete_push(task_id, id))

    def card(self) -> AgentCard | None:
        """What the agent says of itself; None if it has no card (on a pipe, say).

        Raises:
            ConnectionFailed, RequestTimeout: The agent cannot be reached.
        """
        return self.transport.card()

    def extended_card(self) -> AgentCard:
        """What the agent says of itself to those it knows.

        Raises:
            RpcError: It has no such card.
            ConnectionFailed, AuthenticationError, RequestTimeout, CodecError: There is no answer.
        """
        return self._ask(asking.extended_card())

    def _ask(self, asked: Asking[T]) -> T:
        call = self.transport.start(asked.operation, asked.params)
        return asked.read(self.transport.answer(call))
