"""Connection: JSON-RPC over a stream of bytes. Framing, Peer and heartbeat in one Endpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, field

from hocket.codec import JsonValue, Raw
from hocket.errors import ConnectionFailed, ErrorObject, HocketError, RemoteProtocolError
from hocket.framing import FrameRejected, Framing
from hocket.heartbeat import Beat, Heartbeat, Pulse
from hocket.jsonrpc import Cancellation, Event, Id, Notification, Params, Peer, PeerLimits, Request, UsualCalls
from hocket.timers import soonest

__all__ = ["Connection"]


@define(eq=False)
class Connection:
    r"""One JSON-RPC conversation over bytes: an Endpoint whose events are those of `hocket.jsonrpc`.

    Input is worked off in `receive_data`, whether or not events are drained. A frame that cannot be read is
    answered with an error, and the next one is read; where the framing is lost there is no next one, and the
    connection then ends with a ConnectionClosed.

    Args:
        framing: How messages are cut out of the bytes, as `Ndjson()`; it belongs to this connection.
        limits: How much may be asked and held.
        cancellation: How requests are cancelled, `LSP`, `MCP` or another convention; None for not at all.
        heartbeat: When to ask a silent peer for a sign of life, and when to give it up; None for never, because a
            peer with one busy thread is silent and well.
        new_id: Gives the ids of requests that name none, each once. By default "1", "2", …
        usual: What reads usual calls by a short cut; see `Peer`.

    >>> from hocket.framing import Ndjson
    >>> client, server = Connection(Ndjson()), Connection(Ndjson())
    >>> asked = client.send_request("add", [1, 2], now=0.0, timeout=5.0)
    >>> for data in client.data_to_send():
    ...     server.receive_data(data, now=0.1)
    >>> server.next_event()
    RequestReceived(id='1', method='add', params=[1, 2])
    >>> server.send_result(asked, 3, now=0.2)
    >>> server.data_to_send()
    [b'{"jsonrpc":"2.0","id":"1","result":3}\n']
    """

    framing: Framing
    limits: PeerLimits = field(factory=PeerLimits, kw_only=True)
    cancellation: Cancellation | None = field(default=None, kw_only=True)
    heartbeat: Heartbeat | None = field(default=None, kw_only=True)
    new_id: Callable[[], str] | None = field(default=None, kw_only=True)
    usual: UsualCalls | None = field(default=None, kw_only=True)
    _peer: Peer = field(init=False)
    _pulse: Pulse | None = field(init=False)
    _ended: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._peer = Peer(
            limits=self.limits,
            cancellation=self.cancellation,
            new_id=self.new_id,
            wrap=self.framing.encode,
            usual=self.usual,
        )
        self._pulse = None if self.heartbeat is None else Pulse(self.heartbeat)

    # --- the Endpoint

    @property
    def is_closed(self) -> bool:
        """True once nothing more will come out: it is closed, and its events and bytes were taken."""
        return self._peer.is_closed

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes that arrived; after the end they are ignored.

        Args:
            data: Some bytes, cut anywhere (with `Whole` framing: one message).
            now: The time in seconds.
        """
        if self._ended:
            return
        if self._pulse is not None and data:
            self._pulse.heard(now)
        self.framing.receive_data(data)
        self._take_frames(now)

    def receive_eof(self, now: float) -> None:
        """The peer will send nothing more. Its requests can still be answered, ours have ended.

        The ConnectionClosed has no error if all was said: no frame was cut and no request of ours was pending.

        Args:
            now: The time in seconds.
        """
        if self._ended:
            return
        self.framing.receive_eof()
        error: HocketError | None = self._take_frames(now)
        if error is None and (pending := len(self._peer.pending)):
            error = ConnectionFailed(f"the peer closed the connection and left {pending} requests unanswered")
        self._ended = True
        self._peer.receive_end(now=now, error=error)

    def handle_timeout(self, now: float) -> None:
        """End what has waited too long, ping a silent peer, give up a dead one.

        Args:
            now: The time in seconds; being early or late is harmless.
        """
        self._peer.handle_timeout(now)
        if self._pulse is None or self._ended:
            return
        match self._pulse.check(now):
            case Beat.PING:
                self._peer.send_ping(now=now)
            case Beat.DEAD:
                silence = self._pulse.options.interval + self._pulse.options.timeout
                self.close(now, ConnectionFailed(f"the peer gave no sign of life for {silence:g} s"))

    def next_event(self) -> Event | None:
        """The next thing that happened, or None when all has been told."""
        return self._peer.next_event()

    def data_to_send(self) -> list[bytes]:
        """Bytes to write now, in order, one item for each message; they are handed out once."""
        return self._peer.messages_to_send()

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None for never. With a heartbeat, first at once."""
        if self._pulse is None or self._ended:
            return self._peer.next_timeout()
        return soonest(self._peer.next_timeout(), self._pulse.next_timeout())

    # --- the commands, as the Peer has them

    @property
    def pending(self) -> tuple[Id, ...]:
        """The ids of our requests that have no answer yet, oldest first."""
        return self._peer.pending

    @property
    def unanswered(self) -> tuple[Id, ...]:
        """The ids of the peer's requests that we have not answered yet, oldest first."""
        return self._peer.unanswered

    def send_request(
        self,
        method: str,
        params: Params = None,
        *,
        now: float,
        timeout: float | None = None,
        id: Id = None,  # noqa: A002  # the name JSON-RPC gives it
    ) -> Id:
        """Ask the peer; see `Peer.send_request`."""
        return self._peer.send_request(method, params, now=now, timeout=timeout, id=id)

    def send_notification(self, method: str, params: Params = None, *, now: float) -> None:
        """Tell the peer something that has no answer; see `Peer.send_notification`."""
        self._peer.send_notification(method, params, now=now)

    def send_notifications(self, method: str, params: Sequence[Raw], *, now: float) -> None:
        """Tell the peer several things of one kind, all or none of them; see `Peer.send_notifications`."""
        self._peer.send_notifications(method, params, now=now)

    def send_batch(
        self, calls: Sequence[Request | Notification], *, now: float, timeout: float | None = None
    ) -> list[Id]:
        """Send several requests and notifications as one message; see `Peer.send_batch`."""
        return self._peer.send_batch(calls, now=now, timeout=timeout)

    def send_result(self, id: Id, result: JsonValue | Raw, *, now: float) -> None:  # noqa: A002  -- JSON-RPC names it so
        """Answer a request of the peer; see `Peer.send_result`."""
        self._peer.send_result(id, result, now=now)

    def send_error(self, id: Id, error: ErrorObject, *, now: float) -> None:  # noqa: A002  -- JSON-RPC names it so
        """Answer a request of the peer with an error; see `Peer.send_error`."""
        self._peer.send_error(id, error, now=now)

    def cancel(self, id: Id, *, now: float) -> None:  # noqa: A002  -- JSON-RPC names it so
        """Tell the peer that an answer is no longer wanted; see `Peer.cancel`."""
        self._peer.cancel(id, now=now)

    def close(self, now: float, error: HocketError | None = None) -> None:
        """End the connection in both directions. Bytes sent before can still be taken; twice is harmless.

        Args:
            now: The time in seconds.
            error: Why, for the ConnectionClosed; None if this is an orderly end.
        """
        self._ended = True
        self._peer.close(now, error)

    # --- within

    def _take_frames(self, now: float) -> RemoteProtocolError | None:
        """Work off the frames that are there. Returns why the last of them could not be read, if it could not."""
        rejected: RemoteProtocolError | None = None
        while (frame := self.framing.next_frame()) is not None:
            if type(frame) is bytes:
                rejected = self._peer.receive_message(frame, now)
            elif isinstance(frame, FrameRejected):
                rejected = frame.error
                self._peer.refuse_frame(frame.error, now=now)
                if frame.fatal:
                    self.close(now, frame.error)
                    break
        return rejected
