"""Batcher: ten messages or one second, in order, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.acp.batch import Batcher
from hocket.acp.model import message_of
from hocket.errors import LocalProtocolError


def texts(batch):
    return [posted.message.text for posted in batch]


def filled(*said, now=0.0, size=0, **options):
    batcher = Batcher(**options)
    for text in said:
        batcher.add(message_of(text), now=now, size=size)
    return batcher


def test_nothing_is_due_where_nothing_waits():
    batcher = Batcher()
    assert (batcher.next_timeout(), batcher.due(1e9), batcher.flush(), len(batcher)) == (None, (), (), 0)


def test_nine_messages_wait_for_one_second_after_the_first():
    batcher = Batcher()
    for number in range(9):
        batcher.add(message_of(str(number)), now=number / 10)
        assert batcher.due(number / 10) == ()
    assert batcher.next_timeout() == 1.0
    assert batcher.due(0.999) == ()
    assert texts(batcher.due(1.0)) == list("012345678")
    assert (len(batcher), batcher.next_timeout()) == (0, None)


def test_the_tenth_message_makes_the_batch_due_at_once():
    batcher = Batcher()
    for number in range(10):
        batcher.add(message_of(str(number)), now=number / 100)
    assert batcher.next_timeout() == 0.09
    assert texts(batcher.due(0.09)) == list("0123456789")


def test_of_twelve_messages_ten_go_and_two_wait_for_their_own_second():
    batcher = Batcher()
    for number in range(12):
        batcher.add(message_of(str(number)), now=number / 100)
    assert len(batcher.due(0.11)) == 10
    assert batcher.due(0.11) == ()
    assert batcher.next_timeout() == 1.1
    assert texts(batcher.due(1.1)) == ["10", "11"]


def test_flush_does_not_wait():
    batcher = filled(*"abc", count=2)
    assert [texts(batcher.flush()), texts(batcher.flush()), batcher.flush()] == [["a", "b"], ["c"], ()]


def test_a_full_room_is_due_at_once_and_what_does_not_fit_goes_next():
    batcher = filled("a", "b", size=60, room=100)
    assert batcher.next_timeout() == 0.0
    assert texts(batcher.due(0.0)) == ["a"]
    assert batcher.due(0.0) == ()
    assert texts(batcher.due(1.0)) == ["b"]


def test_a_message_larger_than_the_room_goes_alone():
    batcher = Batcher(room=100)
    for text, size in [("small", 10), ("large", 1_000), ("next", 10)]:
        batcher.add(message_of(text), now=0.0, size=size)
    assert [texts(batcher.due(0.0)), texts(batcher.due(0.0)), texts(batcher.due(1.0))] == [
        ["small"],
        ["large"],
        ["next"],
    ]


def test_what_failed_comes_first_again_one_interval_later():
    batcher = filled(*"abc", count=3)
    batch = batcher.due(0.0)
    batcher.add(message_of("d"), now=0.1)
    batcher.failed(batch[1:], now=5.0)
    assert batcher.due(5.9) == ()
    assert texts(batcher.due(6.0)) == ["b", "c", "d"]


def test_what_failed_waits_as_long_as_the_hub_asked_for():
    batcher = filled("a")
    batcher.failed(batcher.flush(), now=1.0, delay=60.0)
    assert batcher.next_timeout() == 61.0
    assert texts(batcher.flush()) == ["a"], "but not where everything must go now"
    batcher.add(message_of("b"), now=2.0)
    assert batcher.next_timeout() == 3.0, "the delay was for what failed"


def test_failing_with_nothing_changes_nothing():
    batcher = filled("a")
    batcher.failed((), now=0.9, delay=60.0)
    assert batcher.next_timeout() == 1.0


def test_one_message_more_than_may_wait_is_refused_and_changes_nothing():
    batcher = filled("a", "b", unsent=2)
    with pytest.raises(LocalProtocolError, match="unsent = 2"):
        batcher.add(message_of("c"), now=0.0)
    assert texts(batcher.flush()) == ["a", "b"]


def test_one_byte_more_than_may_wait_is_refused_and_what_was_sent_no_longer_counts():
    batcher = filled("a", "b", size=50, unsent_size=100)
    with pytest.raises(LocalProtocolError, match="unsent_size = 100"):
        batcher.add(message_of("c"), now=0.0, size=1)
    batch = batcher.flush()
    batcher.add(message_of("c"), now=0.0, size=100)
    batcher.failed(batch, now=0.0)
    with pytest.raises(LocalProtocolError, match="got 200"):
        batcher.add(message_of("d"), now=0.0, size=0)


def test_drain_takes_everything():
    batcher = filled(*"abc", count=2, size=40, unsent_size=120)
    assert texts(batcher.drain()) == ["a", "b", "c"]
    assert (len(batcher), batcher.next_timeout()) == (0, None)
    batcher.add(message_of("d"), now=0.0, size=120)


@pytest.mark.parametrize("name", ["count", "interval", "room", "unsent", "unsent_size"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_options_are_numbers_above_0(name, value):
    with pytest.raises(ValueError, match=name):
        Batcher(**{name: value})


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 60)),
        st.tuples(st.just("wait"), st.floats(0, 2)),
        st.tuples(st.just("flush"), st.just(0)),
        st.tuples(st.just("fail"), st.integers(0, 2**10 - 1)),
    ),
    max_size=60,
)


@given(STEPS)
def test_every_message_is_sent_exactly_once_in_order_whatever_fails(steps):
    """What fails is an arbitrary part of the batch in flight; what does not fail has arrived."""
    batcher, now, added, arrived, flight = Batcher(room=100), 0.0, 0, [], ()

    def land(failing):
        failed = [posted for place, posted in enumerate(flight) if failing >> place & 1]
        arrived.extend(posted.number for posted in flight if posted not in failed)
        batcher.failed(failed[::-1], now=now)

    for what, value in steps:
        match what:
            case "add":
                added += 1
                batcher.add(message_of(str(added)), now=now, size=value)
            case "wait":
                now += value
                if not flight:
                    flight = batcher.due(now)
                    assert len(flight) <= 10
                    assert sum(posted.size for posted in flight) <= 100
            case "flush" if not flight:
                flight = batcher.flush()
            case "fail":
                land(value)
                flight = ()
        numbers = [posted.number for posted in flight]
        assert numbers == sorted(numbers)
        assert len(batcher) + len(flight) + len(arrived) == added
    land(0)
    while batch := batcher.flush():
        arrived.extend(posted.number for posted in batch)
    assert sorted(arrived) == list(range(1, added + 1))


@given(st.lists(st.floats(0, 0.4), min_size=1, max_size=40))
def test_no_message_waits_longer_than_a_second_and_a_small_batch_never_less(pauses):
    batcher, now, sent = Batcher(), 0.0, 0

    def tick(until):
        nonlocal sent
        while (at := batcher.next_timeout()) is not None and at <= until:
            batch = batcher.due(at)
            assert batch, "what is due is given"
            assert all(at <= posted.at + 1.0 for posted in batch)
            assert len(batch) == 10 or at == batch[0].at + 1.0
            sent += len(batch)

    for number, pause in enumerate(pauses):
        now += pause
        tick(now)
        batcher.add(message_of(str(number)), now=now)
    tick(now + 1.0)
    assert sent == len(pauses)
