"""One file on its way in: what of it was told, and whether it is the file that was announced."""

from __future__ import annotations

from binascii import a2b_base64
from enum import IntEnum
from hashlib import sha256
from typing import Any, Final, TypeAlias

from attrs import define, evolve, field

from hocket.acp.model import Encoding, Message, Part, PartType
from hocket.acp.patterns.file_events import FileCompleted, FileData, FileEvent, FileFailed, FileFailure, FileStarted
from hocket.acp.patterns.file_info import FileInfo

__all__ = ["MessageKey", "Transfer", "TransferKey", "TransferState"]

MessageKey: TypeAlias = tuple[str, str, int | str | None]
"""Stream, agent, and the `first_event_id` of a message; from a hub that gives none, the message id in its chunks."""

TransferKey: TypeAlias = tuple[str, str, str | MessageKey]
"""Stream, agent, and the transfer id; where the sender gave none, the message is the transfer."""

_FILES: Final = (PartType.FILE, PartType.IMAGE, PartType.AUDIO)
_URL_SAFE: Final = str.maketrans("-_", "+/")


class TransferState(IntEnum):
    """How a transfer stands. The lowest is forgotten first where room is needed."""

    FAILED = 0
    COMPLETE = 1
    LOST = 2
    COMING = 3
    NEW = 4


@define(eq=False)
class Transfer:
    """One file, from its first announcement until it is forgotten.

    Attributes:
        number: What its events call it.
        key: What its segments have in common.
        info: What was announced.
        received: How many bytes were told. What lies before is known already, if it comes again.
        state: How it stands.
        feeds: The open messages in which it comes, each with where in the file its next bytes belong: never beyond
            what was received. Mostly it is one, or none between two segments. It is several where a sender went on in
            a new message and the old one is not lost, or where something of an older one arrives late.
    """

    number: int
    key: TransferKey
    info: FileInfo
    received: int = 0
    state: TransferState = TransferState.NEW
    feeds: dict[MessageKey, int] = field(factory=dict)
    _digest: Any = field(init=False)  # hashlib does not say what its objects are

    def __attrs_post_init__(self) -> None:
        self._digest = sha256() if self.info.is_verifiable else None

    @property
    def is_over(self) -> bool:
        """Whether nothing more of it will be told."""
        return self.state <= TransferState.COMPLETE

    @property
    def goes_on(self) -> bool:
        """Whether it is one that its sender can go on with in another message."""
        return self.info.transfer_id is not None

    def begin(self, message: MessageKey, offset: int) -> tuple[FileEvent, ...]:
        """Its bytes come in this message too, from `offset` on, which is not beyond what was received."""
        is_news = self.state in (TransferState.NEW, TransferState.LOST)
        self.feeds[message], self.state = offset, TransferState.COMING
        stream_id, agent_id, _ = self.key
        started = FileStarted(
            transfer=self.number, stream_id=stream_id, agent_id=agent_id, info=self.info, offset=self.received
        )
        return (started,) if is_news else ()

    def take(self, message: MessageKey, chunk: Message) -> list[FileEvent]:
        """The bytes of a chunk that were not told before."""
        told: list[FileEvent] = []
        for part in chunk.parts:
            if part.type in _FILES and not self.is_over:
                told += self._part(message, part)
        return told

    def _part(self, message: MessageKey, part: Part) -> tuple[FileEvent, ...]:
        data = _bytes_of(part)
        if data is None:
            return self.fail("malformed", "a part of the file cannot be decoded")
        if part.size is not None and part.size != len(data):
            return self.fail("malformed", f"a part of the file has {len(data)} bytes, and says {part.size}")
        begin = self.feeds[message]
        end = begin + len(data)
        if end > self.info.size:
            return self.fail("size", f"{end} bytes came, and were to be {self.info.size}")
        if self.info.mime_type is None and part.mime_type is not None:
            self.info = evolve(self.info, mime_type=part.mime_type)
        fresh = data[self.received - begin :] if begin < self.received else data
        self.feeds[message] = end
        return self._told(fresh) if fresh else ()

    def _told(self, fresh: bytes) -> tuple[FileEvent, ...]:
        offset = self.received
        self.received += len(fresh)
        if self._digest is not None:
            self._digest.update(fresh)
        stream_id, agent_id, _ = self.key
        return (FileData(transfer=self.number, stream_id=stream_id, agent_id=agent_id, offset=offset, data=fresh),)

    def end(self, message: MessageKey) -> tuple[FileEvent, ...]:
        """A message is complete."""
        del self.feeds[message]
        if self.received == self.info.size:
            return self._finish()
        if self.goes_on:
            return ()
        return self.fail("size", f"{self.received} bytes came, and were to be {self.info.size}")

    def cut(self, message: MessageKey, detail: str) -> tuple[FileEvent, ...]:
        """A message will never be complete. It matters only if bytes are missing, and come in no other one."""
        del self.feeds[message]
        return () if self.feeds else self.abandon(detail)

    def abandon(self, detail: str) -> tuple[FileEvent, ...]:
        """Nothing more of it is coming."""
        return self._finish() if self.received == self.info.size else self.lose(detail)

    def lose(self, detail: str) -> tuple[FileEvent, ...]:
        """What comes next is missing. That is told once; then it may go on."""
        if self.state is TransferState.LOST:
            return ()
        self.state = TransferState.LOST
        return self._failed("lost", detail)

    def fail(self, reason: FileFailure, detail: str) -> tuple[FileEvent, ...]:
        """Nothing more is wanted of it."""
        self.state = TransferState.FAILED
        return self._failed(reason, detail)

    def _finish(self) -> tuple[FileEvent, ...]:
        is_verified = self._digest is not None
        if is_verified and f"sha256:{self._digest.hexdigest()}" != self.info.checksum:
            return self.fail("checksum", "the bytes are not those that the checksum is of")
        self.state = TransferState.COMPLETE
        stream_id, agent_id, _ = self.key
        return (
            FileCompleted(
                transfer=self.number, stream_id=stream_id, agent_id=agent_id, info=self.info, is_verified=is_verified
            ),
        )

    def _failed(self, reason: FileFailure, detail: str) -> tuple[FileEvent, ...]:
        stream_id, agent_id, _ = self.key
        return (
            FileFailed(
                transfer=self.number,
                stream_id=stream_id,
                agent_id=agent_id,
                info=self.info,
                reason=reason,
                received=self.received,
                detail=detail,
            ),
        )


def _bytes_of(part: Part) -> bytes | None:
    """The content of a Part: base64 in either alphabet, padded or not, if it says nothing else; None if it is not."""
    content = part.content
    if not isinstance(content, str):
        return None
    try:
        match part.encoding:
            case Encoding.UTF8:
                return content.encode()
            case Encoding.BINARY:  # JSON has no way to write it
                return None
            case _:
                return _decoded(content)
    except ValueError:  # binascii.Error, halves of characters, characters outside ASCII
        return None


def _decoded(content: str) -> bytes:
    text = content.translate(_URL_SAFE) if "-" in content or "_" in content else content
    padding = "" if text.endswith("=") else "=" * (-len(text) % 4)
    return a2b_base64(text + padding if padding else text, strict_mode=True)
