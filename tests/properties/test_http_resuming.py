"""However a stream is cut, it is told whole: every item of the log once, in order, and its end."""

import re

from hypothesis import assume, example, given
from hypothesis import strategies as st

from hocket.a2a import V0_3, V1_0, ClientCall, Operation, Outcome, SubscribeToTaskRequest, fold
from hocket.backoff import Backoff
from hocket.entropy import seeded
from hocket.http import HttpCall, RestBinding, ResumingCall, RpcBinding
from support.cut_streams import REFUSED, Talker, converse
from support.messages import user_says

ATTEMPTS = 5
BACKOFF = Backoff(attempts=ATTEMPTS)
URL = "http://agent/"
BINDINGS = {"1.0": (V1_0, RpcBinding()), "1.0 REST": (V1_0, RestBinding()), "0.3": (V0_3, RpcBinding())}
WORDS = st.lists(st.sampled_from(["a ", "long " * 30, "\u2028", "é"]), min_size=1, max_size=5)
CUTS = st.integers(0, 2_500) | st.integers(0, 300) | st.just(REFUSED)


def asking(binding, operation=Operation.STREAM, params=None, *, backoff=BACKOFF, seen=None):
    dialect, form = BINDINGS[binding]
    call = ClientCall(operation, params or user_says(), dialect, "r", seen, is_resumable=True)
    return ResumingCall(call, lambda each: HttpCall(each, URL, (), each.last_event_id, form), backoff, seeded(3))


def begun(binding, talker, plan, **options):
    """A call whose first connection has told the task: after that, everything may break."""
    machine = asking(binding)
    events, waits = converse(machine, talker, plan, **options)
    assume(events[0].kind == "task")
    return machine, events, waits


@given(
    st.sampled_from(list(BINDINGS)),
    WORDS,
    st.lists(CUTS, max_size=ATTEMPTS),
    st.sampled_from([7, 64, 10_000]),
    st.integers(0, 9),
)
def test_a_stream_that_is_cut_anywhere_is_told_whole(binding, words, plan, piece, pace):
    talker = Talker(words)
    machine, events, waits = begun(binding, talker, plan, piece=piece, pace=pace)
    assert [event.item for event in events if event.item is not None] == talker.log
    assert [event.offset for event in events if event.item is not None] == list(range(1, len(talker.log) + 1))
    assert "".join(event.text for event in events) == "".join(words)
    assert machine.call.outcome is Outcome.SETTLED
    assert [event.done for event in events] == [False] * (len(events) - 1) + [True]
    assert len(waits) <= len(plan)


@given(st.sampled_from(list(BINDINGS)), WORDS, st.lists(st.integers(0, 2_500), max_size=4), st.integers(0, 9))
@example("1.0", ["a "] * 5, [900, 0], 1)
@example("1.0 REST", ["a "], [356, 0, 0], 0)
def test_a_stream_whose_bodies_end_in_good_order_anywhere_is_told_whole(binding, words, plan, pace):
    """Or says why not. A body that said nothing may mean that the task is over: then the last event is the task."""
    talker = Talker(words)
    machine = asking(binding)
    events, _ = converse(machine, talker, plan, pace=pace, is_clean=True)
    assume(events[0].kind == "task")
    told = [event for event in events if event.item is not None]
    numbered = [event for event in told if event.offset is not None]
    assert [event.offset for event in numbered] == list(range(1, len(numbered) + 1))
    assert [event.item for event in numbered] == talker.log[: len(numbered)]
    if machine.call.outcome is Outcome.CUT:  # the task was asked for, and what came cannot be read
        assert re.search(r"cut in state \w+: .", str(events[-1].error))
        assert told == numbered
        return
    assert "".join(event.text for event in events) == "".join(words)
    assert machine.call.outcome is Outcome.SETTLED
    if len(numbered) < len(talker.log):
        assert [event.item for event in told[len(numbered) :]] == [fold(talker.log)]


@given(st.sampled_from(list(BINDINGS)), WORDS, st.lists(CUTS, max_size=ATTEMPTS), st.integers(0, 9))
def test_every_cut_is_told_and_so_is_what_became_of_it(binding, words, plan, pace):
    _, events, waits = begun(binding, Talker(words), plan, pace=pace)
    told = [event.kind for event in events if event.kind in ("cut", "resumed")]
    assert told == ["cut", "resumed"] * (len(told) // 2)
    assert len(told) // 2 <= len(waits), "attempts that fail are not told one by one"
    assert all(event.error is not None for event in events if event.kind == "cut")


@given(
    st.sampled_from(list(BINDINGS)),
    WORDS,
    st.integers(800, 2_500),
    st.lists(st.just(REFUSED) | st.just(0), min_size=ATTEMPTS),
)
def test_more_cuts_than_attempts_leave_a_prefix_and_say_so(binding, words, first, plan):
    talker = Talker(words)
    machine, events, waits = begun(binding, talker, [first, *plan])
    assume(waits)
    items = [event.item for event in events if event.item is not None]
    assert items == talker.log[: len(items)]
    assert machine.call.outcome is Outcome.CUT
    assert (events[-1].kind, events[-1].done) == ("cut", True)
    assert "could not be resumed in 5 attempts" in str(events[-1].error)
    assert len(waits) == ATTEMPTS
    assert all(0 <= wait <= limit for wait, limit in zip(waits, [1, 2, 4, 8, 16], strict=True))


@given(st.sampled_from(list(BINDINGS)), WORDS, st.integers(1, 60))
def test_any_number_of_cuts_is_taken_as_long_as_there_is_news(binding, words, cuts):
    """Each connection brings a little: the count of attempts begins anew each time."""
    talker = Talker(words * 3)
    machine, events, _ = begun(binding, talker, [1_000] * cuts, piece=7)
    assert [event.item for event in events if event.item is not None] == talker.log
    assert machine.call.outcome is Outcome.SETTLED


@given(st.sampled_from(list(BINDINGS)), WORDS, st.integers(0, 4), st.lists(CUTS, max_size=ATTEMPTS), st.integers(0, 9))
def test_a_subscription_reads_on_from_where_it_was(binding, words, before, plan, pace):
    talker = Talker(words)
    opened = asking(binding)
    converse_until(opened, talker, before)
    task_id, seen = opened.call.reader.task_id, opened.call.reader.offset
    machine = asking(binding, Operation.SUBSCRIBE, SubscribeToTaskRequest(id=task_id), seen=seen)
    assume(seen < len(talker.log) or talker.left)
    events, _ = converse(machine, talker, plan, pace=pace)
    assert [event.item for event in events if event.item is not None] == talker.log[seen:]
    assert machine.call.outcome is Outcome.SETTLED


def converse_until(machine, talker, words):
    """Read a stream until so many words were said, and leave it."""
    link, answer = talker.open(machine.next_request(), 0.0)
    for _ in range(words + 1):
        answer.deliver(talker.server.take(link), 0.0)
        head = answer.next_response()
        if head is not None:
            machine.receive_head(head.status, head.headers, 0.0)
        machine.receive_data(b"".join(answer.data_to_send()), 0.0)
        talker.speak(0.0)
    talker.server.disconnect(link, 0.0)


@given(st.sampled_from(list(BINDINGS)), WORDS, st.lists(CUTS, min_size=1, max_size=3))
def test_without_a_backoff_nothing_is_resumed(binding, words, plan):
    machine = asking(binding, backoff=None)
    events, waits = converse(machine, Talker(words), plan)
    assert waits == []
    assert all(event.kind != "resumed" for event in events)
    assert [event.done for event in events] == [False] * (len(events) - 1) + [True]
