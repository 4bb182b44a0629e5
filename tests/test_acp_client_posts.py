"""What is posted in passing: together, in order, and never lost silently."""

import json

import pytest

from hocket.acp.client.events import BatchFailed
from hocket.acp.events import (
    StreamEnded,
)
from hocket.acp.limits import ClientLimits
from hocket.errors import (
    LocalProtocolError,
)
from support.acp_hub_script import STREAM, HubScript, happened, notification

# Posting


def posted(hub, *texts):
    for text in texts:
        hub.ask("post", STREAM, text)


def words(requests):
    return [request["params"]["message"]["parts"][0]["content"] for request in requests]


def test_posted_messages_go_together_after_a_second():
    hub = HubScript(batches=True).enter()
    posted(hub, "a", "b")
    hub.wait(0.9)
    assert hub.sent() == []
    hub.wait(0.1)
    (batch,) = hub.sent()
    assert words(batch) == ["a", "b"]


def test_the_tenth_posted_message_sends_all_ten_at_once_as_requests_where_the_hub_takes_no_arrays():
    hub = HubScript().enter()
    posted(hub, *"abcdefghij")
    assert words(hub.sent()) == list("abcdefghij")


def test_where_the_line_does_not_keep_the_order_posted_messages_go_one_by_one():
    hub = HubScript(is_ordered=False).enter()
    posted(hub, *"abcdefghij")
    arrived = []
    while requests := hub.sent():
        assert len(requests) == 1
        arrived += words(requests)
        hub.answer(requests[0]["id"])
    assert arrived == list("abcdefghij")
    assert hub.events() == []


def test_a_direct_message_and_the_end_come_after_what_was_posted():
    hub = HubScript(batches=True).enter()
    posted(hub, "a", "b")
    direct, ending = hub.ask("message", STREAM, "c"), hub.ask("end", STREAM)
    (batch,) = hub.sent()
    assert words(batch) == ["a", "b"], "at once: somebody waits for it"
    assert hub.sent() == []
    for request in batch:
        hub.answer(request["id"])
    assert [request["id"] for request in hub.sent()] == [direct, ending]


def test_what_is_refused_for_the_moment_is_sent_again_in_its_order():
    hub = HubScript(batches=True).enter()
    posted(hub, "a", "b", "c")
    hub.wait(1.0)
    (batch,) = hub.sent()
    posted(hub, "d")
    hub.answer(batch[0]["id"])
    hub.refuse(batch[1]["id"], -40012, {"limit": "rate", "max": 1, "retryAfter": 20})
    hub.answer(batch[2]["id"])
    hub.wait(19.9)
    assert hub.sent() == []
    hub.wait(0.1)
    (batch,) = hub.sent()
    assert words(batch) == ["b", "d"]
    assert hub.events() == []


def test_what_was_posted_waits_while_the_stream_is_paused_and_goes_on_with_it():
    hub = HubScript().enter()
    posted(hub, "a")
    hub.say(happened("STREAM_PAUSED", 1))
    hub.wait(5.0)
    assert hub.sent() == []
    hub.say(happened("STREAM_RESUMED", 2))
    assert words(hub.sent()) == ["a"]


def test_what_is_refused_for_good_is_told_with_the_message():
    hub = HubScript().enter()
    posted(hub, "a")
    hub.wait(1.0)
    hub.refuse(hub.asked()[0], -40012, {"limit": "text", "max": 3})
    (failed,) = hub.events()
    assert isinstance(failed, BatchFailed)
    assert [message.text for message in failed.messages] == ["a"]
    assert failed.error.code == -40012


def test_what_was_posted_to_a_stream_that_ends_is_told():
    hub = HubScript().enter()
    posted(hub, "a", "b")
    hub.wait(1.0)
    hub.sent()
    posted(hub, "c")
    direct = hub.ask("message", STREAM, "d")
    hub.say(notification("end", reason="done", eventId="1"))
    ended, failed, refused = hub.events()
    assert isinstance(ended, StreamEnded)
    assert [message.text for message in failed.messages] == ["a", "b", "c"]
    assert (refused.request_id, refused.error.code) == (direct, -40004)


def test_a_lost_connection_loses_nothing_that_was_posted():
    hub = HubScript(batches=True).enter()
    posted(hub, "a", "b")
    hub.wait(1.0)
    hub.sent()
    posted(hub, "c")
    hub.lose()
    hub.wait(5.0)
    hub.events()
    hub.connect()
    hub.admit(hub.asked()[0])
    hub.wait(1.0)
    (batch,) = hub.sent()
    assert words(batch) == ["a", "b", "c"]


def test_more_posted_messages_than_may_wait_are_refused():
    hub = HubScript(limits=ClientLimits(unsent=2)).enter()
    posted(hub, "a", "b")
    with pytest.raises(LocalProtocolError, match="unsent = 2"):
        posted(hub, "c")


def test_an_array_is_never_longer_than_a_message_may_be():
    hub = HubScript(batches=True, limits=ClientLimits(message=4_000)).enter()
    posted(hub, *["x" * 1_000] * 5)
    arrived = 0
    while arrived < 5:
        messages = hub.client.messages_to_send()
        assert all(len(message) <= 4_000 for message in messages)
        for message in messages:
            for request in json.loads(message) if message[:1] == b"[" else [json.loads(message)]:
                hub.answer(request["id"])
                arrived += 1
        hub.wait(1.0)
    assert hub.events() == []


def test_an_array_is_sent_again_as_an_array():
    """One by one, parallel POSTs would arrive in any order."""
    hub = HubScript(batches=True, is_ordered=False).enter()
    posted(hub, "a", "b")
    hub.wait(1.0)
    (first,) = hub.sent()
    hub.wait(10.0)
    (second,) = hub.sent()
    assert first == second
