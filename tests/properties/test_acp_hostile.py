"""A peer that sends whatever it likes: nothing raises, and what is held stays within the limits.

400,000 chunks of ten senders go into the lanes of four streams that share a budget. What the lanes hold is counted
from outside, by their own words: the chunks themselves were made before, so that the machine is what takes the time.
"""

from random import Random

import pytest
from attrs import evolve

from hocket.acp.assembly import weight
from hocket.acp.budget import Budget
from hocket.acp.lanes import Lanes
from hocket.acp.limits import LaneLimits
from hocket.acp.model import Message, Role, file_part, text_part
from hocket.acp.verdicts import Completed, Delivered, Failed

LIMITS = LaneLimits(buffered=16, held=20_000, message=60_000, gap=1.0, stall=2.0, lanes=12)
BUDGET = 100_000
CHUNKS = 400_000


def pieces(random):
    """Chunks of all kinds: small and large, of text, data and files, in two roles, with and without message ids."""
    contents = [
        lambda extra: text_part("x" * random.choice([0, 1, 20, 3_000]), **extra),
        lambda extra: text_part("å\ud800" * 10, **extra),
        lambda extra: evolve(text_part("", **extra), content={"a": [1, None]}),  # as a peer may send it
        lambda extra: file_part(b"\x00" * random.choice([0, 1, 900])),
    ]
    made = []
    for _ in range(400):
        name = random.choice([None] * 12 + ["m", "n", f"m{random.randrange(50)}", 7, "x" * 300])
        extra = {} if name is None else {"x-messageId": name}
        parts = tuple([random.choice(contents)(extra) for _ in range(random.choice([1, 1, 1, 3]))])
        made.append(Message(role=random.choice([Role.AGENT] * 9 + [Role.USER]), parts=parts))
    return made


def numbers(random):
    """Numbers of all kinds: mostly those that come next to something."""
    likely = [0, 1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 12, 17, 18, 40]
    absurd = [-1, 2**53 - 1, 2**53, 2**63, 10**30, True, "1", None, 1.0, 2.0, 1.5, float("nan"), float("inf")]
    return likely * 20 + absurd


@pytest.mark.parametrize("seed", [11])
def test_400_000_chunks_of_any_kind_stay_within_the_limits(seed):
    random = Random(seed)
    chunks, sequences = pieces(random), numbers(random)
    heaviest = max(weight(chunk) for chunk in chunks)
    senders = [f"agent {number}" for number in range(10)]
    budget = Budget(BUDGET)
    streams = [Lanes(LIMITS, budget) for _ in range(4)]
    told = {Delivered: 0, Completed: 0, Failed: 0}
    refusals = set()
    most_held = most_open = 0
    now = 0.0
    choices, choice = random.choices, random.random
    for _ in range(CHUNKS // 1_000):
        batch = [choices(some, k=1_000) for some in (senders, chunks, sequences, streams)]
        for sender, chunk, sequence, lanes in zip(*batch, strict=True):
            luck = choice()
            now += 0.001
            verdict = lanes.receive(
                sender, chunk, sequence, is_last=luck < 0.1, now=now, is_request=luck < 0.8, ordered=luck < 0.3
            )
            if verdict.error is not None:
                refusals.add(verdict.error.code)
            for _, event in verdict.events:
                told[type(event)] += 1
                if type(event) is Completed:
                    assert sum(map(weight, event.chunks)) <= LIMITS.message
            if luck > 0.999:
                lanes.resync(sender)
            most_held = max(most_held, budget.held)
        for lanes in streams:
            told[Failed] += len(lanes.handle_timeout(now).events)
            most_open = max(most_open, len(lanes.expected()))
        assert 0 <= budget.held <= BUDGET
    assert most_held <= BUDGET
    assert most_held > BUDGET // 2  # else nothing was tested
    assert most_open == LIMITS.lanes
    assert refusals == {-32602, -40011, -40012}
    assert min(told.values()) > 1_000
    for lanes in streams:
        lanes.fail_all("stream_closed")
        assert lanes.expected() == {}
        assert lanes.next_timeout() is None
    assert budget.held == 0
    assert heaviest < LIMITS.held
