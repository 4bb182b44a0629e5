"""Events per second of one stream: in memory, over a pipe, over HTTP, and beside them what `json` alone costs.

The agent says small words as fast as it can. A row is the median of several runs, each of a whole task from the
message to COMPLETED, with the slowest and the fastest. The client is in this process; the agent is in this process
too (memory), or in a child process (pipe, HTTP). The floor writes and reads the same events with `json.dumps` and
`json.loads` and does nothing else. `./dev bench stream [--events N] [--runs N]`
"""

import argparse
import asyncio
import json
import re
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from hocket import Agent
from hocket.a2a import V1_0, Artifact, Part, TaskArtifactUpdateEvent, TaskState
from hocket_io import AsyncClient

agent = Agent("words")


@agent.stream
async def words(task):
    for number in range(int(task.text)):
        yield f"word {number} "


def floor(events: int) -> float:
    """Seconds that `json` needs to write and to read as many events."""
    chunk = Artifact(artifact_id="text-1", parts=(Part(text="word 1234 "),))
    item = TaskArtifactUpdateEvent(task_id="0" * 36, context_id="0" * 36, artifact=chunk, append=True)
    written = V1_0.write_item(item)
    assert written is not None
    response = {"jsonrpc": "2.0", "id": "1", "result": json.loads(written)}
    begun = time.perf_counter()
    for _ in range(events):
        json.loads(json.dumps(response))
    return time.perf_counter() - begun


async def stream(target: str | Agent, events: int, runs: int) -> list[float]:
    """Seconds of each run; the first one of all warms up and does not count."""
    seconds = []
    async with AsyncClient(target) as client:
        for _ in range(runs + 1):
            begun = time.perf_counter()
            seen = [event async for event in client.stream(str(events))]
            seconds.append(time.perf_counter() - begun)
            assert seen[-1].state is TaskState.COMPLETED
            assert sum(1 for event in seen if event.text) == events
    return seconds[1:]


def over_http(events: int, runs: int) -> list[float]:
    """The runs against a server in a process of its own."""
    command = [sys.executable, "-m", "hocket", "serve", f"{__file__}:agent", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = next(found[0] for line in server.stdout if (found := re.search(r"http://\S+", line)))
            return asyncio.run(stream(url, events, runs))
        finally:
            server.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description="Events per second of one stream.")
    parser.add_argument("--events", type=int, default=5_000, help="events of a run (default 5000)")
    parser.add_argument("--runs", type=int, default=5, help="runs that count (default 5)")
    options = parser.parse_args()
    events, runs = options.events, options.runs
    child = f"stdio:python -m hocket pipe {shlex.quote(__file__ + ':agent')}"
    rows: dict[str, Callable[[], list[float]]] = {
        "json floor": lambda: [floor(events) for _ in range(runs)],
        "memory": lambda: asyncio.run(stream(agent, events, runs)),
        "pipe": lambda: asyncio.run(stream(child, events, runs)),
        "http": lambda: over_http(events, runs),
    }
    print(f"Python {sys.version.split()[0]}, {events} events, {runs} runs")
    print(f"{'':<12}{'events/s':>12}{'us/event':>10}   {'slowest to fastest, events/s'}")
    for name, measure in rows.items():
        rates = sorted(events / seconds for seconds in measure())
        median = statistics.median(rates)
        print(f"{name:<12}{median:>12,.0f}{1e6 / median:>10.1f}   {rates[0]:,.0f} to {rates[-1]:,.0f}")


if __name__ == "__main__":
    main()
