"""A hub over HTTP as values: streams that are read, as an object or as a feed of events. No loop, no sockets."""

import json

import pytest

from hocket.http import Response
from hocket.http.feed import Feed
from support.hubs import Web, call, flow, get, header, say, start


def test_a_stream_can_be_looked_at_by_its_members():
    web = Web()
    stream_id = web.start("ada", "bob")
    response = web.ask(get(f"/streams/{stream_id}", "bob"))
    assert (response.status, header(response, "content-type")) == (200, "application/json")
    assert json.loads(response.body)["streamId"] == stream_id
    head = web.ask(type(get("/"))(method="HEAD", path=f"/streams/{stream_id}", headers=(("x-agent-id", "bob"),)))
    assert (head.status, head.headers) == (200, response.headers)
    fields = (("x-agent-id", "bob"), ("accept", "text/event-stream"))
    endless = web.ask(type(get("/"))(method="HEAD", path=f"/streams/{stream_id}", headers=fields))
    assert (endless.status, endless.headers) == (200, response.headers)


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize(
    ("agent", "path", "status", "code"),
    [("eve", None, 403, -40006), ("ada", "/streams/none", 404, -40003), (None, "/streams/none", 404, -40003)],
)
def test_a_stream_that_cannot_be_read(accept, agent, path, status, code):
    web = Web()
    stream_id = web.start("ada", "bob")
    response = web.ask(get(path or f"/streams/{stream_id}", agent, accept))
    assert (response.status, header(response, "content-type")) == (status, "application/json")
    assert json.loads(response.body)["error"]["code"] == code
    assert header(response, "www-authenticate") is None


def test_who_declares_nobody_may_look_as_whoever_started_the_stream_but_has_no_feed():
    web = Web()
    path = f"/streams/{web.start('ada', 'bob')}"
    assert web.ask(get(path)).status == 200  # as with a POST, where nobody is authenticated
    assert web.ask(get(path, accept="text/event-stream")).status == 403


def test_a_feed_has_the_notifications_and_their_event_ids():
    web = Web()
    stream_id = web.start("ada", "bob")
    web.rpc(say(stream_id, "hello\u2028there"))
    feed = web.feed(stream_id, "bob")
    head = feed.next_response()
    assert (head.status, head.body) == (200, None)
    assert dict(head.headers) == {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache, no-transform",
        "x-accel-buffering": "no",
    }
    assert feed.next_response() is None
    opening, started, message, rest = flow(feed).split(b"\n\n")
    assert (opening, rest) == (b":", b"")
    assert started.startswith(b'id: 1\ndata: {"jsonrpc":"2.0","method":"stream.event","params":{')
    number, data = message.split(b"\ndata: ")
    assert number == b"id: 2"
    assert json.loads(data)["params"]["message"]["parts"][0]["content"] == "hello\u2028there"
    assert len(data.decode().splitlines()) == 1


def test_an_invitation_is_not_lost_to_a_feed_that_is_refused():
    web = Web()
    stream_id = web.start("ada")
    web.rpc(call("stream.invite", {"streamId": stream_id, "agentId": "eve"}, 2))
    assert web.ask(get(f"/streams/{stream_id}", "eve", "text/event-stream")).status == 403
    web.hub.connect("eve", 0.0, principal="eve")
    (invitation,) = web.hub.take("eve")
    assert b"stream_invitation" in invitation.message


def test_a_feed_goes_on_after_the_last_event_id():
    web = Web()
    stream_id = web.start("ada", "bob")
    web.rpc(say(stream_id, "one"))
    for options in (
        {"last_event_id": "2"},
        {"query": "lastEventId=2"},
        {"query": "lastEventId=0", "last_event_id": "2"},
    ):
        feed = web.feed(stream_id, "bob", **options)
        assert flow(feed) == b":\n\n"
        web.hub.disconnect(feed.link, 0.0)
    assert b"id: 1\n" in flow(web.feed(stream_id, "bob", last_event_id="0"))


@pytest.mark.parametrize("last", ["x", "-1", "1.0", "٣", "9" * 19, "1, 2"])
def test_an_event_id_that_is_none(last):
    web = Web()
    response = web.ask(get(f"/streams/{web.start('ada')}", "ada", "text/event-stream", last_event_id=last))
    assert (response.status, header(response, "content-type")) == (400, "text/plain; charset=utf-8")
    assert response.body == b"Last-Event-ID is the eventId of an event: a number\n"


def test_a_feed_is_of_one_stream_only():
    web = Web()
    one, other = (web.start("ada", "bob") for _ in range(2))
    feed = web.feed(one, "bob")
    web.rpc(say(other, "elsewhere"))
    web.rpc(start("ada", "bob"))
    web.rpc(say(one, "here", 3))
    written = flow(feed) + flow(feed)
    assert b"here" in written
    assert b"elsewhere" not in written
    assert b"stream_invitation" not in written
    assert written.count(b"STREAM_STARTED") == 1


def test_a_feed_ends_with_its_stream():
    web = Web()
    stream_id = web.start("ada", "bob")
    feed = web.feed(stream_id, "bob")
    flow(feed)
    assert not feed.is_closed
    web.rpc(call("stream.end", {"streamId": stream_id}, 2))
    assert b'"method":"stream.end"' in flow(feed)
    assert (feed.is_closed, feed.is_cut, feed.next_timeout()) == (True, False, None)
    feed.cut()
    assert not feed.is_cut
    assert flow(feed) == b""


def test_who_comes_back_after_the_end_is_told_to_stay_away():
    web = Web()
    stream_id = web.start("ada", "bob")
    web.rpc(call("stream.end", {"streamId": stream_id}, 2))
    late = web.feed(stream_id, "bob", last_event_id="1")
    assert b"id: 2\n" in flow(late)
    assert late.is_closed
    assert web.ask(get(f"/streams/{stream_id}", "bob", "text/event-stream", last_event_id="2")) == Response(status=204)


def test_a_feed_ends_for_who_is_sent_away():
    web = Web()
    stream_id = web.start("ada", "bob")
    feed = web.feed(stream_id, "bob")
    web.rpc(call("stream.remove", {"streamId": stream_id, "agentId": "bob"}, 2))
    web.rpc(say(stream_id, "behind his back", 3))
    written = flow(feed) + flow(feed)
    assert b"PARTICIPANT_LEFT" in written
    assert b"behind" not in written
    assert feed.is_closed


def test_a_silent_feed_gets_comments():
    web = Web(keep_alive=15.0)
    stream_id = web.start("ada", "bob")
    feed = web.feed(stream_id, "bob")
    flow(feed, now=10.0)
    assert feed.next_timeout() == 25.0
    feed.handle_timeout(24.0)
    assert feed.data_to_send() == []
    feed.handle_timeout(25.0)
    assert feed.data_to_send() == [b": keep-alive\n\n"]
    assert feed.next_timeout() == 40.0
    feed.deliver([], 30.0)
    assert feed.next_timeout() == 40.0  # nothing was written
    web.rpc(say(stream_id, "hi"))
    flow(feed, now=30.0)
    assert feed.next_timeout() == 45.0
    never = Web(web.hub, keep_alive=None)
    never.links = 1000
    other = never.feed(stream_id, "ada")
    flow(other)
    other.handle_timeout(1e9)
    assert (other.next_timeout(), other.data_to_send()) == (None, [])


def test_a_feed_that_is_cut_has_no_end():
    web = Web()
    feed = web.feed(web.start("ada", "bob"), "bob")
    feed.cut()
    assert (feed.is_closed, feed.is_cut) == (True, True)
    feed.deliver(web.hub.take(feed.link), 0.0)
    assert b"STREAM_STARTED" not in b"".join(feed.data_to_send())


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "object"),
        ("", "object"),
        ("*/*", "object"),
        ("application/json", "object"),
        ("application/*", "object"),
        ("text/html, */*;q=0.1", "object"),
        ("text/event-stream", "feed"),
        ("Text/Event-Stream", "feed"),
        ("text/*", "feed"),
        ("text/event-stream, application/json", "feed"),
        ("application/json, text/event-stream", "feed"),
        ("text/event-stream;q=0.5, application/json", "object"),
        ("text/event-stream; q=0.5, application/json; q=0.4", "feed"),
        ("text/event-stream, */*;q=0.1", "feed"),
        ("text/html", "neither"),
        ("text/event-stream;q=0", "neither"),
        ("text/event-stream;q=much", "neither"),
        ("text/event-stream;q=nan", "neither"),
        ("text/event-stream;q=2", "neither"),
    ],
)
def test_the_form_of_a_stream(accept, kind):
    web = Web()
    answer = web.ask(get(f"/streams/{web.start('ada')}", "ada", accept))
    if kind == "feed":
        assert isinstance(answer, Feed)
    else:
        assert answer.status == (200 if kind == "object" else 406)
        assert header(answer, "content-type") == (
            "application/json" if kind == "object" else "text/plain; charset=utf-8"
        )
