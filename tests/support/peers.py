"""Peers: what other people have written for the same protocols, run in rooms of their own (`harness.rooms`).

A test whose peer cannot be installed is skipped, with the reason.
"""

import json
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness import rooms
from harness.processes import surroundings

SCRIPTS = Path(__file__).parents[1] / "interop" / "peers"


def python_of(*requirements, bare=()):
    """An interpreter that has these packages; the test is skipped if they cannot be installed.

    `bare` are installed without what they say they need.
    """
    try:
        return rooms.python_of(*requirements, bare=bare)
    except rooms.CannotInstall as reason:
        pytest.skip(str(reason))


def modules_of(*packages):
    """A directory in whose `node_modules` are these packages of npm; the test is skipped without node, npm or them."""
    if missing := [each for each in ("node", "npm") if shutil.which(each) is None]:
        pytest.skip(f"{' and '.join(missing)} cannot be found")
    command = [shutil.which("npm"), "install", "--no-audit", "--no-fund", "--no-package-lock", "--no-update-notifier"]
    try:
        return rooms.room_of(packages, lambda aside: rooms.run_quietly(*command, "--prefix", aside, *packages))
    except rooms.CannotInstall as reason:
        pytest.skip(str(reason))


@contextmanager
def peer_serving(python, script, *arguments):
    """A server of theirs in a process of its own; gives its URL, which is the first line that it prints."""
    with tempfile.TemporaryFile("w+") as complaints:
        command = [python, SCRIPTS / script, *arguments]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=complaints, text=True, env=surroundings(ours=False)
        )
        try:
            if not (url := process.stdout.readline().strip()):
                complaints.seek(0)
                pytest.fail(f"{script} does not serve:\n{complaints.read()}")
            yield url
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def peer_lines(python, script, *arguments):
    """What a client of theirs was given: it prints an object a line."""
    command = [python, SCRIPTS / script, *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=surroundings(ours=False)
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def peer_session(python, script, *arguments):
    """What a client of theirs was given by what it did: each of its lines says that in `did`."""
    return {each.pop("did"): each for each in peer_lines(python, script, *arguments)}
