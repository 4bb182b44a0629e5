"""A benchmark as a program: its options, its rounds, its tables, and a file of results."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from attrs import evolve, frozen

from harness import results, table
from harness.charts import Chart
from harness.contest import Contest, hold
from harness.targets import Target, judge

T = TypeVar("T")


@frozen
class Options:
    """What the command line asks for."""

    scale: str = "full"
    """`full`, `quick`, or `tiny`, with which tests see that a benchmark runs at all."""
    rounds: int | None = None
    only: tuple[str, ...] = ()
    has_peers: bool = True

    def pick(self, full: T, quick: T, tiny: T) -> T:
        """One of three sizes, by the scale."""
        return {"full": full, "quick": quick, "tiny": tiny}[self.scale]


@frozen
class Benchmark:
    """A script in `benchmarks/`, which has one of these under the name `BENCHMARK`."""

    name: str
    """The name of the script."""
    about: str
    """Its docstring."""
    contests: Callable[[Options], Sequence[Contest]]
    targets: Sequence[Target] = ()
    charts: Sequence[Chart] = ()
    rounds: int = 5
    minutes: float = 0.5
    """How long it takes, about, on a quiet machine with two cores."""


def main(benchmark: Benchmark, arguments: Sequence[str] | None = None) -> int:
    """Run a benchmark, print its tables, and write the file that is asked for."""
    parser = _parser(benchmark)
    given = parser.parse_args(arguments)
    scale = "tiny" if given.tiny else "quick" if given.quick else "full"
    options = Options(scale, given.rounds, tuple(given.only or ()), not (given.no_peers or given.tiny))
    report = run(benchmark, options)
    if given.json:
        results.write(results.Results(results.made_here(scale), [report]), given.json)
    return 0


def run(benchmark: Benchmark, options: Options) -> results.Report:
    """Hold all contests, and print what comes of each as soon as it is there."""
    outcomes = []
    rounds = options.rounds or options.pick(benchmark.rounds, 2, 1)
    for contest in [_chosen(each, options) for each in benchmark.contests(options)]:
        if not contest.contenders:
            continue
        held = min(rounds, contest.rounds or rounds)
        outcome = hold(contest, held, warm_up=options.scale != "tiny", tell=_tell)
        _tell("")
        print("\n".join([*table.of_outcome(outcome), ""]), flush=True)
        outcomes.append(outcome)
    verdicts = [judge(target, outcomes) for target in benchmark.targets]
    if verdicts:
        print("\n".join([*table.of_verdicts(verdicts), ""]), flush=True)
    return results.Report(benchmark.name, rounds, outcomes, verdicts, list(benchmark.charts))


def _parser(benchmark: Benchmark) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=benchmark.about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, metavar="N", help=f"turns that count (default {benchmark.rounds})")
    parser.add_argument("--quick", action="store_true", help="smaller sizes and 2 rounds: a first look")
    parser.add_argument("--tiny", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--only", metavar="WORD", action="append", help="those contenders whose name has this in it")
    parser.add_argument("--no-peers", action="store_true", help="without the programs of other people")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every value there")
    return parser


def _chosen(contest: Contest, options: Options) -> Contest:
    """The contest with those contenders that are asked for."""
    chosen = [
        each
        for each in contest.contenders
        if (options.has_peers or not each.is_peer)
        and (not options.only or any(word in each.name for word in options.only))
    ]
    return evolve(contest, contenders=chosen, ours=contest.ours or contest.contenders[0].name)


def _tell(line: str) -> None:
    """One line that is written over, for a person who waits."""
    if sys.stderr.isatty():
        print(f"\r\033[K{line[:100]}", end="", file=sys.stderr, flush=True)
