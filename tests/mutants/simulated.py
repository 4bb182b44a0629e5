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

__all__ = ["MOST", "Noticed", "Player", "main", "noticed"]

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


class Player:
    """The core with a mistake in it, or as it is, in a process that plays the sessions it is asked for."""

    def __init__(self, mutant: Mutant | None) -> None:
        self._mutant = mutant
        context = get_context("fork")
        self._pipe, there = context.Pipe()
        self._child = context.Process(target=_play, args=(mutant, there), daemon=True)
        self._child.start()
        there.close()

    def shows(self, world: str, number: int, seed: int = SEED) -> str | None:
        """What is violated in a session; None for nothing."""
        self._pipe.send((world, number, seed))
        if not self._pipe.poll(PATIENCE):
            return "it hangs"
        return self._pipe.recv()

    def close(self) -> None:
        """End it."""
        self._child.terminate()
        self._child.join()
        self._pipe.close()


def _play(mutant, pipe):
    """In the child, which imports hocket anew."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "hocket"]:
        del sys.modules[name]
    sys.path.insert(0, str(ROOT / "src"))
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115  -- it is for the rest of the process
    if mutant is not None:
        sys.meta_path.insert(0, _InItsPlace(mutant))
    broken = None
    try:
        from hocket.testing.simulation import Campaign
        from hocket.testing.worlds import A2AWorld, AcpWorld
    except Exception as error:
        broken = f"{type(error).__name__} when it is imported"
    while True:
        world, number, seed = pipe.recv()
        if broken is None:
            campaign = Campaign(name=world, make={"a2a": A2AWorld, "acp": AcpWorld}[world], seed=seed)
            finding = campaign.play(number).finding
        pipe.send(broken or (None if finding is None else finding.kind))


def noticed(mutant: Mutant, whole: Player, most: int = MOST) -> Noticed:
    """Play sessions with a mutant until it shows: something is violated that is not without it.

    Args:
        mutant: The mutant; it says in which world.
        whole: The core without it.
        most: How many sessions.
    """
    began = time.perf_counter()
    broken = Player(mutant)
    try:
        for number in range(1, most + 1):
            kind = broken.shows(mutant.simulate, number)
            if kind is not None and whole.shows(mutant.simulate, number) != kind:
                return Noticed(number, kind, time.perf_counter() - began)
        return Noticed(most, None, time.perf_counter() - began)
    finally:
        broken.close()


def line(mutant: Mutant, verdict: Noticed) -> str:
    """What is told of a mutant."""
    what = f"LIVES through {verdict.sessions} sessions"
    if verdict.kind is not None:
        what = f"session {verdict.sessions:>4}  {verdict.kind}"
    return f"{mutant.name:<50} {mutant.simulate}  {verdict.seconds:6.1f} s  {what}"


def main(names: list[str]) -> int:
    """Play with the mutants of these names; 1 if one of them lives."""
    mutants = [mutant for mutant in MUTANTS if mutant.name in names and mutant.simulate]
    verdicts = []
    whole = Player(None)
    for mutant in mutants:
        verdicts.append(noticed(mutant, whole))
        print(line(mutant, verdicts[-1]), flush=True)
    whole.close()
    alive = sum(verdict.kind is None for verdict in verdicts)
    print(f"\n{len(mutants) - alive} of {len(mutants)} mutants noticed by simulated sessions, {MOST} at most for each")
    return 1 if alive else 0
