"""Rooms: what other people have written for the same protocols, each installed where it disturbs nobody.

Their versions collide: three releases of a2a-sdk are three packages called `a2a`. So each gets a virtual environment on
top of the packages of this interpreter: what it needs in another version, or alone, is installed there, and everything
else is found beneath. That takes two seconds instead of ten, and is done once: the rooms are in `sys.prefix/peers`.
The tests use them as well, and add rooms of npm.
"""

import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.contest import LeftOut

ROOMS = Path(sys.prefix) / "peers"
IMPATIENT = {
    "PIP_RETRIES": "1",
    "PIP_DEFAULT_TIMEOUT": "5",
    "UV_HTTP_TIMEOUT": "5",
    "npm_config_fetch_retries": "1",
    "npm_config_fetch_retry_mintimeout": "1000",
}
"""Without a network we want to know that soon: npm alone would try for more than a minute."""

BIN, PYTHON = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")

_UNFURNISHED: dict[Path, str] = {}
"""Why there is no such room. Whoever has no network finds that out once."""


class CannotInstall(LeftOut):
    """The package index is out of reach, say."""


def python_of(*requirements: str, bare: Sequence[str] = ()) -> Path:
    """An interpreter that has these packages: this one, if it has them, or one in a room of their own.

    `bare` are installed without what they say they need.

    Raises:
        CannotInstall: They cannot be had.
    """
    wanted = (*bare, *requirements)
    if all(map(_is_here, wanted)):
        return Path(sys.executable)

    def furnish(aside: Path) -> None:
        base = getattr(sys, "_base_executable", None) or sys.executable
        run_quietly(base, "-m", "venv", "--without-pip", aside)
        python = aside / BIN / PYTHON
        packages = run_quietly(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
        Path(packages, "beneath.pth").write_text(sysconfig.get_path("purelib") + "\n")
        if bare:
            _install(base, python, "--no-deps", *bare)
        if requirements:
            _install(base, python, *requirements)

    return room_of(wanted, furnish) / BIN / PYTHON


def room_of(wanted: Sequence[str], furnish: Callable[[Path], None]) -> Path:
    """The directory that `furnish` fills, once.

    Raises:
        CannotInstall: It could not, now or before.
    """
    room = ROOMS / f"{wanted[0]}-{hashlib.sha256(repr(wanted).encode()).hexdigest()[:8]}"
    if not room.exists() and room not in _UNFURNISHED:
        try:
            _furnish(room, furnish)
        except CannotInstall as reason:
            _UNFURNISHED[room] = str(reason)
    if room in _UNFURNISHED:
        raise CannotInstall(f"{room.name} cannot be installed: {_UNFURNISHED[room]}")
    return room


def run_quietly(*command: str | os.PathLike[str]) -> str:
    """What a command prints.

    Raises:
        CannotInstall: It failed, or took too long.
    """
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment = {**surroundings, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **IMPATIENT}
    words = [os.fspath(part) for part in command]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=90, check=False, env=environment)
    except subprocess.TimeoutExpired as expired:
        raise CannotInstall(f"{words[0]} took longer than {expired.timeout} s") from None
    if done.returncode:
        raise CannotInstall(_reason((done.stdout + done.stderr).strip().splitlines()))
    return done.stdout


def _is_here(requirement: str) -> bool:
    """Whether this interpreter has exactly this: `NAME==VERSION`, with or without extras."""
    named = re.fullmatch(r"([\w.-]+)(?:\[[^]]*])?==([\w.]+)", requirement)
    try:
        return named is not None and importlib.metadata.version(named[1]) == named[2]
    except importlib.metadata.PackageNotFoundError:
        return False


def _furnish(room: Path, furnish: Callable[[Path], None]) -> None:
    """Fill a directory aside and put it in its place when it is whole: who finds it there can use it."""
    ROOMS.mkdir(exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=ROOMS))
    try:
        furnish(aside)
        try:
            aside.rename(room)
        except OSError:
            if not room.exists():  # or else another process was faster
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _install(base: str, python: Path, *what: str) -> None:
    if uv := shutil.which("uv"):
        run_quietly(uv, "pip", "install", "--python", python, *what)
    else:
        run_quietly(base, "-m", "pip", "--python", python, "--no-input", "install", "--no-compile", *what)


def _reason(said: list[str]) -> str:
    """The line that says why: npm says it in the middle, pip and uv at the end."""
    return next((line for line in said if "reason:" in line), said[-1] if said else "no reason was given")[:200]
