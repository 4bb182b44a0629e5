"""All benchmarks one after the other: which there are, how long they take, and what they gave together."""

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness.command import Benchmark
from harness.results import Report, Results, made_here, read

SCRIPTS = Path(__file__).parents[1]
QUICK = 0.3
"""What `--quick` takes of the whole time, about."""


FIRST = ("serving", "paced", "idle", "growth", "clients", "pipes")
"""What most people want to know comes first."""


def names() -> list[str]:
    """The benchmarks there are."""
    there = sorted(path.stem for path in SCRIPTS.glob("*.py") if not path.stem.startswith("_"))
    return sorted(there, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))


def comparable() -> list[str]:
    """Those that hold contests: the others are programs that run by themselves alone."""
    return [name for name in names() if "\nBENCHMARK = " in (SCRIPTS / f"{name}.py").read_text(encoding="utf-8")]


def load(name: str) -> Benchmark:
    """A benchmark that holds contests, without running it."""
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    benchmark: Benchmark = module.BENCHMARK
    return benchmark


def plan(benchmarks: Sequence[Benchmark], *, quick: bool) -> list[str]:
    """What is going to be run, and how long it takes on a quiet machine with two cores."""
    share = QUICK if quick else 1.0
    total = sum(each.minutes for each in benchmarks) * share
    return [
        f"{len(benchmarks)} benchmarks, about {max(1, round(total))} min on a quiet machine with two cores:",
        *(f"    {each.name:<10}{each.minutes * share:>4.1f} min   {headline(each)}" for each in benchmarks),
    ]


def headline(benchmark: Benchmark) -> str:
    """The first line of what it says about itself."""
    return benchmark.about.strip().splitlines()[0]


def run_all(benchmarks: Sequence[Benchmark], arguments: Sequence[str], scale: str) -> tuple[Results, list[str]]:
    """Run each in a process of its own; what all gave together, and the names of those that failed."""
    reports: list[Report] = []
    failed = []
    made = made_here(scale)
    with tempfile.TemporaryDirectory() as directory:
        for benchmark in benchmarks:
            file = Path(directory) / f"{benchmark.name}.json"
            print(f"--- {benchmark.name}: {headline(benchmark)}\n", flush=True)
            script = str(SCRIPTS / f"{benchmark.name}.py")
            done = subprocess.run([sys.executable, script, *arguments, "--json", str(file)], check=False)
            if done.returncode == 0:
                reports += read(file).reports
            else:
                failed.append(benchmark.name)
    return Results(made, reports), failed
