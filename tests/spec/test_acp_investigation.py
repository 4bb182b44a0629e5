"""The complete anomaly investigation of the source document, frame by frame: seven frames, on two connections or one.

The frames are those of examples/acp_investigation.jsonl, as the document has them. What each party is to be given is
written here by hand; of the content of the frames nothing may be lost or changed on the way.
"""

import hashlib
import importlib.util
import json
from pathlib import Path

import pytest

from hocket.acp import (
    ChunkReceived,
    Hub,
    Invited,
    MessageCompleted,
    MessageSent,
    PartType,
    Ready,
    StreamArchivable,
    StreamEnded,
    StreamStarted,
)
from support.scripted import numbered

EXAMPLES = Path(__file__).parents[2] / "examples"
FRAMES = [json.loads(line) for line in (EXAMPLES / "acp_investigation.jsonl").read_text("utf-8").splitlines()]
DIGEST = "464eb39a715a95c98441747f809d22238f50358414ceb4511d84f8e8180e32da"  # of the document's frames
SCIENTIST, EXPERT = "agent-data-scientist", "agent-domain-expert"
STREAM = "stream-id-1"  # the hub chooses the name; in the document it is another one
EPOCH = 1_705_336_200.0  # 2024-01-15T16:30:00Z
METADATA = {
    "purpose": "anomaly_investigation",
    "urgency": "HIGH",
    "topic": "unusual_traffic_patterns",
    "expectedDuration": "45_minutes",
    "requiresExpertise": ["network_analysis", "security"],
}
OBJECT = {
    "streamId": STREAM,
    "status": "ACTIVE",
    "participants": [SCIENTIST, EXPERT],
    "createdAt": "2024-01-15T16:30:00.000Z",
    "metadata": METADATA,
}
REASON = "Anomaly successfully investigated and mitigated - threat contained"
AT = (0.0, 15.0, 60.0, 150.0, 225.0, 300.0, 310.0)  # as the timestamps in the frames say
SPEAKERS = (SCIENTIST, SCIENTIST, EXPERT, EXPERT, EXPERT, SCIENTIST, SCIENTIST)


class Session:
    """The frames, one after the other, on the links that are named; what is given to whom, and what the hub tells."""

    def __init__(self, *links, declared=True):
        self.hub = Hub(entropy=numbered(), epoch=EPOCH)
        self.links = links
        for link in links:
            assert self.hub.connect(link, 0.0, principal=link if declared else None) is None

    def push(self, number):
        """One frame; what came of it, as (link, JSON value), and the events."""
        frame = FRAMES[number]
        if "streamId" in frame["params"]:
            frame = {**frame, "params": {**frame["params"], "streamId": STREAM}}
        link = SPEAKERS[number] if len(self.links) > 1 else self.links[0]
        self.hub.receive(link, json.dumps(frame, ensure_ascii=False).encode(), AT[number])
        given = []
        while (send := self.hub.next_send()) is not None:
            given.append((send.link, json.loads(send.message)))
        return given, [event for event in iter(self.hub.next_event, None) if not isinstance(event, Ready)]

    def all(self):
        """All frames."""
        results = [self.push(number) for number in range(len(FRAMES))]
        return [given for given, _ in results], [events for _, events in results]


def answer(request_id, result):
    return {"jsonrpc": "2.0", "id": request_id, "result": result}


def told(method, **params):
    return {"jsonrpc": "2.0", "method": method, "params": {"streamId": STREAM, **params}}


def chunk(number, event_id):
    """What the others are given of a chunk: the first of the message has the eventId 3."""
    params = FRAMES[number]["params"]
    last = {"isLast": True} if params["isLast"] else {}
    more = {"sequence": params["sequence"], **last, "eventId": event_id, "firstEventId": "3"}
    return told("stream.chunk", chunk=params["chunk"], **more)


def message(number, event_id):
    return told("stream.message", message=FRAMES[number]["params"]["message"], eventId=event_id)


def test_the_frames_are_those_of_the_document():
    assert hashlib.sha256(json.dumps(FRAMES, sort_keys=True).encode()).hexdigest() == DIGEST
    assert [(frame["method"], frame.get("id")) for frame in FRAMES] == [
        ("stream.start", "req-start-investigation-001"),
        ("stream.message", "req-msg-initial-001"),
        ("stream.chunk", None),
        ("stream.chunk", None),
        ("stream.chunk", None),
        ("stream.message", "req-msg-confirmation-001"),
        ("stream.end", "req-end-investigation-001"),
    ]
    assert [(frame["params"]["sequence"], frame["params"]["isLast"]) for frame in FRAMES[2:5]] == [
        (1, False),
        (2, False),
        (3, True),
    ]
    assert "agentId" not in FRAMES[0]["params"]
    assert "agentId" not in FRAMES[6]["params"]


def test_the_start_is_answered_with_the_stream_and_the_expert_is_invited():
    given, _ = Session(SCIENTIST, EXPERT).push(0)
    at = "2024-01-15T16:30:00.000Z"
    invitation = {
        "type": "stream_invitation",
        "streamId": STREAM,
        "reason": "anomaly_investigation",
        "currentParticipants": [SCIENTIST, EXPERT],
        "invitedBy": SCIENTIST,
    }
    started = {"stream": OBJECT, "reason": "anomaly_investigation"}
    invited = {"event": "stream_invitation", "eventId": "1", "timestamp": at, "agentId": EXPERT, "data": invitation}
    began = {"event": "STREAM_STARTED", "eventId": "1", "timestamp": at, "agentId": SCIENTIST, "data": started}
    assert [send for send in given if send[0] == SCIENTIST] == [
        (SCIENTIST, answer("req-start-investigation-001", {"type": "stream", "stream": OBJECT}))
    ]
    assert [send for send in given if send[0] == EXPERT] == [
        (EXPERT, told("stream.event", **invited)),
        (EXPERT, told("stream.event", **began)),
    ]


SENT = {"type": "success", "message": "the message was sent to the other participants"}
ENDED = {"type": "success", "message": "the stream is closed"}
END = told("stream.end", reason=REASON, agentId=SCIENTIST, eventId="7", timestamp="2024-01-15T16:35:10.000Z")

GIVEN = {  # after which frame who is given what, in this order for each
    1: {SCIENTIST: [answer("req-msg-initial-001", SENT)], EXPERT: [message(1, "2")]},
    2: {SCIENTIST: [chunk(2, "3")], EXPERT: []},
    3: {SCIENTIST: [chunk(3, "4")], EXPERT: []},
    4: {SCIENTIST: [chunk(4, "5")], EXPERT: []},
    5: {SCIENTIST: [answer("req-msg-confirmation-001", SENT)], EXPERT: [message(5, "6")]},
    6: {SCIENTIST: [answer("req-end-investigation-001", ENDED)], EXPERT: [END]},
}


@pytest.mark.parametrize("number", GIVEN)
def test_each_party_is_given_what_is_its_own_to_have(number):
    given, _ = Session(SCIENTIST, EXPERT).all()
    by_link = {link: [value for to, value in given[number] if to == link] for link in (SCIENTIST, EXPERT)}
    assert by_link == GIVEN[number]


def test_the_text_of_a_frame_arrives_as_it_was():
    session = Session(SCIENTIST, EXPERT)
    session.push(0)
    given = dict(session.push(1)[0])
    text, data = given[EXPERT]["params"]["message"]["parts"]
    assert text["content"].startswith("🚨 **URGENT ANOMALY DETECTED**\n\nI've identified ")
    assert data["content"]["anomaly_metrics"]["geographic_distribution"]["asia_pacific"] == 0.37
    assert data["mimeType"] == "application/json"


def story(events):
    """The events of all frames, in short."""
    return [(number, type(event).__name__, event.agent_id) for number, group in enumerate(events) for event in group]


STORY = [
    (0, "StreamStarted", SCIENTIST),
    (1, "MessageSent", SCIENTIST),
    (2, "ChunkReceived", EXPERT),
    (3, "ChunkReceived", EXPERT),
    (4, "ChunkReceived", EXPERT),
    (4, "MessageCompleted", EXPERT),
    (5, "MessageSent", SCIENTIST),
    (6, "StreamEnded", SCIENTIST),
    (6, "StreamArchivable", SCIENTIST),
]


@pytest.fixture(params=["two connections", "one undeclared connection"])
def session(request):
    if request.param == "two connections":
        return Session(SCIENTIST, EXPERT)
    return Session("a pipe", declared=False)


def test_what_happens_is_the_same_on_two_connections_and_on_one(session):
    _, events = session.all()
    assert story(events) == STORY
    logged = [event for group in events for event in group if hasattr(event, "event_id")]
    assert [event.event_id for event in logged] == [1, 2, 3, 4, 5, 6, 7]
    assert [event.timestamp[14:19] for event in logged] == [
        "30:00",
        "30:15",
        "31:00",
        "32:30",
        "33:45",
        "35:00",
        "35:10",
    ]
    kinds = (StreamStarted, MessageSent, ChunkReceived, ChunkReceived, ChunkReceived, MessageSent, StreamEnded)
    assert all(isinstance(event, kind) for event, kind in zip(logged, kinds, strict=True))
    assert not any(isinstance(event, Invited) for event in logged)
    assert logged[-1].reason == REASON


def test_the_message_of_the_expert_is_put_together_from_its_three_chunks(session):
    _, events = session.all()
    (completed,) = [event for group in events for event in group if isinstance(event, MessageCompleted)]
    pieces = [frame["params"]["chunk"] for frame in FRAMES[2:5]]
    texts = [piece["parts"][0]["content"] for piece in pieces]

    assert completed.first_event_id == 3
    assert len(completed.chunks) == 3
    whole = completed.message
    assert [part.type for part in whole.parts] == [PartType.TEXT, PartType.DATA, PartType.TEXT]
    first, data, last = whole.parts
    assert first.content == texts[0] + texts[1]  # neighbours are joined …
    assert last.content == texts[2]  # … across the data they are not, so that everything stays in its place
    assert data.content == pieces[1]["parts"][1]["content"]
    assert data.content["threat_analysis"]["threat_level"] == "MEDIUM"
    assert (whole.agent_id, whole.timestamp) == (EXPERT, "2024-01-15T16:31:00Z")  # those of the first chunk
    assert whole.text == completed.text == "".join(texts)


def test_the_history_has_the_three_messages_of_the_session(session):
    _, events = session.all()
    (archivable,) = [event for group in events for event in group if isinstance(event, StreamArchivable)]
    assert archivable.stream.status.value == "CLOSED"
    assert archivable.stream.closed_at == "2024-01-15T16:35:10.000Z"
    assert archivable.stream.metadata == METADATA
    assert [(said.agent, said.event_id, len(said.chunks)) for said in archivable.history] == [
        (SCIENTIST, 2, 1),
        (EXPERT, 5, 3),
        (SCIENTIST, 6, 1),
    ]
    first, _, last = archivable.history
    assert [part.content for part in first.message.parts] == [
        part["content"] for part in FRAMES[1]["params"]["message"]["parts"]
    ]
    assert last.text.startswith("✅ **MITIGATION IMPLEMENTED**")


def test_one_undeclared_connection_is_given_the_answers_and_what_the_other_of_its_agents_said():
    given, _ = Session("a pipe", declared=False).all()
    assert {link for frame in given for link, _ in frame} == {"a pipe"}
    heard = [[value for _, value in frame] for frame in given]
    assert heard[0] == [answer("req-start-investigation-001", {"type": "stream", "stream": OBJECT})]
    assert heard[1] == [answer("req-msg-initial-001", SENT)]
    assert heard[2:5] == [[chunk(2, "3")], [chunk(3, "4")], [chunk(4, "5")]]
    # From its first chunk on the connection speaks, and hears, for the expert as well.
    assert heard[5] == [answer("req-msg-confirmation-001", SENT), message(5, "6")]
    assert heard[6] == [answer("req-end-investigation-001", ENDED), END]


def test_a_start_that_names_nobody_is_from_the_first_participant_in_its_list():
    session = Session("a pipe", declared=False)
    session.push(0)
    stream = session.hub.stream(STREAM)
    assert stream is not None
    assert stream.roster.initiator == SCIENTIST


def test_a_frame_in_the_name_of_the_other_is_refused_on_a_connection_that_has_said_who_it_is():
    session = Session(SCIENTIST, EXPERT)
    session.push(0)
    forged = {**FRAMES[5], "params": {**FRAMES[5]["params"], "streamId": STREAM}}
    session.hub.receive(EXPERT, json.dumps(forged).encode(), 20.0)
    errors = [json.loads(send.message) for send in iter(session.hub.next_send, None) if send.link == EXPERT]
    assert [(error["error"]["code"], error["error"]["data"]["reason"]) for error in errors] == [(-40006, "not_yours")]


def printed_by_the_example(capsys, *, is_declared):
    spec = importlib.util.spec_from_file_location("acp_investigation", EXAMPLES / "acp_investigation.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(is_declared)
    return capsys.readouterr().out.splitlines()


def test_the_example_prints_who_is_given_what(capsys):
    lines = printed_by_the_example(capsys, is_declared=True)
    assert lines[:4] == [
        f"{SCIENTIST} says: stream.start",
        f"    {SCIENTIST} is given the answer: stream",
        f"    {EXPERT} is given stream.event event=stream_invitation eventId=1",
        f"    {EXPERT} is given stream.event event=STREAM_STARTED eventId=1",
    ]
    assert f"    {SCIENTIST} is given stream.chunk eventId=5 firstEventId=3 sequence=3 isLast=True" in lines
    assert lines[-1] == "  * to be archived: 3 messages, CLOSED"
    whole = "3 chunks, ['TextPart', 'DataPart', 'TextPart']"
    assert f"  * the message of {EXPERT} is complete: {whole}" in lines


def test_the_example_does_so_on_one_connection_too(capsys):
    lines = printed_by_the_example(capsys, is_declared=False)
    assert [line for line in lines if line.startswith("  *")] == [
        f"  * the message of {EXPERT} is complete: 3 chunks, ['TextPart', 'DataPart', 'TextPart']",
        "  * to be archived: 3 messages, CLOSED",
    ]
    assert {line.split()[0] for line in lines if not line.startswith("  *")} == {"somebody"}
