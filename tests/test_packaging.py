"""What people get when they install: the content of wheel, sdist and editable install, and their types.

Everything is built here with the build backend that is installed already; nothing is downloaded. A wheel of
pure Python is installed by unpacking it: an installer does no more than that, besides writing the commands.
"""

import configparser
import email.message
import email.parser
import os
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = {
    "hocket": ROOT / "src/hocket",
    "hocket_io": ROOT / "transports/hocket_io",
    "pytest_hocket": ROOT / "transports/pytest_hocket",
}

# A program that type-checks, with one mistake that is only seen where the types of hocket are seen.
CONSUMER = """\
import hocket_io
from hocket.errors import LimitExceeded
from hocket.timers import soonest

exceeded = LimitExceeded("Limits.frame", maximum=10)
option: str = exceeded.option
earliest: float | None = soonest(1.0, None)
mistake: int = exceeded.option
"""
MISTAKE = 'consumer.py:8: error: Incompatible types in assignment (expression has type "str", variable has type "int")'


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command that sees nothing of this checkout but what its arguments name."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def must(done: subprocess.CompletedProcess[str]) -> str:
    """The output of a command that has to work."""
    assert done.returncode == 0, f"{done.args}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def only(directory: Path, pattern: str) -> Path:
    """The one file there is."""
    (found,) = directory.glob(pattern)
    return found


def content_of(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the sdist, and the wheel that was built from the sdist."""
    directory = tmp_path_factory.mktemp("built")
    must(run(sys.executable, "-m", "build", "--no-isolation", "--outdir", directory, ROOT, cwd=directory))
    return directory


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return only(built, "hocket-*.whl")


@pytest.fixture(scope="module")
def editable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that `pip install -e .` has built for it (PEP 660)."""
    directory = tmp_path_factory.mktemp("editable")
    call = "import hatchling.build, sys; hatchling.build.build_editable(sys.argv[1])"
    must(run(sys.executable, "-c", call, directory, cwd=ROOT))
    return only(directory, "hocket-*.whl")


def install(wheel: Path, directory: Path) -> Path:
    """The interpreter of a fresh venv with the wheel in it, and the dependencies of this one beside it."""
    must(run(sys.executable, "-m", "venv", "--without-pip", directory, cwd=directory.parent))
    python = directory / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(must(run(python, "-c", ask, cwd=directory)).strip())
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # A path file inside of a directory that a path file names is not read: the install around us stays out.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


@pytest.fixture(scope="module", params=["wheel", "editable"])
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a venv in which hocket was installed in one of the ways."""
    path: Path = request.getfixturevalue(request.param)
    return install(path, tmp_path_factory.mktemp("installed") / request.param)


def test_the_wheel_holds_the_packages_and_the_plugin_and_nothing_else(wheel: Path) -> None:
    names = {name for name in content_of(wheel) if ".dist-info/" not in name}
    assert names == {
        f"{package}/{path.relative_to(source).as_posix()}"
        for package, source in PACKAGES.items()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"hocket/py.typed", "hocket_io/py.typed", "pytest_hocket/py.typed"} <= names


def test_the_wheel_is_pure_python(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")
    assert not [name for name in content_of(wheel) if ".data/" in name]


def metadata_of(wheel: Path) -> email.message.Message:
    (text,) = (data for name, data in content_of(wheel).items() if name.endswith(".dist-info/METADATA"))
    return email.parser.Parser().parsestr(text.decode())


def test_the_metadata_say_what_is_needed(wheel: Path) -> None:
    metadata = metadata_of(wheel)
    required = metadata.get_all("Requires-Dist", [])
    plain = [line.partition(">")[0] for line in required if "extra ==" not in line]
    assert sorted(plain) == ["attrs", "cattrs"]
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert {"all", "cli", "fast", "http", "otel", "test", "trio", "ws"} <= set(metadata.get_all("Provides-Extra", []))


def test_what_the_docs_need_is_all_that_a_module_may_import() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (own,) = [line for line in extras["docs"] if line.startswith("hocket[")]
    assert set(own.removeprefix("hocket[").removesuffix("]").split(",")) == set(extras) - {"all", "dev", "docs"}


def test_the_wheel_brings_the_licence_and_the_command(wheel: Path) -> None:
    content = content_of(wheel)
    (licence,) = (data for name, data in content.items() if name.endswith(".dist-info/licenses/LICENSE"))
    assert licence == (ROOT / "LICENSE").read_bytes()
    (text,) = (data for name, data in content.items() if name.endswith(".dist-info/entry_points.txt"))
    entry_points = configparser.ConfigParser()
    entry_points.read_string(text.decode())
    assert dict(entry_points["console_scripts"]) == {"hocket": "hocket.__main__:main"}
    assert dict(entry_points["pytest11"]) == {"hocket": "pytest_hocket"}


def test_the_sdist_builds_the_same_wheel_as_the_checkout(wheel: Path, tmp_path: Path) -> None:
    must(
        run(
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            tmp_path,
            ROOT,
            cwd=tmp_path,
        )
    )
    assert content_of(only(tmp_path, "hocket-*.whl")) == content_of(wheel)


def test_the_sdist_can_be_tested_and_holds_nothing_of_this_workplace(built: Path) -> None:
    with tarfile.open(only(built, "hocket-*.tar.gz")) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "LICENSE",
        "README.md",
        "dev",
        "pyproject.toml",
        "tests/conftest.py",
        "tests/test_packaging.py",
    } <= names
    tops = {name.partition("/")[0] for name in names}
    assert not tops & {
        ".git",
        ".ci",
        ".venv",
        ".hypothesis",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        "site",
    }
    assert not [name for name in names if name.endswith(".pyc")]


def test_both_packages_are_imported_from_where_they_were_installed(installed: Path) -> None:
    show = "import hocket.errors, hocket_io, sys; print(hocket.errors.__file__); print(*hocket_io.__path__)"
    core, world = map(Path, must(run(installed, "-c", show, cwd=installed.parent)).splitlines())
    if installed.parents[1].name == "editable":
        assert (core, world) == (PACKAGES["hocket"] / "errors.py", PACKAGES["hocket_io"])
    else:
        assert installed.parents[1] in core.parents
        assert installed.parents[1] in world.parents


def test_a_type_checker_sees_the_types_of_both_packages(
    installed: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (tmp_path / "consumer.py").write_text(CONSUMER)
    cache = tmp_path_factory.getbasetemp() / "mypy-cache"
    (tmp_path / "mypy.ini").write_text("[mypy]\n")
    strict = ["--strict", "--no-error-summary", "--hide-error-codes", "--config-file", "mypy.ini"]
    where = ["--python-executable", installed, "--cache-dir", cache]
    done = run(sys.executable, "-m", "mypy", *strict, *where, "consumer.py", cwd=tmp_path)
    assert done.stdout.splitlines() == [MISTAKE]
    assert done.stderr == ""
