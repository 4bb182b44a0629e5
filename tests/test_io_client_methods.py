"""Every method of A2A, asked by every kind of client over every binding, of one agent."""

import functools
import inspect

import anyio
import pytest

from hocket import Agent
from hocket.a2a import (
    AgentCard,
    AgentExtension,
    AuthenticationInfo,
    Outcome,
    Part,
    SendMessageConfiguration,
    TaskState,
)
from hocket.errors import LocalProtocolError, NotSupported, RpcError
from hocket_io import AsyncClient, AsyncStream, Client, Stream
from hocket_io.http.asgi import App
from support.serving import serving

MOOD = "urn:example:mood"
HOOK = "https://hooks.example/a2a"


def make_agent():
    agent = Agent(
        "desk",
        push_notifications=True,
        extensions=(AgentExtension(uri=MOOD),),
        extended_card=AgentCard(name="desk, with more to it"),
    )

    @agent.stream
    async def desk(task):
        """Asks, and answers."""
        if task.text == "mood":
            yield ", ".join(task.extensions)
            return
        answer = yield task.ask("Which quarter?")
        yield Part(text=f"Revenue of {answer.text}")

    return agent


@pytest.fixture(scope="module")
def url():
    with serving(lambda url: App(make_agent())) as url:
        yield url


class Blocking:
    """A client on which methods are called by name: a plain one."""

    def __init__(self, target, **options):
        self.client = Client(target, **options)

    def __enter__(self):
        self.client.__enter__()
        return self

    def __exit__(self, *error):
        self.client.__exit__(*error)

    def __call__(self, method, *args, **options):
        found = getattr(self.client, method)(*args, **options)
        return list(found) if method == "tasks" else found


class Looped:
    """The same on an event loop in a thread."""

    def __init__(self, backend, target, **options):
        self.backend, self.target, self.options = backend, target, options

    def __enter__(self):
        self.manager = anyio.from_thread.start_blocking_portal(self.backend)
        self.portal = self.manager.__enter__()
        self.opened = self.portal.wrap_async_context_manager(AsyncClient(self.target, **self.options))
        self.client = self.opened.__enter__()
        return self

    def __exit__(self, *error):
        self.opened.__exit__(*error)
        self.manager.__exit__(None, None, None)

    def __call__(self, method, *args, **options):
        async def ask():
            found = getattr(self.client, method)(*args, **options)
            if inspect.isasyncgen(found):
                return [each async for each in found]
            return await found

        return self.portal.call(ask)


WAYS = {
    "blocking JSON-RPC": lambda url, **more: Blocking(url, binding="JSONRPC", **more),
    "blocking REST": lambda url, **more: Blocking(url, binding="HTTP+JSON", **more),
    "blocking 0.3": lambda url, **more: Blocking(url, version="0.3", **more),
    "blocking in memory": lambda url, **more: Blocking(make_agent(), **more),
    "asyncio JSON-RPC": lambda url, **more: Looped("asyncio", url, **more),
    "trio REST": lambda url, **more: Looped("trio", url, binding="HTTP+JSON", **more),
    "asyncio in memory": lambda url, **more: Looped("asyncio", make_agent(), **more),
}


async def events_of(stream):
    return [event async for event in stream]


@pytest.fixture(params=WAYS)
def way(request, url):
    return lambda **options: WAYS[request.param](url, **options)


def test_push_configurations_come_and_go(way):
    with way() as ask:
        task = ask("send", "revenue")
        assert task.state is TaskState.INPUT_REQUIRED
        made = ask("set_push", task.id, HOOK, id="mine", token="t", authentication="Bearer secret")
        assert (made.id, made.task_id, made.url, made.token) == ("mine", task.id, HOOK, "t")
        assert (made.authentication.scheme, made.authentication.credentials) == ("Bearer", "secret")
        assert ask("get_push", task.id, "mine") == made
        other = ask("set_push", task.id, HOOK, authentication=AuthenticationInfo(scheme="Basic", credentials="x"))
        listed = ask("list_push", task.id)
        assert sorted(each.id for each in listed.configs) == sorted(["mine", other.id])
        assert ask("delete_push", task.id, "mine") is None
        assert ask("delete_push", task.id, "mine") is None, "once more is no error"
        assert [each.id for each in ask("list_push", task.id).configs] == [other.id]
        ask("delete_push", task.id, other.id)
        with pytest.raises(RpcError) as caught:
            ask("get_push", task.id, "mine")
        assert caught.value.code == -32001


@pytest.mark.parametrize("method", ["list_tasks", "tasks"])
def test_0_3_has_no_lists(url, method):
    with Blocking(url, version="0.3") as ask, pytest.raises(LocalProtocolError, match="spoken here, has no list"):
        ask(method)


@pytest.mark.parametrize("name", [name for name in WAYS if "0.3" not in name])
def test_tasks_are_listed_page_after_page(url, name):
    with WAYS[name](url) as ask:
        mine = [ask("send", "revenue", context_id="shelf").id for _ in range(3)]
        page = ask("list_tasks", context_id="shelf", page_size=2)
        assert page.total_size >= 3
        assert (len(page.tasks), page.page_size) == (2, 2)
        rest = ask("list_tasks", context_id="shelf", page_size=100, page_token=page.next_page_token)
        found = [task.id for task in (*page.tasks, *rest.tasks)]
        assert found == [task.id for task in ask("tasks", context_id="shelf")]
        assert set(mine) <= set(found)
        assert ask("tasks", context_id="shelf", status=TaskState.COMPLETED) == []
        assert ask("tasks", context_id="shelf", after="2999-01-01T00:00:00Z") == []
        (last,) = ask("list_tasks", context_id="shelf", page_size=1, history_length=1).tasks
        assert len(last.history) == 1


def test_the_extended_card(way):
    with way() as ask:
        assert ask("extended_card").name == "desk, with more to it"


def test_extensions_are_asked_for(way):
    with way(extensions=[MOOD, "urn:example:other"]) as ask:
        assert ask("text", "mood") == MOOD
    with way() as ask:
        assert ask("text", "mood") == ""


def test_how_to_be_answered(way):
    with way() as ask:
        task = ask("send", "mood", configuration=SendMessageConfiguration(history_length=0))
        assert task.history == ()
        task = ask("send", "revenue", wait=False, configuration=SendMessageConfiguration(history_length=0))
        assert task.history == ()


def test_a_question_is_answered_on_its_stream(url):
    with Client(url) as agent:
        stream = agent.stream("revenue")
        assert stream.text() == "Which quarter?"
        answer = stream.answer("Q2")
        assert answer.text() == "Revenue of Q2"
        assert answer.task_id == stream.task_id
        result = answer.result()
        assert result.artifacts == answer.artifacts
        assert answer.artifacts[0].text == "Revenue of Q2"

    async def on_a_loop():
        async with AsyncClient(url) as agent:
            stream = agent.stream("revenue")
            assert await stream.text() == "Which quarter?"
            assert (await stream.answer("Q3").result()).text == "Revenue of Q3"

    anyio.run(on_a_loop)


def teller():
    agent = Agent("teller")

    @agent.stream
    def tell(task):
        yield "one "
        yield "two"

    return agent


def test_artifacts_grow_as_they_come():
    with Client(teller()) as client:
        stream = client.stream("go")
        assert stream.artifacts == ()
        told = [stream.artifacts[0].text for event in stream if event.kind == "artifact"]
        assert told[-1] == "one two"
        assert all(text in ("one ", "one two") for text in told), "what was received may be ahead of what was told"
        assert stream.text() == stream.result().text == "one two", "also after it was read"


def test_a_stream_that_was_left_has_no_result():
    with Client(teller()) as client:
        stream = client.stream("go")
        with pytest.raises(LocalProtocolError, match="read its first event before you answer"):
            stream.answer("hm")
        next(stream)
        stream.close()
        for method in (stream.text, stream.result):
            with pytest.raises(LocalProtocolError, match="closed before its end"):
                method()


# Agents that cannot do everything


@pytest.fixture(scope="module")
def plain_url():
    agent = Agent("plain", streaming=False, extensions=(AgentExtension(uri=MOOD, required=True),))

    @agent.stream
    def plain(task):
        yield from ["all ", "at ", "once"]

    with serving(lambda url: App(agent)) as url:
        yield url


@pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON"])
def test_an_agent_that_does_not_stream_answers_all_the_same(plain_url, binding):
    with Client(plain_url, extensions=[MOOD], binding=binding) as client:
        (event,) = client.stream("go")
        assert (event.kind, event.text, event.done, event.state) == ("task", "all at once", True, TaskState.COMPLETED)
        with pytest.raises(NotSupported, match="does not stream: get the task instead") as caught:
            list(client.resume(event.task_id))
        assert caught.value.code == -32004
        with pytest.raises(NotSupported, match="sends no push notifications"):
            client.set_push(event.task_id, HOOK)


@pytest.mark.parametrize("way", [Blocking, functools.partial(Looped, "asyncio"), functools.partial(Looped, "trio")])
def test_in_memory_too(way):
    agent = Agent("plain", streaming=False)

    @agent.stream
    def plain(task):
        answer = yield task.ask("Which?")
        yield f"{answer.text}, all at once"

    with way(agent) as client:
        task = client("send", "go")
        assert client("text", "this one", task_id=task.id) == "this one, all at once"
        assert client("text", "go") == "Which?"
        with pytest.raises(RpcError, match="-32004"):
            client("text", "go on", task_id=task.id)  # it is over: what is refused twice is refused


def test_an_extension_that_is_required_must_be_asked_for(plain_url):
    with Client(plain_url) as client:
        assert client.card().name == "plain"
        with pytest.raises(
            LocalProtocolError, match=f"requires extensions that were not asked for: {MOOD}; name them in"
        ):
            client.text("go")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"binding": "GRPC"}, "the binding 'GRPC' is not spoken here; the bindings are JSONRPC, HTTP.JSON"),
        ({"binding": "HTTP+JSON", "version": "0.3"}, r"HTTP\+JSON is spoken here in A2A 1\.0, not in 0\.3"),
    ],
)
def test_bindings_that_are_not_spoken(plain_url, options, words):
    with Client(plain_url, **options) as client, pytest.raises(LocalProtocolError, match=words):
        client.card()


# Twins


def public(kind):
    """The methods of a class, each with the names of its parameters and their defaults."""
    return {
        name: [(each.name, each.default) for each in inspect.signature(member).parameters.values()]
        for name, member in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


def test_the_two_clients_are_twins():
    assert public(Client) == public(AsyncClient)
    assert list(inspect.signature(Client).parameters) == list(inspect.signature(AsyncClient).parameters)
    streams = [public(kind) for kind in (Stream, AsyncStream)]
    streams[1]["close"] = streams[1].pop("aclose")
    assert streams[0] == streams[1]


def test_resuming_a_task_that_is_over_tells_it_as_the_one_event(way):
    with way(extensions=[MOOD]) as ask:
        task = ask("send", "mood")
        stream = ask.client.resume(task.id)
        if isinstance(stream, Stream):
            events, result = list(stream), stream.result()
        else:
            events, result = ask.portal.call(events_of, stream), ask.portal.call(stream.result)
    assert [(event.kind, event.done, event.text) for event in events] == [("task", True, MOOD)]
    assert result.state is TaskState.COMPLETED
    assert (stream.task_id, stream.outcome) == (task.id, Outcome.SETTLED)


def test_resuming_a_task_that_nobody_knows_says_so(way):
    with way() as ask:
        stream = ask.client.resume("nobody's")
        (event,) = list(stream) if isinstance(stream, Stream) else ask.portal.call(events_of, stream)
    assert (event.kind, event.done, event.error.code) == ("error", True, -32001)
