"""Probes over the wire: the same asks have the same answers, whatever carries them; what is out of reach is said."""

import json
import re
from contextlib import ExitStack, contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hocket import Agent
from hocket.errors import ConnectionFailed
from hocket.http import bearer_tokens
from hocket.testing.probe import Ask
from hocket_io.acp import HubHost
from hocket_io.http.asgi import App
from hocket_io.testing import reach
from support import forks
from support.serving import serving

pytestmark = pytest.mark.process

parrot = Agent("parrot")


@parrot.stream
def repeat(task):
    if "!" in task.text:
        raise ValueError(task.text)
    yield from task.text.split()


CHILD = """
import sys
sys.stderr.write("I am a child\\n")
from hocket import Agent
parrot = Agent("parrot")

@parrot.stream
def repeat(task):
    if "!" in task.text:
        raise ValueError(task.text)
    yield from task.text.split()
"""


@pytest.fixture(scope="module")
def url():
    with serving(lambda url: App(parrot, websockets=True)) as url:
        yield url


@pytest.fixture(scope="module")
def probes(url, tmp_path_factory):
    """The same agent, in this process, over HTTP, over a WebSocket and as a child process."""
    file = tmp_path_factory.mktemp("child") / "parrot.py"
    file.write_text(CHILD)
    pipe = f"stdio:{forks.python()} -m hocket pipe {file}"
    with ExitStack() as stack:
        targets = {"memory": parrot, "http": url, "websocket": f"ws{url[4:]}", "pipe": pipe}
        yield {name: stack.enter_context(reach(target)) for name, target in targets.items()}


def told(message):
    """A message without what is different each time."""
    text = re.sub(r'"[0-9a-f]{32}"|"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"', '"ID"', message.decode())
    return re.sub(r'"\d{4}-\d\d-\d\dT[\d:.]+Z"', '"TIME"', re.sub(r"under [0-9a-f-]{32,36}", "under ID", text))


def answers(probe, asks):
    """What comes for asks that are open at the same time, and read in turn; words that came together are one."""
    conversations = [probe.open(ask) for ask in asks]
    found = []
    for conversation in conversations:
        messages = []
        while (message := conversation.next(10)) is not None:
            messages.append(told(message))
        found.append((joined(messages), conversation.end))
    return found


def joined(messages):
    """The messages, where the words of an artifact are one: a fast agent's are sent together, as it comes."""
    words, others = [], []
    for message in messages:
        update = (json.loads(message).get("result") or {}) if message.startswith("{") else {}
        if "artifactUpdate" in update:
            words += [part["text"] for part in update["artifactUpdate"]["artifact"]["parts"]]
        else:
            others.append(message)
    return "".join(words), others


def message_of(text):
    return {"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": text}]}}


def raw(body):
    return Ask(body=body, headers={"Content-Type": "application/json"})


ASKS = st.one_of(
    st.builds(lambda text: ("SendStreamingMessage", message_of(text)), st.text("ab !\u2028", min_size=1, max_size=6)),
    st.builds(lambda text: ("SendMessage", message_of(text)), st.text("ab !", min_size=1, max_size=6)),
    st.just(("GetTask", {"id": "no such task"})),
    st.just(("SubscribeToTask", {"id": "no such task"})),
    st.just(("Nonsense", {})),
    st.just(("SendMessage", {"message": 7})),
    st.just(("GetTask", None)),
)


@settings(max_examples=8)
@given(st.lists(ASKS, min_size=1, max_size=4))
def test_the_same_asks_have_the_same_answers_whatever_carries_them(probes, asked):
    found = {}
    for name, probe in probes.items():
        asks = [Ask.call(method, params, id=probe.fresh_id()) for method, params in asked]
        ids = {json.loads(ask.body)["id"]: f"ask {number}" for number, ask in enumerate(asks)}
        text = json.dumps(answers(probe, asks))
        for each, number in ids.items():
            text = text.replace(each, number)
        found[name] = text
    assert found["http"] == found["memory"]
    assert found["websocket"] == found["memory"]
    assert found["pipe"] == found["memory"]


@pytest.mark.parametrize(
    "body", [b"{nonsense", b"[]", b"[1]", b'{"jsonrpc":"2.0","id":3,"method":7}', b"7", b'"\\ud800"']
)
def test_and_so_has_what_no_client_sends(probes, body):
    expected = answers(probes["memory"], [raw(body)])
    assert expected[0][1] == "complete"
    for probe in probes.values():
        assert answers(probe, [raw(body)]) == expected


def test_over_http_the_head_of_the_response_is_the_same_too(probes):
    for ask in (Ask.get("/.well-known/agent-card.json"), Ask.get("/nowhere"), Ask.call("GetTask", {"id": "no"})):
        heads = []
        for name in ("memory", "http"):
            conversation = probes[name].open(ask)
            conversation.next(10)
            fields = {**conversation.headers, **dict.fromkeys(("content-length", "etag", "last-modified"), "…")}
            heads.append((conversation.status, fields))
        (status, ours), (other_status, others) = heads
        assert other_status == status
        assert {name: value for name, value in others.items() if name not in ("date", "server")} == ours


def test_what_carries_it_is_said_and_the_card_where_there_is_one(probes, url):
    assert {name: probe.binding for name, probe in probes.items()} == {name: name for name in probes}
    assert {name: probe.versions for name, probe in probes.items()} == dict.fromkeys(probes, ("1.0", "0.3"))
    assert [name for name, probe in probes.items() if probe.card is None] == ["websocket", "pipe"]
    assert probes["http"].target == url


def test_lines_for_a_shell_are_given_where_a_shell_gets_there(probes, url):
    ask = Ask.call("GetTask", {"id": "T"})
    lines = {name: probe.curl(ask) for name, probe in probes.items()}
    assert lines["memory"] is None
    assert lines["websocket"] is None
    assert lines["http"].startswith(f"curl -sN {url} ")
    assert re.match(r"printf '\{.*_meta.*\}\\n' \| \S*python\S* -m hocket pipe ", lines["pipe"])


def test_who_leaves_is_gone_and_the_connection_works_on(probes):
    for probe in probes.values():
        ask = Ask.call("SendStreamingMessage", message_of("a b c"), id=probe.fresh_id())
        conversation = probe.open(ask)
        assert conversation.next(10) is not None
        conversation.close()
        assert conversation.end in ("cut", "complete")
        assert answers(probe, [Ask.call("GetTask", {"id": "no"}, id=probe.fresh_id())])[0][1] == "complete"


def test_nothing_is_sent_as_a_space_where_a_message_cannot_be_empty(probes):
    probe = probes["websocket"]
    conversation = probe.open(Ask(body=b""))
    assert answers(probe, [Ask.call("GetTask", {"id": "no"}, id=probe.fresh_id())])[0][1] == "complete"
    assert conversation.reason == ""
    conversation.close()


def test_a_websocket_that_the_server_ends_is_opened_again(probes):
    probe = probes["websocket"]
    conversation = probe.open(raw(b"\xff\xfe"))
    assert conversation.next(10) is None
    assert conversation.end == "cut"
    assert "1007" in conversation.reason
    assert answers(probe, [Ask.call("GetTask", {"id": "no"}, id=probe.fresh_id())])[0][1] == "complete"


def test_a_child_that_dies_is_told_with_its_last_words_and_can_be_started_anew():
    dies = (
        "import sys, json\n"
        "for number, line in enumerate(sys.stdin):\n"
        "    asked = json.loads(line)\n"
        "    print(json.dumps({'jsonrpc': '2.0', 'id': asked['id'], 'result': {}}), flush=True)\n"
        "    if number == 1: sys.exit('I have had enough')\n"
    )
    with reach(f'stdio:python -c "{dies}"') as probe:
        assert probe.open(Ask.call("tasks/get", {}, version="0.3")).next(10) is not None
        conversation = probe.open(Ask.call("tasks/get", {}, version="0.3"))
        assert conversation.next(10) is None
        assert conversation.end == "cut"
        assert re.search(r"ended with exit code 1; it said: I have had enough$", conversation.reason)
        again = probe.open(Ask.call("tasks/get", {}, version="0.3"))
        assert (again.next(10), again.reason) == (None, conversation.reason)
        probe.restart()
        assert probe.open(Ask.call("tasks/get", {}, version="0.3")).next(10) is not None


def test_who_leaves_a_call_on_a_pipe_cancels_it():
    remembers = (
        "import sys, json\n"
        "cancelled = []\n"
        "for line in sys.stdin:\n"
        "    asked = json.loads(line)\n"
        "    if asked['method'] == '$/cancelRequest': cancelled.append(asked['params']['id'])\n"
        "    if asked['method'] == 'tasks/get':\n"
        "        print(json.dumps({'jsonrpc': '2.0', 'id': asked['id'], 'result': cancelled}), flush=True)\n"
    )
    with reach(f'stdio:python -c "{remembers}"') as probe:
        probe.open(Ask.call("message/stream", {}, id=7, version="0.3")).close()
        answer = probe.open(Ask.call("tasks/get", {}, id=8, version="0.3")).next(10)
    assert json.loads(answer)["result"] == [7]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("http://127.0.0.1:1/", "cannot reach http://127.0.0.1:1/.*nothing listens there"),
        ("ws://127.0.0.1:1/", "cannot reach ws://127.0.0.1:1/.*nothing listens there"),
        ("tcp://127.0.0.1:1", "cannot reach tcp://127.0.0.1:1.*nothing listens there"),
        ("acp+http://127.0.0.1:1", "cannot reach http://127.0.0.1:1.*nothing listens there"),
        ("stdio:there-is-no-such-program", "cannot start 'there-is-no-such-program'"),
        ("stdio:true", "there is no agent: the child process 'true' ended with exit code 0"),
        ("stdio:sh -c 'seq 1 30; cat'", "there is no agent: what it writes is no JSON-RPC, such as b'20'"),
    ],
)
def test_what_cannot_be_reached_is_said_at_once(target, said):
    with pytest.raises(ConnectionFailed, match=said), reach(target):
        pass


def test_a_server_of_something_else_is_no_agent():
    async def pages(scope, receive, send):
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
            await send({"type": "http.response.body", "body": b"<p>Welcome"})

    with (
        serving(lambda url: pages, lifespan="off") as url,
        pytest.raises(
            ConnectionFailed, match=r"there is no agent at .*no card.*HTTP 200.*give the address of an agent"
        ),
        reach(url),
    ):
        pass


def test_no_connection_is_used_for_two_requests():
    """A server may close one after an answer without a word: the next request would be lost, and did no wrong."""
    connections = []

    async def fragile(scope, receive, send):
        connections.append(scope["client"])
        if scope["path"] == "/break":
            raise RuntimeError("uvicorn answers 500 and closes the connection")
        await App(parrot)(scope, receive, send)

    with serving(lambda url: fragile, lifespan="off", log_config=None) as url, reach(url) as probe:
        broken = probe.open(Ask.get("/break"))
        assert (broken.next(10), broken.status) == (b"Internal Server Error", 500)
        for _ in range(3):
            assert answers(probe, [Ask.call("GetTask", {"id": "no"})])[0][1] == "complete"
    assert len(connections) == len(set(connections)) == 5


def test_credentials_are_sent_along_and_missed_where_there_are_none():
    with serving(lambda url: App(parrot, authenticate=bearer_tokens({"s3cret": "ada"}))) as url:
        headers = {"Authorization": "Bearer s3cret"}
        with reach(url, headers=headers) as probe:
            assert answers(probe, [Ask.call("ListTasks", {})])[0][1] == "complete"
            line = probe.curl(Ask.call("ListTasks", {}))
            assert "Authorization: Bearer" in line
            assert "s3cret" not in line
        with reach(url) as probe:
            conversation = probe.open(Ask.call("ListTasks", {}))
            conversation.next(10)
            assert conversation.status == 401


@contextmanager
def hub_in_memory():
    with reach(HubHost) as probe:
        yield probe


def said(conversation):
    message = conversation.next(5)
    return None if message is None else json.loads(message)


def test_a_hub_in_memory_has_a_connection_for_each_conversation():
    def play(probe):
        ada, bob = (probe.open(Ask(headers={"X-Agent-Id": name})) for name in ("ada", "bob"))
        start = {"jsonrpc": "2.0", "id": 1, "method": "stream.start", "params": {"participants": ["ada", "bob"]}}
        ada.send(json.dumps(start).encode())
        stream = said(ada)["result"]["stream"]
        invited = said(bob)
        assert invited["params"]["streamId"] == stream["streamId"]
        unreadable = probe.open(Ask(body=b"{nonsense", headers={"X-Agent-Id": "eve"}))
        assert said(unreadable)["error"]["code"] == -32700
        assert (said(unreadable), unreadable.end) == (None, "silent")
        bob.close()
        assert bob.end == "cut"
        return stream, invited

    with hub_in_memory() as probe:
        assert (probe.protocol, probe.binding, probe.card, probe.versions) == ("acp", "memory", None, ())
        once = play(probe)
        probe.restart()
        assert play(probe) == once
        assert probe.curl(Ask()) is None
