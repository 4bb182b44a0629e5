"""The client's line: lost, tried again, and what becomes of what was asked."""

from hocket.acp.client import Client
from hocket.acp.client.events import (
    Answered,
    Poll,
    Reconnect,
    Reconnected,
    ReconnectExhausted,
    Reconnecting,
)
from hocket.acp.events import MessageLost, MessageSent, ParticipantLeft
from hocket.acp.hub import Hub
from hocket.acp.limits import ClientLimits
from hocket.entropy import seeded
from support.acp_hub_script import DEAD, STREAM, HubScript, chunk, exhaust, feeds, notification, said
from support.drain import drain

# The line


def test_a_lost_line_is_tried_again_and_its_streams_go_on_after_the_last_event():
    hub = HubScript(random=1.0).enter()
    hub.say(said("a", 3))
    hub.events()
    hub.lose(DEAD)
    assert hub.events() == [Reconnecting(attempt=1, delay=2.0, error=DEAD)]
    assert hub.state == "lost"
    hub.wait(1.9)
    assert hub.events() == []
    hub.wait(0.1)
    assert hub.events() == [Reconnect()]
    hub.connect()
    assert hub.events() == [Reconnected()]
    request_id, method, params = hub.asked()
    assert (method, params) == ("stream.join", {"streamId": STREAM, "lastEventId": "3", "agentId": "ada"})
    hub.admit(request_id, lastEventId="3")
    assert (hub.state, hub.events()) == ("active", [])
    hub.say(said("b", 4))
    assert hub.told() == ["MessageSent b"]


def test_who_was_sent_away_while_its_line_was_lost_and_is_let_in_again_is_told_what_it_will_never_hear():
    hub = HubScript().enter()
    hub.say(chunk("a", 1, 3, 3))
    hub.lose()
    hub.connect()
    hub.events()
    hub.admit(hub.asked()[0], lastEventId="9")
    lost, gap = hub.events()
    assert (lost.reason, lost.first_event_id) == ("replay_gap", 3)
    assert (gap.first, gap.last) == (4, 9)
    hub.say(said("b", 10))
    assert hub.told() == ["MessageSent b"]


def test_who_was_sent_away_before_the_end_is_not_told_that_it_has_heard_all_until_then():
    hub = HubScript().enter()
    hub.lose()
    hub.connect()
    hub.events()
    hub.refuse(hub.asked()[0], -40004, {"closedAt": "2025-01-01T00:00:00Z"})
    request_id, method, _ = hub.asked()
    assert method == "stream.get", "what was said to the last"
    hub.refuse(request_id, -40006, {"reason": "not_a_participant"})
    (left,) = hub.events()
    assert left == ParticipantLeft(stream_id=STREAM, agent_id="ada", reason="not_a_participant")


def joined_with(hub):
    """The place in the log that a join names."""
    hub.ask("join", STREAM)
    _, method, params = hub.asked()
    assert method == "stream.join"
    return params.get("lastEventId")


def test_after_a_lost_line_joining_asks_for_all_since_that_line_may_have_carried_some_of_it():
    hub = HubScript()
    hub.client.connection_lost(hub.now, DEAD)
    hub.client.connected(hub.now)
    assert joined_with(hub) == "0"
    assert (
        joined_with(HubScript()) is None
    )  # where nothing was lost, what an earlier process was given is not asked for


def test_a_line_that_never_was_has_carried_nothing():
    hub = HubScript(connected=False)
    hub.client.connection_lost(hub.now, DEAD)
    hub.client.connected(hub.now)
    assert joined_with(hub) is None


def test_what_was_said_before_a_stream_was_joined_is_not_lost_with_a_line():
    hub, ada, bob = Hub(entropy=seeded(0)), Client("ada", entropy=seeded(1)), Client("bob", entropy=seeded(2))

    def carry(link, client, now):
        for message in client.messages_to_send():
            hub.receive(link, message, now)
        for send in hub.take(link):
            client.receive_message(send.message, now)

    hub.connect("a", 0.0, principal="ada")
    ada.connected(0.0)
    ada.start(["bob"], now=0.0)
    hub.connect("b1", 0.0, principal="bob")
    bob.connected(0.0)
    carry("a", ada, 0.0)
    stream_id = next(event.stream_id for event in drain(ada) if isinstance(event, Answered))
    ada.message(stream_id, "Bob?", now=0.0)
    carry("a", ada, 0.0)
    assert hub.take("b1")  # given to the line, which breaks on the way
    hub.disconnect("b1", 1.0)
    bob.connection_lost(1.0, DEAD)
    hub.connect("b2", 2.0, principal="bob")
    bob.connected(2.0)
    bob.join(stream_id, now=2.0)
    for _ in range(3):
        carry("b2", bob, 2.0)
    said = [event.message.parts[0].content for event in drain(bob) if isinstance(event, MessageSent)]
    assert said == ["Bob?"]


def test_what_comes_before_the_hub_was_asked_for_the_rest_does_not_count():
    """The hub goes on after what it gave to the line that was lost: 4 was on its way there, 5 comes here."""
    hub = HubScript().enter(last_event_id="3")
    hub.lose()
    hub.connect()
    hub.events()
    hub.say(said("five", 5))
    hub.admit(hub.asked()[0], lastEventId="3")
    hub.say(said("four", 4))
    hub.say(said("five", 5))
    assert hub.told() == ["MessageSent four", "MessageSent five"]


def test_a_stream_that_was_paused_meanwhile_is_paused():
    hub = HubScript().enter()
    hub.lose()
    hub.connect()
    hub.admit(hub.asked()[0], "PAUSED")
    assert hub.state == "paused"


def test_a_stream_that_has_ended_meanwhile_is_told_to_the_last_word():
    hub = HubScript().enter()
    hub.lose()
    hub.connect()
    hub.events()
    hub.refuse(hub.asked()[0], -40004, {"closedAt": "2025-01-01T00:00:00Z"})
    request_id, method, _ = hub.asked()
    assert (method, hub.state) == ("stream.get", "closed")
    hub.admit(request_id, "CLOSED", events=[said("bye", 1), notification("end", reason="done", eventId="2")])
    assert hub.told() == ["MessageSent bye", "StreamEnded done"]


def test_a_member_that_was_sent_away_meanwhile_is_told():
    hub = HubScript().enter()
    hub.lose()
    hub.connect()
    hub.events()
    hub.refuse(hub.asked()[0], -40006, {"reason": "not_a_participant"})
    assert (hub.told(), hub.state) == (["ParticipantLeft not_a_participant"], "closed")


def test_a_hub_that_knows_no_join_gives_its_events_to_every_line_and_what_was_open_is_lost():
    hub = HubScript().enter(last_event_id=None)
    hub.say(chunk("a", 1))
    hub.events()
    hub.lose()
    assert [event.reason for event in hub.events() if isinstance(event, MessageLost)] == ["resync"]
    hub.connect()
    request_id, _, params = hub.asked()
    assert "lastEventId" not in params
    hub.refuse(request_id, -32601)
    assert hub.state == "active"


def test_a_hub_that_does_not_let_the_line_read_the_stream_is_asked_again_and_then_polled():
    hub = HubScript(random=1.0).enter()
    hub.lose()
    hub.wait(2.0)
    hub.connect()
    hub.events()
    for delay in (2.0, 4.0, 8.0, 16.0, 32.0):
        hub.refuse(hub.asked()[0], -32603)
        hub.wait(delay)
    hub.refuse(hub.asked()[0], -32603)
    hub.wait(0.0)
    assert [type(event) for event in hub.events()] == [Reconnecting] * 5 + [ReconnectExhausted, Poll]
    request_id, method, _ = hub.asked()
    assert method == "stream.get"
    hub.admit(request_id, events=[said("a", 1)], lastEventId="1")
    assert "MessageSent a" in hub.told()


def test_the_first_connection_of_all_is_tried_again_too():
    hub = HubScript(connected=False, random=1.0)
    hub.lose(DEAD)
    assert hub.events() == [Reconnecting(attempt=1, delay=2.0, error=DEAD)]


def test_losing_and_connecting_are_told_twice_without_harm():
    hub = HubScript().enter()
    hub.lose()
    hub.lose()
    assert [type(event) for event in hub.events()] == [Reconnecting]
    hub.connect()
    hub.connect()
    assert hub.events() == [Reconnected()]
    assert hub.methods() == ["stream.join"]


# What was asked


def test_what_may_have_arrived_fails_on_another_line_and_what_was_not_sent_is_sent():
    hub = HubScript().enter()
    sent = hub.ask("message", STREAM, "sent")
    hub.sent()
    waits = hub.ask("message", STREAM, "waits")
    hub.lose()
    hub.connect()
    events = hub.events()
    assert [(event.request_id, str(event.error)) for event in events[2:]] == [
        (
            sent,
            "the connection was lost before stream.message was answered: it may or may not have arrived",
        )
    ]
    join, message = hub.sent()
    assert join["method"] == "stream.join", "first we are where we were"
    assert message["id"] == waits


def test_what_was_lost_says_why():
    hub = HubScript().enter()
    hub.ask("message", STREAM, "sent")
    hub.sent()
    hub.lose(DEAD)
    hub.connect()
    assert str(hub.events()[2].error) == (
        f"the connection was lost before stream.message was answered ({DEAD}): it may or may not have arrived"
    )


def test_in_the_same_session_everything_is_sent_again_with_the_same_ids():
    hub = feeds()
    asked = hub.ask("message", STREAM, "hi")
    first = hub.sent()
    hub.lose()
    hub.connect(same_session=True)
    assert hub.sent() == first
    hub.answer(asked)
    assert f"answered {asked}" in hub.told()


def test_a_join_that_was_lost_with_its_line_fails():
    hub = HubScript()
    asked = hub.ask("join", STREAM)
    hub.sent()
    hub.lose()
    assert hub.state == "lost"
    hub.connect()
    assert hub.told()[-1] == f"failed {asked} ConnectionFailed"
    assert (hub.state, hub.sent()) == ("closed", [])


def test_a_join_in_the_same_session_enters():
    hub = HubScript()
    asked = hub.ask("join", STREAM)
    hub.sent()
    hub.lose()
    hub.connect(same_session=True)
    assert hub.asked()[0] == asked
    hub.admit(asked, lastEventId="0")
    assert hub.state == "active"


def test_our_end_is_told_even_where_its_last_words_are_lost_with_the_line():
    hub = HubScript().enter()
    asked = hub.ask("end", STREAM, "done")
    hub.sent()
    hub.answer(asked)
    hub.sent()
    hub.lose()
    hub.connect()
    hub.events()
    request_id, method, _ = hub.asked()
    assert method == "stream.get", "a question can be asked twice"
    hub.admit(request_id, "CLOSED", events=[], lastEventId="1")
    assert hub.told() == ["StreamEnded done"]


def test_no_request_is_late_while_there_is_no_line():
    hub = HubScript(random=1.0).enter()
    hub.ask("message", STREAM, "hi")
    hub.lose()
    hub.wait(500.0)
    assert "failed" not in " ".join(hub.told())


def test_a_new_line_has_the_whole_patience_again():
    hub = feeds(limits=ClientLimits(request=10.0, retries=1))
    asked = hub.ask("message", STREAM, "hi")
    for _ in range(2):
        assert hub.asked()[0] == asked
        hub.wait(9.0)
        hub.lose()
        hub.connect(same_session=True)
    assert hub.asked()[0] == asked
    hub.wait(10.0)
    assert hub.asked()[0] == asked
    hub.wait(10.0)
    assert hub.told()[-1] == f"failed {asked} RequestTimeout"


def test_what_has_failed_for_want_of_a_line_is_not_sent_later():
    hub = HubScript(random=1.0).enter()
    hub.ask("post", STREAM, "a")
    direct = hub.ask("message", STREAM, "b")
    hub.sent()
    exhaust(hub)
    assert f"failed {direct} ConnectionFailed" in hub.told()
    hub.connect()
    hub.admit(hub.sent()[0]["id"])
    hub.wait(1.0)
    request_id, _, params = hub.asked()
    assert params["message"]["parts"][0]["content"] == "a"
    hub.answer(request_id)
    assert hub.sent() == []
