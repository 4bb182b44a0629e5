"""However the connections break that several streams share, each is told whole: every item once, in order, its end."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hocket.a2a import ClientLimits, Operation, Outcome, SubscribeToTaskRequest
from hocket.backoff import Backoff
from hocket.entropy import seeded
from hocket.http import ReconnectingClient
from support.cut_sockets import Break, Choir, Conversation
from support.messages import user_says

ATTEMPTS = 4
HALF = settings(max_examples=settings().max_examples // 2)
WORDS = st.lists(st.sampled_from(["a ", "long " * 30, "é"]), min_size=1, max_size=5)
CUTS = st.integers(0, 400) | st.integers(0, 4_000)
BREAKS = st.builds(Break, CUTS) | st.builds(Break, is_refused=st.just(True)) | st.builds(Break, is_deaf=st.just(True))


def meeting(plan, *, attempts=ATTEMPTS, **options):
    backoff = None if attempts is None else Backoff(attempts=attempts)
    return Conversation(ReconnectingClient(ClientLimits(), backoff, seeded(3)), Choir(), list(plan), **options)


def ask(conversation, words):
    return conversation.begin(Operation.STREAM, user_says("\n".join(words)))


def check_told_whole(told, log, words):
    items = [event for event in told if event.item is not None]
    assert [event.item for event in items] == log
    assert [event.offset for event in items] == list(range(1, len(log) + 1))
    assert "".join(event.text for event in told) == "".join(words)
    assert [event.done for event in told] == [False] * (len(told) - 1) + [True]


@given(
    st.lists(WORDS, min_size=1, max_size=3),
    st.lists(BREAKS, max_size=ATTEMPTS),
    st.integers(0, 9),
    st.sampled_from([7, 64, 10_000]),
)
@HALF
def test_streams_that_share_connections_which_break_are_told_whole(sayings, plan, pace, piece):
    """Or, where the task was not known before the first break, not at all: then the message is not sent again."""
    conversation = meeting(plan, pace=pace, piece=piece)
    calls = {ask(conversation, words): words for words in sayings}
    conversation.run()
    for call, words in calls.items():
        told = conversation.events[call]
        if told[0].item is None:
            assert [event.done for event in told] == [True]
            assert str(told[0].error)
            assert call.outcome in (Outcome.CUT, Outcome.FAILED)
        else:
            check_told_whole(told, conversation.choir.logs[told[0].task_id], words)
            assert call.outcome is Outcome.SETTLED
            cuts = [event.kind for event in told if event.kind in ("cut", "resumed")]
            assert cuts == ["cut", "resumed"] * (len(cuts) // 2)
    assert conversation.connections <= len(plan) + 1, "the streams share one connection after each break"


@given(st.lists(WORDS, min_size=2, max_size=3), st.integers(2_500, 6_000), st.integers(1, 9))
@HALF
def test_more_breaks_than_attempts_leave_a_prefix_and_say_so(sayings, after, pace):
    plan = [Break(after), *[Break(is_refused=True)] * (ATTEMPTS + 1)]
    conversation = meeting(plan, pace=pace)
    calls = {ask(conversation, words): words for words in sayings}
    conversation.run()
    for call, words in calls.items():
        told = conversation.events[call]
        assume(told[0].task_id is not None)
        log = conversation.choir.logs[told[0].task_id]
        items = [event.item for event in told if event.item is not None]
        assert items == log[: len(items)]
        if call.outcome is Outcome.SETTLED:
            check_told_whole(told, log, words)
        else:
            assert (told[-1].kind, told[-1].done) == ("cut", True)
            assert f"could not be resumed in {ATTEMPTS} attempts" in str(told[-1].error)
    assert len(conversation.waits) in (0, ATTEMPTS), "they wait together"


@given(WORDS, st.integers(1_000, 4_000), st.integers(0, 9))
@HALF
def test_without_a_backoff_nothing_is_resumed(words, after, pace):
    conversation = meeting([Break(after)], attempts=None, pace=pace)
    call = ask(conversation, words)
    told = conversation.run().events[call]
    assert (conversation.waits, conversation.connections) == ([], 1)
    assert all(event.kind != "resumed" for event in told)
    assert [event.done for event in told] == [False] * (len(told) - 1) + [True]


@given(WORDS, st.integers(0, 4), st.lists(BREAKS, max_size=ATTEMPTS), st.integers(0, 9))
@HALF
def test_a_subscription_reads_on_from_where_it_was(words, seen, plan, pace):
    conversation = meeting([], pace=pace)
    told = conversation.events[ask(conversation, words)]
    conversation.run()
    log = conversation.choir.logs[told[0].task_id]
    seen = min(seen + 1, len(log) - 1)
    conversation.client.receive_end(Break().error, conversation.now)  # while nobody waits for anything
    conversation.plan = [each for each in plan if not each.is_refused]
    again = conversation.begin(Operation.SUBSCRIBE, SubscribeToTaskRequest(id=told[0].task_id), seen)
    conversation.run()
    told = conversation.events[again]
    assert [event.item for event in told if event.item is not None] == log[seen:]
    assert again.outcome is Outcome.SETTLED
