"""The simulator finds what is planted: some mutants of the core here, all of them by `./dev mutants --simulate`."""

import subprocess
import sys
from pathlib import Path

import pytest

MUTANTS = Path(__file__).parents[1] / "mutants"
PLANTED = ("the-first-chunk-is-folded-twice", "last-event-id-is-read-again", "a-lost-message-is-not-told")


@pytest.mark.process
def test_mutants_are_found_by_sessions_which_the_whole_core_passes():
    command = [sys.executable, MUTANTS, "--simulate", *PLANTED]
    played = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    *rows, _, last = played.stdout.splitlines()
    assert played.returncode == 0, played.stdout + played.stderr
    assert last == "3 of 3 mutants noticed by simulated sessions, 1000 at most for each"
    kinds = {row.split()[0]: row.split()[-1] for row in rows}
    assert kinds == {
        "the-first-chunk-is-folded-twice": "fold",
        "last-event-id-is-read-again": "exactly-once",
        "a-lost-message-is-not-told": "lost-is-told",
    }
