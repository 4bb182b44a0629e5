"""Logging: one logger per module, on the levels that docs/observing.md says; nothing that anybody said is in it."""

import ast
import logging
import re
import sys
from functools import cache
from pathlib import Path

import pytest

import hocket_io
from hocket.backoff import Backoff
from hocket_io import Client, stdio
from hocket_io.pipes import blocking as blocking_pipes
from support.clients import tell
from support.web import web

PACKAGE = Path(hocket_io.__file__).parent
PAGE = Path(__file__).parents[1] / "docs" / "observing.md"
LEVELS = ("debug", "info", "warning", "error", "exception", "critical")
CALLS = {*LEVELS, "log"}


@cache
def modules():
    """The modules that have to do with logging: (name, syntax tree)."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(("hocket_io", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
        source = path.read_text(encoding="utf-8")
        if "logging" in source:
            found.append((name, ast.parse(source)))
    return found


def logged(tree, logger="_log"):
    """The calls of a logger in a module: (level, the arguments)."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=level), args=args):
                if name == logger and level in CALLS:
                    yield level, args


def lent(tree):
    """The names of the functions to which a module gives its logger."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=function), args=[ast.Name(id="_log"), *_]):
                yield function


def rows():
    """The loggers of the source: the levels that each is used at, from the lowest."""
    borrowers = {
        node.name: {level for level, _ in logged(node, node.args.args[0].arg)}
        for _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.args.args
    }
    for name, tree in modules():
        levels = {level for level, _ in logged(tree)}.union(*[borrowers[function] for function in lent(tree)])
        levels = {"error" if level == "exception" else level for level in levels} - {"log"}
        if levels:
            yield name, ", ".join(sorted(levels, key=LEVELS.index))


def test_the_page_has_every_logger_with_its_levels():
    documented = re.findall(r"^\| `(hocket_io\.[\w.]+)` +\| ([a-z, ]+?) +\|", PAGE.read_text(encoding="utf-8"), re.M)
    expected = "\n".join(f"| `{name}` | {levels} |" for name, levels in rows())
    assert documented == list(rows()), f"docs/observing.md should have the rows:\n\n{expected}"


def test_each_logger_is_that_of_its_module_and_nobody_else_is_configured():
    for name, tree in modules():
        for node in ast.walk(tree):
            match node:
                case ast.Assign(targets=[ast.Name(id="_log")], value=value):
                    assert ast.unparse(value) == "logging.getLogger(__name__)", name
                case ast.Attribute(attr="basicConfig" | "setLevel" | "addHandler"):
                    pytest.fail(f"{name} configures logging: that is for applications")


@pytest.mark.parametrize("kind", ["blocking", "asyncio", "trio"])
def test_a_child_that_has_to_be_ended_is_logged(kind, caplog, monkeypatch):
    for module in (stdio, blocking_pipes):
        monkeypatch.setattr(module, "_PATIENCE", 0.02)
    command = f"stdio:{sys.executable} -c 'import time; time.sleep(60)'"

    async def nothing(client):
        pass

    tell(kind, nothing, command)
    said = f"the child process {sys.executable!r} is still there, and gets SIGTERM"
    assert [(record.levelname, record.getMessage()) for record in caplog.records][:1] == [("WARNING", said)]


def test_what_is_logged_is_made_only_where_somebody_listens():
    """Arguments are handed over as they are: no f-string, no `%` and no `+` makes a text that nobody may want."""
    for name, tree in modules():
        for level, args in logged(tree):
            message = args[1] if level == "log" else args[0]
            assert isinstance(message, ast.Constant), f"{name}: {ast.unparse(message)}"


def test_a_stream_that_is_cut_and_resumed_is_logged_without_what_was_said(caplog):
    caplog.set_level(logging.DEBUG, "hocket_io")
    task = b'{"task":{"id":"t1","contextId":"c1","status":{"state":"TASK_STATE_%s"}}}'

    def answer(request):
        if request.command == "GET":
            request.reply(404, b"")
            return
        request.send_response(200)
        request.send_header("content-type", "text/event-stream")
        request.send_header("content-length", "1000000")  # never reached: the connection breaks
        request.end_headers()
        number, state = (2, b"COMPLETED") if "last-event-id" in request.headers else (1, b"WORKING")
        request.wfile.write(b'id: %d\ndata: {"jsonrpc":"2.0","id":"1","result":%b}\n\n' % (number, task % state))
        request.close_connection = True

    with web(answer) as (url, _):
        address = url.replace("http://", "http://ada:s3cret@")
        with Client(address, headers={"x-token": "s3cret"}, resume=Backoff(base=0.001, attempts=3)) as client:
            kinds = [event.kind for event in client.stream("What only the two of us know")]
    assert "resumed" in kinds
    ours = [record for record in caplog.records if record.name.startswith("hocket_io")]
    assert [(record.name, record.levelname, record.getMessage()) for record in ours] == [
        ("hocket_io.http.client", "INFO", f"a stream of {url} was cut; asking for the rest of it")
    ]
