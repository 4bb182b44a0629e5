"""Lines: what passed, in one readable line each, of bounded length and without control characters."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from attrs import define, field

from hocket.codec import dumps
from hocket_io.escaping import one_line
from hocket_io.tap.messages import STREAM, Answer, Notice, OpenCalls, Question, read_frame
from hocket_io.tap.tapped import Tapped

__all__ = ["LONGEST", "Lines", "clock", "said_in"]

LONGEST = 160
"""Characters of what a frame says."""
_LOOKED_AT = 500
"""Values in a message that are looked at for its words."""
_NAME = 256
"""Characters of a method's name that is remembered."""
_READ = 256 * 1024
"""Bytes of a frame that is taken apart; of a longer one, the beginning is shown."""
_KINDS = ("statusUpdate", "artifactUpdate", "task")
"""Members that say by their name what an A2A 1.0 result is."""


@define(eq=False)
class Lines:
    """Makes lines of what passes. It remembers requests, to say which method an answer is for.

    >>> frame = b'{"jsonrpc":"2.0","id":1,"method":"message/send","params":{"text":"Ada"}}'
    >>> tapped = Tapped(direction="out", time=0.0, frame=frame, transport="tcp", peer="10.0.0.1:7000", channel=3)
    >>> Lines().line(tapped)
    '#3 10.0.0.1:7000 → message/send 1 "Ada"'
    """

    _calls: OpenCalls[str] = field(factory=OpenCalls, init=False)
    _turn: threading.Lock = field(factory=threading.Lock, init=False)

    def line(self, tapped: Tapped, process: int = 0) -> str:
        """The line, without the time.

        Args:
            tapped: What passed.
            process: The id of the process that told it, where there may be several; 0 for our own.
        """
        arrow = "→" if tapped.direction == "out" else "←"
        with self._turn:
            words = [one_line(tapped.note), *self._messages(tapped, process)]
        said = " · ".join(word for word in words if word)
        number = f"{process or ''}#{tapped.channel}"
        return f"{number} {one_line(tapped.peer)} {arrow} {said}"

    def methods(self, tapped: Tapped, process: int = 0) -> list[str]:
        """The methods that a frame is about: of its requests and notifications, and of those that it answers.

        Ask for them before the line is made, which may be the last of a call.
        """
        found: list[str | None] = []
        for message in read_frame(tapped.frame):
            match message:
                case Question(method=method):
                    found.append(method)
                case Notice(method=method, params={"id": id_}) if method == STREAM:
                    found += [method, self._calls.find(tapped, id_, process)]
                case Notice(method=method):
                    found.append(method)
                case Answer(id=id_):
                    found.append(self._calls.find(tapped, id_, process))
        return [method for method in found if method is not None]

    def _messages(self, tapped: Tapped, process: int) -> Iterator[str]:
        messages = read_frame(tapped.frame) if len(tapped.frame) <= _READ else []
        for message in messages[:3]:
            yield self._message(tapped, message, process)
        if len(messages) > 3:
            yield f"and {len(messages) - 3} more"
        if not messages and tapped.frame:
            yield _shortened(one_line(tapped.frame[: 4 * LONGEST].decode("utf-8", "replace")))
        if tapped.end is not None:
            self._calls.end_all(tapped, process)

    def _message(self, tapped: Tapped, message: Question | Notice | Answer, process: int) -> str:
        match message:
            case Question(method=method, id=id_, params=params):
                self._calls.begin(tapped, message, method[:_NAME], process)
                return f"{_name(method)} {_id(id_)} {said_in(params)}".rstrip()
            case Notice(method=method, params=params):
                return f"{_name(method)} {said_in(params)}".rstrip()
            case Answer(id=id_, error=None, result=result):
                return f"{self._asked(tapped, id_, process)}{_id(id_)} = {said_in(result)}"
            case Answer(id=id_, error=error):
                return f"{self._asked(tapped, id_, process)}{_id(id_)} failed: {_error(error)}"

    def _asked(self, tapped: Tapped, id_: Any, process: int) -> str:
        method = self._calls.find(tapped, id_, process)
        return "" if method is None else f"{_name(method)} "


def clock(time: float) -> str:
    """The time of day here, to the millisecond."""
    return datetime.fromtimestamp(time).strftime("%H:%M:%S.%f")[:-3]


def said_in(value: Any) -> str:
    """The words of a value: what kind of thing it is, its states and its texts; or the JSON of it, cut short.

    >>> said_in({"artifactUpdate": {"taskId": "t1", "artifact": {"parts": [{"text": "Hello "}, {"text": "Ada"}]}}})
    'artifactUpdate "Hello " "Ada"'
    >>> said_in({"done": 3})
    '{"done":3}'
    """
    if value is None:
        return ""
    words = list(islice(_words(value), 20))
    return _shortened(one_line(" ".join(words) if words else dumps(value).decode()))


def _words(value: Any) -> Iterator[str]:
    """Depth first, in the order of the message, and no further than `_LOOKED_AT`."""
    waiting = [value]
    for _ in range(_LOOKED_AT):
        if not waiting:
            return
        match waiting.pop():
            case dict() as members:
                yield from _own_words(members)
                waiting += [each for each in reversed(members.values()) if isinstance(each, dict | list)]
            case list() as items:
                waiting += [each for each in reversed(items) if isinstance(each, dict | list)]


def _own_words(members: dict[str, Any]) -> Iterator[str]:
    for name, each in members.items():
        match name, each:
            case ("kind" | "state", str()) if each != "text":
                yield each
            case "text", str():
                yield dumps(each).decode()
            case "content", str() if members.get("type") == "TextPart":  # as ACP has it
                yield dumps(each).decode()
            case _ if name in _KINDS and isinstance(each, dict) and len(members) == 1:
                yield name


def _error(error: Any) -> str:
    match error:
        case {"code": int() as code, "message": str() as message}:
            return f"{code} {_shortened(one_line(message))}"
    return said_in(error)


def _id(id_: Any) -> str:
    return _shortened(one_line(str(id_)), 40)


def _name(method: str) -> str:
    return _shortened(one_line(method), 60)


def _shortened(text: str, limit: int = LONGEST) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
