"""README and docs say what is so: every block of Python and of commands in them runs, and prints what they show.

- A ```python block is run after those before it on its page. What it prints is the ```text block that follows it;
  without one it prints nothing.
- A line of a ```console block that begins with `$` is run by the shell, and prints the lines up to the next one.
- `…` stands for anything. `http://127.0.0.1:8000` is the agent of examples/hello.py and `http://127.0.0.1:8100` a hub,
  each on whatever port is free.
"""

import contextlib
import io
import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from attrs import define, frozen

import hocket
import hocket_io
from support import forks

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted(ROOT.glob("docs/*.md"))]
AGENT, HUB = "127.0.0.1:8000", "127.0.0.1:8100"
# Child processes import what this process does, installed or not.
IMPORTED_FROM = os.pathsep.join(str(Path(str(package.__file__)).parents[1]) for package in (hocket, hocket_io))


@frozen
class Block:
    """A fenced block of a page."""

    language: str
    text: str
    line: int


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [Block(match[1], match[2], text[: match.start()].count("\n") + 1) for match in found]


def matches(expected: str, actual: str) -> bool:
    """Whether it is the same text. `…` in the expected one stands for anything; as a line, for any lines, or none."""
    expected = re.sub(r"\n…$", "…", expected, flags=re.MULTILINE)
    pattern = ".*".join(re.escape(piece) for piece in expected.split("…"))
    return re.fullmatch(pattern, actual, re.DOTALL) is not None


def commands_of(block: Block) -> list[tuple[str, str]]:
    """The commands of a console block, each with what it prints."""
    steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block.text, re.MULTILINE)
    assert "".join(f"$ {command}\n{output}" for command, output in steps) == block.text, "a block begins with $"
    return steps


@define
class Workplace:
    """Where the blocks run: a copy of the examples, the commands on the path, an agent and a hub that are up.

    `addresses` has where these two really are, under the addresses that the pages use; `python` runs the commands.
    """

    directory: Path
    environment: dict[str, str]
    addresses: dict[str, str]
    python: str = sys.executable

    def start(self, command: str) -> subprocess.Popen[str]:
        """Start a command whose end is not waited for."""
        return subprocess.Popen(
            ["sh", "-c", command],
            cwd=self.directory,
            env={**self.environment, "PYTHON": self.python},
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def real(self, text: str) -> str:
        """What a page has, with the addresses that work here."""
        for page, here in self.addresses.items():
            text = text.replace(page, here)
        return text

    def shown(self, text: str, address: str = AGENT) -> str:
        """What was printed, with the addresses that the pages use; `address` is that of any other server."""
        for page, here in self.addresses.items():
            text = text.replace(here, page)
        return re.sub(r"127\.0\.0\.1:(?!8[01]00\b)\d+", address, text)


def ended(process: subprocess.Popen[str]) -> int:
    """The exit code of a server that is asked to stop."""
    with process:
        os.killpg(process.pid, signal.SIGINT)
        return process.wait(10)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    directory = tmp_path_factory.mktemp("pages")
    shutil.copytree(ROOT / "examples", directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    for example in directory.glob("*.py"):  # they pause for people
        example.write_text(example.read_text(encoding="utf-8").replace("sleep(0.", "sleep(0.00"), encoding="utf-8")
    commands = directory / "bin"
    commands.mkdir()
    for name, command in {"hocket": "$PYTHON -m hocket", "python": "$PYTHON"}.items():
        (commands / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (commands / name).chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": IMPORTED_FROM,
        "PYTHONUTF8": "1",
    }
    place = Workplace(directory, environment, {})
    servers = {
        AGENT: place.start("exec hocket serve hello.py --port 0"),
        HUB: place.start("exec hocket hub --port 0"),
    }
    for address, server in servers.items():
        assert server.stdout is not None
        lines = [server.stdout.readline() for _ in range(4)]
        found = re.search(r"127\.0\.0\.1:\d+", lines[1])
        assert found is not None, lines
        place.addresses[address] = found[0]
    yield place
    assert [ended(server) for server in servers.values()] == [0, 0]


@pytest.fixture
def as_if_there(workplace: Workplace, page: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workplace]:
    """This process works in the workplace, and forgets the examples it imported there.

    The commands of the README are started as they are; those of the other pages are copies of a process that has
    imported everything.
    """
    workplace.python = forks.REAL if page == README else forks.python()
    monkeypatch.setattr(sys, "executable", workplace.python)
    monkeypatch.chdir(workplace.directory)
    monkeypatch.syspath_prepend(str(workplace.directory))
    monkeypatch.setenv("PYTHONPATH", IMPORTED_FROM)
    before = dict(sys.modules)
    yield workplace
    for name, module in list(sys.modules.items()):
        if name not in before and str(getattr(module, "__file__", "")).startswith(str(workplace.directory)):
            del sys.modules[name]


def run_python(block: Block, expected: str, namespace: ModuleType, page: str, place: Workplace) -> None:
    """Run a block in the page's namespace."""
    source = "\n" * block.line + place.real(block.text)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, page, "exec"), namespace.__dict__)
    actual = place.shown(printed.getvalue())
    assert matches(trimmed(expected), trimmed(actual)), f"{page}:{block.line} printed:\n{actual}"


def trimmed(text: str) -> str:
    """The text without blanks at the ends of lines, which a page cannot show."""
    return "\n".join(line.rstrip() for line in text.splitlines())


def run_command(command: str, expected: str, page: str, place: Workplace) -> None:
    """Run a command line; a server is stopped once it has said what it says."""
    if command.startswith("./dev "):
        return  # has tests of its own, and would run this one
    if command.startswith(("hocket serve ", "hocket hub")):
        process = place.start(f"exec {command} --port 0")
        assert process.stdout is not None
        actual = "".join(process.stdout.readline() for _ in expected.splitlines())
        assert ended(process) == 0
    else:
        if command.startswith("curl ") and shutil.which("curl") is None:
            pytest.skip("there is no curl here")
        process = place.start(place.real(command))
        actual, _ = process.communicate(timeout=20)
        assert process.returncode == 0, f"{page}: {command}"
    actual = place.shown(actual, HUB if command.startswith("hocket hub") else AGENT)
    assert matches(trimmed(expected), trimmed(actual)), f"{page}: {command} printed:\n{actual}"


@pytest.mark.process
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_of_a_page_runs(page: Path, as_if_there: Workplace) -> None:
    namespace = ModuleType(page.stem)
    blocks = blocks_of(page)
    for block, following in itertools.zip_longest(blocks, blocks[1:]):
        if block.language == "python":
            expected = following.text if following is not None and following.language == "text" else ""
            run_python(block, expected, namespace, page.name, as_if_there)
        elif block.language == "console":
            for command, output in commands_of(block):
                run_command(command, output, page.name, as_if_there)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_no_block_that_nothing_runs(page: Path) -> None:
    blocks = blocks_of(page)
    # test_docs.py draws the diagrams
    assert {block.language for block in blocks} <= {"python", "console", "text", "mermaid", ""}
    for before, block in itertools.pairwise(blocks):
        assert block.language != "text" or before.language == "python", f"{page.name}:{block.line}"
    assert not blocks or blocks[0].language != "text"


def test_the_commands_of_the_dev_script_exist() -> None:
    usage = subprocess.run([sys.executable, ROOT / "dev"], capture_output=True, text=True, check=True).stdout
    there = re.findall(r"\./dev (\w+)", usage)
    named = [name for page in PAGES for name in re.findall(r"\./dev (\w+)", page.read_text(encoding="utf-8"))]
    assert set(named) <= set(there)
    assert {"demo", "test"} <= set(named)


def test_the_first_agent_is_the_one_in_examples() -> None:
    example = (ROOT / "examples" / "hello.py").read_text(encoding="utf-8")
    first = next(block for block in blocks_of(README) if block.language == "python")
    assert example.endswith(f"\n\n{first.text}")
    assert len([line for line in first.text.splitlines() if line]) == 8


def test_the_first_client_has_four_lines() -> None:
    _, client, *_ = [block for block in blocks_of(README) if block.language == "python"]
    assert len([line for line in client.text.splitlines() if line]) == 4


def test_the_three_steps_are_those_of_the_example() -> None:
    example = (ROOT / "examples" / "embed_socket.py").read_text(encoding="utf-8")
    block = next(block for block in blocks_of(README) if "def run(" in block.text)
    _, _, body = block.text.partition("react):\n")
    assert body in example


def test_the_sections_of_the_readme_come_in_this_order() -> None:
    headings = re.findall(r"^#+ (.+)$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [
        "hocket",
        "Ask, show, come back",
        "Try it",
        "Embed it",
        "Pipe it",
        "Many agents, one stream",
        "Break it",
        "Speed",
        "What it speaks",
        "Extras",
        "More",
    ]
