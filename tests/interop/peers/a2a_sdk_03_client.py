"""A session of a2a-sdk 0.3's own client with a server: `a2a_sdk_03_client.py URL`."""

import asyncio
import sys
import uuid

import httpx
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.client.errors import A2AClientHTTPError, A2AClientJSONRPCError
from a2a.types import (
    GetTaskPushNotificationConfigParams,
    Message,
    MessageSendConfiguration,
    Part,
    PushNotificationAuthenticationInfo,
    PushNotificationConfig,
    Role,
    Task,
    TaskIdParams,
    TaskPushNotificationConfig,
    TaskQueryParams,
    TextPart,
)
from telling import tell


def said(text, task_id=None):
    parts = [Part(root=TextPart(text=text))]
    return Message(role=Role.user, parts=parts, message_id=uuid.uuid4().hex, task_id=task_id)


def plain(model):
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def news(event):
    """What came with an event of theirs: the update, or the Task where it is no update."""
    if isinstance(event, Message):
        return event
    task, update = event
    return task if update is None else update


async def attempt(did, call):
    try:
        tell(did, result=plain(await call))
    except A2AClientJSONRPCError as error:
        tell(did, code=error.error.code, message=error.error.message)
    except A2AClientHTTPError as error:
        tell(did, broken=error.message)


async def first(stream):
    return news(await anext(stream))


async def main(url):
    async with httpx.AsyncClient(timeout=10) as http:
        card = await A2ACardResolver(http, url).get_agent_card()
        tell("card", result=plain(card))
        client = ClientFactory(ClientConfig(httpx_client=http)).create(card)
        await talk(client)
        polling = ClientFactory(ClientConfig(httpx_client=http, streaming=False)).create(card)
        await attempt("send", last_task(polling, said("Ada")))
        hurried = MessageSendConfiguration(blocking=False)
        await attempt("send without waiting", last_task(polling, said("wait nobody"), hurried))
        await attempt("extended card", client.get_card())


async def last_task(client, message, configuration=None):
    async for event in client.send_message(message, configuration=configuration):
        task, _ = event
    return task


async def talk(client):
    for text in ("Ada", "mixed", "fail", "ask"):
        task = await stream(f"stream {text}", client, said(text))
    task_id = task.id
    await stream("follow-up", client, said("May", task_id))
    asked = await stream("stream turn", client, said("turn"))
    await stream("answer", client, said("May", asked.id))
    await attempt("get", client.get_task(TaskQueryParams(id=task_id, history_length=1)))
    await attempt("get unknown", client.get_task(TaskQueryParams(id="nobody-knows")))
    await attempt("cancel completed", client.cancel_task(TaskIdParams(id=task_id)))
    await attempt("message to completed", first(client.send_message(said("more", task_id))))
    await attempt("message to unknown", first(client.send_message(said("more", "nobody-knows"))))
    await attempt("resubscribe unknown", first(client.resubscribe(TaskIdParams(id="nobody-knows"))))
    await cancel(client)
    await resubscribe(client)
    await push(client)


async def stream(did, client, message):
    """Tell the events as they come (they change later), and the Task that the client makes of them; give that Task."""
    heard = []
    async for event in client.send_message(message):
        heard.append(plain(news(event)))
        task, _ = event
    tell(did, result=heard, task=plain(task))
    return task


async def cancel(client):
    heard = []
    async for event in client.send_message(said("wait for-ever")):
        heard.append(plain(news(event)))
        if heard[-1]["kind"] == "artifact-update":
            await attempt("cancel", client.cancel_task(TaskIdParams(id=event[0].id)))
    tell("stream canceled", result=heard)


async def resubscribe(client):
    stream = client.send_message(said("wait resubscribe"))
    async for event in stream:
        if news(event).kind == "artifact-update":
            break
    resumed = client.resubscribe(TaskIdParams(id=event[0].id))
    heard = []
    async for event in resumed:
        heard.append(plain(news(event)))
        if len(heard) == 1:
            await last_task(client, said("open resubscribe"))
    tell("resubscribe", result=heard)
    tell("both streams", result=[plain(news(event)) async for event in stream])


async def push(client):
    task = await last_task(client, said("ask"))
    assert isinstance(task, Task)
    config = PushNotificationConfig(
        id="cfg",
        url="https://example.com/hook",
        token="tok",
        authentication=PushNotificationAuthenticationInfo(schemes=["Bearer"], credentials="c"),
    )
    wanted = TaskPushNotificationConfig(task_id=task.id, push_notification_config=config)
    await attempt("set push", client.set_task_callback(wanted))
    asked = GetTaskPushNotificationConfigParams(id=task.id, push_notification_config_id="cfg")
    await attempt("get push", client.get_task_callback(asked))


asyncio.run(main(*sys.argv[1:]))
