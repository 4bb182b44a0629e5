"""Peers: what other people have written for the same protocols, run in environments of their own.

Their versions collide: three releases of a2a-sdk are three packages called `a2a`. So each gets a virtual environment on
top of the packages of the interpreter that runs the tests: what it needs in another version, or alone, is installed
there, and everything else is found beneath. That takes two seconds instead of ten, and is done once: the environments
are in `sys.prefix/peers`. So are packages of npm, and packages too large to be installed with the others.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "interop" / "peers"
ROOMS = Path(sys.prefix) / "peers"
IMPATIENT = {
    "PIP_RETRIES": "1",
    "PIP_DEFAULT_TIMEOUT": "5",
    "UV_HTTP_TIMEOUT": "5",
    "npm_config_fetch_retries": "1",
    "npm_config_fetch_retry_mintimeout": "1000",
}
"""Without a network a test is skipped soon: npm alone would try for more than a minute."""

BIN, PYTHON = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")


_UNFURNISHED = {}
"""Why there is no such directory. Whoever has no network finds that out once."""


class CannotInstall(Exception):
    """The package index is out of reach, say."""


def python_of(*requirements, bare=()):
    """An interpreter that has these packages; the test is skipped if they cannot be installed.

    `bare` are installed without what they say they need.
    """

    def furnish(aside):
        base = getattr(sys, "_base_executable", None) or sys.executable
        _run(base, "-m", "venv", "--without-pip", aside)
        python = aside / BIN / PYTHON
        packages = _run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
        Path(packages, "beneath.pth").write_text(sysconfig.get_path("purelib") + "\n")
        if bare:
            _install(base, python, "--no-deps", *bare)
        if requirements:
            _install(base, python, *requirements)

    return _room_of((*bare, *requirements), furnish) / BIN / PYTHON


def modules_of(*packages):
    """A directory in whose `node_modules` are these packages of npm; the test is skipped without node, npm or them."""
    if missing := [each for each in ("node", "npm") if shutil.which(each) is None]:
        pytest.skip(f"{' and '.join(missing)} cannot be found")
    command = [shutil.which("npm"), "install", "--no-audit", "--no-fund", "--no-package-lock", "--no-update-notifier"]
    return _room_of(packages, lambda aside: _run(*command, "--prefix", aside, *packages))


def _room_of(wanted, furnish):
    """The directory that `furnish` fills, once; the test is skipped if it cannot."""
    room = ROOMS / f"{wanted[0]}-{hashlib.sha256(repr(wanted).encode()).hexdigest()[:8]}"
    if not room.exists() and room not in _UNFURNISHED:
        try:
            _furnish(room, furnish)
        except CannotInstall as reason:
            _UNFURNISHED[room] = str(reason)
    if room in _UNFURNISHED:
        pytest.skip(f"{room.name} cannot be installed: {_UNFURNISHED[room]}")
    return room


def _furnish(room, furnish):
    """Fill a directory aside and put it in its place when it is whole: who finds it there can use it."""
    ROOMS.mkdir(exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=ROOMS))
    try:
        furnish(aside)
        try:
            aside.rename(room)
        except OSError:
            if not room.exists():  # or else another process of the tests was faster
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _install(base, python, *what):
    if uv := shutil.which("uv"):
        _run(uv, "pip", "install", "--python", python, *what)
    else:
        _run(base, "-m", "pip", "--python", python, "--no-input", "install", "--no-compile", *what)


def _run(*command):
    environment = {**_environment(), "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **IMPATIENT}
    words = [str(part) for part in command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=90, check=False, env=environment)
    except subprocess.TimeoutExpired as expired:
        raise CannotInstall(f"{words[0]} took longer than {expired.timeout} s") from None
    if done.returncode:
        raise CannotInstall(_reason((done.stdout + done.stderr).strip().splitlines()))
    return done.stdout


def _reason(said):
    """The line that says why: npm says it in the middle, pip and uv at the end."""
    return next((line for line in said if "reason:" in line), said[-1] if said else "no reason was given")[:200]


def _environment():
    """Ours, without the way to our own packages."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


@contextmanager
def peer_serving(python, script, *arguments):
    """A server of theirs in a process of its own; gives its URL, which is the first line that it prints."""
    with tempfile.TemporaryFile("w+") as complaints:
        command = [python, SCRIPTS / script, *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True, env=_environment())
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
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=_environment())
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def peer_session(python, script, *arguments):
    """What a client of theirs was given by what it did: each of its lines says that in `did`."""
    return {each.pop("did"): each for each in peer_lines(python, script, *arguments)}
