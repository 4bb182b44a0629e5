"""The official Python SDK (a2a-sdk): its client streams from our server, our clients stream from its server."""

import asyncio

import anyio
import pytest

from hocket import Agent
from hocket.a2a import TaskState, TaskStatus
from hocket.errors import AgentError
from hocket_io import AsyncClient, Client
from hocket_io.http.asgi import App
from support.serving import serving

pytest.importorskip("a2a", reason="a2a-sdk is not installed (extra: test)")
pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra: http)")

from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.helpers import new_task_from_user_message, new_text_message
from a2a.server.agent_execution import AgentExecutor
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import a2a_pb2 as pb
from starlette.applications import Starlette

pytestmark = pytest.mark.process


# Their client, our server -------------------------------------------------------------------------------------------

agent = Agent("ours")


@agent.stream
async def ours(task):
    match task.text:
        case "fail":
            raise ValueError("a secret")
        case "ask":
            yield "Which month?"
            yield TaskStatus(state=TaskState.INPUT_REQUIRED)
        case "mixed":
            yield task.progress(50, "half way")
            yield {"rows": [1, 2, 3]}
            yield b"\x00\xff"
            yield "é\u2028"
        case text:
            for word in ("Hello ", text, "!"):
                yield word
                await anyio.lowlevel.checkpoint()


@pytest.fixture(scope="module")
def our_url():
    with serving(lambda url: App(agent)) as url:
        yield url


VERSIONS = ["1.0", "0.3"]


def ask_ours(url, version, *texts):
    """What the official client receives for each text; the later ones follow up the task of the first."""

    async def talk():
        import httpx

        async with httpx.AsyncClient() as http:
            card = await A2ACardResolver(httpx_client=http, base_url=url).get_agent_card()
        assert card.name == "ours"
        assert card.capabilities.streaming
        chosen = [each for each in card.supported_interfaces if each.protocol_version.startswith(version)]
        assert chosen, f"the card offers {card.supported_interfaces}"
        del card.supported_interfaces[:]
        card.supported_interfaces.extend(chosen)
        client = ClientFactory(ClientConfig()).create(card)
        try:
            streams = []
            task_id = ""
            for number, text in enumerate(texts):
                part = pb.Part(text=text)
                message = pb.Message(message_id=f"m{number}", role=pb.ROLE_USER, parts=[part], task_id=task_id)
                stream = [each async for each in client.send_message(pb.SendMessageRequest(message=message))]
                streams.append(stream)
                task_id = stream[0].task.id
            return streams, await client.get_task(pb.GetTaskRequest(id=task_id))
        finally:
            await client.close()

    return asyncio.run(talk())


def texts_in(stream):
    return [
        part.text for each in stream if each.HasField("artifact_update") for part in each.artifact_update.artifact.parts
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_their_client_streams_from_our_server(our_url, version):
    (stream,), task = ask_ours(our_url, version, "Ada")
    assert stream[0].HasField("task")
    assert texts_in(stream) == ["Hello ", "Ada", "!", ""]
    assert stream[-1].status_update.status.state == pb.TASK_STATE_COMPLETED
    assert task.status.state == pb.TASK_STATE_COMPLETED
    assert "".join(part.text for part in task.artifacts[0].parts) == "Hello Ada!"


@pytest.mark.parametrize("version", VERSIONS)
def test_their_client_reads_everything_an_agent_can_say(our_url, version):
    (stream,), task = ask_ours(our_url, version, "mixed")
    progress = [each.status_update for each in stream if each.status_update.metadata]
    assert [(each.metadata["progress"], each.status.message.parts[0].text) for each in progress] == [(50, "half way")]
    data, file, text = (artifact.parts[0] for artifact in task.artifacts)
    assert dict(data.data.struct_value) == {"rows": [1, 2, 3]}
    assert file.raw == b"\x00\xff"
    assert text.text == "é\u2028"


@pytest.mark.parametrize("version", VERSIONS)
def test_their_client_sees_a_failure(our_url, version):
    (stream,), task = ask_ours(our_url, version, "fail")
    assert stream[-1].status_update.status.state == pb.TASK_STATE_FAILED
    assert "its log has the reason" in task.status.message.parts[0].text


@pytest.mark.parametrize("version", VERSIONS)
def test_their_client_follows_up(our_url, version):
    (first, second), task = ask_ours(our_url, version, "ask", "May")
    assert first[-1].status_update.status.state == pb.TASK_STATE_INPUT_REQUIRED
    assert second[0].HasField("task")
    assert texts_in(second) == ["Hello ", "May", "!", ""]
    assert [message.parts[0].text for message in task.history if message.role == pb.ROLE_USER] == [
        "ask",
        "May",
    ]


# Our clients, their server ------------------------------------------------------------------------------------------


class Executor(AgentExecutor):
    """Answers as the message asks: in artifact chunks, in statuses, or in a Message without a task."""

    async def execute(self, context, event_queue):
        text = context.get_user_input()
        if text == "message":
            await event_queue.enqueue_event(new_text_message("Hello from one message"))
            return
        task = context.current_task or new_task_from_user_message(context.message)
        await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, task.id, task.context_id)
        await updater.start_work()
        match text:
            case "artifacts":
                for number, word in enumerate(("Hello ", "from ", "artifacts")):
                    await updater.add_artifact(
                        [pb.Part(text=word)], artifact_id="a", append=number > 0, last_chunk=number == 2
                    )
                await updater.complete()
            case "statuses":
                for word in ("Hello ", "from "):
                    await updater.start_work(updater.new_agent_message([pb.Part(text=word)]))
                await updater.complete(updater.new_agent_message([pb.Part(text="statuses")]))
            case "fail":
                await updater.failed(updater.new_agent_message([pb.Part(text="no such luck")]))
            case "wait":
                await updater.add_artifact([pb.Part(text="waiting")], artifact_id="a")
                await asyncio.Event().wait()

    async def cancel(self, context, event_queue):
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


def their_app(url):
    card = pb.AgentCard(
        name="theirs",
        description="an agent of the official SDK",
        version="1",
        capabilities=pb.AgentCapabilities(streaming=True),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[pb.AgentSkill(id="s", name="s", description="s", tags=["s"])],
        supported_interfaces=[
            pb.AgentInterface(url=url, protocol_binding="JSONRPC", protocol_version=version) for version in VERSIONS
        ],
    )
    handler = DefaultRequestHandler(agent_executor=Executor(), task_store=InMemoryTaskStore(), agent_card=card)
    routes = [*create_agent_card_routes(card), *create_jsonrpc_routes(handler, "/", enable_v0_3_compat=True)]
    return Starlette(routes=routes)


@pytest.fixture(scope="module")
def their_url():
    with serving(their_app) as url:
        yield url


@pytest.fixture(params=["blocking", "asyncio", "trio"])
def stream_from(request):
    def blocking(url, text, version):
        with Client(url, version=version) as client:
            return list(client.stream(text))

    async def on_a_loop(url, text, version):
        async with AsyncClient(url, version=version) as client:
            return [event async for event in client.stream(text)]

    if request.param == "blocking":
        return blocking
    return lambda *args: anyio.run(on_a_loop, *args, backend=request.param)


@pytest.mark.parametrize("version", [None, *VERSIONS])
@pytest.mark.parametrize("text", ["artifacts", "statuses"])
def test_our_clients_stream_from_their_server(their_url, stream_from, text, version):
    events = stream_from(their_url, text, version)
    assert "".join(event.text for event in events) == f"Hello from {text}"
    assert events[-1].state is TaskState.COMPLETED
    assert [event.done for event in events] == [False] * (len(events) - 1) + [True]


@pytest.mark.parametrize("version", VERSIONS)
def test_our_clients_read_a_message_without_a_task(their_url, stream_from, version):
    events = stream_from(their_url, "message", version)
    assert "".join(event.text for event in events) == "Hello from one message"
    assert [event.error for event in events if event.error] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_our_client_does_everything_else_with_their_server(their_url, version):
    with Client(their_url, version=version) as client:
        assert client.card().name == "theirs"
        for text in ("artifacts", "statuses", "message"):
            said = client.text(text)
            assert said in (f"Hello from {text}", "Hello from one message")
        assert client.send("artifacts").text == "Hello from artifacts"
        with pytest.raises(AgentError, match="no such luck"):
            client.text("fail")
        with client.stream("wait") as stream:
            while not next(stream).text:
                pass
            task_id = stream.task_id
            assert client.get(task_id).state is TaskState.WORKING
            with client.resume(task_id) as resumed:
                assert next(resumed).kind == "task"
                assert client.cancel(task_id).state is TaskState.CANCELED
                assert [event.state for event in resumed][-1] is TaskState.CANCELED
            assert [event.state for event in stream][-1] is TaskState.CANCELED
