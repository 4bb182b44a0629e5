"""a2a-sdk 1.3.0, which is among the packages of the tests: a server made with it, and its client."""

import asyncio
from contextlib import asynccontextmanager

import httpx
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.helpers import new_task_from_user_message, new_text_message
from a2a.server.agent_execution import AgentExecutor
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes, create_rest_routes
from a2a.server.tasks import (
    BasePushNotificationSender,
    InMemoryPushNotificationConfigStore,
    InMemoryTaskStore,
    TaskUpdater,
)
from a2a.types import a2a_pb2 as pb
from google.protobuf.json_format import ParseDict
from starlette.applications import Starlette

WAYS = {"1.0": ("JSONRPC", "1.0"), "0.3": ("JSONRPC", "0.3"), "REST": ("HTTP+JSON", "1.0")}
"""The bindings and versions that both sides speak."""

EXTENSION = "https://example.com/extensions/politeness"


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
            case "parts":
                data = ParseDict({"data": {"rows": [1, 2, 3]}}, pb.Part())
                file = pb.Part(raw=b"\x00\xff", media_type="image/png", filename="dot")
                await updater.add_artifact([data, file, pb.Part(text="é\u2028")], artifact_id="a")
                await updater.complete()
            case "fail":
                await updater.failed(updater.new_agent_message([pb.Part(text="no such luck")]))
            case "ask":
                await updater.requires_input(updater.new_agent_message([pb.Part(text="Which month?")]))
            case "extensions":
                asked = ",".join(sorted(context.requested_extensions))
                await updater.complete(updater.new_agent_message([pb.Part(text=asked)]))
            case "tenant":
                await updater.complete(updater.new_agent_message([pb.Part(text=context.tenant)]))
            case "wait":
                await updater.add_artifact([pb.Part(text="waiting")], artifact_id="a")
                await asyncio.Event().wait()
            case said:
                await updater.complete(updater.new_agent_message([pb.Part(text=f"So it is {said}")]))

    async def cancel(self, context, event_queue):
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


def their_card(url, tenant=""):
    return pb.AgentCard(
        name="theirs",
        description="an agent of the official SDK",
        version="1",
        capabilities=pb.AgentCapabilities(
            streaming=True,
            push_notifications=True,
            extended_agent_card=True,
            extensions=[pb.AgentExtension(uri=EXTENSION)],
        ),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[pb.AgentSkill(id="s", name="s", description="s", tags=["s"])],
        supported_interfaces=[
            pb.AgentInterface(url=url, protocol_binding=binding, protocol_version=version, tenant=tenant)
            for binding, version in WAYS.values()
        ],
    )


def their_app(url, tenant=""):
    """A server of theirs that does all that theirs can; its card gives the tenant."""
    card, extended = their_card(url, tenant), their_card(url, tenant)
    extended.name = "theirs, to friends"
    configs, http = InMemoryPushNotificationConfigStore(), httpx.AsyncClient()

    @asynccontextmanager
    async def lifespan(app):
        async with http:
            yield

    handler = DefaultRequestHandler(
        agent_executor=Executor(),
        task_store=InMemoryTaskStore(),
        agent_card=card,
        push_config_store=configs,
        push_sender=BasePushNotificationSender(http, configs),
        extended_agent_card=extended,
    )
    return Starlette(
        routes=[
            *create_agent_card_routes(card),
            *create_jsonrpc_routes(handler, "/", enable_v0_3_compat=True),
            *create_rest_routes(handler),
        ],
        lifespan=lifespan,
    )


def their_client(url, way, converse, *, tenant="", **config):
    """What `converse(client, card)` returns, with a client of theirs that goes this way, as if the card said so."""
    binding, version = WAYS[way]

    async def run():
        async with httpx.AsyncClient(verify=False) as http:  # to load the authorities takes longer than the call
            card = await A2ACardResolver(httpx_client=http, base_url=url).get_agent_card()
        chosen = [
            each
            for each in card.supported_interfaces
            if each.protocol_binding == binding and each.protocol_version.startswith(version)
        ]
        assert chosen, f"the card offers {card.supported_interfaces}"
        for each in chosen:
            each.tenant = tenant
        del card.supported_interfaces[:]
        card.supported_interfaces.extend(chosen)
        client = ClientFactory(ClientConfig(supported_protocol_bindings=[binding], **config)).create(card)
        try:
            return await converse(client, card)
        finally:
            await client.close()

    return asyncio.run(run())


def user_said(text, number=0, **more):
    return pb.Message(message_id=f"m{number}", role=pb.ROLE_USER, parts=[pb.Part(text=text)], **more)


def asking(text, number=0, **more):
    return pb.SendMessageRequest(message=user_said(text, number, **more))
