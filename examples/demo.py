"""Three agents stream at the same time: two over HTTP, one in a child process over stdio. `./dev demo`.

The calendar says how far it is, the writer writes, and the analysis is cancelled half way. What arrives is printed
as it arrives. Then three agents talk in one ACP stream, as in acp_collaboration.py. `--keep` leaves the HTTP server
up, for curl.
"""

import argparse
import asyncio
import math
import shlex
import socket
import time
from pathlib import Path

import acp_collaboration
import uvicorn
from analysis import agent as analysis
from attrs import define
from calendar_search import agent as calendar
from writer import agent as writer

from hocket.a2a import StreamEvent, TaskState
from hocket.errors import HocketError
from hocket_io import AsyncClient
from hocket_io.http.asgi import App

CURL = """\
curl -sN {url}a2a -H 'Content-Type: application/json' -d '{{"jsonrpc": "2.0", "id": 1, \
"method": "message/stream", "params": {{"message": {{"messageId": "m1", "role": "user", \
"parts": [{{"kind": "text", "text": "A round"}}]}}}}}}'"""


@define
class Followed:
    """One stream that is being read, and how it went."""

    name: str
    target: str
    question: str
    expected: TaskState
    cancel_at: float = math.inf
    events: int = 0
    seconds: float = 0.0
    state: TaskState | None = None

    async def follow(self, begun: float) -> None:
        """Ask, print what arrives, and cancel the task when it is far enough."""
        is_canceled = False
        try:
            async with AsyncClient(self.target) as agent:
                stream = agent.stream(self.question)
                async for event in stream:
                    self.events, self.state = self.events + 1, event.state
                    self.tell(in_words(event), begun)
                    if not is_canceled and (event.progress or 0) >= self.cancel_at:
                        is_canceled = True
                        await stream.cancel()
        except HocketError as error:
            self.state = None
            self.tell(str(error), begun)

    def tell(self, said: str, begun: float) -> None:
        self.seconds = time.monotonic() - begun
        if said:
            print(f"{self.seconds:5.2f} s  {self.name:<9} {said.rstrip()}", flush=True)

    def summary(self) -> str:
        state = self.state.value if self.state else "no answer"
        return f"{self.name:<9} {state} after {self.seconds:.2f} s and {self.events} events"


def in_words(event: StreamEvent) -> str:
    """An event for people; "" if there is nothing to say."""
    if event.error is not None:
        return f"{event.kind}: {event.error}"
    if event.progress is not None:
        return f"{event.progress:3.0f} %  {event.message}"
    if event.kind == "artifact":
        return event.text
    return event.state.value if event.state is not None else event.text


async def demonstrate(listening: socket.socket, keep: bool) -> int:
    """Serve the two agents, follow all three, and say how it went."""
    app = App([calendar, writer], root="writer")
    config = uvicorn.Config(app, lifespan="off", log_level="warning", server_header=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    url = "http://{}:{}/".format(*listening.getsockname())
    script = shlex.quote(str(Path(__file__).with_name("analysis.py")))
    streams = [
        Followed("calendar", f"{url}agents/calendar", "An hour for the team", TaskState.COMPLETED),
        Followed("writer", f"{url}agents/writer", "A hocket", TaskState.COMPLETED),
        Followed(analysis.name, f"stdio:python -m hocket pipe {script}", "A lot", TaskState.CANCELED, 50.0),
    ]
    begun = time.monotonic()
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve([listening]))
        async with asyncio.TaskGroup() as readers:
            for stream in streams:
                readers.create_task(stream.follow(begun))
        print("", *[stream.summary() for stream in streams], sep="\n", flush=True)
        print("\nThree agents in one ACP stream:\n", flush=True)
        await acp_collaboration.main()
        if keep:
            print(f"\nThe server stays up until Ctrl-C. Ask it:\n\n{CURL.format(url=url)}", flush=True)
        else:
            server.should_exit = True
    return 0 if all(stream.state is stream.expected for stream in streams) else 1


def main() -> int:
    parser = argparse.ArgumentParser(description="Three agents that stream at the same time.")
    parser.add_argument("--keep", action="store_true", help="leave the server up, and print a curl line for it")
    parser.add_argument("--port", type=int, default=0, help="of the HTTP server; by default a free one")
    options = parser.parse_args()
    try:
        listening = socket.create_server(("127.0.0.1", options.port))
    except OSError as error:
        parser.error(f"cannot listen on port {options.port}: {error.strerror}")
    try:
        with listening:
            return asyncio.run(demonstrate(listening, options.keep))
    except KeyboardInterrupt:
        return 0 if options.keep else 130


if __name__ == "__main__":
    raise SystemExit(main())
