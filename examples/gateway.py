"""Two agents behind one gateway, as a page sees them: a task of each at the same time, and bars that fill."""

import asyncio
import json
import socket

import httpx2
import uvicorn
from calendar_search import agent as calendar
from writer import agent as writer

from hocket_io.http.asgi import App

QUESTIONS = {"calendar": "An hour for the team", "writer": "A canon"}


async def follow(url: str) -> None:
    """Start a task at each agent, and show how far they are until both are done."""
    async with httpx2.AsyncClient(base_url=url, timeout=10) as page:
        names = {}
        for agent, text in QUESTIONS.items():
            created = await page.post("/tasks", json={"agent": agent, "text": text})
            names[created.json()["task_id"]] = agent
        tasks = [("task_id", task_id) for task_id in names]
        async with page.stream("GET", "/tasks/stream", params=tasks) as events:
            async for line in events.aiter_lines():
                if line.startswith("data: "):
                    task = json.loads(line.removeprefix("data: "))
                    said = task.get("result") or task.get("message") or ""
                    print(f"{names[task['task_id']]:<8} {task['progress']:3} % {task['status']:<9} {said}".rstrip())


async def main() -> None:
    """Serve both, and be the page."""
    server = uvicorn.Server(uvicorn.Config(App([calendar, writer], cors_origins=["*"]), log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve([listening]))
            await follow("http://{}:{}".format(*listening.getsockname()))
            server.should_exit = True


if __name__ == "__main__":
    asyncio.run(main())
