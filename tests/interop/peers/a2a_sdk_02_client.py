"""A session of a2a-sdk 0.2's own client with a server: `a2a_sdk_02_client.py URL`."""

import asyncio
import sys
import uuid

import httpx
from a2a.client import A2ACardResolver, A2AClient, A2AClientHTTPError
from a2a.types import (
    CancelTaskRequest,
    GetTaskPushNotificationConfigParams,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    Message,
    MessageSendConfiguration,
    MessageSendParams,
    Part,
    PushNotificationAuthenticationInfo,
    PushNotificationConfig,
    Role,
    SendMessageRequest,
    SendStreamingMessageRequest,
    SetTaskPushNotificationConfigRequest,
    TaskIdParams,
    TaskPushNotificationConfig,
    TaskQueryParams,
    TextPart,
)
from a2a.utils import EXTENDED_AGENT_CARD_PATH
from telling import tell


def said(text, task_id=None, **configuration):
    message = Message(
        role=Role.user, parts=[Part(root=TextPart(text=text))], message_id=uuid.uuid4().hex, task_id=task_id
    )
    return MessageSendParams(
        message=message, configuration=MessageSendConfiguration(accepted_output_modes=["text/plain"], **configuration)
    )


def asking(request, params):
    return request(id=uuid.uuid4().hex, params=params)


def plain(model):
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


async def answer(did, call):
    """Tell the result of a call, or its error; give the result."""
    response = plain(await call)
    if "error" in response:
        tell(did, **response["error"])
        return None
    tell(did, result=response["result"])
    return response["result"]


async def stream(did, client, params):
    """Tell the results of a stream, or the error that came in it; give the last result."""
    heard = []
    try:
        async for response in client.send_message_streaming(asking(SendStreamingMessageRequest, params)):
            event = plain(response)
            if "error" in event:
                tell(did, **event["error"])
                return None
            heard.append(event["result"])
    except A2AClientHTTPError as error:
        tell(did, broken=error.message)
        return None
    tell(did, result=heard)
    return heard[-1]


async def main(url):
    async with httpx.AsyncClient(timeout=10) as http:
        resolver = A2ACardResolver(http, url)
        card = await resolver.get_agent_card()
        tell("card", result=plain(card))
        client = A2AClient(http, card)
        await talk(client)
        try:
            extended = await resolver.get_agent_card(EXTENDED_AGENT_CARD_PATH)
            tell("extended card", result=plain(extended))
        except A2AClientHTTPError as error:
            tell("extended card", status=error.status_code)


async def talk(client):
    for text in ("Ada", "mixed", "fail", "ask"):
        last = await stream(f"stream {text}", client, said(text))
    task_id = last["taskId"]
    await stream("follow-up", client, said("May", task_id))
    asked = await stream("stream turn", client, said("turn"))
    await stream("answer", client, said("May", asked["taskId"]))
    await answer("get", client.get_task(asking(GetTaskRequest, TaskQueryParams(id=task_id, history_length=1))))
    await answer("get unknown", client.get_task(asking(GetTaskRequest, TaskQueryParams(id="nobody-knows"))))
    await answer("cancel completed", client.cancel_task(asking(CancelTaskRequest, TaskIdParams(id=task_id))))
    await stream("message to completed", client, said("more", task_id))
    await stream("message to unknown", client, said("more", "nobody-knows"))
    await answer("send", client.send_message(asking(SendMessageRequest, said("Ada", blocking=True))))
    hurried = said("wait nobody", blocking=False)
    await answer("send without waiting", client.send_message(asking(SendMessageRequest, hurried)))
    await cancel(client)
    task = await answer("send to be pushed", client.send_message(asking(SendMessageRequest, said("ask"))))
    await push(client, task["id"])


async def cancel(client):
    heard = []
    request = asking(SendStreamingMessageRequest, said("wait for-ever"))
    async for response in client.send_message_streaming(request):
        heard.append(plain(response)["result"])
        if heard[-1]["kind"] == "artifact-update":
            wanted = TaskIdParams(id=heard[-1]["taskId"])
            await answer("cancel", client.cancel_task(asking(CancelTaskRequest, wanted)))
    tell("stream canceled", result=heard)


async def push(client, task_id):
    config = PushNotificationConfig(
        id="cfg",
        url="https://example.com/hook",
        token="tok",
        authentication=PushNotificationAuthenticationInfo(schemes=["Bearer"], credentials="c"),
    )
    wanted = TaskPushNotificationConfig(task_id=task_id, push_notification_config=config)
    await answer("set push", client.set_task_callback(asking(SetTaskPushNotificationConfigRequest, wanted)))
    asked = GetTaskPushNotificationConfigParams(id=task_id, push_notification_config_id="cfg")
    await answer("get push", client.get_task_callback(asking(GetTaskPushNotificationConfigRequest, asked)))


asyncio.run(main(*sys.argv[1:]))
