"""acp-sdk-python 1.3.0 talks to our hub: its client starts a stream, says something, sends chunks and ends it.

It says that it needs half a hundred packages; here are those that its client really imports.
"""

import json
import urllib.request

import pytest

from support.peers import peer_lines, python_of
from support.serving import serving

pytest.importorskip("uvicorn", reason="uvicorn is not installed (extra: http)")
from hocket.http.principal import bearer_tokens
from hocket_io.acp.host import HubHost
from hocket_io.http.hub_app import HubApp

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def session():
    """Runs the session against a hub; gives what each call returned, and the hub's stream afterwards."""
    python = python_of("pydantic>=2.8", "httpx", "fastapi", bare=("acp-sdk-python==1.3.0",))

    def run(host, token="any text will do"):
        with serving(lambda url: HubApp(host)) as url:
            answers = peer_lines(python, "acp_sdk_session.py", url.rstrip("/"), token)
            stream_id = answers[0]["result"]["stream"]["streamId"]
            assert host.hub.stream(stream_id).is_closed  # or the feed would not end
            return answers, host.hub.stream(stream_id), _feed(url, stream_id) if token != "of alice" else None

    return run


def _feed(url, stream_id):
    """What the other participant is given, read to the end of the feed."""
    request = urllib.request.Request(
        f"{url}streams/{stream_id}", headers={"Accept": "text/event-stream", "X-Agent-Id": "bob"}
    )
    with urllib.request.urlopen(request, timeout=20) as response:
        body = response.read().decode()
    return [json.loads(line.removeprefix("data: ")) for line in body.splitlines() if line.startswith("data: ")]


@pytest.fixture(scope="module")
def finished(session):
    return session(HubHost())


def test_its_calls_succeed(finished):
    answers, _, _ = finished
    start, message, *chunks = answers[:5]
    assert start["result"]["type"] == "stream"
    assert start["result"]["stream"]["status"] == "ACTIVE"
    assert start["result"]["stream"]["participants"] == ["alice", "bob"]
    assert message["result"]["type"] == "success"
    assert [chunk["result"]["type"] for chunk in chunks] == ["notification"] * 3
    assert answers[6]["result"]["type"] == "success"


def test_it_gets_the_codes_of_our_refusals(finished):
    answers, _, _ = finished
    gap, _, again, unknown = answers[5:]
    assert gap["code"] == -40012
    assert gap["data"] == {"limit": "buffered", "max": 64}
    assert again["code"] == -40004
    assert again["data"]["closedAt"]
    assert unknown["code"] == -40003


def test_what_it_said_is_whole(finished):
    _, stream, _ = finished
    assert [(said.agent, said.text) for said in stream.log] == [("alice", "hi"), ("alice", "Grüße, in chunks")]
    assert stream.log[0].message.parts[0].extra == {"width": 3}


def test_the_other_participant_is_given_all_of_it(finished):
    _, _, feed = finished
    methods = [(notice["method"], notice["params"]["eventId"]) for notice in feed]
    assert methods == [
        ("stream.event", "1"),
        ("stream.message", "2"),
        ("stream.chunk", "3"),
        ("stream.chunk", "4"),
        ("stream.chunk", "5"),
        ("stream.end", "6"),
    ]
    assert all("null" not in json.dumps(notice) for notice in feed)


def test_with_its_bearer_token_it_is_whom_the_token_says(session):
    host = HubHost(authenticate=bearer_tokens({"of alice": "alice"}))
    answers, stream, _ = session(host, token="of alice")
    assert [said.agent for said in stream.log] == ["alice", "alice"]
    assert answers[0]["result"]["stream"]["participants"] == ["alice", "bob"]
