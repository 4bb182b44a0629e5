"""A stream's life in a client, written a second time by hand from spec section 3, and driven through the machine.

Sources: "Client side" (IDLE, start, STARTING, result, ACTIVE; sending while PAUSED raises locally, there is no hidden
queue; transport lost: LOST, then the previous state or CLOSED; sending on CLOSED raises without any output), the hub's
table for what the client learns (STREAM_PAUSED, STREAM_RESUMED, STREAM_ENDED), and our own decisions where both are
silent.

Nothing in here reads the table of the code.
"""

import pytest

from hocket.errors import LocalProtocolError
from support.acp_hub_script import STREAM, HubScript, happened, notification

STATES = ["idle", "starting", "active", "paused", "lost", "closed"]

# `-`: the caller may not; else the state afterwards
TABLE = """
                     idle      starting  active    paused    lost      closed
    start            starting  -         -         -         -         -
    admitted         idle      active    active    active    active    closed
    admitted_paused  idle      paused    paused    paused    paused    closed
    refused          idle      closed    active    paused    closed    closed
    message          -         -         active    -         -         -
    chunk            -         -         active    -         -         -
    post             -         -         active    -         -         -
    pause            -         -         active    paused    -         -
    resume           -         -         active    paused    -         -
    invite           -         -         active    paused    -         -
    remove           -         -         active    paused    -         -
    leave            -         -         active    paused    -         -
    get              -         -         active    paused    -         -
    end              -         -         active    paused    -         -
    was_paused       idle      starting  paused    paused    paused    closed
    was_resumed      idle      starting  active    active    active    closed
    was_ended        idle      closed    closed    closed    closed    closed
    transport_lost   idle      lost      lost      lost      lost      closed
"""

_, *ROWS = [line.split() for line in TABLE.strip("\n").splitlines()]
CASES = [(row[0], state, after) for row in ROWS for state, after in zip(STATES, row[1:], strict=True)]

ARGUMENTS = {
    "message": ("hi",),
    "chunk": ("hi", 1),
    "post": ("hi",),
    "invite": ("eve",),
    "remove": ("bob",),
}


class Bench:
    """A client with one stream in a given state, and a request about it whose answer is a stream."""

    def __init__(self, state):
        self.hub = HubScript()
        self.open_request = "99"  # nobody asked
        getattr(self, state)()
        assert self.hub.state == state
        self.hub.sent(), self.hub.events()

    def idle(self):
        pass

    def starting(self):
        self.open_request = self.hub.ask("join", STREAM)

    def active(self):
        self.hub.enter("ACTIVE", None)
        self.open_request = self.hub.ask("get", STREAM)

    def paused(self):
        self.hub.enter("PAUSED", None)
        self.open_request = self.hub.ask("get", STREAM)

    def lost(self):
        self.hub.enter("ACTIVE", None)
        self.hub.lose()
        self.hub.connect()
        (self.open_request, method, _) = self.hub.asked()
        assert method == "stream.join"

    def closed(self):
        self.active()
        self.hub.say(notification("end", reason="done"))

    # inputs

    def start(self):
        self.hub.ask("join", STREAM)

    def admitted(self):
        self.hub.admit(self.open_request)

    def admitted_paused(self):
        self.hub.admit(self.open_request, "PAUSED")

    def refused(self):
        if self.hub.state == "lost":  # the line was lost before a join was answered
            self.__init__("starting")
            self.hub.lose()
            assert self.hub.state == "lost"
            self.hub.connect()
        elif self.hub.state in ("active", "paused"):  # of another stream
            self.hub.refuse(self.hub.ask("join", "other"), -40006, {"reason": "not_open"})
        else:
            self.hub.refuse(self.open_request, -40006, {"reason": "not_open"})

    def was_paused(self):
        self.hub.say(happened("STREAM_PAUSED"))

    def was_resumed(self):
        self.hub.say(happened("STREAM_RESUMED"))

    def was_ended(self):
        self.hub.say(notification("end", reason="done"))

    def transport_lost(self):
        self.hub.lose()

    def do(self, what):
        if hasattr(Bench, what):
            getattr(self, what)()
        else:
            self.hub.ask(what, STREAM, *ARGUMENTS.get(what, ()))


@pytest.mark.parametrize(("what", "state", "after"), CASES, ids=[f"{what}-{state}" for what, state, _ in CASES])
def test_the_table(what, state, after):
    bench = Bench(state)
    if after == "-":
        with pytest.raises(LocalProtocolError, match=f"is {state}"):
            bench.do(what)
        assert bench.hub.state == state
        assert (bench.hub.sent(), bench.hub.events()) == ([], [])
        bench.hub.wait(60.0)
        assert "stream.message" not in [request["method"] for request in bench.hub.sent()], "there is no hidden queue"
    else:
        bench.do(what)
        assert bench.hub.state == after


def test_a_start_goes_the_same_way_as_a_join():
    hub = HubScript()
    started = hub.ask("start", ["bob"])
    assert hub.state == "idle", "it has no name yet"
    hub.sent()
    hub.admit(started)
    assert hub.state == "active"


def test_a_start_that_is_answered_with_a_paused_stream_is_paused():
    hub = HubScript()
    started = hub.ask("start", ["bob"])
    hub.sent()
    hub.admit(started, "PAUSED")
    assert hub.state == "paused"
