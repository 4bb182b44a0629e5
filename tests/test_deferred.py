"""Packages whose names are imported when they are asked for: `import hocket` costs nothing, and has everything."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import hocket
import hocket.testing.worlds
import hocket_io
from hocket.deferred import deferred

PACKAGES = [hocket, hocket_io, hocket.testing.worlds]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_what_a_type_checker_sees_is_what_there_is(package):
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    shown = {alias.name: node.module for node in block.body for alias in node.names}
    assert {*shown, "__version__"} >= set(package.__all__) >= set(shown)
    for name, module in shown.items():
        assert getattr(package, name) is getattr(sys.modules[module], name)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_a_name_that_is_not_there_is_told_as_by_any_module(package):
    with pytest.raises(AttributeError, match=f"^module '{package.__name__}' has no attribute 'Agents'$"):
        package.Agents
    assert not hasattr(package, "__path_of_nothing__")


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_what_has_not_been_asked_for_is_listed_for_whoever_types_its_name(package, monkeypatch):
    for name in set(package.__all__) - {"__version__"}:
        monkeypatch.delitem(vars(package), name, raising=False)
    assert {*package.__all__, "__file__"} <= set(dir(package))
    assert len(dir(package)) == len(set(dir(package)))


def test_a_name_is_looked_up_once(monkeypatch):
    monkeypatch.delitem(vars(hocket), "Backoff", raising=False)
    asked = []
    look_up, _ = deferred("hocket", {"hocket.backoff": ["Backoff"]})
    monkeypatch.setattr(hocket, "__getattr__", lambda name: asked.append(name) or look_up(name))
    assert hocket.Backoff is hocket.Backoff
    assert asked == ["Backoff"]


@pytest.mark.process
def test_importing_costs_nothing_and_no_event_loop_is_imported_by_the_core():
    program = """if True:
        import sys
        import hocket, hocket_io
        assert not {"attr", "json", "asyncio", "hocket.agent", "hocket_io.client"} & set(sys.modules)
        from hocket import *
        import hocket.a2a, hocket.acp.hub, hocket.acp.client, hocket.http
        assert not {"asyncio", "trio", "anyio", "socket", "ssl", "hypothesis"} & set(sys.modules)
        from hocket_io import *
        print(Agent.__name__, Client.__name__, serve.__name__)
    """
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (ended.stdout, ended.stderr) == ("Agent Client serve\n", "")
