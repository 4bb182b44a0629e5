"""Probes of agents in this process: what an HTTP client would see, and time passes only while it is waited for."""

import asyncio
import json
import time

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hocket import Agent
from hocket.errors import LocalProtocolError
from hocket.testing.probe import Ask
from hocket_io.testing import loaded, reach

both_loops = pytest.mark.parametrize("loop", ["asyncio", "trio"])
REAL = time.monotonic


def agent_of(function, **options):
    agent = Agent("under test", **options)
    agent.stream(function)
    return agent


def ask(text="Ada", method="SendStreamingMessage", request_id="1", **message):
    parts = {"messageId": f"m-{request_id}", "role": "ROLE_USER", "parts": [{"text": text}], **message}
    return Ask.call(method, {"message": parts}, id=request_id)


def drained(conversation, timeout=60):
    messages = []
    while (message := conversation.next(timeout)) is not None:
        messages.append(json.loads(message))
    return messages


def text_in(messages):
    updates = [message["result"]["artifactUpdate"] for message in messages if "artifactUpdate" in message["result"]]
    return "".join(part["text"] for update in updates for part in update["artifact"]["parts"])


def slow_words(task):
    """An agent as people write them: a thread that sleeps between its words."""
    for word in task.text.split():
        time.sleep(0.05)
        yield f"{word} "


async def slow_words_async(task):
    for word in task.text.split():
        await anyio.sleep(0.05)
        yield f"{word} "


@both_loops
@pytest.mark.parametrize("function", [slow_words, slow_words_async])
def test_a_conversation_is_the_stream_as_http_has_it(loop, function):
    with reach(agent_of(function), loop=loop) as probe:
        assert (probe.protocol, probe.binding, probe.versions) == ("a2a", "memory", ("1.0", "0.3"))
        assert probe.card["name"] == probe.target == "under test"
        conversation = probe.open(ask("one two three"))
        messages = drained(conversation)
        assert text_in(messages) == "one two three "
        assert messages[-1]["result"]["statusUpdate"]["status"]["state"] == "TASK_STATE_COMPLETED"
        assert (conversation.status, conversation.end, conversation.reason) == (200, "complete", "")
        assert conversation.headers["content-type"].startswith("text/event-stream")
        assert conversation.raw.startswith(b"id: 1\ndata: {")


@pytest.mark.parametrize("function", [slow_words, slow_words_async])
def test_agents_that_take_their_time_take_none(function):
    """20 answers of 40 words, each of 50 ms: 40 seconds for those who would wait for them."""
    began = REAL()
    with reach(agent_of(function)) as probe:
        for _ in range(20):
            probe.restart()
            assert len(text_in(drained(probe.open(ask("word " * 40))))) == 200
    assert REAL() - began < 20


@pytest.mark.parametrize("function", [slow_words, slow_words_async])
def test_the_same_is_the_same_byte_by_byte(function):
    """Ids, times and how words were joined into events, from one process to the next and after each restart."""

    def play(probe):
        first, second = probe.open(ask("one two three", request_id="a")), probe.open(ask("four five", request_id="b"))
        drained(second)
        drained(first)
        listed, card = probe.open(Ask.call("ListTasks", {})), probe.open(Ask.get("/.well-known/agent-card.json"))
        return first.raw, second.raw, listed.next(), card.next(), card.headers, probe.fresh_id()

    with reach(agent_of(function), seed=5) as probe:
        once = play(probe)
        probe.restart()
        assert play(probe) == once
        assert len(json.loads(once[2])["result"]["tasks"]) == 2
    with reach(agent_of(function), seed=5) as probe:
        assert play(probe) == once
    with reach(agent_of(function), seed=6) as probe:
        assert play(probe) != once


@both_loops
def test_time_passes_only_while_it_is_waited_for(loop):
    heard = []

    async def count(task):
        for number in range(100):
            heard.append(number)
            yield f"{number} "
            await anyio.sleep(10)

    with reach(agent_of(count), loop=loop) as probe:
        conversation = probe.open(ask())
        while "artifactUpdate" not in json.loads(conversation.next())["result"]:
            pass
        assert heard == [0]
        assert conversation.next(timeout=9) is None
        assert (conversation.end, heard) == ("silent", [0])
        assert conversation.next(timeout=2) is not None
        assert (conversation.end, heard) == ("open", [0, 1])
        probe.wait(20)
        assert heard == [0, 1, 2, 3]


@both_loops
def test_who_never_answers_is_silent_after_minutes_that_take_none(loop):
    async def brood(task):
        await anyio.sleep_forever()

    began = REAL()
    with reach(agent_of(brood), loop=loop) as probe:
        conversation = probe.open(ask())
        messages = drained(conversation, timeout=3_600)
        assert (len(messages), conversation.end) == (2, "silent")
    assert REAL() - began < 10


@both_loops
def test_what_an_agent_raises_is_kept_and_what_it_prints_spoils_nothing(loop, capsys, caplog):
    def fail(task):
        print("about to fail")
        yield "so far "
        raise ZeroDivisionError("ouch")

    with reach(agent_of(fail), loop=loop) as probe:
        messages = drained(probe.open(ask()))
        assert messages[-1]["result"]["statusUpdate"]["status"]["state"] == "TASK_STATE_FAILED"
        (error,) = probe.raised
        assert (type(error), str(error), error.__traceback__ is not None) == (ZeroDivisionError, "ouch", True)
        print("I am not silenced")
        probe.restart()
        assert probe.raised == []
    assert capsys.readouterr().out == "I am not silenced\n"
    assert "ouch" not in caplog.text


@both_loops
def test_who_leaves_is_gone_and_the_task_goes_on(loop):
    with reach(agent_of(slow_words_async), loop=loop) as probe:
        conversation = probe.open(ask("one two three"))
        task_id = json.loads(conversation.next())["result"]["task"]["id"]
        conversation.close()
        conversation.close()
        drained(conversation)  # what had come already
        assert (conversation.end, conversation.reason) == ("cut", "the conversation was left")
        probe.wait(1)
        task = json.loads(probe.open(Ask.call("GetTask", {"id": task_id})).next())["result"]
        assert task["status"]["state"] == "TASK_STATE_COMPLETED"


@both_loops
def test_an_agent_may_want_its_task_to_end_with_who_leaves(loop):
    with reach(agent_of(slow_words_async, on_disconnect="cancel"), loop=loop) as probe:
        conversation = probe.open(ask("one two three"))
        task_id = json.loads(conversation.next())["result"]["task"]["id"]
        conversation.close()
        probe.wait(60)
        task = json.loads(probe.open(Ask.call("GetTask", {"id": task_id})).next())["result"]
        assert task["status"]["state"] == "TASK_STATE_CANCELED"


@both_loops
def test_many_conversations_at_once_each_have_their_own(loop):
    with reach(agent_of(slow_words), loop=loop) as probe:
        asked = {f"{name} {name} {name}": probe.open(ask(f"{name} {name} {name}", request_id=name)) for name in "abcde"}
        for text, conversation in reversed(asked.items()):
            messages = drained(conversation)
            assert text_in(messages).strip() == text
            assert {message["id"] for message in messages} == {text[0]}


@pytest.mark.parametrize(
    ("request_", "status", "said"),
    [
        (Ask(body=b"{nonsense"), 200, b"-32700"),
        (Ask(body=b"\xff", headers={"Content-Type": "application/json"}), 200, b"-32700"),
        (Ask(body=b"[]"), 200, b"-32600"),
        (Ask.call("Nonsense"), 200, b"-32601"),
        (Ask.get("/nowhere"), 404, b"nowhere"),
        (Ask.get(".well-known/agent-card.json"), 200, b'"name":"under test"'),
        (Ask(http_method="DELETE", path="/"), 405, b""),
        (Ask(body=b"x" * 17_000_000), 413, b""),
    ],
)
def test_any_request_can_be_sent_and_its_response_is_seen(request_, status, said):
    with reach(agent_of(slow_words)) as probe:
        conversation = probe.open(request_)
        assert said in (conversation.next() or b"")
        assert (conversation.status, conversation.end) == (status, "complete")
        assert probe.curl(request_) is None


@settings(max_examples=15)
@given(bodies=st.lists(st.binary(max_size=30), min_size=1, max_size=5))
def test_whatever_is_sent_the_next_is_answered(bodies):
    with reach(agent_of(slow_words)) as probe:
        for body in bodies:
            assert probe.open(Ask(body=body, headers={"Content-Type": "application/json"})).next() is not None
        assert text_in(drained(probe.open(ask("still there")))) == "still there "
        assert probe.raised == []


def test_each_request_has_an_answer_of_its_own():
    with reach(agent_of(slow_words)) as probe, pytest.raises(LocalProtocolError, match="open another conversation"):
        probe.open(ask()).send(b"{}")


def test_a_probe_is_for_plain_code():
    async def within_a_loop():
        with reach(agent_of(slow_words)):
            pass

    with pytest.raises(LocalProtocolError, match="use it in plain code"):
        asyncio.run(within_a_loop())


def test_agents_of_files_are_called_as_they_were_named(tmp_path):
    file = tmp_path / "an_agent_of_a_file.py"
    file.write_text(
        "from time import sleep, time\n"
        "from hocket import Agent\n\n"
        "agent = Agent('in a file')\n\n\n"
        "@agent.stream\n"
        "def tell_the_time(task):\n"
        "    began = time()\n"
        "    sleep(3600)\n"
        "    yield str(time() - began)\n"
    )
    with reach(f"{file}:agent") as probe:
        assert (probe.target, probe.card["name"]) == (f"{file}:agent", "in a file")
        assert text_in(drained(probe.open(ask()), timeout=4_000)) == "3600.0"
    assert isinstance(loaded(str(file)), Agent)
    assert loaded("http://agent/") == "http://agent/"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("nowhere.py", "nowhere.py does not exist"),
        ("gopher://agent/", "gopher:// is not spoken here"),
        ("stdio:", "needs a command"),
        ("acp+stdio:hocket hub", "has one client"),
        (7, "7 is no target"),
    ],
)
def test_what_is_no_target_is_said_so(target, said):
    with pytest.raises(LocalProtocolError, match=said), reach(target):
        pass


def test_a_file_that_fails_says_where(tmp_path):
    file = tmp_path / "fails.py"
    file.write_text("import nothing_like_this\n")
    with pytest.raises(LocalProtocolError, match=r"fails.py:1: ModuleNotFoundError"), reach(str(file)):
        pass


@both_loops
def test_what_still_runs_in_the_end_is_ended(loop):
    ended = []

    async def cling(task):
        try:
            yield "here"
            await anyio.sleep_forever()
        finally:
            ended.append(task.text)

    with reach(agent_of(cling), loop=loop) as probe:
        for name in "ab":
            probe.open(ask(name, request_id=name)).next()
            probe.wait(1)
        probe.restart()
        assert sorted(ended) == ["a", "b"]
        probe.open(ask("c")).next()
        probe.wait(1)
    assert sorted(ended) == ["a", "b", "c"]


def test_a_thread_that_sleeps_for_ever_is_let_go():
    def sleep(task):
        time.sleep(1e9)
        yield "never"

    with reach(agent_of(sleep)) as probe:
        conversation = probe.open(ask())
        assert len(drained(conversation, timeout=60)) == 2
        assert conversation.end == "silent"
