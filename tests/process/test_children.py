"""Children in trouble: however a child process fails, its client is told, and nothing of it is left behind.

Each trouble is met under asyncio, under trio and without an event loop. Afterwards there is no process (nor a zombie),
thread or file descriptor more than before, and no complaint of the garbage collector.
"""

import gc
import os
import shlex
import sys
from pathlib import Path

import anyio
import pytest
from attrs import frozen

from hocket.errors import ChildExited, ConnectionFailed, LimitExceeded, RequestTimeout, RpcError
from hocket_io import AsyncClient, Client
from hocket_io.stdio import open_child
from support.cancelling import Traces, complaints

pytestmark = pytest.mark.process

REFUSAL = '{"jsonrpc":"2.0","id":"1","error":{"code":-32603,"message":"no"}}'
PROLOGUE = f"import os, signal, sys, time; asked, refuse = sys.stdin.readline, lambda: print({REFUSAL!r}, flush=True); "
FOR_EVER = "[signal.pause() for _ in iter(int, 1)]"


@frozen
class Trouble:
    """What a child does, and what its client is told.

    Attributes:
        code: What the child runs.
        error: The kind of the error.
        says: What the error says.
        exit_code: Of a ChildExited.
        size: Characters that the client sends.
        timeout: Seconds of silence that the client bears.
    """

    code: str
    error: type[Exception]
    says: str
    exit_code: int | None = None
    size: int = 1
    timeout: float = 20.0


TROUBLES = {
    "ends at once": Trouble("sys.exit(3)", ChildExited, "ended with exit code 3", exit_code=3),
    "reads and ends": Trouble("asked(); sys.exit(4)", ChildExited, "ended with exit code 4", exit_code=4),
    "is killed": Trouble("asked(); os.kill(os.getpid(), 9)", ChildExited, "was ended by signal 9", exit_code=-9),
    "says something else": Trouble("asked(); print('Usage: child'); sys.exit(2)", ChildExited, "exit code 2", 2),
    "never stops saying it": Trouble(
        "asked(); [print('y') for _ in iter(int, 1)]", ConnectionFailed, "raise the limit rejected"
    ),
    "writes bytes at random": Trouble(
        "asked(); [sys.stdout.buffer.write(bytes(range(256))) for _ in range(40)]; sys.exit(5)",
        ChildExited,
        "code 5",
        5,
    ),
    "writes a line without end": Trouble(
        "asked(); [sys.stdout.write('y' * 9_999) for _ in iter(int, 1)]", LimitExceeded, "raise the limit frame"
    ),
    "closes its stdout": Trouble(
        f"asked(); os.close(1); {FOR_EVER}", ConnectionFailed, "closed its stdout and still runs"
    ),
    "closes its stdin": Trouble(
        f"os.close(0); {FOR_EVER}", ConnectionFailed, "closed its stdin and still runs", size=2_000_000
    ),
    "reads nothing": Trouble(FOR_EVER, RequestTimeout, "was silent for 0.1 seconds", size=2_000_000, timeout=0.1),
    "hangs": Trouble(f"asked(); {FOR_EVER}", RequestTimeout, "was silent for 0.1 seconds", timeout=0.1),
    "ignores SIGTERM": Trouble(
        f"signal.signal(signal.SIGTERM, signal.SIG_IGN); asked(); refuse(); {FOR_EVER}", RpcError, "no"
    ),
    "hangs at its end": Trouble(f"asked(); refuse(); sys.stdin.read(); {FOR_EVER}", RpcError, "no"),
    "floods stderr": Trouble("asked(); sys.stderr.write('y' * 500_000); refuse()", RpcError, "no"),
    "leaves a child of its own at its pipes": Trouble(
        "asked(); refuse(); os.fork() or (time.sleep(3), os._exit(0))", RpcError, "no"
    ),
    "leaves one there and dies": Trouble(
        "os.fork() or (time.sleep(3), os._exit(0)); sys.exit(3)", RequestTimeout, "silent for 0.3 seconds", timeout=0.3
    ),
}


def blocking(target, text, timeout):
    with Client(target, timeout=timeout) as client:
        client.get(text)


def on_a_loop(backend):
    def talk(target, text, timeout):
        async def main():
            with anyio.fail_after(20):
                async with AsyncClient(target, timeout=timeout) as client:
                    await client.get(text)

        anyio.run(main, backend=backend)

    return talk


WAYS = {"blocking": blocking, "asyncio": on_a_loop("asyncio"), "trio": on_a_loop("trio")}


@pytest.fixture
def hurry(monkeypatch):
    """Nobody is given whole seconds to leave."""
    for name in ("stdio._PATIENCE", "pipes.blocking._PATIENCE", "pipes.transport._LAST_WORDS"):
        monkeypatch.setattr(f"hocket_io.{name}", 0.15)


@pytest.mark.skipif(not hasattr(sys.modules["os"], "fork"), reason="signals and forks are those of POSIX")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", TROUBLES)
def test_a_child_in_trouble_is_told_of_and_leaves_nothing_behind(name, way, hurry):
    trouble = TROUBLES[name]
    target = f"stdio:{sys.executable} -S -E -c {shlex.quote(PROLOGUE + trouble.code)}"
    before = Traces.now()
    with complaints() as heard:
        with pytest.raises(trouble.error, match=trouble.says) as caught:
            WAYS[way](target, "x" * trouble.size, trouble.timeout)
        error = caught.value
        del caught
        gc.collect()
    assert heard == []
    assert before.left() == []
    if trouble.exit_code is not None:
        assert (Path(error.command), error.exit_code) == (Path(sys.executable), trouble.exit_code)


def test_what_is_sent_to_a_child_that_has_just_closed_its_stdin_is_known_to_be_lost(run, hurry, tmp_path):
    news = tmp_path / "news"
    os.mkfifo(news)

    async def talk():
        code = f"import os, signal; os.close(0); open({str(news)!r}, 'w').close(); {FOR_EVER}"
        child = await open_child([sys.executable, "-S", "-E", "-c", code])
        try:
            news.read_text()  # the event loop gets no turn between the end of the pipe and what is written to it
            with pytest.raises(ConnectionFailed, match="closed its stdin and still runs"):
                await child.send(b"anything")
        finally:
            await child.aclose()

    run(talk)
