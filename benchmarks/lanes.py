"""What a chunk costs the lane that puts the chunks of one sender in order, however they come.

One message of 1,000, 10,000 or 100,000 chunks of text goes through a `Lane` alone: in order, each pair the wrong way
round, in windows of 64 that are reversed or shuffled, and each chunk twice. The cost is processor time by the chunks
that come. It must depend neither on the length of the message nor on how many chunks wait for one that is missing: the
last table has one chunk missing and others held, from none to 10,000. `./dev bench lanes`
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import process_time

from harness import Benchmark, Contender, Contest, Options, Target, main
from harness.contest import Once

from hocket.acp import message_of
from hocket.acp.lane import Lane
from hocket.acp.limits import LaneLimits
from hocket.acp.verdicts import Completed

WINDOW = 64
CHUNK = message_of("word of it ", agent_id="ada")
METRIC = "µs CPU/chunk"

Order = Callable[[int], Sequence[int]]


def in_order(chunks: int) -> Sequence[int]:
    """1, 2, 3, 4 …"""
    return range(1, chunks + 1)


def in_windows(arrange: Callable[[list[int]], list[int]], window: int = WINDOW) -> Order:
    """The chunks of each window in another order."""

    def order(chunks: int) -> Sequence[int]:
        numbers = list(in_order(chunks))
        return [number for begin in range(0, chunks, window) for number in arrange(numbers[begin : begin + window])]

    return order


def reversed_(numbers: list[int]) -> list[int]:
    """The other way round."""
    return numbers[::-1]


def shuffled(numbers: list[int]) -> list[int]:
    """In any order, the same each time."""
    return random.Random(numbers[0]).sample(numbers, len(numbers))


def doubled(numbers: list[int]) -> list[int]:
    """Each twice, in any order."""
    return shuffled(numbers * 2)


ORDERS: Mapping[str, Order] = {
    "in order": in_order,
    "pairs swapped": in_windows(reversed_, 2),
    f"reversed by {WINDOW}": in_windows(reversed_),
    f"shuffled by {WINDOW}": in_windows(shuffled),
    f"twice, shuffled by {WINDOW}": in_windows(doubled),
}


def through(order: Order, chunks: int, together: int) -> Contender:
    """Messages of so many chunks, one after the other, that have as many as `together` says."""
    name = next(name for name, each in ORDERS.items() if each is order)

    @contextmanager
    def ready() -> Iterator[Once]:
        numbers = order(chunks)
        messages = max(1, together // chunks)

        def once() -> Mapping[str, float]:
            begun = process_time()
            for _ in range(messages):
                lane = Lane(LaneLimits(message=2**40, buffered=2 * WINDOW), ordered=False)
                for number in numbers:
                    verdict = lane.receive(CHUNK, number, is_last=number == chunks, now=0.0)
                    if verdict.events and type(verdict.events[-1]) is Completed:
                        break
            spent = process_time() - begun
            assert verdict.events, "the message is complete"
            return {METRIC: 1e6 * spent / (messages * len(numbers))}

        yield once

    return Contender(f"{name}, {chunks:,}", ready)


def holding(held: int, chunks: int) -> Contender:
    """A lane in which so many chunks wait, and each that comes waits with them; the missing one comes in the end."""

    @contextmanager
    def ready() -> Iterator[Once]:
        def once() -> Mapping[str, float]:
            lane = Lane(LaneLimits(message=2**40, held=2**40, buffered=held + 2 * chunks), ordered=False)
            for number in range(2, held + 2):
                lane.receive(CHUNK, number, now=0.0)
            begun = process_time()
            for number in range(held + 2, held + chunks + 2):
                lane.receive(CHUNK, number, now=0.0)
            spent = process_time() - begun
            assert len(lane.receive(CHUNK, 1, now=0.0).events) == held + chunks + 1
            return {METRIC: 1e6 * spent / chunks}

        yield once

    return Contender(f"{held:,} held", ready)


def contests(options: Options) -> list[Contest]:
    """One contest for each order, and one for what is held."""
    lengths = options.pick((1_000, 10_000, 100_000), (1_000, 10_000, 100_000), (2, 3))
    together = options.pick(50_000, 10_000, 1)
    held, chunks = options.pick(((0, 1_000, 10_000), 10_000), ((0, 1_000, 10_000), 4_000), ((0, 2), 2))
    return [
        *(Contest(name, [through(order, length, together) for length in lengths]) for name, order in ORDERS.items()),
        Contest("chunks that wait", [holding(each, chunks) for each in held]),
    ]


BENCHMARK = Benchmark(
    "lanes",
    __doc__ or "",
    contests,
    targets=[
        *(
            Target(name, METRIC, f"{name}, 1,000", ours=f"{name}, {length}", at_most=1.2)
            for name in ORDERS
            for length in ("10,000", "100,000")
        ),
        Target("chunks that wait", METRIC, "0 held", ours="1,000 held", at_most=1.2),
        Target("chunks that wait", METRIC, "0 held", ours="10,000 held", at_most=1.2),
    ],
    minutes=0.5,
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK))
