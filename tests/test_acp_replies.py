"""Replies: what is remembered of requests that were answered, and how much of it."""

from hypothesis import given
from hypothesis import strategies as st

from hocket.acp.hub.replies import Replies, Sessions, fingerprint
from hocket.acp.wire import EndParams


def test_a_reply_is_remembered_by_id():
    replies = Replies(count=10, size=100)
    assert replies.get("1") is None
    replies.add("1", 7, b"{}")
    assert replies.get("1") == (7, b"{}")


def test_ids_of_different_types_are_different():
    replies = Replies(count=10, size=100)
    for number, request_id in enumerate(["1", 1, 1.0, None, "None"]):
        replies.add(request_id, 7, b"%d" % number)
    assert [replies.get(each)[1] for each in ("1", 1, 1.0, None, "None")] == [b"0", b"1", b"2", b"3", b"4"]


def test_the_oldest_is_forgotten_first():
    replies = Replies(count=2, size=100)
    for name in "abc":
        replies.add(name, 0, b"12345")
    assert [replies.get(name) is None for name in "abc"] == [True, False, False]


def test_what_is_kept_has_a_size():
    replies = Replies(count=10, size=10)
    replies.add("a", 0, b"12345")
    replies.add("b", 0, b"12345")
    replies.add("c", 0, b"1")
    assert [replies.get(name) is None for name in "abc"] == [True, False, False]
    replies.add("d", 0, b"x" * 11)
    assert [replies.get(name) is None for name in "abcd"] == [True, False, False, True], "nor does it cost the others"
    replies.add("e", 0, b"1234567890")
    assert [replies.get(name) is None for name in "bce"] == [True, True, False]


@given(st.lists(st.tuples(st.integers(0, 30), st.binary(max_size=9)), max_size=60))
def test_the_latest_are_kept_as_far_as_they_fit(requests):
    replies, model = Replies(count=5, size=8), {}
    for request_id, result in requests:
        if request_id not in model:
            replies.add(request_id, 7, result)
            if len(result) <= 8:
                model[request_id] = result
            while len(model) > 5 or sum(map(len, model.values())) > 8:
                del model[next(iter(model))]
        kept = {number: replies.get(number) for number in range(31)}
        assert kept == {number: (7, model[number]) if number in model else None for number in range(31)}


def test_the_method_and_whatever_it_takes_count():
    end = EndParams(stream_id="s")
    assert fingerprint("stream.end", end) == fingerprint("stream.end", EndParams(stream_id="s"))
    assert fingerprint("stream.end", end) != fingerprint("stream.pause", end)
    assert fingerprint("stream.end", end) != fingerprint("stream.end", EndParams(stream_id="s", reason="done"))


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
