"""The names under which requests are answered: pages whose name was rebound to this machine are told to go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.errors import LocalProtocolError
from hocket.http import Request as HttpRequest
from hocket.http.host_names import HostNames, is_loopback, is_unspecified
from hocket_io.http.asgi import App
from support.agents import greeter
from support.asgi import Request, message, post
from support.commands import invoke

HERE = "127.0.0.1"


def refused(names, *hosts, listening=HERE):
    asked = HttpRequest(method="GET", path="/", headers=tuple(("host", each) for each in hosts))
    response = names.refusal(asked, listening)
    assert response is None or response.status in (400, 421)
    return response is not None and response.status


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "LocalHost.",
        "a.localhost:1",
        "127.0.0.1",
        "127.1.2.3:80",
        "[::1]",
        "[::1]:8000",
        "[::ffff:127.0.0.1]:8000",
        "localhost:",
    ],
)
@pytest.mark.parametrize("listening", [HERE, "127.0.1.1", "::1", "::ffff:127.0.0.1", "localhost"])
def test_the_names_of_this_machine_lead_to_it(host, listening):
    assert not refused(HostNames(), host, listening=listening)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "notlocalhost",
        "127.0.0.1.evil.example",
        "8.8.8.8",
        "[2001:db8::1]:80",
        "0.0.0.0",
        "[::]",
        "127.1",
        "2130706433",
        "localhost..",
        "[::1].evil.example",
    ],
)
def test_other_names_do_not_where_only_this_machine_is_served(host):
    assert refused(HostNames(), host) in (400, 421)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1@evil.example",
        "localhost:80.evil.example",
        "evil.example:localhost",
        "evil.example?.localhost",
        "evil.example#.localhost",
        "evil.example/.localhost",
        "evil.example\\.localhost",
        "evil.example .localhost",
        "[::1",
        "[::1]x[::1]",
        "\xe4.localhost",
        "localhost:\xb2",
    ],
)
@pytest.mark.parametrize("names", [HostNames(), HostNames(("*",))])
def test_what_is_no_name_is_nobodys_anywhere(names, host):
    assert refused(names, host) == refused(names, host, listening="192.0.2.7") == 400


@pytest.mark.parametrize("hosts", [("localhost", "evil.example"), ("evil.example", ".localhost"), ("localhost",) * 2])
@pytest.mark.parametrize("names", [HostNames(), HostNames(("*",))])
def test_two_names_are_no_name(names, hosts):
    assert refused(names, *hosts) == 400


def test_an_empty_host_comes_from_no_browser():
    assert not refused(HostNames(), "")


@pytest.mark.parametrize("listening", ["0.0.0.0", "192.0.2.7", "10.0.0.1", "2001:db8::7", None])
@pytest.mark.parametrize("host", ["agent.example", "192.0.2.7:80", ""])
def test_a_server_in_a_network_has_any_name(listening, host):
    assert not refused(HostNames(), host, listening=listening)


@pytest.mark.parametrize("names", [HostNames(), HostNames(("agent.example",))])
def test_what_names_nobody_comes_from_no_browser(names):
    assert not refused(names)


@pytest.mark.parametrize(
    ("names", "host", "is_refused"),
    [
        (("agent.example",), "Agent.Example:8000", False),
        (("Agent.example.",), "agent.example", False),
        (("agent.example",), "sub.agent.example", True),
        (("agent.example",), "localhost", True),
        (("agent.example", "localhost"), "localhost:1", False),
        (("::1",), "[::1]:80", False),
        (("[::1]",), "[::1]", False),
        (("*",), "evil.example", False),
        ((), "localhost", True),
    ],
)
@pytest.mark.parametrize("listening", [HERE, "192.0.2.7", None])
def test_names_that_are_said_are_the_only_ones_anywhere(names, host, is_refused, listening):
    assert bool(refused(HostNames(names), host, listening=listening)) is is_refused


@pytest.mark.parametrize("url", ["https://agent.example", "https://agent.example:8443/a/b", "http://AGENT.example./"])
@pytest.mark.parametrize("names", [None, ("other.example",)])
def test_the_address_on_the_card_is_known(url, names):
    assert not refused(HostNames(names, url), "agent.example:8000")
    assert refused(HostNames(names, url), "evil.example")


@given(st.text(max_size=40))
def test_nothing_in_a_host_raises(host):
    refused(HostNames(), host)
    refused(HostNames(("agent.example",)), host)


@given(st.ip_addresses(network="127.0.0.0/8"), st.integers(0, 65_535))
def test_all_of_the_loopback_network_is_this_machine(address, port):
    assert not refused(HostNames(), f"{address}:{port}")


def test_addresses():
    assert [is_loopback(each) for each in ("127.0.0.1", "::1", "128.0.0.1", "::", "", "x")] == [1, 1, 0, 0, 0, 0]
    assert [is_unspecified(each) for each in ("0.0.0.0", "::", "127.0.0.1", "::1", "", "x")] == [1, 1, 0, 0, 0, 0]


# In the application ----------------------------------------------------------------------------------------------


def asked(run, app, host, server, method="GET", path="/.well-known/agent-card.json", body=b""):
    request = Request(app, method, path, body)
    request.scope |= {"headers": [(b"host", host)], "server": server}
    return run(request.perform)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/.well-known/agent-card.json"), ("GET", "/health"), ("POST", "/"), ("OPTIONS", "/"), ("GET", "/agents")],
)
def test_a_page_that_is_rebound_learns_nothing(run_in_no_time, method, path):
    answer = asked(run_in_no_time, App(greeter()), b"evil.example:8000", (HERE, 8000), method, path)
    assert answer.status == 421
    assert answer.content == (
        b"nobody is known as 'evil.example:8000' here; --allowed-host adds a name (allowed_hosts)\n"
    )


def test_it_is_turned_away_before_its_body_is_there_and_whatever_its_origin(run_in_no_time):
    request = post(App(greeter(), cors_origins=["*"]), "message/send", message(), headers=[(b"origin", b"http://evil")])
    request.scope |= {"headers": [(b"host", b"evil")], "server": (HERE, 8000)}
    run_in_no_time(request.perform)
    assert request.status == 421
    assert len(request.pieces) == 1


@pytest.mark.parametrize(
    ("options", "server", "status"),
    [
        ({}, (HERE, 8000), 421),
        ({}, ("192.0.2.7", 8000), 200),
        ({}, ("/run/agent.socket", None), 200),
        ({}, None, 200),
        ({"allowed_hosts": ["agent.example"]}, (HERE, 8000), 200),
        ({"allowed_hosts": ["other.example"]}, None, 421),
        ({"allowed_hosts": ("*",)}, (HERE, 8000), 200),
        ({"url": "https://agent.example/"}, (HERE, 8000), 200),
    ],
)
def test_who_is_answered(run_in_no_time, options, server, status):
    assert asked(run_in_no_time, App(greeter(), **options), b"agent.example", server).status == status


@pytest.mark.parametrize(
    "wrong",
    [
        "agent.example",
        ["http://agent.example"],
        ["agent.example:8000"],
        ["a/b"],
        ["*.example"],
        ["[::1]:80"],
        [""],
        [7],
    ],
)
def test_what_is_no_name_is_refused_at_once(wrong):
    with pytest.raises(LocalProtocolError, match="allowed_hosts must be a tuple of host names or addresses"):
        App(greeter(), allowed_hosts=wrong)


@pytest.mark.parametrize("right", [None, [], ["agent.example", "10.0.0.1", "::1", "[::1]", "*", "localhost"]])
def test_names(right):
    App(greeter(), allowed_hosts=right)


@pytest.mark.parametrize(
    ("host", "told"), [(b"evil.example", "websocket.close"), (b"localhost:8000", "websocket.accept")]
)
def test_a_web_socket_is_opened_under_the_same_names(run_in_no_time, host, told):
    """Browsers keep no page from opening one."""
    request = Request(App(greeter()), path="/")
    request.scope |= {"type": "websocket", "scheme": "ws", "headers": [(b"host", host)], "server": (HERE, 8000)}
    inbox = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1001}]

    async def receive():
        return inbox.pop(0)

    request.receive = receive
    run_in_no_time(request.perform)
    assert request.sent[0]["type"] == told


# serve -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "options", "names"),
    [
        (HERE, {}, None),
        ("localhost", {}, None),
        ("0.0.0.0", {}, ("*",)),
        ("", {}, ("*",)),
        ("0.0.0.0", {"allowed_hosts": ["agent.example"]}, ["agent.example"]),
        (HERE, {"allowed_hosts": ["agent.example"]}, ["agent.example"]),
    ],
)
def test_a_server_that_listens_everywhere_is_no_server_of_this_machine(monkeypatch, host, options, names):
    """The address of one connection would not tell: from this machine, it is a loopback address all the same."""
    from hocket_io import server

    class Ready:
        def run(self, sockets):
            assert sockets[0].getsockname()[1] > 0

    made = []
    monkeypatch.setattr(server, "web_server", lambda app, **_: made.append(app) or Ready())
    server.serve(greeter(), host=host, port=0, body_timeout=7.5, **options)
    assert (made[0].allowed_hosts, made[0].body_timeout) == (names, 7.5)


@pytest.mark.parametrize(
    ("options", "names"), [([], None), (["--allowed-host", "a.example", "--allowed-host", "*"], ("a.example", "*"))]
)
def test_names_on_the_command_line(monkeypatch, options, names):
    given = {}
    monkeypatch.setattr("hocket_io.cli.serve.serve_agents", lambda *_, **options: given.update(options))
    assert invoke("serve", "--echo", *options).exit_code == 0
    assert given["allowed_hosts"] == names
