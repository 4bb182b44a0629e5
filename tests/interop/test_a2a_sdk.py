"""The official Python SDK (a2a-sdk 1.3.0): its client streams from our server, our clients stream from its server.

In 1.0 over JSON-RPC and REST, and in 0.3. The methods that do not stream are in `test_a2a_sdk_methods`.
"""

import anyio
import pytest

pytest.importorskip("a2a", reason="a2a-sdk is not installed (extra: test)")
pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra: http)")

from a2a.types import a2a_pb2 as pb

from hocket.a2a import TaskState
from hocket.errors import AgentError
from hocket_io import AsyncClient, Client
from hocket_io.http.asgi import App
from support.a2a_sdk import WAYS, asking, their_app, their_client
from support.interop import interop_agent
from support.serving import serving

pytestmark = pytest.mark.process


# Their client, our server -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def our_url():
    with serving(lambda url: App(interop_agent(), websockets=True)) as url:
        yield url


def ask_ours(url, way, *texts):
    """What the official client receives for each text; the later ones follow up the task of the first."""

    async def talk(client, card):
        streams = []
        task_id = ""
        for number, text in enumerate(texts):
            streams.append([each async for each in client.send_message(asking(text, number, task_id=task_id))])
            task_id = streams[-1][0].task.id
        return streams, await client.get_task(pb.GetTaskRequest(id=task_id))

    return their_client(url, way, talk)


def texts_in(stream):
    return [
        part.text for each in stream if each.HasField("artifact_update") for part in each.artifact_update.artifact.parts
    ]


@pytest.mark.parametrize("way", WAYS)
def test_their_client_finds_our_card(our_url, way):
    async def look(client, card):
        return card

    card = their_client(our_url, way, look)
    assert (card.name, card.capabilities.streaming, card.skills[0].id) == ("ours", True, "ours")


@pytest.mark.parametrize("way", WAYS)
def test_their_client_streams(our_url, way):
    (stream,), task = ask_ours(our_url, way, "Ada")
    assert stream[0].HasField("task")
    assert texts_in(stream) == ["Hello ", "Ada", "!", ""]
    assert stream[-1].status_update.status.state == pb.TASK_STATE_COMPLETED
    assert task.status.state == pb.TASK_STATE_COMPLETED
    assert "".join(part.text for part in task.artifacts[0].parts) == "Hello Ada!"


@pytest.mark.parametrize("way", WAYS)
def test_their_client_reads_everything_an_agent_can_say(our_url, way):
    (stream,), task = ask_ours(our_url, way, "mixed")
    progress = [each.status_update for each in stream if each.status_update.metadata]
    assert [(each.metadata["progress"], each.status.message.parts[0].text) for each in progress] == [(50, "half way")]
    data, file, text = (artifact.parts[0] for artifact in task.artifacts)
    assert dict(data.data.struct_value) == {"rows": [1, 2, 3]}
    assert file.raw == b"\x00\xff"
    assert text.text == "é\u2028"


@pytest.mark.parametrize("way", WAYS)
def test_their_client_sees_a_failure(our_url, way):
    (stream,), task = ask_ours(our_url, way, "fail")
    assert stream[-1].status_update.status.state == pb.TASK_STATE_FAILED
    assert "its log has the reason" in task.status.message.parts[0].text


@pytest.mark.parametrize("way", WAYS)
def test_their_client_follows_up(our_url, way):
    (first, second), task = ask_ours(our_url, way, "ask", "May")
    assert first[-1].status_update.status.state == pb.TASK_STATE_INPUT_REQUIRED
    assert second[0].HasField("task")
    assert texts_in(second) == ["Hello ", "May", "!", ""]
    assert [message.parts[0].text for message in task.history if message.role == pb.ROLE_USER] == [
        "ask",
        "May",
    ]


@pytest.mark.parametrize("way", WAYS)
def test_their_client_answers_a_question(our_url, way):
    (asked, answered), task = ask_ours(our_url, way, "turn", "May")
    assert asked[-1].status_update.status.state == pb.TASK_STATE_INPUT_REQUIRED
    assert asked[-1].status_update.status.message.parts[0].text == "Which month?"
    assert answered[0].task.status.state == pb.TASK_STATE_WORKING
    assert texts_in(answered) == ["So it is May", ""]
    assert [message.parts[0].text for message in task.history] == ["turn", "Which month?", "May"]


@pytest.mark.parametrize("way", WAYS)
def test_their_client_sends_and_waits(our_url, way):
    async def talk(client, card):
        (done,) = [each async for each in client.send_message(asking("Ada"))]
        hurried = asking("wait for-ever")
        hurried.configuration.return_immediately = True
        (begun,) = [each async for each in client.send_message(hurried)]
        return done.task, begun.task

    done, begun = their_client(our_url, way, talk, streaming=False)
    assert done.status.state == pb.TASK_STATE_COMPLETED
    assert "".join(part.text for part in done.artifacts[0].parts) == "Hello Ada!"
    assert begun.status.state in (pb.TASK_STATE_SUBMITTED, pb.TASK_STATE_WORKING)


@pytest.mark.parametrize("way", WAYS)
def test_their_client_reads_so_much_of_the_history(our_url, way):
    async def talk(client, card):
        events = [each async for each in client.send_message(asking("mixed"))]
        return [
            await client.get_task(pb.GetTaskRequest(id=events[0].task.id, history_length=length))
            for length in (0, 1, 9)
        ]

    tasks = their_client(our_url, way, talk)
    assert [[message.parts[0].text for message in task.history] for task in tasks] == [
        [],
        ["half way"],
        ["mixed", "half way"],
    ]


async def begin_to_wait(client):
    """A stream of a task that waits, the events up to its first chunk, and the task's id."""
    stream = client.send_message(asking("wait for-ever"))
    begun = [await anext(stream) for _ in range(3)]
    assert texts_in(begun) == ["before "]
    return stream, begun[0].task.id


@pytest.mark.parametrize("way", WAYS)
def test_their_client_cancels_in_mid_stream(our_url, way):
    async def talk(client, card):
        stream, task_id = await begin_to_wait(client)
        canceled = await client.cancel_task(pb.CancelTaskRequest(id=task_id))
        return canceled, [each async for each in stream]

    canceled, rest = their_client(our_url, way, talk)
    assert canceled.status.state == pb.TASK_STATE_CANCELED
    assert rest[-1].status_update.status.state == pb.TASK_STATE_CANCELED


@pytest.mark.parametrize("way", WAYS)
def test_their_client_subscribes_again(our_url, way):
    async def talk(client, card):
        stream, task_id = await begin_to_wait(client)
        resumed = client.subscribe(pb.SubscribeToTaskRequest(id=task_id))
        snapshot = await anext(resumed)
        await client.cancel_task(pb.CancelTaskRequest(id=task_id))
        return snapshot.task, [each async for each in stream], [each async for each in resumed]

    snapshot, rest, resumed = their_client(our_url, way, talk)
    assert snapshot.artifacts[0].parts[0].text == "before "
    assert resumed == rest
    assert rest[-1].status_update.status.state == pb.TASK_STATE_CANCELED


# Our clients, their server ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def their_url():
    with serving(their_app) as url:
        yield url


@pytest.fixture(params=["blocking", "asyncio", "trio"])
def stream_from(request):
    def blocking(url, text, **options):
        with Client(url, **options) as client:
            return list(client.stream(text))

    async def on_a_loop(url, text, options):
        async with AsyncClient(url, **options) as client:
            return [event async for event in client.stream(text)]

    if request.param == "blocking":
        return blocking
    return lambda url, text, **options: anyio.run(on_a_loop, url, text, options, backend=request.param)


def going(way):
    """The options of our clients for a way; none for their own choice."""
    if way is None:
        return {}
    binding, version = WAYS[way]
    return {"binding": binding, "version": version}


@pytest.mark.parametrize("way", [None, *WAYS])
@pytest.mark.parametrize("text", ["artifacts", "statuses"])
def test_our_client_streams(their_url, stream_from, text, way):
    events = stream_from(their_url, text, **going(way))
    assert "".join(event.text for event in events) == f"Hello from {text}"
    assert events[-1].state is TaskState.COMPLETED
    assert [event.done for event in events] == [False] * (len(events) - 1) + [True]


@pytest.mark.parametrize("way", WAYS)
def test_our_client_reads_a_message_without_a_task(their_url, stream_from, way):
    events = stream_from(their_url, "message", **going(way))
    assert "".join(event.text for event in events) == "Hello from one message"
    assert [event.error for event in events if event.error] == []


@pytest.mark.parametrize("way", WAYS)
def test_our_client_follows_up(their_url, way):
    with Client(their_url, **going(way)) as client:
        *_, asked = client.stream("ask")
        assert (asked.state, asked.text) == (TaskState.INPUT_REQUIRED, "Which month?")
        assert client.text("May", task_id=asked.task_id) == "So it is May"


@pytest.mark.parametrize("way", WAYS)
def test_our_client_finds_their_card(their_url, way):
    with Client(their_url, **going(way)) as client:
        card = client.card()
    assert card.name == "theirs"
    assert {(each.protocol_binding, each.protocol_version) for each in card.supported_interfaces} == set(WAYS.values())


@pytest.mark.parametrize("way", WAYS)
def test_our_client_sends_and_waits(their_url, way):
    with Client(their_url, **going(way)) as client:
        assert client.send("artifacts").text == "Hello from artifacts"
        assert client.send("wait", wait=False).state in (TaskState.SUBMITTED, TaskState.WORKING)


@pytest.mark.parametrize("way", WAYS)
def test_our_client_sees_a_failure(their_url, way):
    with Client(their_url, **going(way)) as client, pytest.raises(AgentError, match="no such luck"):
        client.text("fail")


@pytest.mark.parametrize("way", WAYS)
def test_our_client_reads_every_kind_of_part(their_url, way):
    with Client(their_url, **going(way)) as client:
        (artifact,) = client.send("parts").artifacts
    data, file, text = artifact.parts
    assert data.data == {"rows": [1, 2, 3]}
    assert (file.raw, file.media_type, file.filename) == (b"\x00\xff", "image/png", "dot")
    assert text.text == "é\u2028"


@pytest.mark.parametrize("way", WAYS)
def test_our_client_cancels_in_mid_stream(their_url, way):
    with Client(their_url, **going(way)) as client, client.stream("wait") as stream:
        while not next(stream).text:
            pass
        assert client.get(stream.task_id).state is TaskState.WORKING
        assert client.cancel(stream.task_id).state is TaskState.CANCELED
        assert [event.state for event in stream][-1] is TaskState.CANCELED


@pytest.mark.parametrize("way", WAYS)
def test_our_client_subscribes_again(their_url, way):
    with Client(their_url, **going(way)) as client, client.stream("wait") as stream:
        while not next(stream).text:
            pass
        with client.resume(stream.task_id) as resumed:
            assert next(resumed).kind == "task"
            client.cancel(stream.task_id)
            assert [event.state for event in resumed][-1] is TaskState.CANCELED
