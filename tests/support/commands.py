"""The `hocket` command: in this process, and in one of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from click.testing import CliRunner, Result

from hocket_io.cli.commands import hocket
from support import forks

ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
ENVIRONMENT.pop("PYTHONUNBUFFERED", None)  # the commands have to flush by themselves
COMMAND = [sys.executable, "-m", "hocket"]


def invoke(*words: str, input: bytes | None = None, env: dict[str, str] | None = None) -> Result:
    """Run a command here: it ends by itself or by its exit code, never by an exception."""
    result = CliRunner().invoke(hocket, words, input=input, env=env)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def error_of(result: Result) -> dict[str, Any]:
    """The error that a command wrote as JSON."""
    envelope = json.loads(result.stderr)
    assert list(envelope) == ["error"]
    assert list(envelope["error"]) == ["code", "message", "hint", "a2aCode"]
    return dict(envelope["error"])


def execute(*words: str, input: bytes = b"", env: dict[str, str] = ENVIRONMENT) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a process of its own, to its end. With an environment of its own it is started from nothing."""
    if env is not ENVIRONMENT or not forks.CAN_FORK:
        return subprocess.run([*COMMAND, *words], input=input, capture_output=True, env=env, check=False)
    with forks.start(*COMMAND[1:], *words, stdin=subprocess.PIPE, env=env) as process:
        output, complaints = process.communicate(input)
        return subprocess.CompletedProcess(words, process.returncode, output, complaints)


@contextmanager
def running(
    *words: str, stdin: int = subprocess.DEVNULL, stderr: int = subprocess.PIPE, text: bool = False
) -> Iterator[subprocess.Popen[Any] | forks.Fork]:
    """A command in a process of its own that goes on meanwhile, with pipes for what it prints."""
    if forks.CAN_FORK:
        process = forks.start(*COMMAND[1:], *words, stdin=stdin, stderr=stderr, text=text, env=ENVIRONMENT)
    else:
        process = subprocess.Popen(
            [*COMMAND, *words], stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, text=text, env=ENVIRONMENT
        )
    with process:
        yield process
