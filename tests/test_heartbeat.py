"""Heartbeat: asks after silence, gives up after more of it, and is content with any sign of life."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.heartbeat import Beat, Heartbeat, Pulse

OPTIONS = Heartbeat(interval=10.0, timeout=4.0)


def started():
    pulse = Pulse(OPTIONS)
    pulse.heard(now=100.0)
    return pulse


def test_silence_is_asked_after_and_then_given_up():
    pulse = started()
    assert pulse.next_timeout() == 110.0
    assert pulse.check(now=109.9) is None
    assert pulse.check(now=110.0) is Beat.PING
    assert pulse.next_timeout() == 114.0
    assert pulse.check(now=113.9) is None
    assert pulse.check(now=114.0) is Beat.DEAD
    assert pulse.next_timeout() is None
    assert pulse.check(now=1000.0) is None


def test_any_sign_of_life_begins_anew():
    pulse = started()
    assert pulse.check(now=110.0) is Beat.PING
    pulse.heard(now=113.0)
    assert pulse.next_timeout() == 123.0
    assert pulse.check(now=114.0) is None
    assert pulse.check(now=123.0) is Beat.PING


def test_the_dead_do_not_rise():
    pulse = started()
    pulse.check(now=110.0)
    pulse.check(now=114.0)
    pulse.heard(now=115.0)
    assert pulse.next_timeout() is None


def test_a_driver_that_was_held_up_still_gives_the_peer_its_time():
    pulse = started()
    assert pulse.check(now=500.0) is Beat.PING
    assert pulse.check(now=503.9) is None
    assert pulse.check(now=504.0) is Beat.DEAD


@pytest.mark.parametrize("now", [-5.0, 0.0, 7.0])
def test_the_clock_starts_with_the_first_check(now):
    pulse = Pulse(OPTIONS)
    assert pulse.next_timeout() == -math.inf
    assert pulse.check(now) is None
    assert pulse.next_timeout() == now + 10.0


@given(st.lists(st.tuples(st.integers(0, 240).map(lambda eighths: eighths / 8), st.booleans()), max_size=40))
def test_dead_means_asked_and_silent_for_the_whole_timeout(steps):
    pulse, now = Pulse(OPTIONS), 0.0
    pulse.heard(now)
    heard, asked = now, None
    for wait, sign in steps:
        now += wait
        if sign:
            pulse.heard(now)
            heard, asked = now, None
            continue
        match pulse.check(now):
            case Beat.PING:
                assert asked is None
                assert now - heard >= 10.0
                asked = now
            case Beat.DEAD:
                assert asked is not None
                assert now >= asked + 4.0
                return
            case None:
                assert now < (heard + 10.0 if asked is None else asked + 4.0)


@pytest.mark.parametrize(
    "options", [{"interval": 0.0}, {"interval": math.inf}, {"timeout": -1.0}, {"timeout": math.nan}]
)
def test_options_that_make_no_sense_are_refused_by_name(options):
    (name,) = options
    with pytest.raises(ValueError, match=name):
        Heartbeat(**options)
