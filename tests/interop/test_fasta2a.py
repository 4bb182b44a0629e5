"""fasta2a 2: our client meets its server, its client our server.

Its server speaks A2A 1.0. Its client speaks a version of its own: the methods and enums of 0.3 around the objects of
1.0. We take that for 0.3, understand what it asks, and answer in 0.3, which it reads as empty objects.
"""

import pytest

from hocket import Agent
from hocket.a2a import TaskState
from hocket.errors import AgentError, ConnectionFailed, RpcError
from hocket_io import Client
from hocket_io.http.asgi import App
from support.peers import peer_serving, peer_session, python_of
from support.serving import serving

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def python():
    return python_of("fasta2a==2.1.1")


# Our client, their server -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def their_url(python):
    with peer_serving(python, "fasta2a_server.py") as url:
        yield url


@pytest.fixture
def client(their_url):
    with Client(their_url) as client:
        yield client


def test_our_client_finds_their_card(client):
    card = client.card()
    assert card.name == "theirs"
    assert [interface.protocol_version for interface in card.supported_interfaces] == ["1.0"]


@pytest.mark.parametrize("text", ["artifacts", "statuses"])
def test_our_client_streams(client, text):
    events = list(client.stream(text))
    assert events[0].kind == "task"
    assert "".join(event.text for event in events) == f"Hello from {text}"
    assert events[-1].state is TaskState.COMPLETED
    assert [event.done for event in events] == [False] * (len(events) - 1) + [True]


def test_our_client_is_told_once_what_comes_in_chunks_and_whole_again(client):
    assert client.text("whole again") == "Hello"


def test_our_client_reads_every_kind_of_part(client):
    (update,) = (event.item for event in client.stream("parts") if event.kind == "artifact")
    data, file, text = update.artifact.parts
    assert data.data == {"rows": [1, 2, 3]}
    assert (file.raw, file.media_type) == (b"\x00\xff", "image/png")
    assert text.text == "é\u2028"


def test_our_client_sees_a_failure(client):
    with pytest.raises(AgentError):
        client.text("fail")


def test_a_server_of_theirs_never_waits_when_a_message_is_sent(client):
    sent = client.send("wait for the next")
    assert sent.status.state in (TaskState.SUBMITTED, TaskState.WORKING)
    assert client.text("artifacts") == "Hello from artifacts"
    assert client.get(sent.id).status.state is TaskState.COMPLETED


def test_a_server_of_theirs_makes_a_new_task_of_a_follow_up_and_our_client_shows_it(client):
    *_, last = client.stream("ask")
    assert (last.state, last.text, last.done) == (TaskState.INPUT_REQUIRED, "Which month?", True)
    with client.stream("May", task_id=last.task_id, context_id=last.context_id) as stream:
        events = list(stream)
        assert stream.task_id != last.task_id
    assert "".join(event.text for event in events) == "So it is May"
    assert client.get(last.task_id).status.state is TaskState.INPUT_REQUIRED


def test_a_server_of_theirs_cancels_a_task_when_it_is_over(client):
    """One worker does one thing at a time: a cancel waits for the run that it is to end, and then changes the past."""
    stream = client.stream("slow")
    while not next(stream).text:
        pass
    assert client.cancel(stream.task_id).status.state is TaskState.CANCELED
    *_, last = stream
    assert (last.state, last.done) == (TaskState.COMPLETED, True)
    assert client.get(stream.task_id).status.state is TaskState.CANCELED


def test_our_client_is_told_what_is_wrong(client):
    with pytest.raises(RpcError) as caught:
        client.get("nobody-knows")
    assert caught.value.code == -32001
    (event,) = client.resume("nobody-knows")
    assert (event.done, event.error.code) == (True, -32001)


def test_a_cancel_of_a_task_that_nobody_knows_stops_their_server_and_our_client_says_so(python):
    with peer_serving(python, "fasta2a_server.py") as url, Client(url) as client:
        with pytest.raises(RpcError, match="-32001"):
            client.cancel("nobody-knows")
        with pytest.raises(
            ConnectionFailed, match=r"HTTP 500|broke|cannot reach"
        ):  # as far as it has come with stopping
            client.text("artifacts")


# Their client, our server -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def met(python):
    """What a session of their client was given by our server, by what it did, and what our agent was asked."""
    agent, asked = Agent("ours"), []

    @agent.stream
    def ours(task):
        asked.append(task.text)
        yield f"Hello {task.text}"

    with serving(lambda url: App(agent, websockets=True)) as url:
        return peer_session(python, "fasta2a_client.py", url), asked


def test_their_client_finds_our_card(met):
    told, _ = met
    card = told["card"]["result"]
    assert (card["name"], card["supported_interfaces"][0]["protocol_version"]) == ("ours", "1.0")


def test_their_client_is_told_what_is_wrong(met):
    told, _ = met
    assert told["get unknown"]["error"] == {"code": -32001, "message": "Task not found"}


def test_a_client_of_theirs_is_understood_and_reads_empty_objects(met):
    told, asked = met
    assert asked == ["Ada"] * 4
    for did in ("send", "send as 1.0"):
        assert told[did]["result"] == {}
    for did in ("stream", "stream as 1.0"):
        assert [event["result"] for event in told[did]["result"]] == [{}] * 5
