"""What a receiver of files tells."""

from __future__ import annotations

from typing import Literal, TypeAlias

from attrs import field, frozen

from hocket.acp.patterns.file_info import FileInfo

__all__ = ["FileCompleted", "FileData", "FileEvent", "FileFailed", "FileFailure", "FileStarted"]

FileFailure: TypeAlias = Literal["size", "checksum", "lost", "malformed", "too_large", "too_many"]
"""Why a file did not arrive. Only after `lost` may it go on."""


@frozen(kw_only=True)
class FileStarted:
    """A file begins to arrive, or goes on after it was lost.

    Attributes:
        transfer: The number of this transfer, the same in all its events; so in all file events.
        stream_id: The stream in which it comes; so in all file events.
        agent_id: Who sends it; so in all file events.
        info: What its sender says about it; nothing of this is proven before `FileCompleted`.
        offset: How much was there before: 0, or more where it goes on.
    """

    transfer: int
    stream_id: str
    agent_id: str
    info: FileInfo
    offset: int = 0


@frozen(kw_only=True)
class FileData:
    """The next bytes of a file, each byte once and in order.

    Attributes:
        offset: Where in the file they belong: all before was told.
        data: The bytes.
    """

    transfer: int
    stream_id: str
    agent_id: str
    offset: int
    data: bytes = field(repr=lambda data: f"<{len(data)} bytes>")


@frozen(kw_only=True)
class FileCompleted:
    """All of a file was told, and it is as long as its sender said.

    Attributes:
        info: What its sender said about it.
        is_verified: Whether there was a SHA-256 checksum, which then is right too.
    """

    transfer: int
    stream_id: str
    agent_id: str
    info: FileInfo
    is_verified: bool


@frozen(kw_only=True)
class FileFailed:
    """A file did not arrive.

    Attributes:
        info: What its sender said about it; None where that could not be read.
        reason: `size` (shorter or longer than was said) · `checksum` · `malformed` (it cannot be read) · `too_large`,
            `too_many` (more than `FileLimits` allow) · `lost`: the message broke off. What was told of a lost file
            stays good, and a sender that knows how goes on with it: then a `FileStarted` with the same `transfer`
            follows. After any other reason nothing more comes under this number.
        received: How many bytes were told: where the sender of a lost file may go on.
        detail: What was wrong, in words for a person.
    """

    transfer: int
    stream_id: str
    agent_id: str
    info: FileInfo | None
    reason: FileFailure
    received: int
    detail: str


FileEvent: TypeAlias = FileStarted | FileData | FileCompleted | FileFailed
"""Everything that a receiver of files tells."""
