"""Messages as framings put them on a stream of bytes, with the liberties that peers take."""

from __future__ import annotations

from typing import Literal, TypeAlias

from attrs import frozen
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from hocket import codec
from hocket.testing.strategies.values import awkward_texts

__all__ = ["Framed", "FramingName", "frames"]

FramingName: TypeAlias = Literal["ndjson", "content-length", "sse"]


@frozen
class Framed:
    """A stream of bytes, and the messages in it.

    Attributes:
        data: What is on the wire.
        messages: What a reader takes from it.
    """

    data: bytes
    messages: tuple[bytes, ...]


_MESSAGES = st.one_of(
    st.sampled_from([b"{}", b'{"jsonrpc":"2.0","method":"tick"}', b'{"jsonrpc": "2.0", "id": 7, "result": null}']),
    (st.text(max_size=4) | awkward_texts()).map(lambda text: codec.dumps({"text": text})),
)


@st.composite
def frames(draw: DrawFn, framing: FramingName = "ndjson", messages: SearchStrategy[bytes] | None = None) -> Framed:
    r"""Streams that a framing allows: other line ends, blank lines, further header fields, comments, ids.

    Args:
        draw: Given by Hypothesis.
        framing: Which one.
        messages: What is framed, in one line each; small JSON objects by default.

    >>> from hypothesis import find
    >>> find(frames("content-length"), lambda framed: b"X-" in framed.data and framed.messages == (b"{}",)).data
    b'X-Y: z\r\nContent-Length: 2\r\n\r\n{}'
    """
    said = tuple(draw(st.lists(_MESSAGES if messages is None else messages, max_size=4)))
    wrapped = {"ndjson": _line, "content-length": _with_header, "sse": _event}[framing]
    pieces = [draw(wrapped(message)) for message in said]
    if framing == "ndjson" and pieces and draw(st.booleans()):
        pieces[-1] = pieces[-1].rstrip(b"\r\n \t")  # the last line may have no end
    return Framed(b"".join(pieces), said)


@st.composite
def _line(draw: DrawFn, message: bytes) -> bytes:
    before = draw(st.sampled_from([b"", b"\n", b"\r\n", b" \t\n", b"\n\n"]))
    return before + message + draw(st.sampled_from([b"\n", b"\r\n"]))


@st.composite
def _with_header(draw: DrawFn, message: bytes) -> bytes:
    size = draw(st.sampled_from([b"%d", b"00%d", b" %d \t"])) % len(message)
    name = draw(st.sampled_from([b"Content-Length: ", b"content-length:", b"CONTENT-LENGTH:\t"]))
    fields = [name + size]
    for more in draw(st.lists(st.sampled_from(_MORE_FIELDS), max_size=2)):
        fields.insert(draw(st.integers(0, len(fields))), more)
    return draw(st.sampled_from([b"\r\n", b"\n"])).join([*fields, b"", message])


_MORE_FIELDS = [
    b"X-Y: z",
    b"Content-Type: application/vscode-jsonrpc; charset=utf-8",
    b'content-type: application/json; charset="utf8"',
    b"Empty:",
]


@st.composite
def _event(draw: DrawFn, message: bytes) -> bytes:
    end = draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
    before = draw(st.lists(st.sampled_from([b": ping", b":", b"id: 7", b"event: message", b"retry: 10"]), max_size=2))
    space = draw(st.sampled_from([b" ", b""])) if not message.startswith(b" ") else b" "
    return end.join([*before, b"data:" + space + message, b"", b""])
