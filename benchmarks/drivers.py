"""What a driver costs: messages, bytes and round trips per second of CPU on each loop, beside the loop alone.

The peer is a process of its own with a plain socket. It sends small messages (100 bytes), then large ones (64 KiB), as
fast as they are read; then it asks, waits for the answer, and asks again. `floor` is what the loop itself can do: it
reads, and answers each chunk, and looks at nothing. `driver` runs an endpoint that does the same, so the difference is
the driver; `Connection` reads JSON-RPC. Only the CPU of this side counts, so that a busy machine changes little. Each
number is the median of several runs, with the slowest and the fastest.

`./dev bench drivers [--seconds S] [--runs N]`
"""

import argparse
import asyncio
import importlib.util
import itertools
import socket
import statistics
import subprocess
import sys
import time

import trio
from attrs import define, field

import hocket_io.asyncio
import hocket_io.blocking
import hocket_io.trio
from hocket import Connection
from hocket.framing import Ndjson
from hocket.jsonrpc import RequestReceived

_FRAME = b'{"jsonrpc":"2.0","id":1,"method":"m","params":["%s"]}\n'
SIZES = {"messages/s": 100, "MB/s": 65_536, "round trips/s": 100}


def message(what: str) -> bytes:
    """One message, of the size that it is to have."""
    frame = _FRAME if what == "round trips/s" else _FRAME.replace(b'"id":1,', b"")
    return frame % (b"x" * (SIZES[what] - len(frame) + 2))


# --- the peer


def peer(port: int, what: str, seconds: float) -> None:
    """Send for some seconds; print how much was sent, or answered."""
    data = message(what)
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        count, begun = 0, time.perf_counter()
        if what == "round trips/s":
            while time.perf_counter() - begun < seconds:
                sock.sendall(data)
                while not sock.recv(65_536).endswith(b"\n"):
                    pass
                count += 1
        else:
            together = max(1, 262_144 // len(data))
            while time.perf_counter() - begun < seconds:
                sock.sendall(data * together)
                count += together
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65_536):
                pass
        print(count * len(data) / 1e6 if what == "MB/s" else count)


# --- what is run


@define(eq=False)
class Plain:
    """An endpoint that looks at nothing, and answers each chunk that asks with one line."""

    is_closed: bool = False
    _answers: list[bytes] = field(factory=list)

    def receive_data(self, data, now):
        if b'"id"' in data[:30]:
            self._answers.append(b"ok\n")

    def receive_eof(self, now):
        self.is_closed = True

    def handle_timeout(self, now): ...

    def next_event(self): ...

    def data_to_send(self):
        answers, self._answers = self._answers, []
        return answers

    def next_timeout(self): ...


def driver(kind, endpoint):
    def on_event(event):
        if isinstance(event, RequestReceived):
            made.endpoint.send_result(event.id, "ok", now=made.now())

    made = kind(endpoint, on_event)
    return made


class PlainProtocol(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.over = transport, asyncio.get_running_loop().create_future()

    def data_received(self, data):
        if b'"id"' in data[:30]:
            self.transport.write(b"ok\n")

    def connection_lost(self, exc):
        self.over.set_result(None)


def on_asyncio(sock, endpoint, new_loop=asyncio.SelectorEventLoop):
    async def main():
        loop = asyncio.get_running_loop()
        if endpoint is None:
            _, protocol = await loop.create_connection(PlainProtocol, sock=sock)
            await protocol.over
        else:
            _, made = await loop.create_connection(lambda: driver(hocket_io.asyncio.Driver, endpoint), sock=sock)
            await made.run()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())


def on_uvloop(sock, endpoint):
    import uvloop

    on_asyncio(sock, endpoint, uvloop.new_event_loop)


def on_trio(sock, endpoint):
    async def main():
        async with trio.SocketStream(trio.socket.from_stdlib_socket(sock)) as stream:
            if endpoint is not None:
                await driver(hocket_io.trio.Driver, endpoint).run(stream)
                return
            while data := await stream.receive_some(65_536):
                if b'"id"' in data[:30]:
                    await stream.send_all(b"ok\n")

    trio.run(main)


def on_a_thread(sock, endpoint):
    if endpoint is not None:
        driver(hocket_io.blocking.Driver, endpoint).run(sock)
        return
    with sock:
        while data := sock.recv(65_536):
            if b'"id"' in data[:30]:
                sock.sendall(b"ok\n")


LOOPS = {"asyncio": on_asyncio, "uvloop": on_uvloop, "trio": on_trio, "blocking": on_a_thread}
ENDS = {"floor": lambda: None, "driver": Plain, "Connection": lambda: Connection(Ndjson())}


def measure(loop: str, end: str, what: str, seconds: float) -> float:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, __file__, "--peer", str(listener.getsockname()[1]), what, str(seconds)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            begun = time.process_time()
            LOOPS[loop](sock, ENDS[end]())
            took = time.process_time() - begun
            return float(child.communicate()[0]) / took


def main() -> None:
    parser = argparse.ArgumentParser(description="What a driver costs on each loop.")
    parser.add_argument("--seconds", type=float, default=0.5, help="seconds of a run (default 0.5)")
    parser.add_argument("--runs", type=int, default=5, help="runs (default 5)")
    parser.add_argument("--peer", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        port, what, seconds = options.peer
        peer(int(port), what, float(seconds))
        return
    loops = [loop for loop in LOOPS if loop != "uvloop" or importlib.util.find_spec("uvloop")]
    print(f"Python {sys.version.split()[0]}, {options.runs} runs of {options.seconds:g} s; per second of CPU:")
    print(f"{'':<22}" + "".join(f"{what:>32}" for what in SIZES))
    for loop, end in itertools.product(loops, ENDS):
        print(f"{loop:<10}{end:<12}", end="", flush=True)
        for what in SIZES:
            rates = sorted(measure(loop, end, what, options.seconds) for _ in range(options.runs))
            shown = f"{statistics.median(rates):,.0f} ({rates[0]:,.0f} to {rates[-1]:,.0f})"
            print(f"{shown:>32}", end="", flush=True)
        print()


if __name__ == "__main__":
    main()
