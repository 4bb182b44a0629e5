"""Push notifications from a host to a receiver on a real port, in the words of both versions."""

import json
import sys
import threading

import anyio
import pytest

from hocket.a2a import Answered, Item, Opened, PushRules, Refused, ServiceParameters
from hocket.backoff import Backoff
from hocket.errors import MissingExtra
from hocket_io.host import Host
from hocket_io.push import PushOptions
from support.agents import agent_of
from support.hosts import has_ended, read
from support.web import web

HERE = PushOptions(rules=PushRules(private=True), backoff=Backoff(base=0.005, factor=1.0))
CONFIG = {"id": "c", "token": "tok"}
MESSAGES = {
    "0.3": ("message/stream", {"kind": "text", "text": "go"}, "user", "pushNotificationConfig"),
    "1.0": ("SendStreamingMessage", {"text": "go"}, "ROLE_USER", "taskPushNotificationConfig"),
}
AUTHENTICATION = {
    "0.3": {"schemes": ["Bearer"], "credentials": "cred"},
    "1.0": {"scheme": "Bearer", "credentials": "cred"},
}


def notifying(function, **options):
    return agent_of(function, push_notifications=True, **options)


def ask(host, link, version, url=None, method=None, params=None, request_id=1):
    """A message that brings a configuration, or any other call."""
    stream, part, role, name = MESSAGES[version]
    if method is None:
        config = {**CONFIG, "url": url, "authentication": AUTHENTICATION[version]}
        message = {"messageId": "m", "role": role, "parts": [part]}
        method, params = stream, {"message": message, "configuration": {name: config}}
    host.server.receive(link.name, request_id, method, params, ServiceParameters(version=version), host.now())
    host.pump()


async def answer_to(link):
    (answer,) = await read(link, lambda each: isinstance(each, Answered | Refused))
    return answer


async def until(check):
    while not check():
        await anyio.sleep(0.002)


async def three_words(task):
    for word in ("one ", "two ", "three"):
        yield word


def bodies(asked):
    return [json.loads(each.body) for each in asked]


def failing_first(failures):
    """A receiver that takes nothing before it has failed in some ways; each event is counted when it is taken."""
    left = list(failures)
    taken = []

    def answer(request):
        match left.pop(0) if left else 204:
            case None:
                request.close_connection = True  # without an answer
            case status:
                if status == 204:
                    taken.append(json.loads(request.body))
                request.reply(status, b"")

    return answer, taken


def test_events_of_1_0_arrive_in_order_though_the_receiver_fails(run):
    async def talk(url, asked, taken):
        async with Host(notifying(three_words), push=HERE) as host:
            link = host.open_link()
            ask(host, link, "1.0", f"{url}hook?key=1")
            streamed = await read(link, has_ended)
            await until(lambda: "COMPLETED" in json.dumps(taken[-1:]))
        items = [json.loads(each.result) for each in streamed if isinstance(each, Item)]
        assert taken == items
        assert list(taken[0]) == ["task"]
        assert bodies(asked[:4]) == taken[:1] * 4, "the first was sent until it was taken"
        one = asked[0]
        assert (one.command, one.path) == ("POST", "/hook?key=1")
        assert one.headers["content-type"] == "application/a2a+json"
        assert one.headers["a2a-version"] == "1.0"
        assert one.headers["authorization"] == "Bearer cred"
        assert one.headers["x-a2a-notification-token"] == "tok"
        assert one.headers["user-agent"].startswith("hocket/")
        offsets = [each.offset for each in streamed if isinstance(each, Item)]
        assert [int(each.headers["x-hocket-offset"]) for each in asked] == [offsets[0]] * 3 + offsets

    answer, taken = failing_first([500, None, 503])
    with web(answer) as (url, asked):
        run(talk, url, asked, taken)


def test_events_of_0_3_are_the_task_at_each_status(run):
    async def talk(url, asked, taken):
        async with Host(notifying(three_words), push=HERE) as host:
            link = host.open_link()
            ask(host, link, "0.3", url)
            await read(link, has_ended)
            await until(lambda: "completed" in json.dumps(taken[-1:]))
        assert [each["kind"] for each in taken] == ["task"] * len(taken)
        states = [each["status"]["state"] for each in taken]
        assert [state for state in ("submitted", "working", "completed") if state in states] == states, "each once"
        text = "".join(part["text"] for artifact in taken[-1]["artifacts"] for part in artifact["parts"])
        assert text == "one two three"
        assert asked[0].headers["content-type"] == "application/json"
        assert asked[0].headers["x-a2a-notification-token"] == "tok"
        assert asked[0].headers["authorization"] == "Bearer cred"

    answer, taken = failing_first([])
    with web(answer) as (url, asked):
        run(talk, url, asked, taken)


def test_a_receiver_that_hangs_holds_up_neither_the_agent_nor_its_readers(run):
    async def talk(url, asked, go_on):
        async with Host(notifying(three_words), push=HERE) as host:
            link = host.open_link()
            ask(host, link, "1.0", url)
            await read(link, has_ended)
            assert len(asked) <= 1, "the receiver has not answered the first yet"
            go_on.set()
            await until(lambda: asked and b"COMPLETED" in asked[-1].body)

    go_on = threading.Event()

    def answer(request):
        go_on.wait(10)
        request.reply(200, b"thanks")

    with web(answer) as (url, asked):
        run(talk, url, asked, go_on)


def test_who_is_gone_is_forgotten_and_a_deleted_configuration_is_left_alone(run):
    async def talk(url, asked):
        go_on = anyio.Event()

        async def two_steps(task):
            yield "one"
            await go_on.wait()
            yield "two"

        async with Host(notifying(two_steps), push=HERE) as host:
            link = host.open_link()
            ask(host, link, "1.0", f"{url}gone")
            begun = await read(link, lambda each: isinstance(each, Opened))
            task = {"taskId": begun[0].task_id}
            reader = host.open_link()
            for config_id, place in (("kept", "kept"), ("dropped", "dropped")):
                params = {**task, "id": config_id, "url": url + place}
                ask(host, reader, "1.0", None, "CreateTaskPushNotificationConfig", params)
                await answer_to(reader)
            ask(host, reader, "1.0", None, "DeleteTaskPushNotificationConfig", {**task, "id": "dropped"})
            await answer_to(reader)
            await until(lambda: asked)
            await until(lambda: len(host._links) == 3)  # ours, and that of "kept"
            ask(host, reader, "1.0", None, "ListTaskPushNotificationConfigs", task)
            answer = await answer_to(reader)
            assert [each["id"] for each in json.loads(answer.result)["configs"]] == ["kept"]
            go_on.set()
            await until(lambda: asked and b"COMPLETED" in asked[-1].body)
            await until(lambda: len(host._links) == 2)
        assert [each.path for each in asked if each.path != "/kept"] == ["/gone"]

    with web(lambda request: request.reply(410 if request.path == "/gone" else 204, b"")) as (url, asked):
        run(talk, url, asked)


def test_what_the_last_run_says_is_still_sent_when_the_host_ends(run, caplog):
    async def talk(url, asked):
        async with Host(notifying(lambda task: anyio.sleep_forever()), push=HERE) as host:
            link = host.open_link()
            ask(host, link, "1.0", url)
            await until(lambda: len(asked) == 2)
        assert [list(each) for each in bodies(asked)] == [["task"], ["statusUpdate"], ["statusUpdate"]]
        assert b"TASK_STATE_FAILED" in asked[-1].body
        assert host._links.keys() == {link.name}

    with web(lambda request: request.reply(204, b"")) as (url, asked):
        run(talk, url, asked)
    assert "cut short" not in caplog.text


def test_an_agent_that_notifies_says_at_once_what_is_not_installed(run, monkeypatch):
    async def talk():
        async with Host(agent_of(three_words)):
            pass
        with pytest.raises(MissingExtra, match=r'sending push notifications needs .* pip install "hocket\[http\]"'):
            await Host(notifying(three_words)).__aenter__()

    monkeypatch.delitem(sys.modules, "hocket_io.push.post", raising=False)
    monkeypatch.setitem(sys.modules, "httpcore2", None)
    monkeypatch.delitem(sys.modules, "hocket_io.push.network", raising=False)
    run(talk)


@pytest.mark.parametrize("version", ["0.3", "1.0"])
def test_a_private_address_is_refused_when_it_is_set(run, version):
    async def talk():
        async with Host(notifying(three_words)) as host:
            link = host.open_link()
            ask(host, link, version, "http://127.0.0.1:9/hook")
            refused = await answer_to(link)
        assert refused.error.code == -32602
        assert "must not lead to a loopback address" in refused.error.message
        assert f"{MESSAGES[version][3]}.url" in json.dumps(refused.error.data) + refused.error.message

    run(talk)
