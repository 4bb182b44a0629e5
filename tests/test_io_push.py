"""The sender of push notifications: order, patience, and how it ends."""

import gc
import logging
import re

import anyio
import pytest

from hocket.a2a import PushRules
from hocket.a2a.ports import PushLink
from hocket.backoff import Backoff
from hocket.errors import ConnectionFailed, LocalProtocolError
from hocket.http import Response
from hocket_io.push import PushOptions
from hocket_io.push.ports import AddressRefused
from hocket_io.push.sender import PushSender
from support.push import CONFIG, LINK, Receiver, Source

STEADY = Backoff(base=1.0, factor=2.0, maximum=60.0, attempts=10, jitter=False)


def said_in(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_events_arrive_in_order_and_the_source_is_closed_after_the_last(run):
    async def talk():
        receiver, source = Receiver(), Source(is_over=False)
        async with receiver.sender() as sender:
            sender.start(LINK, source, CONFIG, "1.0")
            for word in (b"a", b"b", b"c"):
                source.say(word)
                await anyio.wait_all_tasks_blocked()
            assert not source.is_closed
            source.end()
            await anyio.wait_all_tasks_blocked()
            assert source.is_closed
        assert receiver.got == [b"a", b"b", b"c"]
        target, headers = receiver.targets[0]
        assert (target.host, target.path) == ("receiver.example", "/hook?key=s3cret-key")
        assert headers["x-a2a-notification-token"] == "s3cret-token"
        assert headers["authorization"] == "Bearer s3cret-credentials"
        assert headers["content-type"] == "application/a2a+json"

    run(talk)


def test_what_does_not_arrive_is_sent_again_before_the_next(run_in_no_time):
    async def talk():
        receiver = Receiver(ConnectionFailed("nothing listens there"), 500, 503, 200)
        source = Source(b"a", b"b")
        async with receiver.sender(backoff=STEADY) as sender:
            sender.start(LINK, source, CONFIG, "1.0")
            await anyio.sleep(3_600)
        assert receiver.got == [b"a", b"a", b"a", b"a", b"b"]
        waits = [after - before for before, after in zip(receiver.times, receiver.times[1:], strict=False)]
        assert waits == pytest.approx([1.0, 2.0, 4.0, 0.0])
        assert [headers["x-hocket-offset"] for _, headers in receiver.targets] == ["1", "1", "1", "1", "2"]

    run_in_no_time(talk)


def test_a_receiver_that_asks_for_time_gets_it(run_in_no_time):
    async def talk():
        receiver = Receiver(Response(status=429, headers=(("Retry-After", "17"),)))
        async with receiver.sender(backoff=STEADY) as sender:
            sender.start(LINK, Source(b"a"), CONFIG, "1.0")
            await anyio.sleep(100)
        assert receiver.times[1] - receiver.times[0] == pytest.approx(17.0)

    run_in_no_time(talk)


def test_while_a_receiver_is_down_nothing_is_taken_for_it(run_in_no_time):
    async def talk():
        receiver = Receiver(*[503] * 8)
        source = Source(*[b"%d" % number for number in range(1_000)])
        async with receiver.sender(backoff=STEADY) as sender:
            sender.start(LINK, source, CONFIG, "1.0")
            await anyio.sleep(100)
            assert (source.taken, set(receiver.got)) == (1, {b"0"})
            await anyio.sleep(1_000)
            assert receiver.got[8:] == [b"%d" % number for number in range(1_000)]

    run_in_no_time(talk)


def test_a_receiver_that_is_slow_holds_up_no_other(run_in_no_time):
    async def talk():
        slow, fast = Receiver(100.0), Receiver()

        async def post(target, headers, body):
            return await (slow if target.host == "slow.example" else fast).post(target, headers, body)

        sources = [Source(b"a", b"b"), Source(b"a", b"b")]
        hosts = ["slow.example", "fast.example"]
        sender = Receiver().sender()
        sender.post = post
        async with sender:
            began = anyio.current_time()
            for number, (source, host) in enumerate(zip(sources, hosts, strict=True)):
                config = type(CONFIG)(url=f"https://{host}/")
                sender.start(PushLink("t-1", "c-1", number), source, config, "1.0")
            await anyio.sleep(1)
            assert (slow.got, fast.got) == ([b"a"], [b"a", b"b"])
            await anyio.sleep(200)
            assert slow.times[1] - began == pytest.approx(100.0)

    run_in_no_time(talk)


def test_so_many_are_posted_at_the_same_time_and_no_more(run_in_no_time):
    async def talk():
        receiver = Receiver(*[10.0] * 5)
        async with receiver.sender(connections=2) as sender:
            for number in range(5):
                sender.start(PushLink("t-1", "c-1", number), Source(b"a"), CONFIG, "1.0")
            began = anyio.current_time()
            await anyio.sleep(100)
        assert [at - began for at in receiver.times] == pytest.approx([0.0, 0.0, 10.0, 10.0, 20.0])

    run_in_no_time(talk)


def test_one_receiver_that_hangs_keeps_no_other_from_its_events(run_in_no_time):
    async def talk():
        arrived = []

        async def post(target, headers, body):
            if target.port == 1:
                await anyio.sleep(1_000)
            arrived.append((target.host, anyio.current_time()))
            return Response(status=204)

        async with PushSender(PushOptions(connections=8, per_receiver=2), lambda: 0.5, post) as sender:
            began = anyio.current_time()
            hung = [f"https://hangs.example:1/{number}" for number in range(50)]
            for serial, url in enumerate([*hung, "https://hangs.example/", "https://well.example/"]):
                source = Source(b"a", is_over=False)
                sender.start(PushLink("t-1", "c-1", serial), source, type(CONFIG)(url=url), "1.0")
            await anyio.sleep(10)
            assert sorted(arrived) == [("hangs.example", began), ("well.example", began)], "by host and port"
            assert len(sender._receivers) == 3
            for serial in range(52):
                sender.stop(PushLink("t-1", "c-1", serial))
            await anyio.sleep(1)
            gc.collect()
            assert len(sender._receivers) == 0

    run_in_no_time(talk)


def test_all_tasks_of_a_receiver_that_hangs_are_given_up_in_time(run_in_no_time, caplog):
    """Waiting for a turn at a receiver that answers nobody counts as having asked it."""

    async def talk():
        async def post(target, headers, body):
            await anyio.sleep(15)
            raise ConnectionFailed("no answer within 15 s")

        options = PushOptions(per_receiver=2, timeout=15, backoff=Backoff(base=1.0, attempts=2, jitter=False))
        async with PushSender(options, lambda: 0.5, post) as sender:
            sources = [Source(b"a", is_over=False) for _ in range(100)]
            for serial, source in enumerate(sources):
                sender.start(PushLink("t-1", "c-1", serial), source, CONFIG, "1.0")
            await anyio.sleep(3 * 15 + 1 + 2 + 15)  # three attempts, two pauses, and a last turn that came late
            assert all(source.is_closed for source in sources)
        assert len(said_in(caplog)) == 100
        assert any("it has answered nobody for 15 s" in said for said in said_in(caplog))

    run_in_no_time(talk)


def test_a_receiver_that_is_slow_but_answers_gets_everything_however_long_it_takes(run_in_no_time, caplog):
    async def talk():
        receiver = Receiver(*[10.0] * 60)
        async with receiver.sender(per_receiver=2, timeout=15, backoff=Backoff(attempts=0)) as sender:
            for serial in range(20):
                sender.start(PushLink("t-1", "c-1", serial), Source(b"a", b"b", b"c"), CONFIG, "1.0")
            await anyio.sleep(301)
            assert [receiver.got.count(body) for body in (b"a", b"b", b"c")] == [20, 20, 20]
        assert said_in(caplog) == []

    run_in_no_time(talk)


@pytest.mark.parametrize(
    ("answers", "posts", "reason"),
    [
        ([410], 1, "it answered 410: it is gone"),
        ([AddressRefused("receiver.example must not lead to a private address")], 1, "must not lead to a private"),
        ([503] * 3, 3, "it answered 503, and failed 3 times in a row"),
        ([404] * 3, 3, "it answered 404, and failed 3 times in a row"),
    ],
)
def test_a_receiver_is_given_up(run_in_no_time, caplog, answers, posts, reason):
    async def talk():
        receiver, source = Receiver(*answers), Source(b"a", b"b", b"c", b"d")
        async with receiver.sender(backoff=Backoff(attempts=2)) as sender:
            sender.start(LINK, source, CONFIG, "1.0")
            await anyio.sleep(1_000)
            assert source.is_closed
        assert len(receiver.got) == posts

    run_in_no_time(talk)
    (said,) = [each for each in said_in(caplog) if "given up" in each]
    assert said.startswith("push notifications of task t-1 to https://receiver.example/hook: given up: ")
    assert reason in said


def test_a_receiver_that_refuses_all_it_gets_does_not_fill_the_log(run, caplog):
    async def talk():
        receiver = Receiver(*[307] * 5, 204, 307, 307)
        async with receiver.sender(backoff=Backoff(attempts=10)) as sender:
            sender.start(LINK, Source(*b"abcdefgh"), CONFIG, "1.0")
            await anyio.wait_all_tasks_blocked()
        assert len(receiver.got) == 8

    run(talk)
    assert [said.rpartition(": ")[2] for said in said_in(caplog)] == [
        "it answered 307; this event is not sent again"
    ] * 2


def test_an_event_that_is_refused_is_passed_over(run, caplog):
    async def talk():
        receiver = Receiver(422)
        async with receiver.sender() as sender:
            sender.start(LINK, Source(b"a", b"b"), CONFIG, "1.0")
        assert receiver.got == [b"a", b"b"]

    run(talk)
    assert said_in(caplog) == [
        "push notifications of task t-1 to https://receiver.example/hook: it answered 422; this event is not sent again"
    ]


def test_a_configuration_that_is_stopped_is_sent_nothing_more(run_in_no_time, caplog):
    async def talk():
        receiver, source = Receiver(503), Source(b"a", b"b")
        async with receiver.sender() as sender:
            sender.start(LINK, source, CONFIG, "1.0")
            await anyio.wait_all_tasks_blocked()
            sender.stop(LINK)
            sender.stop(PushLink("t-1", "unknown", 1))
            await anyio.sleep(1_000)
            assert source.is_closed
        assert receiver.got == [b"a"]

    run_in_no_time(talk)
    assert said_in(caplog) == []


def test_a_configuration_that_may_not_be_sent_anything_is_not(run, caplog):
    async def talk():
        receiver, sources = Receiver(), [Source(b"a"), Source(b"a")]
        async with receiver.sender() as sender:
            sender.start(LINK, sources[0], type(CONFIG)(url="http://127.0.0.1/"), "1.0")
            sender.start(LINK, sources[1], type(CONFIG)(url="http://a.example/", token="a\r\nb"), "1.0")
        assert [source.is_closed for source in sources] == [True, True]
        assert receiver.got == []

    run(talk)
    assert [each.partition(": ")[2] for each in said_in(caplog)] == [
        "refused: url must not lead to a loopback address: PushRules(private=True) would allow it",
        "refused: token must be what a header can hold: printable ASCII",
    ]


def test_what_is_on_its_way_still_arrives_when_the_host_ends(run_in_no_time, caplog):
    async def talk():
        receiver, busy, idle = Receiver(2.0, 2.0), Source(b"a", b"b"), Source(is_over=False)
        async with receiver.sender(grace=5.0) as sender:
            sender.start(LINK, busy, CONFIG, "1.0")
            sender.start(PushLink("t-1", "c-2", 2), idle, CONFIG, "1.0")
            await anyio.wait_all_tasks_blocked()
            began = anyio.current_time()
        assert anyio.current_time() - began == pytest.approx(4.0)
        assert receiver.got == [b"a", b"b"]
        assert busy.is_closed
        assert idle.is_closed

    run_in_no_time(talk)
    assert said_in(caplog) == []


def test_what_does_not_arrive_in_time_is_said_once_for_each(run_in_no_time, caplog):
    async def talk():
        receiver = Receiver(*[503] * 100)
        async with receiver.sender(grace=5.0) as sender:
            for number in range(2):
                sender.start(PushLink(f"t-{number}", "c-1", 1), Source(b"a", b"b"), CONFIG, "1.0")
            await anyio.wait_all_tasks_blocked()
            began = anyio.current_time()
        assert anyio.current_time() - began == pytest.approx(5.0)

    run_in_no_time(talk)
    assert sorted(said_in(caplog)) == [
        f"push notifications of task t-{number} to https://receiver.example/hook: cut short, the host has ended"
        for number in range(2)
    ]


def test_of_a_host_that_is_cancelled_only_what_was_cut_short_is_said(run, caplog):
    async def talk():
        receiver, idle, busy = Receiver(204, 3_600.0), Source(b"a", is_over=False), Source(b"b")
        with anyio.CancelScope() as scope:
            async with receiver.sender() as sender:
                sender.start(PushLink("idle", "c-1", 1), idle, CONFIG, "1.0")
                await anyio.wait_all_tasks_blocked()
                sender.start(PushLink("busy", "c-1", 1), busy, CONFIG, "1.0")
                await anyio.wait_all_tasks_blocked()
                scope.cancel()
        assert receiver.got == [b"a", b"b"]
        assert idle.is_closed
        assert busy.is_closed

    run(talk)
    assert said_in(caplog) == [
        "push notifications of task busy to https://receiver.example/hook: cut short, the host has ended"
    ]


def test_one_receivers_trouble_is_not_the_others(run, caplog):
    async def talk():
        receiver, sources = Receiver(KeyError("a mistake")), [Source(b"a"), Source(b"b")]
        async with receiver.sender() as sender:
            sender.start(LINK, sources[0], CONFIG, "1.0")
            await anyio.wait_all_tasks_blocked()
            sender.start(LINK, sources[1], CONFIG, "1.0")
            await anyio.wait_all_tasks_blocked()
            assert [source.is_closed for source in sources] == [True, True]
        assert receiver.got == [b"a", b"b"]

    run(talk)
    assert "ended by a mistake of ours" in caplog.text


def test_an_error_of_the_body_stays_itself(run):
    async def talk():
        async with Receiver().sender(grace=0) as sender:
            sender.start(LINK, Source(is_over=False), CONFIG, "1.0")
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        run(talk)


def test_the_log_has_no_secrets(run, caplog):
    caplog.set_level(logging.DEBUG)

    async def talk():
        receiver = Receiver(ConnectionFailed("down"), 422, 503, 410)
        async with receiver.sender(backoff=Backoff(base=0.001)) as sender:
            sender.start(LINK, Source(b"a", b"b", b"c"), CONFIG, "1.0")
            await anyio.sleep(0)

    run(talk)
    assert "given up" in caplog.text
    assert "s3cret" not in caplog.text


def test_options_that_make_no_sense_are_refused():
    for option in ({"timeout": 0}, {"connections": 0}, {"per_receiver": 0}, {"grace": -1}):
        with pytest.raises(ValueError):
            PushOptions(**option)
    assert PushOptions().rules == PushRules()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rules": {"private": True}}, "rules must be PushRules, not {'private': True}"),
        ({"backoff": 3}, "backoff must be a Backoff, not 3"),
    ],
)
def test_an_option_of_the_wrong_kind_is_refused_at_once(options, said):
    with pytest.raises(LocalProtocolError, match=re.escape(said)):
        PushOptions(**options)
