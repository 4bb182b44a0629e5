"""A whole agent of hocket in the pipe benchmark: `AsyncClient` or `Client`, and an agent in a child process.

`with_agent.py LOOP` is the parent, where LOOP is asyncio, trio or blocking; see `orders`. The child is `hocket pipe`
with this file, or, where the parent runs on trio, this file on trio. A message is an artifact update of A2A: the
chunk, the ids of the task and its artifact.
"""

import shlex
import sys
from typing import Any

import anyio
from orders import orders, text

from hocket import Agent
from hocket_io import AsyncClient, Client
from hocket_io.collecting import seldom_collected
from hocket_io.stdio import serve_stdio

agent = Agent("words")


@agent.stream
async def words(task: Any) -> Any:
    for number in range(int(task.text)):
        yield text(number)


async def parent(target: str) -> None:
    async with AsyncClient(target) as client:
        pid = client.transport.pipe.process.pid
        for order in orders():
            with order.measured(pid):
                for wanted in order.answers:
                    heard = 0
                    async for event in client.stream(str(wanted)):
                        heard += bool(event.text)
                    assert heard == wanted, heard


def parent_in_a_thread(target: str) -> None:
    with Client(target) as client:
        pid = client.transport.pipe._process.pid
        for order in orders():
            with order.measured(pid):
                for wanted in order.answers:
                    heard = 0
                    for event in client.stream(str(wanted)):
                        heard += bool(event.text)
                    assert heard == wanted, heard


def main() -> None:
    loop = sys.argv[1]
    child = [__file__, "trio", "child"] if loop == "trio" else ["-m", "hocket", "pipe", f"{__file__}:agent"]
    target = "stdio:" + shlex.join([sys.executable, *child])
    if sys.argv[2:] == ["child"]:
        with seldom_collected():  # as `hocket pipe` does
            anyio.run(serve_stdio, agent, backend="trio")
    elif loop == "blocking":
        parent_in_a_thread(target)
    else:
        anyio.run(parent, target, backend=loop)


if __name__ == "__main__":
    main()
