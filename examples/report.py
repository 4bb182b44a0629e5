"""An agent that answers with more than text: data, a file, and an artifact with a name."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

from hocket import Agent, AgentTask
from hocket.a2a import Artifact, Part

agent = Agent("report", description="Counts the words of a text.")


@agent.stream
async def report(task: AgentTask) -> AsyncIterator[str | dict[str, Any] | Part | Artifact]:
    counts = {word: task.text.split().count(word) for word in task.text.split()}
    yield f"{len(counts)} different words."
    yield {"counts": counts}  # a dict is data
    table = io.StringIO()
    csv.writer(table).writerows(counts.items())
    yield Part(raw=table.getvalue().encode(), filename="counts.csv", media_type="text/csv")  # a file
    longest = max(counts, key=len, default="")
    yield Artifact(artifact_id="longest", name="The longest word", parts=(Part(text=longest),))
