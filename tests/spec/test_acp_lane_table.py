"""The table of spec section 4, written a second time by hand, row by row, and driven through a lane.

A chunk is written as its number, and `!` the last of its message, `'` with another content than usual, `u` in the role
of a user, `#` with 2,000 bytes, `##` with 4,000,000. Limits: 4 chunks ahead, 2,000 bytes
held, 4,000 bytes a message; 30 s gap, 300 s stall.

What is told: `^1` delivered and the first of its message, `2` delivered, `3!` delivered and the last, `=abc` complete,
`-gap@2` failed while 2 was missing. A refusal is `gap@2` (-40011, reason and expected) or a limit's name (-40012).
"""

import pytest

from hocket.acp.lane import Lane
from hocket.acp.limits import LaneLimits
from hocket.acp.model import Role
from support.acp_chunks import chunk, told

LIMITS = LaneLimits(buffered=4, held=2_000, message=4_000)

# what came before · binding (o ordered, u unordered, * both) · r request, n notification, * both · the chunk
#   → what is told · refused with · expected afterwards · open afterwards
TABLE = """
    # an idle lane, sequence 1: opens. 0 opens only a lane never used
    -              * *  1     ^1             -                      2  open
    -              * *  1!    ^1!,=a         -                      2  idle
    -              * *  0     ^0             -                      1  open
    -              * *  0!    ^0!,=`         -                      1  idle
    1_2!           * *  1     ^1             -                      2  open
    1_2!_3_4!      * *  1     ^1             -                      2  open
    0_1!           * *  1     ^1             -                      2  open
    1_2!           * *  0     -              -                      1  idle

    # an idle lane, sequence L+1: opens until a message has restarted at 1
    1_2!           * *  3     ^3             -                      4  open
    1_2!           * *  3!    ^3!,=c         -                      4  idle
    1_2!_3_4!      * *  5     ^5             -                      6  open
    0_1!           * *  2     ^2             -                      3  open
    0!             * *  1!    ^1!,=a         -                      2  idle
    0!_1!_2!       * *  3     ^3             -                      4  open
    1_2!_1_2!      * r  3     -              gap@1                  1  idle
    1_2!_1_2!      * n  3     -              gap@1                  1  idle
    1_2!_3!_1_2!   * r  3     -              gap@1                  1  idle

    # an idle lane, sequence <= L and not 1: a duplicate
    1_2_3!         * *  2     -              -                      4  idle
    1_2_3!         * *  3!    -              -                      4  idle
    1_2_3!         * *  2'    -              -                      4  idle
    1_2!_3_4!      * *  2     -              -                      5  idle

    # sequence == n: delivered, then the buffer drains
    1              * *  2     2              -                      3  open
    1              * *  2!    2!,=ab         -                      3  idle
    1_3_4          u *  2     2,3,4          -                      5  open
    1_3_5!         u *  2     2,3            -                      4  open
    1_3_4!         u *  2     2,3,4!,=abcd   -                      5  idle
    2!             u *  1     ^1,2!,=ab      -                      3  idle
    0              * *  1     1              -                      2  open

    # sequence > n, ordered: a request leaves the lane as it was, a notification fails the assembly
    1              o r  3     -              gap@2                  2  open
    1              o n  3     -gap@2         gap@2                  1  idle
    1              o n  3!    -gap@2         gap@2                  4  idle
    -              o r  2     -              gap@1                  1  idle
    -              o n  2     -              gap@1                  1  idle
    1_2!           o r  4     -              gap@3                  3  idle
    1_2!           o n  4     -              gap@3                  1  idle
    1_2!           o n  4!    -              gap@3                  5  idle

    # sequence > n, unordered: buffered, within limits
    1              u *  3     -              -                      2  open
    -              u *  2     -              -                      1  open
    -              u *  3!    -              -                      1  open
    1_2!           u *  4     -              -                      3  open
    1_2!_1_2!      u *  4     -              -                      1  open
    1              u *  6     -              -                      2  open
    1              u r  7     -              buffered               2  open
    1              u n  7     -resync@2      buffered               1  idle
    -              u r  6     -              buffered               1  idle
    1              u r  3#    -              held                   2  open
    1              u n  3#    -resync@2      held                   1  idle
    1              u n  3#!   -resync@2      held                   4  idle
    1_3            u *  4     -              -                      2  open

    # seen before, same content and isLast: ignored
    1_2            * *  1     -              -                      3  open
    1_2            * *  2     -              -                      3  open
    1_3_4!         u *  3     -              -                      2  open
    1_3_4!         u *  4!    -              -                      2  open
    1_2!_3_4       u *  1     -              -                      5  open
    1_2!_3_4       * *  2     -              -                      5  open

    # seen before, different content: the first wins; 1 on an ordered binding: the sender restarted
    1_2            * *  2'    -              conflict@3             3  open
    1_2            * *  2!    -              conflict@3             3  open
    1_2            * *  2u    -              conflict@3             3  open
    1_3            u *  3'    -              conflict@2             2  open
    1_3            u *  3!    -              conflict@2             2  open
    1_2            u *  1'    -              conflict@3             3  open
    1_2            o *  1'    -restarted@3,^1  -                    2  open
    1_2            o *  1'!   -restarted@3,^1!,=A  -                1  idle
    1_2            o *  1u    -restarted@3,^1  -                    2  open
    1_2!_3_4       o *  1     -restarted@5,^1  -                    2  open
    0_1            * *  1'    -              conflict@2             2  open
    0_1            u *  0'    -              conflict@2             2  open
    0_1            o *  0'    -restarted@2   conflict@2             1  idle
    1_2            o *  0     -restarted@3   conflict@3             1  idle
    1_2            u *  0     -restarted@3   conflict@3             1  idle

    # sequence > l, or a second isLast: the assembly is untouched
    1_3!           u *  4     -              after_last@2           2  open
    1_3!           u *  4!    -              after_last@2           2  open
    1_4!           u *  3!    -              after_last@2           2  open
    1_4!           u *  2!    -              after_last@2           2  open

    # isLast below a buffered sequence: fails
    1_4            u *  3!    -inconsistent_last@2  inconsistent_last@2  1  idle
    1_4            u *  2!    -inconsistent_last@2  inconsistent_last@2  1  idle
    3              u *  1!    -inconsistent_last@1  inconsistent_last@1  1  idle

    # after a failure: dropped until sequence 1, or past an isLast
    1_resync       * *  1     ^1             -                      2  open
    1_resync       * *  2     -              gap@1                  1  idle
    1_resync       * *  3     -              gap@1                  1  idle
    1_resync       * *  0     -              gap@1                  1  idle
    1_resync       * *  3!    -              gap@1                  4  idle
    1_resync_3!    * *  4     ^4             -                      5  open
    1_resync_3!    * *  1     ^1             -                      2  open
    1_resync_3!    * *  3     -              -                      4  idle
    1_stall        * *  2     -              gap@1                  1  idle
    1_3_gap        u *  2     -              gap@1                  1  idle
    1_3!_gap       u *  2     -              -                      4  idle
    1_3!_gap       u *  4     ^4             -                      5  open

    # a known loss: also from idle
    resync         * *  2     -              gap@1                  1  idle
    resync         * *  1     ^1             -                      2  open
    0_1!_resync    * *  1     -              gap@1                  1  idle
    0_1!_1!_resync * *  1     ^1             -                      2  open
    1_2!_resync    * *  3     -              gap@1                  1  idle
    1_2!_resync    * *  1     ^1             -                      2  open

    # a message that is too large fails
    1#             * *  2#    -too_large@2   message                1  idle
    1#             * *  2#!   -too_large@2   message                3  idle
    1_2#_4_5_6     u *  7     -too_large@3   message                1  idle
    -              u *  1##   -              message                1  idle

    # another role in mid-assembly
    1              * r  2u    -              role@2                 2  open
    1              * n  2u    -resync@2      role@2                 1  idle
    1              u r  3u    -              role@2                 2  open
    3              u r  1u    -              role@1                 1  open
    1_2!           * *  3u    ^3             -                      4  open
"""


def rows():
    for line in TABLE.strip().splitlines():
        words = line.split()
        if not words or words[0] == "#":
            continue
        before, bindings, kinds, *rest = words
        for binding in "ou" if bindings == "*" else bindings:
            for kind in "rn" if kinds == "*" else kinds:
                yield pytest.param(before, binding == "o", kind == "r", *rest, id=f"{before} {binding}{kind} {rest[0]}")


def give(lane, word, *, is_request=True, now=0.0):
    """Give a lane what a word of the table stands for."""
    match word:
        case "resync":
            return lane.resync()
        case "gap":
            return lane.handle_timeout(now + 30.0)
        case "stall":
            return lane.handle_timeout(now + 300.0)
    sequence = int("".join([letter for letter in word if letter.isdigit()]))
    text = chr((64 if "'" in word else 96) + sequence)
    text *= 2_000 ** word.count("#")
    piece = chunk(text, role=Role.USER if "u" in word else Role.AGENT)
    return lane.receive(piece, sequence, is_last="!" in word, now=now, is_request=is_request)


def why(verdict):
    """The refusal of a verdict as the table writes it. Code and data are checked to the letter."""
    error = verdict.error
    if error is None:
        return "-"
    if error.code == -40012:
        assert error.data == {"limit": error.data["limit"], "max": getattr(LIMITS, error.data["limit"])}
        return error.data["limit"]
    assert error.code == -40011
    assert set(error.data) == {"reason", "expected"}
    return f"{error.data['reason']}@{error.data['expected']}"


@pytest.mark.parametrize(
    ("before", "ordered", "is_request", "word", "tells", "error", "expected", "state"), list(rows())
)
def test_row(before, ordered, is_request, word, tells, error, expected, state):
    lane = Lane(LIMITS, ordered)
    for step in before.split("_") if before != "-" else []:
        verdict = give(lane, step)
        assert verdict.error is None or "resync" in before, f"{step}: {verdict.error}"
    verdict = give(lane, word, is_request=is_request)
    assert told(verdict).replace(" ", ",") == tells.strip("-" if tells == "-" else "")
    assert why(verdict) == error
    assert lane.expected == int(expected)
    assert lane.is_open == (state == "open")
    if not lane.is_open:
        assert (lane.held, lane.next_timeout()) == (0, None)


# what comes, one after the other → what is told of the last; for what one row cannot say
STORIES = """
    # a message is lost on an ordered line: its rest is dropped, the next is whole, whichever way it is numbered
    o n  1_3_4!_1_2!                ^1 -gap@2 gap@1 ^1 2!,=ab
    o n  1_3_4!_5_6!                ^1 -gap@2 gap@1 ^5 6!,=ef
    o n  1_3!_4_5!                  ^1 -gap@2 ^4 5!,=de
    # a number L+1 does not count any more when messages begin with 1, also after a restart in mid-message
    o r  1_2!_1_2_3!_4              ^1 2!,=ab ^1 2 3!,=abc gap@1
    o r  1_2!_3_1'_2_3!_4           ^1 2!,=ab ^3 -restarted@4,^1 2 3!,=Abc gap@1
    # but it does after a message failed and was begun again
    u r  1_resync_1_2!_3            ^1 -resync@2 ^1 2!,=ab ^3
    # who counts from 0 cannot begin at 0 again, and what would look like a message is not one
    o r  0_1!_0_1_2!_0_1_2!         ^0 1!,=`a * gap@1 gap@1 * gap@1 gap@1
    o n  0_1_0'_1_2!_3_4!           ^0 1 -restarted@2 gap@1 gap@1 ^3 4!,=cd
    u r  1_2_0_3!                   ^1 2 -restarted@3 gap@1
    o r  1_2_0_1_2!_3               ^1 2 -restarted@3 gap@1 gap@1 ^3
    # where a message begins after L is known with its 1, if nothing of it was delivered yet
    u r  1_2!_5_1_2_3_4!            ^1 2!,=ab * ^1 2 3 -inconsistent_last@4
    u n  1_2!_5_1u_1!_3_4           ^1 2!,=ab * * * ^3 4,5
    u r  1_2!_5!_1_2_3_4            ^1 2!,=ab * ^1 2 3 4,5!,=abcde
    # a refused request can be mended
    o r  1_3_2_3!                   ^1 gap@2 2 3!,=abc
    u r  1_7_2_7_3                  ^1 buffered 2 * 3
    u r  1_2u_2!                    ^1 role@2 2!,=ab
"""


def stories():
    for line in STORIES.strip().splitlines():
        words = line.split()
        if words[0] != "#":
            yield pytest.param(*words[:3], words[3:], id=" ".join(words[:3]))


@pytest.mark.parametrize(("binding", "kind", "steps", "tells"), list(stories()))
def test_story(binding, kind, steps, tells):
    lane = Lane(LIMITS, binding == "o")
    seen = []
    for step in steps.split("_"):
        verdict = give(lane, step, is_request=kind == "r")
        seen.append(told(verdict).replace(" ", ",") or why(verdict))
    assert seen == ["-" if tell == "*" else tell for tell in tells]


# --- a sequence is an integer from 0 to 2^53-1


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("sequence", [-1, 2**53, 1.5, "7", True, None, float("inf"), float("nan"), [1]])
def test_what_is_no_sequence_is_refused(sequence, ordered):
    lane = Lane(LIMITS, ordered)
    give(lane, "1")
    verdict = lane.receive(chunk("b"), sequence, now=0.0, is_request=True)
    assert (verdict.error.code, verdict.events) == (-32602, ())
    assert "params.sequence" in verdict.error.message
    assert lane.expected == 2
    verdict = lane.receive(chunk("b"), sequence, now=0.0, is_request=False)
    assert (verdict.error.code, told(verdict)) == (-32602, "-resync@2")


def test_one_point_zero_is_one():
    lane = Lane(LIMITS, ordered=True)
    assert told(lane.receive(chunk("a"), 1.0, now=0.0)) == "^1"
    assert type(lane.receive(chunk("b"), 2.0, now=0.0).events[0].sequence) is int


def test_the_last_number_there_is():
    lane = Lane(LIMITS, ordered=True)
    lane.begin(2**53 - 2)
    assert told(lane.receive(chunk("a"), 2**53 - 2, now=0.0)) == f"^{2**53 - 2}"
    assert told(lane.receive(chunk("b"), 2**53 - 1, is_last=True, now=0.0)) == f"{2**53 - 1}! =ab"
    assert lane.receive(chunk("c"), 2**53, now=0.0).error.code == -32602


# --- the limits of the specification


def test_the_limits_are_those_of_the_specification():
    limits = LaneLimits()
    assert (limits.buffered, limits.held, limits.message) == (64, 16 * 2**20, 32 * 2**20)
    assert (limits.gap, limits.stall, limits.lanes) == (30.0, 300.0, 64)


def test_a_message_may_be_as_large_as_the_limit():
    lane = Lane(LaneLimits(message=1_000), ordered=True)
    assert lane.receive(chunk("x" * (1_000 - 384)), 1, now=0.0).error is None
    lane = Lane(LaneLimits(message=1_000), ordered=True)
    assert lane.receive(chunk("x" * (1_001 - 384)), 1, now=0.0).error.data == {"limit": "message", "max": 1_000}


def test_as_much_may_be_held_as_the_limit():
    lane = Lane(LaneLimits(held=1_000), ordered=False)
    assert lane.receive(chunk("x" * (1_000 - 384)), 2, now=0.0).error is None
    assert lane.held == 1_000
    assert lane.receive(chunk(""), 3, now=0.0).error.data == {"limit": "held", "max": 1_000}
