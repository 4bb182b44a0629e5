"""The sender of push notifications against receivers of every kind: in order, at least once, or said in the log."""

import anyio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from hocket.backoff import Backoff
from hocket.errors import ConnectionFailed
from support.push import CONFIG, LINK, Receiver, Source

ATTEMPTS = 2
ANSWERS = st.sampled_from([200, 204, 204, 503, 429, 404, 307, 410, "down"])


def in_no_time(function):
    clock = trio.testing.MockClock(autojump_threshold=0)
    anyio.run(function, backend="trio", backend_options={"clock": clock})


def expected(count, answers):
    """What is posted, as numbers of events, and whether the receiver is given up: written down from docs/push.md."""
    left, posted, row = list(answers), [], 0
    for event in range(count):
        while True:
            posted.append(event)
            answer = left.pop(0) if left else 204
            if answer in (200, 204):
                row = 0
                break
            row += 1
            if answer == 410 or row > ATTEMPTS:
                return posted, True
            if answer in (404, 307):
                break
    return posted, False


@settings(max_examples=60)
@given(st.integers(0, 6), st.lists(ANSWERS, max_size=12), st.booleans())
def test_what_is_posted_is_what_the_page_says(count, answers, is_late):
    """`is_late`: the events come one by one, after the receiver has had all the time it wants."""
    told = [ConnectionFailed("down") if answer == "down" else answer for answer in answers]
    bodies = [b"%d" % number for number in range(count)]

    async def talk():
        receiver = Receiver(*told)
        source = Source(*([] if is_late else bodies), is_over=not is_late)
        async with receiver.sender(backoff=Backoff(base=1.0, attempts=ATTEMPTS, jitter=False), grace=0) as sender:
            sender.start(LINK, source, CONFIG, "1.0")
            for body in bodies if is_late else []:
                source.say(body)
                await anyio.sleep(100)
            if is_late:
                source.end()
            await anyio.sleep(1_000)
            posted, is_given_up = expected(count, answers)
            assert [int(body) for body in receiver.got] == posted
            assert source.is_closed
            assert is_given_up or not source.waiting

    in_no_time(talk)
