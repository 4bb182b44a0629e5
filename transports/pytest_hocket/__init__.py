"""The pytest plugin of hocket: `pytest --hocket-agent FILE:NAME`. It imports hocket only when it is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hocket.testing.probe import Probe
    from hocket_io import Client

__all__ = ["hocket_agent", "hocket_probe", "hocket_target"]

_OPTIONS = (
    ("checks", "NAMES", "the checks to run, by name, with commas between them; all of them by default"),
    ("max-examples", "N", "how many inputs are tried for each check (100)"),
    ("seed", "N", "the same seed tries the same inputs (0)"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and what stands for them in a configuration file."""
    group = parser.getgroup("hocket", "agents to be fuzzed (hocket)")
    group.addoption(
        "--hocket-agent",
        action="append",
        default=[],
        dest="hocket_agents",
        metavar="TARGET",
        help="fuzz this agent: FILE:NAME, http(s)://…, ws(s)://… or stdio:COMMAND; may be given more than once",
    )
    parser.addini("hocket_agents", "as --hocket-agent, one in a line", type="linelist", default=[])
    for name, metavar, text in _OPTIONS:
        group.addoption(f"--hocket-{name}", dest=_key(name), metavar=metavar, help=text)
        parser.addini(_key(name), f"as --hocket-{name}", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Have the agents that were named checked."""
    if targets_of(config):
        from pytest_hocket.checks import Checks

        config.pluginmanager.register(Checks.of(config), "hocket checks")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests that ask for an agent once for each that was named."""
    if "hocket_target" in metafunc.fixturenames:
        targets = targets_of(metafunc.config)
        why = pytest.mark.skip(reason="no agent was named: --hocket-agent FILE:NAME")
        metafunc.parametrize("hocket_target", targets or [pytest.param("", marks=why)], scope="session")


@pytest.fixture(scope="session")
def hocket_target(request: pytest.FixtureRequest) -> str:
    """The target that was named with `--hocket-agent`; with several, the test comes once for each."""
    return str(request.param)


@pytest.fixture
def hocket_agent(hocket_target: str) -> Iterator[Client]:
    """A `hocket_io.Client` of the agent that was named with `--hocket-agent`."""
    from hocket_io import Client
    from hocket_io.testing import loaded

    with Client(loaded(hocket_target)) as client:
        yield client


@pytest.fixture
def hocket_probe(hocket_target: str) -> Iterator[Probe]:
    """A `hocket.testing.probe.Probe` of the agent that was named; one in a file is on virtual time."""
    from hocket_io.testing import reach

    with reach(hocket_target) as probe:
        yield probe


def targets_of(config: pytest.Config) -> list[str]:
    """The agents that were named: on the command line, or else in the configuration."""
    named: list[str] = config.getoption("hocket_agents") or config.getini("hocket_agents")
    return named


def option_of(config: pytest.Config, name: str) -> str:
    """What was said on the command line, or else in the configuration; "" for nothing."""
    return str(config.getoption(_key(name)) or config.getini(_key(name)))


def _key(name: str) -> str:
    return f"hocket_{name.replace('-', '_')}"
