"""How members of a stream read it: from where, on which connection, after what they have missed."""

import json
from weakref import ref

import pytest

from hocket.acp.limits import HubLimits, StreamLimits
from support.acp_hub import HubWorld, call, ids, small_history, talk, text, words

# --- where a connection begins


def test_a_member_that_was_away_is_given_everything_when_it_comes():
    world, _ = talk("ada")
    world.connect("bob", principal="bob")
    assert words(world.given("bob")) == ["STREAM_STARTED", "1", "2", "3"]


def test_a_member_that_comes_back_goes_on_where_it_was():
    world, stream_id = talk("ada", "bob")
    world.given("bob")
    world.disconnect("bob")
    world.say("ada", stream_id, "4")
    world.connect("bob", principal="bob")
    assert words(world.given("bob")) == ["4"]


def test_the_end_of_a_stream_is_told_to_who_was_away():
    world, stream_id = talk("ada", "bob", count=0)
    world.given("bob")
    world.hub.disconnect("bob", world.now)
    world.ok("ada", "stream.end", streamId=stream_id)
    world.connect("bob again", principal="bob")
    assert words(world.given("bob again")) == ["stream.end"]


def test_who_never_read_in_a_stream_is_not_bothered_with_it_once_it_is_over():
    world, stream_id = talk("ada", count=0)
    world.ok("ada", "stream.end", streamId=stream_id)
    world.connect("bob", principal="bob")
    assert world.given("bob") == []
    page = world.ok("bob", "stream.get", streamId=stream_id, lastEventId="0")
    assert words(page["events"]) == ["STREAM_STARTED", "stream.end"]


def test_a_stream_that_is_forgotten_is_read_no_more():
    world, stream_id = talk("ada", "bob", count=0)
    world.ok("ada", "stream.end", streamId=stream_id)
    world.wait(600.0)
    world.connect("bob again", principal="bob")
    assert world.given("bob again") == []


def test_who_has_not_read_a_stream_until_it_is_forgotten_reads_it_no_more():
    world, stream_id = talk("ada", count=0)
    world.hub.connect("bob", world.now, principal="bob")
    world.ok("ada", "stream.end", streamId=stream_id)
    world.wait(600.0)
    assert world.hub.take("bob") == []


def test_who_joins_late_is_given_what_begins_after_that():
    world, stream_id = talk("ada", "bob", "cyd")
    world.chunk("ada", stream_id, "begun before ", 1)
    joined = world.ok("cyd", "stream.join", streamId=stream_id)
    world.chunk("ada", stream_id, "and ended after", 2, last=True)
    world.chunk("ada", stream_id, "anew", 1, last=True)
    given = world.given("cyd")
    assert words(given) == ["anew"], "a message in chunks is given whole or not at all"
    assert joined["lastEventId"] == str(ids(given)[0] - 2)
    assert joined["stream"]["participants"] == ["ada", "bob", "cyd"]


@pytest.mark.parametrize("is_feed", [False, True])
def test_who_came_and_went_again_while_it_did_not_read_is_given_what_was_said_each_time(is_feed):
    world = HubWorld("ada", "bob")
    stream_id = world.start("ada", allowDynamicJoin=True)
    world.hub.connect("slow", world.now, principal="bob", listens=not is_feed)
    for number in range(3):
        world.hub.receive("bob", call("stream.join", streamId=stream_id), world.now)
        if is_feed and not number:
            assert world.hub.attach("slow", stream_id, world.now, only=True) is None
        world.hub.receive("ada", call("stream.message", streamId=stream_id, message=text(f"in {number}")), world.now)
        world.hub.receive("bob", call("stream.leave", streamId=stream_id), world.now)
        world.hub.receive("ada", call("stream.message", streamId=stream_id, message=text(f"out {number}")), world.now)
    sends = world.hub.take("slow")
    assert words([json.loads(send.message) for send in sends]) == ["in 0", "in 1", "in 2"]
    world.hub.receive("ada", call("stream.message", streamId=stream_id, message=text("after all")), world.now)
    assert world.hub.take("slow") == []


def test_who_comes_and_goes_for_ever_while_it_does_not_read_takes_no_more_room_than_the_log():
    world = HubWorld("ada", "bob", limits=HubLimits(stream=StreamLimits(history_size=2_000)))
    stream_id = world.start("ada", allowDynamicJoin=True)
    world.hub.connect("slow", world.now, principal="bob")
    stays = []
    for _ in range(50):
        world.hub.receive("bob", call("stream.join", streamId=stream_id), world.now)
        stays.append(ref(world.hub.stream(stream_id).roster.get("bob")))
        world.hub.receive("bob", call("stream.leave", streamId=stream_id), world.now)
    assert sum(stay() is not None for stay in stays) < 10


def test_a_message_that_is_lost_is_told_to_those_who_have_its_beginning_and_to_its_sender():
    world, stream_id = talk("ada", "bob", "cyd")
    world.chunk("ada", stream_id, "begun", 1)
    world.ok("cyd", "stream.join", streamId=stream_id)
    for agent in ("ada", "bob", "cyd"):
        world.given(agent)
    world.wait(300.0)
    assert (words(world.given("ada")), words(world.given("bob"))) == (["MESSAGE_LOST"], ["MESSAGE_LOST"])
    assert words(world.given("cyd")) == []


def test_a_connection_that_does_not_listen_is_given_its_answers_only():
    world, stream_id = talk("ada", count=0)
    world.ok("ada", "stream.invite", streamId=stream_id, agentId="cyd")
    world.connect("post", principal="cyd", listens=False)
    world.ok("post", "stream.join", streamId=stream_id)
    world.say("ada", stream_id, "hello")
    world.ok("post", "stream.join", streamId=stream_id, lastEventId="0")
    assert world.given("post") == []


# --- several connections of one agent


def test_two_connections_of_one_agent_are_both_given_everything():
    world, stream_id = talk("ada", "bob", count=0)
    world.connect("bob 2", principal="bob")
    world.given("bob"), world.given("bob 2")
    world.say("ada", stream_id, "hello")
    assert words(world.given("bob")) == words(world.given("bob 2")) == ["hello"]
    world.disconnect("bob")
    assert "PARTICIPANT_LOST" not in world.names("ada"), "it has another one"
    world.disconnect("bob 2")
    assert "PARTICIPANT_LOST" in world.names("ada")


def test_what_an_agent_says_on_one_connection_is_not_given_to_its_other():
    world, stream_id = talk("ada", "bob")
    world.connect("ada 2", principal="ada")
    world.say("ada 2", stream_id, "me")
    assert (world.given("ada"), world.given("ada 2")) == ([], [])
    assert words(world.given("bob"))[-1] == "me"


# --- after what has been missed


@pytest.mark.parametrize(
    ("last", "expected"), [(0, ["STREAM_STARTED", "1", "2", "3"]), (2, ["2", "3"]), (4, []), (99, [])]
)
def test_a_member_reads_again_after_the_event_it_names(last, expected):
    world, stream_id = talk("ada", "bob")
    world.given("bob")
    result = world.ok("bob", "stream.join", streamId=stream_id, lastEventId=str(last))
    assert result["lastEventId"] == str(min(last, 4))
    assert words(world.given("bob")) == expected
    world.say("ada", stream_id, "4")
    assert words(world.given("bob")) == ["4"]


def test_a_member_that_names_no_event_goes_on_where_it_is_and_is_told_where_that_is():
    world, stream_id = talk("ada", "bob")
    world.given("bob")
    assert world.ok("bob", "stream.join", streamId=stream_id)["lastEventId"] == "4"
    assert world.given("bob") == []


def test_nobody_reads_what_was_before_its_join():
    world, stream_id = talk("ada", "bob", "cyd")
    world.ok("cyd", "stream.join", streamId=stream_id)
    world.say("ada", stream_id, "4")
    assert words(world.given("cyd")) == ["4"]
    result = world.ok("cyd", "stream.join", streamId=stream_id, lastEventId="0")
    assert result["lastEventId"] == "5"
    assert words(world.given("cyd")) == ["4"]
    page = world.ok("cyd", "stream.get", streamId=stream_id, lastEventId="0")
    assert words(page["events"]) == ["4"]
    assert world.hub.attach("cyd", stream_id, world.now, last_event_id=0) is None
    assert words(world.given("cyd")) == ["4"]


@pytest.mark.parametrize("bad", ["-1", "1.0", "x", "", "9" * 19, "٣"])
@pytest.mark.parametrize("method", ["stream.join", "stream.get"])
def test_an_event_id_that_no_hub_gave_is_refused_before_anything_is_done(method, bad):
    world, stream_id = talk("ada", "cyd")
    refusal = world.error("cyd", method, streamId=stream_id, lastEventId=bad)
    assert (refusal["code"], "params.lastEventId" in refusal["message"]) == (-32602, True)
    assert world.hub.stream(stream_id).object().participants == ("ada", "bob")


def test_a_reader_that_fell_behind_is_told_which_events_are_gone():
    world, stream_id = small_history(5)
    gap, *rest = world.given("bob")
    assert gap["params"]["event"] == "REPLAY_GAP"
    assert (gap["params"]["data"], gap["params"]["eventId"]) == ({"first": "2", "last": "4"}, "4")
    assert gap["params"]["streamId"] == stream_id
    assert (words(rest), ids(rest)) == (["4", "5"], [5, 6])


def test_a_reader_that_names_an_event_that_is_gone_is_told_too():
    world, stream_id = small_history(5)
    world.given("bob")
    world.ok("bob", "stream.join", streamId=stream_id, lastEventId="1")
    assert words(world.given("bob")) == ["REPLAY_GAP", "4", "5"]
    world.ok("bob", "stream.join", streamId=stream_id, lastEventId="4")
    assert words(world.given("bob")) == ["4", "5"], "it has all before the first that is kept"


def test_what_is_gone_from_before_its_join_is_no_gap_for_a_member():
    world, stream_id = small_history(5)
    world.connect("cyd", principal="cyd")
    world.ok("ada", "stream.invite", streamId=stream_id, agentId="cyd")
    world.ok("cyd", "stream.join", streamId=stream_id)
    world.given("cyd")
    world.ok("cyd", "stream.join", streamId=stream_id, lastEventId="0")
    assert world.given("cyd") == []


# --- at its pace


def test_a_reader_takes_as_much_as_it_wants():
    world, stream_id = talk("ada", count=0)
    world.hub.connect("bob", 0.0, principal="bob")
    for number in range(5):
        world.say("ada", stream_id, str(number))
    taken = []
    while sends := world.hub.take("bob", 2):
        assert len(sends) <= 2
        taken += sends
    assert [send.event_id for send in taken] == [1, 2, 3, 4, 5, 6]


def test_streams_take_turns():
    world = HubWorld("ada")
    streams = [world.start("ada", "bob") for _ in range(2)]
    for stream_id in streams:
        for number in range(4):
            world.say("ada", stream_id, str(number))
    world.hub.connect("bob", 0.0, principal="bob")
    turns = [json.loads(send.message)["params"]["streamId"] for _ in range(4) for send in world.hub.take("bob", 2)]
    first, second = streams
    assert turns == [first] * 2 + [second] * 2 + [first] * 2 + [second] * 2


def test_many_events_of_its_own_do_not_stop_a_reader():
    world, stream_id = talk("ada", "bob", count=300)
    world.hub.receive("bob", call("stream.message", streamId=stream_id, message=text("hello")), 0.0)
    assert words([json.loads(send.message) for send in world.hub.take("ada")]) == ["hello"]


def test_answers_come_before_events_and_count_until_they_are_taken():
    world, stream_id = talk("ada", "bob", count=2)
    world.given("ada")
    world.hub.receive("bob", call("stream.message", streamId=stream_id, message=text("hello")), 0.0)
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "stream.get", "params": {"streamId": stream_id}})
    assert world.hub.unread("ada") == 0
    world.hub.receive("ada", request.encode(), 0.0)
    world.hub.receive("ada", request.encode().replace(b'"id": 1', b'"id": 2'), 0.0)
    unread = world.hub.unread("ada")
    (first,) = world.hub.take("ada", 1)
    assert unread == 2 * len(first.message)
    assert world.hub.unread("ada") == len(first.message)
    second, event = world.hub.take("ada")
    assert (json.loads(second.message)["id"], second.event_id, event.event_id) == (2, None, 4)
    assert world.hub.unread("ada") == 0


def test_one_reader_that_does_not_take_holds_up_nobody():
    world = HubWorld("ada")
    world.hub.connect("slow", 0.0, principal="slow")
    world.inbox.pop("slow", None)
    world.connect("bob", principal="bob")
    stream_id = world.start("ada", "slow", "bob")
    for number in range(20):
        world.say("ada", stream_id, str(number))
    assert len(world.given("bob")) == 22
    assert len(world.hub.take("slow")) == 22


def test_next_send_gives_all_that_there_is_and_nothing_for_who_is_gone():
    world = HubWorld()
    for agent in ("ada", "bob", "cyd"):
        world.hub.connect(agent, 0.0, principal=agent)
    request = {"jsonrpc": "2.0", "id": 1, "method": "stream.start", "params": {"participants": ["bob", "cyd"]}}
    world.hub.receive("ada", json.dumps(request).encode(), 0.0)
    first = world.hub.next_send()
    assert first.link == "ada"
    second = world.hub.next_send()
    assert second.link == "bob"
    world.hub.disconnect("bob", 0.0)
    rest = [send.link for send in iter(world.hub.next_send, None)]
    assert (rest.count("bob"), rest.count("cyd")) == (0, 3), "though one was out of the box already"


def test_next_send_gives_everybody_a_turn():
    world, _ = talk("ada", count=100)
    for agent in ("bob 1", "bob 2"):
        world.hub.connect(agent, 0.0, principal="bob")
    links = [send.link for send in iter(world.hub.next_send, None)]
    assert links == ["bob 1"] * 64 + ["bob 2"] * 64 + ["bob 1"] * 37 + ["bob 2"] * 37


# --- connections for one stream


def feed_of(world, stream_id, **options):
    world.hub.connect("feed", world.now, principal="bob", ordered=False, stream_id=stream_id)
    refusal = world.hub.attach("feed", stream_id, world.now, only=True, **options)
    world.inbox["feed"], world.replies["feed"] = [], []
    return refusal


def test_a_feed_is_given_its_stream_and_nothing_else():
    world, stream_id = talk("ada")
    other = world.start("ada", "bob")
    assert feed_of(world, stream_id, last_event_id=2) is None
    world.say("ada", other, "elsewhere")
    world.start("ada", "bob")
    world.say("ada", stream_id, "here")
    assert words(world.given("feed")) == ["2", "3", "here"]


def test_a_connection_for_one_stream_reads_no_other_from_the_beginning():
    world, stream_id = talk("ada")
    other = world.start("ada", "bob")
    away = world.start("ada")
    world.ok("ada", "stream.invite", streamId=away, agentId="bob")
    world.connect("socket", principal="bob", stream_id=stream_id)
    assert {each["params"]["streamId"] for each in world.given("socket")} == {stream_id}
    world.connect("bob", principal="bob")
    assert {each["params"]["streamId"] for each in world.given("bob")} == {other, away}, "the invitation has waited"


def test_a_connection_for_one_stream_of_which_nobody_was_named_yet_is_not_over():
    world, stream_id = talk("ada")
    world.connect("socket", stream_id=stream_id)
    assert not world.hub.is_over("socket")
    world.ok("ada", "stream.end", streamId=stream_id)
    assert world.hub.is_over("socket")


def test_a_connection_that_is_narrowed_down_reads_no_other_stream():
    world, stream_id = talk("ada", "bob")
    other = world.start("ada", "bob")
    world.given("bob")
    assert world.hub.attach("bob", stream_id, world.now, only=True) is None
    world.say("ada", other, "elsewhere")
    world.say("ada", stream_id, "here")
    assert words(world.given("bob")) == ["here"]


def test_an_invitation_to_another_stream_waits_for_a_connection_that_is_for_all():
    world, stream_id = talk("ada")
    feed_of(world, stream_id)
    other = world.start("ada")
    world.ok("ada", "stream.invite", streamId=other, agentId="bob")
    assert "stream_invitation" not in words(world.given("feed"))
    world.connect("bob", principal="bob")
    assert "stream_invitation" in words(world.given("bob"))


@pytest.mark.parametrize("has_another", [False, True])
def test_an_invitation_that_a_broken_connection_has_not_taken_waits_for_the_next(has_another):
    world = HubWorld("ada")
    stream_id = world.start("ada")
    for link in ("broken", "other") if has_another else ("broken",):
        world.hub.connect(link, world.now, principal="bob")
    world.hub.receive("ada", call("stream.invite", streamId=stream_id, agentId="bob"), world.now)
    world.hub.disconnect("broken", world.now)
    if has_another:
        assert words([json.loads(send.message) for send in world.hub.take("other")]) == ["stream_invitation"]
    world.connect("next", principal="bob")
    assert world.names("next") == ([] if has_another else ["stream_invitation"])


def test_a_feed_is_over_when_the_end_was_taken():
    world, stream_id = talk("ada")
    feed_of(world, stream_id)
    assert not world.hub.is_over("feed")
    world.hub.receive("ada", call("stream.end", streamId=stream_id), 0.0)
    assert not world.hub.is_over("feed"), "the end is not taken yet"
    assert words(world.given("feed"))[-1] == "stream.end"
    assert world.hub.is_over("feed")
    world.wait(600.0)
    assert world.hub.is_over("feed")


def test_a_feed_is_over_when_its_agent_has_left():
    world, stream_id = talk("ada")
    feed_of(world, stream_id)
    world.hub.receive("ada", call("stream.remove", streamId=stream_id, agentId="bob"), 0.0)
    assert not world.hub.is_over("feed")
    assert words(world.given("feed"))[-1] == "PARTICIPANT_LEFT"
    assert world.hub.is_over("feed")


def test_a_connection_for_any_stream_is_never_over():
    world, stream_id = talk("ada", "bob")
    world.ok("ada", "stream.end", streamId=stream_id)
    world.given("bob")
    assert not world.hub.is_over("bob")


def test_a_connection_for_one_stream_says_nothing_about_others():
    world, stream_id = talk("ada")
    other = world.start("ada", "bob")
    world.connect("socket", principal="bob", stream_id=stream_id)
    assert not world.hub.is_over("socket"), "it has not even begun"
    for method, params in [
        ("stream.get", {"streamId": other}),
        ("stream.start", {"participants": ["bob"]}),
        ("stream.start", {"participants": ["bob"], "streamId": other}),
    ]:
        assert world.error("socket", method, **params)["code"] == -32602
    world.ok("socket", "stream.get", streamId=stream_id)
    world.ok("socket", "stream.start", participants=[], streamId=stream_id)


def test_only_members_read():
    world, stream_id = talk("ada", "eve")
    assert world.hub.attach("eve", "stream-none", 0.0).code == -40003
    refusal = world.hub.attach("eve", stream_id, 0.0, only=True)
    assert (refusal.code, refusal.data["reason"]) == (-40006, "not_a_participant")
    other = world.start("ada", "eve")
    assert other in [each["params"]["streamId"] for each in world.given("eve")], "what was refused has changed nothing"
