"""The dev script, in a checkout of its own, with a stand-in for uv and for the interpreter in .venv.

The stand-ins write down how they were called, so nothing is installed and nothing is downloaded here.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from attrs import define, field

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")

STAND_IN_PYTHON = """\
#!/bin/sh
if [ "$1" = -c ]; then echo "{version} (stand-in)"; exit 0; fi
echo "python $* in $PWD"
case "$*" in *"{failing}"*) exit 7;; esac
"""

STAND_IN_UV = """\
#!/bin/sh
echo "uv $*" >> "{calls}"
if [ "$1" = venv ]; then
    mkdir -p "{root}/.venv/bin"
    cp "{python}" "{root}/.venv/bin/python"
    cp "{python}" "{root}/.venv/bin/lint-imports"
else
    {on_install}
fi
"""


def heed_interrupts() -> None:
    """A background job of a shell without job control ignores SIGINT, and so would the script."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@define
class Checkout:
    """A directory with the dev script, a pyproject.toml and stand-ins for the programs it starts."""

    root: Path
    programs: Path
    calls: Path = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.calls = self.programs / "calls"
        self.root.mkdir()
        self.programs.mkdir()
        shutil.copy(ROOT / "dev", self.root / "dev")
        (self.root / "pyproject.toml").write_text("[project]\nname = 'one'\n")
        self.interpreter()
        self.installer()

    def program(self, name: str, text: str) -> Path:
        path = self.programs / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def interpreter(self, version: str = "3.11.2", failing: str = "nothing at all") -> None:
        """What the next `uv venv` puts into .venv."""
        self.program("stand-in-python", STAND_IN_PYTHON.format(version=version, failing=failing))

    def installer(self, on_install: str = ":") -> None:
        """The uv on the PATH, and what its `pip install` does."""
        python = self.programs / "stand-in-python"
        script = STAND_IN_UV.format(calls=self.calls, root=self.root, python=python, on_install=on_install)
        self.program("uv", script)

    def installs(self) -> list[str]:
        """What was installed, install by install: the words in brackets."""
        text = self.calls.read_text() if self.calls.exists() else ""
        return re.findall(r"^uv pip install --editable \S+\[(\w+)\]", text, re.MULTILINE)

    def dev(self, *arguments: str, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(self.root / "dev"), *arguments],
            cwd=cwd or self.root,
            env={"PATH": f"{self.programs}:/usr/bin:/bin", **more},
            input="an answer that nobody should ask for\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            preexec_fn=heed_interrupts,
        )


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkout", tmp_path / "programs")


def load(directory: Path = ROOT) -> ModuleType:
    """The script as a module, without running a command."""
    module = ModuleType("dev")
    module.__file__ = str(directory / "dev")
    exec(compile((ROOT / "dev").read_text(), "dev", "exec"), module.__dict__)
    return module


# ------------------------------------------------------------------------------------------ what is passed on


@pytest.mark.parametrize(
    ("arguments", "runs"),
    [
        (["test"], "-m pytest -n auto --dist loadfile"),
        (["test", "-k", "framing", "-x"], "-m pytest -k framing -x"),
        (["demo", "--fast"], "examples/demo.py --fast"),
        (["docs", "-W"], "-m sphinx --quiet -b html -W docs site"),
        (["fmt"], "-m ruff format . dev"),
        (["fuzz", "sse", "--seconds", "9"], "tests/fuzz/run.py sse --seconds 9"),
        (["bench"], "benchmarks"),
        (["bench", "serving", "--quick"], "benchmarks serving --quick"),
    ],
)
def test_a_command_becomes_its_tool_in_the_root_from_any_directory(
    checkout: Checkout, tmp_path: Path, arguments: list[str], runs: str
) -> None:
    done = checkout.dev(*arguments, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == f"python {runs} in {checkout.root}"
    assert done.returncode == 0
    assert done.stderr == ""


def test_the_exit_code_is_that_of_the_tool(checkout: Checkout) -> None:
    checkout.interpreter(failing="pytest")
    assert checkout.dev("test").returncode == 7


# ------------------------------------------------------------------------------------------ what is installed


def test_a_first_run_says_one_line_and_a_second_run_installs_nothing(checkout: Checkout) -> None:
    first, second = checkout.dev("test"), checkout.dev("test")
    assert first.stdout.splitlines()[0].startswith("dev: installing hocket[dev] into .venv (first time")
    assert len(first.stdout.splitlines()) == 2
    assert second.stdout == f"python -m pytest -n auto --dist loadfile in {checkout.root}\n"
    assert checkout.installs() == ["dev"]


def test_the_demo_installs_less_than_the_tests_and_nothing_after_them(checkout: Checkout) -> None:
    for command in ("demo", "demo", "test", "demo", "docs", "demo"):
        assert checkout.dev(command).returncode == 0
    assert checkout.installs() == ["all", "dev", "docs"]


def test_a_changed_pyproject_installs_again(checkout: Checkout) -> None:
    checkout.dev("demo")
    checkout.dev("test")
    (checkout.root / "pyproject.toml").write_text("[project]\nname = 'two'\n")
    again = checkout.dev("test")
    assert "pyproject.toml changed" in again.stdout
    checkout.dev("demo")
    assert checkout.installs() == ["all", "dev", "dev"]


def test_another_interpreter_in_the_venv_installs_again(checkout: Checkout) -> None:
    checkout.dev("test")
    checkout.interpreter(version="3.12.1")
    shutil.copy(checkout.programs / "stand-in-python", checkout.root / ".venv/bin/python")
    checkout.dev("test")
    assert checkout.installs() == ["dev", "dev"]


def test_a_moved_checkout_installs_again(checkout: Checkout) -> None:
    checkout.dev("test")
    moved = checkout.root.with_name("moved")
    checkout.root.rename(moved)
    checkout.root = moved
    assert "installing" in checkout.dev("test").stdout


def test_a_venv_that_does_not_run_is_made_anew(checkout: Checkout) -> None:
    checkout.dev("test")
    (checkout.root / ".venv/bin/python").write_text("#!/nowhere\n")
    (checkout.root / ".venv/left-over").touch()
    assert checkout.dev("test").returncode == 0
    assert not (checkout.root / ".venv/left-over").exists()


def test_a_failed_install_shows_everything_and_is_done_again(checkout: Checkout) -> None:
    checkout.installer("echo 'no matching distribution'; echo 'on stderr too' >&2; exit 3")
    failed = checkout.dev("test")
    assert failed.returncode == 1
    assert "no matching distribution\non stderr too\n" in failed.stderr
    assert "failed with exit code 3: " in failed.stderr
    assert "pytest" not in failed.stdout
    checkout.installer()
    assert checkout.dev("test").returncode == 0
    assert checkout.installs() == ["dev", "dev"]


def test_a_failed_update_does_not_leave_the_old_stamp(checkout: Checkout) -> None:
    original = (checkout.root / "pyproject.toml").read_text()
    checkout.dev("test")
    (checkout.root / "pyproject.toml").write_text("[project]\nname = 'two'\n")
    checkout.installer("exit 3")
    checkout.dev("test")
    (checkout.root / "pyproject.toml").write_text(original)
    checkout.installer()
    checkout.dev("test")
    assert checkout.installs() == ["dev", "dev", "dev"]


def test_an_extra_that_another_install_passed_by_is_installed_again(checkout: Checkout) -> None:
    original = (checkout.root / "pyproject.toml").read_text()
    checkout.dev("test")
    (checkout.root / "pyproject.toml").write_text("[project]\nname = 'two'\n")
    checkout.dev("demo")
    (checkout.root / "pyproject.toml").write_text(original)
    checkout.dev("test")
    assert checkout.installs() == ["dev", "all", "dev"]


def test_an_install_cannot_ask_and_stays_out_of_the_home_of_the_user(checkout: Checkout) -> None:
    checkout.installer('if read answer; then exit 3; fi; [ "$PIP_USER" = 0 ] || exit 4')
    done = checkout.dev("test", PIP_USER="1")
    assert done.returncode == 0, done.stderr


def test_an_interrupted_install_gives_no_traceback_and_is_done_again(checkout: Checkout) -> None:
    checkout.installer("kill -INT $PPID")
    interrupted = checkout.dev("test")
    assert interrupted.returncode == 130
    assert interrupted.stderr == "\ndev: interrupted\n"
    checkout.installer()
    assert checkout.dev("test").returncode == 0
    assert checkout.installs() == ["dev", "dev"]


def test_an_old_interpreter_in_the_venv_is_named(checkout: Checkout) -> None:
    checkout.interpreter(version="3.9.18")
    checkout.dev("test")
    done = checkout.dev("test")
    assert done.returncode == 1
    assert done.stderr == "dev: .venv holds Python 3.9.18, which is too old; delete it and try again\n"


def test_pip_works_from_outside_of_a_venv_that_has_none(tmp_path: Path) -> None:
    dev = load(tmp_path)
    assert dev.create_command(None) == [
        *(dev.base_python(), "-m", "venv", "--without-pip", str(tmp_path / ".venv")),
    ]
    assert dev.install_command(None, "dev") == [
        *(dev.base_python(), "-m", "pip", "--python", str(dev.PYTHON), "--no-input"),
        *("install", "--editable", f"{tmp_path}[dev]"),
    ]


def test_the_base_interpreter_is_never_one_in_a_venv() -> None:
    asked = [load().base_python(), "-c", "import sys; print(sys.prefix == sys.base_prefix)"]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout == "True\n"


def test_without_pip_and_uv_the_apt_line_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dev = load(tmp_path)
    monkeypatch.setattr(dev.shutil, "which", lambda name: None)
    monkeypatch.setattr(dev, "has_pip", lambda: False)
    assert dev.main(["test"]) == 1
    assert "sudo apt install python3-pip" in capsys.readouterr().err


def test_every_extra_that_is_installed_is_one_of_the_project() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    dev = load()
    assert set(dev.CONTAINS) <= set(extras)
    assert set(dev.CONTAINS) == set(dev.ABOUT_SECONDS)


# ------------------------------------------------------------------------------------------------- the checks


def test_check_runs_every_check_and_fails_if_one_fails(checkout: Checkout) -> None:
    checkout.interpreter(failing="ruff format")
    done = checkout.dev("check")
    assert done.returncode == 1
    assert re.findall(r"^ +(\w+) (ok|FAILED)", done.stdout, re.MULTILINE) == [
        ("lint", "ok"),
        ("format", "FAILED"),
        ("types", "ok"),
        ("layers", "ok"),
    ]
    assert "-m ruff format --check . dev in " in done.stdout


def test_check_passes_if_all_pass(checkout: Checkout) -> None:
    done = checkout.dev("check")
    assert done.returncode == 0
    assert "FAILED" not in done.stdout


def test_check_runs_in_the_root_from_any_directory(checkout: Checkout, tmp_path: Path) -> None:
    checkout.interpreter(failing="ruff check")
    done = checkout.dev("check", "lint", cwd=tmp_path)
    assert f"-m ruff check . dev in {checkout.root}\n" in done.stdout


def test_check_runs_only_the_checks_that_are_named(checkout: Checkout) -> None:
    checkout.interpreter(failing="ruff format")
    done = checkout.dev("check", "layers", "lint")
    assert done.returncode == 0
    assert re.findall(r"^ +(\w+) ", done.stdout, re.MULTILINE) == ["layers", "lint"]


def test_an_unknown_check_installs_nothing(checkout: Checkout) -> None:
    done = checkout.dev("check", "spelling")
    assert done.returncode == 2
    assert done.stderr == "dev check: no check is named spelling; there are lint, format, types, layers\n"
    assert checkout.installs() == []


def test_types_are_checked_in_the_script_and_in_the_examples(checkout: Checkout) -> None:
    (checkout.root / "examples").mkdir()
    (checkout.root / "examples/hello.py").touch()
    checkout.interpreter(failing="mypy")
    lines = re.findall(r"^python -m mypy(.*) in ", checkout.dev("check", "types").stdout, re.MULTILINE)
    assert lines == ["", " dev", " examples/hello.py"]


# ------------------------------------------------------------------------------------------------------ usage


def test_mutants_are_a_program_among_the_tests(checkout: Checkout) -> None:
    ran = checkout.dev("mutants", "--list").stdout.splitlines()[-1]
    assert ran == f"python tests/mutants --list in {checkout.root}"


@pytest.mark.parametrize("arguments", [[], ["help"], ["--help"], ["-h"]])
def test_usage_names_every_command(checkout: Checkout, arguments: list[str]) -> None:
    done = checkout.dev(*arguments)
    assert done.returncode == 0
    assert re.findall(r"^    \./dev (\w+) ", done.stdout, re.MULTILINE) == [
        "demo",
        "test",
        "check",
        "bench",
        "docs",
        "fmt",
        "mutants",
        "fuzz",
    ]
    assert "None" not in done.stdout


def test_a_reader_that_leaves_is_no_error(checkout: Checkout) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        command = [sys.executable, str(checkout.root / "dev"), "help"]
        done = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (-signal.SIGPIPE, b"")


def test_an_unknown_command_is_refused(checkout: Checkout) -> None:
    done = checkout.dev("tset")
    assert done.returncode == 2
    assert done.stderr.startswith("dev: there is no command 'tset'\n")


def test_an_old_python_is_told_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dev = load()
    monkeypatch.setattr(dev, "OLDEST", (99, 0))
    assert dev.main(["test"]) == 1
    assert re.fullmatch(r"dev: needs Python 3\.11 or later; .+ is 3\..+\n", capsys.readouterr().err)
