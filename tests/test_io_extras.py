"""Optional dependencies that are not installed, and how people are told."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import hocket
import hocket_io
from hocket.errors import MissingExtra
from hocket_io.extras import needs

ROOTS = [str(Path(package.__file__).parents[1]) for package in (hocket, hocket_io)]

EVERYTHING = ("anyio", "httpx2", "msgspec", "trio", "uvicorn", "websockets", "click")


def run_without(modules, code):
    """Run code in an interpreter where some modules cannot be found; gives what it prints."""
    program = f"""
        import sys
        sys.path[:0] = {ROOTS!r}
        sys.modules.update(dict.fromkeys({list(modules)!r}))
        from hocket import Agent
        from hocket_io import AsyncClient, Client, serve
        from hocket.errors import MissingExtra
        agent = Agent("hello")
        agent.stream(lambda task: "Hello " + task.text)
    """
    source = textwrap.dedent(program) + textwrap.dedent(code)
    ended = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=30)
    assert ended.stderr == ""
    return ended.stdout


@pytest.mark.process
def test_what_is_said_with_nothing_installed():
    said = run_without(
        EVERYTHING,
        """
        def say(function):
            try:
                function()
            except MissingExtra as error:
                print(error.extra, "|", error)

        def enter(coroutine):
            try:
                coroutine.send(None)
            finally:
                coroutine.close()

        say(lambda: Client("http://127.0.0.1:1").__enter__())
        say(lambda: Client(agent).__enter__())
        say(lambda: enter(AsyncClient(agent).__aenter__()))
        say(lambda: serve(agent))
        say(lambda: Client("ws://127.0.0.1:1").__enter__())
        say(lambda: enter(AsyncClient("ws://127.0.0.1:1").__aenter__()))
        """,
    )
    hint = 'needs an extra that is not installed: pip install "hocket[http]"'
    assert said.splitlines() == [
        f"http | talking HTTP {hint}",
        f"http | running an agent in memory {hint}",
        f"http | an AsyncClient {hint}",
        f"http | serving over HTTP {hint}",
        f"ws | talking over a WebSocket {hint.replace('http', 'ws')}",
        f"http | an AsyncClient {hint}",
    ]


@pytest.mark.process
def test_a_blocking_client_of_a_child_process_needs_nothing():
    child = "import sys; line = sys.stdin.readline(); print(line, end='')"
    said = run_without(
        EVERYTHING,
        f"""
        import shlex
        with Client("stdio:python -c " + shlex.quote({child!r})) as client:
            print([event.kind for event in client.stream("echo")])
        """,
    )
    assert said == "['cut']\n"


def test_a_bug_of_ours_is_not_a_missing_extra():
    with pytest.raises(ModuleNotFoundError, match=r"hocket_io\.nonsense"), needs("http", "nothing"):
        import hocket_io.nonsense  # noqa: F401


def test_a_missing_package_is():
    with (
        pytest.raises(MissingExtra, match=r'^this needs an extra .*: pip install "hocket\[ws\]"$') as refused,
        needs("ws", "this"),
    ):
        import no_such_package.at_all  # noqa: F401
    assert refused.value.extra == "ws"


def test_other_errors_are_left_alone():
    with pytest.raises(ImportError, match="cannot import name"), needs("http", "nothing"):
        from hocket_io.extras import nonsense  # noqa: F401


def test_of_two_the_outer_one_says_what_cannot_be_done_and_the_inner_one_what_is_missing():
    with (
        pytest.raises(MissingExtra, match=r'^all of this needs an extra .*: pip install "hocket\[ws\]"$'),
        needs("http", "all of this"),
        needs("ws", "a part of it"),
    ):
        import no_such_package  # noqa: F401


@pytest.mark.process
def test_whatever_is_imported_says_what_is_missing():
    said = run_without(
        EVERYTHING,
        """
        from importlib import import_module

        for name in ("acp", "host", "http.asgi", "http.hub_app", "stdio", "tap.http_client", "trio"):
            try:
                import_module("hocket_io." + name)
            except MissingExtra as error:
                print(name, "|", error)
        """,
    )
    hint = 'needs an extra that is not installed: pip install "hocket[http]"'
    assert said.splitlines() == [
        f"acp | taking part in streams {hint}",
        f"host | running an agent {hint}",
        f"http.asgi | serving over HTTP {hint}",
        f"http.hub_app | serving a hub over HTTP {hint}",
        f"stdio | an agent on pipes, under an event loop, {hint}",
        f"tap.http_client | a tap on httpx2 {hint}",
        f"trio | hocket_io.trio {hint.replace('http', 'trio')}",
    ]


@pytest.mark.process
def test_the_core_and_what_blocks_need_none():
    said = run_without(
        EVERYTHING,
        """
        import hocket_io.any_loop, hocket_io.asyncio, hocket_io.blocking, hocket_io.tap

        print("all there")
        """,
    )
    assert said == "all there\n"
