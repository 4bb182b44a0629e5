"""Messages of an ACP stream, each posted by itself: what a request costs a hub over HTTP.

acp-sdk-python has no stream that could be read over HTTP, only requests: so that is what is compared. A plain socket in
another process posts `stream.message` again and again on one connection, and waits for each answer. Our hub keeps the
message for those who read the stream, in order; theirs has nobody to tell. Both run on uvicorn with asyncio and h11.
`./dev bench posting`
"""

import json
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from harness import Benchmark, Contender, Contest, LeftOut, Options, Program, main, program
from harness.contest import Once
from harness.servers import starting, theirs

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


def request(method: str, params: object) -> bytes:
    """A POST on a connection that stays."""
    content = json.dumps({"jsonrpc": "2.0", "id": "1", "method": method, "params": params}).encode()
    head = "POST /jsonrpc HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nX-Agent-Id: ada\r\n"
    return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content


def answered(sock: socket.socket, asked: bytes) -> bytes:
    """The body of the answer."""
    sock.sendall(asked)
    data = b""
    while True:
        if not (more := sock.recv(65_536)):
            raise LeftOut("the connection was closed")
        data += more
        head, whole, body = data.partition(b"\r\n\r\n")
        if whole and (length := _LENGTH.search(head)) and len(body) >= int(length[1]):
            if b" 200 " not in head[:20]:
                raise LeftOut(f"{head[:20]!r}: {body!r}")
            return body


def posted(process: Program, sock: socket.socket, messages: int) -> Mapping[str, float]:
    """Messages one after the other, to a stream of their own."""
    started = json.loads(answered(sock, request("stream.start", {"participants": ["ada", "bob"]})))
    message = {
        "role": "agent",
        "parts": [{"type": "TextPart", "content": "a message of some thirty letters"}],
        "timestamp": "2026-01-01T00:00:00.000Z",
        "agentId": "ada",
    }
    stream_id = started["result"]["stream"]["streamId"]
    asked = request("stream.message", {"streamId": stream_id, "message": message})
    spent, begun = process.cpu_seconds(), time.perf_counter()
    for _ in range(messages):
        answered(sock, asked)
    seconds, spent = time.perf_counter() - begun, process.cpu_seconds() - spent
    return {"messages/s": messages / seconds, "µs CPU/message": 1e6 * spent / messages}


def posting(name: str, command: Callable[[], list[str]], messages: int, *, is_peer: bool = False) -> Contender:
    """A server, and messages that are posted to it on a connection."""

    @contextmanager
    def ready() -> Iterator[Once]:
        with program(command(), ours=not is_peer) as process:

            def once() -> Mapping[str, float]:
                with socket.create_connection(("127.0.0.1", process.port)) as sock:
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    return posted(process, sock, messages)

            yield once

    return Contender(name, ready, is_peer=is_peer)


def contests(options: Options) -> list[Contest]:
    """One contest."""
    messages = options.pick(1_000, 300, 2)
    hub = starting("asyncio", "-m", "hocket", "hub", "--port", "0")
    acp_sdk = theirs("acp_sdk_server.py", "pydantic>=2.8", "httpx", "fastapi", bare=("acp-sdk-python==1.3.0",))
    return [
        Contest(
            "messages posted one by one",
            [
                posting("hocket hub", lambda: hub, messages),
                posting("acp-sdk-python 1.3.0", acp_sdk, messages, is_peer=True),
            ],
        )
    ]


BENCHMARK = Benchmark(
    "posting",
    __doc__,
    contests,
    minutes=0.2,
)

if __name__ == "__main__":
    raise SystemExit(main(BENCHMARK))
