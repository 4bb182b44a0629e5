"""A hub over HTTP as values: what a POST is answered, who it speaks for, and what is not there. No loop, no sockets."""

import json

import pytest

from hocket.acp.limits import HubLimits
from hocket.errors import Code, ErrorObject
from hocket.http import Response
from hocket.http.acp import HubRoutes
from hocket.http.principal import bearer_tokens
from support.hubs import Web, body, call, flow, get, header, hub_of, post, say, start

TOKENS = {"s3cret-a": "ada", "s3cret-b": "bob"}


# POST --------------------------------------------------------------------------------------------------------------


def test_a_request_is_answered_with_json():
    response = Web().ask(post(start("ada", "bob"), "ada"))
    assert (response.status, header(response, "content-type")) == (200, "application/json")
    answer = json.loads(response.body)
    stream = answer["result"]["stream"]
    assert answer == {"jsonrpc": "2.0", "id": 1, "result": {"type": "stream", "stream": stream}}
    assert (stream["status"], stream["participants"]) == ("ACTIVE", ["ada", "bob"])


@pytest.mark.parametrize(
    ("message", "code", "request_id"),
    [
        (b"no json", Code.PARSE_ERROR, None),
        (b"", Code.PARSE_ERROR, None),
        (b"[]", Code.INVALID_REQUEST, None),
        (call("stream.nonsense"), Code.METHOD_NOT_FOUND, 1),
        (call("stream.message", {"streamId": "x"}), Code.INVALID_PARAMS, 1),
        (say("stream-of-nobody", "hi", "seven"), Code.STREAM_NOT_FOUND, "seven"),
    ],
)
def test_errors_travel_with_http_200(message, code, request_id):
    answer = Web().rpc(message)
    assert (answer["error"]["code"], answer["id"]) == (code, request_id)


@pytest.mark.parametrize("message", [start("ada", request_id=...), call("stream.nonsense", request_id=...)])
def test_a_notification_is_accepted_without_a_word(message):
    assert Web().ask(post(message, "ada")) == Response(status=202)


def test_an_id_that_is_null_is_none_as_the_acp_sdk_means_it():
    assert Web().ask(post(start("ada", request_id=None), "ada")) == Response(status=202)
    assert Web(acp_compat=False).rpc(start("ada", request_id=None))["id"] is None


def test_a_batch_is_answered_with_an_array():
    web = Web()
    stream_id = web.start("ada", "bob")
    answers = web.rpc([say(stream_id, "one", 1), say(stream_id, "two", ...), call("stream.nonsense", request_id="x")])
    assert [(answer["id"], "result" in answer) for answer in answers] == [(1, True), ("x", False)]
    assert b"two" in flow(web.feed(stream_id, "bob"))


def test_a_body_over_the_limit():
    routes = HubRoutes(hub_of(limits=HubLimits(message=1000)))
    response = routes.too_large(post(b"", "ada", x_correlation_id="c-1"))
    error = json.loads(response.body)["error"]
    assert (response.status, error["code"], error["data"]) == (413, -40012, {"limit": "message", "max": 1000})
    assert header(response, "x-correlation-id") == "c-1"


def test_a_hub_that_is_full_says_so_to_every_request():
    hub = hub_of(limits=HubLimits(links=1))
    hub.connect("another", 0.0)
    web = Web(hub)
    refused = web.rpc([start("ada", request_id="one"), start("ada", request_id=...), start("ada", request_id="two")])
    assert [(each["id"], each["error"]["data"]["limit"]) for each in refused] == [("one", "links"), ("two", "links")]
    assert web.ask(get("/streams/x", "ada")).status == 429
    assert web.ask(get("/streams/x", "ada", "text/event-stream")).status == 429


# Who speaks --------------------------------------------------------------------------------------------------------


def speaker(web, request):
    """Who a request that starts a stream speaks for; or the code of the error."""
    answer = json.loads(web.ask(request).body)
    return answer["error"]["code"] if "error" in answer else answer["result"]["stream"]["participants"][0]


def test_who_speaks_is_declared_in_a_header_or_in_the_query():
    web = Web()
    assert speaker(web, post(start("bob"), "ada")) == "ada"
    in_query = post(start("bob"))
    assert speaker(web, type(in_query)(method="POST", path="/jsonrpc", query="agent=eve", body=in_query.body)) == "eve"
    assert speaker(web, post(start("bob"))) == "bob"
    assert speaker(web, post(start("bob", agentId="bob"), "ada")) == -40006


@pytest.mark.parametrize("headers", [{}, {"authorization": "Basic s3cret-a"}, {"authorization": "Bearer wrong"}])
def test_without_a_good_token_it_is_401_and_the_error_is_the_body(headers):
    web = Web(authenticate=bearer_tokens(TOKENS))
    response = web.ask(post(start("ada", request_id=9), "ada", **headers))
    assert response.status == 401
    assert header(response, "www-authenticate") == ("Bearer" if not headers else 'Bearer error="invalid_token"')
    answer = json.loads(response.body)
    assert (answer["id"], answer["error"]["code"]) == (9, -40007)


def test_a_notification_without_a_token_is_401_too():
    response = Web(authenticate=bearer_tokens(TOKENS)).ask(post(start("ada", request_id=...)))
    assert (response.status, json.loads(response.body)["id"]) == (401, None)


def test_a_token_that_has_expired():
    expired = ErrorObject.of(Code.TOKEN_EXPIRED)
    web = Web(authenticate=lambda headers: expired)
    response = web.ask(post(start("ada"), authorization="Bearer old"))
    assert (response.status, json.loads(response.body)["error"]["code"]) == (401, -40009)
    assert web.ask(get("/streams/x", authorization="Bearer old")).status == 401


@pytest.mark.parametrize("code", [-40008, -40006, -32603, -1])
def test_any_other_error_of_authentication_is_an_answer(code):
    web = Web(authenticate=lambda headers: ErrorObject(code, "no"))
    answer = web.rpc(start("ada", request_id=4))
    assert (answer["id"], answer["error"]["code"]) == (4, code)


def test_the_subject_of_the_token_speaks():
    web = Web(authenticate=bearer_tokens(TOKENS))
    for agent in None, "ada":
        assert speaker(web, post(start("bob"), agent, authorization="Bearer s3cret-a")) == "ada"
    assert speaker(web, post(start("bob"), "bob", authorization="bearer s3cret-a")) == -40006
    assert web.ask(post(start("bob", request_id=...), "bob", authorization="Bearer s3cret-a")).status == 202
    assert speaker(web, post(start("bob", agentId="bob"), authorization="Bearer s3cret-a")) == -40006


def test_a_token_in_the_query_is_for_what_browsers_cannot_give_headers_to():
    web = Web(authenticate=bearer_tokens(TOKENS))
    stream_id = web.rpc(start("bob"), "ada", authorization="Bearer s3cret-a")["result"]["stream"]["streamId"]
    assert web.ask(get(f"/streams/{stream_id}", query="token=s3cret-b")).status == 200
    assert web.ask(get(f"/streams/{stream_id}", query="token=s3cret-b", authorization="Bearer wrong")).status == 401
    asked = post(start("bob"))
    assert web.ask(type(asked)(method="POST", path="/jsonrpc", query="token=s3cret-b", body=asked.body)).status == 401


def test_a_token_in_the_query_does_not_come_beside_one_in_the_header():
    seen = []
    web = Web(authenticate=lambda headers: seen.append(headers) or "ada")
    web.ask(get("/streams/x", query="token=one", authorization="Bearer two"))
    web.ask(get("/streams/x", query="token=one"))
    assert seen == [(("authorization", "Bearer two"),), (("authorization", "Bearer one"),)]


@pytest.mark.parametrize(
    ("origin", "is_believed"),
    [
        (None, True),
        ("http://hub.example:8100", True),
        ("https://hub.example:8100", True),
        ("http://hub.example", False),
        ("https://evil.example", False),
        ("null", False),
        ("", False),
    ],
)
def test_a_web_page_from_elsewhere_is_not_believed(origin, is_believed):
    headers = {"host": "hub.example:8100"} | ({} if origin is None else {"origin": origin})
    assert speaker(Web(), post(start("ada"), "ada", **headers)) == ("ada" if is_believed else -40006)
    response = Web().ask(get("/streams/x", "ada", **headers))
    assert response.status == (404 if is_believed else 403)
    tokens = Web(authenticate=bearer_tokens(TOKENS))
    assert speaker(tokens, post(start("bob"), authorization="Bearer s3cret-a", **headers)) == "ada"


# A connection of several POSTs ----------------------------------------------------------------------------------------


def streams_of(web, *requests):
    return [json.loads(web.ask(each).body)["result"]["stream"]["streamId"] for each in requests]


def test_a_request_that_is_sent_again_on_its_connection_is_not_done_again():
    web = Web()
    again = [post(start("ada"), "ada", x_connection_id="c-1")] * 2
    one, two = streams_of(web, *again)
    assert one == two
    (three,) = streams_of(web, post(start("ada"), "ada", x_connection_id="c-2"))
    assert three != one
    answer = web.rpc(start("ada", "bob"), x_connection_id="c-1")
    assert answer["error"]["code"] == -32600  # the same id, and something else


@pytest.mark.parametrize("other", [{"agent": "bob", "x_connection_id": "c-1"}, {"agent": "ada"}])
def test_other_agents_and_posts_without_a_connection_share_no_replies(other):
    web = Web()
    first = (
        post(start("eve"), "ada", x_connection_id="c-1") if "x_connection_id" in other else post(start("eve"), "ada")
    )
    one, two = streams_of(web, first, post(start("eve"), **other))
    assert one != two


# What is not there -------------------------------------------------------------------------------------------------


def test_health():
    response = Web(authenticate=bearer_tokens(TOKENS)).ask(get("/health"))
    assert (response.status, response.body) == (200, b'{"status":"ok"}')
    assert dict(response.headers)["x-jsonrpc-batch"] == "100"


@pytest.mark.parametrize(("limit", "takes_batches"), [(65_535, False), (65_536, True)])
def test_a_hub_that_takes_little_at_a_time_wants_each_message_by_itself(limit, takes_batches):
    response = Web(hub=hub_of(limits=HubLimits(message=limit))).ask(get("/health"))
    assert ("x-jsonrpc-batch" in dict(response.headers)) == takes_batches


@pytest.mark.parametrize(
    ("method", "path", "status", "allow", "words"),
    [
        ("GET", "/jsonrpc", 405, "POST", b"this is a hub of ACP streams: POST JSON-RPC to /jsonrpc\n"),
        ("POST", "/streams/x", 405, "GET, HEAD", b"/streams/x can only be read\n"),
        ("DELETE", "/health", 405, "GET, HEAD", b"/health can only be read\n"),
        ("GET", "/", 404, None, b"there is nothing at /; a hub is at /jsonrpc and /streams/ID\n"),
        ("POST", "/streams/", 404, None, b"there is nothing at /streams/; a hub is at /jsonrpc and /streams/ID\n"),
    ],
)
def test_people_who_lost_their_way_are_told(method, path, status, allow, words):
    request = type(get("/"))(method=method, path=path)
    response = Web().ask(request)
    assert (response.status, header(response, "allow"), response.body) == (status, allow, words)


@pytest.mark.parametrize(
    "request_",
    [
        post(start("ada"), "ada", x_correlation_id="c-1"),
        post(start("ada", request_id=...), "ada", x_correlation_id="c-1"),
        post(b"nonsense", x_correlation_id="c-1"),
        get("/health", x_correlation_id="c-1"),
        get("/nowhere", x_correlation_id="c-1"),
        get("/jsonrpc", x_correlation_id="c-1"),
        get("/streams/x", "ada", "text/html", x_correlation_id="c-1"),
        get("/streams/x", "ada", x_correlation_id="c-1"),
    ],
)
def test_the_correlation_id_comes_back(request_):
    assert header(Web().ask(request_), "x-correlation-id") == "c-1"


def test_the_correlation_id_comes_back_with_a_refusal_and_with_a_feed():
    web = Web()
    feed = web.feed(web.start("ada"), "ada", x_correlation_id="c-1")
    assert header(feed.next_response(), "x-correlation-id") == "c-1"
    closed = Web(authenticate=bearer_tokens(TOKENS))
    assert header(closed.ask(post(start("ada"), x_correlation_id="c-2")), "x-correlation-id") == "c-2"


def test_no_link_is_left_behind():
    web = Web()
    stream_id = web.start("ada", "bob")
    web.rpc(body(say(stream_id, "hi")))
    web.ask(get(f"/streams/{stream_id}", "ada"))
    web.ask(get(f"/streams/{stream_id}", "eve", "text/event-stream"))
    assert web.hub._delivery.links == {}
