"""Moments in texts: RFC 3339, as the wire has it and as other people write it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.timestamps import moment, timestamp

YEAR_2000 = 946_684_800_000_000_000


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("2000-01-01T00:00:00Z", 0),
        ("2000-01-01t00:00:00z", 0),
        ("2000-01-01 00:00:00+00:00", 0),
        ("2000-01-01T00:00:00.1Z", 100_000_000),
        ("2000-01-01T00:00:00.123456789Z", 123_456_789),
        ("2000-01-01T00:00:00.1234567899Z", 123_456_789),
        ("2000-01-01T01:30:00+01:30", 0),
        ("1999-12-31T19:00:00-05:00", 0),
        ("1999-12-31T23:59:60Z", 0),
    ],
)
def test_what_names_a_moment(text, after):
    assert moment(text) == YEAR_2000 + after


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2000-01-01",
        "2000-01-01T00:00:00",
        "2000-01-01T00:00Z",
        "2000-1-1T00:00:00Z",
        "2000-13-01T00:00:00Z",
        "2000-02-30T00:00:00Z",
        "2000-01-01T24:00:00Z",
        "2000-01-01T00:60:00Z",
        "2000-01-01T00:00:61Z",
        "2000-01-01T00:00:00.Z",
        "2000-01-01T00:00:00+24:00",
        "2000-01-01T00:00:00+00:60",
        "2000-01-01T00:00:00Z\n",
        "0000-01-01T00:00:00Z",
        "２000-01-01T00:00:00Z",
    ],
)
def test_what_names_none(text):
    assert moment(text) is None


@given(
    st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),
    st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_any_zone_names_the_same_moment(at, zone):
    since = at - datetime(1970, 1, 1)
    expected = (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000
    assert moment(at.replace(tzinfo=UTC).astimezone(zone).isoformat()) == expected


@given(st.integers(0, 10**13))
def test_what_we_write_we_read(milliseconds):
    assert abs(moment(timestamp(milliseconds / 1_000)) - milliseconds * 1_000_000) <= 1_000_000
