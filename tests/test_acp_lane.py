"""Lane and Lanes: what the rows of the table do not say. (The rows are in tests/spec/test_acp_lane_table.py.)"""

import pytest

from hocket.acp.budget import Budget
from hocket.acp.lane import Lane
from hocket.acp.lanes import LaneKey, Lanes
from hocket.acp.limits import LaneLimits
from hocket.acp.model import data_part, message_of
from hocket.acp.verdicts import Completed, Delivered, Failed
from hocket.errors import LocalProtocolError
from support.acp_chunks import chunk, refused, told


def lane_of(*, ordered=False, once=False, budget=None, **limits):
    return Lane(LaneLimits(**limits), ordered, budget, once)


def take(lane, sequence, text=None, *, last=False, now=0.0, is_request=True):
    return lane.receive(chunk(text or chr(96 + sequence)), sequence, is_last=last, now=now, is_request=is_request)


def give(lanes, sender, sequence, text="x", *, last=False, now=0.0, is_request=True, ordered=False, message_id=None):
    return lanes.receive(
        sender,
        chunk(text, message_id=message_id),
        sequence,
        is_last=last,
        now=now,
        is_request=is_request,
        ordered=ordered,
    )


def test_the_events_say_all_there_is_to_say():
    lane = lane_of()
    pieces = [chunk("a"), chunk("b")]
    assert lane.receive(pieces[1], 2, is_last=True, now=0.0).events == ()
    assert lane.receive(pieces[0], 1, now=0.0).events == (
        Delivered(pieces[0], 1, is_last=False, is_first=True),
        Delivered(pieces[1], 2, is_last=True, is_first=False),
        Completed((pieces[0], pieces[1])),
    )


def test_who_counts_every_message_from_0_is_told_why_it_is_refused():
    lane = lane_of(ordered=True)
    take(lane, 0, "a")
    take(lane, 1, last=True)
    assert take(lane, 0, "a").error is None  # a duplicate, for all one knows
    error = take(lane, 1).error
    assert error.data == {"reason": "gap", "expected": 1}
    assert error.message.startswith("only the first message of all may begin with 0")
    assert refused(take(lane, 2, last=True)) == "-40011 gap"
    assert told(take(lane, 1)) == "^1"
    assert take(lane, 4).error.message.startswith("the chunk that is expected here is 2")


# --- time


def test_an_idle_lane_waits_for_nothing():
    lane = lane_of()
    assert lane.next_timeout() is None
    take(lane, 1, last=True)
    assert lane.next_timeout() is None
    assert told(lane.handle_timeout(1e9)) == ""


def test_the_stall_clock_runs_from_the_last_chunk_that_was_accepted():
    lane = lane_of()
    take(lane, 1, now=10.0)
    take(lane, 2, now=20.0)
    take(lane, 2, now=30.0)  # again
    take(lane, 3, now=40.0, last=False)
    assert lane.next_timeout() == 340.0
    assert told(lane.handle_timeout(339.9)) == ""
    assert told(lane.handle_timeout(340.0)) == "-stalled@4"


def test_the_gap_clock_runs_while_something_waits_and_begins_anew_with_every_gap():
    lane = lane_of()
    take(lane, 1, now=0.0)
    take(lane, 3, now=10.0)
    take(lane, 6, now=15.0)
    assert lane.next_timeout() == 40.0
    take(lane, 2, now=20.0)  # 3 is delivered with it: now 4 is missing
    assert lane.next_timeout() == 50.0
    take(lane, 5, now=21.0)
    take(lane, 4, now=30.0)
    assert lane.next_timeout() == 330.0
    take(lane, 8, now=31.0)
    assert told(lane.handle_timeout(61.0)) == "-gap@7"


def test_a_gap_before_the_first_chunk_fails_too():
    lane = lane_of()
    take(lane, 2, now=0.0)
    assert lane.is_open
    assert told(lane.handle_timeout(30.0)) == "-gap@1"
    assert not lane.is_open


def test_a_pause_stops_the_clocks():
    lane = lane_of()
    take(lane, 1, now=0.0)
    take(lane, 3, now=10.0)
    lane.freeze(25.0)
    lane.freeze(26.0)
    assert lane.next_timeout() is None
    assert told(lane.handle_timeout(1_000.0)) == ""
    lane.thaw(1_025.0)
    assert lane.next_timeout() == 1_040.0
    take(lane, 2, now=1_026.0)
    assert lane.next_timeout() == 1_326.0


def test_what_comes_during_a_pause_counts_from_its_end():
    lane = lane_of()
    lane.freeze(5.0)
    take(lane, 1, now=50.0)
    lane.thaw(100.0)
    lane.thaw(200.0)
    assert lane.next_timeout() == 400.0


def test_the_clock_of_a_gap_ends_with_its_message():
    lane = lane_of()
    take(lane, 2, now=0.0)
    lane.resync()
    take(lane, 1, now=5.0)
    assert lane.next_timeout() == 305.0


# --- a lane of one message id


def test_a_message_with_an_id_that_was_lost_begins_with_1_or_not_at_all():
    lane = lane_of(once=True, ordered=True)
    take(lane, 1)
    assert told(take(lane, 3, last=True, is_request=False)) == "-gap@2"
    assert refused(take(lane, 4)) == "-40011 gap"
    assert told(take(lane, 1)) == "^1"


def test_a_message_with_an_id_that_was_complete_stays_complete():
    lane = lane_of(once=True)
    take(lane, 1)
    take(lane, 2, last=True)
    assert told(lane.resync()) == ""
    assert (told(take(lane, 1)), refused(take(lane, 1))) == ("", "")
    assert (told(take(lane, 0, "a")), refused(take(lane, 0, "a"))) == ("", "")
    assert take(lane, 3).error.data == {"reason": "after_last", "expected": 3}


# --- what the caller does wrong


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("sequence", [1, 2, 3, 4])
def test_a_chunk_that_json_cannot_say_changes_nothing(ordered, sequence):
    lane = lane_of(ordered=ordered)
    take(lane, 1)
    take(lane, 2)
    if not ordered:
        take(lane, 4)
    before = (lane.expected, lane.held, lane.is_open, lane.next_timeout())
    wrong = message_of(data_part({"a": object()}))
    try:
        lane.receive(wrong, sequence, now=9.0)
    except LocalProtocolError:
        pass
    assert (lane.expected, lane.held, lane.is_open, lane.next_timeout()) == before
    assert told(take(lane, 3, last=ordered)).startswith("3")


# --- many lanes


def test_lanes_of_several_senders_and_messages_do_not_meet():
    lanes = Lanes(LaneLimits())
    give(lanes, "ada", 1, "a")
    give(lanes, "bob", 1, "b")
    give(lanes, "ada", 1, "A", message_id="m")
    assert lanes.expected() == {"ada": 2, "ada/m": 2, "bob": 2}
    verdict = give(lanes, "ada", 2, "!", last=True, message_id="m")
    assert [key for key, _ in verdict.events] == [LaneKey("ada", "m")] * 2
    assert told(verdict) == "2! =A!"
    assert told(give(lanes, "bob", 2, "?", last=True)) == "2! =b?"
    assert lanes.expected() == {"ada": 2}


def test_a_message_id_is_used_once():
    lanes = Lanes(LaneLimits())
    assert told(give(lanes, "ada", 1, "a", last=True, message_id="m")) == "^1! =a"
    for sequence, answer in [(1, ""), (0, ""), (2, "-40011 after_last")]:
        verdict = give(lanes, "ada", sequence, "other", last=True, message_id="m")
        assert (told(verdict), refused(verdict)) == ("", answer)


def test_a_failed_message_with_an_id_can_be_sent_again():
    lanes = Lanes(LaneLimits())
    give(lanes, "ada", 1, "a", message_id="m")
    assert told(lanes.resync("ada")) == "-resync@2"
    assert refused(give(lanes, "ada", 2, "b", last=True, message_id="m")) == "-40011 gap"
    assert told(give(lanes, "ada", 1, "a", message_id="m")) == "^1"
    assert told(give(lanes, "ada", 2, "b", last=True, message_id="m")) == "2! =ab"


def test_the_ids_that_are_remembered_are_bounded_for_each_sender():
    lanes = Lanes(LaneLimits(lanes=2))
    give(lanes, "bob", 1, last=True, message_id="m")
    for number in range(100):
        give(lanes, "ada", 1, last=True, message_id=f"m{number}")
    assert told(give(lanes, "ada", 1, last=True, message_id="m99")) == ""
    assert told(give(lanes, "bob", 1, last=True, message_id="m")) == ""
    assert told(give(lanes, "ada", 1, last=True, message_id="m0")) == "^1! =x"


def test_a_refused_request_leaves_nothing_to_remember():
    lanes = Lanes(LaneLimits(lanes=2))
    give(lanes, "ada", 1, last=True, message_id="m")
    for number in range(100):
        assert refused(give(lanes, "ada", 2, ordered=True, message_id=f"m{number}")) == "-40011 gap"
    assert told(give(lanes, "ada", 1, last=True, message_id="m")) == ""


def test_open_messages_with_ids_are_never_forgotten():
    lanes = Lanes(LaneLimits(lanes=3))
    for number in range(20):
        give(lanes, "ada", 2, message_id=f"lost {number}", ordered=True, is_request=False)
    for number in range(3):
        give(lanes, "ada", 1, message_id=f"open {number}")
    for number in range(20, 40):
        give(lanes, "ada", 2, message_id=f"lost {number}", ordered=True, is_request=False)
    assert lanes.expected() == {f"ada/open {number}": 2 for number in range(3)}
    assert told(lanes.resync("ada")) == "-resync@2 -resync@2 -resync@2"
    assert lanes.expected() == {}
    assert told(give(lanes, "ada", 1, message_id="open 2")) == "^1"


def test_a_message_id_has_a_limit():
    lanes = Lanes(LaneLimits())
    give(lanes, "ada", 1)
    assert refused(give(lanes, "ada", 1, message_id="m" * 257)) == "-32602"
    assert lanes.expected() == {"ada": 2}
    verdict = give(lanes, "ada", 1, message_id="å" * 129, is_request=False)
    assert (refused(verdict), told(verdict)) == ("-32602", "-resync@2")
    assert refused(give(lanes, "ada", 1, message_id="m" * 256)) == ""


def test_a_resync_reaches_all_lanes_of_a_sender_and_those_it_never_used():
    lanes = Lanes(LaneLimits())
    give(lanes, "ada", 1, message_id="m")
    give(lanes, "ada", 1)
    give(lanes, "bob", 1)
    assert told(lanes.resync("ada")) == "-resync@2 -resync@2"
    assert lanes.expected() == {"bob": 2}
    assert told(lanes.resync("eve")) == ""
    assert told(give(lanes, "eve", 2)) == ""
    assert lanes.next_timeout() == 300.0  # bob's; nothing of eve was kept
    assert told(give(lanes, "eve", 1)) == "^1"


def test_whoever_is_dropped_is_forgotten():
    lanes = Lanes(LaneLimits())
    give(lanes, "ada", 1, last=True)
    give(lanes, "ada", 2)
    assert told(lanes.drop("ada")) == "-left@3"
    assert told(lanes.drop("ada")) == ""
    assert lanes.next_timeout() is None
    assert refused(give(lanes, "ada", 2, last=True)) == ""  # the first of its chunks, for all one knows
    assert told(give(lanes, "ada", 1)) == "^1 2! =xx"


def test_all_that_is_open_fails_when_the_stream_closes():
    lanes = Lanes(LaneLimits())
    give(lanes, "ada", 1)
    give(lanes, "bob", 2, last=True)
    give(lanes, "eve", 1, last=True)
    verdict = lanes.fail_all("stream_closed")
    assert verdict.events == (
        (LaneKey("ada"), Failed("stream_closed", 2)),
        (LaneKey("bob"), Failed("stream_closed", 1)),
    )
    assert lanes.expected() == {}
    assert lanes.next_timeout() is None
    assert lanes.budget.held == 0


def test_the_lanes_have_one_clock():
    lanes = Lanes(LaneLimits())
    give(lanes, "ada", 1, now=0.0)
    give(lanes, "bob", 2, now=100.0)
    assert lanes.next_timeout() == 130.0
    assert told(lanes.handle_timeout(129.0)) == ""
    assert told(lanes.handle_timeout(130.0)) == "-gap@1"
    assert lanes.next_timeout() == 300.0
    give(lanes, "ada", 3, now=150.0)
    assert lanes.next_timeout() == 180.0
    give(lanes, "ada", 2, now=160.0)
    assert lanes.next_timeout() == 460.0
    give(lanes, "ada", 4, now=170.0)
    assert lanes.next_timeout() == 470.0
    lanes.freeze(200.0)
    lanes.freeze(201.0)
    give(lanes, "eve", 1, now=210.0)
    assert lanes.next_timeout() is None
    assert told(lanes.handle_timeout(9_999.0)) == ""
    lanes.thaw(1_200.0)
    assert lanes.next_timeout() == 1_470.0
    assert told(lanes.handle_timeout(1_500.0)) == "-stalled@5 -stalled@2"


def test_a_gap_in_one_lane_is_not_hidden_by_the_clock_of_another():
    lanes = Lanes(LaneLimits())
    give(lanes, "bob", 1, now=0.0)
    give(lanes, "ada", 1, now=10.0)
    give(lanes, "ada", 3, now=20.0)
    assert lanes.next_timeout() == 50.0
    assert told(lanes.handle_timeout(50.0)) == "-gap@2"


# --- the limits


def test_a_message_more_than_the_lanes_allow_waits_for_one_to_end():
    lanes = Lanes(LaneLimits(lanes=2))
    give(lanes, "ada", 1, last=True)
    give(lanes, "ada", 1)
    give(lanes, "bob", 2)  # a gap: it is kept, so it counts
    verdict = give(lanes, "eve", 1)
    assert refused(verdict) == "-40012 lanes"
    assert verdict.error.data == {"limit": "lanes", "max": 2}
    assert refused(give(lanes, "ada", 1, message_id="m")) == "-40012 lanes"
    assert told(give(lanes, "bob", 1)) == "^1 2"  # what is open goes on
    give(lanes, "ada", 2, last=True)
    assert told(give(lanes, "eve", 1)) == "^1"
    assert refused(give(lanes, "ada", 2, last=True)) == ""  # again: no message begins with it


def test_a_notification_more_than_the_lanes_allow_is_a_chunk_lost():
    lanes = Lanes(LaneLimits(lanes=1))
    give(lanes, "ada", 1)
    assert refused(give(lanes, "eve", 1, is_request=False)) == "-40012 lanes"
    give(lanes, "ada", 2, last=True)
    assert refused(give(lanes, "eve", 2, is_request=False)) == "-40011 gap"
    assert lanes.expected() == {}


def test_the_budget_is_shared_and_given_back():
    budget = Budget(1_000)
    one, other = Lanes(LaneLimits(), budget), Lanes(LaneLimits(), budget)
    give(one, "ada", 2, "x" * 400)
    assert budget.held == 784
    verdict = give(other, "bob", 2, "x" * 400)
    assert verdict.error.data == {"limit": "held", "max": 1_000}
    assert other.expected() == {}
    assert told(give(one, "ada", 1, "x" * 2_000)) == "^1 2"  # what is delivered at once is not held
    assert budget.held == 0
    give(other, "bob", 2, "x" * 400)
    other.drop("bob")
    assert budget.held == 0


def test_lanes_of_senders_without_an_open_message_are_forgotten_in_the_end():
    lanes = Lanes(LaneLimits())
    give(lanes, "open", 1)
    give(lanes, "first", 1, last=True)
    for number in range(1_023):
        give(lanes, f"agent {number}", 1, last=True)
    assert lanes.expected() == {"open": 2}
    assert refused(give(lanes, "first", 2, ordered=True)) == "-40011 gap"  # else it would count on
    assert told(give(lanes, "agent 900", 2, ordered=True)) == "^2"


def test_a_message_that_begins_with_0_keeps_the_1_it_has():
    lane = lane_of()
    lane.begin(0)
    take(lane, 2)
    take(lane, 1)
    assert refused(take(lane, 1, "other")) == "-40011 conflict"
    assert told(take(lane, 0, "0")) == "^0 1 2"


# --- what a client hears from a hub that says where messages begin


def test_a_message_begins_where_the_hub_says():
    lanes = Lanes(LaneLimits())
    assert told(lanes.begin("ada", chunk(), 7)) == ""
    assert told(give(lanes, "ada", 7, "a")) == "^7"
    assert told(give(lanes, "ada", 8, "b", last=True)) == "8! =ab"
    give(lanes, "ada", 9)
    assert told(lanes.begin("ada", chunk(), 0)) == "-resync@10"
    assert told(give(lanes, "ada", 0, "a", last=True)) == "^0! =a"
    lanes.resync("ada")
    lanes.begin("ada", chunk(), 1)
    assert told(give(lanes, "ada", 1, "a", last=True)) == "^1! =a"
    lanes.begin("ada", chunk(message_id="m"), 1)
    assert told(give(lanes, "ada", 1, "a", last=True, message_id="m")) == "^1! =a"
    lanes.begin("ada", chunk(message_id="m"), 1)
    assert told(give(lanes, "ada", 1, "a", last=True, message_id="m")) == "^1! =a"


def test_where_the_hub_says_that_messages_begin_what_the_lane_had_learnt_does_not_count():
    lane = lane_of(ordered=True)
    take(lane, 1, last=True)
    take(lane, 1, last=True)  # messages begin with 1 here
    lane.begin(7)
    assert told(take(lane, 7, last=True)) == "^7! =g"
    lane = lane_of(ordered=True)
    take(lane, 0, "a", last=True)  # messages are counted from 0
    lane.begin(5)
    take(lane, 5)
    lane.resync()
    assert told(take(lane, 1)) == "^1"
