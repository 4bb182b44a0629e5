"""What peers get wrong: eighteen points at which streams of other implementations broke, each one a test.

What can be said without I/O is said here; `ELSEWHERE` names the tests of what belongs to a transport, by number.
"""

import ast
import json
from pathlib import Path

import pytest

from hocket import Agent
from hocket.a2a import (
    V0_3,
    V1_0,
    Artifact,
    Operation,
    Outcome,
    Part,
    StreamReader,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
    fold,
)
from hocket.connection import Connection
from hocket.framing import Ndjson, SseParser
from hocket.framing.sse_encoder import encode_event
from hocket.jsonrpc import RequestReceived
from hocket_io import Client
from support.drain import drain
from support.world import World

ROOT = Path(__file__).parents[2]

ELSEWHERE = {
    1: ["tests/test_io_asgi_leaving.py::test_a_reader_that_comes_back_to_reading_when_all_is_said_gets_all_of_it"],
    2: ["tests/process/test_http.py::test_text_raises_when_the_stream_is_cut"],
    5: ["tests/properties/test_a2a_dialects.py::test_what_is_written_is_one_line_for_every_reader"],
    6: ["tests/test_io_runner_failures.py::test_an_exception_fails_the_task_and_stays_at_home"],
    8: ["tests/test_a2a_fold.py::test_a_chunk_costs_the_same_however_long_the_stream_is"],
    10: ["tests/test_io_asgi.py::test_the_version_may_be_in_the_query"],
    13: ["tests/test_framing_memory.py::test_an_endless_frame_in_tiny_reads_costs_little_more_than_its_limit"],
    14: [
        "tests/test_http_exchange.py::test_a_silent_stream_is_kept_alive_until_it_ends",
        "tests/test_io_asgi_leaving.py::test_silence_is_filled_with_comments",
    ],
    15: ["tests/process/test_stdio.py::test_what_the_agent_prints_goes_to_stderr"],
    16: ["tests/test_io_runner_cancel.py::test_an_agent_that_does_not_stop_is_left_behind"],
    18: [
        "tests/test_io_asgi_leaving.py::test_a_reader_that_stops_reading_holds_up_nobody",
        "tests/test_io_pipes.py::test_a_peer_that_writes_before_it_reads_is_read",
        "tests/process/test_stdio.py::test_a_reader_that_takes_its_time_holds_up_the_child_and_loses_nothing",
    ],
}


def functions_of(path):
    """The names of the tests in a file, without importing it."""
    body = ast.parse((ROOT / path).read_text()).body
    return {each.name for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_point_has_a_test():
    here = {int(name.split("_")[1]) for name in globals() if name.startswith("test_") and name.split("_")[1].isdigit()}
    assert here | set(ELSEWHERE) == set(range(1, 19))


@pytest.mark.parametrize("test", [test for tests in ELSEWHERE.values() for test in tests])
def test_what_is_elsewhere_is_there(test):
    path, _, name = test.partition("::")
    assert name in functions_of(path)


# The agent's side


def text(words, *, append=False, last=False, artifact_id="a"):
    artifact = Artifact(artifact_id=artifact_id, parts=(Part(text=words),))
    return TaskArtifactUpdateEvent(task_id="t", artifact=artifact, append=append, last_chunk=last)


def status(state):
    return TaskStatusUpdateEvent(task_id="t", status=TaskStatus(state=state))


def task(state, *artifacts):
    return Task(id="t", context_id="c", status=TaskStatus(state=state), artifacts=artifacts)


@pytest.fixture
def world():
    return World.of()


def answers(world, link="ada"):
    return [json.loads(each.result) for each in world.deliveries(link) if hasattr(each, "result")]


def test_01_a_slow_reader_gets_all_of_six_thousand_chunks(world):
    world.begin()
    for number in range(6_000):
        world.say(f"{number} ")
    world.finish()
    reader = StreamReader()
    for item in answers(world):
        reader.receive(V1_0.read_item(item))
    said = "".join(event.text for event in drain(reader))
    assert said.split() == [str(number) for number in range(6_000)]
    assert reader.outcome is Outcome.SETTLED


def test_03_a_subscriber_gets_the_chunk_in_flight_once(world):
    task_id = world.begin()
    world.say("one ")
    world.hold()
    world.say("two ")
    world.ask("bob", "SubscribeToTask", task_id)
    world.release()
    world.say("three")
    world.finish()
    whole = fold([V1_0.read_item(item) for item in answers(world, "bob")])
    assert [part.text for part in whole.artifacts[0].parts] == ["one ", "two ", "three"]


def test_04_a_follow_up_without_a_context_stays_in_the_context_of_its_task(world):
    task_id = world.begin(context="c-7")
    world.finish(TaskState.INPUT_REQUIRED)
    world.take()
    world.send(task=task_id, message_id="m2")
    world.start()
    world.finish()
    first, *_, last = answers(world)
    assert (first["task"]["id"], first["task"]["contextId"]) == (task_id, "c-7")
    assert last["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"


@pytest.mark.parametrize("dialect", [V1_0, V0_3])
def test_05_line_separators_in_text_are_no_ends_of_lines(dialect):
    said = "one\u2028two\u2029three\u0085four\rfive\nsix"
    written = encode_event(dialect.write_item(text(said)), id="1")
    assert written.decode().splitlines() == written.decode().split("\n")[:-1]
    reader = SseParser()
    reader.receive_data(written)
    (event,) = drain(reader)
    assert dialect.read_item(json.loads(event.data)).artifact.parts[0].text == said


def test_06_an_exception_ends_the_task():
    agent = Agent("breaks")

    @agent.stream
    def breaks(task):
        yield "so far"
        raise ZeroDivisionError

    with Client(agent) as client:
        *_, last = client.stream("go")
        assert (last.state, last.done) == (TaskState.FAILED, True)
        assert client.get(last.task_id).status.state is TaskState.FAILED


def test_07_a_follow_up_begins_with_the_task(world):
    task_id = world.begin()
    world.say("before ")
    world.finish(TaskState.INPUT_REQUIRED)
    world.take()
    world.send("bob", task=task_id, message_id="m2")
    assert world.take("bob")[0].startswith("task ")


@pytest.mark.parametrize("dialect", [V1_0, V0_3])
def test_09_a_void_result_is_written_and_may_be_missing_when_read(dialect):
    assert dialect.write_result(Operation.PUSH_DELETE, None) == b"null"
    for value in (None, {}):
        assert dialect.read_result(Operation.PUSH_DELETE, value) is None


def test_11_append_to_an_artifact_that_nobody_knows_makes_it():
    whole = fold([task(TaskState.WORKING), text("kept", append=True)])
    assert whole.artifacts[0].parts[0].text == "kept"


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([text("Hel"), text("lo", append=True, last=True)], id="the last chunk is one more"),
        pytest.param(
            [task(TaskState.WORKING, text("Hel").artifact), text("Hel"), text("lo", append=True)],
            id="the first chunk comes in the Task and again",
        ),
        pytest.param([text("Hel"), text("lo", append=True), text("Hello", last=True)], id="the whole after its chunks"),
    ],
)
def test_12_text_is_told_once(events):
    reader = StreamReader()
    for event in (task(TaskState.WORKING), *events, status(TaskState.COMPLETED)):
        reader.receive(event)
    assert "".join(event.text for event in drain(reader)) == "Hello"


# The client's side


def test_02_a_stream_that_ends_while_the_agent_works_is_cut():
    reader = StreamReader()
    reader.receive(task(TaskState.WORKING))
    reader.receive(text("half"))
    reader.receive_end()
    assert reader.outcome is Outcome.CUT
    *_, last = drain(reader)
    assert (last.kind, last.done) == ("cut", True)


def test_13_lines_and_events_may_be_as_long_as_the_limit_says():
    """Others stop at 64 KiB on a pipe and at 1 MiB in an event stream; here it is 16 MiB, and an option."""
    long = "x" * 2_000_000
    sender, receiver = Connection(Ndjson()), Connection(Ndjson())
    sender.send_request("m", {"text": long}, now=0.0)
    for data in sender.data_to_send():
        receiver.receive_data(data, now=0.0)
    (request,) = drain(receiver)
    assert request.params == {"text": long}
    reader = SseParser()
    reader.receive_data(encode_event(long.encode(), id="1"))
    (event,) = drain(reader)
    assert len(event.data) == len(long)


def test_16_a_reader_that_leaves_lets_the_task_go_on_and_leaves_nothing_behind(world):
    task_id = world.begin()
    world.server.disconnect("ada", world.now)
    world.pump()
    world.say("said to nobody")
    world.finish()
    world.ask("bob", "GetTask", task_id)
    assert world.take("bob") == ["task completed said to nobody"]
    world.server.disconnect("bob", world.now)
    assert world.is_empty


def test_16_a_reader_that_leaves_ends_the_task_where_the_agent_wants_that():
    world = World.of(on_disconnect="cancel")
    task_id = world.begin()
    world.server.disconnect("ada", world.now)
    world.pump()
    assert [each.task_id for each in world.interrupts] == [task_id]
    world.end()
    world.ask("bob", "GetTask", task_id)
    assert world.take("bob") == ["task canceled"]


def test_17_a_batch_is_so_many_requests():
    server = Connection(Ndjson())
    batch = [{"jsonrpc": "2.0", "id": number, "method": "m"} for number in (1, 2)]
    server.receive_data(json.dumps(batch).encode() + b"\n", now=0.0)
    first, second = drain(server)
    assert (first, second) == (RequestReceived(id=1, method="m"), RequestReceived(id=2, method="m"))
    server.send_result(2, "b", now=0.0)
    assert server.data_to_send() == []
    server.send_result(1, "a", now=0.0)
    assert [each["result"] for each in json.loads(b"".join(server.data_to_send()))] == ["a", "b"]
