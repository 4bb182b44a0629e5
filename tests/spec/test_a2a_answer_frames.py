"""Answers of every method and items of streams, as servers send them (A2A 1.0 sections 3.1 and 9.4, 0.3 section 7).

Each frame stands here by hand beside the object that it means. What is marked as ours is written so as well; the rest
is only read: other people's spellings of the same thing.
"""

import pytest

from hocket.a2a import (
    V0_3,
    V1_0,
    AgentCapabilities,
    AgentCard,
    AgentInterface,
    AgentSkill,
    Artifact,
    AuthenticationInfo,
    ListTaskPushNotificationConfigsResponse,
    ListTasksResponse,
    Message,
    Operation,
    Part,
    Role,
    Task,
    TaskArtifactUpdateEvent,
    TaskPushNotificationConfig,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.codec import loads
from hocket.log import Entry

HOOK = "https://example.com/hook"
OURS, READ = True, False

HELLO = Message(message_id="m1", role=Role.USER, parts=(Part(text="hi"),))
HELLO_1_0 = {"messageId": "m1", "role": "ROLE_USER", "parts": [{"text": "hi"}]}
HELLO_0_3 = {"kind": "message", "messageId": "m1", "role": "user", "parts": [{"kind": "text", "text": "hi"}]}

CONFIG = TaskPushNotificationConfig(
    task_id="T",
    id="cfg1",
    url=HOOK,
    token="tok",
    authentication=AuthenticationInfo(scheme="Bearer", credentials="c"),
)
CONFIG_OF_0_3 = TaskPushNotificationConfig(
    task_id="T",
    id="cfg1",
    url=HOOK,
    token="tok",
    authentication=AuthenticationInfo(scheme="Bearer", schemes=("Bearer",), credentials="c"),
)
CONFIG_1_0 = {
    "taskId": "T",
    "id": "cfg1",
    "url": HOOK,
    "token": "tok",
    "authentication": {"scheme": "Bearer", "credentials": "c"},
}
BARE_0_3 = {
    "id": "cfg1",
    "url": HOOK,
    "token": "tok",
    "authentication": {"schemes": ["Bearer"], "credentials": "c"},
}
CONFIG_0_3 = {"taskId": "T", "pushNotificationConfig": BARE_0_3}

DONE = Message(message_id="79ff", context_id="ed9a", task_id="811d", role=Role.AGENT, parts=(Part(text="done"),))
REPORT = Artifact(
    artifact_id="art-1",
    name="report",
    parts=(Part(text="chunk-0 "), Part(text="chunk-1 "), Part(text="chunk-2 ")),
)
PONG = Message(message_id="p", context_id="c", role=Role.AGENT, parts=(Part(text="pong"),))


def finished(at):
    status = TaskStatus(state=TaskState.COMPLETED, message=DONE, timestamp=at)
    return Task(id="811d", context_id="ed9a", status=status, artifacts=(REPORT,))


NEW, OLD = "2026-11-21T05:44:41.739548Z", "2026-11-21T05:51:08.384415+00:00"
FINISHED_1_0 = {
    "id": "811d",
    "contextId": "ed9a",
    "status": {
        "state": "TASK_STATE_COMPLETED",
        "message": {
            "messageId": "79ff",
            "contextId": "ed9a",
            "taskId": "811d",
            "role": "ROLE_AGENT",
            "parts": [{"text": "done"}],
        },
        "timestamp": NEW,
    },
    "artifacts": [
        {
            "artifactId": "art-1",
            "name": "report",
            "parts": [{"text": "chunk-0 "}, {"text": "chunk-1 "}, {"text": "chunk-2 "}],
        }
    ],
}
FINISHED_0_3 = {
    "kind": "task",
    "id": "811d",
    "contextId": "ed9a",
    "status": {
        "state": "completed",
        "message": {
            "kind": "message",
            "messageId": "79ff",
            "contextId": "ed9a",
            "taskId": "811d",
            "role": "agent",
            "parts": [{"kind": "text", "text": "done"}],
        },
        "timestamp": OLD,
    },
    "artifacts": [
        {
            "artifactId": "art-1",
            "name": "report",
            "parts": [
                {"kind": "text", "text": "chunk-0 "},
                {"kind": "text", "text": "chunk-1 "},
                {"kind": "text", "text": "chunk-2 "},
            ],
        }
    ],
}
PONG_1_0 = {"messageId": "p", "contextId": "c", "role": "ROLE_AGENT", "parts": [{"text": "pong"}]}
PONG_0_3 = {
    "kind": "message",
    "messageId": "p",
    "contextId": "c",
    "role": "agent",
    "parts": [{"kind": "text", "text": "pong"}],
}
CANCELED = Task(id="T", context_id="c", status=TaskStatus(state=TaskState.CANCELED))
MORE = AgentCard(
    name="more",
    description="d",
    version="2",
    supported_interfaces=(AgentInterface(url="http://a/"),),
    capabilities=AgentCapabilities(extended_agent_card=True),
    skills=(AgentSkill(id="s"),),
)
MORE_OF_0_3 = AgentCard(
    name="more",
    description="d",
    version="2",
    url="http://a/",
    protocol_version="0.3.0",
    capabilities=AgentCapabilities(streaming=True, extended_agent_card=True),
    supports_authenticated_extended_card=True,
)

RESULTS = [
    # 1.0: what is sent is wrapped, what is got is bare
    (V1_0, Operation.SEND, {"task": FINISHED_1_0}, finished(NEW), OURS),
    (V1_0, Operation.SEND, {"message": PONG_1_0}, PONG, OURS),
    (V1_0, Operation.GET, FINISHED_1_0, finished(NEW), OURS),
    (
        V1_0,
        Operation.CANCEL,
        {"id": "T", "contextId": "c", "status": {"state": "TASK_STATE_CANCELED"}},
        CANCELED,
        OURS,
    ),
    (
        V1_0,
        Operation.LIST,
        {"tasks": [FINISHED_1_0], "nextPageToken": "eyJ0cyI6", "pageSize": 1, "totalSize": 9},
        ListTasksResponse(tasks=(finished(NEW),), next_page_token="eyJ0cyI6", page_size=1, total_size=9),
        OURS,
    ),
    (
        V1_0,
        Operation.LIST,
        {"tasks": [], "nextPageToken": "", "pageSize": 50, "totalSize": 0},
        ListTasksResponse(tasks=()),
        OURS,
    ),
    (V1_0, Operation.PUSH_CREATE, CONFIG_1_0, CONFIG, OURS),
    (V1_0, Operation.PUSH_GET, CONFIG_1_0, CONFIG, OURS),
    (
        V1_0,
        Operation.PUSH_LIST,
        {"configs": [CONFIG_1_0]},
        ListTaskPushNotificationConfigsResponse(configs=(CONFIG,)),
        OURS,
    ),
    (
        V1_0,
        Operation.PUSH_LIST,
        {"configs": [], "nextPageToken": ""},
        ListTaskPushNotificationConfigsResponse(),
        READ,
    ),
    (V1_0, Operation.PUSH_LIST, {}, ListTaskPushNotificationConfigsResponse(), READ),
    (V1_0, Operation.PUSH_DELETE, None, None, OURS),
    (V1_0, Operation.PUSH_DELETE, {}, None, READ),
    (
        V1_0,
        Operation.EXTENDED_CARD,
        {
            "name": "more",
            "description": "d",
            "version": "2",
            "supportedInterfaces": [{"url": "http://a/", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}],
            "capabilities": {"extendedAgentCard": True},
            "defaultInputModes": ["text/plain"],
            "defaultOutputModes": ["text/plain"],
            "skills": [{"id": "s", "name": "", "description": "", "tags": []}],
        },
        MORE,
        OURS,
    ),
    # 0.3: everything says its kind
    (V0_3, Operation.SEND, FINISHED_0_3, finished(OLD), OURS),
    (V0_3, Operation.SEND, PONG_0_3, PONG, OURS),
    (V0_3, Operation.GET, FINISHED_0_3, finished(OLD), OURS),
    (
        V0_3,
        Operation.CANCEL,
        {"kind": "task", "id": "T", "contextId": "c", "status": {"state": "canceled"}},
        CANCELED,
        OURS,
    ),
    (V0_3, Operation.PUSH_CREATE, CONFIG_0_3, CONFIG_OF_0_3, OURS),
    (V0_3, Operation.PUSH_GET, CONFIG_0_3, CONFIG_OF_0_3, OURS),
    (
        V0_3,
        Operation.PUSH_LIST,
        [CONFIG_0_3],
        ListTaskPushNotificationConfigsResponse(configs=(CONFIG_OF_0_3,)),
        OURS,
    ),
    (V0_3, Operation.PUSH_LIST, [], ListTaskPushNotificationConfigsResponse(), OURS),
    (V0_3, Operation.PUSH_DELETE, None, None, OURS),
    (
        V0_3,
        Operation.EXTENDED_CARD,
        {
            "protocolVersion": "0.3.0",
            "name": "more",
            "description": "d",
            "url": "http://a/",
            "version": "2",
            "capabilities": {"streaming": True},
            "defaultInputModes": ["text/plain"],
            "defaultOutputModes": ["text/plain"],
            "skills": [],
            "supportsAuthenticatedExtendedCard": True,
        },
        MORE_OF_0_3,
        READ,
    ),
]

PLACE = {"task_id": "b6c8", "context_id": "4232"}
PLACE_ON_WIRE = {"taskId": "b6c8", "contextId": "4232"}


def chunk(text, **more):
    return TaskArtifactUpdateEvent(
        **PLACE, artifact=Artifact(artifact_id="art-1", name="report", parts=(Part(text=text),)), **more
    )


def artifact(*parts):
    return {"artifactId": "art-1", "name": "report", "parts": list(parts)}


ITEMS = [
    # 1.0
    (
        V1_0,
        {
            "task": {
                "id": "b6c8",
                "contextId": "4232",
                "status": {"state": "TASK_STATE_SUBMITTED"},
                "history": [{**HELLO_1_0, **PLACE_ON_WIRE}],
            }
        },
        Task(
            id="b6c8",
            context_id="4232",
            status=TaskStatus(state=TaskState.SUBMITTED),
            history=(Message(message_id="m1", role=Role.USER, parts=(Part(text="hi"),), **PLACE),),
        ),
        OURS,
    ),
    (
        V1_0,
        {"statusUpdate": {**PLACE_ON_WIRE, "status": {"state": "TASK_STATE_WORKING", "timestamp": NEW}}},
        TaskStatusUpdateEvent(**PLACE, status=TaskStatus(state=TaskState.WORKING, timestamp=NEW)),
        OURS,
    ),
    (
        V1_0,
        {"artifactUpdate": {**PLACE_ON_WIRE, "artifact": artifact({"text": "chunk-0 "})}},
        chunk("chunk-0 "),
        OURS,
    ),
    (
        V1_0,
        {
            "artifactUpdate": {
                **PLACE_ON_WIRE,
                "artifact": artifact({"text": "chunk-2 "}),
                "append": True,
                "lastChunk": True,
            }
        },
        chunk("chunk-2 ", append=True, last_chunk=True),
        OURS,
    ),
    # 1.1 numbers the changes of a task: int64, which ProtoJSON writes as a string
    (
        V1_0,
        {"statusUpdate": {"taskId": "t", "status": {"state": "TASK_STATE_WORKING"}, "generation": "7"}},
        TaskStatusUpdateEvent(task_id="t", status=TaskStatus(state=TaskState.WORKING), generation=7),
        OURS,
    ),
    (
        V1_0,
        {"statusUpdate": {"taskId": "t", "status": {"state": "TASK_STATE_WORKING"}, "generation": 7}},
        TaskStatusUpdateEvent(task_id="t", status=TaskStatus(state=TaskState.WORKING), generation=7),
        READ,
    ),
    # 0.3
    (
        V0_3,
        {
            "kind": "task",
            "id": "b6c8",
            "contextId": "4232",
            "status": {"state": "submitted"},
            "history": [{**HELLO_0_3, **PLACE_ON_WIRE}],
        },
        Task(
            id="b6c8",
            context_id="4232",
            status=TaskStatus(state=TaskState.SUBMITTED),
            history=(Message(message_id="m1", role=Role.USER, parts=(Part(text="hi"),), **PLACE),),
        ),
        OURS,
    ),
    (
        V0_3,
        {
            "kind": "status-update",
            **PLACE_ON_WIRE,
            "final": False,
            "status": {"state": "working", "timestamp": OLD},
        },
        TaskStatusUpdateEvent(**PLACE, status=TaskStatus(state=TaskState.WORKING, timestamp=OLD)),
        OURS,
    ),
    (
        V0_3,
        {
            "kind": "artifact-update",
            **PLACE_ON_WIRE,
            "append": True,
            "artifact": artifact({"kind": "text", "text": "chunk-2 "}),
            "lastChunk": True,
        },
        chunk("chunk-2 ", append=True, last_chunk=True),
        OURS,
    ),
    (
        V0_3,
        {"kind": "status-update", **PLACE_ON_WIRE, "final": True, "status": {"state": "completed", "timestamp": OLD}},
        TaskStatusUpdateEvent(**PLACE, status=TaskStatus(state=TaskState.COMPLETED, timestamp=OLD)),
        OURS,
    ),
]


def name(value):
    return getattr(value, "version", getattr(value, "value", None))


@pytest.mark.parametrize(("dialect", "operation", "frame", "result", "is_ours"), RESULTS, ids=name)
def test_results(dialect, operation, frame, result, is_ours):
    assert dialect.read_result(operation, frame) == result
    if is_ours:
        assert loads(dialect.write_result(operation, result)) == frame


@pytest.mark.parametrize(("dialect", "frame", "item", "is_ours"), ITEMS, ids=name)
def test_items_of_streams(dialect, frame, item, is_ours):
    assert dialect.read_item(frame) == item
    if is_ours:
        assert loads(dialect.write_item(item)) == frame


def test_final_is_said_where_the_stream_of_that_reader_ends():
    """A subscriber of 0.3 stays for the next turn when the agent asks; who sent the message does not."""
    asked = Entry(3, TaskStatusUpdateEvent(task_id="t", status=TaskStatus(state=TaskState.INPUT_REQUIRED)))
    for is_last in (True, False, True):
        written = loads(V0_3.write_entry(asked, lambda: CANCELED, is_last))
        assert (written["status"]["state"], written["final"]) == ("input-required", is_last)
        written = loads(V1_0.write_entry(asked, lambda: CANCELED, is_last))
        assert written["statusUpdate"]["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"


def test_the_body_of_a_notification_is_a_bare_item_in_1_0_and_the_task_in_0_3():
    working = TaskStatusUpdateEvent(**PLACE, status=TaskStatus(state=TaskState.WORKING, timestamp=NEW))
    task = finished(OLD)
    assert loads(V1_0.write_push(working, lambda: task)) == {
        "statusUpdate": {**PLACE_ON_WIRE, "status": {"state": "TASK_STATE_WORKING", "timestamp": NEW}}
    }
    assert loads(V0_3.write_push(working, lambda: task)) == FINISHED_0_3
    assert V0_3.write_push(chunk("chunk-0 "), lambda: task) is None
