"""One command after the other: agents in a row in a shell, filters between them, an agent that relays."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not Path("/bin/sh").exists(), reason="there is no /bin/sh"),
]

RELAY = Path(__file__).parents[2] / "examples" / "relay.py"
HOCKET = shlex.join([sys.executable, "-m", "hocket"])


def shell(line, **environment):
    """Run a line of the shell to its end."""
    return subprocess.run(
        ["/bin/sh", "-c", line],
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def said(lines):
    """The text of the chunks in what an agent wrote to its pipe."""
    results = [json.loads(line).get("params", {}).get("result", {}) for line in lines.splitlines()]
    updates = [result["artifactUpdate"] for result in results if "artifactUpdate" in result]
    return "".join(part["text"] for update in updates for part in update["artifact"]["parts"])


def test_agents_in_a_row_a_relay_and_filters_on_its_pipe(pipe_target, tmp_path):
    asked, told = tmp_path / "asked", tmp_path / "told"
    relay = f"tee {asked} | {HOCKET} pipe {RELAY} | tee {told}"
    first = shlex.quote(f"stdio:/bin/sh -c {shlex.quote(relay)}")
    line = f"{HOCKET} send -o raw -a {first} Ada | tr a-z A-Z | {HOCKET} send -o raw -a {shlex.quote(pipe_target)} -"
    done = shell(line, RELAY_TO=pipe_target)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "Hello HELLO ADA ")
    (request,) = map(json.loads, asked.read_text().splitlines())
    assert request["params"]["message"]["parts"] == [{"text": "Ada"}]
    assert said(told.read_text()) == "Hello Ada "


def test_a_first_command_that_fails_is_seen_and_the_second_asks_nothing(tmp_path):
    touched = tmp_path / "touched"
    first, second = f"{HOCKET} send -o raw -a stdio:false Ada", f"{HOCKET} send -o raw -a 'stdio:touch {touched}' -"
    done = shell(f"{{ {first}; echo $? >&2; }} | {second}")
    assert (
        "error: the stream was cut before its first event: the child process 'false' ended with exit code 1\n1\n"
        in (done.stderr)
    )
    assert "stdin was empty: there is nothing to send" in done.stderr
    assert (done.returncode, done.stdout, touched.exists()) == (2, "", False)


def test_a_reader_that_has_had_enough_leaves_no_agent_behind(tmp_path):
    note = tmp_path / "pid"
    (tmp_path / "endless.py").write_text(ENDLESS.format(note=str(note)))
    target = shlex.quote(f"stdio:{HOCKET} pipe {tmp_path / 'endless.py'}")
    done = shell(f"{{ {HOCKET} send -o raw -a {target} go; echo $? >&2; }} | head -n 1")
    assert (done.stdout, done.stderr) == ("on and on\n", "0\n")
    with pytest.raises(ProcessLookupError):  # a zombie would be found
        os.kill(int(note.read_text()), 0)


ENDLESS = """
import anyio, os
from hocket import Agent

agent = Agent("endless")

@agent.stream
async def endless(task):
    with open({note!r}, "w") as note:
        note.write(str(os.getpid()))
    while True:
        yield "on and on\\n"
        await anyio.sleep(0.001)
"""
