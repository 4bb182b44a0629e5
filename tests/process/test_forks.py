"""A process that is forked while it has a client: the loop that serves the client is in the first process only."""

import multiprocessing
import subprocess
import sys

import pytest

FORKS = "fork" in multiprocessing.get_all_start_methods()
pytestmark = [pytest.mark.process, pytest.mark.skipif(not FORKS, reason="forks are those of POSIX")]

PROGRAM = """
import multiprocessing, signal
from hocket import Agent
from hocket.errors import LocalProtocolError
from hocket_io import Client

agent = Agent("echo")

@agent.stream
def echo(task):
    yield task.text

def ask():
    signal.alarm(10)  # it might wait for ever
    try:
        client.text("Ada")
    except LocalProtocolError as error:
        print(error, flush=True)
    with later as own:
        print(own.text("Grace"), flush=True)

later = Client(agent)
with Client(agent) as client:
    assert client.text("Ada") == "Ada"
    process = multiprocessing.get_context("fork").Process(target=ask)
    process.start()
    process.join()
    print(process.exitcode, client.text("Mary"), flush=True)
"""


def test_a_client_is_of_the_process_that_opened_it():
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=30)
    assert ended.stdout.splitlines() == [
        "the client was opened by another process, which this one is a fork of: open one here",
        "Grace",
        "0 Mary",
    ]
