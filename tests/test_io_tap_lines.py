"""What is made of what passes: lines to read, lines of JSON in a file, and spans."""

import json
import os
import stat
import threading

import pytest
from attrs import evolve
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hocket.testing.strategies.values import json_values
from hocket_io.tap import Tapped, file_tap
from hocket_io.tap.lines import LONGEST, Lines, said_in
from hocket_io.tap.messages import Answer, Notice, OpenCalls, Question, read_frame
from hocket_io.tap.record import Record, read_record, write_record

HALF = settings(max_examples=settings().max_examples // 2)
TAPPED = Tapped(direction="out", time=1.0, transport="tcp", peer="10.0.0.1:7000", channel=3)
TAPPEDS = st.builds(
    Tapped,
    direction=st.sampled_from(["in", "out"]),
    time=st.floats(0, 2**33),
    frame=st.binary() | st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")),
    transport=st.sampled_from(["http", "stdio"]),
    peer=st.text(max_size=20),
    channel=st.integers(0, 9),
    note=st.text(max_size=20),
    end=st.sampled_from([None, "orderly", "broken"]),
)


def message(**members):
    return json.dumps({"jsonrpc": "2.0", **members}).encode()


def passing(direction, channel=3, **members):
    return evolve(TAPPED, direction=direction, channel=channel, frame=message(**members))


# Messages


@pytest.mark.parametrize(
    ("frame", "read"),
    [
        (message(id=1, method="add", params=[1]), [Question("add", 1, [1])]),
        (message(id=None, method="add"), [Question("add", None, None)]),
        (message(method="tell", params={"a": 1}), [Notice("tell", {"a": 1})]),
        (message(id="x", result=None), [Answer("x", None, None)]),
        (message(id="x", error={"code": -1}), [Answer("x", None, {"code": -1})]),
        (b"[" + message(id=1, result=2) + b"," + message(method="a") + b"]", [Answer(1, 2, None), Notice("a", None)]),
        (b'{"id":1,"method":"add"}', []),
        (b'{"jsonrpc":"2.0","method":7}', []),
        (b"Traceback (most recent call last):", []),
        (b"[[[]]]", []),
        (b"", []),
    ],
)  # fmt: skip
def test_what_a_frame_says(frame, read):
    assert read_frame(frame) == read


@HALF
@given(st.binary() | json_values(st.text(max_size=8), st.integers()).map(lambda value: json.dumps(value).encode()))
def test_whatever_a_frame_is_it_can_be_read_and_shown(frame):
    read_frame(frame)
    Lines().line(evolve(TAPPED, frame=frame))


def test_an_answer_is_for_the_request_with_its_id_that_went_the_other_way_on_its_channel():
    calls = OpenCalls()
    ask = passing("out", id=1, method="a")
    assert calls.begin(ask, Question("a", 1, None), "ours") is None
    assert calls.begin(passing("in", id=1, method="b"), Question("b", 1, None), "theirs") is None
    assert calls.begin(passing("out", 4, id=1, method="c"), Question("c", 1, None), "elsewhere") is None
    answer = passing("in", id=1, result=0)
    assert [calls.find(answer, id_) for id_ in (1, 1.0, "1", None, True)] == ["ours", "ours", None, None, None]
    assert calls.find(answer, 1, process=7) is None
    assert calls.end(answer, 1) == "ours"
    assert calls.end(answer, 1) is None
    assert calls.end_all(passing("in")) == [], "what they have asked is answered the other way"
    assert calls.end_all(passing("out")) == ["theirs"]
    assert len(calls) == 1


def test_an_id_that_is_used_again_gives_up_the_call_before():
    calls = OpenCalls()
    ask = passing("out", id=1, method="a")
    calls.begin(ask, Question("a", 1, None), "first")
    assert calls.begin(ask, Question("a", 1, None), "second") == "first"
    assert len(calls) == 1


def test_of_a_long_id_only_the_beginning_is_remembered():
    calls = OpenCalls()
    long = "i" * 10_000
    calls.begin(passing("out", id=long, method="a"), Question("a", long, None), "it")
    assert calls.find(passing("in", id=long, result=0), long[:9_000]) == "it"


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=30))
def test_no_more_calls_are_remembered_than_the_limit(asked):
    """As a list does it that has the oldest at its beginning."""
    calls, model = OpenCalls(limit=4), []
    for channel, id_ in asked:
        given_up = calls.begin(passing("out", channel), Question("a", id_, None), (channel, id_))
        if (channel, id_) in model:
            assert given_up == (channel, id_)
            model.remove((channel, id_))
        elif given_up is not None:
            assert len(model) == 4
            model.remove(given_up)
        model.append((channel, id_))
        assert len(calls) == len(model) <= 4
    for channel, id_ in model:
        assert calls.end(passing("in", channel), id_) == (channel, id_)


# Lines


SAID = {"parts": [{"text": "I see"}]}
STATUS = {"statusUpdate": {"taskId": "t", "status": {"state": "TASK_STATE_WORKING", "message": SAID}}}
OLD = {"kind": "artifact-update", "artifact": {"parts": [{"kind": "text", "text": "Hello "}]}}


@pytest.mark.parametrize(
    ("tappeds", "line"),
    [
        ([passing("out", id=1, method="SendMessage", params={"message": {"parts": [{"text": "Ada"}]}})],
         '→ SendMessage 1 "Ada"'),
        ([passing("out", id=1, method="SendMessage"), passing("in", id=1, result=STATUS)],
         '← SendMessage 1 = statusUpdate TASK_STATE_WORKING "I see"'),
        ([passing("in", method="stream.message", params={"parts": [{"type": "TextPart", "content": "Hi"}]})],
         '← stream.message "Hi"'),
        ([passing("in", id=1, result=OLD)], '← 1 = artifact-update "Hello "'),
        ([passing("in", method="$/stream", params={"id": 1, "result": OLD})], '← $/stream artifact-update "Hello "'),
        ([passing("out", id=9, method="add"), passing("in", id=9, error={"code": -32601, "message": "no\nsuch"})],
         "← add 9 failed: -32601 no\\nsuch"),
        ([passing("in", id=9, error="odd")], '← 9 failed: "odd"'),
        ([passing("in", id=1, result={"done": 3})], '← 1 = {"done":3}'),
        ([evolve(TAPPED, note="GET /card")], "→ GET /card"),
        ([evolve(passing("in", id=1, result=1), note="id 7")], "← id 7 · 1 = 1"),
        ([evolve(TAPPED, direction="in", frame=b"\x1b[2Jgo away\xff\n")], "← \\x1b[2Jgo away\ufffd\\n"),
        ([evolve(TAPPED, frame=b"[" + b",".join([message(id=1, method="a")] * 5) + b"]")],
         "→ a 1 · a 1 · a 1 · and 2 more"),
        ([evolve(TAPPED, peer="a\x1b[0mb", note="x\ny")], "→ x\\ny"),
    ],
)  # fmt: skip
def test_the_line_of_what_passes(tappeds, line):
    lines = Lines()
    said = [lines.line(each) for each in tappeds][-1]
    number, peer, rest = said.split(" ", 2)
    assert (number, peer in ("10.0.0.1:7000", "a\\x1b[0mb"), rest) == ("#3", True, line)


def test_the_methods_that_a_frame_is_about():
    lines = Lines()
    ask = passing("out", id=1, method="SendStreamingMessage")
    assert lines.methods(ask) == ["SendStreamingMessage"]
    lines.line(ask)
    item = passing("in", method="$/stream", params={"id": 1, "result": OLD})
    assert lines.methods(item) == ["$/stream", "SendStreamingMessage"]
    assert lines.methods(passing("in", id=1, result={})) == ["SendStreamingMessage"]
    assert lines.methods(passing("in", method="tell", params={"id": 1})) == ["tell"]
    assert lines.methods(passing("in", id=2, result={})) == []


def test_after_the_end_of_a_channel_nothing_of_it_is_remembered():
    lines = Lines()
    lines.line(passing("out", id=1, method="add"))
    lines.line(evolve(TAPPED, direction="in", end="broken", note="gone"))
    assert lines.line(passing("in", id=1, result=1)).endswith("← 1 = 1")


@HALF
@given(TAPPEDS)
@example(evolve(TAPPED, frame=message(method="m" * 10_000, id="i" * 10_000, params={"text": "t" * 10_000})))
@example(evolve(TAPPED, frame=message(id=1, error={"code": 1, "message": "e" * 10_000})))
@example(evolve(TAPPED, frame=b"x" * 300_000))
@example(evolve(TAPPED, frame=message(method="m", params=[{"kind": "k"}] * 10_000)))
@example(evolve(TAPPED, frame=message(method="m", params={"text": "\u2028\x9b"})))
def test_a_line_is_short_and_steers_no_terminal(tapped):
    line = Lines().line(tapped)
    assert len(line) <= 3 * (LONGEST + 100) + 10 * (len(tapped.peer) + len(tapped.note))
    unprintable = {each for each in line if not each.isprintable() and (ord(each) < 0xA0 or each in "\u2028\u2029")}
    assert unprintable <= {"\t"}


def test_the_words_of_a_value_that_is_deeper_or_longer_than_is_looked_at():
    assert said_in([{"text": str(number)} for number in range(10_000)]).startswith('"0" "1" "2"')
    assert said_in(None) == ""


def test_of_a_long_frame_the_beginning_is_shown():
    line = Lines().line(passing("out", method="tell", params={"text": "x" * 300_000}))
    assert '→ {"jsonrpc": "2.0", "method": "tell", "params": {"text": "xxx' in line
    assert line.endswith("x…")


# Files


@given(TAPPEDS, st.integers(1, 99))
def test_a_record_is_read_as_it_was_written(tapped, process):
    record = Record(tapped=tapped, process=process)
    line = write_record(record)
    assert line.isascii()
    assert line.index(b"\n") == len(line) - 1
    assert read_record(line) == record


@HALF
@given(st.binary() | json_values(st.text(max_size=8), st.integers()).map(lambda value: json.dumps(value).encode()))
@example(b"[" * 100_000)
@example(b'{"time":1,"process":2,"channel":0,"transport":"t","peer":"p","direction":"up"}')
@example(b'{"time":1,"process":2,"channel":0,"transport":"t","peer":"p","direction":"in","frame64":"?"}')
@example(b'{"time":1,"process":2,"channel":0,"transport":"t","peer":"p","direction":"in","note":3}')
@example(b'{"time":1,"process":2,"channel":0,"transport":"t","peer":"p","direction":"in","end":"soon"}')
@example(b'{"time":1e300,"process":2,"channel":0,"transport":"t","peer":"p","direction":"in"}')
@example(b'{"time":NaN,"process":2,"channel":0,"transport":"t","peer":"p","direction":"in"}')
@example(b'{"time":true,"process":2,"channel":0,"transport":"t","peer":3,"direction":"in"}')
def test_what_is_no_record_is_none(line):
    assert read_record(line) is None


def test_a_file_is_written_to_at_once_and_belongs_to_its_owner(tmp_path):
    path = tmp_path / "frames.ndjson"
    with file_tap(path) as tap:
        tap(passing("out", id=1, method="add"))
        (line,) = path.read_bytes().splitlines(keepends=True)
        assert read_record(line) == Record(tapped=passing("out", id=1, method="add"), process=os.getpid())
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    tap(TAPPED)
    with file_tap(path) as tap:
        tap(TAPPED)
    assert len(path.read_bytes().splitlines()) == 2, "closed, it took nothing; opened again, it goes on"


def test_the_lines_of_several_threads_do_not_mix(tmp_path):
    path = tmp_path / "frames.ndjson"
    frame = b"x" * 50_000
    with file_tap(path) as one, file_tap(path) as two:
        threads = [
            threading.Thread(target=lambda tap=tap: [tap(evolve(TAPPED, frame=frame)) for _ in range(20)])
            for tap in (one, one, two)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    records = [read_record(line) for line in path.read_bytes().splitlines()]
    assert len(records) == 60
    assert all(record.tapped.frame == frame for record in records)


def test_a_line_that_the_system_takes_in_pieces_is_written_whole(tmp_path, monkeypatch):
    class Slow:
        closed = False

        def __init__(self):
            self.written = b""

        def write(self, data):
            self.written += bytes(data[:10])
            return min(10, len(data))

    with file_tap(tmp_path / "frames.ndjson") as tap:
        slow, real = Slow(), tap._file
        monkeypatch.setattr(tap, "_file", slow)
        tap(TAPPED)
        monkeypatch.setattr(tap, "_file", real)
    assert slow.written == write_record(Record(tapped=TAPPED, process=os.getpid()))


def test_a_file_that_cannot_be_written_is_told_at_once(tmp_path):
    with pytest.raises(IsADirectoryError):
        file_tap(tmp_path)
