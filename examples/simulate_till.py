"""A world of one's own for `hocket simulate`: customers pay at a till, over lines that are cut, and should pay once."""

from collections.abc import Mapping, Sequence

from attrs import frozen

from hocket import Connection
from hocket.framing import Ndjson
from hocket.jsonrpc import RequestReceived, ResultReceived
from hocket.testing.network import Link, Trace, VirtualNetwork
from hocket.testing.simulation import Action
from hocket.testing.violation import Violation


@frozen(eq=False)
class Line:
    link: Link
    customer: Connection
    till: Connection


class Till:
    """A till that takes what it is told to take; customers ask again when their line is cut."""

    ACTIONS = (Action("pay", 1, weight=3), Action("wait", 1), Action("cut", 1, fault="cut"))
    OPTIONS: Mapping[str, tuple[int, int]] = {"customers": (1, 3)}
    remembers = False

    def __init__(self, seed: int, *, customers: int = 2) -> None:
        self.network = VirtualNetwork(seed)
        self.lines = [self.line(customer) for customer in range(customers)]
        self.payers: dict[str, int] = {}
        self.unanswered: dict[str, None] = {}
        self.taken: list[str] = []

    @property
    def now(self) -> float:
        return self.network.now

    @property
    def trace(self) -> Trace:
        return self.network.trace

    @property
    def counts(self) -> Mapping[str, int]:
        return {"messages": len(self.payers), "events": len(self.taken), "bytes": self.network.bytes_carried}

    def possible(self) -> Sequence[str]:
        return [action.name for action in self.ACTIONS]

    def act(self, action: str, numbers: Sequence[int]) -> None:
        customer = numbers[0] % len(self.lines)
        match action:
            case "pay":
                payment = f"payment {len(self.payers) + 1}"
                self.payers[payment] = customer
                self.unanswered[payment] = None
                self.ask(payment)
            case "wait":
                self.run(self.now + numbers[0] % 100 / 1_000)
            case "cut":
                self.lines[customer].link.cut()
                self.lines[customer] = self.line(customer)
                for payment in [each for each in self.unanswered if self.payers[each] == customer]:
                    self.ask(payment)

    def check(self) -> None:
        for payment in self.taken:
            if self.taken.count(payment) > 1:
                raise Violation("paid-once", f"{payment} was taken {self.taken.count(payment)} times")

    def finish(self) -> None:
        self.run()
        self.check()
        if self.unanswered:
            raise Violation("all-are-answered", f"nobody was thanked for {', '.join(self.unanswered)}")

    def line(self, customer: int) -> Line:
        ends = Connection(Ndjson()), Connection(Ndjson())
        return Line(self.network.connect(*ends, names=(f"customer {customer}", "till")), *ends)

    def ask(self, payment: str) -> None:
        self.lines[self.payers[payment]].customer.send_request("pay", [payment], now=self.now)

    def run(self, until: float | None = None) -> None:
        """Let the network carry what there is; the till answers, and the customers read what it answers."""
        while (told := self.network.next_event(until)) is not None:
            match told.event:
                case RequestReceived(id=call, params=[str() as payment]):
                    if not (self.remembers and payment in self.taken):
                        self.taken.append(payment)
                    for line in self.lines:
                        if line.link is told.link:
                            line.till.send_result(call, payment, now=self.now)
                case ResultReceived(result=str() as payment):
                    self.unanswered.pop(payment, None)


class CarefulTill(Till):
    """The same without the mistake: it knows a payment again."""

    remembers = True
