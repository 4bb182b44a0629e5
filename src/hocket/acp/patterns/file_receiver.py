"""The receiver of files: from what happens in streams to the bytes of the files that are sent in them."""

from __future__ import annotations

from attrs import define, field, frozen

from hocket.acp.assembly import message_id
from hocket.acp.events import ChunkReceived, MessageCompleted, MessageLost, ParticipantLeft, StreamEnded
from hocket.acp.model import Message
from hocket.acp.patterns.file_events import FileEvent, FileFailed
from hocket.acp.patterns.file_info import FileInfo, read_info
from hocket.acp.patterns.file_transfer import MessageKey, Transfer, TransferKey, TransferState
from hocket.errors import CodecError, LimitExceeded

__all__ = ["FileLimits", "FileReceiver"]

_FEEDS = 8
"""Open messages of one transfer. Beyond it the one that is farthest behind is not listened to any more."""

_REPLACED = "another announcement came in its place"


@frozen(kw_only=True)
class FileLimits:
    """What is taken of files. A receiver keeps none of their bytes.

    Attributes:
        size: Bytes of one file.
        transfers: Files at one time, in all streams. Those that are over or were lost count too while they are
            remembered, so that nothing is told twice; they are forgotten when others need the room.
        transfers_each: The same, of one agent in one stream.
    """

    size: int = 1024 * 1024 * 1024
    transfers: int = 1_024
    transfers_each: int = 16


@define(eq=False)
class FileReceiver:
    """Takes files from the events of any number of streams, and of any number of agents at a time.

    Give it every event there is (of a client, a hub, a stream); what has nothing to do with files gives nothing. The
    bytes come out as they come in, each once and in order, and are not kept. Only `FileCompleted` says that they are
    the file. A file whose message broke off is told as `FileFailed` with the reason `lost`; when its sender goes on,
    from there or from before, it goes on under the same `transfer` number.

    Args:
        limits: What is taken.

    >>> from hocket.acp.model import data_part, file_part, message_of
    >>> announced = message_of(data_part({"fileInfo": {"name": "../t.csv", "size": 3, "totalChunks": 1}}))
    >>> receiver = FileReceiver()
    >>> said = {"stream_id": "s", "agent_id": "ada", "first_event_id": 1}
    >>> for event in [
    ...     ChunkReceived(chunk=announced, sequence=1, event_id=1, **said),
    ...     ChunkReceived(chunk=message_of(file_part(b"a,b")), sequence=2, is_last=True, event_id=2, **said),
    ...     MessageCompleted(chunks=(), **said),
    ... ]:
    ...     for told in receiver.receive(event):
    ...         print(type(told).__name__, told.data if hasattr(told, "data") else told.info.name)
    FileStarted t.csv
    FileData b'a,b'
    FileCompleted t.csv
    """

    limits: FileLimits = field(factory=FileLimits)
    _transfers: dict[TransferKey, Transfer] = field(factory=dict, init=False)
    _messages: dict[MessageKey, Transfer] = field(factory=dict, init=False)
    _numbers: int = field(default=0, init=False)

    def receive(self, event: object) -> tuple[FileEvent, ...]:
        """What an event means for the files.

        Args:
            event: Any event of a stream, a hub or a client.
        """
        match event:
            case ChunkReceived():
                return tuple(self._chunk(event))
            case MessageCompleted():
                return self._completed(_key(event, event.chunks[0] if event.chunks else None))
            case MessageLost():
                return tuple(self._lost(event))
            case ParticipantLeft():
                return tuple(self._gone(event.stream_id, event.agent_id, "its sender has left"))
            case StreamEnded():
                return tuple(self._gone(event.stream_id, None, "the stream has ended"))
            case _:
                return ()

    def _chunk(self, event: ChunkReceived) -> list[FileEvent]:
        key = _key(event, event.chunk)
        told: list[FileEvent] = []
        if event.first_event_id in (0, event.event_id):  # a file is announced in the first chunk of a message
            told += self._announcement(key, event)
        transfer = self._messages.get(key)
        if transfer is not None:
            told += transfer.take(key, event.chunk)
            if transfer.is_over:
                self._close(transfer)
        return told

    def _announcement(self, key: MessageKey, event: ChunkReceived) -> list[FileEvent]:
        try:
            info = read_info(event.chunk)
        except CodecError as error:
            return [*self._cut(key, _REPLACED), self._unreadable(event, error)]
        if info is None:
            return []
        told = self._cut(key, _REPLACED)
        transfer_key = (event.stream_id, event.agent_id, key if info.transfer_id is None else info.transfer_id)
        known = self._transfers.get(transfer_key)
        if known is not None and known.state is TransferState.FAILED and info.offset == 0:
            del self._transfers[transfer_key]
            known = None
        if known is None:
            return told + self._begin(transfer_key, key, info)
        return told if known.is_over else told + self._go_on(known, key, info)

    def _begin(self, transfer_key: TransferKey, key: MessageKey, info: FileInfo) -> list[FileEvent]:
        transfer = Transfer(self._next_number(), transfer_key, info)
        told = self._make_room(transfer_key)
        if isinstance(told, LimitExceeded):
            return [*transfer.fail("too_many", str(told))]
        self._transfers[transfer_key] = transfer
        if info.size > self.limits.size:
            told += transfer.fail("too_large", str(LimitExceeded("size", self.limits.size, info.size)))
            self._close(transfer)
            return told
        return told + self._go_on(transfer, key, info)

    def _go_on(self, transfer: Transfer, key: MessageKey, info: FileInfo) -> list[FileEvent]:
        """A message brings more of a transfer, which may be new, between two segments, lost, or open elsewhere too."""
        told: tuple[FileEvent, ...]
        if not transfer.info.is_same_file(info):
            told = transfer.fail("malformed", "another file was announced under the same transfer id")
        elif info.offset > transfer.received:
            told = transfer.lose(f"it goes on at {info.offset}, and has come up to {transfer.received}")
        else:
            if len(transfer.feeds) >= _FEEDS:
                self._unplug(transfer, min(transfer.feeds, key=lambda known: transfer.feeds[known]))
            self._messages[key] = transfer
            return [*transfer.begin(key, info.offset)]
        self._close(transfer)
        return [*told]

    def _completed(self, key: MessageKey) -> tuple[FileEvent, ...]:
        transfer = self._messages.get(key)
        if transfer is None:
            return ()
        del self._messages[key]
        return self._settled(transfer, transfer.end(key))

    def _lost(self, event: MessageLost) -> list[FileEvent]:
        """A hub that gives no event ids leaves open which message was lost: then it is all that this agent has open."""
        if event.first_event_id:
            return self._cut(_key(event, None), f"its message was lost: {event.reason}")
        keys = [
            key for key in self._messages if key[:2] == (event.stream_id, event.agent_id) and not _has_event_id(key)
        ]
        return [told for key in keys for told in self._cut(key, f"its message was lost: {event.reason}")]

    def _cut(self, key: MessageKey, detail: str) -> list[FileEvent]:
        transfer = self._messages.get(key)
        if transfer is None:
            return []
        del self._messages[key]
        return [*self._settled(transfer, transfer.cut(key, detail))]

    def _gone(self, stream_id: str, agent_id: str | None, detail: str) -> list[FileEvent]:
        """Nobody is left who could go on with what this agent, or anybody in the stream, was sending."""
        told: list[FileEvent] = []
        for transfer in list(self._transfers.values()):
            if transfer.key[0] == stream_id and agent_id in (None, transfer.key[1]):
                if not transfer.is_over:
                    told += transfer.abandon(detail)
                self._close(transfer)
                self._transfers.pop(transfer.key, None)
        return told

    def _settled(self, transfer: Transfer, told: tuple[FileEvent, ...]) -> tuple[FileEvent, ...]:
        """A message of it has ended, one way or the other."""
        if transfer.is_over or not transfer.feeds:
            self._close(transfer)
        return told

    def _close(self, transfer: Transfer) -> None:
        """It comes in no message any more. Without a transfer id nothing can go on with it: it is forgotten."""
        for key in list(transfer.feeds):
            self._unplug(transfer, key)
        if not transfer.goes_on:
            self._transfers.pop(transfer.key, None)

    def _unplug(self, transfer: Transfer, key: MessageKey) -> None:
        del transfer.feeds[key]
        del self._messages[key]

    def _make_room(self, transfer_key: TransferKey) -> list[FileEvent] | LimitExceeded:
        """Forget what has no open message, if there must be room for one more."""
        option, maximum = "transfers_each", self.limits.transfers_each
        rivals = [known for known in self._transfers.values() if known.key[:2] == transfer_key[:2]]
        if len(rivals) < maximum:
            option, maximum = "transfers", self.limits.transfers
            rivals = [*self._transfers.values()]
        if len(rivals) < maximum:
            return []
        idle = [known for known in rivals if not known.feeds]
        if not idle:
            return LimitExceeded(option, maximum)
        forgotten = min(idle, key=lambda known: known.state)
        del self._transfers[forgotten.key]
        return [] if forgotten.is_over else [*forgotten.lose("it was forgotten in favour of newer ones")]

    def _next_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _unreadable(self, event: ChunkReceived, error: CodecError) -> FileFailed:
        return FileFailed(
            transfer=self._next_number(),
            stream_id=event.stream_id,
            agent_id=event.agent_id,
            info=None,
            reason="malformed",
            received=0,
            detail=str(error),
        )


def _key(event: ChunkReceived | MessageCompleted | MessageLost, chunk: Message | None) -> MessageKey:
    if event.first_event_id or chunk is None:
        return event.stream_id, event.agent_id, event.first_event_id
    return event.stream_id, event.agent_id, message_id(chunk)


def _has_event_id(key: MessageKey) -> bool:
    return isinstance(key[2], int)
