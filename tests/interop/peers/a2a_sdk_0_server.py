"""A server made with a2a-sdk 0.x (0.2.16 and 0.3.26 alike): `a2a_sdk_0_server.py`. It answers as the message asks."""

import asyncio

import httpx
from a2a.server.agent_execution import AgentExecutor
from a2a.server.apps import A2AStarletteApplication
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.tasks import (
    BasePushNotificationSender,
    InMemoryPushNotificationConfigStore,
    InMemoryTaskStore,
    TaskUpdater,
)
from a2a.types import (
    AgentCapabilities,
    AgentCard,
    AgentSkill,
    DataPart,
    FilePart,
    FileWithBytes,
    Part,
    TextPart,
)
from a2a.utils import new_agent_text_message, new_task
from telling import serve


def text(words):
    return [Part(root=TextPart(text=words))]


class Executor(AgentExecutor):
    async def execute(self, context, event_queue):
        asked = context.get_user_input()
        if asked == "message":
            await event_queue.enqueue_event(new_agent_text_message("Hello from one message"))
            return
        task = context.current_task or new_task(context.message)
        if context.current_task is None:
            await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, task.id, task.context_id)
        await updater.start_work()
        match asked:
            case "artifacts":
                for number, word in enumerate(("Hello ", "from ", "artifacts")):
                    await updater.add_artifact(text(word), artifact_id="a", append=number > 0, last_chunk=number == 2)
                await updater.complete()
            case "statuses":
                for word in ("Hello ", "from "):
                    await updater.start_work(updater.new_agent_message(text(word)))
                await updater.complete(updater.new_agent_message(text("statuses")))
            case "parts":
                data = Part(root=DataPart(data={"rows": [1, 2, 3]}))
                file = Part(root=FilePart(file=FileWithBytes(bytes="AP8=", mime_type="image/png", name="dot")))
                await updater.add_artifact([data, file, *text("é\u2028")], artifact_id="a", name="three parts")
                await updater.complete()
            case "fail":
                await updater.failed(updater.new_agent_message(text("no such luck")))
            case "raise":
                raise ValueError("an executor that breaks")
            case "ask":
                await updater.requires_input(updater.new_agent_message(text("Which month?")))
            case "go on":
                while True:
                    await updater.add_artifact(text("and on "), artifact_id="a")
                    await asyncio.sleep(0.05)
            case "wait for a second reader":
                await updater.add_artifact(text("before "), artifact_id="a")
                while not event_queue._children:  # there is no other way to know that somebody has subscribed
                    await asyncio.sleep(0.01)
                await updater.add_artifact(text("after"), artifact_id="a", append=True, last_chunk=True)
                await updater.complete()
            case said:
                await updater.add_artifact(text(f"So it is {said}"), artifact_id="a")
                await updater.complete()

    async def cancel(self, context, event_queue):
        await TaskUpdater(event_queue, context.task_id, context.context_id).update_status("canceled", final=True)


def app(url):
    card = AgentCard(
        name="theirs",
        description="an agent of the official SDK",
        url=url,
        version="1",
        capabilities=AgentCapabilities(streaming=True, push_notifications=True),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[AgentSkill(id="s", name="s", description="s", tags=["s"])],
        supports_authenticated_extended_card=True,
    )
    configs = InMemoryPushNotificationConfigStore()
    return A2AStarletteApplication(
        agent_card=card,
        http_handler=DefaultRequestHandler(
            agent_executor=Executor(),
            task_store=InMemoryTaskStore(),
            push_config_store=configs,
            push_sender=BasePushNotificationSender(httpx.AsyncClient(), configs),
        ),
        extended_agent_card=card.model_copy(update={"name": "theirs, to friends"}),
    ).build()


serve(app)
