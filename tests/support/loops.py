"""The programs of examples/loops: what each needs, how it is started, and an agent that speaks when it is told to.

A program that has printed a word before the next one was said has it in pieces; one that goes on ticking meanwhile does
not block its loop; and one that has the first word of two answers reads both at the same time. No clock is needed to
know that.
"""

import importlib.util
import json
import os
import selectors
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import field, frozen

import hocket
import hocket_io
from hocket import Agent
from support import forks
from support.peers import modules_of, python_of

FOLDER = Path(__file__).parents[2] / "examples" / "loops"
PLAY_NOTEBOOK = Path(__file__).parents[1] / "loops" / "play_notebook.py"
# Child processes import what this process does, installed or not.
OURS = [str(Path(package.__file__).parents[1]) for package in (hocket, hocket_io)]
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join(OURS),
    "PYTHONUTF8": "1",
    "PYTHONWARNINGS": "error::ResourceWarning",  # what is left open is our business, what is deprecated is the loop's
}
TICK = "·"
PATIENCE = 60.0
"""Seconds after which a program that prints nothing has failed."""


def interpreter(example):
    """This one, if it has the packages of the example; otherwise the test is skipped."""
    if missing := [each for each in example.packages if importlib.util.find_spec(each.lower()) is None]:
        pytest.skip(f"{' and '.join(missing)} not installed")
    return sys.executable


def plainly(example, url):
    python = interpreter(example)
    if "gevent" not in example.packages:  # which changes what a copy has imported already
        python = forks.python()
    return [python, FOLDER / example.file, url], {}


def offscreen(example, url):
    python = sys.executable if importlib.util.find_spec("PySide6") else python_of(*example.packages)
    return [python, FOLDER / example.file, url], {"QT_QPA_PLATFORM": "offscreen"}


def in_a_kernel(example, url):
    # The kernel is a process of its own, with packages of its own, whose warnings are none of ours.
    return [interpreter(example), PLAY_NOTEBOOK, FOLDER / example.file], {"AGENT": url, "PYTHONWARNINGS": ""}


def in_node(example, url):
    room = modules_of(*example.packages)
    shutil.copy(FOLDER / example.file, room)  # node looks for packages beside the program, and nowhere else
    return ["node", room / example.file, url, *OURS, sysconfig.get_path("purelib")], {}


@frozen
class Example:
    """One program.

    Attributes:
        loop: What it shows, in the words of the docs.
        file: Its name in examples/loops.
        way: What of hocket it uses.
        answers: Who is answered: those of one tuple at the same time, those of the next one after that.
        packages: What it needs besides hocket, by the names under which it is installed.
        prepare: Gives its command, and what its environment has besides; skips the test if something is missing.
        ticks: Whether it prints TICK as long as its loop is not blocked.
    """

    loop: str
    file: str
    way: str
    answers: tuple
    packages: tuple = ()
    prepare: object = field(default=plainly, kw_only=True)
    ticks: bool = field(default=False, kw_only=True)

    @property
    def lines(self):
        """The lines of the program; of a notebook, those of its cells."""
        text = (FOLDER / self.file).read_text(encoding="utf-8")
        if not self.file.endswith(".ipynb"):
            return text.splitlines()
        return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"]).splitlines()


ONE, TWO, THREE = (("Ada",),), (("Ada", "Grace"),), (("Ada", "Grace", "Mary"),)
EXAMPLES = [
    Example("no loop", "blocking.py", "Client", ONE),
    Example("threads", "threads.py", "Client", THREE),
    Example("asyncio", "on_asyncio.py", "AsyncClient", TWO),
    Example("uvloop", "on_uvloop.py", "AsyncClient", TWO, ("uvloop",)),
    Example("trio", "on_trio.py", "AsyncClient", TWO, ("trio",)),
    Example("anyio on asyncio", "on_anyio_asyncio.py", "AsyncClient", TWO, ("anyio",)),
    Example("anyio on trio", "on_anyio_trio.py", "AsyncClient", TWO, ("anyio", "trio")),
    Example("gevent", "on_gevent.py", "Client", TWO, ("gevent",)),
    Example("Qt", "on_qt.py", "ask", ONE, ("PySide6-Essentials",), prepare=offscreen, ticks=True),
    Example("Twisted", "on_twisted.py", "ask", ONE, ("Twisted", "treq"), ticks=True),
    Example(
        "a notebook",
        "in_notebook.ipynb",
        "AsyncClient, Client",
        (("Ada",), ("Grace",)),
        ("nbclient", "ipykernel"),
        prepare=in_a_kernel,
    ),
    Example("Pyodide", "in_pyodide.mjs", "ask", ONE, ("pyodide@314.0.7",), prepare=in_node, ticks=True),
]


def words_for(name):
    return f"Hello {name}, from a streaming agent".split()


@frozen
class Prompter:
    """An agent that says the next word of an answer when it is told to."""

    agent: Agent
    _cues: dict = field(factory=dict)

    def rehearse(self, names):
        """These are going to ask. Whoever still waits for a word of before, waits for nothing."""
        self._cues.clear()
        self._cues.update({name: threading.Semaphore(0) for name in names})

    def cue(self, name):
        """Say one more word to this one."""
        self._cues[name].release()

    def said_to(self, name):
        cue = self._cues[name]
        for word in words_for(name):
            if not cue.acquire(timeout=PATIENCE):
                raise TimeoutError(f"nobody wants to know what is said to {name}")
            yield word + " "


def prompter():
    agent = Agent("prompted")
    made = Prompter(agent)

    @agent.stream
    def speak(task):
        yield from made.said_to(task.text)

    return made


@frozen
class Program:
    """An example that runs, and what it has printed so far."""

    process: subprocess.Popen
    errors: object
    _printed: bytearray = field(factory=bytearray)

    @property
    def printed(self):
        return self._printed.decode("utf-8", "ignore")

    @property
    def text(self):
        """What it has printed, without the ticks."""
        return self.printed.replace(TICK, "")

    def read_until(self, is_enough):
        """Read on until enough was printed. That nothing more comes, or nothing for long, is the test's failure."""
        selector = selectors.DefaultSelector()
        selector.register(self.process.stdout, selectors.EVENT_READ)
        until = time.monotonic() + PATIENCE
        with selector:
            while not is_enough():
                data = selector.select(until - time.monotonic()) and os.read(self.process.stdout.fileno(), 65_536)
                if not data:
                    pytest.fail(f"it has printed {self.printed!r}, and nothing more:\n{self.complaints()}")
                self._printed.extend(data)

    def finish(self):
        """Its exit code, when it has printed all."""
        output, _ = self.process.communicate(timeout=PATIENCE)
        self._printed.extend(output)
        return self.process.returncode

    def complaints(self):
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace")


@contextmanager
def playing(example, url):
    """The example in a process of its own."""
    command, environment = example.prepare(example, url)
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryDirectory() as home:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**ENVIRONMENT, "HOME": home, **environment},  # where IPython would leave a history
        )
        try:
            yield Program(process, errors)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
