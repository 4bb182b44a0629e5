"""A server made with fasta2a 2.1.1; it says as many words as it is asked for: `5000 0`."""

import asyncio
import time
from contextlib import asynccontextmanager

import anyio
from fasta2a import FastA2A, Worker
from fasta2a.broker import InMemoryBroker
from fasta2a.storage import InMemoryStorage
from listening import serve


class Words(Worker):
    """The agent of `words.py`. A worker does one task at a time: there is always one more, so that all can speak."""

    group: anyio.abc.TaskGroup
    free = 0

    def one_more(self):
        """Let another worker wait for a task."""
        self.free += 1
        self.group.start_soon(self._loop)

    async def run_task(self, params):
        """Do a task, and have somebody wait for the next one."""
        self.free -= 1
        if not self.free:
            self.one_more()
        try:
            await self.say(params)
        finally:
            self.free += 1

    async def say(self, params):
        """Say the words."""
        task_id, context_id = params["id"], params["context_id"]
        await self.storage.update_task(task_id, state="working")
        await self.publish_status(task_id, context_id, "working")
        asked = "".join(part.get("text", "") for part in params["message"]["parts"])
        count, pause = asked.split()
        pause = float(pause)
        begun = time.monotonic()
        for number in range(1, int(count) + 1):
            if pause:
                await asyncio.sleep(begun + number * pause - time.monotonic())
            word = f"@{time.time():.6f} and a few words more" if pause else f"chunk number {number} of the answer "
            artifact = {"artifact_id": "words", "parts": [{"text": word}]}
            await self.publish_artifact(task_id, context_id, artifact, append=number > 1, last_chunk=False)
        await self.storage.update_task(task_id, state="completed")

    async def cancel_task(self, params):
        await self.storage.update_task(params["id"], state="canceled")

    def build_message_history(self, history):
        return history

    def build_artifacts(self, result):
        return [result]


def app(url):
    storage, broker = InMemoryStorage(), InMemoryBroker()

    @asynccontextmanager
    async def lifespan(app):
        async with app.task_manager, anyio.create_task_group() as group:
            words = Words(storage=storage, broker=broker)
            words.group = group
            words.one_more()
            yield
            group.cancel_scope.cancel()

    return FastA2A(storage=storage, broker=broker, name="words", url=url, lifespan=lifespan)


serve(app)
