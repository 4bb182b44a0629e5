"""A2A over HTTP, request by request: what is spoken where, media types, versions, and every way to be wrong."""

import json

import pytest
from attrs import define, field

from hocket.a2a import AgentCapabilities, AgentCard, AgentExtension, Refused, Server, ServerLimits
from hocket.a2a import Answered as Done
from hocket.errors import Code, ErrorObject
from hocket.http import Exchange, Request, Response, Routes
from hocket.http.rest import RestEnvelope
from hocket.jsonrpc import PeerLimits
from support.scripted import Scripted, numbered

V1 = {"A2A-Version": "1.0"}
HI = {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "hi"}]}}
HI_0_3 = {"message": {"kind": "message", "messageId": "m", "role": "user", "parts": [{"kind": "text", "text": "hi"}]}}


@define(eq=False)
class Site:
    """One agent behind its routes. Every request has a link of its own."""

    scripted: Scripted
    routes: Routes
    count: int = 0

    @classmethod
    def of(cls, words=("one ", "two"), limits=PeerLimits(), server_limits=ServerLimits(), **declared):
        capabilities = AgentCapabilities(**{"streaming": True, **declared})
        server = Server(entropy=numbered(), capabilities=capabilities, limits=server_limits)
        return cls(Scripted(list(words), server), Routes(lambda url: AgentCard(name="a", url=url), limits=limits))

    def exchange(self, method, path, body=None, *, query="", headers=V1):
        self.count += 1
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        path, _, asked = path.partition("?")
        request = Request(
            method=method,
            path=path,
            query=query or asked,
            headers=tuple(headers.items()),
            body=content,
            base_url="http://x/",
        )
        answer = self.routes.receive(self.count, request, self.scripted.server, 0.0)
        self.scripted.pump()
        return answer

    def ask(self, *arguments, **options):
        """The response; with the events of a stream where it is one."""
        answer = self.exchange(*arguments, **options)
        if isinstance(answer, Response):
            return Answered(answer, [])
        while taken := self.scripted.server.take(self.count):
            answer.deliver(taken, 0.0)
            self.scripted.pump()
        return Answered(answer.next_response(), answer.data_to_send())


@define(eq=False)
class Answered:
    response: Response
    pieces: list = field(factory=list)

    @property
    def status(self):
        return self.response.status

    @property
    def headers(self):
        return dict(self.response.headers)

    def json(self):
        return json.loads(self.response.body)

    def error(self):
        error = self.json()["error"]
        return error["code"], error["status"], error["details"][0]["reason"]

    def violation(self):
        (field_violation,) = self.json()["error"]["details"][1]["fieldViolations"]
        return field_violation["field"], field_violation["description"]

    def events(self):
        return [dict(line.split(": ", 1) for line in event.split("\n")) for event in self.text().split("\n\n")[:-1]]

    def text(self):
        return b"".join(self.pieces).decode()


@pytest.fixture
def site():
    return Site.of()


# Answers


def test_a_message_is_answered_bare(site):
    answered = site.ask("POST", "/message:send", HI)
    task = answered.json()["task"]
    assert (answered.status, task["id"], task["status"]["state"]) == (200, "id-1", "TASK_STATE_COMPLETED")
    assert site.ask("GET", "/tasks/id-1").json() == task
    assert "history" not in site.ask("GET", "/tasks/id-1?historyLength=0").json()


def test_a_stream_has_bare_items_with_the_offsets_of_the_log(site):
    answered = site.ask("POST", "/message:stream", HI)
    events = answered.events()
    assert answered.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert [event["id"] for event in events] == [str(n + 1) for n in range(len(events))]
    items = [json.loads(event["data"]) for event in events]
    assert [next(iter(item)) for item in items] == ["task", "statusUpdate", *["artifactUpdate"] * 3, "statusUpdate"]
    assert {len(item) for item in items} == {1}


@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_a_reader_comes_back_with_last_event_id(site, verb):
    whole = site.ask("POST", "/message:stream", HI).events()
    rest = site.ask(verb, "/tasks/id-1:subscribe", headers={**V1, "Last-Event-ID": "2"}).events()
    assert rest == whole[2:]


def test_a_tenant_is_a_part_of_the_path(site):
    site.ask("POST", "/acme/message:send", HI)
    assert site.ask("GET", "/acme/tasks/id-1").status == 200
    assert site.ask("GET", "/tasks/id-1").error() == (404, "NOT_FOUND", "TASK_NOT_FOUND"), "another tenant's"
    assert site.ask("GET", "/tasks/id-1?tenant=acme").status == 200


def test_what_has_no_result_is_an_empty_object():
    site = Site.of(push_notifications=True)
    site.ask("POST", "/message:send", HI)
    assert site.ask("DELETE", "/tasks/id-1/pushNotificationConfigs/c").json() == {}


# Queries


@pytest.mark.parametrize(
    "query",
    [
        "pageSize=1&includeArtifacts=true&status=TASK_STATE_COMPLETED&historyLength=0",
        "page_size=1&include_artifacts=TRUE&status=3&history_length=0",
        "pageSize=1&pageSize=1&includeArtifacts=1&contextId=&pageToken=&historyLength=0&unknown=x",
        "historyLength=&historyLength=0&pageSize=1&includeArtifacts=&includeArtifacts=1",
        "pageSize=1&includeArtifacts=1&historyLength=0&statusTimestampAfter=1970-01-01T00:00:00+00:00",
    ],
)
def test_a_query_is_read_leniently(site, query):
    for _ in range(2):
        site.ask("POST", "/message:send", {"message": {**HI["message"], "messageId": str(site.count)}})
    page = site.ask("GET", "/tasks", query=query).json()
    assert (page["pageSize"], page["totalSize"], len(page["tasks"])) == (1, 2, 1)
    assert "artifacts" in page["tasks"][0]
    assert "history" not in page["tasks"][0]


@pytest.mark.parametrize(
    ("query", "field_name", "words"),
    [
        ("pageSize=1000", "pageSize", "100"),
        ("pageSize=ten", "pageSize", "must be an integer, got 'ten'"),
        ("includeArtifacts=maybe", "includeArtifacts", "must be true or false, got 'maybe'"),
        ("status=sleeping", "status", "must be a known"),
        ("historyLength=-1", "historyLength", "negative"),
        ("pageSize=1&pageSize=2", "pageSize", "is given twice, with different values"),
        ("pageToken=made-up", "pageToken", ""),
    ],
)
def test_a_query_that_is_wrong_is_refused_by_the_name_of_the_parameter(site, query, field_name, words):
    answered = site.ask("GET", "/tasks", query=query)
    assert answered.error() == (400, "INVALID_ARGUMENT", "INVALID_PARAMS")
    wrong, why = answered.violation()
    assert wrong == field_name
    assert words in why
    assert "params." not in answered.json()["error"]["message"]


# Bodies


@pytest.mark.parametrize(
    ("path", "body", "field_name"),
    [
        ("/tasks/T:cancel", {"id": "X"}, "id"),
        ("/acme/tasks/T:cancel", {"tenant": "other"}, "tenant"),
        ("/tasks/T/pushNotificationConfigs", {"task_id": "X", "url": "http://h/"}, "taskId"),
    ],
)
def test_a_body_that_contradicts_the_path(path, body, field_name):
    site = Site.of(push_notifications=True)
    answered = site.ask("POST", path, body)
    assert answered.error() == (400, "INVALID_ARGUMENT", "INVALID_PARAMS")
    assert answered.violation()[0] == field_name


@pytest.mark.parametrize("body", [None, {}, {"id": "id-1"}, {"id": ""}, {"id": None}, {"metadata": {}}, b"  "])
def test_a_body_that_repeats_the_path_or_says_nothing(site, body):
    site.ask("POST", "/message:send", HI)
    assert site.ask("POST", "/tasks/id-1:cancel", body).error()[2] == "TASK_NOT_CANCELABLE"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "PARSE_ERROR"),
        (b"\xff\xfe", "PARSE_ERROR"),
        (b"[" * 100_000, "PARSE_ERROR"),
        (b"[]", "INVALID_REQUEST"),
        (b"null", "INVALID_REQUEST"),
        (b"{}", "INVALID_PARAMS"),
    ],
)
def test_a_body_that_is_no_request(site, body, reason):
    assert site.ask("POST", "/message:send", body).error() == (400, "INVALID_ARGUMENT", reason)


def test_an_id_over_the_limit_of_the_server():
    site = Site.of(server_limits=ServerLimits(id=4))
    assert site.ask("GET", "/tasks/12345").violation() == ("id", "must have 1 to 4 bytes")
    assert site.ask("GET", "/tasks/1234").error()[2] == "TASK_NOT_FOUND"


def test_an_answer_may_be_as_large_as_the_limit():
    envelope = RestEnvelope("application/json", limit=4)
    sizes = [envelope.answer(Done(request_id=0, result=b"1" * size), 0.0).status for size in (4, 5)]
    assert sizes == [200, 500]


def test_an_answer_over_the_limit_names_it():
    site = Site.of(["x" * 500], limits=PeerLimits(message=400))
    answered = site.ask("POST", "/message:send", HI)
    rpc = site.ask("POST", "/", {"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": {"id": "id-1"}})
    assert "message = 400" in rpc.json()["error"]["message"]
    assert answered.error() == (500, "INTERNAL", "INTERNAL_ERROR")
    assert answered.json()["error"]["details"][0]["metadata"] == {"limit": "message", "max": "400"}


@pytest.mark.parametrize(
    ("path", "code"), [("/message:send", 413), ("/a/tasks/T:cancel", 413), ("/", -32600), ("/x", -32600)]
)
def test_a_body_over_the_limit_is_refused_in_the_words_of_its_binding(site, path, code):
    response = site.routes.too_large(Request(method="POST", path=path), 10)
    assert response.status == 413
    error = json.loads(response.body)["error"]
    assert error["code"] == code
    assert "body_limit" in error["message"]


# Places


@pytest.mark.parametrize(
    ("verb", "path", "allow"),
    [
        ("GET", "/message:send", "POST"),
        ("PUT", "/tasks", "GET, HEAD"),
        ("GET", "/tasks/T:cancel", "POST"),
        ("HEAD", "/tasks/T:subscribe", "GET, POST"),
        ("POST", "/tasks/T", "GET, HEAD"),
        ("PATCH", "/tasks/T/pushNotificationConfigs", "GET, HEAD, POST"),
        ("POST", "/acme/tasks/T/pushNotificationConfigs/c", "DELETE, GET, HEAD"),
    ],
)
def test_the_wrong_method_is_told_the_right_ones(site, verb, path, allow):
    answered = site.ask(verb, path)
    assert answered.error() == (405, "UNIMPLEMENTED", "METHOD_NOT_FOUND")
    assert answered.headers["allow"] == allow
    assert answered.json()["error"]["message"] == f"{verb} does nothing at {path}: use {allow}"


@pytest.mark.parametrize("path", ["/tasks/T/more", "/message:think"])
def test_nothing_is_there(site, path):
    assert site.ask("POST", path).error() == (404, "NOT_FOUND", "METHOD_NOT_FOUND")


def test_a_task_called_a2a_is_a_task(site):
    assert site.ask("GET", "/tasks/a2a").error() == (404, "NOT_FOUND", "TASK_NOT_FOUND")


def test_somebody_elses_paths_come_first():
    class Elsewhere:
        def receive(self, link, request, server, now):
            return Response(status=299) if request.path == "/tasks/stream" else None

    routes = Routes(lambda url: AgentCard(name="a"), faces=(Elsewhere().receive,))
    site = Site(Scripted([]), routes)
    assert site.ask("GET", "/tasks/stream").status == 299
    assert site.ask("GET", "/tasks/other").status == 404


# Versions


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {"a2a-version": "1.0"}),
        ("", {"a2a-version": "1.0.1"}),
        ("A2A-Version=1.0", {}),
        ("A2A-Version=0.3", {"a2a-version": "1.0"}),
        ("A2A-Version=1.0", {"a2a-version": ""}),
    ],
)
def test_the_version_is_in_the_header_or_in_the_query(site, query, headers):
    assert site.ask("GET", "/tasks", query=query, headers=headers).status == 200


@pytest.mark.parametrize("version", [None, "", "0.3", "2.0", "x" * 1_000])
def test_any_other_version_is_refused_with_the_one_that_is_spoken(site, version):
    answered = site.ask("GET", "/tasks", headers={} if version is None else {"a2a-version": version})
    assert answered.error() == (400, "FAILED_PRECONDITION", "VERSION_NOT_SUPPORTED")
    assert answered.json()["error"]["details"][0]["metadata"] == {"supportedVersions": "1.0"}
    assert len(answered.response.body) < 1_000


# Media types

A2A_JSON, JSON = "application/a2a+json", "application/json"


@pytest.mark.parametrize(
    ("headers", "answered"),
    [
        ({}, A2A_JSON),
        ({"content-type": A2A_JSON}, A2A_JSON),
        ({"content-type": "Application/A2A+JSON; charset=UTF-8"}, A2A_JSON),
        ({"content-type": JSON}, JSON),
        ({"content-type": "application/json; charset=utf-8"}, JSON),
        ({"content-type": "application/vnd.x+json"}, JSON),
        ({"accept": JSON}, JSON),
        ({"accept": "*/*"}, A2A_JSON),
        ({"accept": f"{JSON}, {A2A_JSON}"}, A2A_JSON),
        ({"accept": f"{JSON}, {A2A_JSON};q=0.5"}, JSON),
        ({"accept": f"{A2A_JSON};q=0, text/html", "content-type": JSON}, JSON),
        ({"accept": f"{JSON};q=much"}, JSON),
        ({"content-type": A2A_JSON, "accept": "application/json, text/plain, */*"}, JSON),
    ],
)
def test_the_media_type_of_the_caller_is_that_of_the_answer(site, headers, answered):
    said = site.ask("POST", "/message:send", HI, headers={**V1, **headers})
    assert (said.status, said.headers["content-type"]) == (200, answered)
    said = site.ask("POST", "/message:send", b"", headers={**V1, **headers})
    assert (said.status, said.headers["content-type"]) == (400, answered), "errors too"


WRONG_TYPES = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/jsonp",
    "json",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    'application/json; charset="latin-1"',
    "application/json, text/html",
]


@pytest.mark.parametrize("media_type", WRONG_TYPES)
def test_what_is_not_json_is_not_read(site, media_type):
    headers = {**V1, "content-type": media_type}
    rest = site.ask("POST", "/message:send", HI, headers=headers)
    assert rest.error() == (400, "INVALID_ARGUMENT", "CONTENT_TYPE_NOT_SUPPORTED")
    body = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": HI}
    rpc = site.ask("POST", "/", body, headers=headers)
    assert (rpc.status, rpc.json()["error"]["code"], rpc.json()["id"]) == (415, -32005, None)
    assert not site.scripted.store.load("id-1")


@pytest.mark.parametrize(
    "media_type", [None, "", JSON, A2A_JSON, "application/json-rpc+json", 'application/json; charset="UTF-8"']
)
def test_what_is_json_by_any_name_or_has_none_is_read(site, media_type):
    headers = {**V1, **({} if media_type is None else {"content-type": media_type})}
    body = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": HI}
    assert "task" in site.ask("POST", "/", body, headers=headers).json()["result"]


def test_a_body_of_nothing_may_be_called_anything(site):
    headers = {**V1, "content-type": "text/plain"}
    assert site.ask("POST", "/tasks/T:cancel", headers=headers).error()[2] == "TASK_NOT_FOUND"


# Extensions

WANTED = "https://e/one, https://e/three"
EXTENSIONS = (AgentExtension(uri="https://e/one"), AgentExtension(uri="https://e/two"))


@pytest.mark.parametrize(
    ("path", "body", "version", "header"),
    [
        ("/message:send", HI, "1.0", "a2a-extensions"),
        ("/message:stream", HI, "1.0", "a2a-extensions"),
        ("/", {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": HI}, "1.0", "a2a-extensions"),
        ("/", {"jsonrpc": "2.0", "id": 1, "method": "SendStreamingMessage", "params": HI}, "1.0", "a2a-extensions"),
        ("/", {"jsonrpc": "2.0", "id": 1, "method": "message/send", "params": HI_0_3}, "", "x-a2a-extensions"),
        ("/", {"jsonrpc": "2.0", "id": 1, "method": "message/stream", "params": HI_0_3}, "", "x-a2a-extensions"),
    ],
)
def test_the_extensions_that_are_wanted_and_there_are_named_in_the_answer(path, body, version, header):
    site = Site.of(extensions=EXTENSIONS)
    answered = site.ask("POST", path, body, headers={"A2A-Version": version, header: WANTED})
    assert answered.status == 200
    named = {name: value for name, value in answered.headers.items() if "extensions" in name}
    assert named == {header: "https://e/one"}
    missing = site.ask("GET", "/tasks/T", headers={**V1, header: WANTED})
    assert (missing.status, missing.headers["a2a-extensions"]) == (404, "https://e/one")
    assert "extensions" not in str(site.ask("POST", path, body, headers={"A2A-Version": version}).headers)


def test_an_extension_that_is_required():
    site = Site.of(extensions=(AgentExtension(uri="https://e/one", required=True),))
    assert site.ask("POST", "/message:send", HI).error() == (400, "FAILED_PRECONDITION", "EXTENSION_SUPPORT_REQUIRED")


# Ends


def test_what_0_3_refuses_before_a_stream_is_an_event():
    site = Site.of()
    body = {"jsonrpc": "2.0", "id": "r", "method": "tasks/resubscribe", "params": {"id": "T"}}
    answered = site.ask("POST", "/", body, headers={})
    assert (answered.status, answered.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    event = json.loads(answered.response.body.removeprefix(b"data: "))
    assert (event["id"], event["error"]["code"]) == ("r", -32001)
    assert answered.response.body.endswith(b"\n\n")


def test_what_1_0_refuses_before_a_stream_is_an_answer(site):
    assert site.ask("GET", "/tasks/T:subscribe").error() == (404, "NOT_FOUND", "TASK_NOT_FOUND")


def test_an_error_within_a_stream_is_its_last_event():
    site = Site.of()
    exchange = site.exchange("POST", "/message:stream", HI)
    exchange.deliver(site.scripted.server.take(1, 1), 0.0)
    exchange.data_to_send()
    exchange.deliver([Refused(request_id=0, error=ErrorObject.of(Code.INTERNAL_ERROR, "gone"))], 0.0)
    (last,) = exchange.data_to_send()
    assert last.startswith(b"event: error\ndata: ")
    assert json.loads(last.split(b"data: ")[1])["error"]["status"] == "INTERNAL"
    assert exchange.is_closed


def test_a_server_that_stops_says_so():
    site = Site.of(words=[])
    site.scripted.words = None
    exchange = site.exchange("POST", "/message:send", HI)
    assert isinstance(exchange, Exchange)
    exchange.cut()
    answered = Answered(exchange.next_response())
    assert answered.error() == (503, "UNAVAILABLE", "INTERNAL_ERROR")
    assert answered.json()["error"]["details"][0]["metadata"] == {"retryable": "true"}


# The card that only some may see


@pytest.mark.parametrize("path", ["/agent/authenticatedExtendedCard", "/a2a/agent/authenticatedExtendedCard"])
def test_the_extended_card_where_0_2_has_it(path):
    assert Site.of().ask("GET", path, headers={}).error() == (400, "FAILED_PRECONDITION", "UNSUPPORTED_OPERATION")
    site = Site.of(extended_agent_card=True)
    site.scripted.server.extended_card = lambda url: AgentCard(name="all of it", url=url)
    card = site.ask("GET", path, headers={}).json()
    assert (card["name"], card["url"]) == ("all of it", "http://x/")
    assert site.ask("POST", path, headers={}).status == 405
    assert site.ask("GET", "/extendedAgentCard").json()["name"] == "all of it"


# What the agent's declaration does not allow is said before its parameters are looked at, as over JSON-RPC -----


@pytest.mark.parametrize(
    ("method", "path", "reason"),
    [
        ("POST", "/tasks/T/pushNotificationConfigs", "PUSH_NOTIFICATION_NOT_SUPPORTED"),
        ("GET", f"/tasks/{'x' * 300}/pushNotificationConfigs", "PUSH_NOTIFICATION_NOT_SUPPORTED"),
        ("GET", "/extendedAgentCard?tenant=a&tenant=b", "UNSUPPORTED_OPERATION"),
        ("POST", "/message:stream", "UNSUPPORTED_OPERATION"),
    ],
)
def test_the_capability_comes_before_the_parameters(method, path, reason):
    site = Site.of(streaming=False)
    answer = site.ask(method, path, b"{" if method == "POST" else None)
    assert answer.status == 400
    assert answer.json()["error"]["details"][0]["reason"] == reason


def test_a_required_extension_comes_before_the_parameters():
    site = Site.of(extensions=(AgentExtension(uri="https://e/x", required=True),))
    answer = site.ask("POST", "/message:send", {})
    assert answer.json()["error"]["details"][0]["reason"] == "EXTENSION_SUPPORT_REQUIRED"


def test_who_asks_in_the_wrong_way_is_told_where_the_card_is():
    site = Site.of()
    request = Request(method="GET", path="/", base_url="http://x/agents/a/")
    answer = site.routes.receive("link", request, site.scripted.server, 0.0)
    assert b"http://x/agents/a/.well-known/agent-card.json" in answer.body
