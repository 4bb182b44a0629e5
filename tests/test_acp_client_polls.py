"""The client without its line, and with feeds: given up, polled, opened again."""

import pytest

from hocket.acp.client.events import (
    Listen,
    Poll,
    Reconnect,
    Reconnected,
    ReconnectExhausted,
    Reconnecting,
    Unlisten,
)
from hocket.acp.events import MessageSent, ReplayGap, StreamEnded
from hocket.acp.limits import ClientLimits
from hocket.acp.model import Message, Part, PartType, Role
from hocket.errors import ErrorObject, LocalProtocolError, RpcError
from support.acp_hub_script import DEAD, STREAM, HubScript, exhaust, feeds, happened, notification, said

# Polling


def test_when_all_attempts_were_in_vain_what_was_asked_fails_and_polling_begins():
    hub = HubScript(random=1.0).enter()
    asked = hub.ask("message", STREAM, "hi")
    hub.sent()
    exhaust(hub)
    told = hub.events()
    assert [event.delay for event in told if isinstance(event, Reconnecting)] == [2.0, 4.0, 8.0, 16.0, 32.0]
    (exhausted,) = [event for event in told if isinstance(event, ReconnectExhausted)]
    assert exhausted == ReconnectExhausted(error=DEAD)
    (failed,) = [event for event in told if getattr(event, "request_id", None) == asked]
    assert "cannot be reached (no route)" in str(failed.error)
    hub.wait(0.0)
    assert hub.events() == [Poll(stream_id=STREAM)]


def test_a_poll_goes_over_whatever_the_transport_has_and_tells_what_has_happened():
    hub = exhaust(HubScript(random=1.0).enter(last_event_id="3"))
    hub.wait(0.0)
    hub.events()
    request_id, method, params = hub.asked()
    assert (method, params["lastEventId"]) == ("stream.get", "3")
    hub.admit(request_id, events=[said("a", 4), said("b", 6)], lastEventId="7")
    assert hub.told() == ["MessageSent a", "MessageSent b", "Poll"], "and asks for more at once"
    assert (hub.state, hub.client.last_event_id(STREAM)) == ("lost", 7)
    request_id, _, params = hub.asked()
    assert params["lastEventId"] == "7"
    hub.admit(request_id, events=[happened("STREAM_PAUSED", 8)], lastEventId="8")
    assert hub.state == "lost", "a poll does not bring the line back"
    with pytest.raises(LocalProtocolError, match="is lost"):
        hub.ask("message", STREAM, "hi")


def test_a_poll_says_what_is_no_longer_kept():
    hub = exhaust(HubScript(random=1.0).enter(last_event_id="3"))
    hub.wait(0.0)
    hub.events()
    gap = {"first": "4", "last": "8"}
    hub.admit(hub.asked()[0], events=[said("a", 9)], lastEventId="9", replayGap=gap)
    assert hub.events()[:2] == [
        ReplayGap(stream_id=STREAM, agent_id="ada", first=4, last=8),
        MessageSent(stream_id=STREAM, agent_id="bob", event_id=9, message=_message("a")),
    ]


def _message(text):
    return Message(role=Role.AGENT, parts=(Part(type=PartType.TEXT, content=text),), agent_id="bob")


def test_polls_come_every_five_seconds_and_never_pile_up():
    hub = exhaust(HubScript(random=1.0).enter())
    hub.events()
    hub.wait(600.0)
    assert [type(event) for event in hub.events()] == [Poll] * 121
    assert hub.methods() == ["stream.get"], "nobody has taken it: once is enough"


def test_a_poll_that_finds_the_stream_closed_ends_it():
    hub = exhaust(HubScript(random=1.0).enter())
    hub.wait(0.0)
    hub.events()
    hub.admit(hub.asked()[0], "CLOSED", events=[], lastEventId="0")
    (ended,) = hub.events()
    assert (type(ended), hub.state) == (StreamEnded, "closed")


def test_a_line_that_comes_back_after_all_ends_the_polling():
    hub = exhaust(HubScript(random=1.0).enter())
    hub.wait(0.0)
    hub.events()
    hub.connect()
    assert hub.events() == [Reconnected()]
    assert hub.methods() == ["stream.join"]
    hub.wait(30.0)
    assert not any(isinstance(event, Poll) for event in hub.events())


def test_without_a_stream_to_poll_the_line_is_tried_again_instead():
    hub = exhaust(HubScript(random=1.0))
    hub.events()
    hub.wait(10.0)
    assert hub.events() == [Reconnect()] * 3


def test_a_given_up_line_takes_no_more_starts_and_joins():
    hub = exhaust(HubScript(random=1.0))
    for command in [("start", ["bob"]), ("join", STREAM)]:
        with pytest.raises(LocalProtocolError, match="cannot be reached"):
            hub.ask(*command)


def test_polls_that_are_answered_lead_to_another_attempt():
    hub = exhaust(HubScript(random=1.0).enter())
    hub.events()
    for _ in range(7):
        hub.wait(5.0)
        for request in hub.sent():
            hub.admit(request["id"], events=[], lastEventId="0")
    assert [event for event in hub.events() if isinstance(event, Reconnect)] == [Reconnect()]


# Feeds


def test_a_lost_feed_is_opened_again_after_the_last_event_and_does_not_keep_us_from_speaking():
    hub = feeds()
    hub.say(said("a", 5))
    hub.events()
    hub.client.feed_lost(STREAM, hub.now, DEAD)
    assert hub.events() == [Reconnecting(stream_id=STREAM, attempt=1, delay=2.0, error=DEAD)]
    assert hub.state == "active"
    hub.ask("message", STREAM, "hi")
    hub.wait(2.0)
    assert hub.events() == [Reconnect(stream_id=STREAM, last_event_id=5)]
    hub.client.feed_opened(STREAM, hub.now)
    assert hub.events() == [Reconnected(stream_id=STREAM)]


def test_the_first_opening_of_a_feed_is_nothing_to_tell():
    assert feeds().events() == []


def test_a_feed_that_is_given_up_is_polled_over_the_line():
    hub = feeds()
    for delay in (2.0, 4.0, 8.0, 16.0, 32.0):
        hub.client.feed_lost(STREAM, hub.now, DEAD)
        hub.wait(delay)
    hub.client.feed_lost(STREAM, hub.now, DEAD)
    assert hub.events()[-1] == ReconnectExhausted(stream_id=STREAM, error=DEAD)
    hub.wait(0.0)
    request_id, method, params = hub.asked()
    assert (method, params["lastEventId"]) == ("stream.get", "4")
    hub.events()
    hub.admit(request_id, events=[said("a", 5)], lastEventId="5")
    assert (hub.told(), hub.state) == (["MessageSent a", "Poll"], "active")
    for _ in range(8):
        for request in hub.sent():
            hub.admit(request["id"], events=[], lastEventId="5")
        hub.wait(5.0)
    assert Reconnect(stream_id=STREAM, last_event_id=5) in hub.events(), "the hub answers: perhaps the feed works again"


@pytest.mark.parametrize(
    ("code", "data", "told"),
    [
        (-40003, {}, ["StreamEnded not_found", "Unlisten"]),
        (-40006, {"reason": "not_a_participant"}, ["ParticipantLeft not_a_participant", "Unlisten"]),
    ],
)
def test_a_feed_that_the_hub_refuses_ends_the_stream(code, data, told):
    hub = feeds()
    hub.client.feed_lost(STREAM, hub.now, RpcError(ErrorObject(code, "no", data)))
    assert hub.told() == told
    assert hub.state == "closed"


def test_a_feed_of_a_closed_stream_is_closed_after_its_last_words():
    hub = feeds()
    hub.client.feed_lost(STREAM, hub.now, RpcError(ErrorObject(-40004, "closed", {})))
    assert (hub.events(), hub.state) == ([], "closed")
    hub.admit(hub.asked()[0], "CLOSED", events=[said("bye", 5)], lastEventId="6")
    hub.admit(hub.asked()[0], "CLOSED", events=[], lastEventId="6")
    assert hub.told() == ["MessageSent bye", "StreamEnded", "Unlisten"]
    hub.client.feed_lost(STREAM, hub.now)
    hub.client.feed_opened(STREAM, hub.now)
    assert hub.events() == []


def test_the_end_of_the_stream_closes_its_feed_once():
    hub = feeds()
    hub.say(notification("end", reason="done", eventId="5"))
    assert hub.events()[-1] == Unlisten(stream_id=STREAM)
    hub.client.feed_lost(STREAM, hub.now)
    hub.wait(100.0)
    assert hub.events() == []


@pytest.mark.parametrize("command", ["end", "leave"])
def test_a_feed_that_ends_before_our_own_end_is_answered_is_no_loss(command):
    hub = feeds()
    asked = hub.ask(command, STREAM)
    hub.sent()
    hub.client.feed_lost(STREAM, hub.now)
    assert hub.events() == []
    hub.answer(asked)
    hub.wait(1.0)
    assert hub.state == "closed"
    assert not any(isinstance(event, Reconnecting | Reconnect) for event in hub.events())


@pytest.mark.parametrize("error", [None, DEAD])
def test_a_feed_that_ends_while_the_last_words_are_asked_for_is_no_loss(error):
    hub = feeds()
    asked = hub.ask("end", STREAM)
    hub.sent()
    hub.answer(asked)
    hub.client.feed_lost(STREAM, hub.now, error)
    hub.wait(5.0)
    assert not any(isinstance(event, Reconnecting | Reconnect) for event in hub.events())


@pytest.mark.parametrize(("command", "error"), [("end", DEAD), ("invite", None)])
def test_a_feed_that_breaks_meanwhile_is_a_loss(command, error):
    hub = feeds()
    hub.ask(command, STREAM, *(["eve"] if command == "invite" else []))
    hub.client.feed_lost(STREAM, hub.now, error)
    assert hub.events() == [Reconnecting(stream_id=STREAM, attempt=1, delay=2.0, error=error)]


def test_after_the_line_was_lost_every_feed_is_opened_anew():
    hub = feeds()
    hub.say(said("a", 5))
    hub.lose()
    hub.events()
    assert hub.state == "lost"
    hub.connect(same_session=True)
    assert hub.events() == [Reconnected(), Listen(stream_id=STREAM, last_event_id=5)]
    assert (hub.state, hub.sent()) == ("active", [])


def test_feeds_of_streams_that_nobody_knows_are_no_trouble():
    hub = HubScript(listens_apart=True)
    hub.client.feed_opened("other", hub.now)
    hub.client.feed_lost("other", hub.now, DEAD)
    assert hub.events() == []


def test_a_request_that_waits_behind_posted_messages_is_not_sent_before_them_on_a_new_line():
    hub = HubScript(batches=True, limits=ClientLimits(request=10.0)).enter()
    hub.ask("post", STREAM, "a")
    direct = hub.ask("message", STREAM, "b")
    (first,) = hub.sent()  # an array of one is no array
    assert first["params"]["message"]["parts"][0]["content"] == "a"
    hub.lose()
    hub.connect()
    hub.admit(hub.asked()[0])
    assert hub.sent() == []
    hub.wait(1.0)
    again = hub.asked()
    assert again[2]["message"]["parts"][0]["content"] == "a"
    hub.answer(again[0])
    assert hub.asked()[0] == direct


@pytest.mark.parametrize("how", ["ended by us", "refused"])
def test_while_the_last_words_of_a_stream_are_asked_for_its_broken_feed_wants_nothing(how):
    hub = feeds()
    hub.client.feed_lost(STREAM, hub.now, DEAD)
    hub.ask("end" if how == "ended by us" else "message", STREAM, "done")
    request_id = hub.asked()[0]
    if how == "ended by us":
        hub.answer(request_id)
    else:
        hub.refuse(request_id, -40004)
    hub.events()
    request_id, method, _ = hub.asked()
    assert method == "stream.get"
    hub.wait(9.0)
    assert hub.events() == []
    hub.admit(request_id, "CLOSED", lastEventId="4")
    assert [type(event) for event in hub.events()] == [StreamEnded, Unlisten]
