"""Several agents in one ASGI application, called as a server would call it. No sockets."""

import json

import anyio
import pytest

from hocket import Agent
from hocket.a2a import PushRules
from hocket.a2a.ports import Items
from hocket.errors import LocalProtocolError
from hocket.http.principal import bearer_tokens
from hocket_io.http.asgi import App
from hocket_io.http.gateway import agents_by_id
from hocket_io.http.links import SeveralLinks
from support.agents import agent_of
from support.asgi import Lifespan, Request, message, post, rpc

GATEWAY = {"message": {"messageId": "m-1", "role": "user", "parts": [{"type": "text", "text": "Ada"}]}}
V1 = [(b"a2a-version", b"1.0")]


def named(name, function=None, **options):
    async def greet(task):
        yield f"{name} greets {task.text}"

    agent = Agent(name, **options)
    agent.stream(function or greet)
    return agent


def pair(**options):
    return App([named("Echo Agent"), named("Weather")], **options)


def asked(run, app, *args, **options):
    async def ask():
        async with Lifespan(app):
            return await Request(app, *args, **options).perform()

    return run(ask)


def told(request):
    return [json.loads(line[6:]) for line in request.content.decode().split("\n") if line.startswith("data: ")]


@pytest.mark.parametrize("agents", ["hello.py", None, ["hello.py"], {"hello": "hello.py"}])
def test_what_is_no_agent_is_not_served(agents):
    with pytest.raises(LocalProtocolError, match=r"is no Agent: give one, a list of them, or \{id: agent, …\}"):
        App(agents)


def test_an_agent_without_a_function_is_not_served():
    with pytest.raises(LocalProtocolError, match="agent 'idle' has no function: put @agent"):
        App([named("Echo"), Agent("idle")])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": "agent.example"}, "url must be an address like https://agent.example/, or None, not 'agent.example'"),
        ({"keep_alive": 0}, "keep_alive must be a number of seconds over 0, or None for never, not 0"),
        ({"keep_alive": "15"}, "keep_alive must be a number of seconds"),
        ({"body_limit": 0}, "body_limit must be a number of bytes over 0, not 0"),
        ({"body_limit": None}, "body_limit must be a number of bytes"),
        ({"limits": {"tasks": 3}}, "limits must be ServerLimits, not {'tasks': 3}"),
        ({"gateway": 1}, "gateway must be GatewayLimits, not 1"),
        ({"push": PushRules(private=True)}, "push must be PushOptions, not PushRules("),
        (
            {"authenticate": "s3cret"},
            "authenticate must be a function from header fields to a name or an error, not a str",
        ),
        (
            {"cors_origins": "*"},
            "cors_origins must be a tuple of origins, each like https://page.example, or *, not '*': w",
        ),
        ({"cors_origins": ["page.example"]}, "cors_origins must be a tuple of origins"),
        ({"cors_origins": ["https://page.example/"]}, "cors_origins must be a tuple of origins"),
    ],
)
def test_an_option_of_the_wrong_kind_is_refused_at_once(options, said):
    with pytest.raises(LocalProtocolError) as caught:
        pair(**options)
    assert str(caught.value).startswith(said)


def test_options_of_their_kinds():
    pair(
        url="http://127.0.0.1/",
        keep_alive=None,
        body_limit=1,
        cors_origins=["*", "null", "http://[::1]:8000", "chrome-extension://abc"],
        authenticate=bearer_tokens({"s3cret": "ada"}),
    )


def test_nobody_is_no_agent(run):
    answer = asked(run, pair(), "GET", "/agents//weather")
    assert (answer.status, answer.json()["error"]["code"]) == (404, 4101)


def test_each_agent_answers_at_its_own_address(run):
    async def talk():
        app = pair()
        async with Lifespan(app):
            for name, agent in (("echo-agent", "Echo Agent"), ("weather", "Weather")):
                stream = await post(app, "message/stream", GATEWAY, path=f"/agents/{name}/a2a").perform()
                events = told(stream)
                assert events[0]["task"]["agent"] == {"id": name, "name": agent}
                assert events[0]["task"]["id"].encode() == stream.headers[b"x-task-id"]
                assert events[-1]["task"]["result"]["messages"][0]["parts"][0]["text"] == f"{agent} greets Ada"
                elsewhere = "weather" if name == "echo-agent" else "echo-agent"
                query = f"taskId={events[0]['task']['id']}".encode()
                for where, status in ((name, 200), (elsewhere, 404)):
                    found = await Request(app, "GET", f"/agents/{where}/a2a/stream", query=query).perform()
                    assert found.status == status

    run(talk)


def test_an_agent_behind_a_gateway_is_a_whole_a2a_agent(run):
    async def talk():
        app = pair()
        async with Lifespan(app):
            for path in ("/agents/weather", "/agents/weather/"):
                stream = await post(app, "message/stream", message(), path=path).perform()
                assert stream.events()[-1]["final"] is True
            body = {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "Ada"}]}}
            sent = await post(app, "SendMessage", body, path="/agents/weather/a2a", headers=V1).perform()
            assert sent.json()["result"]["task"]["status"]["state"] == "TASK_STATE_COMPLETED"
            rest = Request(app, path="/agents/weather/message:send", body=json.dumps(body).encode(), headers=V1)
            task_id = (await rest.perform()).json()["task"]["id"]
            for where, status in (("weather", 200), ("echo-agent", 404)):
                got = await Request(app, "GET", f"/agents/{where}/tasks/{task_id}", headers=V1).perform()
                assert got.status == status

    run(talk)


@pytest.mark.parametrize("path", ["agent.json", "agent-card.json"])
def test_the_card_of_an_agent_behind_a_gateway(run, path):
    card = asked(run, pair(), "GET", f"/agents/weather/.well-known/{path}").json()
    assert (card["name"], card["url"]) == ("Weather", "http://agent.example:8000/agents/weather/")
    assert card["capabilities"]["streaming"] is True
    assert card["capabilities"]["progressiveArtifacts"] is True
    alone = asked(run, App(named("Weather")), "GET", f"/.well-known/{path}").json()
    assert "progressiveArtifacts" not in alone["capabilities"]


def test_who_is_here(run):
    expected = [
        {
            "id": name,
            "name": agent,
            "url": f"https://gateway.example/agents/{name}/a2a",
            "card": f"https://gateway.example/agents/{name}/.well-known/agent-card.json",
        }
        for name, agent in (("echo-agent", "Echo Agent"), ("weather", "Weather"))
    ]
    for path in ("/agents", "/agents/"):
        listed = asked(run, pair(url="https://gateway.example/"), "GET", path)
        assert (listed.status, listed.json()) == (200, {"agents": expected})


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/health", 200, b'{"status":"ok"}'),
        ("HEAD", "/health", 200, b""),
        ("POST", "/health", 405, b"read"),
        ("POST", "/agents", 405, b"read"),
        ("GET", "/", 404, b"/agents"),
        ("POST", "/a2a", 404, b"/agents"),
        ("GET", "/.well-known/agent-card.json", 404, b"/agents"),
        ("POST", "/agents/nobody/a2a", 404, b'"code":4101'),
        ("GET", "/agents/nobody/.well-known/agent.json", 404, b'"code":4101'),
        ("GET", "/agents/weather/a2a", 405, b"POST"),
        ("GET", "/agents/weather/nowhere", 404, b"/nowhere"),
        ("GET", "/agents/weather/health", 200, b'{"status":"ok"}'),
    ],
)
def test_what_is_where(run, method, path, status, text):
    answer = asked(run, pair(), method, path)
    assert answer.status == status
    assert text in answer.content


def test_an_agent_alone_is_at_both_addresses(run):
    async def talk():
        app = App(named("Weather"))
        async with Lifespan(app):
            sent = await post(app, "message/send", message()).perform()
            params = {"id": sent.json()["result"]["id"]}
            got = await post(app, "tasks/get", params, path="/agents/weather/a2a").perform()
            assert got.json()["result"]["id"] == params["id"]
            typed = await post(app, "message/stream", GATEWAY, path="/agents/weather/a2a").perform()
            assert told(typed)[0]["type"] == "task.created"
            plain = await post(app, "message/stream", GATEWAY, path="/a2a").perform()
            assert plain.events()[0]["kind"] == "task"

    run(talk)


def test_one_of_several_may_be_at_the_root_as_well(run):
    app = App([named("Echo Agent"), named("Weather")], root="weather")
    assert asked(run, app, "GET", "/.well-known/agent.json").json()["name"] == "Weather"
    listed = asked(run, app, "GET", "/agents").json()["agents"]
    assert [each["id"] for each in listed] == ["echo-agent", "weather"]
    with pytest.raises(LocalProtocolError, match="echo-agent, weather"):
        App([named("Echo Agent"), named("Weather")], root="Weather")


@pytest.mark.parametrize("path", ["/agents/weather/a2a", "/tasks"])
def test_a_body_that_is_too_large(run, path):
    answer = asked(run, pair(body_limit=10), path=path, body=b"{" + b" " * 10)
    assert (answer.status, answer.json()["error"]["code"]) == (413, 4203)
    assert "body_limit" in answer.json()["error"]["message"]


def test_a_body_that_is_too_large_for_a2a_or_for_nobody(run):
    for path, status in (("/agents/weather", 413), ("/agents/nobody/a2a", 404)):
        assert asked(run, pair(body_limit=10), path=path, body=b" " * 11).status == status


def test_small_writes_come_to_the_end_all_the_same(run):
    params = {**GATEWAY, "streamConfig": {"bufferSize": 1}}
    body = json.dumps(rpc("message/stream", params)).encode()
    stream = asked(run, pair(), path="/agents/weather/a2a", body=body)
    writes = [each["body"] for each in stream.sent[1:] if each["body"]]
    assert all(write.count(b"data: ") == 1 for write in writes)
    assert [event["type"] for event in told(stream)][-1] == "task.completed"
    assert stream.is_complete
    assert [each["more_body"] for each in stream.sent[1:]].count(False) == 1


# Progress of several agents ------------------------------------------------------------------------------------------


def test_progress_of_all_agents_arrives_as_it_is_made(run):
    """The stream follows both agents, and neither needs the other to wake it."""
    gates = {name: anyio.Event() for name in ("calendar", "weather")}

    def steps(name):
        async def work(task):
            yield task.progress(50, f"half of {name}")
            await gates[name].wait()
            yield "found"

        return work

    async def talk():
        app = App([named(name, steps(name)) for name in gates])
        async with Lifespan(app), anyio.create_task_group() as group:
            watch = Request(app, "GET", "/tasks/stream")
            group.start_soon(watch.perform)
            await watch.until(b":\n\n")
            for name in gates:
                body = json.dumps({"agent": name, "text": "go"}).encode()
                created = await Request(app, path="/tasks", body=body).perform()
                assert created.status == 201
                await watch.until(f"half of {name}".encode())
            for gate in reversed(gates.values()):
                gate.set()
                before = watch.content.count(b"completed")
                while watch.content.count(b"completed") == before:
                    await watch.news.wait()
            watch.leaves.set()
        return told(watch)

    events = run(talk)
    assert len({event["task_id"] for event in events}) == 2
    assert [event["result"] for event in events if event["status"] == "completed"] == ["found", "found"]


def test_a_task_is_cancelled_by_whoever_has_it(run):
    async def wait(task):
        yield task.progress(30, "Processing data...")
        await anyio.sleep_forever()

    async def talk():
        app = App([named("Echo Agent"), named("slow", wait)])
        async with Lifespan(app), anyio.create_task_group() as group:
            body = b'{"agent":"slow","text":"go"}'
            task_id = (await Request(app, path="/tasks", body=body).perform()).json()["task_id"]
            stream = Request(app, "GET", "/tasks/stream", query=f"task_id={task_id}".encode())
            group.start_soon(stream.perform)
            await stream.until(b"Processing data...")
            canceled = await Request(app, path=f"/tasks/{task_id}/cancel").perform()
            assert canceled.json()["status"] == "cancelled"
            await stream.until(b"cancelled")
        assert stream.is_complete
        return told(stream)

    assert run(talk)[-1]["progress"] == 30


def test_open_streams_are_cut_when_the_server_stops(run):
    async def talk():
        app = pair()
        async with Lifespan(app), anyio.create_task_group() as group:
            watch = Request(app, "GET", "/tasks/stream")
            events = Request(app, "GET", "/agents/weather/a2a/stream")
            for each in (watch, events):
                group.start_soon(each.perform)
                await each.until(b":\n\n")
            app.close_calls()
        assert not watch.is_complete
        assert not events.is_complete
        assert app._site.hosts.answers == {}
        assert app._site.hosts.running == {}

    run(talk)


def test_without_a_lifespan_all_agents_are_there_from_the_first_request_on(run):
    async def talk():
        app = pair()
        answers = [post(app, "message/send", GATEWAY, path=f"/agents/{each}/a2a") for each in ("weather", "echo-agent")]
        async with anyio.create_task_group() as group:
            for each in answers:
                group.start_soon(each.perform)
        return [each.json()["result"]["status"]["state"] for each in answers]

    assert run(talk) == ["completed", "completed"]


@pytest.mark.parametrize(("limit", "share"), [(256, 128), (3, 1), (1, 1)])
def test_several_links_share_what_is_taken_at_a_time(limit, share):
    class Link:
        """One of which everything is taken, or of which there is more: it is to be looked at again at once."""

        def __init__(self, held):
            self.held, self.is_rung = held, False

        def take(self, limit):
            return (
                [Items(request_id=0, offsets=[0] * min(limit, self.held), results=[b"x"] * min(limit, self.held))]
                if self.held
                else []
            )

        def ring(self):
            self.is_rung = True

    links = [Link(1_000), Link(1_000), Link(0)]
    assert [len(items) for items in SeveralLinks(links[:2]).take(limit)] == [share, share]
    assert [link.is_rung for link in links] == [True, True, False]
    SeveralLinks(links[2:]).take(limit)
    assert not links[2].is_rung


def test_what_is_somebody_elses_is_seen_by_no_door(run):
    """With callers that are known by their tokens, each sees its own tasks only, also in the streams of all tasks."""
    ada, bob = ([(b"authorization", b"Bearer " + name)] for name in (b"ada", b"bob"))

    async def talk():
        app = pair(authenticate=bearer_tokens({"ada": "Ada", "bob": "Bob"}))
        async with Lifespan(app), anyio.create_task_group() as group:
            doors = ("/agents/weather/a2a/stream", "/tasks/stream")
            watches = [Request(app, "GET", path, headers=bob) for path in doors]
            for watch in watches:
                group.start_soon(watch.perform)
                await watch.until(b":\n\n")
            mine = await post(app, "message/stream", GATEWAY, path="/agents/weather/a2a", headers=ada).perform()
            task_id = mine.headers[b"x-task-id"]
            for headers, status in ((ada, 200), (bob, 404), ([], 401)):
                for path, query in zip(doors, (b"taskId=", b"task_id="), strict=True):
                    found = await Request(app, "GET", path, query=query + task_id, headers=headers).perform()
                    assert found.status == status
            await anyio.wait_all_tasks_blocked()
            assert [watch.content for watch in watches] == [b":\n\n"] * 2
            for watch in watches:
                watch.leaves.set()

    run(talk)


@pytest.mark.parametrize("path", ["/agents/weather/a2a/stream", "/tasks/stream"])
@pytest.mark.parametrize("query", [b"taskId=nope", b"task_id=nope", b"other=1&task_id=nope", b"taskId="])
def test_a_task_is_a_task_by_either_name(run, path, query):
    assert asked(run, pair(), "GET", path, query=query).status == 404


# CORS ----------------------------------------------------------------------------------------------------------------

PAGE = (b"origin", b"https://page.example")
PREFLIGHT = [PAGE, (b"access-control-request-method", b"POST")]


@pytest.mark.parametrize(
    ("origins", "shown", "vary"),
    [
        ((), None, None),
        (("https://page.example",), b"https://page.example", b"Origin"),
        (("https://other.example",), None, b"Origin"),
        (("*",), b"*", None),
    ],
)
@pytest.mark.parametrize("path", ["/agents", "/agents/weather/a2a/stream", "/nowhere", "/tasks/stream"])
def test_pages_from_elsewhere_read_what_they_are_let_read(run, path, origins, shown, vary):
    query = b"taskId=nope&task_id=nope"
    answer = asked(run, pair(cors_origins=origins), "GET", path, headers=[PAGE], query=query)
    assert answer.headers.get(b"access-control-allow-origin") == shown
    assert answer.headers.get(b"vary") == vary
    assert (b"X-Task-ID" in answer.headers.get(b"access-control-expose-headers", b"")) is (shown is not None)
    assert b"access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    ("origins", "origin", "is_heard"),
    [
        ((), b"https://evil.example", False),
        ((), b"null", False),
        ((), b"http://agent.example", False),  # another port is another program
        ((), b"http://agent.example:8000", True),  # a page from here
        ((), b"https://agent.example:8000", True),  # from here, too: behind a proxy that ends TLS
        (("https://page.example",), b"https://page.example", True),
        (("https://page.example",), b"https://page.example.evil", False),
        (("*",), b"https://evil.example", True),
    ],
)
@pytest.mark.parametrize("path", ["/agents/weather/a2a", "/tasks"])
def test_a_page_from_elsewhere_cannot_set_an_agent_to_work(run, path, origins, origin, is_heard):
    """A browser asks nobody before a page POSTs a body without a type; it only keeps the answer from it."""
    answer = asked(run, pair(cors_origins=origins), "POST", path, b"{}", headers=[(b"origin", origin)])
    assert (answer.status != 403) is is_heard
    if not is_heard:
        assert origin in answer.content
        assert b"--cors-origin" in answer.content


def test_a_page_of_the_address_on_the_cards_is_from_here(run):
    headers = [(b"origin", b"https://agents.example")]
    app = pair(url="https://agents.example/")
    assert asked(run, app, "POST", "/agents/weather/a2a", b"{}", headers=headers).status != 403


def test_a_preflight(run):
    allowed = asked(
        run, pair(cors_origins=["https://page.example"]), "OPTIONS", "/agents/weather/a2a", headers=PREFLIGHT
    )
    assert (allowed.status, allowed.content) == (204, b"")
    assert allowed.headers[b"access-control-allow-origin"] == b"https://page.example"
    assert b"POST" in allowed.headers[b"access-control-allow-methods"]
    assert b"Content-Type" in allowed.headers[b"access-control-allow-headers"]
    strange = [(b"origin", b"https://evil.example"), PREFLIGHT[1]]
    refused = asked(run, pair(cors_origins=["https://page.example"]), "OPTIONS", "/agents/weather/a2a", headers=strange)
    assert not [name for name in refused.headers if name.startswith(b"access-control")]
    without = asked(run, pair(), "OPTIONS", "/agents/weather/a2a", headers=PREFLIGHT)
    assert without.status == 204  # what every OPTIONS is answered; to a browser it says no
    assert not [name for name in without.headers if name.startswith(b"access-control")]


def test_a_stream_shows_its_header_fields_too(run):
    body = json.dumps(rpc("message/stream", GATEWAY)).encode()
    stream = asked(run, pair(cors_origins=["*"]), path="/agents/weather/a2a", body=body, headers=[PAGE])
    assert stream.headers[b"access-control-allow-origin"] == b"*"
    assert b"x-task-id" in stream.headers


# Names ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "known_as"),
    [("Echo Agent", "echo-agent"), ("hello", "hello"), (" Ärzte/2.0 ", "ärzte-2.0"), ("..", "agent"), ("?", "agent")],
)
def test_an_id_is_made_of_the_name(name, known_as):
    assert list(agents_by_id(named(name))) == [known_as]


def test_ids_that_are_given_are_taken(run):
    app = App({"a": named("Same"), "b": named("Same")})
    listed = asked(run, app, "GET", "/agents").json()["agents"]
    assert [(each["id"], each["name"]) for each in listed] == [("a", "Same"), ("b", "Same")]


@pytest.mark.parametrize(
    ("agents", "reason"),
    [
        ([], "no agent"),
        ({}, "no agent"),
        ([named("Same"), named("same")], "two agents"),
        ({"a/b": named("x")}, "'a/b'"),
        ({"": named("x")}, "''"),
        ({"..": named("x")}, "'..'"),
    ],
)
def test_agents_that_cannot_be_told_apart(agents, reason):
    with pytest.raises(LocalProtocolError, match=reason):
        App(agents)


def test_an_agent_whose_id_is_no_ascii(run):
    agent = agent_of(lambda task: "yes")
    answer = asked(run, App({"ärzte": agent}), "GET", "/agents/ärzte/.well-known/agent.json")
    assert answer.json()["url"] == "http://agent.example:8000/agents/%C3%A4rzte/"
