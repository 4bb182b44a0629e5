"""A server of ours as a process: what its clients see when it ends, and what it leaves behind."""

import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import pytest

from hocket.a2a import Outcome, TaskState
from hocket.backoff import Backoff
from hocket.errors import ConnectionFailed, LocalProtocolError, RpcError, StreamCut
from hocket_io import AsyncClient, Client, serve
from hocket_io.acp import serve_hub
from hocket_io.server import AddressInUse
from support.agents import greeter

pytestmark = pytest.mark.process


def check_cut(events):
    assert "".join(event.text for event in events) == "waiting "
    assert events[-1].kind == "cut"
    assert events[-1].done
    assert events[-1].state is TaskState.WORKING
    assert isinstance(events[-1].error, StreamCut)
    assert "cut in state working" in str(events[-1].error)


def test_a_server_that_is_killed_cuts_the_stream(start_server):
    served = start_server()
    with Client(served.url, resume=None) as client:
        stream = client.stream("wait")
        events = []
        for event in stream:
            events.append(event)
            if event.text:
                served.process.kill()
        check_cut(events)
        assert stream.outcome is Outcome.CUT
        served.process.wait(20)
        with pytest.raises(ConnectionFailed, match=f"cannot reach {served.url}"):
            client.text("Ada")


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_server_that_is_killed_cuts_the_stream_of_an_async_client(start_server, backend):
    served = start_server()

    async def talk():
        async with AsyncClient(served.url, resume=None) as client:
            events = []
            async for event in client.stream("wait"):
                events.append(event)
                if event.text:
                    served.process.kill()
            return events

    check_cut(anyio.run(talk, backend=backend))


def test_a_server_that_is_killed_and_comes_back_without_its_memory(start_server):
    """Its log is gone with it: whoever resumes is told so. Whoever gives up before it is back is told that."""
    served = start_server()
    with Client(served.url, resume=Backoff(base=0.001, attempts=2)) as client:
        early, late = client.stream("wait"), client.stream("wait")
        said = [[next(stream) for _ in range(3)] for stream in (early, late)]
        assert [events[-1].text for events in said] == ["waiting ", "waiting "]
        served.process.kill()
        served.process.wait(20)

        said[0] += early
        assert early.outcome is Outcome.CUT
        assert [event.kind for event in said[0]] == ["task", "status", "artifact", "cut", "cut"]
        assert "could not be resumed in 2 attempts" in str(said[0][-1].error)

        start_server(urlsplit(served.url).port)
        said[1] += late
        assert late.outcome is Outcome.CUT
        assert [event.kind for event in said[1]] == ["task", "status", "artifact", "cut", "cut"]
        assert str(said[1][-1].error) == "the stream was cut in state working: Task not found (-32001)"
        for events in said:
            assert [event.done for event in events] == [False, False, False, False, True]
            assert events[-1].state is TaskState.WORKING
        with pytest.raises(RpcError) as refused:
            client.get(late.task_id)
        assert refused.value.code == -32001
        assert client.text("Ada") == "Hello Ada "


def test_a_websocket_whose_server_is_killed_and_comes_back_without_its_memory(start_server):
    served = start_server()
    target = served.url.replace("http:", "ws:")
    hasty, patient = Backoff(base=0.001, attempts=2), Backoff(base=0.05, maximum=0.05, attempts=400)
    with Client(target, resume=hasty) as early, Client(target, resume=patient) as late:
        streams = early.stream("wait"), late.stream("wait")
        said = [[next(stream) for _ in range(3)] for stream in streams]
        assert [events[-1].text for events in said] == ["waiting ", "waiting "]
        served.process.kill()
        served.process.wait(20)
        said[0] += streams[0]
        assert "could not be resumed in 2 attempts" in str(said[0][-1].error)

        start_server(urlsplit(served.url).port)
        said[1] += streams[1]
        assert str(said[1][-1].error) == "the stream was cut in state working: Task not found (-32001)"
        for stream, events in zip(streams, said, strict=True):
            assert stream.outcome is Outcome.CUT
            assert [event.kind for event in events] == ["task", "status", "artifact", "cut", "cut"]
            assert [event.done for event in events] == [False, False, False, False, True]
        assert early.text("Ada") == late.text("Ada") == "Hello Ada "


def test_text_raises_when_the_stream_is_cut(start_server):
    served = start_server()
    with Client(served.url, resume=None) as client:
        stream = client.stream("wait")
        while not next(stream).text:
            pass
        served.process.kill()
        with pytest.raises(StreamCut, match="cut in state working"):
            stream.text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_is_told_to_stop_stops_in_good_order(start_server, number):
    served = start_server()
    with Client(served.url, resume=None) as client:
        events = []
        for event in client.stream("wait"):
            events.append(event)
            if event.text:
                served.process.send_signal(number)
        check_cut(events)
    code, complaints = served.end()
    assert code == (0 if number == signal.SIGINT else -signal.SIGTERM)
    assert complaints == ""
    with pytest.raises(ConnectionFailed), Client(served.url) as client:  # the port is free again
        client.text("Ada")


def test_a_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressInUse, match=f"cannot listen on 127.0.0.1:{port}: .*in use; try another port"):
            serve(greeter(), port=port)


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_cannot_be(port):
    with pytest.raises(AddressInUse, match=f":{port}: a port is a number from 0 to 65535$"):
        serve(greeter(), port=port)


def test_an_address_that_is_not_ours():
    with pytest.raises(
        AddressInUse, match=r"cannot listen on 192\.0\.2\.1:0: .*; the host is an address of this machine"
    ):
        serve(greeter(), host="192.0.2.1", port=0)


def test_an_event_loop_that_is_there_already(run):
    async def within():
        with pytest.raises(LocalProtocolError, match=r"^serve runs an event loop .* give an App to a web server"):
            serve(greeter(), port=0)
        with pytest.raises(LocalProtocolError, match=r"^serve_hub runs an event loop .* give a HubApp to a web server"):
            serve_hub(port=0)

    run(within)


def test_ipv6(tmp_path):
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from served import agent; from hocket_io import serve;"
        "serve(agent, host='::1', port=0, on_ready=lambda url: print(url, flush=True))"
    )
    command = [sys.executable, "-c", script, str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().strip()
        try:
            assert url.startswith("http://[::1]:")
            with Client(url) as client:
                assert client.card().supported_interfaces[0].url == url
                assert client.text("Ada") == "Hello Ada "
        finally:
            process.terminate()
            process.communicate(timeout=20)
