"""Clients whose connection breaks: their streams go on over the next one, or say why they do not."""

from contextlib import aclosing

import anyio
import pytest
import trio.testing
from attrs import define, field

from hocket.a2a import GetTaskRequest, Operation, Outcome, SubscribeToTaskRequest
from hocket.backoff import Backoff
from hocket.errors import (
    AuthenticationError,
    ConnectionFailed,
    HocketError,
    LimitExceeded,
    LocalProtocolError,
    RequestTimeout,
)
from hocket_io.pipes.options import PipeOptions
from hocket_io.reconnecting import blocking as blocking_reconnecting
from hocket_io.reconnecting.blocking import BlockingReconnectingTransport
from hocket_io.reconnecting.transport import ReconnectingTransport
from support.arrivals import blocking_events_of, events_of
from support.lines_that_break import AsyncLine, BlockingLine, Clock, Connection
from support.messages import user_says
from support.wire import DONE, TASK, chunk

STEADY = Backoff(base=1.0, attempts=3, jitter=False)
CUT = ConnectionFailed("the line is cut")
GONE = ConnectionFailed("nobody is there")
END = {"result": {"state": "completed", "offset": 4}}
BEGINNING = [(1, {"task": TASK}), (2, chunk("one "))]
REST = [(3, chunk("two")), (4, DONE), END]
STREAM = (Operation.STREAM, user_says("Ada"))
GET = (Operation.GET, GetTaskRequest(id="t"))
ANSWER = {"result": TASK}


@define(eq=False)
class World:
    """A client at connections that were written beforehand; an exception stands for one that cannot be had."""

    plan: list
    resume: Backoff | None = STEADY
    extensions: tuple = ()
    timeout: float | None = None
    made: int = 0
    lines: list = field(factory=list)
    """The connections as pipes, which a client has made."""

    def next_connection(self):
        assert self.made < len(self.plan), "nobody asked for another connection"
        self.made += 1
        connection = self.plan[self.made - 1]
        if isinstance(connection, Exception):
            raise connection
        return connection

    @property
    def asked(self):
        return [request for each in self.plan if isinstance(each, Connection) for request in each.asked]

    @property
    def methods(self):
        return [request["method"] for request in self.asked]


@define
class Told:
    """What came of one call."""

    at: float
    events: list = field(factory=list)
    answer: object = None
    error: HocketError | None = None
    outcome: Outcome | None = None

    @property
    def words(self):
        return [event.text or event.kind for event in self.events]


async def in_trio(world, *calls):
    def open_pipe():
        return AsyncLine(world.next_connection())

    results = []
    options = PipeOptions(extensions=world.extensions, timeout=world.timeout, peer="the peer")
    async with ReconnectingTransport(open_pipe, options, world.resume) as transport:
        for operation, params, *seen in calls:
            await anyio.wait_all_tasks_blocked()
            begun = anyio.current_time()
            call = await transport.start(operation, params, *seen)
            told = Told(begun)
            try:
                if call.is_streaming:
                    async for event in events_of(transport, call):
                        told.events.append(event)
                else:
                    told.answer = await transport.answer(call)
            except HocketError as error:
                told.error = error
            told.at, told.outcome = anyio.current_time() - begun, call.outcome
            results.append(told)
    return results


def blocking(world, *calls):
    clock, results = Clock(), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocking_reconnecting, "time", clock)

        def open_pipe():
            return BlockingLine(world.next_connection(), clock)

        options = PipeOptions(extensions=world.extensions, timeout=world.timeout, peer="the peer")
        with BlockingReconnectingTransport(open_pipe, options, world.resume) as transport:
            for operation, params, *seen in calls:
                told = Told(clock.now)
                call = transport.start(operation, params, *seen)
                try:
                    if call.is_streaming:
                        told.events.extend(blocking_events_of(transport, call))
                    else:
                        told.answer = transport.answer(call)
                except HocketError as error:
                    told.error = error
                told.at, told.outcome = clock.now - told.at, call.outcome
                results.append(told)
    return results


@pytest.fixture(params=["trio", "blocking"])
def ask(request):
    """Makes calls one after the other in a world; nobody waits for real."""

    def in_no_time(world, *calls):
        clock = trio.testing.MockClock(autojump_threshold=0)
        return anyio.run(in_trio, world, *calls, backend="trio", backend_options={"clock": clock})

    def ask(world, *calls):
        results = (blocking if request.param == "blocking" else in_no_time)(world, *calls)
        assert all(not each.is_open for each in world.plan if isinstance(each, Connection)), "hung up"
        return results

    return ask


def test_a_stream_goes_on_where_it_was_once_there_is_a_connection_again(ask):
    world = World([Connection([[*BEGINNING, CUT]]), GONE, GONE, Connection([REST])])
    (told,) = ask(world, STREAM)
    assert told.words == ["task", "one ", "cut", "resumed", "two", "status"]
    assert told.outcome is Outcome.SETTLED
    assert "the line is cut" in str(told.events[2].error)
    assert world.methods == ["SendStreamingMessage", "SubscribeToTask"]
    assert world.asked[1]["params"]["_meta"]["headers"] == {"A2A-Version": "1.0", "Last-Event-ID": "2"}
    assert told.at == pytest.approx(1 + 2 + 4)


def test_it_is_given_up_after_so_many_attempts(ask):
    world = World([Connection([[*BEGINNING, CUT]]), GONE, GONE, GONE])
    (told,) = ask(world, STREAM)
    assert told.words == ["task", "one ", "cut", "cut"]
    assert told.outcome is Outcome.CUT
    assert "nobody is there; it could not be resumed in 3 attempts" in str(told.events[-1].error)


def test_nothing_is_resumed_unless_it_is_wanted(ask):
    world = World([Connection([[*BEGINNING, CUT]])], resume=None)
    (told,) = ask(world, STREAM)
    assert told.words == ["task", "one ", "cut"]
    assert told.events[-1].done


def test_credentials_that_are_taken_no_longer_end_a_stream_at_once(ask):
    world = World([Connection([[*BEGINNING, CUT]]), AuthenticationError("HTTP 401")])
    (told,) = ask(world, STREAM)
    assert told.words == ["task", "one ", "cut", "cut"]
    assert "HTTP 401" in str(told.events[-1].error)
    assert told.at == pytest.approx(1)


def test_an_end_that_would_be_the_same_the_next_time_is_the_end(ask):
    world = World([Connection([[*BEGINNING, AuthenticationError("the token has run out (4001)")]])])
    (told,) = ask(world, STREAM)
    assert told.words == ["task", "one ", "error"]
    assert isinstance(told.events[-1].error, AuthenticationError)


def test_a_connection_that_ended_while_nobody_asked_is_made_again(ask):
    world = World([Connection([[ANSWER]], end=CUT), Connection([[ANSWER], [*BEGINNING, *REST]])])
    got, told = ask(world, GET, STREAM)
    assert got.answer.id == "t"
    assert got.at == 0
    assert told.words == ["task", "one ", "two", "status"]
    assert world.made == 2


def test_a_call_that_finds_nobody_fails_at_once_and_the_next_one_tries_again(ask):
    refused = AuthenticationError("HTTP 403")
    world = World([Connection([], end=CUT), GONE, GONE, refused, Connection([[ANSWER]])])
    first, stream, third, fourth = ask(world, GET, STREAM, STREAM, GET)
    assert (first.error, stream.error, third.error) == (GONE, GONE, refused)
    assert stream.events == third.events == []
    assert fourth.answer.id == "t"
    assert first.at == stream.at == third.at == 0


def test_what_was_asked_when_the_connection_broke_is_not_asked_again(ask):
    world = World([Connection([[CUT]]), Connection([[CUT]]), Connection([[ANSWER]])])
    got, told, after = ask(world, GET, STREAM, GET)
    assert got.error is CUT
    assert told.words == ["cut"]
    assert "the line is cut; the agent may be at work on the message all the same" in str(told.events[0].error)
    assert after.answer.id == "t"


def test_a_subscription_goes_on_after_what_its_reader_has_seen(ask):
    world = World([Connection([[CUT]]), Connection([REST])])
    (told,) = ask(world, (Operation.SUBSCRIBE, SubscribeToTaskRequest(id="t"), 2))
    assert [request["params"]["_meta"]["headers"]["Last-Event-ID"] for request in world.asked] == ["2", "2"]
    assert told.outcome is Outcome.SETTLED


def test_an_agent_that_does_not_stream_is_looked_at_until_its_task_has_settled(ask):
    refusal = {"error": {"code": -32004, "message": "does not stream"}}
    done = {"result": {**TASK, "status": {"state": "TASK_STATE_COMPLETED"}}}
    world = World([Connection([[refusal], [{"result": {"task": TASK}}], [ANSWER], [done]])])
    (told,) = ask(world, STREAM)
    assert world.methods == ["SendStreamingMessage", "SendMessage", "GetTask", "GetTask"]
    assert told.outcome is Outcome.SETTLED
    assert told.at == pytest.approx(1 + 2)


def test_extensions_are_asked_for_in_every_call(ask):
    world = World([Connection([[*BEGINNING, CUT]]), Connection([REST])], extensions=("urn:a", "urn:b"))
    ask(world, STREAM)
    told = [request["params"]["_meta"]["headers"]["A2A-Extensions"] for request in world.asked]
    assert told == ["urn:a, urn:b"] * 2


def test_a_question_that_nobody_answers_is_given_up_after_the_timeout(ask):
    world = World([Connection([[], [], [ANSWER]])], timeout=5.0)
    got, told, after = ask(world, GET, STREAM, GET)
    for silent in got.error, told.events[0].error:
        assert isinstance(silent, RequestTimeout)
        assert str(silent) == "the peer was silent for 5 seconds (timeout=, its read phase)"
    assert (got.at, told.at) == (5, 5)
    assert after.answer.id == "t"


def test_a_stream_may_be_silent_for_longer_but_not_where_it_should_be_resumed(ask):
    world = World([Connection([[*BEGINNING, CUT]]), Connection([[], REST])], timeout=5.0)
    (told,) = ask(world, STREAM)
    assert told.words == ["task", "one ", "cut", "resumed", "two", "status"]
    assert told.at == pytest.approx(1 + 5 + 2)


def test_what_is_over_a_limit_is_not_asked_for_again(ask):
    world = World([Connection([[*BEGINNING, LimitExceeded("frame", 100)]])])
    (told,) = ask(world, STREAM)
    assert told.words == ["task", "one ", "error"]
    assert "raise the limit frame" in str(told.events[-1].error)


def test_a_connection_that_takes_nothing_more_is_over_for_the_reason_that_it_gives(ask):
    world = World([Connection([], is_deaf=True, end=CUT), Connection([[ANSWER]])])
    got, after = ask(world, GET, GET)
    assert got.error is CUT
    assert after.answer.id == "t"


def test_the_server_is_told_that_nobody_wants_the_rest_of_a_stream():
    world = World([Connection([BEGINNING])])
    with BlockingReconnectingTransport(lambda: BlockingLine(world.next_connection(), Clock())) as transport:
        events = blocking_events_of(transport, transport.start(*STREAM))
        assert next(events).kind == "task"
        events.close()
        assert world.methods == ["SendStreamingMessage", "$/cancelRequest"]


def test_the_server_is_told_so_on_a_loop_too(run):
    world = World([Connection([BEGINNING])])

    async def talk():
        async with ReconnectingTransport(lambda: AsyncLine(world.next_connection())) as transport:
            async with aclosing(events_of(transport, await transport.start(*STREAM))) as events:
                assert (await anext(events)).kind == "task"
            await anyio.wait_all_tasks_blocked()
            assert world.methods == ["SendStreamingMessage", "$/cancelRequest"]

    run(talk)


def test_who_does_not_read_the_events_is_not_read_from_either(run):
    connection = Connection([[(1, {"task": TASK})] + [(number, chunk("x")) for number in range(2, 2_002)]])

    async def talk():
        async with (
            ReconnectingTransport(lambda: AsyncLine(connection)) as transport,
            aclosing(events_of(transport, await transport.start(*STREAM))) as events,
        ):
            assert (await anext(events)).kind == "task"
            await anyio.wait_all_tasks_blocked()
            assert 1_000 < connection.read < 1_100
            for _ in range(2_000):
                await anext(events)
            assert connection.read == 2_001

    run(talk)


def test_a_client_without_a_loop_serves_one_thread():
    connection = Connection([[ANSWER]])
    refusals = []

    def meanwhile():
        connection.on_receive = None
        for attempt in (lambda: transport.start(*GET), lambda: transport.answer(call)):
            with pytest.raises(LocalProtocolError, match="serves one thread at a time") as refused:
                attempt()
            refusals.append(refused)

    with BlockingReconnectingTransport(lambda: BlockingLine(connection, Clock())) as transport:
        answered, call = transport.start(*GET), transport.start(*GET)
        connection.on_receive = meanwhile
        assert transport.answer(answered).id == "t"
    assert len(refusals) == 2


@pytest.mark.parametrize("error", [GONE, AuthenticationError("HTTP 401"), LocalProtocolError("no such header")])
def test_a_first_connection_that_cannot_be_had_is_an_error(ask, error):
    with pytest.raises(type(error), match=str(error)):
        ask(World([error]))
