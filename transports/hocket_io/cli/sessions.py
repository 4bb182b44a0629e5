"""Sessions at work: the sessions of a campaign are played in this process, or shared out among several."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from multiprocessing import get_context

from attrs import Factory, define, field, frozen

from hocket.testing.simulation import Campaign, Tally
from hocket_io.cli.exits import Failure
from hocket_io.cli.worlds import world_named

__all__ = ["Part", "parts"]

_CHUNK = 10
"""Sessions that another process is given at a time."""


@define(kw_only=True)
class Part:
    """Some sessions that were played.

    Attributes:
        tally: What was counted.
        found: The first session of each kind of violation, by kind.
    """

    tally: Tally = Factory(Tally)
    found: dict[str, int] = field(factory=dict)


def parts(campaign: Campaign, numbers: Sequence[int], *, jobs: int, goes_on: bool) -> Iterator[Part]:
    """Play sessions; what was played comes in order, whoever has played it.

    Args:
        campaign: The campaign; where several play, its world is found by its name.
        numbers: Which sessions.
        jobs: How many processes play; with 1 it is this one.
        goes_on: Whether there is more after a violation.
    """
    if jobs > 1:
        played: Iterator[Part] = _shared_out(campaign, numbers, jobs, goes_on)
    else:
        played = (_play(campaign, [number], goes_on) for number in numbers)
    for part in played:
        yield part
        if part.found and not goes_on:
            return


def _play(campaign: Campaign, numbers: Sequence[int], goes_on: bool) -> Part:
    fault_of = campaign.fault_of
    part = Part()
    for number in numbers:
        played = campaign.play(number)
        part.tally.add(played, fault_of)
        if played.finding is not None:
            part.found.setdefault(played.finding.kind, number)
            if not goes_on:
                break
    return part


# --- several processes


@frozen(kw_only=True)
class _Order:
    """A campaign, as other processes can be told of it."""

    name: str
    seed: int
    steps: int
    faults: tuple[str, ...]
    most: dict[str, int]


_joined: list[Campaign] = []
"""The campaign that this process plays for another one."""


def _shared_out(campaign: Campaign, numbers: Sequence[int], jobs: int, goes_on: bool) -> Iterator[Part]:
    chunks = [numbers[at : at + _CHUNK] for at in range(0, len(numbers), _CHUNK)]
    order = _Order(
        name=campaign.name,
        seed=campaign.seed,
        steps=campaign.steps,
        faults=campaign.faults,
        most=dict(campaign.most),
    )
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_join, initargs=(order,))
    try:
        for future in [pool.submit(_play_for_another, chunk, goes_on) for chunk in chunks]:
            yield future.result()
    except BrokenExecutor:
        raise Failure("a process that played sessions came to its end; with --jobs 1 it shows why") from None
    finally:
        pool.shutdown(cancel_futures=True)


def _join(order: _Order) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal: the first one ends us
    make = world_named(order.name)
    _joined.append(
        Campaign(name=order.name, make=make, seed=order.seed, steps=order.steps, faults=order.faults, most=order.most)
    )


def _play_for_another(numbers: Sequence[int], goes_on: bool) -> Part:
    return _play(_joined[0], numbers, goes_on)
