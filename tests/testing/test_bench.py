"""What a benchmark makes of the times it is given: percentiles, calls by a plan, and what their events come to."""

from collections import Counter
from math import ceil

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket import Agent
from hocket.a2a import Artifact, Message, Part, Role, StreamEvent, TaskArtifactUpdateEvent, TaskState
from hocket.errors import (
    AuthenticationError,
    CodecError,
    ConnectionFailed,
    ErrorObject,
    LimitExceeded,
    LocalProtocolError,
    RequestTimeout,
    RpcError,
    StreamCut,
)
from hocket.testing.bench import Bench, Histogram, Lap, Plan, Score, score_json, score_lines
from hocket_io import AsyncClient
from hocket_io.concurrency.loops import loop_clock
from hocket_io.testing import run_virtually
from hocket_io.testing.bench import make_calls

LOOPS = pytest.mark.parametrize("loop", ["asyncio", "trio"])
DURATIONS = st.one_of(
    st.floats(0, 1e5), st.floats(0, 1e-3), st.sampled_from([0.0, 1e-6, 1.01e-6, 0.05, 1.0]), st.floats(-1, 0)
)


# --- percentiles


@given(st.lists(DURATIONS, min_size=1, max_size=60), st.integers(1, 100))
def test_a_percentile_is_near_the_duration_of_the_nearest_rank(durations, percent):
    histogram = Histogram()
    for seconds in durations:
        histogram.add(seconds)
    exact = sorted(max(0.0, seconds) for seconds in durations)
    right = exact[ceil(percent * len(exact) / 100 - 1e-9) - 1]
    assert abs(histogram.percentile(percent) - right) <= max(1e-6, 0.005 * right)
    assert (histogram.least, histogram.most, histogram.count) == (exact[0], exact[-1], len(exact))
    assert histogram.percentile(100) == exact[-1]
    assert histogram.mean == pytest.approx(sum(exact) / len(exact))


@given(st.lists(DURATIONS, min_size=1, max_size=60))
def test_percentiles_grow(durations):
    histogram = Histogram()
    for seconds in durations:
        histogram.add(seconds)
    percentiles = [histogram.percentile(percent) for percent in range(1, 101)]
    assert percentiles == sorted(percentiles)
    assert histogram.least <= percentiles[0]


def test_a_histogram_is_small_however_many_durations_there_are():
    histogram = Histogram()
    for number in range(-60, 41):
        for part in range(200):
            histogram.add((1 + part / 200) * 10 ** (number / 10))
    assert histogram.count == 20_200
    assert len(histogram._buckets) < 2_400


def test_a_histogram_of_nothing():
    histogram = Histogram()
    assert (histogram.count, histogram.mean, histogram.percentile(50), histogram.most) == (0, 0.0, 0.0, 0.0)


# --- calls by a plan


def dues(bench, now, most=10):
    return [lap.due for _ in range(most) if (lap := bench.next_call(now)) is not None]


def test_without_a_rate_a_call_is_due_when_somebody_is_free():
    bench = Bench(Plan(calls=2), began=1.0)
    assert dues(bench, 3.5) == [3.5, 3.5]
    assert bench.next_call(3.5) is None
    assert bench.ends_at is None


def test_no_call_begins_when_the_time_is_over():
    bench = Bench(Plan(seconds=2.0), began=1.0)
    assert bench.ends_at == 3.0
    assert bench.next_call(2.9) is not None
    assert bench.next_call(3.0) is None


def test_with_a_rate_calls_are_due_whatever_becomes_of_the_others():
    bench = Bench(Plan(seconds=1.0, rate=4.0), began=1.0)
    assert dues(bench, 1.1) == [1.0, 1.25, 1.5, 1.75]


def test_a_call_that_is_due_before_the_end_is_not_made_after_it():
    bench = Bench(Plan(seconds=1.0, rate=4.0), began=1.0)
    assert dues(bench, 2.5) == []


def test_how_much_is_done():
    bench = Bench(Plan(calls=2, chunks=5), began=0.0)
    assert bench.done(9.0) == 0.0
    lap = bench.next_call(0.0)
    lap.begin(0.0)
    lap.receive(text("a"), 1.0)
    assert bench.done(9.0) == 0.1
    lap.leave(1.0)
    assert bench.done(9.0) == 0.5
    assert Bench(Plan(seconds=4.0), began=2.0).done(3.0) == 0.25
    assert Bench(Plan(seconds=4.0), began=2.0).done(9.0) == 1.0
    assert Bench(Plan(), began=2.0).done(9.0) == 0.0


# --- one call


def text(said):
    return StreamEvent(kind="artifact", text=said)


def artifact(*parts):
    item = TaskArtifactUpdateEvent(task_id="t", artifact=Artifact(artifact_id="a", parts=parts))
    return StreamEvent(kind="artifact", item=item)


def done(state, **more):
    return StreamEvent(kind="status", state=state, done=True, **more)


@pytest.fixture
def score():
    return Score(began=0.0, until=0.0)


@pytest.fixture
def lap(score):
    lap = Lap(score, due=1.0)
    lap.begin(1.5)
    return lap


def test_times_count_from_when_a_call_was_due(lap, score):
    assert lap.receive(StreamEvent(kind="status", state=TaskState.WORKING), 1.9)
    assert lap.receive(text("ab"), 2.0)
    assert lap.receive(text("ç"), 2.25)
    assert not lap.receive(done(TaskState.COMPLETED), 3.0)
    assert score.late.most == 0.5
    assert (score.first_chunk.count, score.first_chunk.most) == (1, 1.0)
    assert (score.gaps.count, score.gaps.most) == (1, 0.25)
    assert (score.answers.count, score.answers.most) == (1, 2.0)
    assert (score.calls, score.settled, score.chunks, score.text_bytes) == (1, {"completed": 1}, 2, 4)
    assert score.seconds == 3.0


def test_what_a_chunk_is(lap, score):
    for event, is_one in [
        (artifact(Part(raw=b"x", filename="x")), True),
        (artifact(Part(data=None)), True),
        (artifact(), False),
        (artifact(Part(text="")), False),
        (StreamEvent(kind="task", state=TaskState.SUBMITTED), False),
        (StreamEvent(kind="message", text="a word"), True),
    ]:
        before = score.chunks
        lap.receive(event, 2.0)
        assert score.chunks - before == is_one, event


def test_text_with_half_a_character_has_a_size(lap, score):
    lap.receive(text("\ud83d"), 2.0)
    assert score.text_bytes == 3


def test_a_call_is_left_after_enough_chunks(score):
    lap = Lap(score, due=0.0, most=2)
    lap.begin(0.0)
    assert lap.receive(text("a"), 1.0)
    assert not lap.receive(text("b"), 2.0)
    assert not lap.receive(text("c"), 3.0)
    assert (score.left, score.chunks, score.answers.count, score.worked, score.ended) == (1, 2, 0, 1, 1)


def test_an_answer_that_ends_with_its_last_chunk_has_settled(score):
    lap = Lap(score, due=0.0, most=1)
    assert not lap.receive(StreamEvent(kind="message", text="a", done=True), 1.0)
    assert (score.settled, score.left) == ({"message": 1}, 0)


@pytest.mark.parametrize("state", [TaskState.FAILED, TaskState.REJECTED, TaskState.CANCELED])
def test_a_task_without_an_answer_is_a_mistake(lap, score, state):
    said = Message(message_id="m", role=Role.AGENT, parts=(Part(text="no"),))
    lap.receive(StreamEvent(kind="message", item=said, state=state, done=True), 2.0)
    assert {kind: str(each.first) for kind, each in score.mistakes.items()} == {
        "failed": f"the task is {state.value}: no"
    }
    assert (score.failed, score.worked, score.settled) == (1, 0, {})


@pytest.mark.parametrize("state", [TaskState.COMPLETED, TaskState.INPUT_REQUIRED])
def test_a_question_is_an_answer_too(lap, score, state):
    lap.receive(done(state), 2.0)
    assert score.settled == {state.value: 1}


def test_a_cut_is_a_mistake_only_at_the_end(lap, score):
    lap.receive(text("a"), 2.0)
    assert lap.receive(StreamEvent(kind="cut", error=StreamCut("gone")), 3.0)
    assert lap.receive(StreamEvent(kind="resumed"), 4.0)
    lap.receive(text("b"), 5.0)
    assert not lap.receive(StreamEvent(kind="cut", error=StreamCut("gone for good"), done=True), 6.0)
    assert (score.cuts, score.resumes, score.failed, score.gaps.most) == (1, 1, 1, 3.0)
    assert str(score.mistakes["cut"].first) == "gone for good"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (StreamCut("x"), "cut"),
        (ConnectionFailed("x"), "unreachable"),
        (RequestTimeout("x"), "timeout"),
        (AuthenticationError("x"), "unauthorized"),
        (RpcError(ErrorObject(code=-32000, message="x")), "refused"),
        (CodecError("x"), "unreadable"),
        (LimitExceeded("x", 1), "unreadable"),
        (LocalProtocolError("x"), "impossible"),
    ],
)
def test_the_kinds_of_mistakes(lap, score, error, kind):
    lap.fail(error, 2.0)
    lap.fail(error, 3.0)  # it was over
    lap.stop(4.0)
    lap.leave(5.0)
    assert {kind: (each.first, each.count) for kind, each in score.mistakes.items()} == {kind: (error, 1)}
    assert (score.ended, score.open, score.left, score.until) == (1, 0, 0, 2.0)
    Lap(score, due=3.0).fail(type(error)(*error.args) if kind == "cut" else error, 3.0)
    assert (score.failed, score.mistakes[kind].first) == (2, error)


def test_a_call_that_is_not_over_when_all_is(lap, score):
    lap.stop(7.0)
    assert (score.open, score.worked, score.failed, score.ended, score.seconds) == (1, 0, 0, 1, 7.0)


# --- what is told


def test_the_score_for_people(lap, score):
    lap.receive(text("abc"), 1.002)
    lap.receive(text("abc"), 1.0025)
    lap.receive(done(TaskState.COMPLETED), 2.5)
    Lap(score, due=2.0).fail(ConnectionFailed("nothing listens there"), 4.0)
    score.calls += 1
    assert score_lines(score, has_rate=True) == [
        "                   p50       p95       p99       max",
        "first chunk    2.00 ms   2.00 ms   2.00 ms   2.00 ms",
        "gap             500 µs    500 µs    500 µs    500 µs",
        "whole answer    1.50 s    1.50 s    1.50 s    1.50 s",
        "made late by    500 ms    500 ms    500 ms    500 ms",
        "",
        "2 calls in 4.00 s (0.25/s): 1 completed, 1 unreachable",
        "2 chunks (0.50/s), 6 bytes of text",
        "unreachable: nothing listens there",
    ]
    assert not any("late" in line for line in score_lines(score))


def test_the_score_of_nothing(score):
    assert score_lines(score) == ["0 calls in 0.00 µs: none has ended", "0 chunks, 0 bytes of text"]
    told = score_json(score)
    assert (told["callsPerSecond"], told["gapSeconds"], told["errors"]) == (None, None, [])


def test_cuts_are_told(lap, score):
    lap.receive(StreamEvent(kind="cut"), 2.0)
    lap.receive(StreamEvent(kind="cut"), 3.0)
    lap.receive(StreamEvent(kind="resumed"), 3.5)
    lap.stop(4.0)
    assert (
        score_lines(score)
        == [
            "made late by    500 ms    500 ms    500 ms    500 ms",
            "",
            "1 call in 4.00 s (0.00/s): 1 still open",
            "0 chunks (0.00/s), 0 bytes of text",
            "2 times a stream was cut and tried again, 1 times it went on",
        ][2:]
    )


# --- in virtual time

clock_agent = Agent("clock")


@clock_agent.stream
async def clock(task):
    """A second of thought, then words 0.1, 0.2, 0.3 and 0.4 seconds apart; or what it is told."""
    if task.text == "fail":
        raise ValueError("broken")
    if task.text == "never":
        await anyio.sleep_forever()
    await anyio.sleep(1)
    yield "zero "
    for number in range(1, 5):
        await anyio.sleep(number / 10)
        yield f"{number} "


def measured(loop, plan, streams=2, said="", timeout=None):
    async def main():
        async with AsyncClient(clock_agent) as client:
            bench = Bench(plan, loop_clock()())
            await make_calls(bench, client, said, streams=streams, timeout=timeout)
            return bench.score

    return run_virtually(main, backend=loop)


def near(*values):
    return pytest.approx(values, rel=0.006, abs=2e-6)


def spread(histogram):
    return tuple(histogram.percentile(percent) for percent in (25, 50, 75, 100))


@LOOPS
def test_the_gaps_that_an_agent_makes(loop):
    score = measured(loop, Plan(calls=6), streams=3)
    assert (score.calls, score.settled, score.chunks) == (6, Counter(completed=6), 30)
    assert spread(score.first_chunk) == near(1.0, 1.0, 1.0, 1.0)
    assert spread(score.gaps) == near(0.1, 0.2, 0.3, 0.4)
    assert spread(score.answers) == near(2.0, 2.0, 2.0, 2.0)
    assert score.seconds == pytest.approx(4.0)


@LOOPS
def test_no_more_calls_at_a_time_than_calls(loop):
    assert measured(loop, Plan(calls=1), streams=3).calls == 1


@LOOPS
def test_what_goes_on_when_the_time_is_over_is_stopped(loop):
    score = measured(loop, Plan(seconds=3.15))
    assert (score.calls, score.settled.total(), score.open, score.failed) == (4, 2, 2, 0)
    assert score.chunks == 14
    assert score.seconds == pytest.approx(3.15)


@LOOPS
def test_streams_are_left_after_enough_chunks(loop):
    score = measured(loop, Plan(calls=4, chunks=2))
    assert (score.left, score.chunks) == (4, 8)
    assert score.seconds == pytest.approx(2.2)


@LOOPS
def test_a_slow_agent_does_not_hide_behind_itself(loop):
    """One call at a time takes two seconds, and one a second is due: each waits a second longer than the one before."""
    score = measured(loop, Plan(calls=4, rate=1.0), streams=1)
    assert spread(score.late) == near(0.0, 1.0, 2.0, 3.0)
    assert spread(score.first_chunk) == near(1.0, 2.0, 3.0, 4.0)
    assert score.seconds == pytest.approx(8.0)


@LOOPS
def test_with_streams_to_spare_calls_are_made_when_they_are_due(loop):
    score = measured(loop, Plan(calls=4, rate=1.0), streams=4)
    assert (score.late.most, score.seconds) == (pytest.approx(0.0, abs=1e-6), pytest.approx(5.0))


@LOOPS
def test_a_call_that_was_due_but_not_made_is_no_call(loop):
    assert measured(loop, Plan(seconds=2.5, rate=1.0), streams=5).calls == 3


@LOOPS
def test_an_agent_that_fails(loop):
    score = measured(loop, Plan(calls=3), said="fail")
    assert (score.mistakes["failed"].count, score.worked, score.chunks) == (3, 0, 0)


@LOOPS
def test_an_agent_that_is_silent(loop):
    score = measured(loop, Plan(calls=2), said="never", timeout=5.0)
    assert {kind: str(each.first) for kind, each in score.mistakes.items()} == {
        "timeout": "there was no end after 5 seconds"
    }
    assert score.failed == 2
    assert score.seconds == pytest.approx(5.0)
