"""Site: one agent as a place in the network. A server, its store, its stage, and the connections that lead to it."""

from __future__ import annotations

from attrs import define, field

from hocket.a2a import (
    Append,
    Checkpoint,
    Find,
    Interrupt,
    Load,
    Ready,
    Release,
    Reply,
    Run,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.endpoint import Endpoint
from hocket.errors import HocketError
from hocket.testing.violation import Violation
from hocket.testing.worlds.a2a.book import QUESTIONS, Book
from hocket.testing.worlds.a2a.ports import MakeServer, Served, Tested
from hocket.testing.worlds.a2a.stage import Stage
from hocket.testing.worlds.a2a.store import Store
from hocket.timers import soonest

__all__ = ["Site", "SiteEnd"]

_MOST = 10_000
"""Things that a server may want at one moment."""


@define(eq=False)
class SiteEnd:
    """The server's end of a connection: whatever comes may make the server want something, for other links too."""

    site: Site
    served: Served

    @property
    def is_closed(self) -> bool:
        """Whether it is over."""
        return self.served.is_closed

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes of the client."""
        self.served.receive_data(data, now)
        self.site.pump(now)

    def receive_eof(self, now: float) -> None:
        """The client says nothing more."""
        self.served.receive_eof(now)
        self.site.pump(now)

    def receive_failure(self, error: HocketError, now: float) -> None:
        """The connection broke: `Site.gone` follows."""

    def handle_timeout(self, now: float) -> None:
        """A moment has come."""
        self.served.handle_timeout(now)
        self.site.pump(now)

    def next_timeout(self) -> float | None:
        """When that is."""
        return self.served.next_timeout()

    def next_event(self) -> None:
        """There are none."""

    def data_to_send(self) -> list[bytes]:
        """What there is room for."""
        return self.served.data_to_send()


@define(eq=False)
class Site:
    """A node of the network.

    Args:
        name: Its place.
        make: Makes the server, with a seed for its ids.
        seed: The first of these seeds.
        book: What is said and done here.
        sent: The messages of all users.
        sites: Where it is found by its name; a restarted one takes the place of the one that died.
        patience: Seconds that an agent of the server waits for an answer.
    """

    name: str
    make: MakeServer
    seed: int
    book: Book
    sent: dict[str, str]
    sites: dict[str, Site]
    patience: float
    tested: Tested = field(init=False)
    store: Store = field(init=False)
    stage: Stage = field(init=False)
    ends: dict[str, SiteEnd] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self.tested = self.make(self.seed)
        self.store = Store(self.book)
        self.stage = Stage(self.book, self.sent, self.patience)
        self.sites[self.name] = self

    # What the network calls ---------------------------------------------------------------------------------------

    def accept(self, link: str, now: float) -> Endpoint[object] | None:
        """Somebody dials: by the first word of the link's name it is a pipe or HTTP."""
        served = self.tested.http(link, now) if link.startswith("http") else self.tested.pipe(link, now)
        self.ends[link] = SiteEnd(self, served)
        return self.ends[link]

    def gone(self, link: str, now: float) -> None:
        """A connection is over."""
        if self.ends.pop(link, None) is not None:
            self.tested.disconnect(link, now)
            self.pump(now)

    def next_timeout(self) -> float | None:
        """When the server or the store wants to be called."""
        return soonest(self.tested.core.next_timeout(), self.store.next_timeout())

    def handle_timeout(self, now: float) -> None:
        """That time has come."""
        at = self.tested.core.next_timeout()
        if at is not None and at <= now:
            self.tested.core.handle_timeout(now)
        self.pump(now)

    def restarted(self, keep_log: bool, now: float) -> Site:
        """Another process in its place, which finds the log of the one that died, or nothing."""
        for page in self.book.pages.values():
            page.take_back()
            page.is_orphan = True
            if not keep_log:
                page.is_lost = True
            elif page.log and not page.is_over and page.state not in QUESTIONS:
                page.append([_abandoned(page.id)])
        site = Site(self.name, self.make, self.seed + 1, self.book, self.sent, self.sites, self.patience)
        site.store.inherit(self.store)
        return site

    # The server's side --------------------------------------------------------------------------------------------

    def pump(self, now: float) -> None:
        """Do what the server wants, until it wants nothing more for now.

        Raises:
            Violation: What it wants is wrong, or it never stops wanting.
        """
        core = self.tested.core
        for _ in range(_MOST):
            output = core.next_output()
            match output:
                case None:
                    if not self.store.answer(core, now):
                        return
                case Append() | Load() | Checkpoint() | Find():
                    self.store.ask(output, now)
                case Run():
                    self.stage.begin(output)
                case Reply():
                    self.stage.reply(output)
                case Interrupt() | Release():
                    self.stage.stop(output, now)
                case Ready(link=str(link)) if link in self.ends:
                    self.ends[link].served.ring()
        raise Violation("does-not-rest", f"a server wants {_MOST:,} things at one moment")


def _abandoned(task_id: str) -> TaskStatusUpdateEvent:
    """What whoever starts a server anew writes into the logs of the tasks that were under way: nobody goes on."""
    return TaskStatusUpdateEvent(task_id=task_id, status=TaskStatus(state=TaskState.FAILED))
