"""Messages as framings put them on a stream of bytes, with the liberties that peers take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from attrs import evolve, frozen
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

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


def frames(framing: FramingName = "ndjson", messages: SearchStrategy[bytes] | None = None) -> SearchStrategy[Framed]:
    r"""Streams that a framing allows: other line ends, blank lines, further header fields, comments, ids.

    Args:
        framing: Which one.
        messages: What is framed, in one line each; small JSON objects by default.

    >>> from hypothesis import find
    >>> find(frames("content-length"), lambda framed: b"X-" in framed.data and framed.messages == (b"{}",)).data
    b'X-Y: z\r\nContent-Length: 2\r\n\r\n{}'
    """
    wrapped = st.lists(_WRAPPED[framing](_MESSAGES if messages is None else messages), max_size=4)
    return wrapped.map(_joined) | wrapped.map(_left_open) if framing == "ndjson" else wrapped.map(_joined)


@frozen
class _Wrapped:
    """A message, and how it stands on the wire."""

    data: bytes
    message: bytes


def _joined(wrapped: Sequence[_Wrapped]) -> Framed:
    return Framed(b"".join([each.data for each in wrapped]), tuple(each.message for each in wrapped))


def _left_open(wrapped: Sequence[_Wrapped]) -> Framed:
    """The last line has no end."""
    return evolve(_joined(wrapped), data=_joined(wrapped).data.rstrip(b"\r\n"))


def _lines(messages: SearchStrategy[bytes]) -> SearchStrategy[_Wrapped]:
    before = st.sampled_from([b"", b"\n", b"\r\n", b" \t\n", b"\n\n"])
    return st.builds(_line, messages, before, st.sampled_from([b"\n", b"\r\n"]))


def _line(message: bytes, before: bytes, end: bytes) -> _Wrapped:
    return _Wrapped(before + message + end, message)


_MORE_FIELDS = [
    b"X-Y: z",
    b"Content-Type: application/vscode-jsonrpc; charset=utf-8",
    b'content-type: application/json; charset="utf8"',
    b"Empty:",
]


def _with_headers(messages: SearchStrategy[bytes]) -> SearchStrategy[_Wrapped]:
    sizes = st.sampled_from([b"%d", b"00%d", b" %d \t"])
    names = st.sampled_from([b"Content-Length: ", b"content-length:", b"CONTENT-LENGTH:\t"])
    more = st.lists(st.tuples(st.sampled_from(_MORE_FIELDS), st.booleans()), max_size=2)
    return st.builds(_with_header, messages, sizes, names, more, st.sampled_from([b"\r\n", b"\n"]))


def _with_header(message: bytes, size: bytes, name: bytes, more: Sequence[tuple[bytes, bool]], end: bytes) -> _Wrapped:
    before = [field for field, is_behind in more if not is_behind]
    behind = [field for field, is_behind in more if is_behind]
    return _Wrapped(end.join([*before, name + size % len(message), *behind, b"", message]), message)


def _events(messages: SearchStrategy[bytes]) -> SearchStrategy[_Wrapped]:
    before = st.lists(st.sampled_from([b": ping", b":", b"id: 7", b"event: message", b"retry: 10"]), max_size=2)
    return st.builds(_event, messages, st.sampled_from([b"\n", b"\r\n", b"\r"]), before, st.sampled_from([b" ", b""]))


def _event(message: bytes, end: bytes, before: Sequence[bytes], space: bytes) -> _Wrapped:
    space = b" " if message.startswith(b" ") else space  # one is taken away
    return _Wrapped(end.join([*before, b"data:" + space + message, b"", b""]), message)


_WRAPPED = {"ndjson": _lines, "content-length": _with_headers, "sse": _events}
