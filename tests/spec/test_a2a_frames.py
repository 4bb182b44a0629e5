"""Frames of the specification, written by hand from its facts (A2A 1.0 sections 9 and 5.4, A2A 0.3 section 9): the
requests as clients send them go into the real server, what it answers is compared member by member; and what other
servers answer is read.
"""

import json

import pytest

from hocket.a2a import (
    V0_3,
    V1_0,
    ClientCall,
    GetTaskRequest,
    Message,
    Operation,
    Part,
    Role,
    Server,
    ServiceParameters,
    Task,
    TaskState,
)
from hocket.errors import Code, ErrorObject
from hocket.framing import SseParser
from hocket.http import HttpCall
from support.messages import user_says
from support.scripted import Scripted, numbered

NOW = "2024-07-03T14:30:00.000Z"


class Agent(Scripted):
    """Says two chunks and completes; its ids are id-1, id-2, …"""

    def __init__(self, words=("chunk-0 ", "chunk-1 ")):
        super().__init__(words, Server(entropy=numbered(), epoch=1_720_017_000.0))

    def post(self, frame, version=None):
        """The answer to a body: one JSON value, or the list of those in the stream.

        (What 0.3 refuses before a stream began is one event of one: its clients read nothing else.)
        """
        body = frame if isinstance(frame, bytes) else json.dumps(frame).encode()
        _, response, sent = self.respond(body, version)
        if dict(response.headers)["content-type"] == "application/json":
            return json.loads(response.body)
        assert dict(response.headers)["content-type"].startswith("text/event-stream")
        parser = SseParser()
        for data in sent if response.body is None else [response.body]:
            parser.receive_data(data)
        events = []
        while (event := parser.next_event()) is not None:
            events.append(json.loads(event.data))
        return events if response.body is None else events[0]


def request(method, params, request_id="r1"):
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def reply(result, request_id="r1"):
    return {"jsonrpc": "2.0", "id": request_id, "result": result}


SEND_1_0 = {
    "message": {"messageId": "m1", "role": "ROLE_USER", "parts": [{"text": "hi"}]},
    "configuration": {"acceptedOutputModes": ["text/plain"], "historyLength": 0, "returnImmediately": False},
}
SEND_0_3 = {
    "message": {
        "kind": "message",
        "messageId": "m1",
        "role": "user",
        "parts": [{"kind": "text", "text": "hi"}],
    },
    "configuration": {"acceptedOutputModes": ["text/plain"], "blocking": True},
}
HERE = {"taskId": "id-1", "contextId": "id-2"}


def test_1_0_send():
    answer = Agent().post(request("SendMessage", SEND_1_0, 2), "1.0")
    assert answer == reply(
        {
            "task": {
                "id": "id-1",
                "contextId": "id-2",
                "status": {"state": "TASK_STATE_COMPLETED", "timestamp": NOW},
                "artifacts": [
                    {
                        "artifactId": "text-1",
                        "parts": [{"text": "chunk-0 "}, {"text": "chunk-1 "}, {"text": ""}],
                    }
                ],
            }
        },
        2,
    )


def test_1_0_stream():
    params = {"message": SEND_1_0["message"]}
    chunk = {"artifactId": "text-1"}
    assert Agent().post(request("SendStreamingMessage", params), "1.0") == [
        reply(
            {
                "task": {
                    "id": "id-1",
                    "contextId": "id-2",
                    "status": {"state": "TASK_STATE_SUBMITTED", "timestamp": NOW},
                    "history": [{**params["message"], **HERE}],
                }
            }
        ),
        reply({"statusUpdate": {**HERE, "status": {"state": "TASK_STATE_WORKING", "timestamp": NOW}}}),
        reply({"artifactUpdate": {**HERE, "artifact": {**chunk, "parts": [{"text": "chunk-0 "}]}}}),
        reply(
            {
                "artifactUpdate": {
                    **HERE,
                    "artifact": {**chunk, "parts": [{"text": "chunk-1 "}]},
                    "append": True,
                }
            }
        ),
        reply(
            {
                "artifactUpdate": {
                    **HERE,
                    "artifact": {**chunk, "parts": [{"text": ""}]},
                    "append": True,
                    "lastChunk": True,
                }
            }
        ),
        reply({"statusUpdate": {**HERE, "status": {"state": "TASK_STATE_COMPLETED", "timestamp": NOW}}}),
    ]


@pytest.mark.parametrize("version", [None, "", "0.3", "0.2.5", "0.3.0"])
def test_0_3_stream(version):
    parts = [[{"kind": "text", "text": text}] for text in ("chunk-0 ", "chunk-1 ", "")]
    assert Agent().post(request("message/stream", SEND_0_3), version) == [
        reply(
            {
                "kind": "task",
                "id": "id-1",
                "contextId": "id-2",
                "status": {"state": "submitted", "timestamp": NOW},
                "history": [{**SEND_0_3["message"], **HERE}],
            }
        ),
        reply(
            {
                "kind": "status-update",
                **HERE,
                "status": {"state": "working", "timestamp": NOW},
                "final": False,
            }
        ),
        *[
            reply(
                {
                    "kind": "artifact-update",
                    **HERE,
                    "artifact": {"artifactId": "text-1", "parts": part},
                    "append": number > 0,
                    "lastChunk": number == 2,
                }
            )
            for number, part in enumerate(parts)
        ],
        reply(
            {
                "kind": "status-update",
                **HERE,
                "status": {"state": "completed", "timestamp": NOW},
                "final": True,
            }
        ),
    ]


def test_0_3_send_get_and_cancel_are_answered_with_a_bare_task():
    agent = Agent(words=None)
    later = {**SEND_0_3, "configuration": {"blocking": False}}
    sent = agent.post(request("message/send", later))["result"]
    assert (sent["kind"], sent["status"]["state"]) == ("task", "submitted")
    got = agent.post(request("tasks/get", {"id": "id-1", "historyLength": 5}))["result"]
    assert got == sent
    agent.server.ended("id-1", 1, 0.0)
    agent.pump()
    assert agent.post(request("tasks/cancel", {"id": "id-1"}))["error"]["code"] == -32002


def test_1_0_get_and_cancel_are_answered_with_a_bare_task():
    agent = Agent(words=None)
    later = {**SEND_1_0, "configuration": {"returnImmediately": True}}
    sent = agent.post(request("SendMessage", later), "1.0")["result"]["task"]
    assert agent.post(request("GetTask", {"id": "id-1", "historyLength": 10}), "1.0")["result"] == sent
    agent.server.receive("c", 5, "CancelTask", {"id": "id-1", "metadata": {}}, ServiceParameters(version="1.0"), 0.0)
    agent.server.ended("id-1", 1, 0.0)
    agent.pump()
    (answered,) = agent.server.take("c")
    assert json.loads(answered.result)["status"]["state"] == "TASK_STATE_CANCELED"


def test_1_0_subscribe_begins_with_the_task():
    agent = Agent(words=None)
    agent.post(request("SendMessage", {**SEND_1_0, "configuration": {"returnImmediately": True}}), "1.0")
    (first,) = agent.post(request("SubscribeToTask", {"id": "id-1"}, 6), "1.0")
    assert first["id"] == 6
    assert first["result"]["task"]["status"]["state"] == "TASK_STATE_SUBMITTED"


def info(reason, **metadata):
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "a2a-protocol.org",
        "metadata": metadata,
    }


def test_1_0_errors_have_typed_details():
    error = Agent().post(request("GetTask", {"id": "T"}, 4), "1.0")
    assert error == {
        "jsonrpc": "2.0",
        "id": 4,
        "error": {"code": -32001, "message": "Task not found", "data": [info("TASK_NOT_FOUND")]},
    }


def test_1_0_invalid_params_name_the_field():
    error = Agent().post(request("SendMessage", {}), "1.0")["error"]
    assert error["code"] == -32602
    details, violations = error["data"]
    assert details["reason"] == "INVALID_PARAMS"
    assert violations["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    assert [each["field"] for each in violations["fieldViolations"]] == ["message"]


def test_0_3_invalid_params_name_the_field_too():
    error = Agent().post(request("message/send", {"message": {"role": "user", "parts": []}}))["error"]
    assert error["code"] == -32602
    assert error["data"] == {"fieldViolations": [{"field": "message.messageId", "description": "is required"}]}


def test_0_3_errors_are_plain():
    error = Agent().post(request("tasks/get", {"id": "T"}))["error"]
    assert error == {"code": -32001, "message": "Task not found"}


@pytest.mark.parametrize(
    ("frame", "version", "code"),
    [
        (request("SendMessage", SEND_1_0), None, -32009),
        (request("SendMessage", SEND_1_0), "", -32009),
        (request("SendMessage", SEND_1_0), "0.3", -32009),
        (request("SendMessage", SEND_1_0), "2.0", -32009),
        (request("message/send", SEND_0_3), "9.9", -32009),
        (request("SendMesage", SEND_1_0), "1.0", -32601),
        (request("tasks/resubscribe", {}), None, -32602),
        (request("SendMessage", {"message": {**SEND_1_0["message"], "parts": []}}), "1.0", -32602),
        (request("SendMessage", {"message": {**SEND_1_0["message"], "parts": [{}]}}), "1.0", -32602),
        (request("GetTask", {"id": "T", "historyLength": -1}), "1.0", -32602),
        (request("SubscribeToTask", {"id": "T"}), "1.0", -32001),
        (request("tasks/resubscribe", {"id": "T"}), None, -32001),
        (b"{", "1.0", -32700),
        (b"[]", "1.0", -32600),
        (b'"x"', "1.0", -32600),
        ({"jsonrpc": "1.0", "id": 1, "method": "GetTask", "params": {"id": "T"}}, "1.0", -32600),
    ],
)
def test_errors(frame, version, code):
    assert Agent().post(frame, version)["error"]["code"] == code


def test_a_stream_in_a_batch_is_refused_and_the_rest_is_answered():
    batch = [request("GetTask", {"id": "T"}, 1), request("SendStreamingMessage", SEND_1_0, 2)]
    answers = Agent().post(batch, "1.0")
    assert {each["id"]: each["error"]["code"] for each in answers} == {1: -32001, 2: -32600}


def test_the_codes_of_the_specification():
    """A2A 1.0 section 5.4 (and JSON-RPC 2.0 section 5.1), by name."""
    assert {code.name: int(code) for code in Code if code > -40_000} == {
        "PARSE_ERROR": -32700,
        "INVALID_REQUEST": -32600,
        "METHOD_NOT_FOUND": -32601,
        "INVALID_PARAMS": -32602,
        "INTERNAL_ERROR": -32603,
        "TASK_NOT_FOUND": -32001,
        "TASK_NOT_CANCELABLE": -32002,
        "PUSH_NOTIFICATION_NOT_SUPPORTED": -32003,
        "UNSUPPORTED_OPERATION": -32004,
        "CONTENT_TYPE_NOT_SUPPORTED": -32005,
        "INVALID_AGENT_RESPONSE": -32006,
        "EXTENDED_AGENT_CARD_NOT_CONFIGURED": -32007,
        "EXTENSION_SUPPORT_REQUIRED": -32008,
        "VERSION_NOT_SUPPORTED": -32009,
        "OVERLOADED": -32050,
        "REQUEST_CANCELLED": -32800,
    }


# What clients send


@pytest.mark.parametrize(
    ("dialect", "method", "header"),
    [(V1_0, "SendStreamingMessage", "1.0"), (V0_3, "message/stream", None)],
)
def test_what_our_client_asks(dialect, method, header):
    call = ClientCall(Operation.STREAM, user_says("hi", message_id="m1"), dialect, "r1")
    asked = HttpCall(call, "http://agent/").next_request()
    expected = {V1_0: SEND_1_0, V0_3: SEND_0_3}[dialect]["message"]
    assert json.loads(asked.body) == request(method, {"message": expected})
    assert (asked.method, asked.header("a2a-version")) == ("POST", header)
    assert asked.header("accept") == "text/event-stream, application/json"


# What is read leniently

SAID = Message(message_id="m", role=Role.AGENT, parts=(Part(text="pong"),))


@pytest.mark.parametrize(
    ("dialect", "result", "expected"),
    [
        (V1_0, {"message": {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"text": "pong"}]}}, SAID),
        (V1_0, {"message": {"message_id": "m", "role": 2, "parts": [{"text": "pong"}], "new": {}}}, SAID),
        (
            V1_0,
            {
                "message": {
                    "messageId": "m",
                    "role": "ROLE_AGENT",
                    "parts": [{"text": "pong"}],
                    "taskId": None,
                }
            },
            SAID,
        ),
        (
            V0_3,
            {
                "kind": "message",
                "messageId": "m",
                "role": "agent",
                "parts": [{"kind": "text", "text": "pong"}],
            },
            SAID,
        ),
        (V0_3, {"messageId": "m", "role": "agent", "parts": [{"text": "pong"}]}, SAID),
    ],
)
def test_messages_as_other_servers_write_them(dialect, result, expected):
    assert dialect.read_item(result) == expected
    assert dialect.read_result(Operation.SEND, result) == expected


@pytest.mark.parametrize("encoded", ["_-8=", "_-8", "/+8="])
def test_bytes_in_both_alphabets_of_base64(encoded):
    result = {"message": {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"raw": encoded}]}}
    assert V1_0.read_item(result).parts == (Part(raw=b"\xff\xef"),)


@pytest.mark.parametrize(
    ("spelled", "state"),
    [
        ("TASK_STATE_CANCELED", TaskState.CANCELED),
        ("TASK_STATE_CANCELLED", TaskState.CANCELED),
        (6, TaskState.INPUT_REQUIRED),
    ],
)
def test_states_by_name_and_number(spelled, state):
    assert V1_0.read_item({"task": {"id": "t", "status": {"state": spelled}}}).state is state


def test_a_status_update_without_final_is_read():
    update = {"kind": "status-update", "taskId": "t", "contextId": "c", "status": {"state": "working"}}
    assert V0_3.read_item(update).status.state is TaskState.WORKING


@pytest.mark.parametrize("data", [None, [1], 5, "x", {"a": None}])
def test_data_may_be_any_json_in_1_0(data):
    result = {"message": {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"data": data}]}}
    assert V1_0.read_item(result).parts == (Part(data=data),)


def test_an_error_in_the_middle_of_a_stream_as_the_sdk_sends_it():
    call = ClientCall(Operation.SUBSCRIBE, GetTaskRequest(id="T"), V1_0, 3)
    http = HttpCall(call, "http://agent/")
    http.receive_head(200, (("content-type", "text/event-stream; charset=utf-8"),), 0.0)
    http.receive_data(b": ping - 2026-11-21\r\n\r\nevent: error\r\n", 0.0)
    http.receive_data(b'data: {"error": {"code": -32603, "message": "boom"}, "id": 3, "jsonrpc": "2.0"}\r\n\r\n', 0.0)
    event = call.next_event()
    assert (event.kind, event.done, event.error.error) == ("error", True, ErrorObject(-32603, "boom"))


def test_a_0_3_send_that_is_answered_with_a_task():
    result = {
        "kind": "task",
        "id": "T",
        "contextId": "C",
        "status": {"state": "completed", "timestamp": "2026-01-01T00:00:00+00:00"},
    }
    answer = V0_3.read_result(Operation.SEND, result)
    assert isinstance(answer, Task)
    assert (answer.id, answer.status.timestamp) == ("T", "2026-01-01T00:00:00+00:00")
