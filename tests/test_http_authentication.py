"""Who calls: credentials in header fields, what everybody may read, and tasks that only their owners see."""

import json

import pytest

from hocket.errors import Code, ErrorObject
from hocket.http import Request, identified
from hocket.http.principal import bearer_tokens
from hocket_io.http.asgi import App
from support import asgi
from support.agents import greeter

TOKENS = bearer_tokens({"a-token": "ada", "b-token": "bob"})
CARD = "/.well-known/agent-card.json"


def request(method="POST", path="/", query="", **fields):
    return Request(method=method, path=path, query=query, headers=tuple(fields.items()))


def test_nobody_is_asked():
    asked = request()
    assert identified(asked, None) is asked


def test_the_caller_is_whom_the_credentials_belong_to():
    asked = identified(request(authorization="Bearer b-token"), TOKENS)
    assert (asked.principal, asked.path) == ("bob", "/")


@pytest.mark.parametrize("fields", [{}, {"authorization": "Bearer wrong"}, {"authorization": "Basic a-token"}])
def test_without_them_there_is_a_challenge_and_nothing_else(fields):
    refused = identified(request(**fields), TOKENS)
    assert refused.status == 401
    assert dict(refused.headers)["www-authenticate"] == "Bearer"
    assert b"token" in refused.body


@pytest.mark.parametrize("code", [Code.PERMISSION_DENIED, Code.INSUFFICIENT_SCOPE])
def test_credentials_that_are_known_and_not_enough(code):
    refused = identified(request(), lambda headers: ErrorObject.of(code, "not you"))
    assert (refused.status, refused.body) == (403, b"not you\n")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", CARD),
        ("HEAD", CARD),
        ("GET", "/.well-known/agent.json"),
        ("GET", f"/agents/x{CARD}"),
        ("GET", "/health"),
    ],
)
def test_what_is_for_everybody(method, path):
    asked = request(method, path)
    assert identified(asked, TOKENS) is asked


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", CARD), ("GET", "/"), ("GET", "/extendedAgentCard"), ("GET", "/agent/authenticatedExtendedCard")],
)
def test_what_is_not(method, path):
    assert identified(request(method, path), TOKENS).status == 401


def test_an_id_does_not_look_like_the_path_of_a_card():
    path = f"/tasks/T{CARD}"
    hidden = Request(method="GET", path=path, raw_path=path.replace("/", "%2F").replace("%2Ftasks%2F", "/tasks/"))
    assert identified(hidden, TOKENS).status == 401


def test_a_browser_may_have_its_token_in_the_query_where_it_can_have_no_header():
    assert identified(request("GET", "/tasks", "token=a-token"), TOKENS).principal == "ada"
    assert identified(request("POST", "/", "token=a-token"), TOKENS).status == 401
    assert (
        identified(request("GET", "/tasks", "token=a-token", authorization="Bearer b-token"), TOKENS).principal == "bob"
    )


# Through the application


def calls(app, method, path, token, body=b""):
    headers = [(b"a2a-version", b"1.0")]
    if token is not None:
        headers.append((b"authorization", b"Bearer " + token))
    return asgi.Request(app, method, path, body, headers=headers)


def test_tasks_are_seen_by_their_owners_only(run):
    async def talk():
        app = App(greeter(), authenticate=TOKENS)
        async with asgi.Lifespan(app):
            message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "hi"}]}
            said = await calls(
                app, "POST", "/message:send", b"a-token", json.dumps({"message": message}).encode()
            ).perform()
            task_id = said.json()["task"]["id"]
            rpc = json.dumps(asgi.rpc("GetTask", {"id": task_id})).encode()
            seen = {}
            for name in (b"a-token", b"b-token"):
                got = await calls(app, "GET", f"/tasks/{task_id}", name).perform()
                listed = await calls(app, "GET", "/tasks", name).perform()
                asked = await calls(app, "POST", "/", name, rpc).perform()
                seen[name] = got.status, listed.json()["totalSize"], "result" in asked.json()
            return seen

    assert run(talk) == {b"a-token": (200, 1, True), b"b-token": (404, 0, False)}


def test_who_is_refused_is_not_listened_to(run):
    async def talk():
        app = App(greeter(), authenticate=TOKENS, cors_origins=["https://page.example"])
        refused = calls(app, "POST", "/message:send", None, b"{}")
        refused.scope["headers"].append((b"origin", b"https://page.example"))
        await refused.perform()
        card = await calls(app, "GET", CARD, None).perform()
        return refused, card

    refused, card = run(talk)
    assert refused.status == 401
    assert refused.headers[b"access-control-allow-origin"] == b"https://page.example", "so that the page is told"
    assert refused.pieces, "the body was not read"
    assert card.status == 200
