"""A log against a plain list: offsets, what is kept, and what every reader sees."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hocket.errors import LocalProtocolError
from hocket.log import Cursor, Entry, Log, LogLimits

BATCHES = st.lists(st.lists(st.tuples(st.integers(), st.integers(0, 50)), max_size=4), max_size=60)


class Readers(RuleBasedStateMachine):
    """One writer and any number of readers, each at its own pace; the model is the list of all that was written."""

    @initialize(entries=st.integers(1, 8), size=st.integers(1, 60), start=st.integers(0, 5))
    def begin(self, entries, size, start):
        self.limits = LogLimits(entries=entries, size=size)
        self.log = Log(self.limits, start)
        self.start = start
        self.written = []
        self.weights = []
        self.readers = []
        self.forgotten = start

    @rule(events=st.lists(st.integers(), max_size=5), weight=st.integers(0, 30))
    def append(self, events, weight):
        if self.log.is_ended:
            return
        given = self.log.append(events, weights=[weight] * len(events), expect=self.start + len(self.written))
        assert [entry.event for entry in given] == events
        self.written += events
        self.weights += [weight] * len(events)

    @rule(wrong=st.integers(-3, 40))
    def append_with_another_expectation(self, wrong):
        if self.log.is_ended or wrong == self.log.last:
            return
        try:
            self.log.append([1], expect=wrong)
        except LocalProtocolError:
            return
        raise AssertionError("a second writer was not fenced")

    @rule(back=st.integers(0, 10))
    def join(self, back):
        after = max(self.start, self.log.last - back)
        self.readers.append((Cursor(self.log, after), []))

    @precondition(lambda self: self.readers)
    @rule(which=st.integers(0, 1_000), limit=st.integers(1, 4))
    def read(self, which, limit):
        cursor, seen = self.readers[which % len(self.readers)]
        if cursor.is_behind:
            cursor.jump(self.log.last)
            seen.append("snapshot")
            return
        had = cursor.after
        entries = cursor.read(limit)
        expected = list(range(had + 1, min(had + limit, self.log.last) + 1))
        assert [entry.offset for entry in entries] == expected
        assert [entry.event for entry in entries] == [self.written[n - self.start - 1] for n in expected]
        assert cursor.after == had + len(entries)

    @rule(ahead=st.integers(-4, 8))
    def drop(self, ahead):
        through = self.log.first + ahead
        self.log.drop(through)
        self.forgotten = max(self.forgotten, min(through, self.log.last))
        assert self.log.first == self.forgotten + 1 or self.log.first > through

    @rule()
    def end(self):
        self.log.end()

    @invariant()
    def what_is_kept_is_within_the_limits_and_contiguous(self):
        if not hasattr(self, "log"):
            return
        log = self.log
        kept = log.read(0, 1_000)
        assert [entry.offset for entry in kept] == list(range(log.first, log.last + 1))
        assert log.last == self.start + len(self.written)
        assert len(kept) == len(log) <= self.limits.entries
        assert log.held == sum(entry.weight for entry in kept)
        assert log.held <= self.limits.size or len(kept) == 1
        assert kept or self.forgotten == log.last, "the newest entry is always kept, unless it was to be forgotten"

    @invariant()
    def no_more_is_dropped_than_must_be(self):
        if not hasattr(self, "log") or not self.written:
            return
        one_more = self.weights[-len(self.log) - 1 :]
        all_kept = self.log.first == self.forgotten + 1
        assert all_kept or len(one_more) > self.limits.entries or sum(one_more) > self.limits.size

    @invariant()
    def done_means_read_to_the_end_of_an_ended_log(self):
        for cursor, _ in getattr(self, "readers", []):
            assert cursor.is_done == (self.log.is_ended and cursor.after == self.log.last)
            assert cursor.has_more == (cursor.after < self.log.last)
            assert not cursor.is_behind or cursor.has_more


TestReaders = Readers.TestCase


@given(BATCHES, st.integers(0, 60), st.integers(1, 5))
def test_a_reader_from_anywhere_sees_exactly_the_suffix(batches, joins_after, limit):
    log = Log()
    cursor, seen = None, []
    for batch in batches:
        if cursor is None and log.last >= joins_after:
            cursor = Cursor(log, log.last)
        log.append([event for event, _ in batch])
        if cursor is not None and log.last % 2:
            seen += cursor.read(limit)
    if cursor is None:
        cursor = Cursor(log, log.last)
    while cursor.has_more:
        seen += cursor.read(limit)
    everything = [event for batch in batches for event, _ in batch]
    assert [entry.event for entry in seen] == everything[len(everything) - len(seen) :]
    assert [entry.offset for entry in seen] == list(range(log.last - len(seen) + 1, log.last + 1))


@given(st.lists(st.integers(0, 12), max_size=6))
def test_entries_are_taken_only_where_they_continue_the_log(offsets):
    log = Log(start=3)
    continues = offsets == list(range(4, 4 + len(offsets)))
    try:
        log.extend([Entry(offset, f"event {offset}") for offset in offsets])
    except LocalProtocolError:
        assert not continues
        assert (log.last, len(log), log.held) == (3, 0, 0)
    else:
        assert continues
        assert log.last == 3 + len(offsets)
