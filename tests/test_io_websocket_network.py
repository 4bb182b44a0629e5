"""WebSockets and the network: TLS with good and bad certificates, and proxies. On real sockets."""

import re
import socket
import ssl
import threading

import anyio
import pytest

from hocket.errors import AuthenticationError, ConnectionFailed, HocketError, LocalProtocolError
from hocket_io.acp import AcpClient, BlockingAcpClient
from hocket_io.http.asgi import App
from hocket_io.http.hub_app import HubApp
from hocket_io.tunnel import proxy_of_environment
from hocket_io.websocket.connection import open_websocket
from support.agents import greeter
from support.clients import KINDS, tell
from support.http_proxy import http_proxy
from support.serving import serving
from support.tls import client_context, server_context

pytestmark = pytest.mark.process

PROXIES = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"]


@pytest.fixture(scope="module")
def plain():
    """The address of an agent, without its scheme."""
    with serving(lambda url: App(greeter(), allowed_hosts=["*"])) as url:
        yield url.removeprefix("http")


@pytest.fixture(scope="module")
def secure():
    """The same over TLS: it has a certificate for 127.0.0.1 and agent.example."""
    context = server_context("127.0.0.1", "agent.example")
    with serving(lambda url: App(greeter(), allowed_hosts=["*"]), ssl_context_factory=lambda *_: context) as url:
        yield url.removeprefix("http")


@pytest.fixture
def no_proxies(monkeypatch):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


async def ask(way):
    return await way.ask("text", "Ada")


def failing(url, **options):
    """The error of a connection that cannot be had."""

    async def talk():
        async with await open_websocket(url, **options):
            pass

    with pytest.raises(HocketError) as caught:
        anyio.run(talk)
    return caught.value


# TLS


@pytest.mark.parametrize("kind", KINDS)
def test_an_agent_behind_tls(secure, kind):
    assert "Ada" in tell(kind, ask, f"wss{secure}", tls=client_context())


@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_that_nobody_vouches_for(secure, kind):
    with pytest.raises(ConnectionFailed, match=r"^cannot reach wss://127.*its certificate is not to be trusted: "):
        tell(kind, ask, f"wss{secure}")


def test_a_certificate_of_somebody_else(secure):
    error = failing(f"wss{secure.replace('127.0.0.1', 'localhost')}", tls=client_context())
    assert "its certificate is not to be trusted: Hostname mismatch" in str(error)


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
"""In the newer one a server looks at the certificate of a client only after that has begun to talk."""


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_that_wants_to_know_its_clients_and_says_nothing(version):
    context = server_context(wants_client=True)
    context.maximum_version = version
    with serving(lambda url: App(greeter()), ssl_context_factory=lambda *_: context) as url:
        url = f"wss{url.removeprefix('http')}"
        error = failing(url, tls=client_context())
        assert isinstance(error, ConnectionFailed)
        assert "ended the connection in " in str(error)
        assert "it may want a certificate of ours (tls=)" in str(error)
        assert "Ada" in tell("trio", ask, url, tls=client_context(identity="ada@agent.example"))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_that_wants_to_know_its_clients_and_says_so(version):
    context = server_context(wants_client=True)
    context.maximum_version = version

    def serve():
        connection, _ = listening.accept()
        with context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as secured:
            with pytest.raises(ssl.SSLError):
                secured.do_handshake()
            while socket.socket.recv(secured, 65_536):
                pass  # or what it has said would be lost

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        error = failing(f"wss://127.0.0.1:{listening.getsockname()[1]}/", tls=client_context())
        thread.join()
    assert isinstance(error, ConnectionFailed)
    assert re.search(r"^(cannot reach|the connection to) wss://.*(handshake failure|certificate required)", str(error))


def test_one_speaks_tls_and_the_other_does_not(plain, secure):
    assert "what answers there speaks no TLS" in str(failing(f"wss{plain}", tls=client_context()))
    assert "ended the connection in place of an answer" in str(failing(f"ws{secure}"))


@pytest.mark.parametrize("scheme", ["wss", "https"])
def test_a_hub_behind_tls(scheme):
    context = server_context()
    with serving(lambda url: HubApp(), ssl_context_factory=lambda *_: context) as url:
        url = f"{scheme}{url.removeprefix('http')}"

        async def talk():
            async with AcpClient(url, agent="ada", tls=client_context()) as ada:
                return (await ada.start(["ada"])).stream_id

        assert anyio.run(talk)
        with BlockingAcpClient(url, agent="bob", tls=client_context()) as bob:
            assert bob.start(["bob"]).stream_id
        with pytest.raises(ConnectionFailed, match="its certificate is not to be trusted"):
            BlockingAcpClient(url, agent="eve").__enter__()


# Proxies


@pytest.mark.parametrize("kind", KINDS)
def test_through_a_proxy_that_knows_its_clients(plain, kind, no_proxies):
    where = plain.strip(":/")
    with http_proxy("ada:s3c:ret") as proxy:
        assert "Ada" in tell(kind, ask, f"ws{plain}", proxy=proxy.url_with("ada:s3c%3Aret"))
        assert proxy.asked == [("CONNECT", where)]
        with pytest.raises(AuthenticationError, match=r"the proxy http://127.*wants credentials: HTTP 407") as refused:
            tell(kind, ask, f"ws{plain}", proxy=proxy.url_with("ada:wr0ng"))
    assert "wr0ng" not in str(refused.value)


def test_through_a_proxy_that_is_reached_by_tls_to_an_agent_that_is_too(secure, no_proxies):
    with http_proxy(tls=server_context(), names=["agent.example"]) as proxy:
        url = f"wss{secure.replace('127.0.0.1', 'agent.example')}"
        assert "Ada" in tell("asyncio", ask, url, proxy=proxy.url, tls=client_context())
        assert "its certificate is not to be trusted" in str(failing(url, proxy=proxy.url))
        assert "cannot reach wss://agent.example" in str(failing(url, proxy=proxy.url))


def test_the_environment_names_a_proxy(plain, no_proxies):
    url = f"ws{plain.replace('127.0.0.1', 'agent.example')}"
    with http_proxy(names=["agent.example"]) as proxy:
        no_proxies.setenv("HTTP_PROXY", proxy.address)
        assert "Ada" in tell("trio", ask, url)
        assert len(proxy.asked) == 1
        assert "Ada" in tell("trio", ask, f"ws{plain}"), "this machine is reached without it"
        assert len(proxy.asked) == 1


@pytest.mark.parametrize(
    ("environment", "is_secure", "proxy"),
    [
        ({}, True, None),
        ({"HTTPS_PROXY": "https://a:1"}, True, "https://a:1"),
        ({"HTTPS_PROXY": "http://a:1"}, False, None),
        ({"HTTP_PROXY": "a:1"}, False, "http://a:1"),
        ({"ALL_PROXY": "http://a:1", "HTTPS_PROXY": ""}, True, "http://a:1"),
        ({"ALL_PROXY": "http://a:1", "NO_PROXY": "agent.example"}, True, None),
        ({"ALL_PROXY": "http://a:1", "NO_PROXY": "other.example"}, True, "http://a:1"),
    ],
)
def test_which_proxy_that_is(no_proxies, environment, is_secure, proxy):
    for name, value in environment.items():
        no_proxies.setenv(name, value)
    assert proxy_of_environment("agent.example", is_secure=is_secure) == proxy
    for here in ("127.0.0.1", "localhost", "::1", "0.0.0.0"):
        assert proxy_of_environment(here, is_secure=is_secure) is None


def test_a_proxy_of_the_environment_that_is_none(no_proxies):
    no_proxies.setenv("ALL_PROXY", "socks5://ada:s3cret@proxy.example")
    with pytest.raises(LocalProtocolError, match="cannot be used for a WebSocket: give http://HOST:PORT") as refused:
        proxy_of_environment("agent.example", is_secure=True)
    assert "s3cret" not in str(refused.value)


def answering(answer):
    """A proxy that says this, and hangs up; where it is too much, that is not waited for."""

    async def handle(stream):
        async with stream:
            await stream.receive()
            await stream.send(answer)
            if len(answer) > 16_384:
                await anyio.sleep_forever()

    return handle


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "opens no way to agent.example:80: HTTP 502 Bad Gateway$"),
        (b"HTTP/1.1 200 OK\r\n", "gives no answer of HTTP$"),
        (b"HTTP/1.1 200 OK\r\n\r\nmore than that", "gives no answer of HTTP$"),
        (b"HTTP/1.1 200 " + b"x" * 20_000, "gives no answer of HTTP$"),
        (b"SSH-2.0\r\n\r\n", "gives no answer of HTTP$"),
    ],
)
def test_a_proxy_that_opens_no_way(run, answer, says):
    async def talk():
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        async with listener, anyio.create_task_group() as group:
            group.start_soon(listener.serve, answering(answer))
            with pytest.raises(ConnectionFailed, match=f"^the proxy http://127.0.0.1:{port} {says}"):
                await open_websocket("ws://agent.example/", proxy=f"http://ada:s3cret@127.0.0.1:{port}")
            group.cancel_scope.cancel()

    run(talk)


def test_a_proxy_that_is_not_there(run, free_tcp_port):
    async def talk():
        words = f"^cannot reach ws://agent.example/ through the proxy http://127.0.0.1:{free_tcp_port}: Connection ref"
        with pytest.raises(ConnectionFailed, match=words):
            await open_websocket("ws://agent.example/", proxy=f"http://127.0.0.1:{free_tcp_port}")

    run(talk)
