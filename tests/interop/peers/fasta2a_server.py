"""A server made with fasta2a 2: `fasta2a_server.py`. It answers as the message asks."""

import asyncio
from contextlib import asynccontextmanager

from fasta2a import FastA2A, Worker
from fasta2a.broker import InMemoryBroker
from fasta2a.schema import Message
from fasta2a.storage import InMemoryStorage
from telling import serve


class Answers(Worker):
    async def run_task(self, params):
        task_id, context_id = params["id"], params["context_id"]
        asked = "".join(part.get("text", "") for part in params["message"]["parts"])

        def artifact(*parts):
            return {"artifact_id": "a", "parts": list(parts)}

        async def become(state, text=None):
            message = None if text is None else self.said(text, params)
            await self.storage.update_task(task_id, state=state)
            await self.publish_status(task_id, context_id, state, message)

        await become("working")
        match asked:
            case "artifacts":
                words = ("Hello ", "from ", "artifacts")
                for number, word in enumerate(words):
                    await self.publish_artifact(
                        task_id, context_id, artifact({"text": word}), append=number > 0, last_chunk=number == 2
                    )
                whole = artifact({"text": "".join(words)})
                await self.storage.update_task(task_id, state="completed", new_artifacts=[whole])
            case "statuses":
                for word in ("Hello ", "from "):
                    await become("working", word)
                await become("completed", "statuses")
            case "whole again":
                await self.publish_artifact(task_id, context_id, artifact({"text": "Hel"}), last_chunk=False)
                await self.publish_artifact(task_id, context_id, artifact({"text": "lo"}), append=True)
                await self.publish_artifact(task_id, context_id, artifact({"text": "Hello"}))
                await self.storage.update_task(task_id, state="completed")
            case "parts":
                data, file = {"data": {"rows": [1, 2, 3]}}, {"raw": "AP8=", "media_type": "image/png"}
                await self.publish_artifact(task_id, context_id, artifact(data, file, {"text": "é\u2028"}))
                await self.storage.update_task(task_id, state="completed")
            case "fail":
                raise ValueError("a worker that breaks")
            case "ask":
                await become("input-required", "Which month?")
            case "wait for the next":
                here = len(self.storage.tasks)
                while len(self.storage.tasks) == here:
                    await asyncio.sleep(0.01)
                await self.storage.update_task(task_id, state="completed")
            case "slow":
                await self.publish_artifact(task_id, context_id, artifact({"text": "slow"}), last_chunk=False)
                await asyncio.sleep(0.2)
                await self.storage.update_task(task_id, state="completed")
            case said:
                await self.publish_artifact(task_id, context_id, artifact({"text": f"So it is {said}"}))
                await self.storage.update_task(task_id, state="completed")

    def said(self, text, params):
        return Message(
            role="agent",
            parts=[{"text": text}],
            message_id=f"m-{text}",
            kind="message",
            task_id=params["id"],
            context_id=params["context_id"],
        )

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
        async with app.task_manager, Answers(storage=storage, broker=broker).run():
            yield

    return FastA2A(storage=storage, broker=broker, name="theirs", url=url, lifespan=lifespan)


serve(app)
