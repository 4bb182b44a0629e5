"""The official Python SDK (a2a-sdk 1.3.0) and what does not stream: lists, pushes, extended cards, extensions."""

import json
from functools import partial
from queue import Queue

import pytest

pytest.importorskip("a2a", reason="a2a-sdk is not installed (extra: test)")
pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra: http)")

from a2a.client.client import ClientCallContext
from a2a.client.service_parameters import ServiceParametersFactory, with_a2a_extensions
from a2a.compat.v0_3 import conversions, types
from a2a.types import a2a_pb2 as pb
from a2a.utils.errors import (
    A2AError,
    InvalidParamsError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)
from google.protobuf.json_format import ParseDict

from hocket.a2a import (
    V1_0,
    AgentCard,
    AgentExtension,
    AuthenticationInfo,
    PushRules,
    SendMessageConfiguration,
    TaskPushNotificationConfig,
    TaskState,
    fold,
)
from hocket.codec import loads
from hocket.errors import RpcError
from hocket_io import Client
from hocket_io.http.asgi import App
from hocket_io.push import PushOptions
from support.a2a_sdk import EXTENSION, WAYS, asking, their_app, their_client
from support.interop import interop_agent
from support.serving import serving
from support.web import web

pytestmark = pytest.mark.process

LISTING = [way for way, (_, version) in WAYS.items() if version != "0.3"]  # 0.3 has no list of tasks


# Their client, our server -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def our_url():
    agent = interop_agent(
        push_notifications=True,
        extensions=(AgentExtension(uri=EXTENSION),),
        extended_card=AgentCard(name="ours, to friends", description="more of it", version="1"),
    )
    near = PushOptions(rules=PushRules(private=True))
    with serving(lambda url: App(agent, push=near)) as url:
        yield url


async def task_of(client, text):
    """The Task as it is when the stream that made it ends."""
    events = [each async for each in client.send_message(asking(text))]
    return await client.get_task(pb.GetTaskRequest(id=events[0].task.id))


@pytest.mark.parametrize("way", LISTING)
def test_their_client_lists_our_tasks_page_by_page(our_url, way):
    async def converse(client, card):
        tasks = [await task_of(client, text) for text in ("Ada", "Bob", "Eve")]
        context = tasks[0].context_id
        listed, token = [], ""
        while True:
            page = await client.list_tasks(pb.ListTasksRequest(page_size=2, page_token=token, include_artifacts=True))
            assert len(page.tasks) <= 2
            listed += page.tasks
            token = page.next_page_token
            if not token:
                break
        found = await client.list_tasks(pb.ListTasksRequest(context_id=context))
        return tasks, listed, page.total_size, found

    tasks, listed, total, found = their_client(our_url, way, converse)
    assert total == len(listed)
    by_id = {task.id: task for task in listed}
    assert len(by_id) == len(listed)
    assert [by_id[task.id] for task in tasks] == tasks
    assert [task.id for task in found.tasks] == [tasks[0].id]
    assert not found.tasks[0].artifacts


@pytest.mark.parametrize("way", WAYS)
def test_their_client_sets_reads_and_deletes_where_to_push(our_url, way):
    async def converse(client, card):
        assert card.capabilities.push_notifications
        task = await task_of(client, "ask")
        config = pb.TaskPushNotificationConfig(
            task_id=task.id,
            id="cfg",
            url="https://example.com/hook",
            token="tok",
            authentication=pb.AuthenticationInfo(scheme="Bearer", credentials="c"),
        )
        made = await client.create_task_push_notification_config(config)
        name = {"task_id": task.id, "id": "cfg"}
        kept = await client.get_task_push_notification_config(pb.GetTaskPushNotificationConfigRequest(**name))
        asked = pb.ListTaskPushNotificationConfigsRequest(task_id=task.id)
        before = await client.list_task_push_notification_configs(asked)
        await client.delete_task_push_notification_config(pb.DeleteTaskPushNotificationConfigRequest(**name))
        after = await client.list_task_push_notification_configs(asked)
        return made, kept, before.configs, after.configs

    made, kept, before, after = their_client(our_url, way, converse)
    assert (made.url, made.token, made.authentication.credentials) == ("https://example.com/hook", "tok", "c")
    assert kept == made
    assert [config.id for config in before] == ["cfg"]
    assert not after


@pytest.mark.parametrize("way", WAYS)
def test_their_client_reads_what_our_server_pushes(our_url, way):
    posted = Queue()

    def take(request):
        posted.put((request.headers, json.loads(request.body)))
        request.reply(200, b"")

    async def converse(client, card):
        wanted = asking("Ada")
        config = wanted.configuration.task_push_notification_config
        config.url, config.token = hook, "tok"
        config.authentication.scheme, config.authentication.credentials = "Bearer", "c"
        return [each async for each in client.send_message(wanted)]

    with web(take) as (hook, _):
        streamed = their_client(our_url, way, converse)
        pushed = []
        while not pushed or pushed[-1] != streamed[-1]:
            headers, body = posted.get(timeout=20)
            assert headers["X-A2A-Notification-Token"] == "tok"
            assert headers["Authorization"] == "Bearer c"
            if way == "0.3":  # the whole Task, when its status has changed
                task = conversions.to_core_task(types.Task.model_validate(body))
                update = pb.TaskStatusUpdateEvent(task_id=task.id, context_id=task.context_id, status=task.status)
                pushed.append(pb.StreamResponse(status_update=update))
            else:
                pushed.append(ParseDict(body, pb.StreamResponse()))
    if way != "0.3":
        assert pushed == streamed


@pytest.mark.parametrize("way", WAYS)
def test_their_client_gets_our_extended_card(our_url, way):
    async def converse(client, card):
        return await client.get_extended_agent_card(pb.GetExtendedAgentCardRequest())

    assert their_client(our_url, way, converse).name == "ours, to friends"


@pytest.mark.parametrize("way", WAYS)
def test_their_client_activates_an_extension(our_url, way):
    wanted = ServiceParametersFactory.create([with_a2a_extensions([EXTENSION, "https://example.com/unknown"])])

    async def converse(client, card):
        context = ClientCallContext(service_parameters=wanted)
        events = [each async for each in client.send_message(asking("extensions"), context=context)]
        return [part.text for each in events for part in each.artifact_update.artifact.parts]

    assert "".join(their_client(our_url, way, converse)) == EXTENSION


@pytest.mark.parametrize("way", LISTING)
def test_their_client_keeps_tenants_apart(our_url, way):
    async def begin(client, card):
        return await task_of(client, "Ada")

    async def look(client, card):
        try:
            found = await client.get_task(pb.GetTaskRequest(id=task.id))
        except TaskNotFoundError:
            found = None
        return found, [each.id for each in (await client.list_tasks(pb.ListTasksRequest(page_size=100))).tasks]

    task = their_client(our_url, way, begin, tenant="acme")
    found, listed = their_client(our_url, way, look, tenant="acme")
    assert found == task
    assert task.id in listed
    for other in ("", "another"):
        found, listed = their_client(our_url, way, look, tenant=other)
        assert found is None
        assert task.id not in listed


UNKNOWN = "nobody-knows"
WRONG = {
    "get unknown": (lambda client, done: client.get_task(pb.GetTaskRequest(id=UNKNOWN)), TaskNotFoundError),
    "get a negative history": (
        lambda client, done: client.get_task(pb.GetTaskRequest(id=done, history_length=-1)),
        InvalidParamsError,
    ),
    "cancel unknown": (lambda client, done: client.cancel_task(pb.CancelTaskRequest(id=UNKNOWN)), TaskNotFoundError),
    "cancel what is over": (
        lambda client, done: client.cancel_task(pb.CancelTaskRequest(id=done)),
        TaskNotCancelableError,
    ),
    "subscribe to unknown": (
        lambda client, done: anext(client.subscribe(pb.SubscribeToTaskRequest(id=UNKNOWN))),
        TaskNotFoundError,
    ),
    "message to unknown": (
        lambda client, done: anext(client.send_message(asking("more", 1, task_id=UNKNOWN))),
        TaskNotFoundError,
    ),
    "message to what is over": (
        lambda client, done: anext(client.send_message(asking("more", 1, task_id=done))),
        UnsupportedOperationError,
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_their_client_is_told_what_is_wrong(our_url, way):
    async def converse(client, card):
        done = await task_of(client, "Ada")
        caught = {}
        for did, (call, _) in WRONG.items():
            try:
                await call(client, done.id)
            except A2AError as error:
                caught[did] = type(error)
        return caught

    assert their_client(our_url, way, converse) == {did: error for did, (_, error) in WRONG.items()}


# Our client, their server -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def their_url():
    with serving(their_app) as url:
        yield url


@pytest.fixture(params=WAYS)
def client(request, their_url):
    binding, version = WAYS[request.param]
    with Client(their_url, binding=binding, version=version, extensions=(EXTENSION,)) as client:
        yield client


@pytest.mark.parametrize("client", LISTING, indirect=True)
def test_our_client_lists_their_tasks_page_by_page(client):
    made = [client.send("artifacts") for _ in range(3)]
    page = client.list_tasks(page_size=2)
    assert len(page.tasks) == 2
    assert page.next_page_token
    rest = client.list_tasks(page_size=100, page_token=page.next_page_token)
    listed = [task.id for task in (*page.tasks, *rest.tasks)]
    assert len(listed) == len(set(listed)) == page.total_size
    assert {task.id for task in made} <= set(listed)
    assert [task.id for task in client.tasks()] == listed
    (found,) = client.tasks(context_id=made[0].context_id)
    assert (found.id, found.state) == (made[0].id, TaskState.COMPLETED)


def test_our_client_sets_reads_and_deletes_where_to_push(client):
    task = client.send("ask")
    made = client.set_push(
        task.id,
        "https://example.com/hook",
        id="cfg",
        token="tok",
        authentication=AuthenticationInfo(scheme="Bearer", credentials="c"),
    )
    assert (made.id, made.url, made.token, made.authentication.credentials) == (
        "cfg",
        "https://example.com/hook",
        "tok",
        "c",
    )
    assert client.get_push(task.id, "cfg").url == made.url
    assert [config.id for config in client.list_push(task.id).configs] == ["cfg"]
    client.delete_push(task.id, "cfg")
    assert client.list_push(task.id).configs == ()


def test_our_client_reads_what_their_server_pushes(client):
    """What they push is that of 1.0, whichever version the configuration was set in."""
    posted = Queue()

    def take(request):
        posted.put(V1_0.read_item(loads(request.body)))
        request.reply(200, b"")

    with web(take) as (hook, _):
        config = TaskPushNotificationConfig(url=hook)
        configuration = SendMessageConfiguration(task_push_notification_config=config)
        done = client.send("artifacts", configuration=configuration)
        pushed = []
        while not pushed or fold(pushed).state is not TaskState.COMPLETED:
            pushed.append(posted.get(timeout=20))
    whole = fold(pushed)
    assert (whole.id, whole.artifacts) == (done.id, done.artifacts)


def test_our_client_gets_their_extended_card(client):
    assert client.extended_card().name == "theirs, to friends"


def test_our_client_asks_for_an_extension(client):
    assert client.text("extensions") == EXTENSION


@pytest.mark.parametrize("way", LISTING)
def test_our_client_repeats_the_tenant_of_their_card(way):
    binding, version = WAYS[way]
    with serving(partial(their_app, tenant="acme")) as url, Client(url, binding=binding, version=version) as client:
        assert client.text("tenant") == "acme"


def test_our_client_is_told_what_is_wrong(client):
    for call in (client.get, client.cancel):
        with pytest.raises(RpcError) as caught:
            call("nobody-knows")
        assert caught.value.code == -32001
