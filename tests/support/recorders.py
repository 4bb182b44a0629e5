"""Endpoints and nodes that only take notes: what a network did to them is then to be seen."""

from attrs import define, field


@define(eq=False)
class Recorder:
    """An endpoint that says what it is given to say, a piece each time, and writes down what comes."""

    unsaid: list[bytes] = field(factory=list)
    heard: list[bytes] = field(factory=list)
    times: list[float] = field(factory=list)
    """When it was called, on its own clock."""
    ends: list[object] = field(factory=list)
    """How it was told of the end: "eof", or the error."""
    alarm: float | None = None
    rang: list[float] = field(factory=list)
    is_polite: bool = False
    """It closes when the other side has."""

    @property
    def is_closed(self):
        return self.is_polite and bool(self.ends) and not self.unsaid

    @property
    def data(self):
        return b"".join(self.heard)

    def receive_data(self, data, now):
        assert data, "nothing is never brought"
        assert not self.ends, "nothing follows the end"
        self.times.append(now)
        self.heard.append(data)

    def receive_eof(self, now):
        self.times.append(now)
        self.ends.append("eof")

    def handle_timeout(self, now):
        self.times.append(now)
        self.rang.append(now)
        self.alarm = None

    def next_event(self):
        return None

    def data_to_send(self):
        return [self.unsaid.pop(0)] if self.unsaid else []

    def next_timeout(self):
        return self.alarm


@define(eq=False)
class FallibleRecorder(Recorder):
    """The same; it is told why a connection ended."""

    def receive_failure(self, error, now):
        self.times.append(now)
        self.ends.append(error)


@define(eq=False)
class Ledger:
    """A node that keeps what it hears on a disk, and has a timer of its own."""

    disk: list[tuple[str, bytes]] = field(factory=list)
    is_open: bool = True
    ends: dict[str, Recorder] = field(factory=dict)
    left: list[str] = field(factory=list)
    alarm: float | None = None
    rang: list[float] = field(factory=list)
    restarts: list[object] = field(factory=list)
    """What came up after each crash: of the first node and of all that followed it."""

    def accept(self, link, now):
        if not self.is_open:
            return None
        self.ends[link] = Recorder(is_polite=True)
        return self.ends[link]

    def gone(self, link, now):
        self.left.append(link)
        self.disk.append((link, self.ends[link].data))

    def next_timeout(self):
        return self.alarm

    def handle_timeout(self, now):
        self.rang.append(now)
        self.alarm = None

    def restarted(self, keep_log, now):
        fresh = Ledger(list(self.disk) if keep_log else [], restarts=self.restarts)
        self.restarts.append(fresh)
        return fresh
