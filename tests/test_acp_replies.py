"""Replies: what is remembered of requests that were answered, and how much of it."""

from hypothesis import given
from hypothesis import strategies as st

from hocket.acp.hub.replies import Replies, Sessions, fingerprint
from hocket.codec import dumps
from hocket.testing.strategies.values import json_values

JSON = json_values(st.text())


def test_a_reply_is_remembered_by_id():
    replies = Replies(count=10, size=100)
    assert replies.get("1") is None
    replies.add("1", b"mark", b"{}")
    assert replies.get("1") == (b"mark", b"{}")


def test_ids_of_different_types_are_different():
    replies = Replies(count=10, size=100)
    for number, request_id in enumerate(["1", 1, 1.0, None, "None"]):
        replies.add(request_id, b"mark", b"%d" % number)
    assert [replies.get(each)[1] for each in ("1", 1, 1.0, None, "None")] == [b"0", b"1", b"2", b"3", b"4"]


def test_the_oldest_is_forgotten_first():
    replies = Replies(count=2, size=100)
    for name in "abc":
        replies.add(name, b"", b"12345")
    assert [replies.get(name) is None for name in "abc"] == [True, False, False]


def test_what_is_kept_has_a_size():
    replies = Replies(count=10, size=10)
    replies.add("a", b"", b"12345")
    replies.add("b", b"", b"12345")
    replies.add("c", b"", b"1")
    assert [replies.get(name) is None for name in "abc"] == [True, False, False]
    replies.add("d", b"", b"x" * 11)
    assert [replies.get(name) is None for name in "abcd"] == [True, False, False, True], "nor does it cost the others"
    replies.add("e", b"", b"1234567890")
    assert [replies.get(name) is None for name in "bce"] == [True, True, False]


@given(st.lists(st.tuples(st.integers(0, 30), st.binary(max_size=9)), max_size=60))
def test_the_latest_are_kept_as_far_as_they_fit(requests):
    replies, model = Replies(count=5, size=8), {}
    for request_id, result in requests:
        if request_id not in model:
            replies.add(request_id, b"mark", result)
            if len(result) <= 8:
                model[request_id] = result
            while len(model) > 5 or sum(map(len, model.values())) > 8:
                del model[next(iter(model))]
        kept = {number: replies.get(number) for number in range(31)}
        assert kept == {number: (b"mark", model[number]) if number in model else None for number in range(31)}


@given(JSON, JSON)
def test_two_requests_have_the_same_mark_only_if_they_are_the_same(first, second):
    assert (fingerprint("m", first) == fingerprint("m", second)) is (dumps(first) == dumps(second))
    assert len(fingerprint("m", first)) == 16


def test_the_method_counts_too():
    assert fingerprint("stream.end", {}) != fingerprint("stream.get", {})
    assert fingerprint("m", None) != fingerprint("m", {})


# --- sessions


def test_a_session_has_its_replies_and_nobody_else():
    sessions = Sessions(10, 100)
    assert sessions.replies("s") is sessions.replies("s")
    assert sessions.replies("s") is not sessions.replies("t")
    assert sessions.replies(None) is not sessions.replies(None)
    assert (sessions.replies("s").count, sessions.replies(None).size) == (10, 100)


def test_the_session_that_was_quiet_longest_is_forgotten_first():
    sessions = Sessions(10, 100)
    first, second = sessions.replies(1), sessions.replies(2)
    for name in range(3, 10_001):
        sessions.replies(name)
    assert sessions.replies(1) is first
    sessions.replies("one more")
    assert sessions.replies(1) is first
    assert sessions.replies(2) is not second
