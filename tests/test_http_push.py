"""Push notifications over HTTP, without sockets: what goes with one, and what follows from each answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.a2a import PushRules
from hocket.a2a.requests import AuthenticationInfo, TaskPushNotificationConfig
from hocket.backoff import Backoff
from hocket.http.push import Again, GiveUp, Next, PushReceiver, push_headers, retry_after
from hocket.timestamps import http_date, http_moment

BEARER = AuthenticationInfo(scheme="Bearer", credentials="c")


def headers(dialect, **more):
    config = TaskPushNotificationConfig(url="https://receiver.example:8443/hook", **more)
    return dict(push_headers(config, PushRules().read(config.url), dialect))


def test_the_header_of_1_0():
    assert headers("1.0", token="tok", authentication=BEARER) == {
        "host": "receiver.example:8443",
        "content-type": "application/a2a+json",
        "a2a-version": "1.0",
        "x-a2a-notification-token": "tok",
        "authorization": "Bearer c",
    }


def test_the_header_of_0_3():
    assert headers("0.3", token="tok", authentication=BEARER) == {
        "host": "receiver.example:8443",
        "content-type": "application/json",
        "x-a2a-notification-token": "tok",
        "authorization": "Bearer c",
    }


@pytest.mark.parametrize(
    "authentication",
    [None, AuthenticationInfo(scheme="Bearer"), AuthenticationInfo(credentials="c"), AuthenticationInfo()],
)
def test_there_is_no_authorization_without_scheme_and_credentials(authentication):
    assert set(headers("0.3", authentication=authentication)) == {"host", "content-type"}


SLOW = Backoff(base=1.0, factor=2.0, maximum=30.0, attempts=3, jitter=False)


def answered(receiver, status, fields=(), unix_now=0.0):
    return receiver.answered(status, fields, unix_now=unix_now, random=0.5)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_it_is_taken(status):
    assert answered(PushReceiver(SLOW), status) == Next()


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 599, 999])
def test_it_is_sent_again(status):
    assert answered(PushReceiver(SLOW), status) == Again(delay=1.0, reason=f"it answered {status}")


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 409, 413, 415, 422, 101])
def test_it_is_refused_and_the_next_one_is_sent(status):
    assert answered(PushReceiver(SLOW), status) == Next(refusal=f"it answered {status}")


def test_who_is_gone_is_given_up_at_once():
    assert isinstance(answered(PushReceiver(SLOW), 410), GiveUp)


def test_failures_in_a_row_are_counted_and_one_success_forgets_them():
    receiver = PushReceiver(SLOW)
    steps = [receiver.failed("it is down", random=0.5), answered(receiver, 500), answered(receiver, 404)]
    assert steps == [
        Again(delay=1.0, reason="it is down"),
        Again(delay=2.0, reason="it answered 500"),
        Next(refusal="it answered 404"),
    ]
    assert answered(receiver, 200) == Next()
    assert [answered(receiver, 503).delay for _ in range(3)] == [1.0, 2.0, 4.0]
    assert answered(receiver, 503) == GiveUp(reason="it answered 503, and failed 4 times in a row")


def test_who_refuses_everything_is_given_up():
    receiver = PushReceiver(SLOW)
    assert [isinstance(answered(receiver, 401), Next) for _ in range(4)] == [True, True, True, False]


def test_the_delay_has_jitter():
    receiver = PushReceiver(Backoff(base=8.0))
    assert receiver.failed("", random=0.25).delay == 2.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 20.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),  # past
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("Thu, 99 Jan 1970 00:02:00 GMT", None),
        ("9" * 400, None),
        ("", None),
    ],
)
def test_retry_after_in_both_forms(text, seconds):
    assert retry_after((("date", "0"), ("retry-after", text)), 100.0) == seconds
    assert retry_after((), 100.0) is None


@pytest.mark.parametrize(("asked", "waited"), [("0", 1.0), ("7", 7.0), ("86400", 30.0)])
def test_a_receiver_may_ask_for_time_up_to_the_longest_delay(asked, waited):
    assert answered(PushReceiver(SLOW), 429, (("retry-after", asked),)).delay == waited


@given(st.integers(0, 253_402_300_799))
def test_a_date_of_http_names_the_moment_it_was_made_of(second):
    assert http_moment(http_date(second)) == second


@given(st.tuples(*[st.integers(0, 99)] * 4), st.sampled_from(["Jan", "Feb", "Dec"]), st.integers(0, 9_999))
def test_a_date_that_does_not_exist_names_no_moment(numbers, month, year):
    day, hour, minute, second = [f"{number:02d}" for number in numbers]
    text = f"Mon, {day} {month} {year:04d} {hour}:{minute}:{second} GMT"
    moment = http_moment(text)
    assert moment is None or http_date(moment)[5:] == text[5:]
    is_one = 1 <= numbers[0] <= 28 and numbers[1] < 24 and numbers[2] < 60 and numbers[3] < 60 and year > 0
    assert moment is not None or not is_one


@given(st.lists(st.integers(100, 599) | st.none(), max_size=30), st.integers(0, 5))
def test_what_follows_is_as_the_page_says(answers, attempts):
    """docs/push.md: taken, sent again, refused; one failure more in a row than `attempts`, or 410, is the end."""
    receiver, row = PushReceiver(Backoff(attempts=attempts)), 0
    for status in answers:
        step = receiver.failed("down", random=0.0) if status is None else answered(receiver, status)
        is_taken = status is not None and 200 <= status <= 299
        row = 0 if is_taken else row + 1
        is_over = row > attempts or status == 410
        assert isinstance(step, GiveUp) is is_over
        if is_over:
            return
        is_again = status is None or status >= 500 or status in (408, 425, 429)
        assert isinstance(step, Again) is is_again
        assert is_again or (step.refusal is None) is is_taken
