"""What a driver costs on each event loop: µs for a message, a megabyte and a round trip, beside the loop alone.

The peer is a process of its own with a plain socket. It sends small messages (100 bytes) as fast as they are read, or
large ones (64 KiB); or it asks, waits for the answer, and asks again. `loop` is what the loop itself can do: it reads,
and answers each chunk, and looks at nothing. `driver` runs an endpoint that does the same, so the difference is the
driver; `Connection` reads JSON-RPC. Only the processor time of this side counts. `./dev bench drivers`
"""

import asyncio
import importlib.util
import itertools
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio
from attrs import define, field
from harness import Benchmark, Contender, Contest, Options, main
from harness.contest import Once

import hocket_io.asyncio
import hocket_io.blocking
import hocket_io.trio
from hocket import Connection
from hocket.framing import Ndjson
from hocket.jsonrpc import RequestReceived

_FRAME = b'{"jsonrpc":"2.0","id":1,"method":"m","params":["%s"]}\n'
SIZES = {"message": 100, "MB": 65_536, "round trip": 100}
"""What is counted, and the size of a message then."""


def message(what: str) -> bytes:
    """One message, of the size that it is to have."""
    frame = _FRAME if what == "round trip" else _FRAME.replace(b'"id":1,', b"")
    return frame % (b"x" * (SIZES[what] - len(frame) + 2))


# --- the peer


def peer(port: int, what: str, seconds: float) -> None:
    """Send for some seconds; print how much was sent, or answered."""
    data = message(what)
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        count, begun = 0, time.perf_counter()
        if what == "round trip":
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
        print(count * len(data) / 1e6 if what == "MB" else count)


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
ENDS: dict[str, Callable[[], object]] = {
    "loop": lambda: None,
    "driver": Plain,
    "Connection": lambda: Connection(Ndjson()),
}


def spent(loop: str, end: str, what: str, seconds: float) -> float:
    """Microseconds of processor time for each thing that the peer has sent in so many seconds."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, __file__, "--peer", str(listener.getsockname()[1]), what, str(seconds)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            begun = time.process_time()
            LOOPS[loop](sock, ENDS[end]())
            took = time.process_time() - begun
            return 1e6 * took / float(child.communicate()[0])


def driving(loop: str, end: str, seconds: float) -> Contender:
    """One end on one loop; a turn does all there is."""

    @contextmanager
    def ready() -> Iterator[Once]:
        yield lambda: {f"µs CPU/{what}": spent(loop, end, what, seconds) for what in SIZES}

    return Contender(f"{loop}, {end}", ready, warms_up=False)


def contests(options: Options) -> list[Contest]:
    """One contest for each loop."""
    seconds = options.pick(0.2, 0.1, 0.01)
    loops = [loop for loop in LOOPS if loop != "uvloop" or importlib.util.find_spec("uvloop")]
    ends = options.pick(list(ENDS), list(ENDS), ["driver"])
    pairs = itertools.product(options.pick(loops, ["asyncio", "trio"], ["asyncio"]), ends)
    return [Contest("drivers", [driving(loop, end, seconds) for loop, end in pairs], ours="asyncio, Connection")]


BENCHMARK = Benchmark("drivers", __doc__, contests, rounds=3, minutes=0.7)

if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        port, what, seconds = sys.argv[2:]
        peer(int(port), what, float(seconds))
    else:
        raise SystemExit(main(BENCHMARK))
