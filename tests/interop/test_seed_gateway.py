"""The clients of the document that describes the gateway, unchanged, against a real server.

`seed_gateway/` has the blocks of code of that document, letter by letter; only the address they ask is put in here.
The JavaScript runs where there is a node with an EventSource (20.18 and later have one behind a flag), the Go program
where there is a Go. That program as it stands does not compile: it imports `io` without need, and leaves two types to
the reader; those are given here.
"""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from hocket import Agent
from hocket_io.http.asgi import App
from support.serving import serving

SEED = Path(__file__).with_name("seed_gateway")
ADDRESS = "http://localhost:8080"

pytestmark = pytest.mark.process

echo = Agent("Echo Agent")


@echo.stream
async def answer(task):
    yield task.progress(10, "Thinking")
    for word in ("You said: ", task.text):
        await asyncio.sleep(0)
        yield word


failing = Agent("failing")


@failing.stream
async def fail(task):
    yield "so far "
    raise ValueError("no more")


@pytest.fixture(scope="module")
def url():
    with serving(lambda _: App([echo, failing])) as url:
        yield url.rstrip("/")


def seed(name, url):
    return (SEED / name).read_text(encoding="utf-8").replace(ADDRESS, url)


def test_the_python_client_as_it_stands(url, capsys):
    exec(compile(seed("client.py", url), "client.py", "exec"), {"__name__": "client"})
    created, status, thinking, *rest = capsys.readouterr().out.splitlines()
    assert created.startswith("Task started: ")
    assert status == "Status: working"
    text = "You said: Generate streaming response"
    assert thinking == "Progress: Progress: You said: Progress: Generate streaming response"
    (completed,) = rest
    assert completed.startswith("Completed: {'messages': [")
    assert f"'text': '{text}'" in completed


def python_client(url):
    """The class alone, without what the document does with it."""
    code = seed("client.py", url).partition("# Usage example")[0]
    names = {"__name__": "client"}
    exec(compile(code, "client.py", "exec"), names)
    return names["A2AStreamingClient"]


def test_the_python_client_is_told_of_a_failure(url):
    async def listen():
        return [event async for event in python_client(url)("failing", url).send_streaming_message("hi")]

    events = asyncio.run(listen())
    assert [event["type"] for event in events] == ["task.created", "task.status", "task.progress", "task.error"]
    assert events[-1]["error"].startswith("The agent failed")


def test_the_python_client_is_told_that_there_is_no_such_agent(url):
    async def listen():
        return [event async for event in python_client(url)("nobody", url).send_streaming_message("hi")]

    with pytest.raises(Exception, match="404"):
        asyncio.run(listen())


# JavaScript ----------------------------------------------------------------------------------------------------------

PAGE = """
const updateUI = (said, task) => console.log(said, task.status.state);
const updateProgressBar = (status) => console.log('Bar:', status);
const appendToOutput = (text) => console.log('Output:', text);
const showFinalResult = (result) => console.log('Result:', result.messages[0].parts[0].text);
const showError = (error) => console.log('Error:', error);
"""
"""What the page around a script of the document has."""


@pytest.fixture(scope="module")
def node():
    found = shutil.which("node")
    command = [found, "--no-warnings", "--experimental-eventsource"]
    if found is None or subprocess.run([*command, "-e", "EventSource"], capture_output=True, timeout=20).returncode:
        pytest.skip("needs a node that has EventSource")
    return command


def lines_of(node, script):
    done = subprocess.run(
        [*node, "-"], input=script, capture_output=True, text=True, encoding="utf-8", timeout=20, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.splitlines()


def test_the_javascript_clients_as_they_stand(node, url):
    """One page listens to all tasks of the agent; once it does, the other starts one and follows it by its id."""
    script = f"{PAGE}{seed('basic.js', url)}\neventSource.onopen = () => {{\n{seed('advanced.js', url)}\n}};"
    lines = lines_of(node, script)
    text = "You said: Generate a long response with streaming updates"
    started = [line for line in lines if line.startswith("Task started: ")]
    assert (len(started), len(set(started))) == (2, 1), "both speak of the same task"
    assert "Task created working" in lines
    assert "Status update: working" in lines
    assert "Output: You said: " in lines
    assert f"Result: {text}" in lines
    assert any(line.startswith("Task finished: ") for line in lines)
    assert not [line for line in lines if "undefined" in line]


def test_the_progress_page_as_it_stands(node, url):
    script = seed("progress.js", url).replace("'/tasks/stream'", f"'{url}/tasks/stream'")
    body = json.dumps({"agent": "echo-agent", "text": "hi"})
    ask = {"method": "POST", "headers": {"Content-Type": "application/json"}, "body": body}
    script += f"""
    eventSource.onopen = () => fetch('{url}/tasks', {json.dumps(ask)});
    function updateProgressBar(progress) {{
        console.log(progress);
        if (progress === 100) eventSource.close();
    }}"""
    said = lines_of(node, script)
    assert said[1::2] == ["0", "10", "100"]
    assert [line.rpartition(": ")[2] for line in said[::2]] == ["running", "running", "completed"]


# Go ------------------------------------------------------------------------------------------------------------------

TYPES = """
type TaskStatus struct {
    State string `json:"state"`
}

type A2ATask struct {
    ID     string      `json:"id"`
    Result interface{} `json:"result,omitempty"`
}
"""


def test_the_go_client(url, tmp_path):
    go = shutil.which("go")
    if go is None:
        pytest.skip("needs Go")
    program = tmp_path / "client.go"
    program.write_text(seed("client.go", url).replace('    "io"\n', "") + TYPES, encoding="utf-8")
    done = subprocess.run(
        [go, "run", str(program)], capture_output=True, text=True, encoding="utf-8", timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Task started: ")
    assert "Status: working" in lines
    assert "You said: Generate streaming response" in lines[-1]
    assert lines[-1].startswith("Completed: ")
