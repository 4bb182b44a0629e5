"""Log, Cursor and Entry: the single facts."""

import gc
import weakref

import pytest

from hocket.errors import LocalProtocolError
from hocket.log import Cursor, Entry, Log, LogConflict, LogLimits, numbered


class Thing:
    """An event that can be watched: does anybody still hold it?"""


def test_offsets_begin_at_one_and_are_dense():
    log = Log()
    assert (log.first, log.last, len(log)) == (1, 0, 0)
    assert [entry.offset for entry in log.append("abc")] == [1, 2, 3]
    assert (log.first, log.last, len(log)) == (1, 3, 3)


def test_a_log_that_continues_a_snapshot_begins_after_it():
    log = Log(start=7)
    assert (log.first, log.last) == (8, 7)
    assert log.append("a")[0].offset == 8


def test_append_with_a_wrong_expectation_names_both_offsets_and_changes_nothing():
    log = Log()
    log.append("ab")
    with pytest.raises(LogConflict, match=r"offset 1, but it ends at 2") as caught:
        log.append("c", expect=1)
    assert (caught.value.expected, caught.value.last) == (1, 2)
    assert [entry.event for entry in log.read(0, 10)] == ["a", "b"]


def test_expecting_an_empty_log_is_an_expectation_too():
    log = Log()
    log.append("a", expect=0)
    with pytest.raises(LogConflict):
        log.append("a", expect=0)


def test_nothing_is_appended_to_a_log_that_has_ended():
    log = Log()
    log.append("a")
    log.end()
    with pytest.raises(LocalProtocolError, match="ended at offset 1"):
        log.append("b")
    with pytest.raises(LocalProtocolError, match="ended at offset 1"):
        log.extend([Entry(2, "b")])
    assert log.last == 1


def test_more_weights_than_events_are_our_callers_mistake():
    log = Log()
    with pytest.raises(LocalProtocolError, match="2 weights for 1 events"):
        log.append(["a"], weights=[1, 2])
    assert log.last == 0


def test_no_event_is_lost_for_want_of_a_weight():
    for weights in ((), (1,), (1, 2, 3)):
        with pytest.raises(LocalProtocolError, match=f"there are {len(weights)} weights for 2 events"):
            numbered("ab", weights, after=0)


def test_missing_weights_count_as_nothing():
    log = Log()
    log.append("abc", weights=[5])
    assert log.held == 5


def test_the_newest_entry_is_kept_however_heavy_it_is():
    log = Log(LogLimits(size=10))
    log.append(["light", "heavy"], weights=[1, 1_000])
    assert [entry.event for entry in log.read(0, 10)] == ["heavy"]
    assert (log.first, log.last, log.held) == (2, 2, 1_000)


def test_a_cursor_that_is_behind_never_skips_silently():
    log = Log(LogLimits(entries=2))
    cursor = Cursor(log)
    log.append("abcd")
    assert cursor.is_behind
    with pytest.raises(LocalProtocolError, match="entries 1 to 2 are gone"):
        cursor.read(1)
    assert cursor.after == 0
    cursor.jump(2)
    assert [entry.event for entry in cursor.read(9)] == ["c", "d"]


@pytest.mark.parametrize("offset", [1, 5])
def test_a_cursor_jumps_only_to_where_it_can_go_on(offset):
    log = Log(LogLimits(entries=2))
    log.append("abcd")
    cursor = Cursor(log)
    with pytest.raises(LocalProtocolError, match="not between 2 and 4"):
        cursor.jump(offset)
    assert cursor.after == 0


def test_a_cursor_just_before_the_first_kept_entry_is_not_behind():
    log = Log(LogLimits(entries=2))
    log.append("abcd")
    assert not Cursor(log, 2).is_behind
    assert Cursor(log, 1).is_behind


def test_a_cursor_is_done_only_when_the_log_has_ended_and_all_was_read():
    log = Log()
    log.append("a")
    cursor = Cursor(log)
    log.end()
    assert cursor.has_more
    assert not cursor.is_done
    cursor.read(1)
    assert cursor.is_done


def test_an_entry_is_encoded_once_for_each_dialect():
    calls = []

    def encode(event):
        calls.append(event)
        return event.encode()

    entry = Entry(1, "a")
    first = entry.encoded("1.0", encode)
    assert entry.encoded("1.0", encode) is first
    assert entry.encoded("0.3", encode) == b"a"
    assert calls == ["a", "a"]


def test_that_there_is_nothing_to_encode_is_remembered_too():
    calls = []
    entry = Entry(1, "a")
    assert entry.encoded("1.0", calls.append) is None
    assert entry.encoded("1.0", calls.append) is None
    assert calls == ["a"]


@pytest.mark.parametrize(
    ("limits", "weight", "held"),
    [(LogLimits(entries=10, size=10**9), 0, 80), (LogLimits(entries=10_000, size=100), 50, 6)],
)
def test_what_was_dropped_is_not_held_in_memory(limits, weight, held):
    log = Log(limits)
    watched = []
    for _ in range(1_000):
        thing = Thing()
        watched.append(weakref.ref(thing))
        log.append([thing], weights=[weight])
        del thing
    gc.collect()
    assert sum(ref() is not None for ref in watched) <= held


def test_a_slow_reader_costs_the_log_nothing():
    log = Log(LogLimits(entries=100))
    cursors = [Cursor(log) for _ in range(50)]
    for number in range(1_000):
        log.append([number])
    assert len(log) == 100
    assert all(cursor.is_behind for cursor in cursors)


# --- drop


@pytest.mark.parametrize(("through", "kept"), [(0, "abcd"), (1, "bcd"), (3, "d"), (4, ""), (9, ""), (-1, "abcd")])
def test_entries_are_forgotten_through_an_offset(through, kept):
    log = Log()
    log.append("abcd", weights=[1, 2, 4, 8])
    log.drop(through)
    assert "".join([entry.event for entry in log.read(0, 10)]) == kept
    assert (log.first, log.last, len(log)) == (5 - len(kept), 4, len(kept))
    assert log.held == sum({"a": 1, "b": 2, "c": 4, "d": 8}[letter] for letter in kept)


def test_to_forget_what_is_forgotten_already_is_no_error():
    log = Log(start=3)
    log.append("ab")
    log.drop(4)
    log.drop(4)
    log.drop(2)
    assert [entry.offset for entry in log.read(0, 10)] == [5]


def test_offsets_go_on_after_everything_was_forgotten():
    log = Log()
    log.append("ab")
    log.drop(2)
    assert (log.first, log.last, log.held) == (3, 2, 0)
    assert log.append("c", expect=2)[0].offset == 3


def test_a_reader_of_what_was_forgotten_is_behind_and_one_after_it_is_not():
    log = Log()
    log.append("abcd")
    before, after = Cursor(log, 1), Cursor(log, 2)
    log.drop(2)
    assert (before.is_behind, after.is_behind) == (True, False)
    assert [entry.event for entry in after.read(9)] == ["c", "d"]
    log.drop(4)
    assert not after.has_more


def test_a_log_that_has_ended_can_still_forget():
    log = Log()
    log.append("ab")
    log.end()
    log.drop(1)
    assert [entry.event for entry in log.read(0, 9)] == ["b"]


def test_what_was_forgotten_is_not_held_in_memory():
    log = Log(LogLimits(size=100))
    watched = []
    for number in range(1, 1_001):
        thing = Thing()
        watched.append(weakref.ref(thing))
        log.append([thing], weights=[10 if number % 2 else 0])
        del thing
        log.drop(number - 2)
    gc.collect()
    assert len(log) == 2
    assert sum(ref() is not None for ref in watched) <= 2 + 6


def test_what_two_servers_write_of_one_entry_is_kept_once():
    entry = Entry(1, "event")
    entry.keep("1.0", b"first")
    entry.keep("1.0", b"second")
    entry.keep("0.3", b"other")
    assert entry.encoded("1.0", str.encode) == b"first"
    assert entry.encoded("0.3", str.encode) == b"other"
    assert entry._others == {"0.3": b"other"}
