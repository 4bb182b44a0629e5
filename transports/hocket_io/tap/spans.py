"""Spans: a span of OpenTelemetry for each JSON-RPC call that passes. `span_tap` makes it."""

from __future__ import annotations

import threading
from typing import Any

from attrs import define, field
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

from hocket_io.tap.messages import STREAM, Answer, Notice, OpenCalls, Question, read_frame
from hocket_io.tap.tapped import Tapped

__all__ = ["Spans"]

_OPEN = 10_000
"""Calls that may be open; beyond it the span of the oldest is ended."""
_LONGEST = 256
"""Characters of a method's name, or of an error's message: a peer chooses both."""


@define(eq=False)
class _Call:
    """A call that is not over."""

    span: Span
    items: int = 0
    is_answered: bool = False


@define(eq=False)
class Spans:
    """A tap that keeps the spans of the calls that are open.

    Args:
        tracer: Who makes them.
    """

    tracer: Tracer
    _calls: OpenCalls[_Call] = field(factory=lambda: OpenCalls(_OPEN), init=False)
    _turn: threading.Lock = field(factory=threading.Lock, init=False)

    def __call__(self, tapped: Tapped) -> None:
        """Begin and end what this begins and ends."""
        with self._turn:
            for message in read_frame(tapped.frame):
                match message:
                    case Question():
                        self._begin(tapped, message)
                    case Notice(method=method, params={"id": id_}) if method == STREAM:
                        if (call := self._calls.find(tapped, id_)) is not None:
                            call.items += 1
                    case Answer():
                        self._answer(tapped, message)
            if tapped.end is not None:
                self._end_all(tapped)

    def _begin(self, tapped: Tapped, question: Question) -> None:
        method = question.method[:_LONGEST]
        span = self.tracer.start_span(
            method,
            kind=SpanKind.CLIENT if tapped.direction == "out" else SpanKind.SERVER,
            attributes={
                "rpc.system": "jsonrpc",
                "rpc.method": method,
                "rpc.jsonrpc.version": "2.0",
                "rpc.jsonrpc.request_id": str(question.id)[:_LONGEST],
                "network.peer.address": tapped.peer,
                "hocket.transport": tapped.transport,
            },
            start_time=_nanoseconds(tapped),
        )
        given_up = self._calls.begin(tapped, question, _Call(span))
        if given_up is not None:
            _end(given_up, tapped, "given up: too many calls are open, or its id was used again")

    def _answer(self, tapped: Tapped, answer: Answer) -> None:
        """Over HTTP, the events of a stream are all answers to the one request; its end ends the call."""
        call = self._calls.find(tapped, answer.id)
        if call is None:
            return
        call.is_answered = True
        if answer.error is not None:
            _fail(call.span, answer.error)
        if tapped.transport != "http":
            self._calls.end(tapped, answer.id)
            _end(call, tapped)
        elif tapped.end is None:  # a body that is no stream is told with its end
            call.items += 1

    def _end_all(self, tapped: Tapped) -> None:
        for call in self._calls.end_all(tapped):
            _end(call, tapped, None if call.is_answered and tapped.end == "orderly" else tapped.note)


def _fail(span: Span, error: Any) -> None:
    match error:
        case {"code": int() as code, "message": str() as message}:
            span.set_attribute("rpc.jsonrpc.error_code", code)
            span.set_attribute("rpc.jsonrpc.error_message", message[:_LONGEST])
            span.set_status(StatusCode.ERROR, message[:_LONGEST])
        case _:
            span.set_status(StatusCode.ERROR)


def _end(call: _Call, tapped: Tapped, failure: str | None = None) -> None:
    if failure is not None:
        call.span.set_status(StatusCode.ERROR, failure)
    call.span.set_attribute("hocket.stream.items", call.items)
    call.span.end(_nanoseconds(tapped))


def _nanoseconds(tapped: Tapped) -> int:
    return int(tapped.time * 1e9)
