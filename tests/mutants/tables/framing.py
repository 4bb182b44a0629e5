"""Bytes ↔ frames."""

from mutants.mutant import Mutant

_NDJSON = ("test_framing_ndjson.py", "properties/test_framing.py")
_SSE = ("test_framing_sse.py", "properties/test_framing.py")
_LENGTH = ("test_framing_content_length.py", "properties/test_framing.py")

MUTANTS = (
    Mutant(
        "lines-end-in-crlf-only",
        "framing/ndjson.py",
        'lines = data.split(b"\\n")',
        'lines = data.split(b"\\r\\n")',
        _NDJSON,
        simulate="a2a",
    ),
    Mutant(
        "a-line-in-two-pieces-loses-the-first",
        "framing/ndjson.py",
        "            lines[0] = bytes(self._unfinished)\n",
        "",
        _NDJSON,
        simulate="a2a",
    ),
    Mutant(
        "the-longest-line-is-one-too-long",
        "framing/ndjson.py",
        "if len(line) > self.limits.frame:",
        "if len(line) >= self.limits.frame:",
        _NDJSON,
    ),
    Mutant(
        "what-is-left-of-a-line-too-long-is-read",
        "framing/ndjson.py",
        "            self._unfinished.clear()\n            self._skipping = True\n",
        "            self._unfinished.clear()\n",
        _NDJSON,
    ),
    Mutant(
        "a-message-may-have-a-line-feed",
        "framing/ndjson.py",
        'if message.find(b"\\n") >= 0:',
        'if message.find(b"\\n\\n") >= 0:',
        _NDJSON,
    ),
    Mutant(
        "events-end-in-crlf-only",
        "framing/sse.py",
        'data = data.replace(b"\\r\\n", b"\\n").replace(b"\\r", b"\\n")',
        'data = data.replace(b"\\r\\n", b"\\n")',
        _SSE,
    ),
    Mutant(
        "a-crlf-in-two-pieces-is-two-line-ends",
        "framing/sse.py",
        'self.after_cr = data.endswith(b"\\r")',
        "self.after_cr = False",
        _SSE,
    ),
    Mutant(
        "an-event-cut-at-the-end-is-delivered",
        "framing/sse.py",
        "        self._close_event()\n        self._unfinished.clear()\n\n    def next_event",
        "        self._take_blank_line()\n        self._unfinished.clear()\n\n    def next_event",
        _SSE,
    ),
    Mutant(
        "the-last-event-id-is-forgotten",
        "framing/sse.py",
        "        self._id = self.last_event_id\n        self._size = 0\n",
        '        self._id = ""\n        self._size = 0\n',
        _SSE,
    ),
    Mutant(
        "an-event-is-never-too-large",
        "framing/sse.py",
        "if self._size + len(self._unfinished) > self.limits.sse_event:",
        "if len(self._unfinished) > self.limits.sse_event:",
        _SSE,
    ),
    Mutant(
        "data-lines-are-not-marked",
        "framing/sse_encoder.py",
        'return data.replace(b"\\n", b"\\ndata: ")',
        "return data",
        ("test_framing_sse_encoder.py", "properties/test_framing.py"),
    ),
    Mutant(
        "a-body-is-one-byte-short",
        "framing/content_length.py",
        "self._missing = header.length",
        "self._missing = header.length - 1",
        _LENGTH,
    ),
    Mutant(
        "field-names-are-compared-with-case",
        "framing/content_length.py",
        "match name.lower():",
        "match name.title():",
        _LENGTH,
    ),
    Mutant(
        "two-lengths-that-differ-are-taken",
        "framing/content_length.py",
        "if self.length not in (None, length):",
        "if self.length not in (None, length, self.length):",
        _LENGTH,
    ),
    Mutant(
        "an-event-may-have-any-number-of-ids",
        "framing/sse.py",
        "self._size + len(line) <= id_size",
        "len(line) <= id_size",
        _SSE,
    ),
    Mutant(
        "a-body-that-has-not-come-whole-is-taken",
        "framing/content_length.py",
        "body + length > len(data) or ",
        "",
        _LENGTH,
    ),
)
