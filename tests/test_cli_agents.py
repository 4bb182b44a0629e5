"""`hocket card get`, `hocket task list`, and the options that say how an agent is spoken to."""

import json

import pytest

from hocket import Agent
from hocket.a2a import (
    AgentCard,
    AgentExtension,
    AgentInterface,
    AgentProvider,
    AgentSkill,
    HTTPAuthSecurityScheme,
    read_card,
)
from hocket_io.cli.card_lines import card_lines
from hocket_io.http.asgi import App
from support.commands import error_of, invoke
from support.serving import serving
from support.web import agent_that_streams, web
from support.wire import TASK, chunk

MOOD = "urn:example:mood"


@pytest.fixture(scope="module")
def url():
    agent = Agent("desk", extensions=(AgentExtension(uri=MOOD),), extended_card=AgentCard(name="the whole desk"))

    @agent.stream
    def desk(task):
        """Answers."""
        if task.text == "extensions":
            yield ", ".join(task.extensions)
        elif task.text == "ask":
            yield task.ask("Which one?")
        else:
            yield task.text

    with serving(lambda url: App(agent)) as url:
        for text in ("one", "ask", "three"):
            invoke("send", "-a", url, "--context-id", "shelf", text)
        yield url


# card get


def test_a_card_as_text(url):
    result = invoke("card", "get", "-a", url)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[:3] == ["Name: desk", "Description: Answers.", "Version: 1.0.0"]
    assert f"Interface: {url} (JSONRPC, A2A 1.0)" in lines
    assert f"Interface: {url} (HTTP+JSON, A2A 1.0)" in lines
    assert f"Interface: {url} (JSONRPC, A2A 0.3)" in lines
    assert [line for line in lines if line.startswith("Capability")] == [
        "Capability: streaming",
        "Capability: extended card",
    ]
    assert f"Extension: {MOOD}" in lines
    assert "Skill: desk" in lines


def test_a_card_as_json(url):
    card = read_card(invoke("card", "get", "-a", url, "-o", "json").stdout.encode())
    assert (card.name, len(card.supported_interfaces)) == ("desk", 3)


def test_the_extended_card(url):
    assert "Name: the whole desk" in invoke("card", "get", "-a", url, "--extended").stdout


def test_where_there_is_no_card():
    with web(lambda request: request.reply(404, b"")) as (url, _):
        result = invoke("card", "get", "-a", url, "-o", "json")
    assert result.exit_code == 3
    assert error_of(result)["message"] == f"there is no card at {url}"


def test_everything_that_a_card_may_say():
    card = AgentCard(
        name="a\nb",
        provider=AgentProvider(organization="Example", url="https://example.com"),
        documentation_url="https://example.com/docs",
        url="http://old/",
        additional_interfaces=(AgentInterface(url="http://old/grpc", protocol_binding="GRPC"),),
        supported_interfaces=(AgentInterface(url="http://new/", tenant="acme"),),
        security_schemes={"token": HTTPAuthSecurityScheme(scheme="Bearer")},
        skills=(AgentSkill(id="s", name="Sums", description="Adds\nup.", examples=("1 + 1",)),),
    )
    assert card_lines(card) == [
        "Name: a\\nb",
        "Provider: Example, https://example.com",
        "Documentation: https://example.com/docs",
        "Interface: http://new/ (JSONRPC, A2A 1.0, tenant acme)",
        "Interface: http://old/ (JSONRPC, A2A 0.3)",
        "Interface: http://old/grpc (GRPC, A2A 0.3)",
        "Security: token: HTTPAuth",
        "Skill: Sums (s)",
        "About:",
        "Adds",
        "up.",
        "",
        "Example: 1 + 1",
    ]


# task list


def fields(text, label):
    return [line.split(": ", 1)[1] for line in text.splitlines() if line.startswith(f"{label}: ")]


def test_tasks_page_by_page(url):
    first = invoke("task", "list", "-a", url, "--context-id", "shelf", "--page-size", "2")
    assert (first.exit_code, first.stderr) == (0, "")
    assert fields(first.stdout, "State") == ["completed", "input-required"]
    assert fields(first.stdout, "Total") == ["3"]
    (token,) = fields(first.stdout, "Next")
    rest = invoke("task", "list", "-a", url, "--context-id", "shelf", "--page-token", token, "--artifacts")
    assert fields(rest.stdout, "Text") == ["one"]
    assert fields(rest.stdout, "Next") == []


def test_tasks_in_one_state_as_json(url):
    result = invoke("task", "list", "-a", url, "--status", "input-required", "-o", "json", "--history", "0")
    page = json.loads(result.stdout)
    assert [task["status"]["state"] for task in page["tasks"]] == ["TASK_STATE_INPUT_REQUIRED"]
    assert "history" not in page["tasks"][0]
    assert page["totalSize"] == 1


def test_a_version_without_lists(url):
    result = invoke("task", "list", "-a", url, "--a2a-version", "0.3")
    assert result.exit_code == 2
    assert "A2A 0.3, which is spoken here, has no list" in result.stderr


# how an agent is spoken to


@pytest.mark.parametrize("binding", ["http+json", "JSONRPC"])
def test_the_binding(url, binding):
    assert "Text: hi" in invoke("send", "-a", url, "--binding", binding, "hi").stdout


def test_the_binding_is_said_to_the_client():
    with web(agent_that_streams()) as (url, asked):
        invoke("task", "get", "-a", url, "--transport", "HTTP+JSON", "t")
    assert asked[-1].path == "/tasks/t"


def test_extensions(url):
    assert (
        f"Text: {MOOD}" in invoke("send", "-a", url, "--extension", MOOD, "--extension", "urn:x", "extensions").stdout
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--extension", "urn:a,urn:b"], "--extension takes a URI"),
        (["--binding", "GRPC"], "'GRPC' is not one of"),
    ],
)
def test_options_that_make_no_sense(url, words, says):
    result = invoke("send", "-a", url, *words, "hi")
    assert result.exit_code == 2
    assert says in result.stderr


@pytest.mark.parametrize("target", ["stdio:cat", "stdio+content-length:cat"])
def test_a_pipe_has_no_binding(target):
    result = invoke("send", "-a", target, "--binding", "JSONRPC", "hi")
    assert "--svc-param, --a2a-version and --binding are for agents over HTTP" in result.stderr


def event(number, result):
    return b"id: %d\ndata: %b\n\n" % (number, json.dumps({"jsonrpc": "2.0", "id": "1", "result": result}).encode())


@pytest.mark.parametrize("is_resumed", [True, False])
def test_a_stream_that_is_cut_is_resumed_unless_it_is_not_wanted(is_resumed, monkeypatch):
    monkeypatch.setattr("hocket.backoff.Backoff.delay", lambda *_: 0.0)
    done = {"statusUpdate": {"taskId": "t", "status": {"state": "TASK_STATE_COMPLETED"}}}

    def answer(request):
        if request.command == "GET":
            request.reply(404, b"")
        elif request.headers["last-event-id"] == "2":
            request.stream(event(3, chunk("rest")), event(4, done))
        else:
            request.stream(event(1, {"task": TASK}), event(2, chunk("half")))

    with web(answer) as (url, _):
        result = invoke("send", "-a", url, "--stream", "go", *([] if is_resumed else ["--no-resume"]))
    if is_resumed:
        assert fields(result.stdout, "Chunk") == ["half", "rest"]
        assert result.stderr.splitlines() == [
            "warning: the stream was cut in state working",
            "note: the stream was resumed",
        ]
        assert result.exit_code == 0
    else:
        assert fields(result.stdout, "Chunk") == ["half"]
        assert "error: the stream was cut in state working" in result.stderr
        assert result.exit_code == 1
