"""Line: an agent's connection at work, and what becomes of those who wait for it."""

import traceback

import anyio
import pytest

from hocket.acp.client import ReconnectExhausted
from hocket.acp.events import StreamEnded
from hocket.errors import ConnectionFailed
from hocket_io.acp.client import AcpClient
from hocket_io.acp.host import HubHost
from hocket_io.acp.links.memory import MemoryLink


def test_a_mistake_of_ours_lets_nobody_wait_for_ever(run, monkeypatch):
    def fail(self):
        raise ZeroDivisionError

    async def main():
        told = []

        async def wait_for(iterator):
            with pytest.raises(ConnectionFailed, match="the client has failed"):
                await anext(iterator)
            told.append(iterator)

        async def hold(group, host):
            async with AcpClient(host, agent="ada") as ada:
                stream = await ada.start()
                for each in (stream, ada.invitations()):
                    group.start_soon(wait_for, each)
                await anyio.wait_all_tasks_blocked()
                monkeypatch.setattr(MemoryLink, "_take", fail)
                await stream.send("hello")

        async with HubHost() as host, anyio.create_task_group() as group:
            with pytest.raises(BaseExceptionGroup):
                await hold(group, host)
        assert len(told) == 2

    run(main)


def test_who_is_told_the_end_again_and_again_is_told_no_more_each_time(run):
    async def main():
        async with HubHost() as host, AcpClient(host, agent="ada") as ada:
            stream = await ada.start()
        depths = set()
        for _ in range(3):
            with pytest.raises(ConnectionFailed, match="the client was closed") as caught:
                await stream.send("too late")
            depths.add(len(traceback.extract_tb(caught.value.__traceback__)))
        assert len(depths) == 1

    run(main)


def test_nothing_is_kept_of_a_feed_that_was_given_up_once_its_stream_has_ended(run):
    async def main():
        async with HubHost() as host, AcpClient(host, agent="ada") as ada:
            stream = await ada.start()
            for event in (ReconnectExhausted(stream_id=stream.stream_id), StreamEnded(stream_id=stream.stream_id)):
                ada.line._tell(event)
            assert ada.line._exhausted == {}

    run(main)
