"""`hocket pipe` at its ends: readers that leave while the agent is silent, a full disk, closed streams, SIGTERM."""

import json
import os
import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.process

AGENT = """
import sys
import anyio
from hocket import Agent

agent = Agent("waiting")

@agent.stream
async def wait(task):
    try:
        yield "so far"
        await anyio.sleep_forever()
    finally:
        print("let go", file=sys.stderr, flush=True)
"""

MESSAGE = {"messageId": "m1", "role": "user", "parts": [{"kind": "text", "text": "Ada"}]}
ASK = (
    json.dumps({"jsonrpc": "2.0", "id": 1, "method": "message/stream", "params": {"message": MESSAGE}}).encode() + b"\n"
)
FULL = "/dev/full"


@pytest.fixture
def command(tmp_path):
    file = tmp_path / "waiting.py"
    file.write_text(AGENT)
    return [sys.executable, "-m", "hocket", "pipe", str(file)]


@pytest.fixture
def silent(command):
    """An agent that has said something and now waits for ever."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        process.stdin.write(ASK)
        process.stdin.flush()
        while b"so far" not in process.stdout.readline():
            pass
        yield process
        process.kill()


def test_an_agent_that_is_silent_ends_when_its_parent_is_gone(silent):
    silent.stdin.close()  # both, as when the parent is killed
    silent.stdout.close()
    assert silent.stderr.read() == b"let go\n"
    assert silent.wait(20) == 0


def test_a_request_to_end_lets_the_agent_clean_up(silent):
    silent.send_signal(signal.SIGTERM)
    assert silent.stderr.read() == b"let go\n"
    assert silent.wait(20) == 0


@pytest.mark.skipif(not os.path.exists(FULL), reason="there is no device that is always full")
def test_a_full_disk_is_told_in_one_line(command):
    with open(FULL, "wb") as full:
        ended = subprocess.run(command, input=ASK, stdout=full, stderr=subprocess.PIPE, timeout=20, check=False)
    complaint = ended.stderr.decode().replace("let go\n", "")
    assert (ended.returncode, complaint) == (1, "error: stdout cannot be written: No space left on device\n")


@pytest.mark.parametrize(("redirection", "name"), [("<&-", "stdin"), (">&-", "stdout")])
def test_a_closed_stream_is_told_in_one_line(command, redirection, name):
    shell = ["/bin/sh", "-c", f'exec "$@" {redirection}', "sh", *command]
    ended = subprocess.run(shell, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
    reason = f"error: {name} is closed: an agent on a pipe needs both stdin and stdout\n"
    assert (ended.returncode, ended.stderr) == (1, reason)


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="there is no file that opens and cannot be read")
def test_a_stdin_that_cannot_be_read_has_ended(command):
    with open("/proc/self/mem", "rb") as unreadable:
        ended = subprocess.run(command, stdin=unreadable, capture_output=True, text=True, timeout=20, check=False)
    assert (ended.returncode, ended.stdout) == (0, "")
    assert ended.stderr == "stdin has ended, since it cannot be read: Input/output error\n"
