"""`hocket send` and `hocket task` against a real server: output, exit codes, and how they end."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import forks
from support.commands import error_of, execute, invoke, running

AGENT = """
import asyncio
from hocket import Agent
from hocket.a2a import Message, Part, Role, TaskState, TaskStatus

agent = Agent("tester")

def ask(state, text):
    return TaskStatus(state=state, message=Message(message_id="q", role=Role.AGENT, parts=(Part(text=text),)))

@agent.stream
async def answer(task):
    if len(task.history) > 1:
        yield "then " + task.text
        return
    match task.text:
        case "fail":
            raise RuntimeError("on purpose")
        case "ask":
            yield ask(TaskState.INPUT_REQUIRED, "which one?")
        case "login":
            yield ask(TaskState.AUTH_REQUIRED, "who are you?")
        case "wait":
            yield "started"
            await asyncio.Event().wait()
        case "forever":
            while True:
                yield "on and on"
                await asyncio.sleep(0.001)
        case "parts":
            for part in task.parts:
                yield part
        case "metadata":
            yield dict(task.message.metadata)
        case text:
            for word in text.split():
                yield word + " "
"""


@pytest.fixture(scope="module")
def agent_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("agent") / "tester.py"
    path.write_text(AGENT, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def url(agent_file: Path) -> Iterator[str]:
    with running("serve", str(agent_file), "--port", "0", stderr=subprocess.DEVNULL, text=True) as process:
        found = next(line for line in process.stdout if line.startswith("  agent "))
        yield found.split()[1]
        process.send_signal(signal.SIGINT)


def fields(text: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)


# --- what is shown


def test_the_answer_as_text(url: str) -> None:
    result = invoke("send", "-a", url, "one two")
    uuid = "[0-9a-f-]{36}"
    expected = rf"Task: {uuid}\nContext: {uuid}\nState: completed\nArtifact: text-1\nText: one two \n"
    assert re.fullmatch(expected, result.stdout)
    assert (result.exit_code, result.stderr) == (0, "")


def test_the_answer_as_it_comes(url: str) -> None:
    result = invoke("send", "-a", url, "--stream", "one two")
    lines = result.stdout.splitlines()
    task, context = lines[:2]
    assert [task.split()[0], context.split()[0]] == ["Task:", "Context:"]
    assert lines[2:] == [
        "State: submitted", "State: working", "Chunk: one ", "Chunk: two ", task, context, "State: completed",
    ]  # fmt: skip
    assert (result.exit_code, result.stderr) == (0, "")


def test_json_is_one_document_without_stream_and_a_line_per_event_with_it(url: str) -> None:
    whole = json.loads(invoke("send", "-a", url, "-o", "json", "one two").stdout)
    assert list(whole) == ["task"]
    assert whole["task"]["status"]["state"] == "TASK_STATE_COMPLETED"
    events = [
        json.loads(line) for line in invoke("send", "-a", url, "-o", "json", "--stream", "one two").stdout.splitlines()
    ]
    assert [next(iter(event)) for event in events][:3] == ["task", "statusUpdate", "artifactUpdate"]
    assert events[-1]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"
    assert events[-1]["statusUpdate"]["taskId"] == events[0]["task"]["id"]


def test_raw_is_the_agents_words_alone(url: str) -> None:
    result = invoke("send", "-a", url, "-o", "raw", "one two")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "one two ", "")


def test_raw_of_a_task_that_gave_no_answer_is_a_failure(url: str) -> None:
    result = invoke("send", "-a", url, "-o", "raw", "fail")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: the task is failed: ")


def test_raw_follows_a_task_that_is_there_already(url: str, waiting: str) -> None:
    with running("task", "subscribe", waiting, "-a", url, "-o", "raw", text=True) as process:
        assert process.stdout.read(7) == "started"
        invoke("task", "cancel", waiting, "-a", url)
        assert (process.stdout.read(), process.stderr.read()) == ("", "error: the task is canceled\n")
        assert process.wait() == 1
    done = invoke("send", "-a", url, "one two")
    result = invoke("task", "get", fields(done.stdout)["Task"], "-a", url, "-o", "raw")
    assert (result.exit_code, result.stdout) == (0, "one two ")


def test_version_0_3_is_shown_in_the_json_of_1_0(url: str) -> None:
    events = invoke("send", "-a", url, "-o", "json", "--stream", "--a2a-version", "0.3", "one").stdout.splitlines()
    assert json.loads(events[-1])["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"


def test_over_a_pipe_it_is_the_same(agent_file: Path) -> None:
    words = ("send", "-a", f"stdio:{forks.python()} -m hocket pipe {agent_file}", "--stream", "one")
    done = execute(*words)
    assert [line.split()[0] for line in done.stdout.decode().splitlines()] == [
        "Task:", "Context:", "State:", "State:", "Chunk:", "Task:", "Context:", "State:",
    ]  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")


# --- what is sent


def test_parts_keep_their_order_and_their_types(url: str, tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text('{"n": 1}')
    (tmp_path / "f.txt").write_bytes(b"\xff\x00")
    words = ["--data", str(tmp_path / "d.json"), "--text", "parts", "--wait", "--media-type", "text/x-odd"]
    words += ["--file", str(tmp_path / "f.txt"), "--file", "https://example.org/a.png", "--data", "-"]
    result = invoke("send", "-a", url, "-o", "json", *words, input=b"[2]")
    parts = [part for each in json.loads(result.stdout)["task"]["artifacts"] for part in each["parts"]]
    assert parts == [
        {"data": {"n": 1}, "mediaType": "application/json"},
        {"text": "parts", "mediaType": "text/x-odd"},
        {"raw": "/wA=", "filename": "f.txt", "mediaType": "text/plain"},
        {"url": "https://example.org/a.png", "filename": "a.png", "mediaType": "image/png"},
        {"data": [2], "mediaType": "application/json"},
    ]


def test_text_from_stdin(url: str) -> None:
    result = invoke("send", "-a", url, "-", "-o", "json", input="zwölf\n".encode())
    assert json.loads(result.stdout)["task"]["history"][0]["parts"] == [{"text": "zwölf"}]


def test_metadata_goes_with_the_message(url: str) -> None:
    result = invoke("send", "-a", url, "-o", "json", "metadata", "--metadata", '{"k": [1]}')
    assert json.loads(result.stdout)["task"]["artifacts"][0]["parts"] == [{"data": {"k": [1]}}]


def test_a_context_is_joined(url: str) -> None:
    context = fields(invoke("send", "-a", url, "one").stdout)["Context"]
    assert fields(invoke("send", "-a", url, "two", "--context-id", context).stdout)["Context"] == context


def test_options_come_from_the_environment_and_the_command_line_wins(url: str) -> None:
    env = {"A2ACLI_AGENT_CARD": url, "A2ACLI_OUTPUT": "json", "A2ACLI_ASYNC": "1"}
    waiting = json.loads(invoke("send", "wait", env=env).stdout)
    assert waiting["task"]["status"]["state"] != "TASK_STATE_COMPLETED"
    assert fields(invoke("send", "-o", "text", "--wait", "one", env=env).stdout)["State"] == "completed"


@pytest.mark.parametrize("reference", ["{host}", "{url}.well-known/agent-card.json"])
def test_a_host_or_the_url_of_a_card_will_do(url: str, reference: str) -> None:
    host = url.removeprefix("http://").rstrip("/")
    assert invoke("send", "-a", reference.format(host=host, url=url), "one").exit_code == 0


# --- what the agent decides is no failure


def test_a_task_that_fails_was_reported(url: str) -> None:
    for words in (("send",), ("send", "--stream")):
        result = invoke(*words, "-a", url, "fail")
        assert result.exit_code == 0
        assert fields(result.stdout)["State"] == "failed"
        assert result.stderr.startswith("warning: the task is failed: ")
        assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "state", "wants"),
    [("ask", "input-required", "an answer"), ("login", "auth-required", "authorization")],
)
@pytest.mark.parametrize("how", [("send",), ("send", "--stream")])
def test_a_task_that_waits_says_how_to_go_on(url: str, text: str, state: str, wants: str, how: tuple[str, ...]) -> None:
    result = invoke(*how, "-a", url, text)
    found = fields(result.stdout)
    assert (result.exit_code, found["State"]) == (0, state)
    warning, hint = result.stderr.splitlines()
    assert warning.startswith(f"warning: the task waits for {wants}: w")
    assert hint == f'hint: hocket send --task-id {found["Task"]} -a {url} "…"'
    again = fields(invoke("send", "--task-id", found["Task"], "-a", url, "blue").stdout)
    assert (again["Task"], again["State"], again["Text"]) == (found["Task"], "completed", "then blue")


# --- tasks that are there already


@pytest.fixture
def waiting(url: str) -> Iterator[str]:
    task = fields(invoke("send", "--async", "-a", url, "wait").stdout)["Task"]
    yield task
    invoke("task", "cancel", task, "-a", url)


def test_get_shows_a_task(url: str, waiting: str) -> None:
    result = invoke("task", "get", waiting, "-a", url, "-o", "json", "--history", "0")
    shown = json.loads(result.stdout)
    assert (shown["id"], "history" in shown, result.exit_code) == (waiting, False, 0)


def test_get_can_wait_until_the_task_has_settled(url: str, waiting: str) -> None:
    with running("task", "get", waiting, "-a", url, "--wait", "--poll-interval", "10ms") as process:
        assert invoke("task", "get", waiting, "-a", url, "--wait", "--timeout", "50ms").exit_code == 5
        assert fields(invoke("task", "cancel", waiting, "-a", url).stdout)["State"] == "canceled"
        assert b"State: canceled\n" in process.stdout.read()
        assert process.wait() == 0


def test_a_subscriber_sees_what_there_is_and_what_comes(url: str, waiting: str) -> None:
    with running("task", "subscribe", waiting, "-a", url, "--stream", text=True) as process:
        assert process.stdout.readline() == f"Task: {waiting}\n"
        invoke("task", "cancel", waiting, "-a", url)
        assert process.stdout.read().endswith("State: canceled\n")
        assert process.wait() == 0


def test_a_subscriber_without_stream_sees_the_task_when_it_has_settled(url: str) -> None:
    task = fields(invoke("send", "--async", "-a", url, "wait").stdout)["Task"]
    with running("task", "subscribe", task, "-a", url, "-o", "json") as process:
        invoke("task", "cancel", task, "-a", url)
        told = process.stdout.read()
        code = process.wait()
    if code == 0:  # else it came after the end, and a task that is over cannot be subscribed to
        assert json.loads(told)["status"]["state"] == "TASK_STATE_CANCELED"


def test_canceling_twice_shows_the_same(url: str, waiting: str) -> None:
    assert [invoke("task", "cancel", waiting, "-a", url).exit_code for _ in range(2)] == [0, 0]


# --- failures


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (("send", "-a", "URL"), "A2ACLI_ERR_USAGE", 2),
        (("send", "x", "-a", "ftp://there"), "A2ACLI_ERR_USAGE", 2),
        (("send", "x", "-a", "stdio:"), "A2ACLI_ERR_USAGE", 2),
        (("send", "x", "-a", "stdio:there", "--svc-param", "a:b"), "A2ACLI_ERR_USAGE", 2),
        (("send", "x", "-a", "URL", "--a2a-version", "9.9"), "A2ACLI_ERR_USAGE", 2),
        (("send", "x", "-a", "URL", "--svc-param", "a b:c"), "A2ACLI_ERR_USAGE", 2),
        (("send", "x", "-a", "URL", "--bearer", "a\nb"), "A2ACLI_ERR_USAGE", 2),
        (("send", "x", "-a", "URL", "--timeout", "0"), "A2ACLI_ERR_USAGE", 2),
        (("send", "x", "-a", "URL", "--timeout", "soon"), "A2ACLI_ERR_USAGE", 2),
        (("send", "x", "-a", "URL", "--stream", "--async"), "A2ACLI_ERR_USAGE", 2),
        (("send", "-", "-a", "URL"), "A2ACLI_ERR_USAGE", 2),
        (("send", "--media-type", "a/b", "--text", "x", "-a", "URL"), "A2ACLI_ERR_USAGE", 2),
        (
            ("send", "--text", "x", "--media-type", "a/b", "--media-type", "c/d", "-a", "URL"),
            "A2ACLI_ERR_USAGE",
            2,
        ),
        (("send", "--file", "/there/is/none", "-a", "URL"), "A2ACLI_ERR_USAGE", 2),
        (("send", "x", "-a", "URL", "--metadata", "[]"), "A2ACLI_ERR_USAGE", 2),
        (("send", "x", "-a", "URL", "--nonsense"), "A2ACLI_ERR_USAGE", 2),
        (("send", "x", "-a", "http://127.0.0.1:1"), "A2ACLI_ERR_UNREACHABLE", 3),
        (("send", "x", "--stream", "-a", "http://127.0.0.1:1"), "A2ACLI_ERR_UNREACHABLE", 3),
        (("send", "x", "-a", "stdio:there-is-no-such-command"), "A2ACLI_ERR_UNREACHABLE", 3),
        (("send", "x", "--stream", "-a", "stdio:true"), "A2ACLI_ERR_INTERNAL", 1),
        (("send", "wait", "-a", "URL", "--timeout", "50ms"), "A2ACLI_ERR_TIMEOUT", 5),
        (("send", "wait", "--stream", "-a", "URL", "--timeout", "0.05"), "A2ACLI_ERR_TIMEOUT", 5),
        (("task", "get", "unknown", "-a", "URL"), "TaskNotFoundError", 1),
        (("task", "cancel", "unknown", "-a", "URL"), "TaskNotFoundError", 1),
        (("task", "subscribe", "unknown", "-a", "URL"), "TaskNotFoundError", 1),
        (("send", "x", "--task-id", "unknown", "-a", "URL"), "TaskNotFoundError", 1),
    ],
)
def test_a_failure_has_a_code_and_an_exit_and_one_line(
    url: str, words: tuple[str, ...], code: str, exit_code: int
) -> None:
    given = [url if word == "URL" else word for word in words]
    as_json = invoke(*given, "-o", "json")
    assert (error_of(as_json)["code"], as_json.exit_code) == (code, exit_code)
    if "--stream" not in words:
        assert as_json.stdout == ""
    as_text = invoke(*given)
    *usage, line = as_text.stderr.splitlines()
    assert line.lower().startswith("error: ")
    assert not usage or usage[0].startswith("Usage: ")
    assert as_text.exit_code == exit_code


@pytest.mark.parametrize("words", [("send", "x", "--async"), ("card", "get"), ("task", "list")])
def test_raw_is_refused_where_nothing_can_be_raw(url: str, words: tuple[str, ...]) -> None:
    result = invoke(*words, "-a", url, "-o", "raw")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "raw" in result.stderr


@pytest.mark.parametrize("option", [("-o", "json"), ("-ojson",), ("--output", "json"), ("--output=json",)])
def test_however_json_is_asked_for_a_failure_is_json(option: tuple[str, ...]) -> None:
    for env in ({}, {"A2ACLI_OUTPUT": "text"}):
        assert error_of(invoke("send", "x", *option, "--nonsense", env=env))["code"] == "A2ACLI_ERR_USAGE"


@pytest.mark.parametrize("option", [("-o", "text"), ("-otext",), ("--output", "text"), ("--output=text",)])
def test_what_the_command_line_says_of_the_output_wins(option: tuple[str, ...]) -> None:
    result = invoke("send", "x", *option, "--nonsense", env={"A2ACLI_OUTPUT": "json"})
    assert "\nError: No such option" in result.stderr


def test_a_missing_agent_is_named_as_json_where_json_is_asked_for_by_the_environment() -> None:
    result = invoke("send", "x", env={"A2ACLI_OUTPUT": "json"})
    assert (error_of(result)["code"], result.exit_code) == ("A2ACLI_ERR_USAGE", 2)


# --- how it ends


def test_chunks_are_shown_as_they_come_and_ctrl_c_ends_it(url: str) -> None:
    with running("send", "-a", url, "--stream", "wait", text=True) as process:
        assert "Chunk: started\n" in iter(process.stdout.readline, "")  # the task goes on, and holds nothing back
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == ""
        assert process.wait() == 130


def test_a_reader_that_leaves_ends_it_quietly(url: str) -> None:
    with running("send", "-a", url, "--stream", "forever", text=True) as process:
        task = process.stdout.readline().split()[1]
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait() == 0
    invoke("task", "cancel", task, "-a", url)
