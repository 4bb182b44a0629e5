"""Who may come to a hub from a browser: under which names, from which pages. A rebound name reaches no hub."""

import pytest

from hocket.errors import LocalProtocolError
from hocket.http.principal import bearer_tokens
from hocket_io.acp import server
from hocket_io.acp.host import HubHost
from hocket_io.acp.server import serve_hub
from hocket_io.http.hub_app import HubApp
from support.asgi import Request
from support.commands import invoke
from support.hubs import WebSocket, body, start

PAGE, EVIL = b"https://page.example", b"https://evil.example"


def at(scope, host, listening):
    scope["headers"][0] = (b"host", host)
    scope["server"] = (listening, 8100)


def posted(app, host=b"localhost:8100", listening="127.0.0.1", *, method="POST", headers=()):
    request = Request(app, method, "/jsonrpc", body(start("ada")), headers=[(b"x-agent-id", b"ada"), *headers])
    at(request.scope, host, listening)
    return request


@pytest.mark.parametrize(
    ("host", "listening", "options", "is_known"),
    [
        (b"localhost:8100", "127.0.0.1", {}, True),
        (b"[::1]:8100", "::1", {}, True),
        (b"evil.example:8100", "127.0.0.1", {}, False),
        (b"evil.example:8100", "192.0.2.7", {}, True),
        (b"evil.example:8100", "192.0.2.7", {"allowed_hosts": ["hub.example"]}, False),
        (b"hub.example", "127.0.0.1", {"allowed_hosts": ["hub.example"]}, True),
        (b"evil.example", "127.0.0.1", {"allowed_hosts": ["*"]}, True),
    ],
)
def test_the_names_of_a_hub(run, host, listening, options, is_known):
    async def talk():
        app = HubApp(**options)
        answer = await posted(app, host, listening).perform()
        assert answer.status == (200 if is_known else 421)
        socket = WebSocket(app)
        at(socket.scope, host, listening)
        socket.scope["extensions"] = {"websocket.http.response": {}}
        socket.leave()
        await socket.perform()
        refused = {"type": "websocket.http.response.start", "status": 421}
        assert (refused.items() <= socket.sent[0].items()) is not is_known
        assert (socket.sent[0]["type"] == "websocket.accept") is is_known

    run(talk)


@pytest.mark.parametrize("cors_origins", [[PAGE.decode()], ["*"]])
def test_a_page_that_is_let_in_may_ask_and_read(run, cors_origins):
    async def talk():
        app = HubApp(cors_origins=cors_origins)
        asks = [(b"origin", PAGE), (b"access-control-request-method", b"POST")]
        preflight = await posted(app, method="OPTIONS", headers=asks).perform()
        answer = await posted(app, headers=[(b"origin", PAGE)]).perform()
        allowed = {PAGE if cors_origins != ["*"] else b"*"}
        assert {each.headers[b"access-control-allow-origin"] for each in (preflight, answer)} == allowed
        assert (preflight.status, answer.status) == (204, 200)
        assert b"result" in answer.content
        assert b"X-Agent-Id" in preflight.headers[b"access-control-allow-headers"]
        assert b"X-Correlation-ID" in answer.headers[b"access-control-expose-headers"]

    run(talk)


@pytest.mark.parametrize("authenticate", [None, bearer_tokens({"t": "ada"})], ids=["no tokens", "tokens"])
@pytest.mark.parametrize("cors_origins", [[], [PAGE.decode()]])
def test_a_page_from_elsewhere_may_not_ask(run, cors_origins, authenticate):
    async def talk():
        app = HubApp(HubHost(authenticate=authenticate), cors_origins=cors_origins)
        answer = await posted(app, headers=[(b"origin", EVIL), (b"authorization", b"Bearer t")]).perform()
        assert answer.status == 403
        assert b"--cors-origin" in answer.content
        assert b"access-control-allow-origin" not in answer.headers

    run(talk)


@pytest.mark.parametrize(("origin", "is_let_in"), [(PAGE, True), (EVIL, False)])
def test_a_page_that_opens_a_websocket(run, origin, is_let_in):
    async def talk():
        app = HubApp(cors_origins=[PAGE.decode()])
        socket = WebSocket(app, headers=[(b"origin", origin), (b"x-agent-id", b"ada")])
        socket.say(start("ada"))
        socket.leave()
        await socket.perform()
        assert (socket.close is None) is is_let_in
        if not is_let_in:
            assert socket.close[0] == 4003

    run(talk)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"cors_origins": "https://page.example"}, "cors_origins must be a tuple of origins"),
        ({"allowed_hosts": ["hub.example:80"]}, "allowed_hosts must be a tuple of host names"),
        ({"body_timeout": 0}, "body_timeout must be a number of seconds"),
        ({"keep_alive": -1}, "keep_alive must be a number of seconds"),
    ],
)
def test_options_that_are_none(options, complaint):
    with pytest.raises(LocalProtocolError, match=complaint):
        HubApp(**options)
    with pytest.raises(LocalProtocolError, match=complaint):
        serve_hub(port=0, **options)


@pytest.mark.parametrize(
    ("host", "given", "allowed"),
    [("127.0.0.1", None, None), ("0.0.0.0", None, ("*",)), ("0.0.0.0", ("hub.example",), ("hub.example",))],
)
def test_a_hub_that_listens_everywhere_has_any_name(monkeypatch, host, given, allowed):
    apps = []

    class Stopped(Exception):
        pass

    def web_server(app, **options):
        apps.append(app)
        raise Stopped

    monkeypatch.setattr(server, "web_server", web_server)
    with pytest.raises(Stopped):
        serve_hub(host=host, port=0, allowed_hosts=given)
    assert apps[0].allowed_hosts == allowed


def test_the_command_passes_on_who_may_come(monkeypatch):
    seen = {}
    monkeypatch.setattr("hocket_io.cli.hub.serve_hub", lambda hub, **options: seen.update(options))
    done = invoke("hub", "--allowed-host", "hub.example", "--allowed-host", "::1", "--cors-origin", PAGE.decode())
    assert done.exit_code == 0, done.output
    assert seen["allowed_hosts"] == ("hub.example", "::1")
    assert seen["cors_origins"] == (PAGE.decode(),)
    invoke("hub")
    assert (seen["allowed_hosts"], seen["cors_origins"]) == (None, ())
    refused = invoke("hub", "--stdio", "--allowed-host", "x")
    assert "--stdio goes alone: --allowed-host is for" in refused.output
