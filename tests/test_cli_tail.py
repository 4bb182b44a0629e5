"""`hocket tail`, and `--tap`: what passed is shown, while it grows, and nothing in it steers a terminal."""

import json
import os
import re
import signal

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from hocket_io.cli.growing import GrowingFile
from hocket_io.cli.tail import Shown, tail_file
from hocket_io.tap import Tapped
from hocket_io.tap.record import Record, write_record
from support.commands import invoke, running

TAPPED = Tapped(direction="out", time=1.5, transport="http", peer="http://a.example/", channel=3)


def line(frame=b"", process=7, **changes):
    if not isinstance(frame, bytes):
        frame = json.dumps({"jsonrpc": "2.0", **frame}).encode()
    return write_record(Record(tapped=evolve(TAPPED, frame=frame, **changes), process=process))


ASK = line({"id": 1, "method": "SendMessage", "params": {"text": "Ada"}}, note="POST /")
ANSWER = line({"id": 1, "result": {"text": "Hello"}}, direction="in", note="200", end="orderly")
OTHER = line({"id": 1, "method": "GetTask"}, channel=4, peer="http://b.example/")


@pytest.fixture
def frames(tmp_path):
    path = tmp_path / "frames.ndjson"
    path.write_bytes(ASK + ANSWER + OTHER)
    return path


def without_times(text):
    assert re.fullmatch(r"(\d\d:\d\d:\d\d\.\d{3} .*\n)*", text)
    return [line[13:] for line in text.splitlines()]


LINES = [
    '7#3 http://a.example/ → POST / · SendMessage 1 "Ada"',
    '7#3 http://a.example/ ← 200 · SendMessage 1 = "Hello"',
    "7#4 http://b.example/ → GetTask 1",
]


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ((), LINES),
        (("-n", "1"), LINES[2:]),
        (("-n", "0"), []),
        (("--peer", "b.ex"), LINES[2:]),
        (("--method", "SendMessage"), LINES[:2]),
        (("--method", "GetTask", "--peer", "a.ex"), []),
        (("-n", "1", "--peer", "a.ex"), LINES[1:2]),
    ],
)
def test_what_passed_is_shown_line_by_line(frames, options, shown):
    result = invoke("tail", str(frames), *options)
    assert (result.exit_code, result.stderr) == (0, "")
    assert without_times(result.stdout) == shown


def test_as_json_the_message_is_in_the_place_of_its_text(tmp_path):
    path = tmp_path / "frames.ndjson"
    path.write_bytes(ASK + line(b"no JSON\xff", process=8, peer="\x1b[0m"))
    first, second = map(json.loads, invoke("tail", str(path), "-o", "json").stdout.splitlines())
    assert first == {
        "time": 1.5,
        "process": 7,
        "channel": 3,
        "transport": "http",
        "peer": "http://a.example/",
        "direction": "out",
        "note": "POST /",
        "message": {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"text": "Ada"}},
    }
    assert (second["process"], second["text"]) == (8, "no JSON\ufffd")
    assert "message" not in second


def test_calls_of_several_processes_are_not_mixed_up():
    shown = Shown(method="SendMessage")
    assert shown.line(ASK) is not None
    assert shown.line(line({"id": 1, "result": 1}, direction="in", process=8)) is None
    assert shown.line(ANSWER) is not None


def test_what_is_no_record_is_left_out_and_said(tmp_path):
    path = tmp_path / "frames.ndjson"
    path.write_bytes(b"hello\n" + ASK + ASK[:40] + b"\n" + OTHER)
    result = invoke("tail", str(path))
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 2)
    assert result.stderr == "warning: 2 lines that are no records of a tap\n"


def test_a_line_that_is_half_written_is_not_shown_yet(tmp_path):
    path = tmp_path / "frames.ndjson"
    path.write_bytes(ASK + ANSWER[:50])
    result = invoke("tail", str(path))
    assert (result.exit_code, result.stderr, len(result.stdout.splitlines())) == (0, "", 1)


@pytest.mark.parametrize("missing", ["frames.ndjson", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path, missing):
    result = invoke("tail", str(tmp_path / missing))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert re.fullmatch(r"error: '.*' cannot be read: (there is no such file|Is a directory)\n", result.stderr)


# A file that grows


class Over(Exception):
    pass


def follow(path, *steps, **options):
    """The lines that are shown while others do each of the steps in turn, each when all was shown before."""
    waiting = [*steps]

    def pause():
        if not waiting:
            raise Over
        waiting.pop(0)()

    lines, shown = [], tail_file(str(path), Shown(), pause=pause, **options)
    with pytest.raises(Over):
        lines.extend(each[13:] for each in shown)
    return lines


def adding(path, data):
    def add():
        with path.open("ab") as file:
            file.write(data)

    return add


def test_a_file_that_grows_is_shown_as_it_grows(tmp_path):
    path = tmp_path / "frames.ndjson"
    steps = [lambda: None, adding(path, ASK[:30]), adding(path, ASK[30:] + ANSWER), lambda: None, adding(path, OTHER)]
    assert follow(path, *steps) == LINES, "the file was not even there at the beginning"


def test_the_last_lines_of_a_file_come_before_what_is_added(frames):
    assert follow(frames, adding(frames, OTHER), last=1) == [LINES[2]] * 2


def test_a_file_that_is_replaced_is_read_to_its_end_and_then_the_new_one(frames):
    def rotate():
        adding(frames, ANSWER)()
        frames.rename(frames.with_suffix(".1"))

    def begin():
        frames.write_bytes(OTHER)

    later = adding(frames.with_suffix(".1"), ANSWER)  # the writer has not noticed yet
    answered_twice = LINES[1].replace("SendMessage ", "")
    assert follow(frames, rotate, later, begin, lambda: None) == [*LINES, answered_twice, answered_twice, LINES[2]]


def test_a_file_that_is_made_empty_is_read_from_its_beginning(frames):
    adding(frames, ASK[:40])()
    assert follow(frames, lambda: os.truncate(frames, 0), adding(frames, OTHER)) == [*LINES, LINES[2]]


def test_a_file_that_was_made_empty_and_written_again_between_two_looks(frames):
    def write():
        os.truncate(frames, 0)
        adding(frames, OTHER)()

    assert follow(frames, write) == [*LINES, LINES[2]]


@settings(max_examples=25)
@given(st.lists(st.sampled_from([ASK, ANSWER, OTHER]), max_size=5), st.lists(st.integers(1, 200), max_size=8))
def test_however_a_file_grows_each_line_is_given_once(tmp_path_factory, records, sizes):
    path = tmp_path_factory.mktemp("growing") / "frames.ndjson"
    data, given = b"".join(records), []
    with GrowingFile(str(path)) as file:
        for size in [*sizes, len(data)]:
            piece, data = data[:size], data[size:]
            adding(path, piece)()
            given += file.lines()
        assert list(file.lines()) == []
    assert given == [record.rstrip(b"\n") for record in records]


@pytest.mark.process
def test_following_ends_with_an_interrupt(frames):
    with running("tail", "-f", str(frames), text=True) as process:
        shown = [process.stdout.readline() for _ in LINES]
        adding(frames, OTHER)()
        shown.append(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert process.stderr.read() == ""
    assert without_times("".join(shown)) == [*LINES, LINES[2]]


# --tap

HELLO = """
from hocket import Agent
agent = Agent("hello")
@agent.stream
def hello(task):
    yield "Hello " + task.text
"""


@pytest.mark.process
def test_a_child_and_its_client_write_what_passes_to_the_same_file(tmp_path):
    """Each from its own side, in its own process: what one sends, the other receives."""
    (tmp_path / "hello.py").write_text(HELLO)
    path, agent = tmp_path / "frames.ndjson", tmp_path / "hello.py"
    target = f"stdio:python -m hocket pipe --tap {path} {agent}"
    ended = invoke("send", "-a", target, "--tap", str(path), "Ada")
    assert ended.exit_code == 0, ended.stderr
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    processes = {each["process"] for each in records}
    assert len(processes) == 2

    def told(process, direction):
        passed = [each for each in records if (each["process"], each["direction"]) == (process, direction)]
        return [each["frame"] for each in passed if "frame" in each]

    one, two = sorted(processes)
    assert told(one, "in") == told(two, "out") != []
    assert told(one, "out") == told(two, "in") != []
    shown = without_times(invoke("tail", str(path), "--method", "SendMessage").stdout)
    assert any("→ SendMessage" in each and '"Ada"' in each for each in shown)


def test_a_tap_on_stderr_shows_what_passes_and_stdout_stays_as_it_is(tmp_path):
    target = "http://127.0.0.1:9"
    bare, tapped = invoke("task", "get", "-a", target, "t1"), invoke("task", "get", "-a", target, "t1", "--tap", "-")
    assert (tapped.exit_code, tapped.stdout) == (bare.exit_code, bare.stdout)
    *shown, said = tapped.stderr.splitlines(keepends=True)
    assert said == bare.stderr
    assert without_times("".join(shown))[0].split(" ", 1)[1].startswith(f"{target}/ → GET /")


def test_a_tap_that_cannot_be_written_is_told_before_anything_is_done(tmp_path):
    result = invoke("serve", "--echo", "--tap", str(tmp_path))
    assert result.exit_code == 2
    assert "cannot be written: Is a directory" in result.stderr


@pytest.mark.parametrize(
    "command",
    [("serve",), ("send",), ("task", "get"), ("task", "subscribe"), ("card", "get"), ("pipe",), ("hub",), ("join",)],
)
def test_every_command_that_has_connections_takes_a_tap(command):
    assert "--tap FILE" in invoke(*command, "--help").stdout
