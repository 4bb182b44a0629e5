"""HTTP: a stream as a page, as a feed, and what comes back in the head of a response."""

from __future__ import annotations

from typing import Any

from hocket import codec
from hocket.errors import CodecError
from hocket.testing.conformance.acp.room import Room, Seat, compact, params_of, told
from hocket.testing.conformance.acp.rules import Line, acp_rules
from hocket.testing.conformance.trial import Heard
from hocket.testing.probe import Ask, Binding

__all__ = ["WEB_RULES"]

_DENIED, _UNKNOWN = -40006, -40003
_OBJECT, _FEED = "application/json", "text/event-stream"
_WEB: tuple[Binding, ...] = ("http",)


def _got(room: Room, seat: Seat, stream_id: str, accept: str, after: str | None = None) -> Heard:
    """What an agent is answered that asks for a stream."""
    last = {} if after is None else {"Last-Event-ID": after}
    return room.trial.open(Ask.get(f"/streams/{stream_id}", {"X-Agent-Id": seat.agent, "Accept": accept, **last}))


def _read(room: Room, heard: Heard) -> Any:
    """The next message of it, as JSON."""
    message = room.trial.next(heard)
    if message is None:
        room.trial.fail(f"there was no answer; it ended {heard.how}")
    try:
        return codec.loads(message)
    except CodecError as error:
        room.trial.fail(f"what came is no JSON ({error}): {message[:200]!r}")


def _object(room: Room) -> None:
    ada, _, stream_id = room.stream_in("ACTIVE")
    heard = _got(room, ada, stream_id, _OBJECT)
    stream = _read(room, heard)
    found = heard.status, stream.get("streamId"), stream.get("status")
    room.trial.require(found == (200, stream_id, "ACTIVE"), f"the stream came with {heard.status}: {compact(stream)}")


def _refused(room: Room) -> None:
    ada, _, stream_id = room.stream_in("ACTIVE")
    eve = room.seat("eve")
    for seat, name, wanted in ((ada, "stream-of-nobody", (404, _UNKNOWN)), (eve, stream_id, (403, _DENIED))):
        heard = _got(room, seat, name, _OBJECT)
        body = _read(room, heard)
        found = heard.status, (body.get("error") or {}).get("code")
        room.trial.require(found == wanted, f"status and code are to be {wanted}, and are {found}: {compact(body)}")


def _feed(room: Room) -> None:
    ada, bob, stream_id = room.stream_in("ACTIVE")
    for text in ("a", "b", "c"):
        ada.say(stream_id, text)
    heard = _got(room, bob, stream_id, _FEED, after="2")
    said = [params_of(_read(room, heard))["message"]["parts"][0].get("content") for _ in range(2)]
    room.trial.require(said == ["b", "c"], f"after the event 2 there are b and c, and {said} came")
    lines = heard.conversation.raw.replace(b"\r\n", b"\n").split(b"\n")
    ids = [line.partition(b":")[2].strip().decode() for line in lines if line.startswith(b"id:")]
    room.trial.require(ids == ["3", "4"], f"the ids of the events are to be their eventIds, 3 and 4, and are {ids}")
    ada.ok("stream.end", streamId=stream_id)
    last = told(_read(room, heard))
    room.trial.require(last == "stream.end", f"the end of the stream is told as {last}")
    room.trial.rest(heard)
    room.trial.require(heard.end == "complete", f"after the end of the stream its feed was {heard.how}")


def _feed_over(room: Room) -> None:
    ada, _, stream_id = room.stream_in("CLOSED")
    heard = _got(room, ada, stream_id, _FEED, after="2")
    room.trial.rest(heard)
    room.trial.require(heard.status == 204, f"of a stream that is over and read, the status is {heard.status}")


def _correlation(room: Room) -> None:
    ada = room.seat("ada")
    request = {"jsonrpc": "2.0", "id": "1", "method": "stream.get", "params": {"streamId": "stream-of-nobody"}}
    fields = {"Content-Type": "application/json", "X-Agent-Id": ada.agent, "X-Correlation-ID": "trace-7"}
    heard = room.trial.open(Ask(body=codec.dumps(request), headers=fields, path="/jsonrpc"))
    _read(room, heard)
    found = heard.headers.get("x-correlation-id")
    room.trial.require(found == "trace-7", f"the X-Correlation-ID was 'trace-7', and that of the response is {found!r}")


WEB_RULES = acp_rules(
    "HTTP",
    "HTTP",
    (
        Line(name="http-object", title="GET /streams/ID gives the StreamObject", play=_object, bindings=_WEB),
        Line(
            name="http-refused",
            title="A GET that is refused has the error as its body, and the status that fits",
            play=_refused,
            bindings=_WEB,
        ),
        Line(
            name="feed",
            title="The feed of a stream goes on after Last-Event-ID, and ends with the stream",
            play=_feed,
            bindings=_WEB,
        ),
        Line(
            name="feed-over",
            title="The feed of a stream that is over and read is answered with 204",
            play=_feed_over,
            bindings=_WEB,
        ),
        Line(
            name="correlation",
            title="The X-Correlation-ID comes back with the response",
            play=_correlation,
            bindings=_WEB,
        ),
    ),
)
