"""Clients of a hub that is a process of its own: every way to it, also after it was killed; and agents as children."""

import subprocess
import sys
from contextlib import AsyncExitStack

import pytest

from hocket.acp.client.events import Reconnected, Reconnecting
from hocket.acp.events import MessageCompleted, MessageSent, StreamEnded
from hocket.acp.states import ClientState
from hocket.backoff import Backoff
from hocket_io.acp.blocking import BlockingAcpClient
from hocket_io.acp.client import AcpClient
from hocket_io.acp.host import HubHost
from hocket_io.acp.serving import start_agent
from support.commands import running

pytestmark = pytest.mark.process

SOON = Backoff(base=0.05, maximum=0.05, attempts=1_000)

EXPERT = """
import anyio
from hocket.acp.events import MessageSent
from hocket_io.acp.client import AcpClient

async def main():
    async with AcpClient("stdio:-", agent="expert") as me:
        async for invitation in me.invitations():
            stream = await me.join(invitation.stream_id)
            async for event in stream:
                if isinstance(event, MessageSent):
                    async with stream.chunks() as out:
                        for word in event.text.split():
                            await out.text(word.upper() + " ")

anyio.run(main)
"""


class HubProcess:
    """`hocket hub` with its addresses."""

    def __init__(self, process):
        self.process = process
        process.stdout.readline()
        self.http, self.ws, self.tcp = (process.stdout.readline().split()[1].rstrip("/") for _ in range(3))


@pytest.fixture(scope="module")
def hub():
    with running("hub", "--port", "0", "--tcp", "0", text=True) as process:
        yield HubProcess(process)
        process.terminate()


async def until(stream, kind):
    async for event in stream:
        if isinstance(event, kind):
            return event
    raise AssertionError(f"the stream ended without {kind.__name__}")


@pytest.mark.parametrize("there", ["http", "ws", "tcp"])
@pytest.mark.parametrize("here", ["http", "ws", "tcp"])
def test_agents_meet_whatever_way_they_come(run, hub, here, there, tmp_path):
    (tmp_path / "table.csv").write_bytes(b"a,b\n" * 200_000)
    (tmp_path / "in").mkdir()

    async def main():
        async with (
            AcpClient(getattr(hub, here), agent="ada") as ada,
            AcpClient(getattr(hub, there), agent="bob") as bob,
        ):
            ours = await ada.start(["bob"])
            theirs = await bob.join(ours.stream_id)
            await ours.send("hello")
            assert (await until(theirs, MessageSent)).text == "hello"
            async with theirs.chunks() as out:
                for number in range(100):
                    await out.text(f"{number} ")
            assert (await until(ours, MessageCompleted)).text.split() == [str(number) for number in range(100)]
            await ours.send_file(tmp_path / "table.csv")
            path = await theirs.receive_file(tmp_path / "in")
            assert path.read_bytes() == (tmp_path / "table.csv").read_bytes()
            await theirs.end("done")
            assert (await until(ours, StreamEnded)).reason == "done"

    run(main)


@pytest.mark.parametrize("scheme", ["http", "ws", "tcp"])
def test_without_an_event_loop(hub, scheme):
    with (
        BlockingAcpClient(getattr(hub, scheme), agent="ada") as ada,
        BlockingAcpClient(hub.ws, agent="bob") as bob,
    ):
        ours = ada.start(["bob"])
        theirs = bob.join(ours.stream_id)
        with ours.chunks() as out:
            out.text("in ")
            out.text("chunks")
        assert next(event for event in theirs if isinstance(event, MessageCompleted)).text == "in chunks"
        ours.end()


def test_a_hub_that_is_a_child_process(run):
    async def main():
        async with AcpClient("stdio:python -m hocket hub --stdio", agent="ada") as ada:
            stream = await ada.start(["bob"])
            await stream.send("to nobody")
            await stream.end()
            assert (await until(stream, StreamEnded)).agent_id == "ada"

    run(main)


def test_an_agent_that_is_a_child_process(run, tmp_path):
    (tmp_path / "expert.py").write_text(EXPERT)

    async def main():
        async with HubHost() as host, AcpClient(host, agent="ada") as ada:
            await start_agent(host, [sys.executable, str(tmp_path / "expert.py")], agent="expert")
            stream = await ada.start(["expert"])
            await stream.send("look at this")
            assert (await until(stream, MessageCompleted)).text == "LOOK AT THIS "
            await stream.end()

    run(main)


def test_an_agent_that_is_a_child_process_ends_with_its_hub(tmp_path):
    (tmp_path / "expert.py").write_text(EXPERT)
    command = [sys.executable, str(tmp_path / "expert.py")]
    done = subprocess.run(command, input=b"", capture_output=True, timeout=20, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"expert" in done.stdout


def test_a_hub_that_is_killed_and_comes_back_without_its_streams(run):
    async def main():
        async with AsyncExitStack() as stack:
            process = stack.enter_context(running("hub", "--port", "0", "--tcp", "0", text=True))
            first = HubProcess(process)
            clients, streams = {}, {}
            for scheme in ("http", "ws", "tcp"):
                ada = AcpClient(getattr(first, scheme), agent=f"ada-by-{scheme}", reconnect=SOON)
                clients[scheme] = await stack.enter_async_context(ada)
                streams[scheme] = await ada.start(["bob"])
            process.kill()
            for stream in streams.values():
                await until(stream, Reconnecting)
            ports = [address.rpartition(":")[2] for address in (first.http, first.tcp)]
            second = stack.enter_context(running("hub", "--port", ports[0], "--tcp", ports[1], text=True))
            for scheme, stream in streams.items():
                rest = [event async for event in stream]
                assert isinstance(rest[-1], StreamEnded), scheme
                assert any(isinstance(event, Reconnected) for event in rest) or scheme == "http", scheme
                assert stream.state is ClientState.CLOSED, scheme
                fresh = await clients[scheme].start(["bob"])
                await fresh.send("anew")
                await fresh.end()
            second.terminate()

    run(main)
