"""Loading: what FILE[:NAME] means, an Agent or another object. The file may import its neighbours, as with `python`."""

from __future__ import annotations

import sys
import traceback
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

from hocket.agent import Agent
from hocket.errors import LocalProtocolError
from hocket_io.cli.exits import Failure
from hocket_io.cli.output import write_stderr

__all__ = ["load_agent", "load_object"]


def load_agent(reference: str, *, debug: bool = False) -> Agent:
    """The agent that a command was pointed at.

    Args:
        reference: `FILE`, which has one Agent, or `FILE:NAME` for the variable NAME of it.
        debug: Whether the traceback of a file that fails is shown.

    Raises:
        Failure: There is no such file or no such agent (2), or the file raised an exception (1).
    """
    path, name = _split(reference)
    agent = _pick(_run(path, debug), path, name)
    try:
        agent.card("")
    except LocalProtocolError as error:
        raise Failure(f"{path}: {error}", "A2ACLI_ERR_USAGE") from None
    return agent


def load_object(reference: str, *, debug: bool = False) -> object:
    """Whatever FILE:NAME means, which need not be an agent.

    Args:
        reference: `FILE:NAME`.
        debug: Whether the traceback of a file that fails is shown.

    Raises:
        Failure: There is no such file or nothing of this name in it (2), or the file raised an exception (1).
    """
    path, name = _split(reference)
    if name is None:
        raise Failure(f"{reference}: say what in the file is meant, as in {reference}:NAME", "A2ACLI_ERR_USAGE")
    module = _run(path, debug)
    if name not in vars(module):
        raise Failure(f"{path}: there is no {name}", "A2ACLI_ERR_USAGE")
    return vars(module)[name]


def _split(reference: str) -> tuple[Path, str | None]:
    """The file and the name. A file whose own name has a colon in it wins."""
    whole = Path(reference)
    head, colon, name = reference.rpartition(":")
    if colon and name.isidentifier() and not whole.exists():
        return _existing(Path(head)), name
    return _existing(whole), None


def _existing(path: Path) -> Path:
    if path.is_file():
        return path
    reason = "is not a file" if path.exists() else "does not exist"
    raise Failure(f"{path} {reason}", "A2ACLI_ERR_USAGE")


def _run(path: Path, debug: bool) -> ModuleType:
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    name = path.stem if path.stem.isidentifier() and path.stem not in sys.modules else f"hocket_{path.stem}"
    loader = SourceFileLoader(name, str(path.resolve()))
    spec = spec_from_loader(name, loader)
    assert spec is not None, "a loader was given"
    module = sys.modules[name] = module_from_spec(spec)
    try:
        loader.exec_module(module)
    except (Exception, SystemExit) as error:  # noqa: BLE001  -- it is somebody else's code: anything may come out of it
        if debug:
            write_stderr("".join(traceback.format_exception(error)).rstrip())
        raise Failure(f"{path}:{_line(error, path)}: {_said(error)}") from None
    return module


def _line(error: BaseException, path: Path) -> int:
    """The last line of the file itself that was at work."""
    if isinstance(error, SyntaxError) and error.filename == str(path.resolve()) and error.lineno:
        return error.lineno
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path.resolve())]
    return (frames[-1].lineno or 1) if frames else 1


def _said(error: BaseException) -> str:
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _pick(module: ModuleType, path: Path, name: str | None) -> Agent:
    agents = {known: value for known, value in vars(module).items() if isinstance(value, Agent)}
    if name is not None:
        if name in agents:
            return agents[name]
        kind = type(vars(module)[name]).__name__ if name in vars(module) else None
        what = f"there is no {name}" if kind is None else f"{name} is of type {kind}, which is no Agent"
        raise Failure(f"{path}: {what}; {_names(agents)}", "A2ACLI_ERR_USAGE")
    different = {id(agent): agent for agent in agents.values()}
    if len(different) == 1:
        return next(iter(different.values()))
    if not different:
        raise Failure(f'{path} has no agent: it needs a variable like agent = Agent("…")', "A2ACLI_ERR_USAGE")
    first = next(iter(agents))
    raise Failure(
        f"{path} has several agents: {', '.join(agents)}; say which one, as in {path}:{first}",
        "A2ACLI_ERR_USAGE",
    )


def _names(agents: dict[str, Agent]) -> str:
    return f"its agents: {', '.join(agents)}" if agents else "it has no agent at all"
