"""The sender of a file: which bytes to read next, the chunk they go out in, and where to go on after a cut."""

from __future__ import annotations

from typing import NamedTuple

from attrs import define, evolve, field, frozen

from hocket.acp.assembly import MESSAGE_ID
from hocket.acp.model import Message, Part, file_part, message_of
from hocket.acp.patterns.file_info import FileInfo, info_part, is_checksum
from hocket.errors import LocalProtocolError

__all__ = ["FileChunk", "FileRange", "FileSender"]

_KIB = 1024
_LONGEST_ID = 128
_LONGEST_NAME = 255

_MOST_CHUNKS = 4_096
"""Pieces in one message: each costs a hub some hundred bytes beside its content, which tiny ones must not add up."""


class FileRange(NamedTuple):
    """What to read of a file next.

    Attributes:
        offset: From which byte on.
        length: How many bytes; 0 for the chunk that only announces the file.
    """

    offset: int
    length: int


@frozen(kw_only=True)
class FileChunk:
    """A chunk to send. The same one may be sent again until it is acknowledged: nothing is delivered twice.

    Attributes:
        message: Its content, for `stream.chunk`.
        sequence: Its number in its message, 1 for the first.
        is_last: Whether the message ends with it. (The file may go on in another message.)
        message_id: The message that it belongs to, as its first Part says in `x-messageId`.
    """

    message: Message
    sequence: int
    is_last: bool
    message_id: str


@define(eq=False)
class FileSender:
    """Cuts a file into chunks, and counts what has arrived. It reads nothing and sends nothing itself.

    The caller asks `next_range` what to read, gives the bytes to `chunk`, sends what it gets and reports the answer
    with `acknowledged`. Chunks need not be answered in order, and up to `window` of them are under way at a time. When
    `next_range` is None and the sender is not done, there is nothing to do but wait for answers.

    A message of chunks may hold 32 MiB, so that a long file goes out in several messages, one after the other, each
    under an id of its own: `TRANSFER/OFFSET/TRY`. One agent can send several files at the same time.

    Args:
        name: What the file is called, without folders, 1 to 255 bytes.
        size: Its length in bytes.
        transfer_id: What this transfer is called, 1 to 128 bytes; another one for every file that is sent. A sender
            that continues a transfer after its program was restarted uses the same one.
        checksum: `checksum_of` the file: with it the receiver can tell that it has the right bytes.
        mime_type: Its media type.
        chunk_size: Bytes of the file in one chunk. In base64 they grow by a third.
        offset: Where to begin: what the other side has already.
        segment: Bytes of the file in one message, at the most.
        window: Chunks that may be sent and not yet acknowledged. A hub keeps 64 chunks, and 16 MiB of them in base64,
            until an earlier one that was overtaken arrives.

    Raises:
        LocalProtocolError: One of them is not possible.

    >>> sender = FileSender("table.csv", 5, transfer_id="t-1", chunk_size=3)
    >>> while (part := sender.next_range()) is not None:
    ...     chunk = sender.chunk(b"a,b,c"[part.offset : part.offset + part.length])
    ...     print(chunk.sequence, chunk.message.parts[0].type.value, part.length, chunk.is_last)
    ...     sender.acknowledged(chunk)
    1 DataPart 0 False
    2 FilePart 3 False
    3 FilePart 2 True
    >>> sender.is_done, sender.progress
    (True, 1.0)
    """

    name: str
    size: int
    transfer_id: str = field(kw_only=True)
    checksum: str | None = field(default=None, kw_only=True)
    mime_type: str | None = field(default=None, kw_only=True)
    chunk_size: int = field(default=256 * _KIB, kw_only=True)
    offset: int = field(default=0, kw_only=True)
    segment: int = field(default=16 * _KIB * _KIB, kw_only=True)
    window: int = field(default=16, kw_only=True)
    _tries: int = field(default=1, init=False)
    _made: int = field(default=0, init=False)
    _acknowledged: int = field(default=0, init=False)
    _early: set[int] = field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        if not 1 <= len(self.name.encode(errors="replace")) <= _LONGEST_NAME:
            raise LocalProtocolError(f"the name of a file must have 1 to {_LONGEST_NAME} bytes, not {self.name[:40]!r}")
        if self.size < 0:
            raise LocalProtocolError(f"a file has 0 bytes or more, not {self.size}")
        if not 1 <= len(self.transfer_id.encode(errors="replace")) <= _LONGEST_ID:
            raise LocalProtocolError(f"transfer_id must have 1 to {_LONGEST_ID} bytes, not {self.transfer_id[:40]!r}")
        if self.checksum is not None and not is_checksum(self.checksum):
            raise LocalProtocolError(f"checksum must be as checksum_of gives it, not {self.checksum[:80]!r}")
        for option, value in (("chunk_size", self.chunk_size), ("segment", self.segment), ("window", self.window)):
            if value < 1:
                raise LocalProtocolError(f"{option} must be 1 or more, not {value}")
        self._check_offset(self.offset)

    @property
    def accepted(self) -> int:
        """Bytes from the start of the file that have arrived without a gap: where to go on after a cut."""
        return self.offset + min(max(self._acknowledged - 1, 0) * self.chunk_size, self._length)

    @property
    def progress(self) -> float:
        """How much of the file has arrived, 0.0 to 1.0."""
        return self.accepted / self.size if self.size else float(self.is_done)

    @property
    def is_done(self) -> bool:
        """Whether every chunk was acknowledged, to the end of the file."""
        return self._acknowledged == self._chunks and self.offset + self._length == self.size

    def next_range(self) -> FileRange | None:
        """What to read for the next chunk; None if there is nothing to send now: the window is full, or all was sent.

        A message is acknowledged to its end before the next one of the same file begins.
        """
        if self._made == self._chunks or self._made - self._acknowledged >= self.window:
            return None
        if self._made == 0:
            return FileRange(self.offset, 0)
        done = (self._made - 1) * self.chunk_size
        return FileRange(self.offset + done, min(self.chunk_size, self._length - done))

    def chunk(self, data: bytes) -> FileChunk:
        """The next chunk, with the bytes that `next_range` asked for.

        Raises:
            LocalProtocolError: There is nothing to send now, or it is another number of bytes: the file was changed.
        """
        wanted = self.next_range()
        if wanted is None:
            raise LocalProtocolError("there is nothing to send now: next_range is None until a chunk is acknowledged")
        if len(data) != wanted.length:
            raise LocalProtocolError(
                f"{wanted.length} bytes are wanted from offset {wanted.offset}, not {len(data)}: has the file changed?"
            )
        part = self._announcement() if self._made == 0 else self._piece(data)
        self._made += 1
        return FileChunk(
            message=message_of(evolve(part, extra={MESSAGE_ID: self._message_id})),
            sequence=self._made,
            is_last=self._made == self._chunks,
            message_id=self._message_id,
        )

    def acknowledged(self, chunk: FileChunk) -> None:
        """A chunk has arrived: the hub answered it (or, where it was sent without an id, it was written).

        Answers may come in any order, and twice; those to chunks from before a `resume` count for nothing.
        """
        if chunk.message_id != self._message_id or not self._acknowledged < chunk.sequence <= self._made:
            return
        self._early.add(chunk.sequence)
        while self._acknowledged + 1 in self._early:
            self._acknowledged += 1
            self._early.remove(self._acknowledged)
        if self._acknowledged == self._chunks and not self.is_done:
            self._begin(self.offset + self._length)

    def resume(self, offset: int | None = None) -> None:
        """Begin a new message where the last one broke: after a chunk was refused, or the connection was lost.

        Args:
            offset: What the receiver says that it has; None for what was acknowledged.

        Raises:
            LocalProtocolError: The file has no such offset.
        """
        begin = self.accepted if offset is None else offset
        self._check_offset(begin)
        self._tries += 1
        self._begin(begin)

    @property
    def _length(self) -> int:
        """Bytes of the file in the message that is being sent."""
        return min(self.segment, self.chunk_size * _MOST_CHUNKS, self.size - self.offset)

    @property
    def _chunks(self) -> int:
        """Chunks of the message that is being sent, the announcement counted."""
        return 1 + -(-self._length // self.chunk_size)

    @property
    def _message_id(self) -> str:
        return f"{self.transfer_id}/{self.offset}/{self._tries}"

    def _begin(self, offset: int) -> None:
        self.offset = offset
        self._made = self._acknowledged = 0
        self._early.clear()

    def _announcement(self) -> Part:
        return info_part(
            FileInfo(
                name=self.name,
                size=self.size,
                chunks=self._chunks - 1,
                chunk_size=self.chunk_size,
                checksum=self.checksum,
                transfer_id=self.transfer_id,
                offset=self.offset,
                mime_type=self.mime_type,
            )
        )

    def _piece(self, data: bytes) -> Part:
        return file_part(data, filename=self.name, mime_type=self.mime_type)

    def _check_offset(self, offset: int) -> None:
        if not 0 <= offset <= self.size:
            raise LocalProtocolError(f"a file of {self.size} bytes has no offset {offset}")
