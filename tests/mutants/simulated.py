"""Simulated sessions notice mutants: each is imported in the place of what it breaks, and some sessions are played."""

import os
import sys
import time
from importlib.abc import MetaPathFinder
from importlib.machinery import SourceFileLoader
from importlib.util import spec_from_file_location
from multiprocessing import get_context
from pathlib import Path

from attrs import frozen

from mutants.mutant import Mutant
from mutants.table import MUTANTS

__all__ = ["MOST", "Noticed", "main", "sessions_of"]

ROOT = Path(__file__).parents[2]
MOST = 1_000
"""Sessions that a mutant may stay hidden in."""
SEED = 1
PATIENCE = 60
"""Seconds for one session: a mutant may hang."""


@frozen
class Noticed:
    """What came of the sessions of a mutant.

    Attributes:
        sessions: How many were played; in the last of them it showed, if it did.
        kind: What was violated; None for nothing.
        seconds: How long it took.
    """

    sessions: int
    kind: str | None
    seconds: float


class _Mutated(SourceFileLoader):
    """Loads a module with the mistake in it."""

    def __init__(self, name, path, mutant):
        super().__init__(name, path)
        self._mutant = mutant

    def get_code(self, fullname):
        source = Path(self.path).read_text(encoding="utf-8")
        return compile(self._mutant.applied_to(source), self.path, "exec")


class _InItsPlace(MetaPathFinder):
    """Finds the module that a mutant breaks before Python does."""

    def __init__(self, mutant):
        self._mutant = mutant
        self._path = ROOT / "src" / "hocket" / mutant.file
        parts = ["hocket", *Path(mutant.file).with_suffix("").parts]
        self.name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def find_spec(self, fullname, path, target=None):
        if fullname != self.name:
            return None
        return spec_from_file_location(fullname, self._path, loader=_Mutated(fullname, str(self._path), self._mutant))


def sessions_of(mutant: Mutant, most: int = MOST, seed: int = SEED) -> Noticed:
    """Play sessions with a mutant until it shows: something is violated that is not without it.

    Args:
        mutant: The mutant; it says in which world.
        most: How many sessions.
        seed: What they are drawn from.
    """
    began = time.perf_counter()
    number = 0
    while number < most:
        number, kind = _played_apart(mutant, mutant.simulate, range(number + 1, most + 1), seed)
        if kind is not None and _played_apart(None, mutant.simulate, [max(number, 1)], seed)[1] != kind:
            return Noticed(number, kind, time.perf_counter() - began)
    return Noticed(number, None, time.perf_counter() - began)


def _played_apart(mutant, world, numbers, seed):
    """Play these sessions in a process of its own: the first that shows something, or the last, and what it shows."""
    context = get_context("fork")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_play, args=(mutant, world, numbers, seed, there))
    child.start()
    there.close()
    played, kind = 0, None
    try:
        while here.poll(PATIENCE):
            played, kind = here.recv()
        kind = "it hangs"
        child.terminate()
    except EOFError:
        child.join()
        assert child.exitcode == 0, f"the process that played {mutant} came to an end of its own"
    return played, kind


def _play(mutant, world, numbers, seed, tell):
    """In the child, which imports hocket anew."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "hocket"]:
        del sys.modules[name]
    sys.path.insert(0, str(ROOT / "src"))
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115  -- it is for the rest of the process
    finder = None if mutant is None else _InItsPlace(mutant)
    sys.meta_path[:0] = [] if finder is None else [finder]
    try:
        from hocket.testing.simulation import Campaign
        from hocket.testing.worlds import A2AWorld, AcpWorld
    except Exception as error:
        tell.send((0, f"{type(error).__name__} when it is imported"))
        return
    campaign = Campaign(name=world, make={"a2a": A2AWorld, "acp": AcpWorld}[world], seed=seed)
    assert finder is None or finder.name in sys.modules, f"no session imports {finder.name}"
    for number in numbers:
        finding = campaign.play(number).finding
        tell.send((number, None if finding is None else finding.kind))
        if finding is not None:
            return


def line(mutant: Mutant, noticed: Noticed) -> str:
    """What is told of a mutant."""
    what = f"LIVES through {noticed.sessions} sessions"
    if noticed.kind is not None:
        what = f"session {noticed.sessions:>4}  {noticed.kind}"
    return f"{mutant.name:<50} {mutant.simulate}  {noticed.seconds:6.1f} s  {what}"


def main(names) -> int:
    """Play with the mutants of these names; 1 if one of them lives."""
    alive = 0
    mutants = [mutant for mutant in MUTANTS if mutant.name in names and mutant.simulate]
    for mutant in mutants:
        noticed = sessions_of(mutant)
        alive += noticed.kind is None
        print(line(mutant, noticed), flush=True)
    print(
        f"\n{len(mutants) - alive} of {len(mutants)} mutants noticed by simulated sessions, {MOST} at the most for each"
    )
    return 1 if alive else 0
