"""Running, which is what all drivers have in common: no loop, no connection, only what it is told and asked."""

import socket
from collections import deque
from itertools import islice

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

import hocket_io.asyncio
import hocket_io.blocking
import hocket_io.trio
from hocket.errors import ConnectionFailed, LocalProtocolError
from hocket_io.drivers.running import Bounds, Running
from support.virtual_time import VirtualTime


@define(eq=False)
class Script:
    """An endpoint whose events are the bytes it was given, and which answers each of them with ten others."""

    is_closed: bool = False
    alarm: float | None = None
    ended: int = 0
    rung: list = field(factory=list)
    _events: deque = field(factory=deque)
    _pieces: list = field(factory=list)

    def say(self, event):
        self._events.append(event)

    def receive_data(self, data, now):
        self._events += data
        self._pieces += [bytes([each]) * 10 for each in data]

    def receive_eof(self, now):
        self.ended += 1
        self._events.append("eof")

    def handle_timeout(self, now):
        self.rung.append(now)

    def next_event(self):
        return self._events.popleft() if self._events else None

    def data_to_send(self):
        pieces, self._pieces = self._pieces[:3], self._pieces[3:]  # never all at once, as a HubPipe does
        return pieces

    def next_timeout(self):
        return self.alarm


def running(on_event=None, *, unsent=25, unread=5, linger=10.0):
    return Running(Script(), on_event, Bounds(unsent, unread, linger))


def written(run, held=0):
    pieces = []
    while more := run.take(held + sum(map(len, pieces))):
        pieces += more
    return b"".join(pieces)


STEPS = st.one_of(
    st.tuples(st.just("receive"), st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("write"), st.integers(1, 60)),
    st.tuples(st.just("read"), st.integers(1, 10)),
)


@given(st.lists(STEPS, max_size=30), st.booleans())
def test_every_event_is_told_once_in_order_and_no_more_is_held_than_the_limits_say(steps, reads):
    """A driver as it is meant to be: it hands in nothing unless that is wanted, and takes all there is."""
    told, given_in, out, held, came = [], b"", b"", b"", []
    run = running(None if reads else told.append)
    for what, value in steps:
        match what:
            case "receive" if run.wants_more:
                given_in += value
                run.receive(value, 0.0)
            case "write":
                out, held = out + held[:value], held[value:]
            case "read" if reads:
                came += islice(run.unread_events(), value)
        assert run.tell(0.0)
        before = len(held)
        held += written(run, before)
        assert len(held) <= max(before, run.bounds.unsent + 30)  # the last piece that still had room
        assert run.is_full == (len(held) > run.bounds.unsent)
        if run.is_full:
            assert not run.wants_more
    while held or run.is_full:
        out, held = out + held, b""
        held += written(run)
    assert out == b"".join(bytes([each]) * 10 for each in given_in)
    assert ([*came, *run.unread_events()] if reads else told) == [*given_in]


def test_beyond_unread_events_nothing_more_is_wanted_until_some_are_taken():
    run = running(unread=3, unsent=10_000)
    run.receive(b"abc", 0.0)
    run.tell(0.0)
    assert run.wants_more
    run.receive(b"d", 0.0)
    run.tell(0.0)
    assert not run.wants_more
    assert next(run.unread_events()) == ord("a")
    assert run.wants_more


def test_while_nothing_is_read_because_of_unread_events_the_endpoint_has_no_time():
    """What it waits for may be there, and unread: after that, it is listened to for a second first."""
    run = running(unread=3, unsent=10_000)
    run.endpoint.alarm = 50.0
    run.begin(deadline=500.0)
    run.receive(b"abcd", 0.0)
    run.tell(0.0)
    assert run.next_timeout() == 500.0
    run.handle_timeout(60.0)
    assert run.endpoint.rung == []
    assert len([*run.unread_events()]) == 4
    run.tell(70.0)
    assert run.next_timeout() == 71.0
    run.tell(70.5)
    run.handle_timeout(70.9)
    assert run.endpoint.rung == []
    run.handle_timeout(71.0)
    assert run.endpoint.rung == [71.0]
    run.endpoint.alarm = None
    assert run.next_timeout() == 500.0


def test_the_end_counts_once():
    told = []
    run = running(told.append)
    run.receive(b"", 0.0)
    assert not run.wants_more
    run.receive(b"", 0.0)
    run.finish(0.0)
    assert run.endpoint.ended == 1
    assert told == ["eof"]
    assert run.is_closed
    assert run.is_dropped


def test_close_lets_all_be_taken_before_the_connection_is_left():
    run = running(lambda event: None)
    run.receive(b"x" * 20, 0.0)
    run.close()
    run.tell(5.0)
    assert not run.wants_more
    written(run)
    assert run.is_full
    assert not run.is_leaving
    assert run.next_timeout() == 15.0
    while written(run):
        pass
    assert run.is_leaving


def test_closing_has_a_limit_which_further_calls_do_not_move():
    run = running(lambda event: None)
    run.close()
    for now in (5.0, 8.0, 14.0):
        run.tell(now)
    assert run.next_timeout() == 15.0
    run.handle_timeout(14.9)
    assert not run.is_dropped
    run.handle_timeout(15.0)
    assert run.is_dropped
    with pytest.raises(ConnectionFailed, match=r"did not take what was left in 10 seconds \(linger\)"):
        run.raise_failure()


def test_an_endpoint_that_is_closed_has_the_same_limit():
    run = running(lambda event: None)
    run.endpoint.is_closed, run.endpoint.alarm = True, 2.0  # which it has no use for any more
    run.tell(1.0)
    assert run.is_leaving
    assert not run.wants_more
    assert run.next_timeout() == 11.0


@pytest.mark.parametrize(
    ("deadline", "alarm", "at"), [(None, None, None), (9.0, None, 9.0), (9.0, 4.0, 4.0), (3.0, 4.0, 3.0)]
)
def test_the_first_of_deadline_and_alarm_comes_first(deadline, alarm, at):
    run = running(lambda event: None)
    run.begin(deadline)
    run.endpoint.alarm = alarm
    assert run.next_timeout() == at
    if at is not None:
        run.handle_timeout(at)
        assert run.is_dropped == (at == deadline)
        assert run.endpoint.rung == ([] if at == deadline else [at])
    if at == deadline and at is not None:
        with pytest.raises(ConnectionFailed, match="the connection was not over by its deadline"):
            run.raise_failure()


def test_of_a_deadline_and_the_time_that_closing_may_take_the_first_one_counts():
    run = running(lambda event: None, linger=10.0)
    run.begin(deadline=100.0)
    run.close()
    run.tell(5.0)
    assert run.next_timeout() == 15.0
    run.handle_timeout(15.0)
    with pytest.raises(ConnectionFailed, match="linger"):
        run.raise_failure()


def test_what_is_dropped_wants_no_more():
    run = running(lambda event: None)
    assert run.wants_more
    run.fail(ConnectionFailed("broke"))
    assert not run.wants_more


def test_the_last_events_are_told_after_a_failure_and_the_first_failure_counts():
    told = []
    run = running(told.append)
    run.fail(ConnectionFailed("first"))
    run.fail(ConnectionFailed("second"))
    run.finish(0.0)
    assert told == ["eof"]
    with pytest.raises(ConnectionFailed, match="first"):
        run.raise_failure()


def test_what_is_raised_while_something_is_told_counts_more_than_that_the_connection_broke():
    def on_event(event):
        told.append(event)
        raise KeyError

    told = []
    run = running(on_event)
    run.receive(b"ab", 0.0)
    run.fail(ConnectionFailed("broke"))
    run.finish(0.0)
    assert told == [ord("a")]
    with pytest.raises(KeyError):
        run.raise_failure()


def test_an_interrupt_while_something_is_told_goes_on_and_drops_the_connection():
    def on_event(event):
        raise KeyboardInterrupt

    run = running(on_event)
    run.receive(b"ab", 0.0)
    with pytest.raises(KeyboardInterrupt):
        run.tell(0.0)
    assert run.is_dropped
    assert not run.tell(0.0)


def test_within_what_is_told_nothing_is_told():
    told = []

    def on_event(event):
        told.append(event)
        assert not run.tell(0.0)

    run = running(on_event)
    run.receive(b"ab", 0.0)
    assert run.tell(0.0)
    assert told == [*b"ab"]


@pytest.mark.parametrize("kind", [hocket_io.asyncio.Driver, hocket_io.trio.Driver, hocket_io.blocking.Driver])
def test_drivers_have_the_same_options_with_the_same_defaults(kind):
    driver = kind(Script())
    assert (driver.unsent, driver.unread, driver.linger) == (1024 * 1024, 1024, 10.0)
    assert not driver.is_closed


def test_who_takes_the_events_is_said_before_anything_runs():
    with pytest.raises(LocalProtocolError, match=r"give the driver an on_event, or read its events\(\)"):
        hocket_io.blocking.Driver(Script()).run(None)
    with (
        pytest.raises(LocalProtocolError, match=r"events\(\) has none to give"),
        hocket_io.blocking.Driver(Script(), print).events(None),
    ):
        pass


def test_a_driver_has_one_connection():
    run = running()
    run.begin()
    with pytest.raises(LocalProtocolError, match="this driver has had its connection"):
        run.begin()


def test_what_a_command_makes_happen_while_events_are_read_is_read_before_anything_is_waited_for():
    time = VirtualTime()
    driver = hocket_io.blocking.Driver(Script(), clock=time, new_selector=time.selector)
    ours, theirs = socket.socketpair()
    with theirs, driver.events(ours, deadline=time.now + 5) as events:
        theirs.sendall(b"a")
        assert next(events) == ord("a")
        for event in ("b", "c"):
            driver.endpoint.say(event)
            assert next(events) == event
        assert time.now == 1_000.0
        with pytest.raises(ConnectionFailed, match="deadline"):
            [*events]
