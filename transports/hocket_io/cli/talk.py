"""Talk: what happens in a stream, shown as it happens: as text for people, or as JSON."""

from __future__ import annotations

from typing import Any, Protocol

from attrs import define, field

from hocket.acp.client.events import BatchFailed, Reconnected, ReconnectExhausted, Reconnecting
from hocket.acp.events import (
    ChunkReceived,
    FrameRejected,
    MessageCompleted,
    MessageLost,
    MessageSent,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantLost,
    ReplayGap,
    StreamEnded,
    StreamPaused,
    StreamResumed,
    StreamStarted,
)
from hocket.acp.model import Message, Part, PartType, Role, StreamObject
from hocket.acp.patterns.file_info import FileInfo, read_info
from hocket.acp.states import Lifecycle
from hocket.acp.wire import ACP
from hocket.codec import dumps
from hocket.errors import CodecError
from hocket_io.acp.unread import AcpEvent
from hocket_io.cli.output import escaped, one_line, write, write_line, write_text

__all__ = ["JsonTalk", "Talk", "TextTalk"]


class Talk(Protocol):
    """One way to show a conversation."""

    def entered(self, stream: StreamObject) -> None:
        """The stream was started or joined."""

    def event(self, event: AcpEvent) -> None:
        """Something happened in it."""

    def saved(self, path: str) -> None:
        """A file that somebody sent was saved."""


_NAMES: dict[type[Any], str] = {
    StreamStarted: Lifecycle.STREAM_STARTED.value,
    ParticipantJoined: Lifecycle.PARTICIPANT_JOINED.value,
    ParticipantLeft: Lifecycle.PARTICIPANT_LEFT.value,
    MessageSent: Lifecycle.MESSAGE_SENT.value,
    ChunkReceived: Lifecycle.CHUNK_RECEIVED.value,
    StreamPaused: Lifecycle.STREAM_PAUSED.value,
    StreamResumed: Lifecycle.STREAM_RESUMED.value,
    StreamEnded: Lifecycle.STREAM_ENDED.value,
    MessageLost: "MESSAGE_LOST",
    ParticipantLost: "PARTICIPANT_LOST",
    ReplayGap: "REPLAY_GAP",
}
"""The names of what is in a stream's log, as on the wire."""


class JsonTalk:
    """One object per line: `event` says what it is, the other members are as on the wire."""

    def entered(self, stream: StreamObject) -> None:
        """`{"event": "ENTERED", "stream": …}`."""
        _write_object({"event": "ENTERED", "stream": ACP.writer(StreamObject).to_value(stream)})

    def event(self, event: AcpEvent) -> None:
        """What is in the stream's log, under the names of the wire; and what becomes of the connection."""
        if (name := _NAMES.get(type(event))) is not None:
            _write_object({"event": name, **ACP.writer(type(event)).to_value(event)})
        elif (note := _note(event)) is not None:
            _write_object({"event": "NOTE", "note": note})

    def saved(self, path: str) -> None:
        """`{"event": "FILE_SAVED", "path": …}`."""
        _write_object({"event": "FILE_SAVED", "path": path})


def _write_object(value: dict[str, Any]) -> None:
    write(dumps(value) + b"\n")


@define(eq=False)
class TextTalk:
    """Lines of `agent: text`; chunks are shown as they come. What is no speech begins with a star.

    Every line of a text gets the name in front, so that nobody can speak in the name of another.
    """

    _speaking: tuple[str, int] | None = field(default=None, init=False)
    _files: dict[tuple[str, int], None] = field(factory=dict, init=False)

    def entered(self, stream: StreamObject) -> None:
        """The name of the stream, and who is there."""
        write_line(f"Stream: {one_line(stream.stream_id)}")
        write_line(f"Participants: {one_line(', '.join(stream.participants))}")

    def event(self, event: AcpEvent) -> None:
        """Somebody said something, or something else happened."""
        match event:
            case MessageSent(agent_id=agent_id, message=message):
                self._finish_line()
                write_text(_prefixed(agent_id, _said(message)) + "\n")
            case ChunkReceived():
                self._chunk(event)
            case MessageCompleted(agent_id=agent_id, first_event_id=first):
                self._forget((agent_id, first))
            case _:
                if isinstance(event, MessageLost):
                    self._forget((event.agent_id, event.first_event_id))
                if (note := _note(event)) is not None:
                    self._finish_line()
                    write_line(f"* {one_line(note)}")

    def saved(self, path: str) -> None:
        """Where it is."""
        self._finish_line()
        write_line(f"* saved {one_line(path)}")

    def _chunk(self, event: ChunkReceived) -> None:
        key = event.agent_id, event.first_event_id
        said = _said(event.chunk, in_file=key in self._files)
        if any(_announced(part) is not None for part in event.chunk.parts):
            self._files[key] = None
        if not said:
            return
        if self._speaking == key:
            write_text(said.replace("\n", f"\n{one_line(event.agent_id)}: "))
        else:
            self._finish_line()
            write_text(_prefixed(event.agent_id, said))
            self._speaking = key

    def _forget(self, key: tuple[str, int]) -> None:
        """A message is over."""
        self._files.pop(key, None)
        if self._speaking == key:
            self._finish_line()

    def _finish_line(self) -> None:
        if self._speaking is not None:
            write_text("\n")
            self._speaking = None


def _prefixed(agent_id: str, said: str) -> str:
    name = one_line(agent_id)
    return f"{name}: " + said.replace("\n", f"\n{name}: ")


def _said(message: Message, *, in_file: bool = False) -> str:
    """What a message says, for a terminal; what is no text is named in brackets."""
    return "".join([_shown(part, in_file=in_file) for part in message.parts])


def _shown(part: Part, *, in_file: bool) -> str:
    if part.type is PartType.TEXT and isinstance(part.content, str):
        return escaped(part.content)
    if (announced := _announced(part)) is not None:
        return one_line(f"[file {announced.name}, {announced.size} bytes]")
    if part.type in (PartType.TEXT, PartType.DATA):
        return one_line(dumps(part.content).decode())
    if in_file:
        return ""
    known = (part.filename or "unnamed", part.mime_type, None if part.size is None else f"{part.size} bytes")
    return one_line(f"[{part.type.value}: {', '.join(each for each in known if each)}]")


def _announced(part: Part) -> FileInfo | None:
    """The file that a Part announces."""
    try:
        return read_info(Message(role=Role.AGENT, parts=(part,)))
    except CodecError:
        return None


def _note(event: AcpEvent) -> str | None:
    """What is said of an event that is no speech; None where there is nothing to say."""
    match event:
        case ParticipantJoined(agent_id=agent_id):
            return f"{agent_id} has joined"
        case ParticipantLeft(agent_id=agent_id, reason=reason, removed_by=None):
            return f"{agent_id} has left{_because(reason)}"
        case ParticipantLeft(agent_id=agent_id, reason=reason, removed_by=by):
            return f"{by} has removed {agent_id}{_because(reason)}"
        case ParticipantLost(agent_id=agent_id):
            return f"{agent_id} is not connected any more"
        case MessageLost(agent_id=agent_id, reason=reason):
            return f"the message of {agent_id} will not be complete ({reason})"
        case StreamPaused(agent_id=agent_id, reason=reason):
            return f"{agent_id} has paused the stream{_because(reason)}"
        case StreamResumed(agent_id=agent_id, reason=reason):
            return f"{agent_id} has resumed the stream{_because(reason)}"
        case StreamEnded(agent_id=agent_id, reason=reason):
            return f"{agent_id or 'the hub'} has ended the stream{_because(reason)}"
        case ReplayGap():
            return "something that was said before is not kept any more"
        case Reconnecting(attempt=attempt, delay=delay):
            return f"the connection was lost; attempt {attempt} to restore it in {delay:.1f} s"
        case Reconnected():
            return "the connection is there again"
        case ReconnectExhausted():
            return "the connection could not be restored; asking the hub for news from time to time"
        case BatchFailed(error=error) | FrameRejected(error=error):
            return str(getattr(error, "message", error))
    return None


def _because(reason: str | None) -> str:
    return f": {reason}" if reason else ""
