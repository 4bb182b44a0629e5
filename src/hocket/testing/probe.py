"""Probe: how checks talk to what is tested, be it an object in this process, an address or a child process.

Whoever checks asks with bytes of its own choosing, also with bytes that no client would send, and sees what a client
would see. A probe is blocking and belongs to one thread; time passes at the target only while the probe waits for it::

    conversation = probe.open(Ask.call("SendStreamingMessage", params))
    while (message := conversation.next(timeout=60)) is not None:
        ...                              # {"jsonrpc": "2.0", "id": "1", "result": {…}}
    assert conversation.end == "complete"

`hocket_io.testing.reach` makes probes; anything with these methods is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol, TypeAlias

from attrs import field, frozen

from hocket import codec
from hocket.a2a import DIALECTS, Operation

__all__ = ["PATIENCE", "Ask", "Binding", "Conversation", "End", "Probe", "ProtocolName", "streaming_methods"]

PATIENCE = 60.0
"""Seconds that a conversation waits for its next message, where nothing else is said."""

End: TypeAlias = Literal["open", "complete", "cut", "silent"]
"""How an answer has ended so far: not; as it should; in the middle; not, but nothing came for as long as was waited."""

ProtocolName: TypeAlias = Literal["a2a", "acp"]
Binding: TypeAlias = Literal["http", "pipe", "memory", "websocket"]


def streaming_methods() -> frozenset[str]:
    """The methods of all versions of A2A whose answer is a stream.

    >>> sorted(streaming_methods())
    ['SendStreamingMessage', 'SubscribeToTask', 'message/stream', 'tasks/resubscribe']
    """
    streams = (Operation.STREAM, Operation.SUBSCRIBE)
    return frozenset(dialect.methods[each] for dialect in DIALECTS for each in streams if each in dialect.methods)


@frozen(kw_only=True)
class Ask:
    """What is asked: one HTTP request, or one message on a pipe.

    Attributes:
        body: What is sent, letter by letter; None for a request without a body. On a pipe it becomes one frame.
        method: The JSON-RPC method in it, for telling and for knowing whether a stream is to come; None if it has none.
        headers: Header fields. A pipe has none: those that A2A gives a meaning go into `_meta` there.
        http_method: `POST`, `GET` …
        path: `/path` from the root of the host, a path below the agent's address, or a whole URL; None for the address
            at which the agent takes JSON-RPC.
    """

    body: bytes | None = field(default=None, repr=lambda body: "None" if body is None else repr(body[:200]))
    method: str | None = None
    headers: Mapping[str, str] = field(factory=dict)
    http_method: str = "POST"
    path: str | None = None

    @classmethod
    def call(cls, method: str, params: Any = None, *, id: Any = "1", version: str = "1.0") -> Ask:  # noqa: A002  -- the member's name
        """A JSON-RPC request.

        Args:
            method: As the version has it.
            params: Any JSON; None for a request without the member.
            id: Any JSON, also what is no id.
            version: Of A2A; those before 1.0 have no header field for it.

        >>> Ask.call("tasks/get", {"id": "T"}, version="0.3").body
        b'{"jsonrpc":"2.0","id":"1","method":"tasks/get","params":{"id":"T"}}'
        """
        request = {"jsonrpc": "2.0", "id": id, "method": method}
        if params is not None:
            request["params"] = params
        headers = {"Content-Type": "application/json"}
        if not version.startswith("0."):
            headers["A2A-Version"] = version
        return cls(body=codec.dumps(request), method=method, headers=headers)

    @classmethod
    def get(cls, path: str, headers: Mapping[str, str] | None = None) -> Ask:
        """A GET of a page: the card, say.

        >>> Ask.get("/.well-known/agent-card.json").http_method
        'GET'
        """
        return cls(http_method="GET", path=path, headers=headers or {})

    @property
    def streams(self) -> bool:
        """Whether the answer is meant to be a stream."""
        return self.method in streaming_methods()


class Conversation(Protocol):
    """The answer to one `Ask`, as it comes. Several may be open at once.

    Of an ACP hub it is a connection: what is asked is the first thing said on it, and everything that comes is given.
    """

    @property
    def status(self) -> int | None:
        """The HTTP status, once something was waited for and it has come; None on a pipe."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields of the response, names in lower case; empty on a pipe."""

    @property
    def raw(self) -> bytes:
        """All that came so far, as it came: of a stream the bytes of its events."""

    @property
    def end(self) -> End:
        """How the answer has ended, so far."""

    @property
    def reason(self) -> str:
        """Why it was cut, in words, such as what a child process said when it died; "" where it was not."""

    def next(self, timeout: float = PATIENCE) -> bytes | None:
        """The next message: the body of a response, the data of an event, or the next message on a pipe.

        An item of a stream on a pipe is given as the response that HTTP would have had for it, and the response that
        ends the stream there is the end.

        Args:
            timeout: Seconds to wait, of the time that passes at the target.

        Returns:
            The message, or None where there is none: `end` says why.
        """

    def send(self, body: bytes) -> None:
        """Say more on the same connection, where this is one (ACP): one message, letter by letter.

        Raises:
            LocalProtocolError: Each request has an answer of its own here: open another conversation.
        """

    def close(self) -> None:
        """Leave. The target is told as its binding can: the connection is closed, or the call is cancelled."""


class Probe(Protocol):
    """A way to what is tested."""

    @property
    def target(self) -> str:
        """What it is, as it may be shown."""

    @property
    def protocol(self) -> ProtocolName:
        """What it speaks."""

    @property
    def binding(self) -> Binding:
        """What carries that."""

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions of A2A that its card declares; all that we speak where it has none."""

    @property
    def card(self) -> Mapping[str, Any] | None:
        """Its agent card as JSON; None where it has none."""

    @property
    def raised(self) -> list[BaseException]:
        """What its own code has raised since it was started, with the traceback. Known in this process only."""

    def open(self, ask: Ask) -> Conversation:
        """Ask. What is wrong on the way is seen in the conversation: it is then cut."""

    def curl(self, ask: Ask) -> str | None:
        """A line for a shell that asks the same; None where there is nobody to be reached from a shell."""

    def fresh_id(self) -> str:
        """An id that this probe has not given before."""

    def wait(self, seconds: float) -> None:
        """Let time pass at the target."""

    def restart(self) -> None:
        """Start the target anew, with nothing left of what it knew, where that is possible; else do nothing."""
