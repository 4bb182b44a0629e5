"""Saying: what a client says in its streams, in the order in which it says it."""

from __future__ import annotations

from math import nan
from typing import Final

from attrs import define, field

from hocket.acp.chunk_writer import ChunkWriters
from hocket.acp.client.replica import Replica
from hocket.acp.client.replicas import Replicas
from hocket.acp.client.requests import ENVELOPE, Asked, Purpose, Requests
from hocket.acp.model import Content, Message, signed
from hocket.acp.states import ClientState
from hocket.acp.wire import ACP, MessageParams
from hocket.errors import LocalProtocolError
from hocket.timestamps import timestamp

__all__ = ["Saying"]

_LARGEST_SEQUENCE: Final = 2**53 - 1


@define(eq=False, repr=False)
class Saying:
    """Messages, chunks, and what was posted; and whatever has to come after them.

    Args:
        agent: Who speaks; None if the connection says it.
        epoch: Unix time, in seconds, at which `now` was 0.
        replicas: The streams.
        requests: What was asked.
    """

    agent: str | None
    epoch: float
    replicas: Replicas
    requests: Requests
    _writers: ChunkWriters = field(factory=ChunkWriters, init=False)
    _moment: tuple[float, str] = field(default=(nan, ""), init=False)

    def message_text(self, stream_id: str, content: Content, now: float) -> bytes:
        """The params of a message.

        Raises:
            LocalProtocolError: It is nothing that can be said.
        """
        params = MessageParams(stream_id=stream_id, message=self._signed(content, now))
        return ACP.writer(MessageParams).to_json(params)

    def chunk_text(self, stream_id: str, content: Content, sequence: int, *, is_last: bool, now: float) -> bytes:
        """The params of a chunk.

        Raises:
            LocalProtocolError: It is nothing that can be said, or has no number that a chunk can have.
        """
        if type(sequence) is not int or not 0 <= sequence <= _LARGEST_SEQUENCE:
            reason = f"the number of a chunk is an integer, 0 or more and below 2**53; not {sequence!r}"
            raise LocalProtocolError(reason)
        return self._writers.of(stream_id).write(stream_id, self._signed(content, now), sequence, is_last)

    def in_order(self, asked: Asked, replica: Replica, now: float) -> None:
        """Send a request after everything that was posted before."""
        if replica.posting.is_quiet:
            self.requests.transmit([asked], now)
        else:
            replica.posting.behind.append(asked)

    def post(self, replica: Replica, content: Content, now: float) -> None:
        """Say something with the next batch.

        Raises:
            LocalProtocolError: It is nothing that can be said, too long, or too much waits to be sent.
        """
        message = self._signed(content, now)
        text = self.message_text(replica.stream_id, message, now)
        self.requests.check(text, is_ours=True)
        replica.posting.batcher.add(message, now=now, size=len(text) + ENVELOPE)

    def send_posts(self, replica: Replica, now: float) -> None:
        """Send what was posted to a stream and is due, and then what had to wait for it."""
        posting = replica.posting
        if posting.is_quiet:
            return  # as for most: this is asked after every message
        if not self.requests.is_up or replica.state not in (ClientState.ACTIVE, ClientState.PAUSED):
            return
        if replica.state is ClientState.ACTIVE:
            wanted: list[Asked] = []
            for posted in posting.take(now):
                text = self.message_text(replica.stream_id, posted.message, now)
                asked = self.requests.add(Purpose.POST, "stream.message", text, replica.stream_id, posted=posted)
                posting.depart(asked.id, posted)
                wanted.append(asked)
            self.requests.transmit(wanted, now)
        if posting.is_idle or replica.state is ClientState.PAUSED:  # then nothing that was posted can go before
            self.requests.transmit(posting.release(), now)

    def _signed(self, content: Content, now: float) -> Message:
        if self._moment[0] != now:
            self._moment = (now, timestamp(self.epoch + now))
        named = content.agent_id if isinstance(content, Message) else None
        return signed(named or self.agent, content, self._moment[1])
