"""Agents as child processes: what goes where, and every way in which a child can end."""

import gc
import json
import os
import re
import shlex
import signal
import subprocess
import sys

import anyio
import pytest

from hocket.a2a import ClientLimits, ServerLimits, TaskState
from hocket.errors import ChildExited, ConnectionFailed, RpcError, StreamCut, WrongFraming
from hocket.framing import FramingLimits
from hocket_io import AsyncClient, Client
from support.commands import invoke

pytestmark = pytest.mark.process

BACKENDS = ["blocking", "asyncio", "trio"]


@pytest.fixture(params=BACKENDS)
def talk(request):
    """Read one stream in every way; gives all its events."""

    def blocking(target, text):
        with Client(target) as client:
            return list(client.stream(text))

    async def on_a_loop(target, text):
        with anyio.fail_after(20):
            async with AsyncClient(target) as client:
                return [event async for event in client.stream(text)]

    if request.param == "blocking":
        return blocking
    return lambda target, text: anyio.run(on_a_loop, target, text, backend=request.param)


def python(code):
    return f"stdio:python -c {shlex.quote(code)}"


def test_what_the_agent_prints_goes_to_stderr(talk, pipe_target, capfd):
    events = talk(pipe_target, "print")
    assert "".join(event.text for event in events) == "stdin is ''"
    said = capfd.readouterr()
    assert said.out == ""
    for line in ("printed", "written", "echoed"):
        assert line in said.err


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_agent_may_run_under_either_loop(pipe_target, backend):
    with Client(f"{pipe_target} {backend}") as client:
        assert client.text("Ada") == "Hello Ada "


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_child_that_is_killed_in_mid_stream(pipe_target, backend):
    async def on_a_loop():
        async with AsyncClient(pipe_target) as client:
            return [watch(event) async for event in client.stream("pid")]

    def watch(event):
        if event.text:
            os.kill(int(event.text), signal.SIGKILL)
        return event

    if backend == "blocking":
        with Client(pipe_target) as client:
            events = [watch(event) for event in client.stream("pid")]
    else:
        events = anyio.run(on_a_loop, backend=backend)
    assert events[-1].kind == "cut"
    assert isinstance(events[-1].error, StreamCut)
    assert "cut in state working" in str(events[-1].error)
    assert "was ended by signal 9" in str(events[-1].error)
    assert isinstance(events[-1].error.__cause__, ChildExited)
    assert (events[-1].error.__cause__.exit_code, events[-1].error.__cause__.signal) == (-9, signal.SIGKILL)


@pytest.mark.parametrize("target", ["stdio:/nonexistent/agent", "stdio:/"])
def test_a_child_that_cannot_be_started(talk, target):
    with pytest.raises(ConnectionFailed, match="cannot start '/"):
        talk(target, "Ada")


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_child_whose_start_is_cancelled_is_not_forgotten(backend):
    """What asyncio leaves of it are warnings, and a warning is an error here."""

    async def cancel(scope, steps):
        for _ in range(steps):
            await anyio.lowlevel.checkpoint()
        scope.cancel()

    async def main(steps):
        async with anyio.create_task_group() as group:
            with anyio.CancelScope() as scope:
                group.start_soon(cancel, scope, steps)
                async with AsyncClient("stdio:cat"):
                    await anyio.sleep_forever()

    for steps in range(8):
        anyio.run(main, steps, backend=backend)
    gc.collect()


def test_after_the_end_every_call_says_why():
    with Client(python("raise SystemExit(3)")) as client:
        for _ in range(2):
            with pytest.raises(ConnectionFailed, match="exit code 3"):
                client.text("Ada")
        with pytest.raises(ChildExited, match="exit code 3"):
            client.get("x")

    async def on_a_loop():
        async with AsyncClient(python("raise SystemExit(3)")) as client:
            for _ in range(2):
                with pytest.raises(ConnectionFailed, match="exit code 3"):
                    await client.text("Ada")
            with pytest.raises(ChildExited, match="exit code 3"):
                await client.get("x")

    anyio.run(on_a_loop)


@pytest.mark.parametrize("backend", BACKENDS)
def test_leaving_a_child_that_has_much_to_say(pipe_target, backend, monkeypatch):
    for module in ("stdio", "pipes.blocking"):
        monkeypatch.setattr(f"hocket_io.{module}._PATIENCE", 600.0)  # it must not come to that

    async def on_a_loop():
        with anyio.fail_after(20):
            async with AsyncClient(pipe_target) as client, client.stream("count 8000") as stream:
                await anext(stream)

    if backend == "blocking":
        with Client(pipe_target) as client, client.stream("count 8000") as stream:
            next(stream)
    else:
        anyio.run(on_a_loop, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_reader_that_takes_its_time_holds_up_the_child_and_loses_nothing(pipe_target, backend):
    wanted = "".join(f"{number} " for number in range(8_000))

    async def on_a_loop():
        with anyio.fail_after(20):
            async with AsyncClient(pipe_target) as client, client.stream("count 8000") as stream:
                said = (await anext(stream)).text
                await client.text("Ada")
                for _ in range(1_000):
                    await anyio.lowlevel.checkpoint()
                return said + await stream.text()

    if backend == "blocking":
        with Client(pipe_target) as client, client.stream("count 8000") as stream:
            said = next(stream).text
            client.text("Ada")
            assert said + "".join(event.text for event in stream) == wanted
    else:
        assert anyio.run(on_a_loop, backend=backend) == wanted


# Long lines ---------------------------------------------------------------------------------------------------------

LONG = 64 * 1024 * 1024
WRITES_A_LONG_LINE = """
import sys
sys.stdin.readline()
frame = '{"jsonrpc":"2.0","id":"1","result":{"message":{"messageId":"a","role":"ROLE_AGENT","parts":[{"text":"%s"}]}}}'
sys.stdout.write(frame % ("x" * 64 * 1024 * 1024) + chr(10))
"""


@pytest.mark.parametrize("backend", ["blocking", "asyncio"])
def test_a_line_of_64_mib_is_read_where_the_limits_allow_it(backend):
    limits = ClientLimits(task_size=LONG + 1_000, framing=FramingLimits(frame=LONG + 1_000))

    async def on_a_loop():
        async with AsyncClient(python(WRITES_A_LONG_LINE), limits=limits) as client:
            return await client.send("go")

    if backend == "blocking":
        with Client(python(WRITES_A_LONG_LINE), limits=limits) as client:
            answer = client.send("go")
    else:
        answer = anyio.run(on_a_loop, backend=backend)
    (part,) = answer.parts
    assert part.text == "x" * LONG


@pytest.mark.parametrize(("frame", "task_size"), [(1_024, ServerLimits().task_size), (LONG, 2 * LONG)])
def test_a_task_may_have_a_message_as_long_as_may_be_and_an_answer_as_long(frame, task_size, monkeypatch, tmp_path):
    given = []

    async def serve_stdio(agent, **options):
        given.append(options)

    monkeypatch.setattr("hocket_io.cli.pipe.serve_stdio", serve_stdio)
    monkeypatch.setattr("hocket_io.cli.pipe.take_standard_streams", lambda: None)
    (tmp_path / "length.py").write_text(SAYS_LENGTH)
    assert invoke("pipe", "--max-frame", str(frame), str(tmp_path / "length.py")).exit_code == 0
    (options,) = given
    assert (options["framing"].limits.frame, options["limits"].task_size) == (frame, task_size)


# Content-Length ------------------------------------------------------------------------------------------------------

SAYS_LENGTH = """
from hocket import Agent

agent = Agent("length")

@agent.stream
async def length(task):
    yield str(len(task.text))
"""


def test_both_sides_are_told_of_the_framing(talk, tmp_path):
    (tmp_path / "length.py").write_text(SAYS_LENGTH)
    target = f"stdio+content-length:python -m hocket pipe --framing content-length {tmp_path / 'length.py'}"
    assert "".join(event.text for event in talk(target, "x" * 1_000)) == "1000"


def test_a_message_too_long_for_the_agent_is_refused_and_does_not_hang(tmp_path):
    (tmp_path / "length.py").write_text(SAYS_LENGTH)
    with Client(f"stdio:python -m hocket pipe --max-frame 2000 {tmp_path / 'length.py'}") as client:
        with pytest.raises(RpcError, match="raise the limit frame"):
            client.text("x" * 2_000)
        assert client.text("x" * 1_000) == "1000"


@pytest.mark.parametrize(
    ("prefix", "framing", "says"),
    [
        ("stdio", "content-length", "does the peer write headers before its messages?"),
        ("stdio+content-length", "ndjson", "does the peer write one message per line?"),
    ],
)
def test_two_framings_that_differ_end_the_call_and_both_sides_say_why(prefix, framing, says, tmp_path, capfd):
    (tmp_path / "length.py").write_text(SAYS_LENGTH)
    target = f"{prefix}:python -m hocket pipe --framing {framing} {tmp_path / 'length.py'}"
    with Client(target) as client, pytest.raises(ConnectionFailed, match=re.escape(says)) as caught:
        client.get("x")
    assert isinstance(caught.value.__cause__, WrongFraming)
    error, hint = capfd.readouterr().err.splitlines()
    assert error.startswith("error: stdin cannot be read any further: a ")
    assert hint.startswith("hint: both sides have to be told the same: ")


# The other end, without a client of ours ----------------------------------------------------------------------------

SEND = {
    "jsonrpc": "2.0",
    "id": "one",
    "method": "message/send",
    "params": {"message": {"messageId": "m", "role": "user", "parts": [{"kind": "text", "text": "Ada"}]}},
}


def served_command(pipe_target):
    return [sys.executable, *shlex.split(pipe_target.removeprefix("stdio:"))[1:]]


def test_a_shell_pipe_gets_its_answers(pipe_target):
    lines = [b"not json", json.dumps(SEND).encode(), b'{"jsonrpc":"2.0","id":2,"method":"nope"}']
    ended = subprocess.run(
        served_command(pipe_target), input=b"\n".join(lines) + b"\n", capture_output=True, timeout=20
    )
    answers = {answer["id"]: answer for answer in map(json.loads, ended.stdout.splitlines())}
    assert answers[None]["error"]["code"] == -32700
    assert answers[2]["error"]["code"] == -32601
    assert answers["one"]["result"]["status"]["state"] == TaskState.COMPLETED.value
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_an_interrupt_ends_an_agent_that_waits_for_input(pipe_target):
    command = served_command(pipe_target)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write(b'{"jsonrpc":"2.0","id":2,"method":"nope"}\n')
        process.stdin.flush()
        assert b"-32601" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)  # with its stdin still open
        finally:
            process.kill()


def test_a_reader_that_has_gone_ends_the_agent_quietly(pipe_target):
    command = served_command(pipe_target)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        process.stdin.write(json.dumps(SEND).encode() + b"\n")
        process.stdin.flush()
        assert process.stderr.read() == b""
        assert process.wait(20) == 0
