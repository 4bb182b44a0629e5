"""Records: what passed, as lines of JSON in a file, and back."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from attrs import frozen

from hocket_io.tap.tapped import Tapped

__all__ = ["Record", "read_record", "write_record"]

_END_OF_TIME = 253_402_214_400
"""The last day of the year 9999, in seconds: calendars end there."""


@frozen(kw_only=True)
class Record:
    """What a process has told of.

    Attributes:
        tapped: What passed.
        process: The id of the process.
    """

    tapped: Tapped
    process: int


def write_record(record: Record) -> bytes:
    """One line, with its end. A frame is text where it is UTF-8, else base64, under another name.

    >>> tapped = Tapped(direction="in", time=1.5, frame=b"{}", transport="tcp", peer="10.0.0.1:7000")
    >>> print(write_record(Record(tapped=tapped, process=7)).decode(), end="")
    {"time":1.5,"process":7,"channel":0,"transport":"tcp","peer":"10.0.0.1:7000","direction":"in","frame":"{}"}
    """
    tapped = record.tapped
    members: dict[str, Any] = {
        "time": tapped.time,
        "process": record.process,
        "channel": tapped.channel,
        "transport": tapped.transport,
        "peer": tapped.peer,
        "direction": tapped.direction,
    }
    if tapped.note:
        members["note"] = tapped.note
    if tapped.end is not None:
        members["end"] = tapped.end
    if tapped.frame:
        try:
            members["frame"] = tapped.frame.decode()
        except UnicodeDecodeError:
            members["frame64"] = base64.b64encode(tapped.frame).decode()
    return json.dumps(members, separators=(",", ":")).encode() + b"\n"


def read_record(line: bytes) -> Record | None:
    """The record of a line; None where it is none."""
    try:
        members = json.loads(line)
    except (ValueError, RecursionError):
        return None
    match members:
        case {
            "time": int() | float() as time,
            "process": int() as process,
            "channel": int() as channel,
            "transport": str() as transport,
            "peer": str() as peer,
            "direction": "in" | "out" as direction,
        } if 0 <= time < _END_OF_TIME:
            frame = _frame(members)
        case _:
            return None
    note, end = members.get("note", ""), members.get("end")
    if frame is None or not isinstance(note, str) or end not in (None, "orderly", "broken"):
        return None
    tapped = Tapped(
        direction=direction,
        time=time,
        frame=frame,
        transport=transport,
        peer=peer,
        channel=channel,
        note=note,
        end=end,
    )
    return Record(tapped=tapped, process=process)


def _frame(members: dict[str, Any]) -> bytes | None:
    match members:
        case {"frame": str() as text}:
            return text.encode("utf-8", "surrogatepass")
        case {"frame64": str() as text}:
            try:
                return base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                return None
    return b""
