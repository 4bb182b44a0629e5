"""Schedule: five attempts at growing distances, then polling; only a connection that lasts makes it forget."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.acp.reconnect import RECONNECT, GaveUp, Retry, Schedule, Turn
from hocket.backoff import Backoff


def opened(now=0.0, **options):
    schedule = Schedule(**options)
    schedule.opened(now)
    return schedule


def exhausted(now=0.0, **options):
    schedule = Schedule(backoff=Backoff(attempts=0), **options)
    assert schedule.lost(now, 0.5) == GaveUp()
    return schedule


def test_the_five_attempts_of_the_source_document():
    """`Math.pow(2, attempt) * 1000` milliseconds for the attempts 1 to 5, then the fallback to polling."""
    schedule, now, delays = opened(), 0.0, []
    for attempt in range(1, 6):
        plan = schedule.lost(now, 1.0)
        assert plan == Retry(attempt, 2.0**attempt)
        assert schedule.next_timeout() == now + plan.delay
        assert schedule.due(now + plan.delay - 0.001) is None
        now += plan.delay
        delays.append(plan.delay)
        assert schedule.due(now) is Turn.TRY
        assert schedule.due(now) is None, "told once"
        assert schedule.next_timeout() is None, "the transport tries"
    assert delays == [2, 4, 8, 16, 32]
    assert schedule.lost(now, 1.0) == GaveUp()
    assert schedule.is_exhausted


def test_the_first_connection_of_all_is_an_attempt_like_the_others():
    assert Schedule().lost(0.0, 0.25) == Retry(1, 0.5)


def test_a_loss_that_is_told_twice_counts_once():
    schedule = opened()
    assert schedule.lost(1.0, 1.0) == Retry(1, 2.0)
    assert schedule.lost(1.5, 1.0) is None
    assert schedule.next_timeout() == 3.0


def test_polling_begins_at_once_and_goes_on():
    schedule = exhausted(now=7.0)
    assert schedule.next_timeout() == 7.0
    assert [schedule.due(at) for at in (7.0, 7.0, 11.9, 12.0, 16.9, 17.0)] == [
        Turn.POLL,
        None,
        None,
        Turn.POLL,
        None,
        Turn.POLL,
    ]
    assert schedule.lost(18.0, 0.5) is None, "a poll that fails changes nothing"
    assert schedule.next_timeout() == 22.0


def test_a_connection_ends_the_polling():
    schedule = exhausted()
    schedule.opened(3.0)
    assert (schedule.is_open, schedule.is_exhausted, schedule.next_timeout()) == (True, False, None)


def test_a_connection_ends_the_waiting():
    schedule = opened()
    schedule.lost(1.0, 1.0)
    schedule.opened(1.5)
    assert schedule.is_open
    assert (schedule.next_timeout(), schedule.due(99.0)) == (None, None)


@pytest.mark.parametrize(("lasted", "attempt"), [(29.9, 2), (30.0, 1)])
def test_only_a_connection_that_lasted_thirty_seconds_makes_it_begin_anew(lasted, attempt):
    schedule = opened()
    schedule.lost(0.0 + 100, 1.0)
    schedule.due(102.0)
    schedule.opened(102.0)
    assert schedule.lost(102.0 + lasted, 1.0).attempt == attempt


def test_being_told_of_the_same_connection_again_does_not_make_it_younger():
    schedule = opened()
    schedule.lost(100.0, 1.0)
    schedule.opened(103.0)
    schedule.opened(120.0)
    assert schedule.lost(133.0, 1.0) == Retry(1, 2.0)


def test_a_hub_that_drops_every_connection_at_once_is_given_up():
    schedule, now, plans = Schedule(), 0.0, []
    while not schedule.is_exhausted:
        schedule.opened(now)
        plans.append(schedule.lost(now + 1.0, 1.0))
        now = schedule.next_timeout()
        schedule.due(now)
    assert plans == [Retry(1, 2.0), Retry(2, 4.0), Retry(3, 8.0), Retry(4, 16.0), Retry(5, 32.0), GaveUp()]


def test_after_polling_a_connection_that_breaks_soon_is_given_up_at_once():
    schedule = exhausted()
    schedule.opened(3.0)
    assert schedule.lost(4.0, 0.5) == GaveUp()


def test_polls_that_are_answered_lead_to_another_attempt_once_in_a_while():
    schedule = exhausted(now=0.0)
    assert [schedule.polled(at) for at in (5.0, 29.9, 30.0, 35.0, 60.0)] == [False, False, True, False, True]
    assert schedule.is_exhausted, "the polls go on beside the attempt"
    schedule.opened(61.0)
    assert schedule.polled(1_000.0) is False


@pytest.mark.parametrize("option", ["stable", "poll"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_options_are_seconds_above_0(option, value):
    with pytest.raises(ValueError, match=option):
        Schedule(**{option: value})


HISTORY = st.lists(
    st.tuples(
        st.sampled_from(["opened", "lost", "due", "polled"]), st.floats(0, 40), st.floats(0, 1, exclude_max=True)
    ),
    max_size=80,
)


@given(HISTORY)
def test_there_is_always_something_to_wait_for_and_never_more_than_five_attempts_in_a_row(history):
    schedule, now, planned, opened_at = Schedule(), 0.0, 0, None
    is_trying = True
    for what, pause, random in history:
        now += pause
        match what:
            case "opened":
                opened_at = now if not schedule.is_open else opened_at
                schedule.opened(now)
                is_trying = False
            case "lost":
                if schedule.is_open and now - opened_at >= 30.0:
                    planned = 0
                plan = schedule.lost(now, random)
                is_trying = is_trying and plan is None
                if isinstance(plan, Retry):
                    planned += 1
                    assert plan.attempt == planned
                    assert plan.attempt <= RECONNECT.attempts
                    assert 0 <= plan.delay <= 2.0**plan.attempt
                    assert schedule.next_timeout() == now + plan.delay
                elif isinstance(plan, GaveUp):
                    assert planned == RECONNECT.attempts
            case "due":
                at = schedule.next_timeout()
                turn = schedule.due(now)
                assert (turn is not None) == (at is not None and at <= now)
                is_trying = is_trying or turn is Turn.TRY
            case "polled":
                assert schedule.polled(now) is False or schedule.is_exhausted
        is_waiting = schedule.next_timeout() is not None
        assert [schedule.is_open, is_trying, is_waiting].count(True) == 1, "never stuck, never two things at once"
