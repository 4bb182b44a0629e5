"""`stream.get` with an event id: what happened since, page by page, for those who have no connection that listens."""

import pytest

from hocket.acp.limits import HubLimits, StreamLimits
from support.acp_hub import HubWorld, call, ids, name_of, small_history, talk, text, words


def test_the_stream_alone_is_what_is_got_without_an_event_id():
    world, stream_id = talk("ada", "bob")
    assert set(world.ok("bob", "stream.get", streamId=stream_id)) == {"type", "stream"}


def test_pages_are_what_would_have_been_sent():
    world, stream_id = talk("ada", "bob", count=7)
    world.say("bob", stream_id, "mine")
    world.chunk("ada", stream_id, "8", 1)
    sent = world.given("bob")
    last, pages = "0", []
    while True:
        page = world.ok("bob", "stream.get", streamId=stream_id, lastEventId=last, limit=3)
        assert "replayGap" not in page
        if page["lastEventId"] == last:
            break
        assert len(page["events"]) <= 3
        pages += page["events"]
        last = page["lastEventId"]
    assert sorted(pages, key=lambda each: ids([each])) == [
        each for each in sent if name_of(each) != "stream_invitation"
    ]
    assert last == "10"
    assert world.ok("bob", "stream.get", streamId=stream_id, lastEventId="999")["lastEventId"] == "10"


def test_a_page_of_things_one_did_oneself_is_empty_and_leads_on():
    world, stream_id = talk("ada", "bob", count=5)
    page = world.ok("ada", "stream.get", streamId=stream_id, lastEventId="1", limit=2)
    assert (page["events"], page["lastEventId"]) == ([], "3")


def test_a_page_says_what_is_gone():
    world, stream_id = small_history(5)
    page = world.ok("bob", "stream.get", streamId=stream_id, lastEventId="0")
    assert page["replayGap"] == {"first": "1", "last": "4"}
    assert (words(page["events"]), page["lastEventId"]) == (["4", "5"], "6")
    assert "replayGap" not in world.ok("bob", "stream.get", streamId=stream_id, lastEventId="4")


def test_what_is_gone_from_before_its_join_is_not_missing_on_a_members_page():
    world, stream_id = small_history(5)
    world.ok("ada", "stream.invite", streamId=stream_id, agentId="cyd")
    world.connect("cyd", principal="cyd")
    joined = world.ok("cyd", "stream.join", streamId=stream_id)
    page = world.ok("cyd", "stream.get", streamId=stream_id, lastEventId="0")
    assert (page["events"], page["lastEventId"], "replayGap" in page) == ([], joined["lastEventId"], False)


@pytest.mark.parametrize(("limit", "count"), [(None, 100), (0, 1), (-5, 1), (5_000, 1_000)])
def test_a_page_has_a_hundred_events_or_as_many_as_asked_for_up_to_a_thousand(limit, count):
    limits = HubLimits(stream=StreamLimits(history=2_000))
    world = HubWorld("ada", limits=limits)
    stream_id = world.start("ada", "bob")
    for number in range(1_100):
        world.hub.receive("ada", call("stream.message", streamId=stream_id, message=text(str(number))), 0.0)
    world.connect("post", principal="bob", listens=False)
    page = world.ok("post", "stream.get", streamId=stream_id, lastEventId="0", limit=limit)
    assert len(page["events"]) == count


def test_a_page_is_not_longer_than_8_mib_unless_one_event_is():
    world = HubWorld("ada", limits=HubLimits(message=64 * 1024 * 1024, stream=StreamLimits(history_size=2**30)))
    stream_id = world.start("ada", "bob")
    file = {"type": "FilePart", "content": "x" * 3 * 1024 * 1024, "encoding": "base64"}
    for parts in ([file], [file], [file], [file] * 3):
        world.ok("ada", "stream.message", streamId=stream_id, message={"role": "agent", "parts": parts})
    world.connect("post", principal="bob", listens=False)
    last, lengths = "0", []
    for _ in range(3):
        page = world.ok("post", "stream.get", streamId=stream_id, lastEventId=last)
        last = page["lastEventId"]
        lengths.append(len(page["events"]))
    assert lengths == [3, 1, 1], "the start and two messages, one message, and one that is too long by itself"
