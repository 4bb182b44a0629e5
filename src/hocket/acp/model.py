"""The objects of ACP streams, as the protocol names them.

Everything is frozen. What a peer adds to a Part, a Message or the metadata is kept and goes out again. `text`
properties are views for people; the parts stay as they were received.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from hocket.codec.making import maker
from hocket.errors import LocalProtocolError

__all__ = [
    "MESSAGE_ID",
    "Content",
    "Encoding",
    "Message",
    "Part",
    "PartType",
    "Role",
    "StreamObject",
    "StreamStatus",
    "data_part",
    "file_part",
    "message_of",
    "names_of",
    "signed",
    "text_part",
]


MESSAGE_ID: Final = "x-messageId"
"""The member of a chunk's first Part that says which message the chunk belongs to (spec section 4)."""


class StreamStatus(Enum):
    """Where a stream stands. TIMEOUT, which the source document draws, is a reason to be CLOSED."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    CLOSED = "CLOSED"


class Role(Enum):
    """In which role somebody speaks."""

    USER = "user"
    AGENT = "agent"
    SYSTEM = "system"


class PartType(Enum):
    """What kind of content a Part has."""

    TEXT = "TextPart"
    DATA = "DataPart"
    FILE = "FilePart"
    IMAGE = "ImagePart"
    AUDIO = "AudioPart"


class Encoding(Enum):
    """How the content of a Part is written."""

    UTF8 = "utf8"
    BASE64 = "base64"
    BINARY = "binary"


@frozen(kw_only=True, weakref_slot=False)
class Part:
    """A piece of content.

    Attributes:
        type: What kind of content it is.
        content: Any JSON value: a string for text and (in base64) for files, mostly an object for data.
        mime_type: MIME type of the content.
        filename: Name of a file.
        size: Bytes of the content, as the sender counts them.
        encoding: How the content is written.
        extra: Every other member, as it was: width, height, checksum, x-messageId …
    """

    type: PartType
    content: Any = None
    mime_type: str | None = None
    filename: str | None = None
    size: int | None = None
    encoding: Encoding | None = None
    extra: Mapping[str, Any] = field(factory=dict)


@frozen(kw_only=True, weakref_slot=False)
class Message:
    """What somebody says in a stream, or a piece of it (then it is a chunk).

    Attributes:
        role: In which role.
        parts: The content, one part at least.
        timestamp: When it was said (RFC 3339), as the sender has it.
        agent_id: Who says it.
        extra: Every other member, as it was.
    """

    role: Role
    parts: tuple[Part, ...]
    timestamp: str | None = None
    agent_id: str | None = None
    extra: Mapping[str, Any] = field(factory=dict)

    @property
    def text(self) -> str:
        """The text parts, joined."""
        return "".join(
            [part.content for part in self.parts if part.type is PartType.TEXT and isinstance(part.content, str)]
        )


_part = maker(Part, "type", "content", "encoding", "extra")
_message = maker(Message, "role", "parts", "timestamp", "agent_id", "extra")


@frozen(kw_only=True, weakref_slot=False)
class StreamObject:
    """A stream, as it stands.

    Attributes:
        stream_id: Its name, chosen by the hub.
        status: ACTIVE, PAUSED or CLOSED.
        participants: Who takes part; the one who started it is first.
        created_at: When it was started (RFC 3339).
        closed_at: When it was closed.
        metadata: Purpose, rules and whatever else its starter gave it.
    """

    stream_id: str
    status: StreamStatus
    participants: tuple[str, ...]
    created_at: str | None = None
    closed_at: str | None = None
    metadata: Mapping[str, Any] | None = None


Content: TypeAlias = str | Message | Part | Sequence[Part]
"""What can be said: text, a part, several parts, or a whole Message."""


def text_part(text: str, **extra: Any) -> Part:
    """A Part of text. Further members of the Part go in as keywords.

    Raises:
        LocalProtocolError: It is no text.

    >>> text_part("hello").content
    'hello'
    """
    if not isinstance(text, str):
        raise LocalProtocolError(f"{type(text).__name__} is no text: give a str, or say it as another kind of Part")
    return _part(PartType.TEXT, text, Encoding.UTF8, extra)


def data_part(content: Any, **extra: Any) -> Part:
    """A Part of any JSON value."""
    return Part(type=PartType.DATA, content=content, mime_type="application/json", extra=extra)


def file_part(
    data: bytes, *, filename: str | None = None, mime_type: str | None = None, kind: PartType = PartType.FILE
) -> Part:
    """A Part that holds the bytes of a file (an image, a sound), in base64.

    >>> file_part(b"a,b", filename="table.csv").content
    'YSxi'
    """
    return Part(
        type=kind,
        content=b64encode(data).decode("ascii"),
        mime_type=mime_type,
        filename=filename,
        size=len(data),
        encoding=Encoding.BASE64,
    )


def message_of(
    content: Content, *, agent_id: str | None = None, role: Role = Role.AGENT, timestamp: str | None = None
) -> Message:
    """The Message that says `content`; a whole Message is taken as it is.

    Raises:
        LocalProtocolError: The content is nothing that can be said.

    >>> message_of("hello", agent_id="ada").text
    'hello'
    """
    match content:
        case Message():
            return content
        case str():
            parts: tuple[Part, ...] = (text_part(content),)
        case Part():
            parts = (content,)
        case _:
            parts = _parts(content)
    return _message(role, parts, timestamp, agent_id, {})


def signed(agent: str | None, content: Content, timestamp: str | None = None) -> Message:
    """The Message that says `content`, as this agent says it; at this time, if it does not say when."""
    said = message_of(content, agent_id=agent, timestamp=timestamp)
    at = said.timestamp or timestamp
    if said.agent_id == agent and said.timestamp == at:
        return said
    return _message(said.role, said.parts, at, agent, said.extra)


def names_of(given: Sequence[str]) -> tuple[str, ...]:
    """Names that our caller gives in a list. One text is a sequence of texts, too, but hardly meant as one.

    Raises:
        LocalProtocolError: It is one text.

    >>> names_of(["ada", "grace"])
    ('ada', 'grace')
    """
    if isinstance(given, str):
        raise LocalProtocolError(f"names come in a list: give [{given!r}] for {given!r}")
    return tuple(given)


def _parts(content: object) -> tuple[Part, ...]:
    parts = tuple([part for part in content if isinstance(part, Part)]) if isinstance(content, Sequence) else ()
    if not isinstance(content, Sequence) or not parts or len(parts) != len(content):
        kind = type(content).__name__
        raise LocalProtocolError(f"{kind} cannot be said: give text, a Part, a list of Parts, or a whole Message")
    return parts
