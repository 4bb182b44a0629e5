"""HubHost: a hub at work for any number of links, its clock, and whoever listens to what happens."""

import gc
import logging

import anyio
import pytest

from hocket.acp.events import FrameRejected, MessageSent, StreamArchivable, StreamEnded, StreamStarted
from hocket.acp.limits import HubLimits, StreamLimits
from hocket.errors import CodecError, ConnectionFailed, LocalProtocolError
from hocket_io.acp.happenings import Happenings, Missed
from hocket_io.acp.host import HubHost
from hocket_io.acp.serving import start_agent
from support.hubs import ask, body, call, read, say, start


def test_what_one_link_says_wakes_the_other(run):
    async def talk():
        async with HubHost() as host, anyio.create_task_group() as group:
            ada, bob = (host.open_link(principal=name) for name in ("ada", "bob"))
            heard = []

            async def listen():
                heard.extend(await read(bob, "hi"))

            group.start_soon(listen)
            await anyio.wait_all_tasks_blocked()
            assert heard == []
            answer = await ask(ada, start("ada", "bob"))
            await ask(ada, say(answer["result"]["stream"]["streamId"], "hi"))
            await anyio.wait_all_tasks_blocked()
            assert [each["params"].get("event", each["method"]) for each in heard] == [
                "stream_invitation",
                "STREAM_STARTED",
                "stream.message",
            ]

    run(talk)


def test_a_ring_before_the_wait_is_not_lost_and_a_wait_can_have_an_end(run):
    async def talk():
        async with HubHost() as host:
            link = host.open_link(principal="ada")
            link.ring()
            await link.wait()
            await link.wait(until=host.now())  # nothing has rung since
            assert link.take() == []

    run(talk)


def test_what_is_no_message_is_answered(run):
    async def talk():
        async with HubHost() as host:
            link = host.open_link(principal="ada")
            link.refuse(CodecError("it is noise"))
            (send,) = link.take()
            assert b'"code":-32700' in send.message

    run(talk)


def test_a_link_that_is_closed_is_gone_and_may_be_closed_again(run):
    async def talk():
        async with HubHost() as host:
            link = host.open_link(principal="ada")
            unknown = host.new_link()
            for each in link, link, unknown:
                each.close()
            assert host._links == {}
            assert host.hub._delivery.links == {}
            assert link.take() == []

    run(talk)


def test_a_hub_that_is_full_turns_links_away(run):
    async def talk():
        async with HubHost(HubLimits(links=1)) as host:
            link = host.open_link()
            with pytest.raises(ConnectionFailed, match="all the connections it can hold"):
                host.open_link()
            link.close()
            host.open_link().close()
            assert host._links == {}

    run(talk)


def test_a_link_whose_answers_pile_up_has_no_room(run):
    async def talk():
        async with HubHost(HubLimits(unread=100)) as host, anyio.create_task_group() as group:
            link = host.open_link(principal="ada")
            await link.room()
            for number in range(3):
                link.receive(body(call("stream.nonsense", request_id=number)))
            steps = []

            async def go_on():
                await link.room()
                steps.append("room")

            group.start_soon(go_on)
            await anyio.wait_all_tasks_blocked()
            link.take(1)
            await anyio.wait_all_tasks_blocked()
            assert steps == []  # still too much
            link.take()
            await anyio.wait_all_tasks_blocked()
            assert steps == ["room"]

    run(talk)


def test_who_speaks_for_whom_is_asked(run):
    async def talk():
        async with HubHost(may_speak_for=lambda principal, agent: principal == "boss") as host:
            boss, ada = (host.open_link(principal=name) for name in ("boss", "ada"))
            answer = await ask(boss, start("bob", agentId="bob"))
            assert answer["result"]["stream"]["participants"] == ["bob"]
            assert (await ask(ada, start("bob", agentId="bob")))["error"]["code"] == -40006

    run(talk)


# Time --------------------------------------------------------------------------------------------------------------


def test_deadlines_are_kept_also_one_that_is_nearer_than_the_one_before(run):
    async def talk():
        limits = HubLimits(stream=StreamLimits(pause=0.0))
        async with HubHost(limits) as host:
            events = host.events()
            link = host.open_link(principal="ada")
            stream_id = (await ask(link, start("ada")))["result"]["stream"]["streamId"]
            await anyio.wait_all_tasks_blocked()  # the host waits for the stream's long deadlines
            await ask(link, call("stream.pause", {"streamId": stream_id}, 2))
            async for event in events:
                if isinstance(event, StreamEnded):
                    assert event.reason == "pause_timeout"
                    return

    run(talk)


def test_timestamps_are_those_of_the_world(run):
    async def talk():
        async with HubHost() as host:
            answer = await ask(host.open_link(principal="ada"), start("ada"))
            return answer["result"]["stream"]["createdAt"]

    assert run(talk) > "2024"


# Life --------------------------------------------------------------------------------------------------------------


def test_the_streams_outlive_a_host_that_is_left(run):
    host = HubHost()

    async def begin():
        async with host:
            assert host.is_running
            link = host.open_link(principal="ada")
            answer = await ask(link, start("ada"))
            link.close()
            await anyio.wait_all_tasks_blocked()  # its clock stands still in this loop, and must go in the next
            return answer["result"]["stream"]["streamId"]

    stream_id = run(begin)
    assert not host.is_running

    async def go_on():
        async with host:
            await anyio.wait_all_tasks_blocked()
            return await ask(host.open_link(principal="ada"), say(stream_id, "hi"))

    assert run(go_on)["result"]["type"] == "success"


def test_what_was_started_ends_with_the_host(run):
    ended = []

    async def wait():
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(True)

    async def talk():
        async with HubHost() as host:
            host.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
        assert ended == [True]

    run(talk)


def test_who_waits_on_a_link_is_told_that_the_host_was_left(run):
    async def talk():
        host = HubHost(HubLimits(unread=0))
        async with anyio.create_task_group() as group, host:
            waiting, stalled = host.open_link(principal="ada"), host.open_link(principal="bob")
            stalled.receive(b"nonsense")
            group.start_soon(waiting.wait)
            group.start_soon(wait_for_room, stalled, host)
            await anyio.wait_all_tasks_blocked()

    async def wait_for_room(link, host):
        await link.room()
        assert not host.is_running

    run(talk)


def test_an_error_of_the_body_comes_out_as_itself(run):
    async def talk():
        with pytest.raises(ZeroDivisionError):
            async with HubHost():
                raise ZeroDivisionError

    run(talk)


# What happens ------------------------------------------------------------------------------------------------------


def test_everybody_who_listens_is_told_what_happens_until_the_host_is_left(run):
    async def talk():
        async with HubHost() as host:
            one, other = host.events(), host.events()
            link = host.open_link(principal="ada")
            stream_id = (await ask(link, start("ada")))["result"]["stream"]["streamId"]
            await ask(link, say(stream_id, "hi"))
            await ask(link, call("stream.nonsense", request_id=3))
            await ask(link, call("stream.end", {"streamId": stream_id}, 4))
        kinds = [[type(event) async for event in events] for events in (one, other)]
        assert kinds == [[StreamStarted, MessageSent, FrameRejected, StreamEnded, StreamArchivable]] * 2

    run(talk)


def test_who_is_too_slow_is_told_how_much_is_gone(run):
    async def talk():
        async with HubHost() as host:
            events = host.events(limit=2)
            link = host.open_link(principal="ada")
            for number in range(5):
                await ask(link, start("ada", metadata={"purpose": str(number)}, request_id=number))
        return [event async for event in events]

    missed, *rest = run(talk)
    assert missed == Missed(3)
    assert [event.reason for event in rest] == ["3", "4"]


def test_a_listener_waits_for_what_happens(run):
    async def talk():
        happenings = Happenings(10)
        heard = []

        async def listen():
            heard.append(await anext(happenings))
            heard.append(await anext(happenings))

        async with anyio.create_task_group() as group:
            group.start_soon(listen)
            for event in "one", "two":
                await anyio.wait_all_tasks_blocked()
                happenings.put(event)
            await anyio.wait_all_tasks_blocked()
            assert heard == ["one", "two"]

    run(talk)


def test_who_no_longer_listens_costs_nothing(run):
    async def talk():
        async with HubHost() as host:
            events = host.events()
            assert len(host._listeners) == 1
            del events
            gc.collect()
            assert len(host._listeners) == 0

    run(talk)


def test_what_is_refused_can_be_found_in_the_log(run, caplog):
    caplog.set_level(logging.DEBUG, "hocket_io.acp.host")

    async def talk():
        async with HubHost() as host:
            link = host.open_link(principal="ada")
            link.receive(body(say("nowhere", "hi", ...)))
            link.receive(b"nonsense")

    run(talk)
    refused = [record.getMessage() for record in caplog.records]
    assert refused[0].startswith("refused stream.message of 'ada': there is no stream 'nowhere'")
    assert refused[1].startswith("refused a message of '': Parse error")
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}


def test_a_host_that_ends_with_an_error_of_its_own_has_ended(run):
    async def fail():
        raise ValueError("a mistake")

    async def main():
        host = HubHost()
        told = host.events()

        async def hold():
            async with host:
                host.start_soon(fail)
                await anyio.sleep_forever()

        with pytest.raises(ExceptionGroup) as raised:
            await hold()
        assert [str(each) for each in raised.value.exceptions] == ["a mistake"]
        assert not host.is_running
        assert [event async for event in told] == []

    run(main)


def test_a_host_is_entered_once_and_nothing_is_started_on_one_that_was_not_entered(run):
    async def main():
        host = HubHost()
        with pytest.raises(LocalProtocolError, match="the hub is not running: enter it first"):
            host.start_soon(anyio.sleep_forever)
        with pytest.raises(LocalProtocolError, match="the hub is not running: enter it first"):
            await start_agent(host, ["no-such-command"], agent="eve")
        async with host:
            with pytest.raises(LocalProtocolError, match="is running already"):
                async with host:
                    raise AssertionError("entered twice")
            assert host.is_running

    run(main)


def test_a_host_does_not_show_what_is_said_in_it(run):
    async def main():
        async with HubHost() as host:
            host.open_link(principal="ada")
            assert repr(host) == "HubHost(is_running=True, links=1)"

    run(main)
