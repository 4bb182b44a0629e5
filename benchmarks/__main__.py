"""Runs benchmarks: all of them, those that are named, or one with its own options.

./dev bench                        all, after saying how long that takes
./dev bench NAME [OPTION…]         one, with its options (NAME --help)
./dev bench NAME NAME              several
./dev bench --list                 which there are
./dev bench --quick                smaller sizes, two rounds
./dev bench --out DIR              writes results.json, table.md and charts there
./dev bench --compare FILE [NAME]  beside an earlier results.json: what has changed
./dev bench --publish DIR          puts the results in DIR into README.md and docs
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from harness import compare, publish, results, suite


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for and return the exit code."""
    there = suite.names()
    if (
        arguments
        and arguments[0] in there
        and not {"--out", "--compare"} & set(arguments)
        and not _names(arguments[1:])
    ):
        script = str(suite.SCRIPTS / f"{arguments[0]}.py")
        os.execv(sys.executable, [sys.executable, script, *arguments[1:]])
    parser = _parser(there)
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.names if name not in there]:
        parser.error(f"there is no benchmarks/{unknown[0]}.py; there are: {', '.join(there)}")
    if given.publish:
        for path in publish.publish(given.publish):
            print(f"wrote {os.path.relpath(path)}")
        return 0
    benchmarks = [suite.load(name) for name in given.names or suite.comparable()]
    if given.list:
        print("\n".join(f"{each.name:<10}{suite.headline(each)}" for each in benchmarks))
        return 0
    print("\n".join([*suite.plan(benchmarks, quick=given.quick or given.tiny), ""]), flush=True)
    found, failed = suite.run_all(benchmarks, _passed_on(given), "quick" if given.quick else "full")
    if given.out:
        publish.write_out(found, given.out)
        print(f"wrote {given.out}/results.json, table.md and charts")
    if given.compare:
        print("\n".join(compare.compare(results.read(given.compare), found)))
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def _names(arguments: Sequence[str]) -> bool:
    """Whether another benchmark is named."""
    return any(each in suite.names() for each in arguments)


def _parser(there: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./dev bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(there))
    parser.add_argument("--list", action="store_true", help="say which there are")
    parser.add_argument("--quick", action="store_true", help="smaller sizes and 2 rounds: a first look")
    parser.add_argument("--tiny", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", metavar="N", help="turns that count")
    parser.add_argument("--no-peers", action="store_true", help="without the programs of other people")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write results.json, table.md and charts there")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="an earlier results.json")
    parser.add_argument("--publish", type=Path, metavar="DIR", help="put what --out has written into the pages")
    return parser


def _passed_on(given: argparse.Namespace) -> list[str]:
    flags = [f"--{name}" for name in ("quick", "tiny") if getattr(given, name)]
    flags += ["--no-peers"] if given.no_peers else []
    return [*flags, *(["--rounds", given.rounds] if given.rounds else [])]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
