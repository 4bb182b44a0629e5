"""Fuzzes one target: `python tests/fuzz/run.py sse --seconds 60`, or `./dev fuzz sse`.

`--engine hypothesis` draws from the strategies of `hocket.testing`, for as long as there is time. `--engine atheris`
looks at which code an input reaches, and changes those that reach something new. What breaks a target goes into its
corpus, which the ordinary tests replay. With `--keep`, so does what reached new code: the least such set, by atheris.
"""

import argparse
import importlib.util
import shlex
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path[0] = str(TESTS)  # for `fuzz` and `support`; this folder itself holds no modules for others

from fuzz.corpus import Entry, append, read  # noqa: E402  -- after the path is set

NAMES = ("ndjson", "content_length", "sse", "whole", "jsonrpc", "codec")
LONGEST = 160  # bytes of an input that atheris makes
OK, FOUND, USAGE = 0, 1, 2


def broken_by(target, data):
    """What the target says to it, in a line; "" if nothing."""
    try:
        target(data)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} in {Path(where.filename).name}, {where.name}: {str(error)[:200]}".strip()
    return ""


def report(name, entries, folder):
    """Keep what was found, and say so; the exit code."""
    for entry in append(name, entries, folder):
        print(f"{name}: {entry.why}\n  {entry.data!r}\n  kept as {entry.name} in {name}.jsonl")
    return FOUND if entries else OK


# --- Hypothesis


def with_hypothesis(name, seconds, folder):
    """Examples until the time is over, or one breaks it: that one is shrunk and kept."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded

    from fuzz.inputs import INPUTS
    from fuzz.targets import TARGETS

    end, tried = time.monotonic() + seconds, 0
    last = []

    def play(data):
        nonlocal tried
        tried += 1
        last[:] = [data]
        TARGETS[name](data)

    quiet = settings(
        max_examples=500,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    round_number = 0
    while time.monotonic() < end:
        try:
            seeded(round_number)(quiet(given(INPUTS[name])(play)))()
        except Exception:
            why = broken_by(TARGETS[name], last[0])
            return report(name, [Entry.found("hypothesis", why, last[0])], folder)
        round_number += 1
    print(f"{name}: {tried} inputs in {seconds} s, nothing found")
    return OK


# --- atheris


def with_atheris(name, seconds, runs, folder, keep):
    """A child does the fuzzing, because atheris ends its process."""
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed here (Linux, x86-64, Python below 3.14): --engine hypothesis works everywhere")
        return OK
    with tempfile.TemporaryDirectory() as scratch:
        seeds, least = Path(scratch, "seeds"), Path(scratch, "least")
        for place in (seeds, least):
            place.mkdir()
        for number, entry in enumerate(read(name, folder)):
            (seeds / f"corpus-{number}").write_bytes(entry.data)
        limits = [f"-max_total_time={max(seconds, 1)}", f"-runs={runs}", f"-max_len={LONGEST}", "-timeout=20"]
        flags = [*limits, f"-artifact_prefix={scratch}/"]
        done = child(name, [*flags, str(seeds)])
        if keep and done.returncode == 0:
            done = child(name, ["-merge=1", "-use_counters=0", f"-max_len={LONGEST}", str(least), str(seeds)])
        return after_atheris(name, done, Path(scratch), folder)


def child(name, flags):
    command = [sys.executable, __file__, name, "--engine", "atheris", "--libfuzzer", *flags]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)


def after_atheris(name, done, scratch, folder):
    from fuzz.targets import TARGETS

    broken = [path.read_bytes() for path in sorted(scratch.iterdir()) if path.is_file()]
    entries = [Entry.found("atheris", broken_by(TARGETS[name], data) or "it took too long", data) for data in broken]
    reached = [path.read_bytes() for path in sorted((scratch / "least").iterdir())]
    new = [Entry.found("atheris", "reaches code that the others do not", data) for data in reached]
    added = append(name, new, folder)
    last_words = done.stderr.strip().splitlines()[-1:] or ["done"]
    print(f"{name}: {last_words[0]}; {len(added)} inputs kept")
    return report(name, entries, folder) if done.returncode == 0 or entries else done.returncode


def be_libfuzzer(name, flags):
    """The child: everything of hocket is instrumented, and then libFuzzer takes over."""
    import atheris

    with atheris.instrument_imports(include=["hocket"]):
        from fuzz.targets import TARGETS
    # To merge, libFuzzer starts itself again through a shell, by what it takes for the name of its program.
    itself = shlex.join([sys.executable, __file__, name, "--engine", "atheris", "--libfuzzer"])
    atheris.Setup([itself, *flags], lambda data: TARGETS[name](bytes(data)))
    atheris.Fuzz()


def main(arguments):
    """Run it; the exit code is 0 if nothing was found and 1 if something was."""
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__.partition("\n\n")[0])
    parser.add_argument("name", choices=NAMES, help="what to fuzz")
    parser.add_argument("--engine", choices=["hypothesis", "atheris"], default="hypothesis")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--runs", type=int, default=-1, help="how many inputs at the most, of atheris; -1: any number")
    parser.add_argument("--keep", action="store_true", help="keep what reaches new code as well")
    parser.add_argument("--corpus", type=Path, default=TESTS / "corpus", help="where findings go")
    parser.add_argument("--libfuzzer", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.libfuzzer is not None:
        return be_libfuzzer(chosen.name, chosen.libfuzzer)
    if chosen.engine == "atheris":
        return with_atheris(chosen.name, chosen.seconds, chosen.runs, chosen.corpus, chosen.keep)
    return with_hypothesis(chosen.name, chosen.seconds, chosen.corpus)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
