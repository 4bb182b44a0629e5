"""HTTP+JSON as A2A 1.0.1 writes it down (sections 5.3, 5.4, 11.3, 11.6): its tables, written a second time by hand."""

import json

import pytest

from hocket.a2a import V1_0, Operation
from hocket.a2a.dialects.invalid import invalid_params
from hocket.errors import Code, ErrorObject, LocalProtocolError
from hocket.http.rest_errors import STATUSES, error_response, read_error
from hocket.http.rest_paths import read_path, write_path

SEND, STREAM, GET, LIST = Operation.SEND, Operation.STREAM, Operation.GET, Operation.LIST
CANCEL, SUBSCRIBE, CARD = Operation.CANCEL, Operation.SUBSCRIBE, Operation.EXTENDED_CARD
T, TC = {"id": "T"}, {"taskId": "T", "id": "c"}

PATHS = [
    ("POST", "/message:send", SEND, {}),
    ("POST", "/message:stream", STREAM, {}),
    ("GET", "/tasks/T", GET, T),
    ("GET", "/tasks", LIST, {}),
    ("POST", "/tasks/T:cancel", CANCEL, T),
    ("GET", "/tasks/T:subscribe", SUBSCRIBE, T),
    ("POST", "/tasks/T:subscribe", SUBSCRIBE, T),
    ("POST", "/tasks/T/pushNotificationConfigs", Operation.PUSH_CREATE, {"taskId": "T"}),
    ("GET", "/tasks/T/pushNotificationConfigs", Operation.PUSH_LIST, {"taskId": "T"}),
    ("GET", "/tasks/T/pushNotificationConfigs/c", Operation.PUSH_GET, TC),
    ("DELETE", "/tasks/T/pushNotificationConfigs/c", Operation.PUSH_DELETE, TC),
    ("GET", "/extendedAgentCard", CARD, {}),
]


@pytest.mark.parametrize(("verb", "path", "operation", "ids"), PATHS)
def test_what_is_where(verb, path, operation, ids):
    plain, tenanted = read_path(path), read_path(f"/acme{path}")
    assert plain.verbs[verb] is operation
    assert plain.ids == ids
    assert tenanted.verbs[verb] is operation
    assert tenanted.ids == {"tenant": "acme", **ids}
    assert write_path(operation, {**ids, "more": 1}) == (path, {"more": 1})
    assert write_path(operation, {**ids, "tenant": "acme"}) == (f"/acme{path}", {})


def test_nothing_else_is_there():
    known = {(verb, path) for verb, path, _, _ in PATHS}
    for path in {path for _, path, _, _ in PATHS}:
        assert {(verb, path) for verb in read_path(path).verbs} == {each for each in known if each[1] == path}


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("/tasks/a%2Fb", {"id": "a/b"}),
        ("/tasks/a%3Acancel", {"id": "a:cancel"}),
        ("/tasks/a%253A", {"id": "a%3A"}),
        ("/tasks/a:b", {"id": "a:b"}),
        ("/tasks/a:b:cancel", {"id": "a:b"}),
        ("/tasks/%2E%2E", {"id": ".."}),
        ("/a%2Fb/tasks", {"tenant": "a/b"}),
        ("/tasks/tasks", {"id": "tasks"}),
        ("/tasks/tasks/T", {"tenant": "tasks", "id": "T"}),
    ],
)
def test_ids_may_hold_anything(path, ids):
    assert read_path(path).ids == ids


@pytest.mark.parametrize(
    "path", ["/tasks/", "/tasks/T/x", "/x/tasks/T/y/z", "/message:think", "/a/message:", "/v1/tasks/"]
)
def test_what_looks_like_a_path_of_a2a_and_is_none(path):
    assert not read_path(path).verbs


@pytest.mark.parametrize("path", ["/", "", "/a2a", "/health", "/messages", "/x/y/tasks", "/agents/x/a2a", "/TASKS"])
def test_what_is_somebody_elses(path):
    assert read_path(path) is None


@pytest.mark.parametrize(("text", "segment"), [(".", "%2E"), ("..", "%2E%2E"), ("...", "..."), ("a/b", "a%2Fb")])
def test_an_id_is_one_segment_that_nobody_walks_through(text, segment):
    assert write_path(GET, {"id": text}) == (f"/tasks/{segment}", {})


@pytest.mark.parametrize("tenant", ["tasks", "a\u2028", "."])
def test_a_tenant_that_would_be_taken_for_something_else_is_a_parameter(tenant):
    path, rest = write_path(LIST, {"tenant": tenant})
    assert {**rest, **read_path(path).ids} == {"tenant": tenant}
    assert bool(rest) == (tenant == "tasks")


@pytest.mark.parametrize(
    ("operation", "params", "words"),
    [
        (GET, {}, "id is a part of the path"),
        (GET, {"id": ""}, "id is a part of the path"),
        (GET, {"id": "\ud800"}, "id holds half of a surrogate pair"),
        (Operation.PUSH_GET, {"taskId": "T"}, "id is a part of the path"),
        (SEND, {"tenant": "\udc00"}, "tenant holds half of a surrogate pair"),
    ],
)
def test_what_no_path_can_say_is_our_callers_mistake(operation, params, words):
    with pytest.raises(LocalProtocolError, match=words):
        write_path(operation, params)


# Errors

ERRORS = [
    (-32700, 400, "INVALID_ARGUMENT"),
    (-32600, 400, "INVALID_ARGUMENT"),
    (-32601, 404, "NOT_FOUND"),
    (-32602, 400, "INVALID_ARGUMENT"),
    (-32603, 500, "INTERNAL"),
    (-32001, 404, "NOT_FOUND"),
    (-32002, 400, "FAILED_PRECONDITION"),
    (-32003, 400, "FAILED_PRECONDITION"),
    (-32004, 400, "FAILED_PRECONDITION"),
    (-32005, 400, "INVALID_ARGUMENT"),
    (-32006, 500, "INTERNAL"),
    (-32007, 400, "FAILED_PRECONDITION"),
    (-32008, 400, "FAILED_PRECONDITION"),
    (-32009, 400, "FAILED_PRECONDITION"),
]


@pytest.mark.parametrize(("code", "status", "name"), ERRORS)
def test_the_statuses_of_1_0_1(code, status, name):
    response = error_response(V1_0.write_error(ErrorObject.of(Code(code))), "application/json")
    body = json.loads(response.body)
    assert response.status == status
    assert {key: body["error"][key] for key in ("code", "status")} == {"code": status, "status": name}
    assert body["error"]["details"][0] == {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": Code(code).name,
        "domain": "a2a-protocol.org",
        "metadata": {},
    }


def test_every_code_of_a2a_has_a_row():
    assert {code for code, _, _ in ERRORS} == {code for code in STATUSES if -32700 <= code <= -32600 or code >= -32049}


def test_a_bad_parameter_is_named():
    error = V1_0.write_error(invalid_params(("id", "x")))
    body = json.loads(error_response(error, "application/json").body)["error"]
    assert body["message"] == "id: x"
    assert body["details"][1]["fieldViolations"] == [{"field": "id", "description": "x"}]


def info(reason):
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "a2a-protocol.org"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (
            {"code": 404, "status": "NOT_FOUND", "message": "Task not found", "details": [info("TASK_NOT_FOUND")]},
            -32001,
        ),
        (
            {"code": 409, "status": "FAILED_PRECONDITION", "message": "m", "details": [info("TASK_NOT_CANCELABLE")]},
            -32002,
        ),
        ({"code": 400, "status": "INVALID_ARGUMENT", "message": "m", "details": [info("INVALID_PARAMS")]}, -32602),
        ({"code": 404, "status": "NOT_FOUND", "message": "m"}, -32001),
        ({"code": 409, "status": "FAILED_PRECONDITION", "message": "m"}, -32002),
        ({"code": 400, "status": "UNIMPLEMENTED", "message": "m"}, -32004),
        ({"code": 415, "status": "INVALID_ARGUMENT", "message": "m"}, -32005),
        ({"code": 502, "status": "INTERNAL", "message": "m"}, -32006),
        ({"code": 400, "status": "INVALID_ARGUMENT", "message": "m"}, -32602),
        ({"code": 500, "status": "INTERNAL", "message": "m", "details": [info("SOMETHING_NEW")]}, -32603),
        ({"code": 418, "message": "m"}, -32602),
        ({"code": -32004, "message": "as in JSON-RPC", "data": []}, -32004),
    ],
)
def test_what_servers_say_is_understood_by_its_reason_and_without_one_by_its_status(body, code):
    error = read_error({"error": body})
    assert (error.code, error.message) == (code, body["message"])


def test_problem_json_as_in_the_examples_of_1_0_0():
    problem = {"type": "https://a2a-protocol.org/errors/task-not-found", "title": "Task Not Found", "status": 404}
    assert read_error({**problem, "detail": "no task T"}) == ErrorObject(-32001, "no task T")
    assert read_error(problem) == ErrorObject(-32001, "Task Not Found")


@pytest.mark.parametrize("value", [None, [], {}, {"error": 1}, {"error": {"code": 1}}, {"task": {}}, {"status": {}}])
def test_what_is_no_error(value):
    assert read_error(value) is None
