"""Real processes for the tests of this folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import hocket
import hocket_io
from support import forks

SERVED = Path(__file__).with_name("served.py")
ROOTS = [str(Path(package.__file__).parents[1]) for package in (hocket, hocket_io)]


@pytest.fixture(autouse=True, scope="session")
def importable():
    """Children import the same hocket as the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(ROOTS))
        yield


@pytest.fixture(autouse=True, scope="module")
def has_imported(importable):
    """Children have imported hocket already: they are copies. What says `-S` or `-E` is a real Python still.

    Only for tests of this folder: others look at what a Python imports that has imported nothing.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "executable", forks.python())
        yield


class Served:
    """The agent, served over HTTP by a process of its own."""

    def __init__(self, port=0):
        command = [str(SERVED), "serve", str(port)]
        if forks.CAN_FORK:
            self.process = forks.start(*command, text=True)
        else:
            pipe = subprocess.PIPE
            self.process = subprocess.Popen([sys.executable, *command], stdout=pipe, stderr=pipe, text=True)
        self.url = self.process.stdout.readline().strip()

    def end(self):
        """Wait until it has ended (it was told to), and give its exit code and what it complained about."""
        with self.process:
            _, complaints = self.process.communicate(timeout=20)
        return self.process.returncode, complaints


@pytest.fixture(scope="session")
def shared_server(importable):
    served = Served()
    assert served.url.startswith("http://127.0.0.1:"), served.process.communicate()
    yield served
    served.process.terminate()
    _, complaints = served.end()
    assert complaints.count("Traceback") == complaints.count("ValueError: a secret")


@pytest.fixture
def start_server(importable):
    """Start servers that a test may kill, on a port of their own or on one that is given."""
    started = []

    def start(port=0):
        started.append(Served(port))
        return started[-1]

    yield start
    for served in started:
        if served.process.poll() is None:
            served.process.kill()
        served.process.communicate()


@pytest.fixture
def pipe_target():
    return f"stdio:python {SERVED} pipe"
