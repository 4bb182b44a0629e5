"""The same inputs give the same bytes in the same order, in whatever order Python keeps its sets."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import hocket
import hocket_io

PLAY = Path(__file__).with_name("replay.py")
IMPORTED_FROM = os.pathsep.join(str(Path(package.__file__).parents[1]) for package in (hocket, hocket_io))


@pytest.mark.process
def test_a_replay_is_the_same_under_any_hash_seed():
    plays = []
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONPATH": IMPORTED_FROM, "PYTHONUTF8": "1", "PYTHONHASHSEED": seed}
        command = [sys.executable, PLAY]
        plays.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
    (first, complaints), *others = [play.communicate(timeout=60) for play in plays]
    assert complaints == b""
    scenes = [
        b"# tasks",
        b"TASK_STATE_COMPLETED",
        b"StartPush",
        b"nextPageToken",
        b"# events",
        b"# streams",
        b"# network",
    ]
    for scene in (*scenes, b"bytes lost", b"# simulated", b"* step 1: "):
        assert scene in first
    for number, line in enumerate(first.splitlines()):
        assert [other.splitlines()[number] for other, _ in others] == [line] * len(others)
    assert [len(other) for other, _ in others] == [len(first)] * len(others)
