"""Files in streams: from a disk into chunks, and from chunks to a disk."""

from __future__ import annotations

import itertools
import mimetypes
import os
import uuid
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeAlias

import anyio
import anyio.to_thread
from attrs import define, field

from hocket.acp.assembly import message_id
from hocket.acp.events import (
    ChunkReceived,
    MessageCompleted,
    MessageLost,
    ParticipantLeft,
    StreamEnded,
    StreamEvent,
)
from hocket.acp.patterns.file_events import FileCompleted, FileData, FileEvent, FileFailed, FileStarted
from hocket.acp.patterns.file_info import FileInfo, checksum_of, read_info
from hocket.acp.patterns.file_receiver import FileReceiver
from hocket.acp.patterns.file_sender import FileChunk, FileSender
from hocket.acp.states import ClientState
from hocket.errors import Code, CodecError, ConnectionFailed, HocketError, LocalProtocolError, RequestTimeout, RpcError
from hocket_io.acp.line import Line, Question
from hocket_io.acp.links.protocol import MessageLink
from hocket_io.acp.unread import AcpEvent, Unread

__all__ = ["FileTransferFailed", "Progress", "receive_file", "send_file"]

Progress: TypeAlias = Callable[[int, int], object]
"""Called with the bytes that are done, and all of them."""

_PIECE = 1024 * 1024
_TRIES = 5
"""How often a transfer goes on after it was refused, without getting any further."""
_PAUSE = 0.2
"""Seconds before the first of these tries; twice as long before each next one."""
_AHEAD = 4 * 1024 * 1024
"""Bytes that may wait for the disk before nothing more is read from the hub."""
_LONGEST = 255
"""Bytes of a file's name."""
_AWAY = (ClientState.LOST, ClientState.PAUSED)
"""States in which a stream takes nothing for the moment."""
_AGAIN = (Code.CHUNK_SEQUENCE, Code.STREAM_PAUSED, Code.LIMIT_EXCEEDED)
"""Refusals after which the rest of a file may be sent in another message."""


class FileTransferFailed(HocketError):
    """A file did not arrive, or not whole. Nothing is left of it.

    Attributes:
        failure: What the receiver of the file says; None if there was no file.
    """

    def __init__(self, why: str, failure: FileFailed | None = None) -> None:
        super().__init__(why)
        self.failure = failure


# Out


async def send_file(line: Line, stream_id: str, path: Path, progress: Progress | None = None) -> None:
    """Send a file and wait until the hub has all of it; see `AcpStream.send_file`."""
    with await anyio.to_thread.run_sync(path.open, "rb") as file:
        size, checksum = await anyio.to_thread.run_sync(_measured, file)
        sender = FileSender(
            path.name,
            size,
            transfer_id=str(uuid.uuid4()),
            checksum=checksum,
            mime_type=mimetypes.guess_type(path.name)[0],
        )
        await _Sending(line, stream_id, file, sender, progress).run()


def _measured(file: BinaryIO) -> tuple[int, str]:
    """How many bytes a file has, and the checksum of just these."""
    checksum = checksum_of(iter(lambda: file.read(_PIECE), b""))
    return file.tell(), checksum


@define(eq=False, repr=False)
class _Sending:
    """A file on its way out, as far as its sender machine says."""

    line: Line
    stream_id: str
    file: BinaryIO
    sender: FileSender
    progress: Progress | None
    _under_way: deque[tuple[FileChunk, Question]] = field(factory=deque, init=False)
    _tries: int = field(default=0, init=False)
    _link: MessageLink | None = field(default=None, init=False)

    async def run(self) -> None:
        while not self.sender.is_done:
            await self.line.while_in(self.stream_id, *_AWAY)
            self._check_link()
            try:
                await self._fill()
                if self._under_way:
                    await self._await_one()
            except (RpcError, ConnectionFailed, RequestTimeout) as error:
                await self._go_on_after(error)

    def _check_link(self) -> None:
        """A message that was begun on another connection cannot go on: the hub has given it up."""
        before, self._link = self._link, self.line.link
        if before is not None and before is not self._link and before.is_ordered:
            self._begin_anew()

    async def _fill(self) -> None:
        """Send as much as may be under way."""
        while (wanted := self.sender.next_range()) is not None:
            data = await anyio.to_thread.run_sync(self._read, *wanted) if wanted.length else b""
            if self.line.link is not self._link or self.line.machine.state(self.stream_id) in _AWAY:
                return  # while the disk was read
            chunk = self.sender.chunk(data)
            question = self.line.pose(
                self.line.machine.chunk,
                self.stream_id,
                chunk.message,
                chunk.sequence,
                is_last=chunk.is_last,
                now=self.line.now(),
            )
            self._under_way.append((chunk, question))

    async def _await_one(self) -> None:
        chunk, question = self._under_way.popleft()
        await self.line.answer(question)
        before = self.sender.accepted
        self.sender.acknowledged(chunk)
        if self.sender.accepted > before:
            self._tries = 0
            self._report()
        elif self.sender.is_done:
            self._report()  # an empty file

    def _read(self, offset: int, length: int) -> bytes:
        self.file.seek(offset)
        return self.file.read(length)

    def _report(self) -> None:
        if self.progress is not None:
            self.progress(self.sender.accepted, self.sender.size)

    async def _go_on_after(self, error: HocketError) -> None:
        """Begin a new message with the rest, unless that would be in vain."""
        if self.line.over is not None or (isinstance(error, RpcError) and error.code not in _AGAIN):
            raise error
        if not isinstance(error, ConnectionFailed):  # that one ends when all attempts to connect have failed
            self._tries += 1
            if self._tries > _TRIES:
                raise error
            await anyio.sleep(_PAUSE * 2 ** (self._tries - 1))
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._under_way.clear()
        self.sender.resume()


# In


async def receive_file(
    line: Line, unread: Unread, into: Path, begins: ChunkReceived | None = None, progress: Progress | None = None
) -> Path:
    """Receive the next file of a stream; see `AcpStream.receive_file`."""
    tap = _FileTap(unread.is_last)
    if begins is not None and not tap.takes(begins):
        raise LocalProtocolError("no file begins with this chunk: give the first one, which announces it")
    writing = _Writing(into, progress)
    unread.tap(tap)  # before anything is awaited: the file may begin with the next event
    try:
        if not await anyio.to_thread.run_sync(into.is_dir):
            raise NotADirectoryError(f"files cannot be received into {str(into)!r}: it is no directory")
        return await _received(line, unread, tap, writing)
    finally:
        unread.untap(tap)
        writing.close()


async def _received(line: Line, unread: Unread, tap: _FileTap, writing: _Writing) -> Path:
    while True:
        while not (events := tap.take()):
            if tap.is_over or unread.is_over:
                raise FileTransferFailed("there will be no more of the file: the stream, or its sender, is gone")
            line.check()
            await line.mail.wait(unread.bell)
        line.mail.hunger.ring()
        path = await anyio.to_thread.run_sync(writing.write, events)
        writing.report()
        if path is not None:
            return path


@define(eq=False, repr=False)
class _FileTap:
    """Takes one file out of a stream: the first that begins, with all messages in which it comes."""

    ends: Callable[[AcpEvent], bool]
    is_over: bool = field(default=False, init=False)
    _receiver: FileReceiver = field(factory=FileReceiver, init=False)
    _agent_id: str | None = field(default=None, init=False)
    _transfer_id: str | None = field(default=None, init=False)
    _messages: set[object] = field(factory=set, init=False)
    _events: list[FileEvent] = field(factory=list, init=False)
    _held: int = field(default=0, init=False)

    @property
    def is_full(self) -> bool:
        return self._held >= _AHEAD

    def take(self) -> list[FileEvent]:
        events, self._events, self._held = self._events, [], 0
        return events

    def takes(self, event: AcpEvent) -> bool:
        match event:
            case ChunkReceived():
                is_ours = _message_of(event) in self._messages or self._begins(event)
            case MessageCompleted() | MessageLost():
                is_ours = _message_of(event) in self._messages
                self._messages.discard(_message_of(event))
            case ParticipantLeft() | StreamEnded():
                self.is_over = self.is_over or self.ends(event) or event.agent_id == self._agent_id
                self._keep(event)
                return False  # others want to know it too
            case _:
                return False
        if is_ours:
            self._keep(event)
        return is_ours

    def _begins(self, event: ChunkReceived) -> bool:
        """Whether a message of our file begins with this chunk; the first file there is becomes ours."""
        if event.first_event_id not in (0, event.event_id):
            return False
        try:
            info = read_info(event.chunk)
        except CodecError:
            return False  # an announcement that cannot be read: nothing that we could receive
        if info is None:
            return False
        if self._agent_id is None:
            self._agent_id, self._transfer_id = event.agent_id, info.transfer_id
        elif self._transfer_id is None or (event.agent_id, info.transfer_id) != (self._agent_id, self._transfer_id):
            return False
        self._messages.add(_message_of(event))
        return True

    def _keep(self, event: StreamEvent) -> None:
        told = self._receiver.receive(event)
        self._events += told
        self._held += sum([len(each.data) for each in told if isinstance(each, FileData)])


def _message_of(event: ChunkReceived | MessageCompleted | MessageLost) -> object:
    """What the chunks of one message have in common: where the hub gives no event ids, the message id of its sender."""
    if event.first_event_id or isinstance(event, MessageLost):
        return event.agent_id, event.first_event_id
    chunk = event.chunk if isinstance(event, ChunkReceived) else event.chunks[0]
    return event.agent_id, message_id(chunk)


@define(eq=False, repr=False)
class _Writing:
    """A file on its way to the disk: NAME.part until it is whole. Its methods may block."""

    into: Path
    progress: Progress | None
    _file: BinaryIO | None = field(default=None, init=False)
    _info: FileInfo | None = field(default=None, init=False)
    _received: int = field(default=0, init=False)
    _reported: int = field(default=-1, init=False)

    def write(self, events: list[FileEvent]) -> Path | None:
        """Write what came; the path of the file, once it is whole.

        Raises:
            FileTransferFailed: It will never be whole.
            OSError: It cannot be written.
        """
        for event in events:
            match event:
                case FileStarted(info=info) if self._file is None:
                    self._info = info
                    self._file = _first_free(self.into, info.name, ".part")
                case FileData(data=data):
                    assert self._file is not None, "it has started"
                    self._file.write(data)
                    self._received = event.offset + len(data)
                case FileFailed(info=info, reason=reason) if reason != "lost" or info is None or not info.transfer_id:
                    raise FileTransferFailed(
                        f"{info.name if info else 'the file'} did not arrive: {event.detail}", event
                    )
                case FileCompleted(info=info):
                    return self._finish(info.name)
        return None

    def report(self) -> None:
        """Tell how far it is."""
        if self.progress is not None and self._info is not None and self._received > self._reported:
            self._reported = self._received
            self.progress(self._received, self._info.size)

    def close(self) -> None:
        """Leave nothing behind that is not whole."""
        if self._file is not None:
            self._file.close()
            os.unlink(self._file.name)
            self._file = None

    def _finish(self, name: str) -> Path:
        assert self._file is not None, "it has started"
        self._file.close()
        with _first_free(self.into, name, "") as reserved:  # so that nobody else takes the name meanwhile
            pass
        os.replace(self._file.name, reserved.name)
        self._file = None
        return Path(reserved.name)


def _first_free(into: Path, name: str, suffix: str) -> BinaryIO:
    """A new file under the first of NAME, `NAME (2)`, … that is not taken."""
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    for number in itertools.count(1):
        counted = "" if number == 1 else f" ({number})"
        end = f"{counted}{dot}{extension}{suffix}"
        fitting = stem.encode()[: _LONGEST - len(end.encode())].decode(errors="ignore")
        try:
            return (into / f"{fitting}{end}").open("xb")
        except FileExistsError:
            continue
    raise AssertionError("there is always a next number")
