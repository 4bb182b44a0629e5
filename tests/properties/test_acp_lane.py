"""Chunks on their way, and what a hub makes of them: a message is told as whole only if it is what was sent.

Two networks. On *ordered* lines chunks keep their order and some are lost, which the hub knows (it dropped them itself,
or the line broke): the lanes are resynced. On *unordered* ones they come in any order, twice, or never.
"""

from collections import Counter
from random import Random

from attrs import astuple
from hypothesis import given
from hypothesis import strategies as st

from hocket.acp.budget import Budget
from hocket.acp.lane import Lane
from hocket.acp.lanes import Lanes
from hocket.acp.limits import LaneLimits
from hocket.acp.model import Role
from hocket.acp.verdicts import Completed, Delivered, Failed
from hocket.testing.strategies.chunks import interleaved, message_lengths, numbered, numberings, whole
from hocket.timers import soonest
from support.acp_chunks import chunk, texts

SENDERS = ("ada", "bob", "eve")
LENGTHS = message_lengths()
NUMBERINGS = numberings()


class Heard:
    """Lanes, and all they have told."""

    def __init__(self, *, ordered, limits=None):
        self.lanes = Lanes(limits or LaneLimits(), Budget())
        self.ordered = ordered
        self.events = []

    def take(self, sent, *, is_request):
        verdict = self.lanes.receive(
            sent.sender,
            sent.chunk,
            sent.sequence,
            is_last=sent.is_last,
            now=0.0,
            is_request=is_request,
            ordered=self.ordered,
        )
        self.events += verdict.events
        return verdict

    def resync(self, sender):
        self.events += self.lanes.resync(sender).events

    def of(self, sender, kind):
        return [event for key, event in self.events if key.sender == sender and isinstance(event, kind)]

    def completed(self, sender):
        return [texts(event.chunks) for event in self.of(sender, Completed)]


def are_sound(heard, said, sender):
    """What was told as whole was sent like that; everything in its order, and nothing twice."""
    sent = whole(said, sender)
    told = heard.completed(sender)
    assert [message for message in sent if message in told] == told
    delivered = [event.chunk.text for event in heard.of(sender, Delivered)]
    order = [one.chunk.text for one in said if one.sender == sender]
    if all(key.message_id is None for key, _ in heard.events):
        assert [text for text in order if text in set(delivered)] == delivered
    assert max(Counter(delivered).values(), default=1) == 1


def are_accounted_for(heard, sender):
    """Every message that was begun was told as whole or as lost, or is open; and one of these only."""
    begun = sum(event.is_first for event in heard.of(sender, Delivered))
    is_open = sum(name.split("/")[0] == sender for name in heard.lanes.expected())
    assert begun == len(heard.of(sender, Completed)) + len(heard.of(sender, Failed)) + is_open


# --- ordered lines


@st.composite
def ordered_traffic(draw):
    """What several senders say, interleaved; which chunks are lost; and how each sender numbers."""
    lines = []
    numberings = {}
    for sender in SENDERS[: draw(st.integers(1, 3))]:
        numbering = numberings[sender] = draw(NUMBERINGS)
        lines.append(
            numbered(sender, draw(LENGTHS), numbering=numbering, ids=draw(st.booleans()) and numbering == "restart")
        )
    said = draw(interleaved(lines))
    lost = draw(st.sets(st.integers(0, len(said) - 1), max_size=len(said) // 2))
    return (
        said,
        {at for at in lost if said[at].sequence},
        numberings,
    )  # who loses its 0 looks like one who begins with 1


def on_ordered_lines(said, lost, *, is_request):
    heard = Heard(ordered=True)
    for at, sent in enumerate(said):
        if at in lost:
            heard.resync(sent.sender)
        else:
            heard.take(sent, is_request=is_request)
    return heard


@given(ordered_traffic(), st.booleans())
def test_on_an_ordered_line_what_is_whole_was_sent_like_that(traffic, is_request):
    said, lost, _ = traffic
    heard = on_ordered_lines(said, lost, is_request=is_request)
    for sender in SENDERS:
        are_sound(heard, said, sender)
        are_accounted_for(heard, sender)
        broken = {(said[at].sender, said[at].message) for at in lost}
        for message, pieces in enumerate(whole(said, sender)):
            if (sender, message) in broken:
                assert pieces not in heard.completed(sender)


@given(ordered_traffic(), st.booleans())
def test_on_an_ordered_line_a_loss_costs_its_own_message_and_where_it_ends_the_next(traffic, is_request):
    said, lost, numberings = traffic
    heard = on_ordered_lines(said, lost, is_request=is_request)
    for sender, numbering in numberings.items():
        mine = [said[at] for at in sorted(lost) if said[at].sender == sender]
        broken = {sent.message for sent in mine}
        if numbering != "restart":  # where the last chunk is lost, nothing says where the next message begins
            broken |= {sent.message + 1 for sent in mine if sent.is_last}
        sent = whole(said, sender)
        assert heard.completed(sender) == [pieces for message, pieces in enumerate(sent) if message not in broken]


@given(ordered_traffic(), st.booleans())
def test_whoever_begins_a_message_again_after_a_loss_is_understood(traffic, is_request):
    said, lost, numberings = traffic
    heard = on_ordered_lines(said, lost, is_request=is_request)
    for sender, numbering in numberings.items():
        heard.resync(sender)
        again = numbered(sender, [3])
        refusals = [heard.take(sent, is_request=is_request).error for sent in again]
        if numbering != "zero":  # the 1 of who counts from 0 is no beginning
            assert refusals == [None] * 3
            assert heard.completed(sender)[-1] == texts([sent.chunk for sent in again])
        anew = numbered(sender, [2])
        assert [heard.take(sent, is_request=is_request).error for sent in anew] == [None] * 2
        assert heard.completed(sender)[-1] == texts([sent.chunk for sent in anew])


def measured(*, resyncs, seed=7, rounds=1_500):
    """Messages that were told as whole, and those of them that nobody sent; 15 % of the chunks are lost."""
    random = Random(seed)
    whole_ones = corrupt = 0
    for _ in range(rounds):
        numbering = random.choice(["restart", "continue"])
        said = numbered("ada", [random.randint(1, 5) for _ in range(8)], numbering=numbering)
        heard = Heard(ordered=True)
        for sent in said:
            if random.random() > 0.15:
                heard.take(sent, is_request=False)
            elif resyncs:
                heard.resync("ada")
        sent = whole(said, "ada")
        whole_ones += len(heard.completed("ada"))
        corrupt += sum(message not in sent for message in heard.completed("ada"))
    return whole_ones, corrupt


def test_it_is_the_resync_rule_that_keeps_messages_whole():
    whole_ones, corrupt = measured(resyncs=True)
    assert whole_ones > 3_000
    assert corrupt == 0
    whole_ones, corrupt = measured(resyncs=False)
    assert 0.005 < corrupt / whole_ones < 0.05


# --- unordered lines


@st.composite
def unordered_traffic(draw, *, loses=True):
    """What several senders say, each message with its id, in any order, twice, or never."""
    lengths = {sender: draw(LENGTHS) for sender in SENDERS[: draw(st.integers(1, 3))]}
    said = [sent for sender in lengths for sent in numbered(sender, lengths[sender], ids=True)]
    lost = draw(st.sets(st.integers(0, len(said) - 1), max_size=len(said) // 3)) if loses else set()
    arrive = [sent for at, sent in enumerate(said) if at not in lost]
    arrive += draw(st.lists(st.sampled_from(arrive or said), max_size=8)) if arrive else []
    return said, draw(st.permutations(arrive)), {(said[at].sender, said[at].message) for at in lost}


@given(unordered_traffic(), st.booleans())
def test_on_unordered_lines_what_is_whole_was_sent_like_that(traffic, is_request):
    said, arrive, broken = traffic
    heard = Heard(ordered=False)
    for sent in arrive:
        assert heard.take(sent, is_request=is_request).error is None
    for sender in SENDERS:
        sent = whole(said, sender)
        told = heard.completed(sender)
        assert sorted(told) == sorted([pieces for at, pieces in enumerate(sent) if (sender, at) not in broken])
        delivered = [event.chunk.text for event in heard.of(sender, Delivered)]
        assert max(Counter(delivered).values(), default=1) == 1
        for pieces in sent:
            mine = [text for text in delivered if text in pieces]
            assert mine == pieces[: len(mine)]
    touched = {(sent.sender, sent.message) for sent in arrive}
    assert len(heard.lanes.expected()) == len(broken & touched)
    heard.events += heard.lanes.handle_timeout(300.0).events
    failed = sum(isinstance(event, Failed) for _, event in heard.events)
    assert (heard.lanes.expected(), failed) == ({}, len(broken & touched))
    assert heard.lanes.budget.held == 0


@st.composite
def paced(draw):
    """A sender without message ids, which waits for the answers to one message before it begins the next.

    Within a message chunks may overtake each other, and come twice; only, the 1 of a later message comes before the
    rest of it (where it does not, a chunk may be a duplicate of the message before, for all one can know).
    """
    counts_on = draw(st.booleans())
    said = numbered("ada", draw(LENGTHS), numbering="continue" if counts_on else "restart")
    arrive = []
    for message in range(said[-1].message + 1):
        mine = [sent for sent in said if sent.message == message]
        head = mine[:1] if message and not counts_on else []
        rest = draw(st.permutations(mine[len(head) :]))
        twice = [sent for sent in head + rest for _ in range(draw(st.integers(1, 2)))]
        before_last = [sent for sent in twice if sent != twice[-1]]
        late = draw(st.lists(st.sampled_from(before_last), max_size=3)) if before_last else []
        arrive += [*before_last, twice[-1], *[sent for sent in late if sent.sequence != 1]]
    return said, arrive


@given(paced())
def test_without_message_ids_one_message_after_the_other_is_whole(traffic):
    said, arrive = traffic
    heard = Heard(ordered=False)
    for sent in arrive:
        heard.take(sent, is_request=True)
    assert heard.completed("ada") == whole(said, "ada")
    are_sound(heard, said, "ada")


# --- anything at all

STEPS = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.booleans(),
        st.booleans(),
        st.sampled_from(["a", "b", "x" * 700]),
        st.sampled_from([Role.AGENT, Role.AGENT, Role.USER]),
        st.sampled_from([0.0, 0.0, 1.0, 40.0]),
        st.sampled_from(["receive"] * 8 + ["resync", "begin", "freeze", "thaw", "timeout"]),
        st.booleans(),
    ),
    max_size=40,
)
SMALL = LaneLimits(buffered=4, held=1_500, message=4_000)
HARMLESS = {"conflict", "after_last", "role", "gap", "buffered", "held"}


@given(STEPS, st.booleans())
def test_a_lane_keeps_its_promises_whatever_comes(steps, once):
    budget = Budget(2_000)
    lane = Lane(SMALL, ordered=False, budget=budget, once=once)
    now = 0.0
    current = None  # what was delivered of the open message
    for sequence, is_last, is_request, text, role, waited, step, ordered in steps:
        now += waited
        before = astuple(lane, recurse=True)
        expected, was_open = lane.expected, lane.is_open
        match step:
            case "receive":
                lane.ordered = ordered
                before = astuple(lane, recurse=True)
                verdict = lane.receive(
                    chunk(text, role=role), sequence, is_last=is_last, now=now, is_request=is_request
                )
            case "resync":
                verdict = lane.resync()
            case "begin":
                verdict = lane.begin(sequence)
            case "timeout":
                verdict = lane.handle_timeout(now)
            case _:
                getattr(lane, step)(now)
                continue
        for event in verdict.events:
            match event:
                case Delivered():
                    assert event.is_first == (current is None)
                    current = [*(current or []), event]
                    assert [one.sequence for one in current] == list(
                        range(current[0].sequence, current[0].sequence + len(current))
                    )
                    assert all(not one.is_last for one in current[:-1])
                case Completed():
                    assert event.chunks == tuple([one.chunk for one in current])
                    assert current[-1].is_last
                    current = None
                case Failed():
                    assert was_open
                    is_rebased = event.reason == "too_large" and sequence == 1  # it was not clear where it begins
                    assert event.expected == (1 if is_rebased else expected)
                    current = None
        assert budget.held == lane.held <= SMALL.held
        assert lane.is_open or current is None
        if not lane.is_open:
            assert lane.held == 0
            assert lane.next_timeout() is None
        error = verdict.error
        if error is not None and is_request and was_open and not verdict.events:
            assert (error.data.get("reason") or error.data["limit"]) in HARMLESS
            assert astuple(lane, recurse=True) == before


@given(STEPS)
def test_the_same_chunks_at_the_same_times_give_the_same_answers(steps):
    def answers():
        lanes = Lanes(SMALL, Budget(3_000))
        now = 0.0
        for sequence, is_last, is_request, text, role, waited, _, ordered in steps:
            now += waited
            piece = chunk(text, role=role, message_id="m" if ordered else None)
            sender = "ada" if is_last else "bob"
            yield lanes.receive(
                sender, piece, sequence, is_last=is_last, now=now, is_request=is_request, ordered=ordered
            )
            yield lanes.handle_timeout(now)
            yield lanes.next_timeout()

    assert list(answers()) == list(answers())


@given(STEPS)
def test_lanes_are_as_many_lanes_with_one_clock(steps):
    limits = LaneLimits(buffered=4, gap=10.0, stall=35.0)
    lanes = Lanes(limits)
    alone = {"ada": Lane(limits, ordered=False), "bob": Lane(limits, ordered=False)}
    now = 0.0
    for sequence, is_last, is_request, text, role, waited, step, ordered in steps:
        now += waited
        sender = "ada" if sequence % 2 else "bob"
        lane = alone[sender]
        match step:
            case "receive":
                lane.ordered = ordered
                said = {"is_last": is_last, "now": now, "is_request": is_request}
                piece = chunk(text, role=role)
                expected = lane.receive(piece, sequence // 2, **said)
                verdict = lanes.receive(sender, piece, sequence // 2, ordered=ordered, **said)
            case "resync":
                expected, verdict = lane.resync(), lanes.resync(sender)
            case "begin":
                expected, verdict = lane.begin(sequence), lanes.begin(sender, chunk(), sequence)
            case "timeout":
                both = [(other.next_timeout(), name) for name, other in alone.items() if other.is_open]
                verdicts = [alone[name].handle_timeout(now) for _, name in sorted(both, key=str)]
                assert sorted([str(event) for _, event in lanes.handle_timeout(now).events]) == sorted(
                    [str(event) for one in verdicts for event in one.events]
                )
                continue
            case _:
                for machine in (lanes, *alone.values()):
                    getattr(machine, step)(now)
                continue
        assert [event for _, event in verdict.events] == list(expected.events)
        assert verdict.error == expected.error
        assert lanes.next_timeout() == soonest(*[other.next_timeout() for other in alone.values()])
        assert lanes.expected() == {name: alone[name].expected for name in lanes.expected()}
        assert sorted(lanes.expected()) == [name for name, other in alone.items() if other.is_open]
