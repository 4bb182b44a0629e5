"""Clients and the network: timeouts of every phase, proxies, certificates. Each kind of client, on real sockets."""

import json
import socket
import ssl
import threading
from contextlib import contextmanager

import httpx2
import pytest

from hocket.errors import AuthenticationError, ConnectionFailed, HocketError, LocalProtocolError, RequestTimeout
from hocket_io import AsyncClient, Client
from hocket_io.http.client import BlockingHttpTransport, HttpTransport
from hocket_io.http.network import failure_of
from hocket_io.http.options import HttpOptions
from support.clients import KINDS, tell
from support.http_proxy import http_proxy
from support.tls import client_context, server_context
from support.web import agent_that_streams, web
from support.wire import said

each_kind = pytest.mark.parametrize("kind", KINDS)


def hi():
    """An agent that says hi."""
    event = {"jsonrpc": "2.0", "id": "1", "result": said("hi")}
    return agent_that_streams(b"data: " + json.dumps(event).encode() + b"\n\n")


async def ask(way):
    return await way.ask("text", "Ada")


def failing(kind, url, **options):
    """The error of a client that asks there."""
    with pytest.raises(HocketError) as caught:
        tell(kind, ask, url, resume=None, **options)
    return caught.value


# Timeouts


@contextmanager
def nobody_accepts():
    """A server whose queue of new connections is full."""
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"


@each_kind
def test_a_server_that_takes_no_connection(kind):
    with nobody_accepts() as url:
        error = failing(kind, url, timeout=httpx2.Timeout(10, connect=0.05))
    assert isinstance(error, ConnectionFailed)
    assert str(error) == f"cannot reach {url} in time: 0.05 s (timeout=, its connect phase)"


@contextmanager
def nobody_reads():
    """A server that has no card, and reads no more than the head of what is posted."""
    done = threading.Event()

    def serve():
        while True:
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as reading:
                while (line := reading.readline()).startswith(b"GET"):
                    while reading.readline().strip():
                        pass
                    connection.sendall(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
                if line:
                    done.wait(20)
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            done.set()
            thread.join()


@each_kind
def test_a_server_that_does_not_take_what_is_sent(kind):
    async def send_much(way):
        return await way.ask("text", "x" * 16 * 1024 * 1024)

    with nobody_reads() as url, pytest.raises(RequestTimeout) as caught:
        tell(kind, send_much, url, timeout=httpx2.Timeout(10, write=0.05))
    said = f"{url} took nothing of the request for too long: 0.05 s (timeout=, its write phase)"
    assert str(caught.value) == said


@each_kind
def test_a_server_that_says_nothing(kind):
    done = threading.Event()

    def answer(request):
        if request.command == "GET":
            request.reply(404, b"")
        else:
            done.wait(20)

    with web(answer) as (url, _):
        try:
            error = failing(kind, url, timeout=httpx2.Timeout(10, read=0.05))
        finally:
            done.set()
    assert isinstance(error, RequestTimeout)
    assert str(error) == f"{url} was silent for too long: 0.05 s (timeout=, its read phase)"


def test_a_client_whose_connections_are_all_in_use():
    error = failure_of(httpx2.PoolTimeout(""), "http://agent/", HttpOptions(timeout=httpx2.Timeout(10, pool=2.5)))
    assert isinstance(error, RequestTimeout)
    assert str(error) == (
        "no connection to http://agent/ came free in time: the streams of this client have all 1,000: "
        "2.5 s (timeout=, its pool phase)"
    )


# Proxies


@pytest.fixture(scope="module")
def agent():
    """An agent over http."""
    with web(hi()) as (url, _):
        yield url


@pytest.fixture(scope="module")
def safe_agent():
    """An agent over https."""
    with web(hi(), server_context()) as (url, _):
        yield url


@each_kind
def test_a_proxy_passes_on_what_is_said_in_plain_text(kind, agent):
    with http_proxy() as proxy:
        assert tell(kind, ask, agent, proxy=proxy.url) == "hi"
    assert proxy.asked[-1] == ("POST", agent)
    assert all(target.startswith(agent) for _, target in proxy.asked)


@each_kind
def test_a_proxy_opens_a_way_for_what_is_secret(kind, safe_agent):
    with http_proxy() as proxy:
        assert tell(kind, ask, safe_agent, proxy=proxy.url, tls=client_context()) == "hi"
    assert {method for method, _ in proxy.asked} == {"CONNECT"}


@each_kind
def test_a_proxy_over_tls(kind, agent):
    with http_proxy(tls=server_context()) as proxy:
        assert tell(kind, ask, agent, proxy=proxy.url, tls=client_context()) == "hi"
    assert proxy.asked[-1] == ("POST", agent)


@each_kind
@pytest.mark.parametrize("to", ["agent", "safe_agent"])
def test_the_credentials_of_a_proxy(kind, to, request):
    url, tls = request.getfixturevalue(to), client_context()
    with http_proxy("ada:s3cret") as proxy:
        assert tell(kind, ask, url, proxy=proxy.url_with("ada:s3cret"), tls=tls) == "hi"
        error = failing(kind, url, proxy=proxy.url_with("ada:wr0ng"), tls=tls)
    assert isinstance(error, AuthenticationError)
    assert "wants credentials: HTTP 407" in str(error)
    assert "wr0ng" not in str(error)


@each_kind
def test_a_proxy_that_is_not_there(kind, agent):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    error = failing(kind, agent, proxy=f"http://ada:s3cret@{address}")
    assert isinstance(error, ConnectionFailed)
    assert str(error).startswith(f"cannot reach {agent} through the proxy http://{address}: Connection refused")


@each_kind
def test_a_proxy_that_does_not_reach_the_agent(kind):
    with http_proxy() as proxy:
        error = failing(kind, "https://127.0.0.1:1/", proxy=proxy.url)
    assert isinstance(error, ConnectionFailed)
    assert str(error) == f"the proxy {proxy.url} opens no way to https://127.0.0.1:1/: HTTP 502 Bad Gateway"


# Proxies of the environment

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture
def environment(monkeypatch):
    """An environment without proxies. Call it with those that it is to name."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)

    def name_proxies(**proxies):
        for name, url in proxies.items():
            monkeypatch.setenv(name, url)

    return name_proxies


@each_kind
def test_the_environment_names_a_proxy(kind, agent, environment):
    url = agent.replace("127.0.0.1", "agent.invalid")
    with http_proxy(names=["agent.invalid"]) as proxy:
        environment(http_proxy=proxy.url)
        assert tell(kind, ask, url) == "hi"
        environment(no_proxy="example.com,invalid")
        assert str(failing(kind, url)).startswith(f"cannot reach {url}: ")
    environment(no_proxy="", http_proxy="http://ada:s3cret@127.0.0.1:1")
    assert str(failing(kind, url)).startswith(f"cannot reach {url} through the proxy http://127.0.0.1:1: ")


@each_kind
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_an_agent_on_this_machine_is_not_asked_through_a_proxy_of_the_environment(kind, host, agent, environment):
    environment(http_proxy="http://127.0.0.1:1", all_proxy="socks5://127.0.0.1:1")
    assert tell(kind, ask, agent.replace("127.0.0.1", host)) == "hi"


@each_kind
@pytest.mark.parametrize("url", ["socks5://ada:s3cret@127.0.0.1:1", "socks4://ada:s3cret@127.0.0.1:1"])
def test_a_proxy_of_the_environment_that_cannot_be_used(kind, url, environment):
    environment(all_proxy=url)
    error = failing(kind, "http://agent.invalid/")
    assert isinstance(error, LocalProtocolError)
    assert str(error).startswith("a proxy of the environment (ALL_PROXY, HTTPS_PROXY, HTTP_PROXY) cannot be used: ")
    assert "s3cret" not in str(error)


# Certificates


@each_kind
def test_an_authority_of_ones_own(kind, safe_agent):
    assert tell(kind, ask, safe_agent, tls=client_context()) == "hi"
    error = failing(kind, safe_agent)
    assert isinstance(error, ConnectionFailed)
    assert "its certificate is not to be trusted: unable to get local issuer certificate" in str(error)


@each_kind
def test_an_agent_that_wants_a_certificate(kind):
    with web(hi(), server_context(wants_client=True)) as (url, _):
        assert tell(kind, ask, url, tls=client_context(identity="ada@example.com")) == "hi"
        error = failing(kind, url, tls=client_context())
    assert isinstance(error, ConnectionFailed)
    assert str(error).startswith(f"the connection to {url} broke: ")
    assert "Error" not in str(error), "in words, whether the server's alert came or only its end"


class Alerted(httpx2.AsyncBaseTransport, httpx2.BaseTransport):
    """Connections whose TLS breaks after the handshake, as anyio tells it."""

    def handle_request(self, request):
        raise ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] certificate required")

    async def handle_async_request(self, request):
        self.handle_request(request)


def test_an_error_of_tls_itself_is_one_of_the_connection(run):
    async def card():
        async with HttpTransport("https://agent/", transport=Alerted()) as transport:
            await transport.card()

    with pytest.raises(ConnectionFailed, match=r"the connection to https://agent/ broke: .*certificate required"):
        run(card)
    with (
        BlockingHttpTransport("https://agent/", transport=Alerted()) as transport,
        pytest.raises(ConnectionFailed, match="certificate required"),
    ):
        transport.card()


# What may be given

both = pytest.mark.parametrize("client", [Client, AsyncClient])


@both
@pytest.mark.parametrize(
    "proxy",
    [
        "proxy",
        "proxy:3128",
        "socks5://ada:s3cret@proxy",
        "http://",
        "http://ada:s3cret@:1",
        "http://ada:s3cret@p:no",
        "http://ada:s3 cret@p",
        "http://p:0",
        "http://[",
        3128,
        b"http://s3cret@p",
    ],
)
def test_what_is_no_proxy_is_refused_and_not_repeated(client, proxy):
    with pytest.raises(LocalProtocolError, match="proxy must be a URL of a proxy, http://HOST:PORT") as caught:
        client("http://agent/", proxy=proxy)
    assert "s3" not in str(caught.value)


@both
def test_what_is_no_context_is_refused(client):
    with pytest.raises(LocalProtocolError, match=r"tls must be an ssl\.SSLContext, or None, not False"):
        client("https://agent/", tls=False)


@both
@pytest.mark.parametrize("phases", [{"read": -1}, {"connect": 0}, {"write": float("nan")}, {"pool": "3"}])
def test_a_phase_that_is_no_time(client, phases):
    with pytest.raises(LocalProtocolError, match="timeout must be a number of seconds over 0"):
        client("http://agent/", timeout=httpx2.Timeout(3.0, **phases))


@both
def test_a_phase_may_have_no_end(client):
    assert client("http://agent/", timeout=httpx2.Timeout(None)).timeout.read is None


@both
def test_credentials_of_a_proxy_are_not_shown(client):
    assert "s3cret" not in repr(client("http://agent/", proxy="http://ada:s3cret@proxy:3128"))


# Redirects


@each_kind
def test_a_server_that_has_its_agent_elsewhere(kind):
    """With and without a slash at the end, say."""
    says_hi = hi()

    def answer(request):
        if request.command == "POST" and request.path == "/":
            request.reply(307, b"", Location="/there")
        else:
            says_hi(request)

    with web(answer) as (url, asked):
        assert tell(kind, ask, url) == "hi"
    posts = [(each.path, each.body) for each in asked if each.command == "POST"]
    assert [path for path, _ in posts] == ["/", "/there"]
    assert posts[0][1] == posts[1][1]


@each_kind
def test_a_server_that_has_its_agent_over_tls(kind, safe_agent):
    def answer(request):
        request.reply(308, b"", Location=safe_agent) if request.command == "POST" else request.reply(404, b"")

    with web(answer) as (url, _):
        assert tell(kind, ask, url, tls=client_context()) == "hi"


@each_kind
def test_redirects_have_an_end_and_lead_to_nobody_else(kind, agent):
    def answer(request):
        request.reply(307, b"", Location="/again") if request.command == "POST" else request.reply(404, b"")

    with web(answer) as (url, asked):
        assert str(failing(kind, url)) == f"{url} is not there: HTTP 307 leads to {url}again"
    assert [each.command for each in asked].count("POST") == 6

    def elsewhere(request):
        request.reply(307, b"", Location=agent) if request.command == "POST" else request.reply(404, b"")

    with web(elsewhere) as (url, _):
        assert str(failing(kind, url)) == f"{url} is not there: HTTP 307 leads to {agent}"
