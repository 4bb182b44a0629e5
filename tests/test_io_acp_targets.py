"""Where an agent finds its hub: what targets say, and what `open_link` makes of them."""

import os
import subprocess
import sys

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.acp.limits import ClientLimits
from hocket.errors import ConnectionFailed, LocalProtocolError, MissingExtra
from hocket_io.acp.client import AcpClient
from hocket_io.acp.host import HubHost
from hocket_io.acp.links import open as opening
from hocket_io.acp.links.memory import MemoryLink
from hocket_io.acp.links.open import open_link
from hocket_io.acp.links.own import OwnPipe
from hocket_io.acp.links.pipe import PipeLink
from hocket_io.acp.links.targets import OwnStreams, TcpTarget, WebSocketTarget, WebTarget, parse_link_target
from hocket_io.client.targets import CommandTarget
from hocket_io.http.hub_app import HubApp
from hocket_io.stdio import StandardStreams

ECHO = 'stdio:python -c "import sys; [print(line, end=str(), flush=True) for line in sys.stdin]"'


@pytest.mark.parametrize(
    ("target", "parsed"),
    [
        ("http://127.0.0.1:8100", WebTarget("http://127.0.0.1:8100")),
        ("http://127.0.0.1:8100/", WebTarget("http://127.0.0.1:8100")),
        ("HTTPS://hub.example/base/", WebTarget("https://hub.example/base")),
        ("http://hub.example/jsonrpc", WebTarget("http://hub.example")),
        ("http://hub.example/base/jsonrpc/", WebTarget("http://hub.example/base")),
        ("ws://hub.example", WebSocketTarget("ws://hub.example/jsonrpc")),
        ("wss://hub.example:81/?a=b", WebSocketTarget("wss://hub.example:81/jsonrpc?a=b")),
        ("ws://[::1]:81/streams/s-1", WebSocketTarget("ws://[::1]:81/streams/s-1")),
        ("tcp://127.0.0.1:8101", TcpTarget("127.0.0.1", 8101)),
        ("tcp://[::1]:8101/", TcpTarget("::1", 8101)),
        ("stdio:-", OwnStreams()),
        ("stdio: - ", OwnStreams()),
        ("stdio:hub --quiet", CommandTarget(("hub", "--quiet"))),
        ("stdio:python -m hocket hub --stdio", CommandTarget((sys.executable, "-m", "hocket", "hub", "--stdio"))),
    ],
)
def test_targets(target, parsed):
    assert parse_link_target(target) == parsed


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("", "is no hub: give http(s)://HOST…, ws(s)://HOST…, tcp://HOST:PORT, stdio:COMMAND, stdio:-, or a HubHost"),
        ("127.0.0.1:8100", "did you mean http://127.0.0.1:8100?"),
        ("ftp://hub.example", "ftp:// is not spoken here"),
        ("ftp://", "ftp:// is not spoken here"),
        ("://hub", ":// is not spoken here"),
        ("http://", "an address looks like http://HOST:PORT"),
        ("ws://:80", "an address looks like ws://HOST:PORT"),
        ("wss://hub:port", "an address looks like wss://HOST:PORT"),
        ("http://hub:0", "an address looks like http://HOST:PORT"),
        ("http://hub/?a=b", "leave out what follows the path"),
        ("https://hub/#part", "leave out what follows the path"),
        ("tcp://hub", "an address looks like tcp://HOST:PORT"),
        ("tcp://hub:99999", "an address looks like tcp://HOST:PORT"),
        ("tcp://hub:80/path", "an address looks like tcp://HOST:PORT"),
        ("tcp://me:secret@hub:80", "an address looks like tcp://HOST:PORT"),
        ("stdio:", "stdio: needs a command"),
        ("stdio:echo 'open", "cannot be read"),
    ],
)
def test_what_is_no_target(target, says):
    with pytest.raises(LocalProtocolError) as refused:
        parse_link_target(target)
    assert says in str(refused.value)


@given(
    st.text() | st.text().map("http://{}".format) | st.text().map("tcp://{}".format) | st.text().map("ws://{}".format)
)
def test_whatever_is_given_is_a_target_or_refused(text):
    try:
        target = parse_link_target(text)
    except LocalProtocolError:
        return
    if isinstance(target, WebTarget | WebSocketTarget):
        assert parse_link_target(target.url) == target, "a target that was read stays what it is"


@pytest.mark.parametrize("target", [7, None, b"http://hub", HubHost])
def test_what_is_no_hub(run, target):
    async def talk():
        with pytest.raises(LocalProtocolError, match="is no hub"):
            await open_link(target)

    run(talk)


@pytest.mark.parametrize("target", ["tcp://hub:80", "stdio:hub", "stdio:-"])
@pytest.mark.parametrize("options", [{"token": "t"}, {"headers": {"X-A": "b"}}])
def test_where_a_token_cannot_be_shown(run, target, options):
    async def talk():
        with pytest.raises(LocalProtocolError, match=r"has no place for a token or headers"):
            await open_link(target, **options)

    run(talk)


def test_a_hub_in_this_process(run):
    async def talk():
        async with HubHost() as host:
            with pytest.raises(LocalProtocolError, match="no place for a token"):
                await open_link(host, token="t")
            async with await open_link(host, agent="ada") as link:
                assert isinstance(link, MemoryLink)
                await link.send(b'{"jsonrpc":"2.0","id":"1","method":"stream.start","params":{"participants":["bo"]}}')
                assert b'"participants":["ada","bo"]' in await link.receive()

    run(talk)


@pytest.fixture
def introduced(monkeypatch):
    """What a link over HTTP or WebSocket was opened with, in place of opening it."""
    calls = []

    async def opened(target, headers, query, limits, *_network):
        calls.append((target, dict(headers), dict(query), limits))

    monkeypatch.setattr(opening, "_open_web", opened)
    monkeypatch.setattr(opening, "_open_websocket", opened)
    return calls


@pytest.mark.parametrize("target", ["http://hub", "ws://hub"])
def test_who_we_are(run, introduced, target):
    async def talk():
        limits = ClientLimits(message=7)
        await open_link(target, agent="ada", token="t", headers={"X-Team": "red"}, limits=limits, connection_id="c")
        await open_link(target, agent="Zoë")
        await open_link(target, agent=" a\r\nb")
        await open_link(target)

    run(talk)
    (_, fields, query, limits), (_, zoe, zoe_query, _), (_, odd, odd_query, _), (_, nobody, nobody_query, _) = (
        introduced
    )
    assert fields == {
        "X-Team": "red",
        "X-Connection-Id": "c",
        "Authorization": "Bearer t",
        "X-Agent-Id": "ada",
    }
    assert (query, limits.message) == ({}, 7)
    assert (list(zoe), zoe_query) == (["X-Connection-Id"], {"agent": "Zoë"})
    assert (list(odd), odd_query) == (["X-Connection-Id"], {"agent": " a\r\nb"})
    assert (list(nobody), nobody_query) == (["X-Connection-Id"], {})
    assert len({each["X-Connection-Id"] for each in (fields, zoe, odd, nobody)}) == 4


def test_a_name_that_a_header_field_would_change(run, introduced):
    async def talk():
        await open_link("http://hub", agent=" ada")

    run(talk)
    ((_, fields, query, _),) = introduced
    assert (list(fields), query) == (["X-Connection-Id"], {"agent": " ada"})


@pytest.mark.parametrize("options", [{"token": "a\nb"}, {"headers": {"X-A": "b\r\nX-C: d"}}, {"headers": {"X\n": "b"}}])
def test_nothing_is_smuggled_into_header_fields(run, introduced, options):
    async def talk():
        with pytest.raises(LocalProtocolError, match="printable ASCII"):
            await open_link("http://hub", **options)

    run(talk)
    assert introduced == []


@pytest.mark.parametrize("scheme", ["http", "ws", "tcp"])
def test_nobody_is_there(run, scheme, free_tcp_port):
    async def talk():
        refused = f"cannot reach {scheme}://127.0.0.1:{free_tcp_port}.*: Connection refused: nothing listens there"
        with pytest.raises(ConnectionFailed, match=refused):
            await open_link(f"{scheme}://127.0.0.1:{free_tcp_port}", agent="Zoë")

    run(talk)


@pytest.mark.parametrize(
    ("target", "missing", "without", "extra"),
    [
        ("http://hub", "httpx2", ["hocket_io.acp.links.http"], "http"),
        ("ws://hub", "websockets.client", ["hocket_io.acp.links.websocket", "hocket_io.websocket.connection"], "ws"),
        ("tcp://hub:80", "anyio", ["hocket_io.pipes.tcp"], "http"),
    ],
)
def test_what_is_not_installed(run, monkeypatch, target, missing, without, extra):
    async def talk():
        for name in without:
            monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.setitem(sys.modules, missing, None)
        with pytest.raises(MissingExtra, match=rf"hocket\[{extra}\]"):
            await open_link(target)
        monkeypatch.undo()

    run(talk)


@pytest.mark.process
def test_a_child_process(run):
    async def talk():
        async with await open_link(ECHO) as link:
            assert isinstance(link, PipeLink)
            await link.send(b"[1]")
            await link.send(b"[2]")
            assert [await link.receive() for _ in range(2)] == [b"[1]", b"[2]"]
        async with await open_link('stdio:python -c "print(chr(91) * 3)"') as link:
            assert await link.receive() == b"[[["
            with pytest.raises(ConnectionFailed, match="ended with exit code 0"):
                await link.receive()
        with pytest.raises(ConnectionFailed, match="cannot start"):
            await open_link("stdio:/no/such/program")

    run(talk)


def test_our_own_streams(run):
    async def talk():
        (stdin, to_us), (from_us, stdout) = os.pipe(), os.pipe()
        async with PipeLink(OwnPipe(StandardStreams(stdin, stdout)), 1_000, ends_well=True) as link:
            os.write(to_us, b"[1]\n[2]\n")
            assert [await link.receive() for _ in range(2)] == [b"[1]", b"[2]"]
            await link.send(b"[3]")
            assert os.read(from_us, 100) == b"[3]\n"
            os.close(from_us)
            with pytest.raises(ConnectionFailed, match="stdout cannot be written"):
                await link.send(b"[4]")
            os.close(to_us)
            assert [await link.receive() for _ in range(2)] == [b"", b""]
        os.close(stdout)
        os.close(stdin)

    run(talk)


def test_closing_does_not_wait_for_our_own_stdin(run):
    async def talk():
        (stdin, to_us), (from_us, stdout) = os.pipe(), os.pipe()
        received = []

        async def read(link):
            received.append(await link.receive())

        async with PipeLink(OwnPipe(StandardStreams(stdin, stdout)), 1_000) as link, anyio.create_task_group() as group:
            group.start_soon(read, link)
            await anyio.wait_all_tasks_blocked()
            await link.aclose()
        assert received == [b""]
        os.close(to_us)  # lets the thread go that reads
        for fd in stdout, from_us:
            os.close(fd)

    run(talk)


@pytest.mark.process
def test_a_child_of_a_hub():
    """An agent on `stdio:-`: what it prints does not get among its messages, and it ends with its stdin."""
    program = """
import anyio
from hocket_io.acp.links.open import open_link

async def main():
    async with await open_link("stdio:-") as link:
        while message := await link.receive():
            print("I was told", message)
            await link.send(message)

anyio.run(main)
"""
    command = [sys.executable, "-c", program]
    ended = subprocess.run(command, input=b"[1]\n[2]\n", capture_output=True, timeout=20, check=True)
    assert ended.stdout == b"[1]\n[2]\n"
    assert ended.stderr == b"I was told b'[1]'\nI was told b'[2]'\n"


def test_reprs_are_short_and_hold_no_secret(run):
    async def main():
        target = "ws://ada:s3cret@hub.example:81/a?token=s3cret"
        client = AcpClient(target, agent="ada", token="s3cret", headers={"x-key": "s3cret"})
        assert repr(client) == "AcpClient(target='ws://hub.example:81/a', agent='ada', timeout=None)"
        async with HubHost() as host, AcpClient(host, agent="ada") as ada:
            stream = await ada.start(["bob"])
            await stream.send("s3cret")
            machines = [ada.line.machine, ada.line, ada.line.mail, ada.line.link, host, HubApp(host), host.events()]
            for each in [ada, stream, stream.chunks(), stream.batch(), ada.invitations(), *machines]:
                shown = repr(each)
                assert "s3cret" not in shown
                assert len(shown) < 160, shown

    run(main)
