"""The official Python SDK as it was under A2A 0.2.6 and 0.3.0: its clients meet our server, our clients its servers.

Both speak the dialect of 0.3. What they have in common is asked of both; see `peers` for how they are run.
"""

import httpx2
import pytest

from hocket.a2a import AgentCard, AuthenticationInfo, Message, TaskState
from hocket.backoff import Backoff
from hocket.errors import AgentError, RpcError, StreamCut
from hocket_io import Client
from hocket_io.http.asgi import App
from support.interop import interop_agent
from support.peers import peer_serving, peer_session, python_of
from support.serving import serving

pytestmark = pytest.mark.process

PEERS = {"0.2.16": "a2a_sdk_02_client.py", "0.3.26": "a2a_sdk_03_client.py"}


# Their clients, our server ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=PEERS)
def told(request):
    """What a session of their client was given by our server: `result`, or the `code` of an error, by what it did."""
    python = python_of(f"a2a-sdk=={request.param}")
    extended = AgentCard(name="ours, to friends", description="more of it", version="1")
    agent = interop_agent(push_notifications=True, extended_card=extended)
    with serving(lambda url: App(agent, websockets=True)) as url:
        return peer_session(python, PEERS[request.param], url)


def in_short(events):
    """Events of 0.3, in short: states, and the text of artifacts."""
    for event in events:
        match event:
            case {"kind": "task" | "status-update" as kind, "status": {"state": state}}:
                yield f"{kind} {state}" + (", final" if event.get("final") else "")
            case {"kind": "artifact-update", "artifact": {"parts": parts}}:
                yield "".join(part["text"] for part in parts) + (", last" if event["lastChunk"] else "")


def text_of(task):
    return "".join(part["text"] for artifact in task["artifacts"] for part in artifact["parts"])


def test_their_client_finds_our_card(told):
    card = told["card"]["result"]
    assert (card["name"], card["protocolVersion"], card["preferredTransport"]) == ("ours", "0.3.0", "JSONRPC")
    assert card["capabilities"]["streaming"]


def test_their_client_streams(told):
    events = told["stream Ada"]["result"]
    assert list(in_short(events)) == [
        "task submitted",
        "status-update working",
        "Hello ",
        "Ada",
        "!",
        ", last",
        "status-update completed, final",
    ]
    assert [event["append"] for event in events if event["kind"] == "artifact-update"] == [False, True, True, True]


def test_their_client_reads_everything_an_agent_can_say(told):
    events = told["stream mixed"]["result"]
    assert [event["metadata"] for event in events if "metadata" in event] == [{"progress": 50}]
    data, file, text, _ = (event["artifact"]["parts"][0] for event in events if event["kind"] == "artifact-update")
    assert data == {"kind": "data", "data": {"rows": [1, 2, 3]}}
    assert file == {"kind": "file", "file": {"bytes": "AP8=", "mimeType": "application/octet-stream"}}
    assert text == {"kind": "text", "text": "é\u2028"}


def test_their_client_sees_a_failure(told):
    last = told["stream fail"]["result"][-1]
    assert (last["status"]["state"], last["final"]) == ("failed", True)
    assert "its log has the reason" in last["status"]["message"]["parts"][0]["text"]


def test_their_client_follows_up(told):
    first, second = told["stream ask"]["result"], told["follow-up"]["result"]
    assert list(in_short(first))[-1] == "status-update input-required, final"
    begin, *_, end = in_short(second)
    assert begin.startswith("task ")
    assert end == "status-update completed, final"
    assert {event.get("taskId", event.get("id")) for event in second} == {first[0]["id"]}
    assert text_of(told["get"]["result"]) == "Which month?Hello May!"


def test_their_client_answers_a_question(told):
    asked, answered = told["stream turn"]["result"], told["answer"]["result"]
    assert asked[-1]["status"]["message"]["parts"][0]["text"] == "Which month?"
    assert list(in_short(asked))[-1] == "status-update input-required, final"
    assert list(in_short(answered)) == [
        "task working",
        "So it is May",
        ", last",
        "status-update completed, final",
    ]


def test_their_client_reads_so_much_of_the_history(told):
    assert [message["parts"][0]["text"] for message in told["get"]["result"]["history"]] == ["May"]


def test_their_client_sends_and_waits(told):
    task = told["send"]["result"]
    assert (task["status"]["state"], text_of(task)) == ("completed", "Hello Ada!")
    assert told["send without waiting"]["result"]["status"]["state"] in ("submitted", "working")


def test_their_client_cancels_in_mid_stream(told):
    assert told["cancel"]["result"]["status"]["state"] == "canceled"
    heard = list(in_short(told["stream canceled"]["result"]))
    assert heard[2] == "before "
    assert heard[-1] == "status-update canceled, final"


@pytest.mark.parametrize(
    ("did", "code"),
    [
        ("get unknown", -32001),
        ("cancel completed", -32002),
        ("message to unknown", -32001),
        ("message to completed", -32004),
    ],
)
def test_their_client_is_told_what_is_wrong(told, did, code):
    assert told[did]["code"] == code


def test_their_client_sets_and_reads_where_to_push(told):
    kept = told["get push"]["result"]
    assert told["set push"]["result"] == kept
    assert kept["pushNotificationConfig"] == {
        "id": "cfg",
        "url": "https://example.com/hook",
        "token": "tok",
        "authentication": {"schemes": ["Bearer"], "credentials": "c"},
    }


def test_their_client_gets_our_extended_card(told):
    assert told["extended card"]["result"]["name"] == "ours, to friends"


@pytest.mark.parametrize("told", ["0.3.26"], indirect=True)  # the client of 0.2.16 has no such method
def test_their_client_subscribes_again(told):
    resumed, begun = (list(in_short(told[did]["result"])) for did in ("resubscribe", "both streams"))
    assert resumed[0] == "task working"
    assert begun == resumed[1:] == ["after", ", last", "status-update completed, final"]
    assert told["resubscribe unknown"]["code"] == -32001


# Our clients, their servers -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=PEERS)
def their_url(request):
    with peer_serving(python_of(f"a2a-sdk=={request.param}"), "a2a_sdk_0_server.py") as url:
        yield url


@pytest.fixture
def client(their_url):
    with Client(their_url) as client:
        yield client


def test_our_client_finds_their_card(client):
    card = client.card()
    assert (card.name, card.capabilities.streaming, card.capabilities.push_notifications) == ("theirs", True, True)


@pytest.mark.parametrize("text", ["artifacts", "statuses"])
def test_our_client_streams(client, text):
    events = list(client.stream(text))
    assert events[0].kind == "task"
    assert "".join(event.text for event in events) == f"Hello from {text}"
    assert events[-1].state is TaskState.COMPLETED
    assert [event.done for event in events] == [False] * (len(events) - 1) + [True]


def test_our_client_reads_a_message_without_a_task(client):
    assert client.text("message") == "Hello from one message"
    assert isinstance(client.send("message"), Message)


def test_our_client_reads_every_kind_of_part(client):
    (artifact,) = client.send("parts").artifacts
    data, file, text = artifact.parts
    assert data.data == {"rows": [1, 2, 3]}
    assert (file.raw, file.media_type, file.filename) == (b"\x00\xff", "image/png", "dot")
    assert text.text == "é\u2028"


def test_our_client_sends_and_waits(client):
    assert client.send("artifacts").text == "Hello from artifacts"


def test_our_client_sets_reads_and_deletes_where_to_push(client):
    task = client.send("ask")
    bearer = AuthenticationInfo(scheme="Bearer", credentials="c")
    made = client.set_push(task.id, "https://example.com/hook", id="cfg", token="tok", authentication=bearer)
    assert (made.id, made.url, made.token) == ("cfg", "https://example.com/hook", "tok")
    assert client.get_push(task.id, "cfg").authentication.credentials == "c"
    assert [config.id for config in client.list_push(task.id).configs] == ["cfg"]
    client.delete_push(task.id, "cfg")
    assert client.list_push(task.id).configs == ()


def test_our_client_gets_their_extended_card(client):
    assert client.extended_card().name == "theirs, to friends"


def test_our_client_subscribes_again(client):
    """It gets what follows, and no Task before that, which is how 0.3 has it."""
    with client.stream("wait for a second reader") as stream:
        while not next(stream).text:
            pass
        resumed = list(client.resume(stream.task_id))
        assert "".join(event.text for event in resumed) == "after"
        assert "".join(event.text for event in stream) == "after"
    assert (resumed[-1].state, resumed[-1].done) == (TaskState.COMPLETED, True)


def test_our_client_sees_a_failure(client):
    with pytest.raises(AgentError, match="no such luck"):
        client.text("fail")


def test_our_client_follows_up(client):
    asked = client.send("ask")
    assert asked.status.state is TaskState.INPUT_REQUIRED
    assert asked.status.message.text == "Which month?"
    assert client.text("May", task_id=asked.id, context_id=asked.context_id) == "So it is May"
    assert client.get(asked.id).status.state is TaskState.COMPLETED


def test_our_client_is_told_what_is_wrong(client):
    for call in (client.get, client.cancel):
        with pytest.raises(RpcError) as caught:
            call("nobody-knows")
        assert caught.value.code == -32001


def test_our_client_is_told_what_is_wrong_with_a_stream(client):
    done = client.send("artifacts")
    for stream, code in [
        (client.resume("nobody-knows"), -32001),
        (client.stream("more", task_id="nobody-knows"), -32001),
        (client.stream("more", task_id=done.id), -32602),
    ]:
        (event,) = stream
        assert (event.kind, event.done, event.error.code) == ("error", True, code)


def test_an_executor_that_breaks_leaves_the_task_as_it_was_and_our_stream_is_cut(their_url):
    """Who subscribes to that task again is neither refused nor told anything: so our client does not, here."""
    with Client(their_url, resume=None) as client:
        *_, last = client.stream("raise")
        assert (last.kind, last.done) == ("cut", True)
        assert isinstance(last.error, StreamCut)
        assert client.get(last.task_id).state in (TaskState.SUBMITTED, TaskState.WORKING)


@pytest.mark.parametrize("their_url", ["0.3.26"], indirect=True)
def test_a_cancel_does_not_reach_their_streams_and_our_client_gets_the_task_instead(their_url):
    """Their cancel puts CANCELED into a queue that no reader has: the stream stays open and silent."""
    impatient = httpx2.Timeout(10, read=1)
    with Client(their_url, timeout=impatient, resume=Backoff(base=0.01)) as client:
        stream = client.stream("go on")
        while not next(stream).text:
            pass
        assert client.cancel(stream.task_id).state is TaskState.CANCELED
        events = list(stream)
        assert [event.done for event in events] == [False] * (len(events) - 1) + [True]
        assert (events[-1].kind, events[-1].state) == ("task", TaskState.CANCELED)
