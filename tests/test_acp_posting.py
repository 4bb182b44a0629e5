"""Posting: what is said in passing, until the hub has it."""

from support.acp_hub_script import STREAM, HubScript


def posted(*texts, **options):
    hub = HubScript(**options).enter()
    for text in texts:
        hub.ask("post", STREAM, text)
    return hub


def texts_of(requests):
    return [request["params"]["message"]["parts"][0]["content"] for request in requests]


def test_what_was_posted_waits_for_more_unless_it_is_flushed():
    hub = posted("one", "two")
    assert (hub.sent(), hub.client.unposted(STREAM)) == ([], 2)
    hub.ask("flush", STREAM)
    sent = hub.sent()
    assert texts_of(sent) == ["one", "two"]
    assert hub.client.unposted(STREAM) == 2
    for number, request in enumerate(sent):
        hub.answer(request["id"])
        assert hub.client.unposted(STREAM) == 1 - number


def test_a_flush_sends_all_batches_one_after_the_other_and_then_it_is_over():
    hub = posted(*map(str, range(25)))
    hub.ask("flush", STREAM)
    for size in (10, 10, 5):
        sent = hub.sent()
        assert len(sent) == size
        for request in sent:
            hub.answer(request["id"])
    assert hub.client.unposted(STREAM) == 0
    hub.ask("post", STREAM, "later")
    assert hub.sent() == []
    hub.wait(1.0)
    assert texts_of(hub.sent()) == ["later"]


def test_a_flush_of_nothing_hurries_nothing():
    hub = posted()
    hub.ask("flush", STREAM)
    hub.ask("flush", "unknown")
    hub.ask("post", STREAM, "one")
    assert (hub.sent(), hub.client.unposted(STREAM), hub.client.unposted("unknown")) == ([], 1, 0)


def test_what_the_hub_refuses_for_good_is_not_under_way_any_more():
    hub = posted("one")
    hub.ask("flush", STREAM)
    hub.refuse(hub.sent()[0]["id"], -32602)
    assert hub.client.unposted(STREAM) == 0
