"""A world small enough to be wrong in known ways: letters are written, carried in any order, copied, burnt and read."""

from collections import Counter
from types import MappingProxyType

from hocket.testing.simulation import Action
from hocket.testing.violation import Violation

BUGS = ("order", "exactly-once", "all-arrive", "crash", "does-not-rest")


class Lines:
    """A trace."""

    def __init__(self):
        self.lines = []

    def note(self, at, text):
        self.lines.append(f"{at:.3f} {text}")


class Letters:
    """Agents write letters, each numbered by its writer; a reader reads those of each writer in order, and once.

    `bug` is what its reader does wrong, one of BUGS.
    """

    ACTIONS = (
        Action("write", 1, weight=3),
        Action("carry", 1, weight=3),
        Action("wait", 1),
        Action("copy", 1, fault="duplicate"),
        Action("burn", 1, fault="cut"),
    )
    OPTIONS = MappingProxyType({"agents": (1, 4)})

    bug = None

    def __init__(self, seed, *, agents=2):
        self.seed = seed
        self.agents = agents
        self.now = 0.0
        self.trace = Lines()
        self.counts = Counter(messages=0, events=0)
        self.written = Counter()
        self.bag = []
        self.burnt = []
        self.held = set()
        self.read = {agent: [] for agent in range(agents)}

    def possible(self):
        return ["write", *(["carry", "copy", "burn"] if self.bag else []), "wait"]

    def act(self, action, numbers):
        if action in self.possible():
            getattr(self, action)(*numbers)

    def write(self, which):
        agent = which % self.agents
        self.written[agent] += 1
        self.bag.append((agent, self.written[agent]))
        self.counts["messages"] += 1
        if self.bug == "crash" and agent == 2 and self.burnt:
            raise KeyError("a letter of the third")

    def wait(self, how_long):
        self.now += how_long % 60

    def copy(self, which):
        self.bag.append(self.bag[which % len(self.bag)])

    def burn(self, which):
        self.burnt.append(self.bag.pop(which % len(self.bag)))

    def carry(self, which):
        agent, number = self.bag.pop(which % len(self.bag))
        self.now += 0.25
        self.trace.note(self.now, f"letter {number} of {agent}")
        if self.bug == ("exactly-once" if number in self.read[agent] else "order"):
            self.give(agent, number)
            return
        self.held.add((agent, number))
        while (agent, len(self.read[agent]) + 1) in self.held:
            self.give(agent, len(self.read[agent]) + 1)

    def give(self, agent, number):
        self.read[agent].append(number)
        self.counts["events"] += 1

    def check(self):
        for agent, numbers in self.read.items():
            if len(numbers) != len(set(numbers)):
                raise Violation("exactly-once", f"{agent} is read twice: {numbers}")
            if numbers != list(range(1, len(numbers) + 1)):
                raise Violation("order", f"{agent} is read as {numbers}")

    def finish(self):
        if self.bug != "all-arrive":
            self.bag.extend(self.burnt)
        if self.bug == "does-not-rest" and self.now >= 100:
            raise Violation("does-not-rest", "the postman walks for ever")
        while self.bag:
            self.carry(0)
            self.check()
        for agent, count in self.written.items():
            if len(self.read[agent]) != count:
                raise Violation("all-arrive", f"of {count} letters of {agent} came {self.read[agent]}")


def with_bug(name):
    """The world, wrong in this way; None for right."""
    return type("Letters", (Letters,), {"bug": name})
