"""What a server costs per event over HTTP: JSON-RPC, HTTP+JSON and the gateway; then many streams at the same time.

The agent says small words as fast as it can to one reader, who counts the events and looks at none: so it is the server
that is measured, in a process of its own. A row is the median of several runs, with the slowest and the fastest. Where
a2a-sdk is installed (it is, for the tests), a server made with it stands beside ours, with the same reader.

Then many readers at once, to each of whom the agent says a word every half second: how long a word takes, from agent to
reader, and what the server has needed. `./dev bench serving [--events N] [--runs N] [--streams N]`
"""

import argparse
import asyncio
import importlib.util
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hocket import Agent

agent = Agent("words")

_HERE = Path(__file__)
OURS = ("-m", "hocket", "serve", f"{_HERE}:agent", "--port", "0")
THEIRS = (str(_HERE.with_name("_sdk_server.py")),)
_TIMES = re.compile(rb'"@(\d+\.\d+) "')


@agent.stream
async def words(task):
    count, pause = task.text.split()
    for _ in range(int(count)):
        if float(pause):
            await asyncio.sleep(float(pause))
        yield f"@{time.time():.6f} "


def _rpc(method: str, role: str, kind: str):
    def body(text: str) -> dict:
        part = {kind: "text", "text": text} if kind else {"text": text}
        message = {"messageId": f"m-{time.perf_counter_ns()}", "role": role, "parts": [part]}
        return {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"message": message}}

    return body


_1_0 = _rpc("SendStreamingMessage", "ROLE_USER", "")

WAYS = {
    "JSON-RPC 1.0": ("/", "1.0", _1_0),
    "JSON-RPC 0.3": ("/", "0.3", _rpc("message/stream", "user", "kind")),
    "HTTP+JSON": ("/message:stream", "1.0", lambda text: _1_0(text)["params"]),
    "gateway": ("/agents/words/a2a", "", _rpc("message/stream", "user", "type")),
}
"""For each way to ask: the path, the version that is named, and the body."""


@contextmanager
def server(command: tuple[str, ...]) -> Iterator[tuple[int, subprocess.Popen, list]]:
    """A server in a process of its own: its port, the process, and what it has needed once it has ended."""
    usage: list = []
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = next(int(found[1]) for line in process.stdout if (found := re.search(r"http://\S+:(\d+)", line)))
        yield port, process, usage
    finally:
        process.terminate()
        if hasattr(os, "wait4"):
            usage.append(os.wait4(process.pid, 0)[2])
            process.returncode = 0
        process.wait()
        process.stdout.close()


async def ask(port: int, way: str, text: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask for a stream."""
    path, version, body = WAYS[way]
    content = json.dumps(body(text)).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024 * 1024)
    fields = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\nConnection: close\r\n"
    named = f"A2A-Version: {version}\r\n" if version else ""
    writer.write(f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{fields}{named}\r\n".encode() + content)
    return reader, writer


async def read(port: int, way: str, text: str) -> list[float]:
    """Read one stream to its end: for each word the seconds that it took."""
    reader, writer = await ask(port, way, text)
    took, rest = [], b""
    while data := await reader.read(256 * 1024):
        now = time.time()
        data = rest + data
        whole = max(data.rfind(b"\n\n"), data.rfind(b"\r\n\r\n")) + 2
        rest = data[whole:]
        if b'"type":"task.completed"' in data[:whole]:  # it has all the text once more
            whole = data.rfind(b'{"type":"task.completed"', 0, whole)
        took += [now - float(said) for said in _TIMES.findall(data, 0, whole)]
    writer.close()
    return took


async def one(port: int, way: str, events: int, runs: int) -> list[float]:
    """Seconds of each run; the first one of all warms up and does not count."""
    seconds = []
    for _ in range(runs + 1):
        begun = time.perf_counter()
        took = await read(port, way, f"{events} 0")
        seconds.append(time.perf_counter() - begun)
        assert len(took) == events, f"{way}: {len(took)} of {events} events"
    return seconds[1:]


async def many(port: int, way: str, streams: int, events: int) -> list[float]:
    """The seconds that each word took, of all streams."""
    taken = await asyncio.gather(*[read(port, way, f"{events} 0.5") for _ in range(streams)])
    assert all(len(took) == events for took in taken), "a stream was cut"
    return sorted(each for took in taken for each in took)


def show_one(name: str, command: tuple[str, ...], ways: list[str], events: int, runs: int) -> None:
    with server(command) as (port, _, _):
        for way in ways:
            rates = sorted(events / seconds for seconds in asyncio.run(one(port, way, events, runs)))
            median = statistics.median(rates)
            label = f"{name}{way}"
            print(f"{label:<27}{median:>10,.0f}{1e6 / median:>10.1f}   {rates[0]:,.0f} to {rates[-1]:,.0f}", flush=True)


def show_many(name: str, command: tuple[str, ...], ways: list[str], streams: int) -> None:
    for way in ways:
        with server(command) as (port, _, usage):
            took = asyncio.run(many(port, way, streams, events=10))
        middle, late = (1e3 * took[int(len(took) * share)] for share in (0.5, 0.99))
        label = f"{name}{way}"
        print(f"{label:<27}{middle:>10.1f}{late:>10.1f}{1e3 * took[-1]:>10.1f}", end="")
        if usage:
            size = usage[0].ru_maxrss / (1 if sys.platform == "darwin" else 1 / 1024) / 1024**2
            print(f"{usage[0].ru_utime + usage[0].ru_stime:>10.1f}{size:>10.0f}", end="")
        print(flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="What a server costs per event over HTTP.")
    parser.add_argument("--events", type=int, default=5_000, help="events of a run (default 5000)")
    parser.add_argument("--runs", type=int, default=5, help="runs that count (default 5)")
    parser.add_argument("--streams", type=int, default=1_000, help="streams at the same time (default 1000; 0: none)")
    options = parser.parse_args()
    theirs = importlib.util.find_spec("a2a") is not None
    print(f"Python {sys.version.split()[0]}, {options.events} events of one stream, {options.runs} runs")
    print(f"{'':<27}{'events/s':>10}{'us/event':>10}   slowest to fastest, events/s")
    show_one("", OURS, [*WAYS], options.events, options.runs)
    if theirs:
        show_one("a2a-sdk, ", THEIRS, ["JSON-RPC 1.0"], max(1, options.events // 10), options.runs)
    if options.streams:
        print(f"\n{options.streams} streams at once, each with a word every 0.5 s, 10 words")
        print(f"{'':<27}{'median ms':>10}{'99 % ms':>10}{'max ms':>10}{'CPU s':>10}{'MiB':>10}")
        show_many("", OURS, ["JSON-RPC 1.0", "gateway"], options.streams)
        if theirs:
            show_many("a2a-sdk, ", THEIRS, ["JSON-RPC 1.0"], options.streams)


if __name__ == "__main__":
    main()
