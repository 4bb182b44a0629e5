"""What the first chunk of a file says about it: the metadata on the wire, in both spellings that are in use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from re import compile as regex
from typing import Any

from attrs import frozen

from hocket.acp.model import Message, Part, PartType, data_part
from hocket.acp.patterns.file_names import safe_name
from hocket.errors import CodecError

__all__ = ["FileInfo", "checksum_of", "info_part", "is_checksum", "read_info"]

_LARGEST = 2**53 - 1
"""The largest integer that every JSON reader keeps."""

_LONGEST = 256
"""Bytes of a transfer id, a checksum or a media type."""

_LONGEST_NAME = 4_096
"""Bytes of a name as it comes, with its folders."""

_BOXES = ("file_info", "fileInfo")

_SHA256 = regex("sha256:[0-9a-f]{64}")


@frozen(kw_only=True)
class FileInfo:
    """A file, as its sender announces it: `file_info` in the first chunk of a message.

    A long file comes in several messages, its segments; each has an announcement of its own, with the same
    `transfer_id` and with the `offset` where it begins.

    Attributes:
        name: Its name. In what was received it is harmless already (`safe_name`).
        size: Bytes of the whole file.
        chunks: How many pieces of it follow in this message, as the sender says; nothing relies on it.
        chunk_size: Bytes of one piece, as the sender says; nothing relies on it.
        checksum: `sha256:` and the digest of the whole file in hex. What names another algorithm cannot be
            verified here.
        transfer_id: What the segments of one file have in common; None where the sender knows no segments.
        offset: Where in the file this message begins, in bytes.
        mime_type: Its media type.
    """

    name: str
    size: int
    chunks: int | None = None
    chunk_size: int | None = None
    checksum: str | None = None
    transfer_id: str | None = None
    offset: int = 0
    mime_type: str | None = None

    @property
    def is_verifiable(self) -> bool:
        """Whether there is a checksum that can be compared."""
        return self.checksum is not None and self.checksum.startswith("sha256:")

    def is_same_file(self, other: FileInfo) -> bool:
        """Whether both announce the same file, be it other segments of it."""
        return (self.name, self.size, self.checksum) == (other.name, other.size, other.checksum)


def checksum_of(pieces: Iterable[bytes]) -> str:
    """The checksum of a file that is given in pieces, as `FileInfo.checksum` has it.

    >>> checksum_of([b"a,b", b"1,2"])[:23]
    'sha256:e749b41ada899cf8'
    """
    digest = sha256()
    for piece in pieces:
        digest.update(piece)
    return f"sha256:{digest.hexdigest()}"


def is_checksum(text: str) -> bool:
    """Whether this is a checksum as `checksum_of` writes it."""
    return _SHA256.fullmatch(text) is not None


def info_part(info: FileInfo) -> Part:
    """The Part that announces a file, in the spelling `file_info`."""
    said: dict[str, Any] = {"name": info.name, "total_size": info.size}
    if info.chunks is not None:
        said["chunks"] = info.chunks
    if info.chunk_size is not None:
        said["chunk_size"] = info.chunk_size
    if info.checksum is not None:
        said["checksum"] = info.checksum
    if info.transfer_id is not None:
        said |= {"transfer_id": info.transfer_id, "offset": info.offset}
    if info.mime_type is not None:
        said["mime_type"] = info.mime_type
    return data_part({"file_info": said})


def read_info(chunk: Message) -> FileInfo | None:
    """The file that a chunk announces, or None if it announces none.

    Raises:
        CodecError: It announces one, and this cannot be read.
    """
    for part in chunk.parts:
        if part.type is PartType.DATA and isinstance(part.content, Mapping):
            for box in _BOXES:
                if isinstance(said := part.content.get(box), Mapping):
                    return _Announcement(said, box).read()
    return None


@frozen
class _Announcement:
    """The members of a `file_info`, each under any of the names it has."""

    said: Mapping[Any, Any]
    box: str

    def read(self) -> FileInfo:
        size = self._count("total_size", "totalSize", "size")
        offset = self._count("offset") or 0
        if size is None:
            raise CodecError("the size of the file is missing", self.box)
        if offset > size:
            raise CodecError(f"{offset} is beyond the size of the file, {size}", f"{self.box}.offset")
        return FileInfo(
            name=safe_name(self._text("name", longest=_LONGEST_NAME) or ""),
            size=size,
            chunks=self._count("chunks", "totalChunks", "total_chunks"),
            chunk_size=self._count("chunk_size", "chunkSize"),
            checksum=self._checksum(),
            transfer_id=self._text("transfer_id", "transferId"),
            offset=offset,
            mime_type=self._text("mime_type", "mimeType"),
        )

    def _checksum(self) -> str | None:
        checksum = self._text("checksum")
        if checksum is None or not checksum.lower().startswith("sha256:"):
            return checksum
        if not is_checksum(checksum.lower()):
            raise CodecError("must be sha256: and 64 hexadecimal digits", f"{self.box}.checksum")
        return checksum.lower()

    def _count(self, *names: str) -> int | None:
        name, value = self._member(names)
        if value is not None and (type(value) is not int or not 0 <= value <= _LARGEST):
            raise CodecError("must be an integer, 0 or more, and below 2^53", f"{self.box}.{name}")
        return value

    def _text(self, *names: str, longest: int = _LONGEST) -> str | None:
        name, value = self._member(names)
        if value is None:
            return None
        if not isinstance(value, str):
            raise CodecError("must be a string", f"{self.box}.{name}")
        if len(value.encode(errors="replace")) > longest:
            raise CodecError(f"must not be longer than {longest} bytes", f"{self.box}.{name}")
        return value

    def _member(self, names: tuple[str, ...]) -> tuple[str, Any]:
        for name in names:
            if (value := self.said.get(name)) is not None:
                return name, value
        return names[0], None
