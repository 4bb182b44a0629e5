"""span_tap: one span for each JSON-RPC call, from whichever side, over whatever carries it."""

import json
import sys

import pytest
from attrs import evolve

from hocket.errors import MissingExtra
from hocket_io.tap import Tapped, span_tap

sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="opentelemetry-sdk is not installed")

from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: E402  -- after importorskip
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402
from opentelemetry.trace import SpanKind, StatusCode  # noqa: E402

PIPE = Tapped(direction="out", time=10.0, transport="stdio", peer="stdio:python", channel=3)
HTTP = evolve(PIPE, transport="http", peer="http://agent.example/")


class Spans:
    """A tap that makes spans, and the spans that have ended."""

    def __init__(self):
        self.exporter = InMemorySpanExporter()
        provider = sdk.TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = provider.get_tracer("test")
        self.tap = span_tap(self.tracer)

    def tell(self, base, direction, time=10.0, note="", end=None, **members):
        frame = json.dumps({"jsonrpc": "2.0", **members}).encode() if members else b""
        self.tap(evolve(base, direction=direction, time=time, note=note, end=end, frame=frame))

    @property
    def ended(self):
        return self.exporter.get_finished_spans()


@pytest.fixture
def spans():
    return Spans()


def test_a_call_is_a_span_from_its_request_to_its_answer(spans):
    spans.tell(PIPE, "out", 10.0, id="a7", method="GetTask", params={"id": "t1"})
    assert spans.ended == ()
    spans.tell(PIPE, "in", 10.25, id="a7", result={"id": "t1"})
    (span,) = spans.ended
    assert (span.name, span.kind, span.status.status_code) == ("GetTask", SpanKind.CLIENT, StatusCode.UNSET)
    assert (span.start_time, span.end_time) == (10_000_000_000, 10_250_000_000)
    assert dict(span.attributes) == {
        "rpc.system": "jsonrpc",
        "rpc.method": "GetTask",
        "rpc.jsonrpc.version": "2.0",
        "rpc.jsonrpc.request_id": "a7",
        "network.peer.address": "stdio:python",
        "hocket.transport": "stdio",
        "hocket.stream.items": 0,
    }


def test_what_others_ask_of_us_is_a_server_s_span(spans):
    spans.tell(PIPE, "in", id=1, method="GetTask")
    spans.tell(PIPE, "out", id=1, result={})
    assert spans.ended[0].kind is SpanKind.SERVER


def test_an_error_is_the_status_of_its_span(spans):
    spans.tell(PIPE, "out", id=1, method="GetTask")
    spans.tell(PIPE, "in", id=1, error={"code": -32001, "message": "Task not found" + "!" * 1_000})
    (span,) = spans.ended
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes["rpc.jsonrpc.error_code"] == -32001
    assert span.attributes["rpc.jsonrpc.error_message"] == span.status.description
    assert len(span.status.description) == 256


def test_an_error_that_is_none_is_an_error_all_the_same(spans):
    spans.tell(PIPE, "out", id=1, method="GetTask")
    spans.tell(PIPE, "in", id=1, error="odd")
    assert spans.ended[0].status.status_code is StatusCode.ERROR


def test_the_items_of_a_stream_over_a_pipe_are_counted(spans):
    spans.tell(PIPE, "out", id=1, method="SendStreamingMessage")
    for number in range(3):
        spans.tell(PIPE, "in", method="$/stream", params={"id": 1, "offset": number, "result": {}})
    spans.tell(PIPE, "in", method="$/stream", params={"id": 2, "offset": 1, "result": {}})
    spans.tell(PIPE, "in", method="$/progress", params={"id": 1})
    assert spans.ended == ()
    spans.tell(PIPE, "in", 12.0, id=1, result={"state": "completed"})
    (span,) = spans.ended
    assert (span.attributes["hocket.stream.items"], span.end_time) == (3, 12_000_000_000)


def test_over_http_a_stream_ends_its_call(spans):
    spans.tell(HTTP, "out", id=1, method="SendStreamingMessage", note="POST /")
    spans.tell(HTTP, "in", note="200 text/event-stream")
    for _ in range(3):
        spans.tell(HTTP, "in", id=1, result={})
    assert spans.ended == ()
    spans.tell(HTTP, "in", 11.0, note="end", end="orderly")
    (span,) = spans.ended
    assert (span.attributes["hocket.stream.items"], span.status.status_code) == (3, StatusCode.UNSET)
    assert span.end_time == 11_000_000_000


def test_over_http_a_body_ends_its_call(spans):
    spans.tell(HTTP, "out", id=1, method="GetTask", note="POST /")
    spans.tell(HTTP, "in", id=1, note="200", end="orderly", error={"code": -32001, "message": "Task not found"})
    (span,) = spans.ended
    assert (span.status.description, span.attributes["hocket.stream.items"]) == ("Task not found", 0)


@pytest.mark.parametrize(
    ("note", "end", "result", "status"),
    [
        ("ReadError: cut", "broken", True, StatusCode.ERROR),
        ("left", "orderly", True, StatusCode.UNSET),
        ("ConnectError: refused", "broken", False, StatusCode.ERROR),
        ("502", "orderly", False, StatusCode.ERROR),
    ],
)
def test_over_http_a_call_that_was_not_answered_to_its_end(spans, note, end, result, status):
    spans.tell(HTTP, "out", id=1, method="SendStreamingMessage")
    if result:
        spans.tell(HTTP, "in", id=1, result={})
    spans.tell(HTTP, "in", note=note, end=end)
    (span,) = spans.ended
    assert span.status.status_code is status
    assert span.status.description == (note if status is StatusCode.ERROR else None)


def test_a_pipe_that_ends_ends_the_calls_that_nothing_will_answer(spans):
    spans.tell(PIPE, "out", id=1, method="GetTask")
    spans.tell(PIPE, "in", id=1, method="ping")
    spans.tell(evolve(PIPE, channel=4), "out", id=1, method="elsewhere")
    spans.tell(PIPE, "in", note="end", end="orderly")
    (span,) = spans.ended
    assert (span.name, span.status.description) == ("GetTask", "end")
    spans.tell(PIPE, "out", note="gone with 3", end="broken")
    assert [each.name for each in spans.ended] == ["GetTask", "ping"]


def test_a_batch_is_several_calls(spans):
    asked = [{"jsonrpc": "2.0", "id": number, "method": "GetTask"} for number in range(2)]
    spans.tap(evolve(PIPE, frame=json.dumps(asked).encode()))
    answered = [{"jsonrpc": "2.0", "id": number, "result": 0} for number in (1, 0)]
    spans.tap(evolve(PIPE, direction="in", frame=json.dumps(answered).encode()))
    assert [each.attributes["rpc.jsonrpc.request_id"] for each in spans.ended] == ["1", "0"]


def test_an_id_that_is_used_again_ends_the_span_before(spans):
    spans.tell(PIPE, "out", id=1, method="first")
    spans.tell(PIPE, "out", id=1, method="second")
    (span,) = spans.ended
    assert (span.name, span.status.status_code) == ("first", StatusCode.ERROR)


def test_a_peer_does_not_choose_how_long_names_are(spans):
    spans.tell(PIPE, "in", id="i" * 10_000, method="m" * 10_000)
    spans.tell(PIPE, "out", id="i" * 10_000, result=0)
    (span,) = spans.ended
    assert (len(span.name), len(span.attributes["rpc.jsonrpc.request_id"])) == (256, 256)


def test_answers_to_nothing_and_what_is_no_json_make_no_span(spans):
    spans.tell(PIPE, "in", id=1, result=0)
    spans.tap(evolve(PIPE, frame=b"Hello"))
    spans.tell(PIPE, "in", note="end", end="orderly")
    assert spans.ended == ()


def test_the_caller_s_span_is_the_parent():
    exporter = InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    tap = span_tap(tracer)
    with tracer.start_as_current_span("mine") as mine:
        tap(evolve(PIPE, frame=b'{"jsonrpc":"2.0","id":1,"method":"GetTask"}'))
    tap(evolve(PIPE, direction="in", frame=b'{"jsonrpc":"2.0","id":1,"result":0}'))
    assert exporter.get_finished_spans()[-1].parent.span_id == mine.get_span_context().span_id


def test_without_a_tracer_it_is_opentelemetry_s_own(spans, monkeypatch):
    monkeypatch.setattr("opentelemetry.trace.get_tracer", lambda name: {"hocket": spans.tracer}[name])
    spans.tap = span_tap()
    spans.tell(PIPE, "out", id=1, method="GetTask")
    spans.tell(PIPE, "in", id=1, result=0)
    assert [span.name for span in spans.ended] == ["GetTask"]


def test_without_opentelemetry_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    with pytest.raises(MissingExtra, match=r"hocket\[otel\]"):
        span_tap()
