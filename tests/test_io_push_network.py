"""Where push notifications are posted to: who is connected to is judged, and the name stays in TLS and HTTP."""

import logging
import socket
import threading
from ipaddress import ip_address

import anyio
import httpcore2
import pytest
from attrs import define, field

from hocket.a2a import PushRules
from hocket.errors import ConnectionFailed
from hocket.http.push import push_headers
from hocket_io.push import PushOptions
from hocket_io.push.network import JudgedNetwork, system_resolver
from hocket_io.push.ports import AddressRefused
from hocket_io.push.post import Poster
from support.push import CONFIG

ONE, OTHER = "93.184.216.34", "2606:4700::1111"
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@define(eq=False)
class Stream(httpcore2.AsyncNetworkStream):
    """A connection whose other end says what it was told to."""

    network: "Network"

    async def read(self, max_bytes, timeout=None):
        await anyio.sleep(self.network.seconds)
        return self.network.answers.pop(0) if self.network.answers else b""

    async def write(self, buffer, timeout=None):
        self.network.heard += buffer

    async def start_tls(self, ssl_context, server_hostname=None, timeout=None):
        self.network.server_names.append(server_hostname)
        return self

    async def aclose(self):
        self.network.closed += 1

    def get_extra_info(self, info):
        return None


@define(eq=False)
class Network(httpcore2.AsyncNetworkBackend):
    """What was connected to. Addresses in `dead` and `silent` do not answer; others take `seconds` for each piece."""

    answers: list = field(factory=lambda: [OK])
    dead: tuple = ()
    silent: tuple = ()
    seconds: float = 0.0
    connected: list = field(factory=list)
    server_names: list = field(factory=list)
    heard: bytes = b""
    closed: int = 0

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        self.connected.append((host, port))
        if host in self.silent:
            await anyio.sleep(timeout)
            raise httpcore2.ConnectTimeout
        if host in self.dead:
            raise httpcore2.ConnectError("it does not answer")
        return Stream(self)


def poster(network, *answers, **options):
    """A poster whose resolver gives one list of addresses after the other."""
    left = list(answers)

    async def resolve(host, port):
        await anyio.lowlevel.checkpoint()
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return [ip_address(each) for each in answer]

    chosen = PushOptions(**options)
    return Poster(chosen, network=JudgedNetwork(chosen.rules, resolve, network))


async def post(poster, url="https://receiver.example/hook?key=s3cret-key", body=b"{}"):
    target = PushRules().read(url)
    return await poster.post(target, push_headers(CONFIG, target, "1.0"), body)


def test_the_address_is_connected_to_and_the_name_is_spoken_to(run):
    async def talk():
        network = Network()
        async with poster(network, [ONE]) as one:
            answer = await post(one, "https://receiver.example:8443/hook?a=b", b'{"task":{}}')
        assert answer.status == 204
        assert network.connected == [(ONE, 8443)]
        assert network.server_names == ["receiver.example"]
        head, _, body = network.heard.partition(b"\r\n\r\n")
        line, *fields = head.lower().split(b"\r\n")
        assert line == b"post /hook?a=b http/1.1"
        assert b"host: receiver.example:8443" in fields
        assert b"content-length: 11" in fields
        assert b"authorization: bearer s3cret-credentials" in fields
        assert any(each.startswith(b"user-agent: hocket/") for each in fields)
        assert body == b'{"task":{}}'

    run(talk)


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        [ONE, "10.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["fe80::1%1"],
        [OTHER, "fc00::1"],
    ],
)
def test_a_name_that_stands_for_a_private_address_is_refused_before_anybody_is_connected_to(run, addresses):
    async def talk():
        network = Network()
        async with poster(network, addresses) as one:
            with pytest.raises(AddressRefused, match=r"receiver\.example must not lead to"):
                await post(one)
        assert network.connected == []

    run(talk)


def test_a_name_that_leads_elsewhere_the_second_time_is_judged_again(run):
    async def talk():
        network = Network(answers=[b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"])
        async with poster(network, [ONE], ["127.0.0.1"]) as one:
            await post(one)
            with pytest.raises(AddressRefused):
                await post(one)
        assert network.connected == [(ONE, 443)]

    run(talk)


def test_what_the_rules_open_is_connected_to(run):
    async def talk():
        network = Network()
        async with poster(network, ["10.1.2.3"], rules=PushRules(networks=["10.1.0.0/16"])) as one:
            assert (await post(one)).status == 204
        assert network.connected == [("10.1.2.3", 443)]

    run(talk)


def test_each_address_is_tried(run):
    async def talk():
        network = Network(dead=(OTHER,))
        async with poster(network, [OTHER, ONE], [OTHER], []) as one:
            assert (await post(one)).status == 204
            with pytest.raises(ConnectionFailed, match="it does not answer"):
                await post(one, "https://other.example/")
            with pytest.raises(ConnectionFailed, match="the name has no address"):
                await post(one, "https://none.example/")
        assert network.connected == [(OTHER, 443), (ONE, 443), (OTHER, 443)]

    run(talk)


def test_a_name_that_is_not_known_is_a_failed_connection(run):
    async def talk():
        unknown = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        async with poster(Network(), unknown) as one:
            with pytest.raises(ConnectionFailed, match="Name or service not known"):
                await post(one)

    run(talk)


def test_a_redirect_is_not_followed(run):
    async def talk():
        moved = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
        network = Network(answers=[moved])
        async with poster(network, [ONE]) as one:
            assert (await post(one)).status == 307
        assert network.connected == [(ONE, 443)]

    run(talk)


def test_no_proxy_of_the_environment_is_asked(run, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://10.0.0.1:3128")
        monkeypatch.setenv(name.lower(), "http://10.0.0.1:3128")

    async def talk():
        network = Network()
        async with poster(network, [ONE]) as one:
            await post(one)
        assert network.connected == [(ONE, 443)]

    run(talk)


def test_connections_are_used_again_but_not_where_an_answer_is_endless(run):
    async def talk():
        network = Network(answers=[OK, OK])
        async with poster(network, [ONE], [ONE]) as one:
            await post(one)
            await post(one)
            assert len(network.connected) == 1
            endless = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"
            network.answers += [endless, *[b"x" * 16_384] * 100]
            assert (await post(one)).status == 200
            assert network.closed == 1
            assert len(network.answers) > 90

    run(talk)


def test_a_broken_answer_is_a_failed_connection(run):
    async def talk():
        async with poster(Network(answers=[b"what?\r\n\r\n"]), [ONE]) as one:
            with pytest.raises(ConnectionFailed):
                await post(one)
        async with poster(Network(answers=[]), [ONE]) as one:
            with pytest.raises(ConnectionFailed, match="disconnected"):
                await post(one)

    run(talk)


async def never(host, port):
    await anyio.sleep_forever()


@pytest.mark.parametrize("is_resolved", [False, True])
def test_an_attempt_has_a_time_limit_over_all(run_in_no_time, is_resolved):
    async def talk():
        network = Network(answers=[b"%c" % byte for byte in OK], seconds=1.0)
        one = poster(network, [ONE], timeout=15.0)
        if not is_resolved:
            one = Poster(one.options, network=JudgedNetwork(one.options.rules, never, network))
        began = anyio.current_time()
        async with one:
            with pytest.raises(ConnectionFailed, match="no answer within 15 s"):
                await post(one)
        assert anyio.current_time() - began == pytest.approx(15.0)

    run_in_no_time(talk)


def test_an_address_that_is_silent_leaves_time_for_the_others(run_in_no_time):
    async def talk():
        network = Network(silent=(OTHER,))
        began = anyio.current_time()
        async with poster(network, [OTHER, ONE], timeout=15.0) as one:
            assert (await post(one)).status == 204
        assert anyio.current_time() - began == pytest.approx(7.5)

    run_in_no_time(talk)


@pytest.mark.parametrize("seconds", [0.0, 0.7])
def test_an_answer_counts_whatever_happens_to_its_body(run_in_no_time, seconds):
    async def talk():
        network = Network(answers=[b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"12"], seconds=seconds)
        began = anyio.current_time()
        async with poster(network, [ONE]) as one:
            assert (await post(one)).status == 200
        assert anyio.current_time() - began == pytest.approx(seconds and 1.7)

    run_in_no_time(talk)


def test_nobodys_log_has_secrets(run, caplog):
    caplog.set_level(logging.DEBUG)

    async def talk():
        async with poster(Network(), [ONE]) as one:
            await post(one)

    run(talk)
    assert "connect_tcp" in caplog.text, "httpcore2 has said what it does"
    assert "s3cret" not in caplog.text


def test_the_addresses_of_a_host(run):
    async def talk():
        addresses_of = system_resolver()
        assert await addresses_of("::1", 80) == [ip_address("::1")]
        found = await addresses_of("localhost", 80)
        assert found
        assert all(address.is_loopback for address in found)
        assert len(found) == len(set(found))

    run(talk)


def test_names_whose_server_hangs_hold_up_no_thread_of_the_program(run, monkeypatch):
    go_on = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: go_on.wait(10) and [(None, None, None, "", (ONE, 80))])

    async def talk():
        addresses_of = system_resolver()
        for _ in range(50):
            with anyio.move_on_after(0.001):
                await addresses_of("hanging.example", 80)
        assert await anyio.to_thread.run_sync(lambda: "free") == "free"
        go_on.set()
        assert await addresses_of("hanging.example", 80) == [ip_address(ONE)]

    run(talk)
