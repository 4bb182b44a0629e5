"""`hocket hub`: what it prints, what it refuses, and how it ends."""

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hocket_io.cli.hub import _announce
from support.commands import ENVIRONMENT, execute, invoke, running
from support.hubs import body, call, start


@contextmanager
def hub(*words: str, lines: int = 4) -> Iterator[tuple[subprocess.Popen[Any], list[str]]]:
    """A hub in a process of its own, and what it prints first."""
    with running("hub", "--port", "0", *words, text=True) as process:
        try:
            yield process, [process.stdout.readline() for _ in range(lines)]
        finally:
            process.kill()


def test_it_says_where_it_is_and_ends_on_ctrl_c() -> None:
    with hub() as (process, lines):
        url = lines[1].split()[1]
        port = url.rpartition(":")[2].rstrip("/")
        assert lines == [
            "the hub is open\n",
            f"  http       http://127.0.0.1:{port}/\n",
            f"  websocket  ws://127.0.0.1:{port}/jsonrpc\n",
            f"  try        hocket join -a http://127.0.0.1:{port} --as ada\n",
        ]
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == ""
        assert process.stderr.read() == ""
        assert process.wait() == 0


def test_with_tcp_it_says_that_too_and_answers_there() -> None:
    with hub("--tcp", "0", lines=5) as (process, lines):
        address = lines[3].split()[1]
        assert lines[3] == f"  tcp        {address}\n"
        assert address.startswith("tcp://127.0.0.1:")
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as agent:
            agent.sendall(body(start("ada")) + b"\n")
            answer = json.loads(agent.makefile().readline())
        assert answer["result"]["stream"]["participants"] == ["ada"]
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == ""
        assert process.wait() == 0


@pytest.mark.parametrize("option", ["--port", "--tcp"])
def test_a_port_in_use_is_one_line(option: str) -> None:
    words = ["hub", "--port", "0"] if option == "--tcp" else ["hub"]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = execute(*words, option, str(taken.getsockname()[1]))
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (1, b"", 1)
    assert done.stderr.startswith(b"error: cannot listen on 127.0.0.1:")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--token", "ada"], "--token takes AGENT=TOKEN"),
        (["--token", "=s3cret"], "--token takes AGENT=TOKEN"),
        (["--token", "ada="], "--token takes AGENT=TOKEN"),
        (["--token", "ada=a b"], "--token takes AGENT=TOKEN"),
        (["--token", "ada=é"], "--token takes AGENT=TOKEN"),
        (["--token", "ada=x", "--token", "bob=x"], "ada and bob have the same token"),
        (["--token", "ada=x", "--tcp", "0"], "--tcp has no way to send a token"),
        (["--stdio", "--tcp", "0"], "--stdio goes alone: --tcp is for a hub on a network"),
        (["--stdio", "--token", "ada=x"], "--stdio goes alone: --token is for"),
        (["--stdio", "--port", "1"], "--stdio goes alone: --port is for"),
        (["--stdio", "--host", "::1"], "--stdio goes alone: --host is for"),
        (["--port", "65536"], "65536 is not in the range"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(words: list[str], complaint: str) -> None:
    result = invoke("hub", *words)
    assert result.exit_code == 2
    assert complaint in result.stderr


def test_tokens_can_be_given_in_the_environment() -> None:
    result = invoke("hub", env={"HOCKET_HUB_TOKENS": "ada=one bob=one"})
    assert (result.exit_code, "ada and bob have the same token" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("host", "agents", "last"),
    [
        ("127.0.0.1", {}, "  try        hocket join -a http://here:1 --as ada"),
        ("localhost", {}, "  try        hocket join -a http://here:1 --as ada"),
        ("::1", {}, "  try        hocket join -a http://here:1 --as ada"),
        ("0.0.0.0", {"x": "b\x1bob"}, "  try        hocket join -a http://here:1 --as b\\x1bob --token …"),
        ("0.0.0.0", {}, "  beware     whoever reaches it is believed to be whom they say; --token asks for proof"),
        ("hub.example", {}, "  beware     whoever reaches it is believed to be whom they say; --token asks for proof"),
    ],
)
def test_what_is_printed_depends_on_who_may_come(capfd: Any, host: str, agents: dict[str, str], last: str) -> None:
    from hocket_io.acp.server import Served

    _announce(Served("http://here:1/"), host, agents)
    assert capfd.readouterr().out.splitlines()[-1] == last


def test_a_token_lets_its_agent_in() -> None:
    with hub("--token", "ada=s3cret") as (_, lines):
        assert lines[3].endswith(" --as ada --token …\n")
        address = ("127.0.0.1", int(lines[1].rpartition(":")[2].rstrip("/\n")))
        statuses = []
        for token in "wrong", "s3cret":
            message = body(start("bob"))
            head = f"POST /jsonrpc HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
            with socket.create_connection(address) as client:
                client.sendall(f"{head}Content-Length: {len(message)}\r\nConnection: close\r\n\r\n".encode() + message)
                statuses.append(client.makefile().readline().split()[1])
        assert statuses == ["401", "200"]


def test_a_hub_on_stdin_and_stdout() -> None:
    lines = [body(start("ada")), b"nonsense", body(call("stream.nonsense", request_id=2))]
    done = execute("hub", "--stdio", input=b"\n".join(lines))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer.get("error", {}).get("code") for answer in answers] == [None, -32700, -32601]
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_hub_on_stdin_and_stdout_ends_when_it_is_told(number: signal.Signals) -> None:
    with running("hub", "--stdio", stdin=subprocess.PIPE) as process:
        process.stdin.write(body(start("ada")) + b"\n")
        process.stdin.flush()
        assert b'"result"' in process.stdout.readline()
        process.send_signal(number)
        assert process.wait() == 0  # stdin is still open
        assert process.stderr.read() == b""


def test_a_hub_without_a_stdin_is_one_line() -> None:
    command = ["/bin/sh", "-c", 'exec "$@" <&-', "sh", *running_command("hub", "--stdio")]
    done = subprocess.run(command, capture_output=True, env=ENVIRONMENT, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"error: stdin is closed: ")
    assert done.stderr.count(b"\n") == 1


def running_command(*words: str) -> list[str]:
    from support.commands import COMMAND

    return [*COMMAND, *words]


@pytest.mark.parametrize(("missing", "extra"), [("uvicorn", "http"), ("websockets", "ws")])
def test_a_missing_extra_says_what_mends_it(tmp_path: Any, missing: str, extra: str) -> None:
    (tmp_path / f"{missing}.py").write_text(f"raise ModuleNotFoundError('not here', name={missing!r})\n")
    hidden = {**ENVIRONMENT, "PYTHONPATH": f"{tmp_path}:{ENVIRONMENT['PYTHONPATH']}"}
    done = execute("hub", "--port", "0", env=hidden)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
    assert f'pip install "hocket[{extra}]"'.encode() in done.stderr
