"""What waits to be read: the queue of one stream, and the mail of one agent."""

import anyio
from hypothesis import given
from hypothesis import strategies as st

from hocket.acp import ClientLimits
from hocket.acp.client.events import Reconnected
from hocket.acp.events import Invited, MessageSent, ReplayGap
from hocket.acp.model import message_of
from hocket_io.acp.mail import Mail
from hocket_io.acp.unread import Unread


def said(number, text="x", stream="s"):
    return MessageSent(stream_id=stream, agent_id="bob", event_id=number, message=message_of(text))


def queue(events=3, size=100_000):
    return Unread("s", "ada", events, size)


def numbers(unread):
    """What is taken until nothing is left: event ids, and gaps as pairs."""
    taken = []
    while (event := unread.take()) is not None:
        match event:
            case ReplayGap(first=first, last=last):
                taken.append((first, last))
            case _:
                taken.append(getattr(event, "event_id", type(event)))
    return taken


# The queue of one stream


def test_events_come_out_as_they_went_in():
    unread = queue()
    for number in (1, 2, 3):
        unread.put(said(number))
    assert numbers(unread) == [1, 2, 3]


def test_a_queue_that_nobody_reads_keeps_the_newest_and_says_what_is_gone():
    unread = queue(events=3)
    for number in range(1, 8):
        unread.put(said(number))
    gap = unread.take()
    assert gap == ReplayGap(stream_id="s", agent_id="ada", first=1, last=4)
    assert numbers(unread) == [5, 6, 7]
    assert not unread.is_full


def test_a_queue_that_is_read_asks_for_a_pause_instead():
    unread = queue(events=3)
    assert unread.take() is None
    for number in (1, 2):
        unread.put(said(number))
    assert not unread.is_full
    unread.put(said(3))
    assert unread.is_full
    unread.put(said(4))  # somebody waits for an answer, and so it was read on
    assert numbers(unread) == [1, 2, 3, 4]


def test_bytes_count_as_well_as_events():
    unread = queue(events=100, size=100_000)
    for number in (1, 2, 3):
        unread.put(said(number, "x" * 40_000))
    assert numbers(unread) == [(1, 1), 2, 3]
    for number in (4, 5):
        unread.put(said(number, "x" * 40_000))
    assert not unread.is_full
    unread.put(said(6, "x" * 40_000))
    assert unread.is_full
    unread.take()
    assert not unread.is_full


def test_one_event_larger_than_the_limit_is_kept():
    unread = queue(size=10)
    unread.put(said(1, "x" * 1_000))
    assert numbers(unread) == [1]


def test_twice_the_limits_is_the_most():
    unread = queue(events=3)
    unread.take()
    for number in range(1, 9):
        unread.put(said(number))
    assert numbers(unread) == [(1, 2), 3, 4, 5, 6, 7, 8]


def test_a_reader_that_gave_up_holds_nobody_up():
    unread = queue(events=2)
    unread.take()
    for number in (1, 2, 3):
        unread.put(said(number))
    unread.give_up()
    assert not unread.is_full
    assert numbers(unread) == [(1, 1), 2, 3]


def test_gaps_that_are_dropped_grow_into_the_next():
    unread = queue(events=1)
    unread.put(ReplayGap(stream_id="s", agent_id="ada", first=3, last=5))
    unread.put(said(6))
    unread.put(Reconnected())
    assert numbers(unread) == [(3, 6), Reconnected]


@given(st.lists(st.one_of(st.none(), st.integers(1, 500)), max_size=60), st.integers(1, 5), st.integers(1, 4_000))
def test_what_was_put_is_taken_or_named_in_a_gap(steps, events, size):
    unread, taken, put = queue(events, size), [], 0
    for step in steps:
        if step is None:
            taken.append(unread.take())
        else:
            put += 1
            unread.put(said(put, "x" * step))
    while (event := unread.take()) is not None:
        taken.append(event)
    accounted = []
    for event in filter(None, taken):
        span = (event.first, event.last) if isinstance(event, ReplayGap) else (event.event_id, event.event_id)
        accounted += range(span[0], span[1] + 1)
    assert accounted == list(range(1, put + 1))


class Even:
    """A tap for events with an even number."""

    is_full = False

    def __init__(self):
        self.taken = []

    def takes(self, event):
        if event.event_id % 2 == 0:
            self.taken.append(event.event_id)
            return True
        return False


def test_a_tap_takes_what_waits_and_what_comes():
    unread, tap, late = queue(events=100), Even(), Even()
    for number in (1, 2, 3):
        unread.put(said(number))
    unread.tap(tap)
    unread.tap(late)
    for number in (4, 5):
        unread.put(said(number))
    assert (tap.taken, late.taken) == ([2, 4], [])
    unread.untap(tap)
    unread.put(said(6))
    unread.untap(late)
    unread.put(said(8))
    assert late.taken == [6]
    assert numbers(unread) == [1, 3, 5, 8]


def test_a_full_tap_asks_for_a_pause_too():
    unread, tap = queue(), Even()
    unread.tap(tap)
    assert not unread.is_full
    tap.is_full = True
    assert unread.is_full


# The mail of one agent


def mail(unread=3, request=0.0):
    return Mail("ada", ClientLimits(unread=unread, request=request))


def test_mail_is_sorted_by_stream_also_before_it_is_opened():
    post = mail()
    one = post.open("one")
    post.put(said(1, stream="one"))
    post.put(said(1, stream="two"))
    post.put(Reconnected())
    two = post.open("two")
    assert [type(post.take(one)) for _ in range(3)] == [MessageSent, Reconnected, type(None)]
    assert [type(post.take(two)) for _ in range(3)] == [MessageSent, Reconnected, type(None)]
    assert post.open("one") is one


def test_streams_that_nobody_opens_are_forgotten():
    post = mail()
    for number in range(65):
        post.put(said(7, stream=f"s{number}"))
    assert post.take(post.open("s0")) is None
    assert post.take(post.open("s1")).event_id == 7
    assert post.take(post.open("s64")).event_id == 7


def test_the_queue_of_a_stream_that_was_dropped_goes_with_it():
    post = mail()
    one = post.open("one")
    post.put(said(1, stream="one"))
    del one
    assert post.take(post.open("one")) is None


def test_invitations_are_kept_apart_and_bounded(caplog):
    post = mail(unread=2)
    for name in ("a", "b", "c"):
        post.put(Invited(stream_id=name, agent_id="ada", invited_by="bob"))
    assert [invitation.stream_id for invitation in post.invitations] == ["b", "c"]
    assert "an invitation to 'a' was dropped" in caplog.text
    assert post.take(post.open("b")) is None


def test_reading_pauses_for_a_reader_that_is_behind(run):
    async def main():
        post = mail(unread=1, request=60.0)
        box = post.open("s")
        post.take(box)
        await post.room(lambda: False)  # there is room
        post.put(said(1))
        await post.room(lambda: True)  # and somebody waits for an answer
        await post.room(lambda: False, "another stream")  # or it is of another stream
        async with anyio.create_task_group() as group:
            paused = anyio.Event()

            async def read_on():
                paused.set()
                await post.room(lambda: False)
                group.cancel_scope.cancel()

            group.start_soon(read_on)
            await paused.wait()
            await anyio.wait_all_tasks_blocked()
            assert not group.cancel_scope.cancel_called
            post.take(box)
            await anyio.sleep_forever()

    run(main)


def test_a_reader_that_does_not_come_back_holds_up_nobody_who_waits(run):
    async def main():
        post = mail(unread=1, request=0.0)
        gone, other = post.open("gone"), post.open("other")
        post.take(gone)
        post.put(said(1, stream="gone"))
        async with anyio.create_task_group() as group:
            group.start_soon(post.wait, other.bell)
            await anyio.wait_all_tasks_blocked()
            await post.room(lambda: False)
            group.cancel_scope.cancel()
        post.put(said(2, stream="gone"))
        assert numbers(gone) == [(1, 1), 2]

    run(main)


def test_nobody_waits_and_so_nothing_is_dropped(run):
    async def main():
        post = mail(unread=1, request=0.0)
        box = post.open("s")
        post.take(box)
        post.put(said(1))
        with anyio.move_on_after(0.01):
            await post.room(lambda: False)
            raise AssertionError("there is no room, and no hurry")
        assert numbers(box) == [1]

    run(main)


def test_a_stream_that_was_dropped_while_full_holds_nobody_up(run):
    async def main():
        post = mail(unread=1, request=60.0)
        box = post.open("s")
        post.take(box)
        post.put(said(1))
        del box
        await post.room(lambda: False)

    run(main)
