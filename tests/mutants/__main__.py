"""`./dev mutants`: break a copy of the core in one named way after the other, and see that the tests notice each."""

import argparse
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

sys.path[0] = str(Path(__file__).parents[1])  # as a program it would find its own files only

from mutants import trial  # noqa: E402  -- the path comes first
from mutants.copies import a_copy  # noqa: E402
from mutants.table import MUTANTS  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(prog="./dev mutants", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="mutants, or files of the core; without any, all")
    parser.add_argument("--list", action="store_true", help="only say which mutants there are")
    parser.add_argument("--simulate", action="store_true", help="let simulated sessions notice them, not the tests")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="so many at the same time (1)")
    given = parser.parse_args()
    if given.jobs < 1:
        parser.error("--jobs is 1 or more")
    known = {mutant.name for mutant in MUTANTS} | {mutant.file for mutant in MUTANTS}
    if unknown := [name for name in given.names if name not in known]:
        parser.error(f"no mutant and no file of one is named {', '.join(unknown)}; --list says what there is")
    return given


def chosen(given):
    """The mutants that are meant."""
    named = [each for each in MUTANTS if not given.names or each.name in given.names or each.file in given.names]
    return [each for each in named if each.simulate or not given.simulate]


def line(verdict):
    what = "LIVES" if verdict.by is None else f"noticed by {verdict.by}"
    return f"{verdict.mutant.name:<50} {verdict.seconds:6.1f} s  {what}"


def judge(mutants, jobs):
    """The verdict on each mutant, told as soon as it is there; `jobs` copies are at work."""
    telling = threading.Lock()
    with ExitStack() as stack:
        all_copies = [stack.enter_context(a_copy()) for _ in range(min(jobs, len(mutants)))]
        copies = SimpleQueue()
        for copy in all_copies:
            copies.put(copy)

        def tried(mutant):
            copy = copies.get()
            try:
                verdict = trial.test(copy, mutant)
            finally:
                copies.put(copy)
            with telling:
                print(line(verdict), flush=True)
            return verdict

        pool = ThreadPoolExecutor(jobs)
        stack.callback(pool.shutdown)
        for copy in all_copies:  # when something goes wrong, or at Ctrl-C, nothing is waited for
            stack.callback(copy.stop)
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        verdicts = list(pool.map(tried, mutants))
        return verdicts, trial.fails_when_whole(copies.get(), verdicts)


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the copies are removed then, too
    given = arguments()
    mutants = chosen(given)
    if given.list:
        for mutant in mutants:
            print(f"{mutant.name:<50} {mutant.file}{f'  ({mutant.simulate})' if mutant.simulate else ''}")
        return 0
    if given.simulate:
        from mutants.simulated import main as simulated  # it imports half of hocket

        return simulated([mutant.name for mutant in mutants])
    try:
        verdicts, broken = judge(mutants, given.jobs)
    except trial.BadTrial as problem:
        print(problem, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    alive = [verdict for verdict in verdicts if verdict.by is None]
    print(f"\n{len(verdicts) - len(alive)} of {len(verdicts)} mutants noticed", end="")
    print(f" in {sum(verdict.seconds for verdict in verdicts):.0f} s of work")
    for name in broken:
        print(f"fails without a mutant, too, so that it proves nothing: {name}")
    return 1 if alive or broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
