"""`hocket bench`: what it prints, where it finds an agent, and what it ends with."""

import io
import json
import os
import re
import signal
import sys
from contextlib import contextmanager
from importlib import import_module
from queue import SimpleQueue

import anyio
import pytest

from hocket import Agent
from hocket.errors import ConnectionFailed, RequestTimeout
from hocket.testing.bench import Bench, Plan
from hocket_io import AsyncClient
from hocket_io.cli.access import Access
from hocket_io.cli.benching import Measured, Wanted, _bar
from hocket_io.cli.served import served
from hocket_io.concurrency.loops import loop_clock
from hocket_io.http.asgi import App
from hocket_io.testing import run_virtually
from hocket_io.testing.bench import make_calls
from support.commands import execute, invoke
from support.serving import serving
from support.web import agent_that_replies, agent_that_streams, web
from support.wire import TASK, chunk

TABLE = re.compile(r"(first chunk|gap|whole answer)( +[\d.,]+ (µs|ms|s)){4}")
NOISY = """
from hocket import Agent
print("loading")
agent = Agent("noisy")


@agent.stream
def noisy(task):
    yield task.text
"""


@pytest.fixture(scope="module")
def url():
    agent = Agent("counter")

    @agent.stream
    async def count(task):
        if task.text == "interrupt":
            yield "so far "
            signal.raise_signal(signal.SIGINT)
            await anyio.sleep_forever()
        for number in range(5):
            yield f"{number} "

    with serving(lambda url: App(agent)) as url:
        yield url


def told(*words):
    result = invoke("bench", "--json", *words)
    return json.loads(result.stdout), result


def test_what_people_read(url):
    result = invoke("bench", url, "--streams", "3", "--warmup", "2")
    assert result.exit_code == 0
    head, nothing, columns, first, gap, whole, end, calls, chunks = result.stdout.splitlines()
    assert head == f"{url}: 3 streams at a time, asyncio"
    assert (nothing, end, columns.split()) == ("", "", ["p50", "p95", "p99", "max"])
    assert all(TABLE.fullmatch(line) for line in (first, gap, whole))
    assert re.fullmatch(r"3 calls in [\d.]+ ms \([\d.,]+/s\): 3 completed", calls)
    assert re.fullmatch(r"15 chunks \([\d.,]+/s\), 30 bytes of text", chunks)


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_what_programs_read(url, loop):
    found, result = told(url, "--streams", "2", "--calls", "5", "--loop", loop)
    assert result.exit_code == 0
    assert set(found) == {
        *("target", "streams", "loop", "interrupted", "seconds", "cpuSeconds", "calls", "callsPerSecond", "settled"),
        *("left", "open", "failed", "errors", "cuts", "resumes", "chunks", "chunksPerSecond", "textBytes"),
        *("firstChunkSeconds", "gapSeconds", "answerSeconds", "lateSeconds"),
    }
    assert (found["target"], found["streams"], found["loop"], found["interrupted"]) == (url, 2, loop, False)
    assert (found["calls"], found["settled"], found["chunks"], found["textBytes"]) == (5, {"completed": 5}, 25, 50)
    assert (found["failed"], found["errors"], found["left"], found["open"]) == (0, [], 0, 0)
    assert list(found["gapSeconds"]) == ["count", "min", "mean", "p50", "p95", "p99", "max"]
    assert [found[f"{name}Seconds"]["count"] for name in ("firstChunk", "gap", "answer", "late")] == [5, 20, 5, 5]
    assert found["gapSeconds"]["min"] <= found["gapSeconds"]["p50"] <= found["gapSeconds"]["max"]


def test_streams_can_be_left_early(url):
    found, result = told(url, "--streams", "2", "--chunks", "3")
    assert (found["left"], found["chunks"], found["answerSeconds"], result.exit_code) == (2, 6, None, 0)


def test_calls_at_a_rate(url):
    result = invoke("bench", url, "--calls", "2", "--rate", "1000")
    assert re.search(r"^made late by( +[\d.,]+ (µs|ms|s)){4}$", result.stdout, re.MULTILINE)


@pytest.fixture
def ear():
    heard = []
    agent = Agent("ear")

    @agent.stream
    async def listen(task):
        heard.append(task.text)
        yield "yes "
        yield task.text

    with serving(lambda url: App(agent)) as url:
        yield url, heard


def test_what_the_agent_is_asked(ear):
    url, heard = ear
    invoke("bench", url, "--streams", "1")
    invoke("bench", url, "--streams", "1", "-m", "How are you?", "--warmup", "2")
    assert heard == ["Hello", *["How are you?"] * 3]


def test_without_a_target_there_is_an_echo_of_so_many_words(ear, monkeypatch):
    url, heard = ear
    served_with = []

    @contextmanager
    def serving_it(words):
        served_with.append(words)
        yield url

    monkeypatch.setattr(import_module("hocket_io.cli.bench"), "served", serving_it)
    assert told("--chunks", "3", "--streams", "1")[0]["settled"] == {"completed": 1}
    assert told("--streams", "1", "--warmup", "1")[0]["target"] == "the echo of hocket serve --echo"
    assert served_with == [["--echo"]] * 2
    assert heard == ["word " * 3, *["word " * 1_000] * 2]


def block(number, result):
    return b"id: %d\ndata: %b\n\n" % (number, json.dumps({"jsonrpc": "2.0", "id": "1", "result": result}).encode())


def test_streams_that_are_cut():
    with web(agent_that_streams(block(1, {"task": TASK}), block(2, chunk("Hello ")))) as (url, _):
        found, result = told(url, "--streams", "2", "--no-resume")
    assert (found["failed"], found["chunks"], result.exit_code) == (2, 2, 1)
    (error,) = found["errors"]
    assert (error["kind"], error["count"]) == ("cut", 2)
    assert error["first"].startswith("the stream was cut in state working")


def test_an_agent_that_refuses():
    with web(agent_that_replies(401, b"")) as (url, _):
        found, result = told(url, "--streams", "1")
    assert ([each["kind"] for each in found["errors"]], result.exit_code) == (["unauthorized"], 4)


def test_some_calls_that_fail():
    agent = Agent("fickle")
    asked = []

    @agent.stream
    async def fickle(task):
        asked.append(task)
        yield "a "
        if len(asked) == 2:
            raise ValueError

    with serving(lambda url: App(agent)) as url:
        result = invoke("bench", url, "--calls", "3", "--streams", "1")
    assert result.exit_code == 1
    assert "2 completed, 1 failed\n" in result.stdout
    assert "\nfailed: the task is failed: The agent failed; " in result.stdout


def test_what_others_say_steers_no_terminal():
    refusal = {"jsonrpc": "2.0", "id": "1", "error": {"code": -32000, "message": "no \x1b[31m\nmore"}}
    with web(agent_that_replies(200, json.dumps(refusal).encode(), "application/json")) as (url, _):
        result = invoke("bench", url, "--streams", "1")
    assert result.exit_code == 1
    assert "\nrefused: no \\x1b[31m\\nmore (-32000)\n" in result.stdout


def test_nobody_there():
    result = invoke("bench", "http://127.0.0.1:1/")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("error: cannot reach http://127.0.0.1:1/")


@pytest.mark.parametrize(
    "words",
    [("gopher://x",), ("--calls", "0"), ("--rate", "0"), ("stdio:x", "--svc-param", "a:b"), ("--seconds", "soon")],
)
def test_what_cannot_be_meant(words):
    assert invoke("bench", *words).exit_code == 2


def test_credentials_are_not_shown(url):
    found, _ = told(url.replace("//", "//ada:s3cret@"), "--streams", "1")
    assert found["target"] == url


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_ctrl_c_shows_what_there_is_so_far(url, loop):
    found, result = told(url, "--streams", "1", "-m", "interrupt", "--loop", loop)
    assert (result.exit_code, found["interrupted"], found["open"], found["failed"]) == (130, True, 1, 0)
    assert "interrupted\n" in invoke("bench", url, "--streams", "1", "-m", "interrupt", "--loop", loop).stdout


@pytest.mark.process
def test_an_agent_in_a_file_is_served_meanwhile(tmp_path):
    path = tmp_path / "noisy.py"
    path.write_text(NOISY, encoding="utf-8")
    ended = execute("bench", f"{path}:agent", "--streams", "2", "--json")
    found = json.loads(ended.stdout)
    assert (found["target"], found["settled"], ended.returncode) == (f"{path}:agent", {"completed": 2}, 0)
    assert ended.stderr == b"loading\n"


@pytest.fixture
def child(monkeypatch, tmp_path):
    """In the place of `python -m hocket serve`, a program that writes what it is given, and what it ends with."""

    def make(program):
        path = tmp_path / "child"
        path.write_text(f"#!/bin/sh\n{program}\n")
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))

    return make


def test_who_ends_at_once_has_said_why(child, capfd):
    child("echo one; echo two; exit 2")
    with pytest.raises(SystemExit) as ended, served(["x.py"]):
        raise AssertionError("it is not there")
    assert ended.value.code == 2
    assert capfd.readouterr().err == "one\ntwo\n"


def test_who_ends_without_a_word_has_failed(child):
    child("exit 0")
    with pytest.raises(SystemExit) as ended, served(["x.py"]):
        raise AssertionError("it is not there")
    assert ended.value.code == 1


def test_what_an_agent_prints_is_shown_and_what_hocket_says_is_not(child, monkeypatch):
    shown = SimpleQueue()  # a thread shows it; what it writes while capfd looks is lost
    monkeypatch.setattr(import_module("hocket_io.cli.served"), "write_stderr", shown.put)
    child(
        'echo loading; echo "a is streaming"; echo "  agent      http://127.0.0.1:1/"; echo card; echo try; '
        "echo asked; exec sleep 60"
    )
    with served(["x.py"]) as url:
        assert url == "http://127.0.0.1:1/"
        assert [shown.get(timeout=20) for _ in range(2)] == ["loading", "asked"]
    assert shown.empty()


def test_nobody_waits_for_what_an_agent_leaves_behind(child, monkeypatch, tmp_path):
    """It has the agent's stdout, which so has no end."""
    monkeypatch.setattr(import_module("hocket_io.cli.served"), "_GRACE", 0.1)
    group, over = tmp_path / "group", tmp_path / "over"
    child(f'echo $$ > {group}; (sleep 5; : > {over}) & echo "  agent      http://127.0.0.1:1/"; exec sleep 60')
    with served(["x.py"]):
        pass
    assert not over.exists()
    os.killpg(int(group.read_text()), signal.SIGKILL)


# --- what is measured besides the agent


class Terminal(io.StringIO):
    def isatty(self):
        return True


def slow_agent():
    agent = Agent("slow")

    @agent.stream
    async def say(task):
        for number in range(10):
            await anyio.sleep(1)
            yield f"{number}"

    return agent


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_a_bar_where_a_person_waits(loop):
    terminal = Terminal()

    async def main():
        async with AsyncClient(slow_agent()) as client:
            bench = Bench(Plan(calls=2, chunks=10), loop_clock()())
            async with _bar(bench, terminal):
                await make_calls(bench, client, "", streams=2)

    run_virtually(main, backend=loop)
    shown = terminal.getvalue()
    assert [part for part in ("asking", " 30%", " 60%", "100%", "10 chunks/s") if part not in shown] == []


def test_no_bar_where_nobody_does():
    wanted = Wanted(access=Access(target="http://127.0.0.1:1/"), content="", plan=Plan(), streams=1)
    shown = io.StringIO()

    async def main():
        async with _bar(Bench(Plan(calls=1), 0.0), shown):
            await anyio.sleep(10)

    run_virtually(main)
    assert (shown.getvalue(), wanted.loop) == ("", "asyncio")


@pytest.mark.parametrize(("cpu", "is_busy"), [(9.1, True), (8.9, False)])
def test_who_was_busy_all_the_time_says_so(cpu, is_busy):
    wanted = Wanted(access=Access(target="http://127.0.0.1:1/"), content="", plan=Plan(), streams=1)
    measured = Measured(wanted)
    measured.score.until, measured.score.chunks, measured.cpu = 10.0, 1, cpu
    assert measured.is_busy is is_busy
    assert measured.exit == 0


@pytest.mark.parametrize(
    ("settled", "still_open", "errors", "exit"),
    [
        (0, 0, [ConnectionFailed("x"), RequestTimeout("x")], 3),
        (0, 0, [RequestTimeout("x")], 5),
        (1, 0, [ConnectionFailed("x")], 1),
        (0, 1, [ConnectionFailed("x")], 1),
        (0, 1, [], 0),
    ],
)
def test_what_it_ends_with(settled, still_open, errors, exit):
    measured = Measured(Wanted(access=Access(target="http://127.0.0.1:1/"), content="", plan=Plan(), streams=1))
    measured.score.settled["completed"], measured.score.open = settled, still_open
    for error in errors:
        measured.score.fail(error)
    assert measured.exit == exit
    measured.is_interrupted = True
    assert measured.exit == 130
