"""Which methods each kind of path takes: what it says it allows is what it does, and nothing else."""

import anyio
import pytest

from hocket_io.http.asgi import App
from hocket_io.http.hub_app import HubApp
from support.agents import greeter
from support.asgi import Request

READ, POST, STREAM = "GET, HEAD, OPTIONS", "POST, OPTIONS", "GET, OPTIONS"
ONE = {
    "/": POST,
    "": POST,
    "/a2a": POST,
    "/health": READ,
    "/.well-known/agent-card.json": READ,
    "/.well-known/agent.json": READ,
    "/agent/authenticatedExtendedCard": READ,
    "/message:send": POST,
    "/message:stream": POST,
    "/extendedAgentCard": READ,
    "/tasks/t": READ,
    "/tasks/t:cancel": POST,
    "/tasks/t:subscribe": "GET, POST, OPTIONS",
    "/tasks/t/pushNotificationConfigs": "GET, HEAD, POST, OPTIONS",
    "/tasks/t/pushNotificationConfigs/c": "DELETE, GET, HEAD, OPTIONS",
}
GATEWAY = {
    "/agents": READ,
    "/agents/": READ,
    "/tasks/stream": STREAM,
    "/tasks/t/cancel": POST,
    "/agents/greeter/a2a": POST,
    "/agents/greeter/a2a/stream": STREAM,
    **{f"/agents/greeter{path}": allowed for path, allowed in ONE.items()},
    "/agents/greeter/tasks": READ,
}
APPS = {
    "one": (
        lambda: App({"greeter": greeter()}, root="greeter"),
        {**ONE, **GATEWAY, "/tasks": "GET, HEAD, POST, OPTIONS"},
    ),
    "several": (
        lambda: App({"greeter": greeter(), "other": greeter()}),
        {**GATEWAY, "/health": READ, "/tasks": POST},
    ),
    "hub": (HubApp, {"/jsonrpc": POST, "/streams/s": READ, "/health": READ}),
}
TABLE = [
    pytest.param(make, path, allowed, id=f"{name} {path}")
    for name, (make, table) in APPS.items()
    for path, allowed in table.items()
]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"]


def asked(run, app, method, path):
    """What is answered, within a second of virtual time: streams go on."""

    async def talk():
        request = Request(app, method, path, headers=[(b"a2a-version", b"1.0")])
        with anyio.move_on_after(1.0):
            await request.perform()
        return request

    return run(talk)


@pytest.mark.parametrize(("make", "path", "allowed"), TABLE)
def test_what_a_path_allows(run_in_no_time, make, path, allowed):
    app = make()
    options = asked(run_in_no_time, app, "OPTIONS", path)
    assert (options.status, options.headers, options.content) == (204, {b"allow": allowed.encode()}, b"")
    for method in METHODS:
        answer = asked(run_in_no_time, app, method, path)
        if method in allowed.split(", "):
            assert answer.status not in (405, 501), method
        else:
            assert (answer.status, answer.headers[b"allow"].decode()) == (405, allowed), method
        if method == "HEAD":
            assert answer.content == b""


@pytest.mark.parametrize("method", ["OPTIONS", *METHODS])
@pytest.mark.parametrize("make", [make for make, _ in APPS.values()], ids=APPS)
@pytest.mark.parametrize("path", ["/nowhere", "/agents/nobody", "/agents/nobody/a2a", "/tasks/t/nonsense"])
def test_where_nothing_is_no_method_is_allowed(run_in_no_time, make, method, path):
    answer = asked(run_in_no_time, make(), method, path)
    assert answer.status == 404
    assert b"allow" not in answer.headers


@pytest.mark.parametrize(
    ("make", "path"),
    [(make, path) for make, table in APPS.values() for path, allowed in table.items() if "HEAD" in allowed],
)
def test_head_is_get_without_the_body(run_in_no_time, make, path):
    app = make()
    get, head = [asked(run_in_no_time, app, method, path) for method in ("GET", "HEAD")]
    assert (head.status, head.headers, head.content) == (get.status, get.headers, b"")
    assert int(get.headers[b"content-length"]) == len(get.content) > 0
