"""Pipe options: how an agent is spoken to over a pipe. What the transports with and without an event loop share."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from hocket.a2a import V1_0, ClientCall, ClientLimits, Operation, Params, PipeClient
from hocket.framing import MakeFraming, Ndjson
from hocket_io.timeouts import Phases

__all__ = ["PipeOptions"]


@frozen(kw_only=True)
class PipeOptions:
    """How an agent is spoken to over a pipe.

    Attributes:
        limits: Of what comes back.
        extensions: URIs of the extensions to ask for.
        framing: How messages are cut out of the bytes, as the other side was told as well.
        timeout: Seconds of silence after which a call is given up; None for never.
        peer: What the other side is called in errors.
    """

    limits: ClientLimits = ClientLimits()
    extensions: Sequence[str] = ()
    framing: MakeFraming = Ndjson
    timeout: float | None = Phases().read
    peer: str = "the agent"

    def machine(self) -> PipeClient:
        """The client's side of one new pipe."""
        framing = self.framing(self.limits.framing)
        return PipeClient(framing, V1_0, self.limits, timeout=self.timeout, peer=self.peer)

    def begin(
        self, machine: PipeClient, operation: Operation, params: Params, last_event_id: int | None, now: float
    ) -> ClientCall:
        """Ask.

        Raises:
            HocketError: Why the pipe has ended before.
            LocalProtocolError: Too much is in flight, or the request is too long. Nothing was sent.
        """
        if machine.failure is not None:
            raise machine.failure.with_traceback(None)
        headers = {} if last_event_id is None else {"Last-Event-ID": str(last_event_id)}
        if self.extensions:
            headers["A2A-Extensions"] = ", ".join(self.extensions)
        return machine.call(operation, params, now, headers)
