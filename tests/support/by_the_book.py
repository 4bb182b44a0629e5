"""Framings a second time, as plain as the rules they state: for tests that hold the real ones against them.

They split a complete stream, know nothing of reads, and hold everything in memory.
"""

import re

from hocket.errors import LimitExceeded
from hocket.framing import FrameRejected, ServerSentEvent


def ndjson_by_the_book(stream, limits):
    frames = []
    for line in stream.split(b"\n"):
        line = line.removesuffix(b"\r")
        if len(line) > limits.frame:
            frames.append(FrameRejected(LimitExceeded("frame", limits.frame)))
        elif line.strip(b" \t\r"):
            frames.append(line)
    return frames


def content_length_by_the_book(stream, limits):
    """The bodies and rejections; a fatal rejection is told by None, a recoverable one by its option or ""."""
    outcomes = []
    while stream:
        block = re.match(rb"(?:[^\n]*[^\r\n][^\n]*\r?\n)*?\r?\n", stream[: limits.header])
        if block is None or not block[0].isascii():
            return [*outcomes, None]
        lines = re.split(rb"\r?\n", block[0])[:-2]
        if not all(re.match(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:", line) for line in lines):  # RFC 9110: a name is a token
            return [*outcomes, None]
        fields = [(name.lower(), value) for name, value in (line.split(b":", 1) for line in lines)]
        lengths = [value for name, value in fields if name == b"content-length"]
        if not all(re.fullmatch(rb"[ \t]*0*[0-9]{1,18}[ \t]*", value) for value in lengths):
            return [*outcomes, None]
        if len({int(value) for value in lengths}) != 1:
            return [*outcomes, None]
        length = int(lengths[0])
        body = stream[block.end() : block.end() + length]
        types = [value for name, value in fields if name == b"content-type"]
        if length > limits.frame:
            outcomes.append("frame")
        elif length == 0 or any(map(is_foreign, types)):
            outcomes.append("")
        elif len(body) == length:
            outcomes.append(body)
        if len(body) < length:
            return [*outcomes, None]
        stream = stream[block.end() + length :]
    return outcomes


def is_foreign(content_type):
    """Whether a Content-Type names a charset that is not UTF-8."""
    named = re.findall(rb";[ \t]*charset[ \t]*=([^;]*)", content_type.lower())
    return any(charset.strip(b' \t"') not in (b"utf-8", b"utf8", b"") for charset in named)


def told(frame):
    """A frame in the words of `content_length_by_the_book`."""
    if isinstance(frame, bytes):
        return frame
    if frame.fatal:
        return None
    return frame.error.option if isinstance(frame.error, LimitExceeded) else ""


class SseByTheBook:
    """The rules of the WHATWG standard on text, with the limits added. Odd bytes survive as surrogates."""

    def __init__(self, stream, limits):
        self.limits = limits
        self.outcomes, self.last_event_id, self.retry = [], "", None
        self.data, self.type, self.id, self.size, self.skipping = "", "", "", 0, False
        text = stream.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
        *lines, unfinished = re.split("\r\n|\r|\n", text)
        for line in lines:
            self.line(line)
        if unfinished and not unfinished.startswith(":") and not self.skipping:
            self.measure(unfinished)
        # The mark itself is taken once it is whole.
        self.cut = bool(self.size or self.skipping or (unfinished and not unfinished.startswith(":")))

    def line(self, line):
        if not line:
            self.dispatch()
        elif line.startswith(":") or self.skipping:
            pass
        elif self.measure(line):
            name, _, value = line.partition(":")
            self.field(name, value[1:] if value.startswith(" ") else value)

    def field(self, name, value):
        if name == "data":
            self.data += value + "\n"
        elif name == "event":
            self.type = value
        elif name == "id" and "\0" not in value:
            if len(raw(value)) > self.limits.sse_id:
                self.reject(LimitExceeded("sse_id", self.limits.sse_id, len(raw(value))))
            else:
                self.id = value
        elif name == "retry" and re.fullmatch("[0-9]+", value):
            self.retry = int(value) / 1000

    def measure(self, line):
        self.size += len(raw(line))
        if self.size > self.limits.sse_event:
            self.reject(LimitExceeded("sse_event", self.limits.sse_event))
            return False
        return True

    def reject(self, error):
        self.outcomes.append(FrameRejected(error))
        self.skipping = True

    def dispatch(self):
        if self.skipping:
            self.id = self.last_event_id
        else:
            self.last_event_id = self.id
            if self.data:
                self.outcomes.append(
                    ServerSentEvent(
                        data=raw(self.data[:-1]),
                        event=shown(self.type) or "message",
                        id=shown(self.last_event_id),
                    )
                )
        self.data, self.type, self.size, self.skipping = "", "", 0, False


def raw(text):
    return text.encode("utf-8", "surrogateescape")


def shown(text):
    return raw(text).decode("utf-8", "replace")
