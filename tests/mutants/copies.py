"""A copy of the checkout, in which the core can be broken while the checkout itself stays whole."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from attrs import define, field, frozen

__all__ = ["Copy", "Ran", "a_copy"]

ROOT = Path(__file__).parents[2]
FOLDERS = ("src", "transports", "tests", "examples", "docs")
FILES = ("pyproject.toml", "README.md", "dev")


@frozen
class Ran:
    """A program that has ended.

    Attributes:
        code: Its exit code; None if it was stopped because it took too long.
        output: What it wrote, on either stream.
    """

    code: int | None
    output: str


@define(eq=False)
class Copy:
    """A copy of the checkout in a folder of its own, in which one program runs at a time."""

    path: Path
    _process: subprocess.Popen | None = field(default=None, init=False)

    @contextmanager
    def broken_by(self, mutant):
        """The copy with a mutant in it; whole again afterwards."""
        file = self.path / "src" / "hocket" / mutant.file
        whole = file.read_text(encoding="utf-8")
        self._write(file, mutant.applied_to(whole))
        try:
            yield
        finally:
            self._write(file, whole)

    def run(self, arguments, timeout):
        """Run Python with these arguments on the copy; stopped, with all its children, after `timeout` seconds."""
        paths = [str(self.path / folder) for folder in ("src", "transports")]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "HYPOTHESIS_PROFILE": "ci",
            "PYTHONHASHSEED": "0",
        }
        self._process = process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.stop()
            return Ran(None, process.communicate()[0])
        return Ran(process.returncode, output)

    def stop(self):
        """End the program that runs now, and its children."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)

    def _write(self, file, text):
        """Write a file, and see to it that nothing compiled of an older one is used."""
        file.write_text(text, encoding="utf-8")
        for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
            compiled.unlink()


@contextmanager
def a_copy():
    """A Copy of this checkout as it is now; removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="hocket-mutants-") as folder:
        path = Path(folder)
        ignored = shutil.ignore_patterns("__pycache__", ".hypothesis", "reference")
        for name in FOLDERS:
            shutil.copytree(ROOT / name, path / name, ignore=ignored)
        for name in FILES:
            shutil.copy2(ROOT / name, path / name)
        yield Copy(path)
