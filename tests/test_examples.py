"""Every example runs, and does what its first line says. The demo answers the curl lines that people know."""

import json
import os
import re
import runpy
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

import pytest

import hocket
import hocket_io
from hocket import Agent
from hocket.a2a import TaskArtifactUpdateEvent
from hocket_io import Client
from support import forks
from support.examples import EXAMPLES, example

# Child processes import what this process does, installed or not.
IMPORTED_FROM = os.pathsep.join(str(Path(str(package.__file__)).parents[1]) for package in (hocket, hocket_io))
ENVIRONMENT = {**os.environ, "PYTHONPATH": IMPORTED_FROM, "PYTHONUTF8": "1"}


def agent_of(name: str) -> Agent:
    """The agent of an example."""
    agent: Agent = example(name).agent
    return agent


Program: TypeAlias = subprocess.Popen[str] | forks.Fork
Programs: TypeAlias = dict[str, Program]
PROGRAMS = (
    "ask_a_child",
    "check_hello",
    "demo",
    "embed_asyncio",
    "embed_socket",
    "resume",
    "three_at_once",
    "acp_notebook",
    "acp_investigation",
    "acp_request_response",
    "acp_collaboration",
    "acp_progressive",
    "acp_problem_solving",
    "acp_big_file",
)


def started(name: str, *arguments: str) -> Program:
    """An example that runs as a program."""
    command = [str(EXAMPLES / f"{name}.py"), *arguments]
    if forks.CAN_FORK:
        return forks.start(*command, env=ENVIRONMENT, text=True)
    return subprocess.Popen(
        [sys.executable, *command],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


@pytest.fixture(scope="module", autouse=True)
def programs() -> Iterator[Programs]:
    """All examples that are programs, started at once before everything else: they mostly wait."""
    with ExitStack() as stack:
        running = {name: stack.enter_context(started(name)) for name in PROGRAMS}
        running["demo --keep"] = stack.enter_context(started("demo", "--keep"))
        yield running
        for program in running.values():
            if program.poll() is None:
                program.kill()


def output_of(program: Program) -> list[str]:
    """The lines that a program printed, without blanks at their ends."""
    output, errors = program.communicate(timeout=30)
    assert (program.returncode, errors) == (0, ""), errors
    return [line.rstrip() for line in output.splitlines()]


# The agents.


def test_hello_greets_word_by_word() -> None:
    with Client(agent_of("hello")) as client:
        words = [event.text for event in client.stream("Ada") if event.text]
    assert words == ["Hello ", "Ada, ", "from ", "a ", "streaming ", "agent "]


def test_calendar_search_says_how_far_it_is() -> None:
    with Client(agent_of("calendar_search")) as client:
        events = list(client.stream("An hour"))
    assert [event.progress for event in events if event.progress is not None] == [0, 25, 50, 75, 100]
    assert "".join(event.text for event in events) == "Tomorrow at 09:00, 11:30 or 15:00."


def test_writer_writes_in_pieces_about_what_it_is_asked() -> None:
    with Client(agent_of("writer")) as client:
        pieces = [event.text for event in client.stream("A fugue") if event.text]
    assert len(pieces) == 9
    assert "".join(pieces).startswith("A fugue is sung by many voices. ")


def test_analysis_lets_go_of_what_it_holds_when_it_is_cancelled() -> None:
    with Client(agent_of("analysis")) as client, client.stream("A lot") as stream:
        for event in stream:
            if event.progress == 10:
                assert stream.cancel().state.value == "canceled"
        assert event.state is not None
        assert event.state.value == "canceled"


def test_countdown_is_a_plain_generator_and_its_return_value_comes_last() -> None:
    with Client(agent_of("countdown")) as client:
        assert client.text("2") == "2 1 Go!"


def test_report_fills_two_artifacts_in_turn() -> None:
    with Client(agent_of("report")) as client:
        stream = client.stream("to be or not to be")
        items = [event.item for event in stream if isinstance(event.item, TaskArtifactUpdateEvent)]
        task = client.get(str(stream.task_id))
    artifacts = {artifact.artifact_id: artifact for artifact in task.artifacts}
    assert artifacts["text-1"].text == "4 different words."
    assert artifacts["data-1-1"].parts[0].data == {"counts": {"to": 2, "be": 2, "or": 1, "not": 1}}
    assert artifacts["report"].text == "- to: 2\n- be: 2\n- or: 1\n- not: 1\nThat is all of them.\n"
    assert artifacts["report"].name == "Words, the most frequent first"
    assert b"".join(part.raw or b"" for part in artifacts["table"].parts) == b"to,2\r\nbe,2\r\nor,1\r\nnot,1\r\n"
    filled = [item.artifact.artifact_id for item in items]
    assert filled[1:9] == ["report", "table"] * 4
    assert [item.artifact.artifact_id for item in items if item.last_chunk] == ["table", "report", "data-1-1", "text-1"]


def test_ask_goes_on_with_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLES / "ask.py"), run_name="__main__")
    assert capsys.readouterr().out == "Which quarter?\nIn Q2 it was 1.2 million.\n"


# The programs.


@pytest.mark.process
def test_three_streams_are_open_at_the_same_time(programs: Programs) -> None:
    lines = output_of(programs["three_at_once"])
    ends = [number for number, line in enumerate(lines) if line.endswith("completed")]
    for name in ("Ada", "Grace", "Mary"):
        its = [line.partition(": ")[2] for line in lines if line.strip().startswith(f"{name}:")]
        assert its == ["Hello", f"{name},", "from", "a", "streaming", "agent", "completed"]
        assert lines.index(f"{name:>5}: Hello") < min(ends), "one after the other"


@pytest.mark.process
def test_ask_a_child_talks_to_a_child_process(programs: Programs) -> None:
    assert output_of(programs["ask_a_child"]) == ["Hello Ada, from a streaming agent"]


@pytest.mark.process
@pytest.mark.parametrize("name", ["embed_socket", "embed_asyncio"])
def test_an_embedded_connection_gets_its_answer(programs: Programs, name: str) -> None:
    assert output_of(programs[name]) == [
        "ResultReceived(id='1', method='add', result=3)",
        "ConnectionClosed(error=None, pending=())",
    ]


def test_a_loop_of_ones_own_has_room_for_both_sides(capsys: pytest.CaptureFixture[str]) -> None:
    """Its driver keeps the contract of all drivers, too: tests/test_drivers.py."""
    example("embed_driver").main()
    assert capsys.readouterr().out.splitlines() == [
        "ResultReceived(id='1', method='add', result=3)",
        "ConnectionClosed(error=None, pending=())",
    ]


@pytest.mark.process
def test_the_property_of_check_hello_holds(programs: Programs) -> None:
    assert output_of(programs["check_hello"]) == ["every question was answered"]


# Streams of many agents.

PRINTED = {
    "acp_notebook": [
        "  analyst: Found a data anomaly",
        "validator: Validation shows 5% organic growth.",
        "   source: Source is an acquisition, and it is one-time.",
    ],
    "acp_request_response": [
        "expert, piece 1: You ask: Why is the search slow?",
        "expert, piece 2: The index is stale.",
        "expert, piece 3: Build it anew.",
        "expert, all of it: You ask: Why is the search slow? The index is stale. Build it anew.",
        "the stream is CLOSED",
    ],
    "acp_progressive": [
        "piece 1: Looking …",
        "piece 2: Three regions.",
        "piece 3: Traffic doubles every 30 seconds.",
        "piece 4: One sender in two is new.",
        "piece 5: {'regions': 3, 'period': 30, 'new': 0.5}",
        "piece 6: the end of it",
        "together: Looking … Three regions. Traffic doubles every 30 seconds. One sender in two is new.",
        "the end: Analysis complete",
    ],
    "acp_problem_solving": [
        "  (about slow pages, with operator, helper)",
        "operator: The pages have become slow",
        "  helper: What does the CPU do?",
        "operator: CPU: 85 % on average, 95 % at times",
        "  helper: And the memory?",
        "operator: Memory is normal, 60 %",
        "  helper: Then look at the database connections",
        "operator: Found it: no connection is free",
        "  helper: Allow 50 of them",
        "operator: Done, the pages are fast again",
        "the stream is CLOSED",
    ],
}


@pytest.mark.process
def test_a_big_file_arrives_byte_for_byte_over_a_bad_network(programs: Programs) -> None:
    sent, lost, late, *rest = output_of(programs["acp_big_file"])
    assert re.fullmatch(r"sent: {5}15,728,640 bytes in 60 pieces, with (6[3-9]|[7-9]\d|\d{3}) requests", sent)
    assert re.match(r"lost: {5}[1-9]\d* requests and [1-9]\d* answers;", lost)
    assert re.match(r"late: {5}[1-9]\d* requests", late)
    assert rest[0] == "arrived:  15,728,640 bytes, the checksum is right"
    assert rest[1].startswith("the same: every byte, after ")


@pytest.mark.process
@pytest.mark.parametrize("name", PRINTED)
def test_a_conversation_in_a_stream_goes_as_it_should(programs: Programs, name: str) -> None:
    assert output_of(programs[name]) == PRINTED[name]


@pytest.mark.process
def test_two_agents_contribute_at_the_same_time(programs: Programs) -> None:
    lines = output_of(programs["acp_collaboration"])
    for name, said in {
        "analyst": ["I have found an anomaly in the data", "Thanks, that explains it"],
        "source": ["I look at the source", "… It comes from", "… an acquisition.", "= It comes from an acquisition."],
        "validator": [
            "I check the numbers",
            "… They are right:",
            "… 5 % of growth.",
            "= They are right: 5 % of growth.",
        ],
    }.items():
        its = [line.partition(": ")[2] for line in lines if line.startswith(f"{name:>9}: ")]
        assert its == said
    first = lines.index("validator: … They are right:")
    assert first < lines.index("   source: = It comes from an acquisition."), "one after the other"
    assert lines[-1] == "the stream of analyst, source, validator is CLOSED"


@pytest.mark.process
def test_the_investigation_prints_who_is_given_what(programs: Programs) -> None:
    lines = output_of(programs["acp_investigation"])  # frame by frame: tests/spec/test_acp_investigation.py
    assert len([line for line in lines if " says: " in line]) == 7
    assert lines[-1] == "  * to be archived: 3 messages, CLOSED"


# The demo.


def lines_of(agent: str, lines: list[str]) -> list[str]:
    """What the demo printed of one agent as it arrived, without the times."""
    found = [re.fullmatch(r" *[\d.]+ s  (\w+) +(.*)", line) for line in lines]
    return [match[2] for match in found if match is not None and match[1] == agent]


@pytest.mark.process
def test_the_demo_streams_three_agents_at_the_same_time(programs: Programs) -> None:
    lines = output_of(programs["demo"])
    calendar, writer, analysis = (lines_of(name, lines) for name in ("calendar", "writer", "analysis"))
    assert [int(line.partition("%")[0]) for line in calendar if "%" in line] == [0, 25, 50, 75, 100]
    assert calendar[-2:] == ["Tomorrow at 09:00, 11:30 or 15:00.", "completed"]
    assert writer[2] == "A hocket"
    assert len(writer) == 12
    assert [int(line.partition("%")[0]) for line in analysis if "%" in line][:6] == [0, 10, 20, 30, 40, 50]
    assert analysis[-1] == "canceled"

    names = [line.split()[2] for line in lines if re.match(r" *[\d.]+ s ", line)]
    first, last = names.index("calendar"), max(at for at, name in enumerate(names) if name == "calendar")
    assert "writer" in names[first:last], "one after the other"
    at = lines.index("Three agents in one ACP stream:")
    ends = [re.sub(r"[\d.]+ s", "0 s", line) for line in lines[at - 4 : at - 1]]
    assert ends[:2] == [
        "calendar  completed after 0 s and 10 events",
        "writer    completed after 0 s and 13 events",
    ]
    assert re.fullmatch(r"analysis  canceled after 0 s and \d+ events", ends[2])
    assert lines[-1] == "the stream of analyst, source, validator is CLOSED"


@pytest.mark.process
def test_the_demo_says_in_a_line_that_its_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with started("demo", "--port", port) as demo:
            output, errors = demo.communicate(timeout=30)
    assert (demo.returncode, output) == (2, "")
    assert errors.splitlines()[-1].startswith(f"demo.py: error: cannot listen on port {port}: ")


@pytest.fixture(scope="module")
def kept(programs: Programs) -> Iterator[tuple[str, str]]:
    """The demo with --keep: the address of its server, and the curl line that it printed."""
    demo = programs["demo --keep"]
    assert demo.stdout is not None
    curl = next(line for line in demo.stdout if line.startswith("curl "))
    found = re.search(r"http://[\d.:]+/", curl)
    assert found is not None
    yield found[0], curl
    demo.send_signal(signal.SIGINT)
    assert demo.wait(10) == 0


def posted(url: str, body: bytes) -> list[dict[str, Any]]:
    """The events of the stream that answers a request."""
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.read().decode().splitlines()
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]


def text_of(events: list[dict[str, Any]]) -> str:
    """The text that the events add up to."""
    artifacts = [event["result"]["artifact"] for event in events if "artifact" in event["result"]]
    return "".join(part["text"] for artifact in artifacts for part in artifact["parts"])


@pytest.mark.process
def test_the_curl_line_of_the_demo_gets_an_answer(kept: tuple[str, str]) -> None:
    words = shlex.split(kept[1])
    assert words[:2] == ["curl", "-sN"]
    events = posted(words[2], words[words.index("-d") + 1].encode())
    assert text_of(events).startswith("A round is sung by many voices. ")
    assert events[-1]["result"]["final"] is True


@pytest.mark.process
def test_a_stream_request_in_the_style_of_0_2_gets_an_answer(kept: tuple[str, str]) -> None:
    """As tutorials of A2A 0.2 have it: a part has `kind`, the path ends in /a2a."""
    params = {"message": {"role": "user", "parts": [{"kind": "text", "text": "A canon"}], "messageId": "m-1"}}
    request = {"jsonrpc": "2.0", "method": "message/stream", "params": params, "id": "r-1"}
    events = posted(f"{kept[0]}a2a", json.dumps(request).encode())
    assert {event["id"] for event in events} == {"r-1"}
    assert events[0]["result"]["kind"] == "task"
    assert text_of(events).startswith("A canon is sung by many voices. ")
    assert (events[-1]["result"]["status"]["state"], events[-1]["result"]["final"]) == ("completed", True)


@pytest.mark.process
def test_the_demo_answers_the_clients_of_a_gateway(kept: tuple[str, str]) -> None:
    params = {
        "message": {"messageId": "m-2", "role": "user", "parts": [{"type": "text", "text": "A canon"}]},
        "streamConfig": {"heartbeat": 30, "bufferSize": 1024},
    }
    request = {"jsonrpc": "2.0", "method": "message/stream", "params": params, "id": "r-1"}
    events = posted(f"{kept[0]}agents/writer/a2a", json.dumps(request).encode())
    assert (events[0]["type"], events[-1]["type"]) == ("task.created", "task.completed")
    pieces = [event["partialResult"] for event in events if event["type"] == "task.progress"]
    assert "".join(pieces).startswith("A canon is sung by many voices. ")


@pytest.mark.process
def test_each_agent_of_the_demo_has_its_own_card(kept: tuple[str, str]) -> None:
    for name in ("calendar", "writer"):
        url = f"{kept[0]}agents/{name}/"
        with urllib.request.urlopen(f"{url}.well-known/agent.json", timeout=20) as response:
            card = json.load(response)
        assert (card["name"], card["url"], card["capabilities"]["streaming"]) == (name, url, True)


RESUMED = [
    "  0 %  Reading the request",
    " 25 %  Looking into your own calendar",
    "--- cut, and resumed",
    " 50 %  Asking for the calendars of the team",
    " 75 %  Comparing the free hours",
    "100 %  3 slots are free tomorrow",
    "       Tomorrow at 09:00, 11:30 or 15:00.",
    "settled, completed",
]


@pytest.mark.process
def test_resume_reads_on_after_the_last_event_that_was_seen(programs: Programs) -> None:
    assert output_of(programs["resume"]) == RESUMED


@pytest.mark.process
def test_resume_reads_on_over_http(kept: tuple[str, str]) -> None:
    with started("resume", f"{kept[0]}agents/calendar") as program:
        assert output_of(program) == RESUMED


def test_every_example_begins_with_a_line_that_says_what_it_shows() -> None:
    for file in EXAMPLES.glob("*.py"):
        first = file.read_text(encoding="utf-8").splitlines()[0]
        assert re.match(r'"""[A-Z].*[.?!`"]', first), f"{file.name}: {first}"
