"""A server made with the official SDK of A2A (a2a-sdk 1.3.0); it says as many words as it is asked for: `5000 0`."""

import asyncio
import time

from a2a.helpers import new_task_from_user_message
from a2a.server.agent_execution import AgentExecutor
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import a2a_pb2 as pb
from listening import serve
from starlette.applications import Starlette


class Words(AgentExecutor):
    """The agent of `words.py`."""

    async def execute(self, context, event_queue):
        """Say the words."""
        task = new_task_from_user_message(context.message)
        await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, task.id, task.context_id)
        await updater.start_work()
        count, pause = context.get_user_input().split()
        pause = float(pause)
        begun = time.monotonic()
        for number in range(1, int(count) + 1):
            if pause:
                await asyncio.sleep(begun + number * pause - time.monotonic())
            word = f"@{time.time():.6f} and a few words more" if pause else f"chunk number {number} of the answer "
            await updater.add_artifact([pb.Part(text=word)], artifact_id="words", append=number > 1)
        await updater.complete()

    async def cancel(self, context, event_queue):
        """Nobody asks for it here."""


def app(url):
    interface = pb.AgentInterface(url=url, protocol_binding="JSONRPC", protocol_version="1.0")
    card = pb.AgentCard(
        name="words",
        version="1",
        description="words",
        capabilities=pb.AgentCapabilities(streaming=True),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[pb.AgentSkill(id="words", name="words", description="words", tags=["words"])],
        supported_interfaces=[interface],
    )
    handler = DefaultRequestHandler(agent_executor=Words(), task_store=InMemoryTaskStore(), agent_card=card)
    return Starlette(routes=create_jsonrpc_routes(handler, "/"))


serve(app)
