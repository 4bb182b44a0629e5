"""The agent that the process tests talk to. Run as a script: `served.py serve [PORT]` or `served.py pipe [BACKEND]`."""

import os
import subprocess
import sys

import anyio

from hocket import Agent
from hocket_io import serve
from hocket_io.stdio import serve_stdio

agent = Agent("served")
released = anyio.Event()


@agent.stream
async def served(task):
    match task.text.split():
        case ["wait"]:
            yield "waiting "
            await anyio.sleep_forever()
        case ["fail"]:
            yield "so far"
            raise ValueError("a secret")
        case ["ask"]:
            month = yield task.ask("Which month? ")
            yield f"Hello {month.text} "
        case ["idle"]:
            yield "idle "
            await released.wait()
            yield "released "
        case ["release"]:
            released.set()
        case ["pace", last]:
            for number in range(int(last)):
                yield f"{number} "
                await anyio.sleep(0)
        case ["count", last]:
            for number in range(int(last)):
                yield f"{number} "
        case ["long", size]:
            yield "é" * int(size)
        case ["print"]:
            print("printed")
            os.write(1, b"written\n")
            subprocess.run(["/bin/echo", "echoed"], check=True)
            yield f"stdin is {sys.stdin.read()!r}"
        case ["pid"]:
            yield str(os.getpid())
            await anyio.sleep_forever()
        case words:
            for word in ["Hello", *words]:
                yield word + " "


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", *port]:
            serve(agent, port=int(port[0]) if port else 0, on_ready=lambda url: print(url, flush=True))
        case ["pipe", *backend]:
            anyio.run(serve_stdio, agent, backend=backend[0] if backend else "asyncio")
