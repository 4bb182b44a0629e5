"""Seven ways in which the ChunkReassembler of the source document goes wrong, and what a lane does there.

The document's algorithm keeps, for each stream, a map of chunks and the next number. It is modelled here faithfully,
as a fact to test against.
"""

from attrs import define, field

from hocket.acp.lane import Lane
from hocket.acp.lanes import Lanes
from hocket.acp.limits import LaneLimits
from hocket.acp.verdicts import Completed
from support.acp_chunks import chunk, refused, told


@define
class Kept:
    """What the document's class keeps for a stream."""

    chunks: dict[int, str] = field(factory=dict)
    expected: int = 1
    is_complete: bool = False


@define
class Theirs:
    """The document's class, step by step."""

    streams: dict[str, Kept] = field(factory=dict)

    def process(self, stream_id, text, sequence, *, last=False):
        kept = self.streams.setdefault(stream_id, Kept())
        kept.chunks[sequence] = text
        if last:
            kept.is_complete = True
        ready = []
        while kept.expected in kept.chunks:
            ready.append(kept.chunks.pop(kept.expected))
            kept.expected += 1
        if kept.is_complete and not kept.chunks:
            del self.streams[stream_id]
        return ready


class Ours:
    """The lanes of one stream, on lines where chunks come in any order."""

    def __init__(self, limits=None):
        self.lanes = Lanes(limits or LaneLimits())

    def process(self, sender, text, sequence, *, last=False):
        return self.lanes.receive(sender, chunk(text), sequence, is_last=last, now=0.0)


def test_two_agents_who_speak_at_a_time_are_spliced():
    theirs = Theirs()
    assert theirs.process("s", "Source is ", 1) == ["Source is "]
    assert theirs.process("s", "Growth is 5%.", 1, last=True) == []  # the other agent is not heard,
    assert theirs.process("s", "an acquisition.", 2, last=True) == ["an acquisition."]
    assert theirs.streams["s"].chunks == {1: "Growth is 5%."}  # and haunts the stream ever after

    ours = Ours()
    assert told(ours.process("source", "Source is ", 1)) == "^1"
    assert told(ours.process("validator", "Growth is 5%.", 1, last=True)) == "^1! =Growth is 5%."
    assert told(ours.process("source", "an acquisition.", 2, last=True)) == "2! =Source is an acquisition."


def test_a_stale_duplicate_leaves_state_for_ever():
    theirs = Theirs()
    theirs.process("s", "a", 1)
    theirs.process("s", "b", 2, last=True)
    assert theirs.streams == {}
    assert theirs.process("s", "b", 2, last=True) == []
    assert theirs.streams["s"].chunks == {2: "b"}
    assert theirs.process("s", "c", 1) == ["c", "b"]  # the next message gets the end of the one before

    ours = Ours()
    ours.process("ada", "a", 1)
    ours.process("ada", "b", 2, last=True)
    again = ours.process("ada", "b", 2, last=True)
    assert (told(again), refused(again)) == ("", "")
    assert (ours.lanes.expected(), ours.lanes.next_timeout()) == ({}, None)
    assert told(ours.process("ada", "c", 1)) == "^1"


def test_numbers_that_go_on_after_the_last_chunk_are_never_delivered():
    theirs = Theirs()
    theirs.process("s", "a", 1)
    theirs.process("s", "b", 2, last=True)
    assert theirs.process("s", "c", 3) == []
    assert theirs.process("s", "d", 4, last=True) == []
    assert theirs.streams["s"].chunks == {3: "c", 4: "d"}

    ours = Ours()
    ours.process("ada", "a", 1)
    ours.process("ada", "b", 2, last=True)
    assert told(ours.process("ada", "c", 3)) == "^3"
    assert told(ours.process("ada", "d", 4, last=True)) == "4! =cd"


def test_numbers_from_0_are_never_freed():
    theirs = Theirs()
    assert theirs.process("s", "a", 0) == []
    assert theirs.process("s", "b", 1, last=True) == ["b"]
    assert theirs.streams["s"].chunks == {0: "a"}

    ours = Ours()
    assert told(ours.process("ada", "a", 0)) == "^0"
    assert told(ours.process("ada", "b", 1, last=True)) == "1! =ab"
    assert (ours.lanes.expected(), ours.lanes.next_timeout()) == ({}, None)


def test_a_chunk_beyond_the_last_one_is_delivered():
    theirs = Theirs()
    theirs.process("s", "a", 1)
    theirs.process("s", "c", 3, last=True)
    theirs.process("s", "d", 4)
    assert theirs.process("s", "b", 2) == ["b", "c", "d"]

    ours = Ours()
    ours.process("ada", "a", 1)
    ours.process("ada", "c", 3, last=True)
    assert refused(ours.process("ada", "d", 4)) == "-40011 after_last"
    assert told(ours.process("ada", "b", 2)) == "2 3! =abc"


def test_a_duplicate_that_says_something_else_overwrites():
    theirs = Theirs()
    theirs.process("s", "a", 1)
    theirs.process("s", "c", 3, last=True)
    theirs.process("s", "C", 3, last=True)
    assert theirs.process("s", "b", 2) == ["b", "C"]

    ours = Ours()
    ours.process("ada", "a", 1)
    ours.process("ada", "c", 3, last=True)
    assert refused(ours.process("ada", "C", 3, last=True)) == "-40011 conflict"
    assert told(ours.process("ada", "b", 2)) == "2 3! =abc"


def test_what_waits_for_a_gap_has_no_end():
    theirs = Theirs()
    for sequence in range(2, 10_002):
        theirs.process("s", "x", sequence)
    assert len(theirs.streams["s"].chunks) == 10_000

    ours = Ours()
    answers = [refused(ours.process("ada", "x", sequence)) for sequence in range(2, 10_002)]
    assert answers == [""] * 64 + ["-40012 buffered"] * (10_000 - 64)
    assert ours.lanes.budget.held <= 64 * 385
    assert told(ours.lanes.handle_timeout(30.0)) == "-gap@1"
    assert ours.lanes.budget.held == 0


def test_what_theirs_does_well_ours_does_too():
    theirs, lane = Theirs(), Lane(LaneLimits(), ordered=False)
    whole = []
    for sequence in [3, 1, 5, 2, 4]:
        ready = theirs.process("s", str(sequence), sequence, last=sequence == 5)
        verdict = lane.receive(chunk(str(sequence)), sequence, is_last=sequence == 5, now=0.0)
        whole += [event for event in verdict.events if isinstance(event, Completed)]
        delivered = [event.chunk.text for event in verdict.events if not isinstance(event, Completed)]
        assert delivered == ready
    assert theirs.streams == {}
    assert told(verdict) == "4 5! =12345"
    assert len(whole) == 1
