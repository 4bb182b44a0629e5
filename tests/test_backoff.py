"""Backoff: delays grow, stop growing, and never overflow."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.backoff import Backoff

positive = st.floats(1e-6, 1e6) | st.floats(1e-300, 1e300)
backoffs = st.builds(Backoff, base=positive, factor=st.floats(1.0, 100.0), maximum=positive, jitter=st.booleans())


@given(backoffs, st.integers(0, 10**400), st.floats(0, 1, exclude_max=True))
def test_a_delay_is_never_negative_and_never_over_the_maximum(backoff, attempt, random):
    assert 0 <= backoff.delay(attempt, random) <= backoff.maximum


@given(backoffs, st.integers(0, 2000))
def test_delays_never_shrink(backoff, attempt):
    assert backoff.delay(attempt) <= backoff.delay(attempt + 1)


@given(backoffs, st.integers(0, 40))
def test_a_delay_is_the_power_cut_at_the_maximum(backoff, attempt):
    expected = min(Fraction(backoff.base) * Fraction(backoff.factor) ** attempt, Fraction(backoff.maximum))
    assert math.isclose(backoff.delay(attempt, 1.0), float(expected), rel_tol=1e-9)


@given(st.integers(0, 50), st.floats(0, 1, exclude_max=True))
def test_jitter_takes_a_random_part_and_only_if_asked_for(attempt, random):
    whole = Backoff(jitter=False).delay(attempt)
    assert Backoff().delay(attempt, random) == whole * random
    assert Backoff(jitter=False).delay(attempt, random) == whole


def test_the_first_delay_is_the_base_and_the_attempts_are_counted():
    backoff = Backoff(base=0.5, factor=3.0, maximum=10.0, attempts=3, jitter=False)
    assert [backoff.delay(attempt) for attempt in range(4)] == [0.5, 1.5, 4.5, 10.0]
    assert [backoff.allows(attempt) for attempt in range(5)] == [True, True, True, False, False]
    assert not Backoff(attempts=0).allows(0)
    assert Backoff(base=20.0, maximum=5.0, jitter=False).delay(0) == 5.0


@pytest.mark.parametrize(
    "options",
    [
        {"base": 0.0},
        {"base": -1.0},
        {"base": math.nan},
        {"base": math.inf},
        {"factor": 0.99},
        {"factor": math.nan},
        {"factor": math.inf},
        {"maximum": 0.0},
        {"maximum": math.inf},
        {"attempts": -1},
    ],
)
def test_options_that_make_no_sense_are_refused_by_name(options):
    (name,) = options
    with pytest.raises(ValueError, match=name):
        Backoff(**options)


@pytest.mark.parametrize(("attempt", "random"), [(-1, 0.5), (0, -0.1), (0, 1.1), (0, math.nan)])
def test_arguments_that_make_no_sense_are_refused(attempt, random):
    with pytest.raises(ValueError, match=r"attempt|random"):
        Backoff().delay(attempt, random)


def test_a_power_beyond_the_floats_can_belong_to_a_delay_that_is_one():
    backoff = Backoff(base=1e-300, factor=10.0, maximum=1e300, jitter=False)
    assert math.isclose(backoff.delay(400), 1e100, rel_tol=1e-9)
