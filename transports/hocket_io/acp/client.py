"""AcpClient: an agent in the streams of a hub, under asyncio and trio; `hocket_io.acp.blocking` has its twin.

It is used like this::

    async with AcpClient("ws://127.0.0.1:8100", agent="agent-analyst") as me:
        stream = await me.start(["agent-expert"])
        await stream.send("Found a data anomaly")
        async for event in stream:
            print(event)
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from ssl import SSLContext
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from attrs import define, field, frozen

from hocket.acp.client import Client
from hocket.acp.events import Invited
from hocket.acp.limits import ClientLimits
from hocket.acp.reconnect import RECONNECT
from hocket.acp.states import ClientState
from hocket.backoff import Backoff
from hocket.errors import LocalProtocolError
from hocket_io.acp.line import Line
from hocket_io.acp.links.open import open_link
from hocket_io.acp.links.targets import OwnStreams, parse_link_target
from hocket_io.acp.mail import Mail
from hocket_io.acp.stream import AcpStream
from hocket_io.acp.wiring import HubLeft
from hocket_io.client.options import TLS
from hocket_io.client.targets import shown_target
from hocket_io.entropy import system_entropy

if TYPE_CHECKING:
    from hocket_io.acp.host import HubHost
    from hocket_io.tap import Tap

__all__ = ["AcpClient", "Invitations"]


@define(eq=False)
class AcpClient:
    """One agent's place at a hub, under asyncio and trio. Use it as an async context manager.

    Any number of tasks may use it and its streams at the same time.

    Args:
        target: `http(s)://…`, `ws(s)://…`, `tcp://HOST:PORT`, `stdio:COMMAND` (a child process that is a hub),
            `stdio:-` (the hub has started this process), or a HubHost in this process.
        agent: The name under which the agent takes part.
        token: A bearer token, for a hub that wants one.
        headers: Header fields to send, where there are any.
        timeout: Seconds after which a command gives up; by default when `limits` does.
        limits: Of what waits to be read, and of patience.
        reconnect: When to try again after the connection was lost, and how often.
        tls: Over `https://` and `wss://`, which certificates are trusted; None for those that the system trusts.
        tap: Told what passes on its connections, message by message; see `hocket_io.tap`.

    Raises:
        LocalProtocolError: The agent has no name. Or, on entering: the target cannot be understood.
        ConnectionFailed, AuthenticationError: On entering: there is no hub there, or it wants nothing to do with us.
    """

    target: str | HubHost = field(repr=shown_target)
    agent: str = field(kw_only=True)
    token: str | None = field(default=None, kw_only=True, repr=False)
    headers: Mapping[str, str] = field(factory=dict, kw_only=True, repr=False)
    timeout: float | None = field(default=None, kw_only=True)
    limits: ClientLimits = field(default=ClientLimits(), kw_only=True, repr=False)
    reconnect: Backoff = field(default=RECONNECT, kw_only=True, repr=False)
    tls: SSLContext | None = field(default=None, kw_only=True, repr=False, validator=TLS)
    tap: Tap | None = field(default=None, kw_only=True, repr=False)
    _line: Line | None = field(default=None, init=False, repr=False)
    _stack: AsyncExitStack = field(factory=AsyncExitStack, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        name: object = self.agent
        if not name or not isinstance(name, str):
            raise LocalProtocolError(f"an agent needs a name, which is a text: {name!r} is none")

    async def __aenter__(self) -> Self:
        if self._line is not None:
            raise LocalProtocolError("the client is open already: enter it once, and share it")
        connect = partial(
            open_link,
            self.target,
            agent=self.agent,
            token=self.token,
            headers=self.headers,
            limits=self.limits,
            connection_id=str(uuid.uuid4()),  # the same over HTTP for all of them: what is sent again is known again
            tls=self.tls,
            tap=self.tap,
        )
        link = await connect()
        machine = Client(
            self.agent,
            entropy=system_entropy(),
            limits=self.limits,
            epoch=time.time() - time.monotonic(),
            backoff=self.reconnect,
            listens_apart=link.listens_apart,
            is_ordered=link.is_ordered,
        )
        is_child = isinstance(self.target, str) and isinstance(parse_link_target(self.target), OwnStreams)
        again = None if is_child else connect
        line = Line(machine, Mail(self.agent, self.limits), link, again, self.timeout)
        self._line = await self._stack.enter_async_context(line)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line = None
        await self._stack.__aexit__(kind, error, trace)

    @property
    def line(self) -> Line:
        """The connection, while the client is entered.

        Raises:
            LocalProtocolError: It is not.
        """
        if self._line is None:
            raise LocalProtocolError("the client is not open: use it inside `async with AcpClient(…) as me:`")
        return self._line

    async def start(self, participants: Sequence[str] = (), *, metadata: Mapping[str, Any] | None = None) -> AcpStream:
        """Start a stream; whoever starts it takes part in it.

        Args:
            participants: The other agents that take part from the beginning. They are told.
            metadata: What the stream is for, its rules …

        Raises:
            LocalProtocolError: The participants are no list.
            RpcError: The hub refuses.
            ConnectionFailed, RequestTimeout: There is no answer.
        """
        line = self.line
        answer = await line.ask(line.machine.start, participants, metadata, now=line.now())
        assert answer.stream_id is not None, "the stream that was started"
        return AcpStream(line, answer.stream_id)

    async def join(self, stream_id: str, *, capabilities: Sequence[str] = ()) -> AcpStream:
        """Take part in a stream that is there: one we were invited to, one that is open, or one that we are in.

        A stream that was left can be joined again, if its hub allows it.

        Args:
            stream_id: The stream.
            capabilities: What the agent can do, for streams that want an expertise.

        Raises:
            LocalProtocolError: This client takes part in it already.
            RpcError: The hub refuses: there is no such stream, or it is not open to us.
            ConnectionFailed, RequestTimeout: There is no answer.
        """
        line = self.line
        if line.machine.state(stream_id) is ClientState.CLOSED:
            line.machine.forget(stream_id)
            line.mail.forget(stream_id)
        await line.ask(line.machine.join, stream_id, capabilities, now=line.now())
        return AcpStream(line, stream_id)

    def invitations(self) -> Invitations:
        """The invitations of others, as they come; `join` accepts one.

        A stream that others have started with us in it comes this way as well.

        Raises:
            LocalProtocolError: Over HTTP there are none: there, the hub has no way to reach an agent but the streams
                that it has joined.
        """
        if self.line.machine.listens_apart:
            raise LocalProtocolError(
                "over HTTP no invitation comes: join streams by their names, or use ws:// or tcp://"
            )
        return Invitations(self.line)


@frozen(eq=False, repr=False)
class Invitations:
    """The invitations of one agent, as an async iterator; `AcpClient.invitations` gives it.

    When the connection is over, it raises; it ends where the hub has started this process, and is done with it.

    Args:
        line: The connection.
    """

    line: Line

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Invited:
        line, mail = self.line, self.line.mail
        while not mail.invitations:
            if isinstance(line.over, HubLeft):
                raise StopAsyncIteration
            line.check()
            await mail.wait(mail.invited)
        return mail.invitations.popleft()
