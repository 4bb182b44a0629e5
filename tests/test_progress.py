"""Progress events: the tasks of several agents in one stream, and the buttons that go with them. Without I/O."""

import json

import pytest
from attrs import define, field

from hocket.a2a import Message, Part, Role, Server, TaskState, TaskStatus, TaskStatusUpdateEvent
from hocket.entropy import seeded
from hocket.http import Request, Response
from hocket.http.gateway_config import GatewayLimits
from hocket.http.progress import Desk, ProgressRoutes, is_about_progress
from support.world import World


def two_worlds():
    names = enumerate(("calendar", "weather"))
    return {name: World(Server(entropy=seeded(seed), epoch=1_720_017_000.0)) for seed, name in names}


@define(eq=False)
class Gateway:
    """Two agents, and whoever asks them."""

    worlds: dict = field(factory=two_worlds)
    routes: ProgressRoutes = field(factory=lambda: ProgressRoutes(keep_alive=15.0))
    links: int = 0

    def ask(self, method, path, query="", body=b"", headers=()):
        self.links += 1
        request = Request(method=method, path=path, query=query, body=body, headers=headers)
        assert is_about_progress(request)
        desks = [Desk(name, self.links, world.server) for name, world in self.worlds.items()]
        return Visit(self, self.links, self.routes.receive(desks, request, 0.0)).pump()

    def follow(self, *task_ids, **options):
        return self.ask("GET", "/tasks/stream", "&".join(f"task_id={each}" for each in task_ids), **options)

    def start(self, agent, text="hi"):
        created = self.ask("POST", "/tasks", body=json.dumps({"agent": agent, "text": text}).encode())
        assert created.status == 201
        self.worlds[agent].start()
        return created.json()["task_id"]


@define(eq=False)
class Visit:
    gateway: Gateway
    link: int
    answer: object
    response: Response | None = None
    written: bytes = b""

    def pump(self, now=0.0):
        if isinstance(self.answer, Response):
            self.response = self.answer
            return self
        for world in self.gateway.worlds.values():
            world.pump()
        while True:
            taken = [each for world in self.gateway.worlds.values() for each in world.server.take(self.link)]
            self.answer.deliver(taken, now)
            if not taken:
                self.answer.handle_timeout(now)
            self.response = self.answer.next_response() or self.response
            while chunks := self.answer.data_to_send():
                self.written += b"".join(chunks)
            if not taken:
                return self

    @property
    def status(self):
        return self.response.status

    @property
    def events(self):
        lines = self.written.decode().split("\n")
        return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]

    @property
    def ids(self):
        return [line[4:] for line in self.written.decode().split("\n") if line.startswith("id: ")]

    def json(self):
        return json.loads(self.response.body)


def told(world, progress=None, text=None, state=TaskState.WORKING):
    message = text and Message(message_id="a-1", role=Role.AGENT, parts=(Part(text=text),))
    metadata = None if progress is None else {"progress": progress}
    status = TaskStatus(state=state, message=message or None)
    world.emit(TaskStatusUpdateEvent(task_id=world.runs[-1].task.id, status=status, metadata=metadata))


def test_a_task_as_the_lesson_has_it():
    gateway = Gateway()
    calendar = gateway.worlds["calendar"]
    task_id = gateway.start("calendar")
    told(calendar, 0, "Starting calendar analysis...")
    told(calendar, 50, "Checking availability...")
    told(calendar, text="Still checking")
    calendar.say("Found 3 available slots", append=False)
    calendar.finish()
    stream = gateway.follow(task_id)
    running = {"task_id": task_id, "status": "running"}
    assert stream.events == [
        {**running, "progress": 0},
        {**running, "progress": 0, "message": "Starting calendar analysis..."},
        {**running, "progress": 50, "message": "Checking availability..."},
        {**running, "progress": 50, "message": "Still checking"},
        {"task_id": task_id, "status": "completed", "progress": 100, "result": "Found 3 available slots"},
    ]
    assert stream.answer.is_closed


@pytest.mark.parametrize(
    ("state", "word", "message"),
    [
        (TaskState.CANCELED, "cancelled", "The task was cancelled"),
        (TaskState.FAILED, "failed", "The task failed"),
        (TaskState.REJECTED, "failed", "The agent rejected the task"),
    ],
)
def test_a_task_that_ends_badly_keeps_its_progress(state, word, message):
    gateway = Gateway()
    task_id = gateway.start("calendar")
    told(gateway.worlds["calendar"], 30)
    gateway.worlds["calendar"].finish(state)
    last = gateway.follow(task_id).events[-1]
    assert last == {"task_id": task_id, "status": word, "progress": 30, "message": message}


def test_a_question_is_a_message():
    gateway = Gateway()
    task_id = gateway.start("calendar")
    stream = gateway.follow(task_id)
    told(gateway.worlds["calendar"], text="Which day?", state=TaskState.INPUT_REQUIRED)
    gateway.worlds["calendar"].end()
    expected = {"task_id": task_id, "status": "running", "progress": 0, "message": "Which day?"}
    assert stream.pump().events[-1] == expected
    assert not stream.answer.is_closed


def test_several_tasks_of_several_agents_in_one_stream_that_goes_on_where_it_was():
    gateway = Gateway()
    first, second = gateway.start("calendar"), gateway.start("weather")
    stream = gateway.follow(first, second)
    told(gateway.worlds["calendar"], 10)
    stream.pump()
    told(gateway.worlds["weather"], 20)
    stream.pump()
    gateway.worlds["calendar"].finish()
    assert not stream.pump().answer.is_closed
    gateway.worlds["weather"].finish()
    assert stream.pump().answer.is_closed
    assert sorted(event["progress"] for event in stream.events) == [0, 0, 10, 20, 100, 100]
    assert stream.ids[-1] == "4.4"
    for seen, event_id in enumerate(stream.ids, 1):
        rest = gateway.follow(first, second, headers=(("Last-Event-ID", event_id),))
        key = json.dumps
        if event_id == "4.4":
            assert (rest.status, rest.written) == (204, b"")
        else:
            assert sorted(map(key, rest.events)) == sorted(map(key, stream.events[seen:]))


def test_a_stream_in_which_nothing_is_new_is_kept():
    gateway = Gateway()
    task_id = gateway.start("calendar")
    stream = gateway.follow(task_id, headers=(("Last-Event-ID", "2"),))
    assert (stream.status, stream.written, stream.answer.is_closed) == (200, b"", False)
    assert stream.answer.next_timeout() == 15.0
    gateway.worlds["calendar"].finish()
    assert stream.pump().events[-1]["status"] == "completed"


@pytest.mark.parametrize("event_id", ["7", "1.2.3", "x.y", "", "-1.0"])
def test_an_id_that_is_not_ours_counts_as_none(event_id):
    gateway = Gateway()
    first, second = gateway.start("calendar"), gateway.start("weather")
    stream = gateway.follow(first, second, headers=(("Last-Event-ID", event_id),))
    assert [event["task_id"] for event in stream.events] == [first, second]


def test_every_task_that_begins_from_now_on():
    gateway = Gateway()
    gateway.start("calendar")
    stream = gateway.follow()
    assert (stream.status, stream.written) == (200, b":\n\n")
    ids = [gateway.start("weather"), gateway.start("calendar")]
    assert sorted(event["task_id"] for event in stream.pump().events) == sorted(ids)
    assert stream.ids == []
    assert stream.answer.next_timeout() == 15.0
    assert stream.pump(15.0).written.endswith(b": keep-alive\n\n")
    gateway.worlds["weather"].finish()
    assert stream.pump().events[-1]["status"] == "completed"
    assert not stream.answer.is_closed


def test_tasks_that_nobody_knows():
    gateway = Gateway()
    refused = gateway.follow("nope", "nada")
    assert (refused.status, refused.json()["code"]) == (404, 4001)
    known = gateway.start("weather")
    stream = gateway.follow("nope", known)
    failure = {"code": 4001, "message": "Task not found", "taskId": "nope", "timestamp": "2024-07-03T14:30:00.000Z"}
    assert b"event: error\n" in stream.written
    assert stream.events[0] == failure
    assert stream.events[1]["task_id"] == known
    gateway.worlds["weather"].finish()
    assert stream.pump().answer.is_closed


def test_a_stream_follows_so_many_tasks():
    gateway = Gateway(routes=ProgressRoutes(limits=GatewayLimits(followed=2)))
    refused = gateway.follow("a", "b", "c")
    assert (refused.status, refused.json()["code"]) == (400, -32602)
    assert "followed" in refused.json()["message"]
    assert gateway.follow("a", "b", "b").status == 404, "the same one twice is one"


def test_cancel():
    gateway = Gateway()
    task_id = gateway.start("weather")
    canceled = gateway.ask("POST", f"/tasks/{task_id}/cancel")
    assert canceled.response is None
    gateway.worlds["weather"].end()
    assert canceled.pump().status == 200
    assert (canceled.json()["task_id"], canceled.json()["status"]) == (task_id, "cancelled")
    assert gateway.ask("POST", f"/tasks/{task_id}/cancel").json()["status"] == "cancelled"
    assert gateway.ask("POST", "/tasks/nope/cancel").status == 404
    done = gateway.start("calendar")
    gateway.worlds["calendar"].finish()
    assert gateway.ask("POST", f"/tasks/{done}/cancel").status == 409


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, -32700),
        (b"[]", 400, -32602),
        (b'{"agent":"calendar"}', 400, -32602),
        (b'{"agent":"calendar","text":""}', 400, -32602),
        (b'{"agent":3,"text":"x"}', 400, -32602),
        (b'{"text":"x"}', 400, -32602),
        (b'{"agent":"nobody","text":"x"}', 404, 4101),
    ],
)
def test_a_task_that_cannot_begin(body, status, code):
    gateway = Gateway()
    refused = gateway.ask("POST", "/tasks", body=body)
    assert (refused.status, refused.json()["code"]) == (status, code)
    assert all(world.runs == [] for world in gateway.worlds.values())


def test_the_agent_need_not_be_named_where_there_is_one():
    gateway = Gateway(worlds={"calendar": World.of()})
    created = gateway.ask("POST", "/tasks", body=b'{"text":"x"}')
    assert created.status == 201
    assert gateway.worlds["calendar"].runs[0].message.text == "x"


def test_a_body_that_is_no_json():
    assert Gateway().ask("POST", "/tasks", headers=(("Content-Type", "text/plain"),)).status == 415


@pytest.mark.parametrize(
    ("method", "path", "is_ours"),
    [
        ("GET", "/tasks/stream", True),
        ("POST", "/tasks/stream", True),
        ("POST", "/tasks", True),
        ("GET", "/tasks", False),
        ("GET", "/tasks/t", False),
        ("POST", "/tasks/t:cancel", False),
        ("POST", "/tasks/t/cancel", True),
        ("GET", "/tasks/t/cancel", True),
        ("POST", "/tasks//cancel", False),
    ],
)
def test_what_a2a_over_http_keeps(method, path, is_ours):
    assert is_about_progress(Request(method=method, path=path)) is is_ours


def test_only_get_streams():
    refused = Gateway().ask("POST", "/tasks/stream")
    assert (refused.status, dict(refused.response.headers)["allow"]) == (405, "GET")


def test_only_post_cancels():
    refused = Gateway().ask("GET", "/tasks/t/cancel")
    assert (refused.status, dict(refused.response.headers)["allow"]) == (405, "POST")


def test_a_gateway_that_stops():
    gateway = Gateway()
    stream, watch = gateway.follow(gateway.start("calendar")), gateway.follow()
    waiting = gateway.ask("POST", f"/tasks/{gateway.start('weather')}/cancel")
    for call in (stream, watch, waiting):
        call.answer.cut()
        assert (call.answer.is_closed, call.answer.is_cut) == (True, True)
    assert waiting.pump().status == 503
