"""An agent that answers with artifacts: a report that grows bit by bit, a table beside it, and data."""

import asyncio
import csv
import io
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from hocket import Addition, Agent, AgentTask
from hocket.a2a import Part

agent = Agent("report", description="Counts the words of a text.", output_modes=("text/plain", "text/csv"))


@agent.stream
async def report(task: AgentTask) -> AsyncIterator[str | dict[str, Any] | Addition | Part]:
    counts = Counter(task.text.split())
    yield f"{len(counts)} different words."  # the answer itself, beside all artifacts
    with task.artifact("report", name="Words, the most frequent first") as words:
        with task.artifact("table", name="Words as a table") as table:
            for word, count in counts.most_common():
                yield words.add(f"- {word}: {count}\n")  # two artifacts that grow in turn
                yield table.add(Part(raw=row(word, count), filename="words.csv", media_type="text/csv"))
                await asyncio.sleep(0.01)
        yield "That is all of them.\n"  # without `add`: to the innermost that is open
    yield {"counts": dict(counts)}  # a dict is data, here in an artifact of its own


def row(*cells: object) -> bytes:
    """One line of CSV."""
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
