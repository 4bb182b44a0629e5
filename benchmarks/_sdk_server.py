"""A server made with the official SDK of A2A (a2a-sdk 1.3.0) that says as many words as it is asked for."""

import asyncio
import socket
import time

import uvicorn
from a2a.helpers import new_task_from_user_message
from a2a.server.agent_execution import AgentExecutor
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import a2a_pb2 as pb
from starlette.applications import Starlette


class Words(AgentExecutor):
    """The agent of `serving.py`."""

    async def execute(self, context, event_queue):
        """Say the words."""
        task = new_task_from_user_message(context.message)
        await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, task.id, task.context_id)
        await updater.start_work()
        count, pause = context.get_user_input().split()
        for number in range(int(count)):
            if float(pause):
                await asyncio.sleep(float(pause))
            word = f"@{time.time():.6f} "
            await updater.add_artifact([pb.Part(text=word)], artifact_id="words", append=number > 0)
        await updater.complete()

    async def cancel(self, context, event_queue):
        """Nobody asks for it here."""


def main() -> None:
    card = pb.AgentCard(
        name="words",
        version="1",
        description="words",
        capabilities=pb.AgentCapabilities(streaming=True),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[pb.AgentSkill(id="words", name="words", description="words", tags=["words"])],
        supported_interfaces=[
            pb.AgentInterface(url="http://127.0.0.1/", protocol_binding="JSONRPC", protocol_version="1.0")
        ],
    )
    handler = DefaultRequestHandler(agent_executor=Words(), task_store=InMemoryTaskStore(), agent_card=card)
    app = Starlette(routes=create_jsonrpc_routes(handler, "/"))
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        print("http://{}:{}/".format(*listening.getsockname()), flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run([listening])


if __name__ == "__main__":
    main()
