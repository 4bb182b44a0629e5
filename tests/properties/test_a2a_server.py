"""The server and the pipe against any input: nothing that a peer sends raises, and every request ends once."""

import json

from hypothesis import given
from hypothesis import strategies as st

from hocket.a2a import (
    V0_3,
    V1_0,
    AgentCapabilities,
    AgentCard,
    Answered,
    Ended,
    GetTaskRequest,
    Item,
    Opened,
    Operation,
    PipeClient,
    PipeServer,
    Refused,
    Server,
    ServerLimits,
    ServiceParameters,
)
from hocket.framing import FramingLimits, Ndjson
from hocket.log import LogLimits
from hocket.testing.strategies.values import json_values
from support.items import one_by_one
from support.messages import user_says
from support.scripted import Scripted, numbered

TEXT = st.text(max_size=4)
JSON = json_values(TEXT, leaves=4)
IDS = st.sampled_from(["id-1", "id-3", "nobody", "", "x" * 300])
MESSAGES = st.fixed_dictionaries(
    {
        "messageId": st.sampled_from(["m1", "m2", ""]),
        "role": st.just("ROLE_USER"),
        "parts": st.just([{"text": "hi"}]),
    },
    optional={"taskId": IDS | JSON, "contextId": IDS | JSON, "metadata": JSON},
)
CONFIGS = st.fixed_dictionaries(
    {"url": st.sampled_from(["https://receiver.example/", "http://10.0.0.1/", "https://[::1"]) | JSON},
    optional={"id": IDS | JSON, "token": JSON, "authentication": JSON},
)
PARAMS = st.one_of(
    JSON,
    st.builds(lambda task_id, config: {"taskId": task_id, **config}, IDS, CONFIGS),
    st.fixed_dictionaries({"taskId": IDS, "pushNotificationConfig": CONFIGS}),
    st.fixed_dictionaries({"taskId": IDS}, optional={"id": IDS | JSON, "pageSize": JSON, "pageToken": JSON}),
    st.dictionaries(st.sampled_from(["contextId", "status", "pageSize", "pageToken", "tenant"]), JSON, max_size=3),
    st.fixed_dictionaries({"id": IDS}, optional={"historyLength": st.integers(-2, 3) | JSON}),
    st.fixed_dictionaries(
        {"message": MESSAGES},
        optional={
            "configuration": JSON
            | st.fixed_dictionaries(
                {},
                optional={
                    "historyLength": JSON,
                    "returnImmediately": JSON,
                    "taskPushNotificationConfig": CONFIGS,
                },
            )
        },
    ),
)
METHODS = st.sampled_from([*V1_0.methods.values(), *V0_3.methods.values(), "x"])
SERVICES = st.builds(
    ServiceParameters.of,
    st.dictionaries(
        st.sampled_from(["A2A-Version", "Last-Event-ID", "A2A-Extensions", "other"]),
        st.sampled_from(["1.0", "0.3", "", "7", "-1", "٣", "9" * 400]) | JSON,
        max_size=3,
    ),
) | st.just(ServiceParameters(version="1.0"))


EVERYTHING = AgentCapabilities(streaming=True, push_notifications=True, extended_agent_card=True)
CARD = AgentCard(name="longer", description="d", version="1", capabilities=EVERYTHING)


def small(words=(), *, log=1_000, is_finishing=True):
    """A server with small limits and an agent that says the words."""
    limits = ServerLimits(tasks=5, calls=4, push_configs=2, push_configs_in_all=3, log=LogLimits(entries=log))
    server = Server(entropy=numbered(), limits=limits, capabilities=EVERYTHING, extended_card=lambda url: CARD)
    return Scripted(words, server, is_finishing)


@given(
    st.lists(st.tuples(st.sampled_from("ab"), METHODS, PARAMS, SERVICES), max_size=8),
    st.booleans(),
    st.integers(1, 4),
)
def test_whatever_is_asked_is_answered_once(requests, is_finishing, mouthful):
    scripted = small(["x"], is_finishing=is_finishing)
    taken = {"a": [], "b": []}
    for number, (link, method, params, service) in enumerate(requests):
        scripted.server.receive(link, number, method, params, service, 0.0)
        scripted.pump()
    scripted.finish()
    scripted.pump()
    for link, each in taken.items():
        while out := one_by_one(scripted.server.take(link, mouthful)):
            each += out
    last = [
        (each.request_id, link)
        for link in taken
        for each in taken[link]
        if isinstance(each, Answered | Refused | Ended)
    ]
    assert len(last) == len(set(last))
    is_open = {number for number, *_ in ((i,) for i in range(len(requests)))} - {number for number, _ in last}
    assert all(requests[number][1] in ("SubscribeToTask", "tasks/resubscribe") for number in is_open)
    for each in (each for link in taken for each in taken[link]):
        if isinstance(each, Item | Answered):
            json.loads(each.result)
    for link in list(scripted.server._mailboxes._boxes):  # the callers, and the senders of notifications
        scripted.server.disconnect(link, 0.0)
    assert not scripted.server._mailboxes


@given(
    st.lists(st.text(min_size=1, max_size=3), max_size=12),
    st.integers(0, 16),
    st.integers(1, 5),
    st.integers(1, 30),
)
def test_every_reader_sees_a_suffix_without_gaps_or_repeats(words, seen, mouthful, kept):
    scripted = small(words, log=kept, is_finishing=False)
    params = {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "hi"}]}}
    service = ServiceParameters(version="1.0")
    scripted.server.receive("owner", 1, "SendStreamingMessage", params, service, 0.0)
    scripted.pump()
    length = len(words) + 2
    returning = ServiceParameters(version="1.0", last_event_id=min(seen, length))
    scripted.server.receive("reader", 1, "SubscribeToTask", {"id": "id-1"}, returning, 0.0)
    first = one_by_one(scripted.server.take("reader", mouthful))
    scripted.finish()
    scripted.pump()
    while out := one_by_one(scripted.server.take("reader", mouthful)):
        first += out
    assert isinstance(first[0], Opened)
    assert isinstance(first[-1], Ended)
    offsets = [each.offset for each in first if isinstance(each, Item)]
    snapshots = {each.offset for each in first if isinstance(each, Item) and b'{"task":' in each.result[:8]}
    before = min(seen, length)
    for offset in offsets:
        assert offset == before + 1 or (offset in snapshots and offset > before)
        before = offset
    assert before == length + (2 if words else 1) == first[-1].offset


# The pipe


@given(st.lists(st.binary(max_size=30) | JSON.map(lambda each: json.dumps(each).encode() + b"\n"), max_size=6))
def test_any_bytes_at_all_leave_the_pipe_server_standing(pieces):
    scripted = small(["x"])
    pipe = PipeServer(scripted.server, "pipe", Ndjson())
    for piece in pieces:
        pipe.receive_data(piece, 0.0)
        scripted.pump()
        pipe.deliver(scripted.server.take("pipe"), 0.0)
    pipe.receive_data(b'\n{"jsonrpc":"2.0","id":99,"method":"tasks/get","params":{"id":"T"}}\n', 0.0)
    scripted.pump()
    pipe.deliver(scripted.server.take("pipe"), 0.0)
    answers = [json.loads(line) for data in pipe.data_to_send() for line in data.splitlines()]
    assert [each["error"]["code"] for each in answers if isinstance(each, dict) and each.get("id") == 99] == [-32001]


STRANGE_ITEMS = st.builds(
    lambda ident, offset, result: {
        "jsonrpc": "2.0",
        "method": "$/stream",
        "params": {"id": ident, "offset": offset, "result": result},
    },
    st.sampled_from(["1", "2", "9"]) | JSON,
    JSON | st.integers(1, 5),
    JSON | st.just({"task": {"id": "t", "status": {"state": "TASK_STATE_WORKING"}}}),
)
STRANGE_ANSWERS = st.builds(
    lambda ident, result: {"jsonrpc": "2.0", "id": ident, **result},
    st.sampled_from(["1", "2", None]),
    st.dictionaries(st.sampled_from(["result", "error"]), JSON, min_size=1, max_size=2)
    | st.just({"result": {"state": "completed", "offset": 3}}),
)


@given(
    st.lists(
        st.binary(max_size=20)
        | (STRANGE_ITEMS | STRANGE_ANSWERS | JSON).map(lambda each: json.dumps(each).encode() + b"\n"),
        max_size=8,
    )
)
def test_any_bytes_at_all_end_the_calls_of_a_pipe_client_once(pieces):
    client = PipeClient(Ndjson(), V1_0)
    stream = client.call(Operation.STREAM, user_says("hi"), 0.0)
    get = client.call(Operation.GET, GetTaskRequest(id="t"), 0.0)
    for piece in pieces:
        client.receive_data(piece, 0.0)
    client.receive_eof(0.0)
    events = []
    while (event := stream.next_event()) is not None:
        events.append(event.done)
    assert events == [False] * (len(events) - 1) + [True]
    assert (get.answer is None) != (get.error is None)
    assert client.unread == 0


@given(
    st.lists(st.text(min_size=1, max_size=3), max_size=5),
    st.lists(st.integers(1, 50), min_size=1, max_size=5),
)
def test_a_pipe_cut_anywhere_gives_the_same_events(words, sizes):
    def seen(sizes):
        scripted = small(words)
        pipe, client = PipeServer(scripted.server, "pipe", Ndjson()), PipeClient(Ndjson(), V1_0)
        call = client.call(Operation.STREAM, user_says("hi"), 0.0)
        feed(pipe, b"".join(client.data_to_send()), sizes)
        scripted.pump()
        while taken := scripted.server.take("pipe"):
            pipe.deliver(taken, 0.0)
        feed(client, b"".join(pipe.data_to_send()), sizes)
        events = []
        while (event := call.next_event()) is not None:
            events.append(event)
        assert "".join(event.text for event in events) == "".join(words)
        assert events[-1].done
        return events

    assert seen(sizes) == seen([100_000])


def feed(end, data, sizes):
    place = number = 0
    while place < len(data):
        size = sizes[number % len(sizes)]
        end.receive_data(data[place : place + size], 0.0)
        place, number = place + size, number + 1


@given(st.integers(1, 600), st.sampled_from(["SendMessage", "SendStreamingMessage"]))
def test_what_is_too_large_for_the_pipe_is_an_error_and_not_the_end(size, method):
    scripted = small(["x" * size])
    pipe = PipeServer(scripted.server, "pipe", Ndjson(limits=FramingLimits(frame=600)))
    body = {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "hi"}]}}
    params = {**body, "_meta": {"headers": {"A2A-Version": "1.0"}}}
    asked = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    pipe.receive_data(asked + b"\n", 0.0)
    scripted.pump()
    while taken := scripted.server.take("pipe", 2):
        pipe.deliver(taken, 0.0)
    sent = [json.loads(data) for data in pipe.data_to_send()]
    assert [each["params"]["offset"] for each in sent[:-1]] == list(range(1, len(sent)))
    answer = sent[-1]
    assert answer["id"] == 1
    assert ("result" in answer) != ("error" in answer)
    assert "result" in answer or answer["error"]["message"].endswith("raise the limit frame if this is wanted")
    assert "error" in answer or size < 600
    assert not pipe.is_closed
    pipe.receive_eof(1.0)
    assert pipe.is_closed
    assert not scripted.server._mailboxes
