"""`hocket serve`, `hocket pipe`, and the command itself: what they print, and how they end."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner

from hocket import __version__
from hocket.a2a import PushRules
from hocket.framing import ContentLength
from hocket_io.cli.commands import hocket
from support.commands import ENVIRONMENT, execute, invoke, running

LOUD = """
from hocket import Agent
print("loaded")
agent = Agent("loud")
@agent.stream
def loud(task):
    print("asked")
    yield task.text
"""


@pytest.fixture
def loud(tmp_path: Path) -> str:
    path = tmp_path / "loud.py"
    path.write_text(LOUD, encoding="utf-8")
    return str(path)


def test_serve_says_where_and_ends_on_ctrl_c() -> None:
    with running("serve", "--echo", "--port", "0", text=True) as process:
        first, agent, card, hint = [process.stdout.readline() for _ in range(4)]
        url = agent.split()[1]
        assert first == "echo is streaming\n"
        assert agent == f"  agent      {url}\n"
        assert card == f"  card       {url}.well-known/agent-card.json\n"
        assert hint == f'  try        hocket send -a {url[:-1]} --stream "hi"\n'
        told = invoke("send", "-a", url, "--stream", "a  b\nc").stdout
        assert [line for line in told.splitlines() if line.startswith(("Chunk", "c"))] == [
            "Chunk: a  ",
            "Chunk:",
            "Chunk: c",
        ]
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == ""
        assert process.stderr.read() == ""
        assert process.wait() == 0


@pytest.mark.parametrize(
    ("options", "seconds"), [([], 15.0), (["--keep-alive", "4"], 4.0), (["--keep-alive", "0"], None)]
)
def test_silent_streams_are_kept_alive_as_is_said(monkeypatch, options: list[str], seconds: float | None) -> None:
    given: dict[str, object] = {}
    monkeypatch.setattr("hocket_io.cli.serve.serve_agents", lambda *_, **options: given.update(options))
    assert CliRunner().invoke(hocket, ["serve", "--echo", *options]).exit_code == 0
    assert given["keep_alive"] == seconds


@pytest.mark.parametrize(("options", "is_open"), [([], False), (["--push-private"], True)])
def test_push_notifications_go_to_private_addresses_if_that_is_said(
    monkeypatch: pytest.MonkeyPatch, options: list[str], is_open: bool
) -> None:
    given = {}
    monkeypatch.setattr("hocket_io.cli.serve.serve_agents", lambda *_, **options: given.update(options))
    assert invoke("serve", "--echo", *options).exit_code == 0
    assert given["push"].rules == PushRules(private=is_open)


def test_several_agents_are_served_together(tmp_path: Path) -> None:
    files = []
    for name in ("first", "Quiet One"):
        files.append(tmp_path / f"{name[0]}.py")
        files[-1].write_text(LOUD.replace('"loud"', f'"{name}"').replace("print", "str"), encoding="utf-8")
    options = ("--port", "0", "--cors-origin", "*")
    with running("serve", f"{files[0]}:agent", str(files[1]), *options, text=True) as process:
        first, *lines = [process.stdout.readline() for _ in range(5)]
        assert first == "2 agents are streaming\n"
        url = lines[0].split()[1].removesuffix("agents/first/")
        assert lines == [
            f"  agent      {url}agents/first/\n",
            f"  agent      {url}agents/quiet-one/\n",
            f"  list       {url}agents\n",
            f'  try        hocket send -a {url}agents/first --stream "hi"\n',
        ]
        request = Request(f"{url}agents", headers={"Origin": "https://page.example"})
        with urlopen(request, timeout=20) as response:
            assert response.headers["access-control-allow-origin"] == "*"
            assert [each["id"] for each in json.load(response)["agents"]] == ["first", "quiet-one"]
        assert "Chunk: hi" in invoke("send", "-a", f"{url}agents/quiet-one", "--stream", "hi").stdout
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0


def test_two_agents_of_one_name_cannot_be_served_together(loud: str) -> None:
    done = invoke("serve", loud, loud)
    assert done.exit_code == 2
    assert "two agents would be at /agents/loud" in done.stderr


def test_a_port_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = execute("serve", "--echo", "--port", str(taken.getsockname()[1]))
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (1, b"", 1)
    assert done.stderr.startswith(b"error: cannot listen on 127.0.0.1:")


@pytest.mark.parametrize("words", [("serve",), ("serve", "file.py", "--echo"), ("serve", "--echo", "--port", "65536")])
def test_serve_wants_one_agent_and_a_port_that_can_be(words: tuple[str, ...]) -> None:
    assert invoke(*words).exit_code == 2


@pytest.mark.parametrize("command", ["serve", "pipe"])
def test_a_file_without_an_agent_is_one_line(command: str, tmp_path: Path) -> None:
    (tmp_path / "none.py").write_text("x = 1\n")
    done = execute(command, str(tmp_path / "none.py"))
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)


def test_debug_can_be_set_in_the_environment(tmp_path: Path) -> None:
    (tmp_path / "boom.py").write_text("1 / 0\n")
    quiet, loud = (
        execute("pipe", str(tmp_path / "boom.py"), env={**ENVIRONMENT, "HOCKET_DEBUG": each}) for each in "01"
    )
    assert (quiet.returncode, quiet.stderr.count(b"\n")) == (1, 1)
    assert b"Traceback" in loud.stderr


REQUEST = json.dumps(
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "message/send",
        "params": {"message": {"messageId": "m", "role": "user", "parts": [{"kind": "text", "text": "hi"}]}},
    }
).encode()


def test_a_pipe_answers_what_came_before_the_end_and_prints_to_stderr(loud: str) -> None:
    done = execute("pipe", loud, input=REQUEST + b"\n")
    [line] = done.stdout.splitlines()
    assert json.loads(line)["result"]["status"]["state"] == "completed"
    assert done.stderr.split() == [b"loaded", b"asked"]
    assert done.returncode == 0


def test_a_pipe_can_be_cut_by_content_length(loud: str) -> None:
    framing = ContentLength()
    done = execute("pipe", loud, "--framing", "content-length", input=framing.encode(REQUEST))
    framing.receive_data(done.stdout)
    frame = framing.next_frame()
    assert isinstance(frame, bytes)
    assert json.loads(frame)["result"]["status"]["state"] == "completed"


def test_a_pipe_ends_on_ctrl_c_and_when_nobody_reads(loud: str) -> None:
    for leave in ("interrupt", "close"):
        with running("pipe", loud, stdin=subprocess.PIPE) as process:
            process.stdin.write(REQUEST + b"\n")
            process.stdin.flush()
            process.stdout.readline()
            if leave == "interrupt":
                process.send_signal(signal.SIGINT)
            else:
                process.stdout.close()
                process.stdin.write(REQUEST + b"\n")
                process.stdin.flush()
            assert process.wait() == 0  # stdin is still open
            assert process.stderr.read().split()[:2] == [b"loaded", b"asked"]


@pytest.mark.parametrize(
    ("missing", "words", "extra"),
    [
        ("click", ("serve", "--echo"), "cli"),
        ("uvicorn", ("serve", "--echo", "--port", "0"), "http"),
        ("httpx2", ("send", "-a", "http://127.0.0.1:1", "x"), "http"),
    ],
)
def test_a_missing_extra_says_what_mends_it(tmp_path: Path, missing: str, words: tuple[str, ...], extra: str) -> None:
    (tmp_path / f"{missing}.py").write_text(f"raise ModuleNotFoundError('not here', name={missing!r})\n")
    hidden = {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(tmp_path), ENVIRONMENT["PYTHONPATH"]])}
    done = execute(*words, env=hidden)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
    assert f'pip install "hocket[{extra}]"'.encode() in done.stderr


def test_the_library_does_without_click() -> None:
    program = "import hocket, hocket_io, sys; sys.exit('click' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], env=ENVIRONMENT, check=False).returncode == 0


def test_the_version() -> None:
    for option in ("-v", "--version"):
        assert invoke(option).stdout == f"hocket {__version__}\n"


@pytest.mark.parametrize(
    "path", [[], ["serve"], ["pipe"], ["send"], ["task"], ["task", "get"], ["task", "subscribe"], ["decode"]]
)
def test_help_is_help_however_it_is_asked_for(path: list[str]) -> None:
    told = [
        CliRunner().invoke(hocket, words, prog_name="hocket")
        for words in (["help", *path], [*path, "-h"], [*path, "--help"])
    ]
    assert [result.exit_code for result in told] == [0, 0, 0]
    assert len({result.stdout for result in told}) == 1
    assert told[0].stdout.startswith(" ".join(["Usage: hocket", *path]))


def test_there_is_no_help_for_what_is_not_there() -> None:
    assert invoke("help", "task", "nonsense").exit_code == 2


@pytest.mark.process
def test_a_command_loads_what_it_needs_and_not_what_others_need() -> None:
    program = (
        "import sys\ntry:\n    import hocket.__main__ as m; m.main()\nfinally:\n    print('hocket.acp' in sys.modules)"
    )
    for words, is_loaded in ((["pipe", "--help"], False), (["hub", "--help"], True)):
        done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, env=ENVIRONMENT)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(f"Usage: hocket {words[0]}")
        assert done.stdout.splitlines()[-1] == str(is_loaded)
