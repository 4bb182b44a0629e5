"""Retry-After: seconds, or a date that is held against the server's own clock; and whatever else may stand there."""

import email.utils
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.http.retry_after import seconds_to_wait

TIMES = st.datetimes(datetime(1000, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC)).map(
    lambda time: time.replace(microsecond=0)
)


@given(TIMES, st.integers(-1_000_000, 1_000_000_000))
def test_a_date_counts_from_the_date_of_the_response(now, seconds):
    then = now + timedelta(seconds=seconds)
    fields = {
        name: email.utils.format_datetime(time, usegmt=True) for name, time in [("date", now), ("retry-after", then)]
    }
    assert seconds_to_wait(fields) == max(0, seconds)


@given(st.integers(0, 999_999_999))
def test_seconds_are_seconds(seconds):
    assert seconds_to_wait({"retry-after": f" {seconds} "}) == seconds


NOW = "Wed, 31 Dec 2025 23:59:30 GMT"
THEN = "Thu, 01 Jan 2026 00:00:00 GMT"


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("", NOW),
        ("-1", NOW),
        ("1.5", NOW),
        ("1000000000", NOW),
        ("٣", NOW),
        (THEN, ""),
        (THEN, "now"),
        ("Thu, 32 Jan 2026 00:00:00 GMT", NOW),
        ("Thu, 01 Jan 0000 00:00:00 GMT", NOW),
        ("Thu, 01 Jan 2026 00:00:60 GMT", NOW),
        ("Thu, 01 Jan 2026 00:00:00 CET", NOW),
        ("Thu, ٠1 Jan 2026 00:00:00 GMT", NOW),
    ],
)
def test_what_cannot_be_read_asks_for_nothing(value, date):
    assert seconds_to_wait({"retry-after": value, "date": date}) == 0


@given(st.dictionaries(st.sampled_from(["retry-after", "date"]), st.text(max_size=40)))
def test_nothing_makes_it_raise(fields):
    assert seconds_to_wait(fields) >= 0
