"""The store of a world: the logs of its tasks, in full. It is slow when it is told to be."""

from __future__ import annotations

from collections import deque

from attrs import define, field

from hocket.a2a.fold import weigh
from hocket.a2a.model import Message
from hocket.a2a.ports import Append, Checkpoint, Find, Load, Owner, Stored, TaskPage
from hocket.log import Entry
from hocket.testing.worlds.a2a.book import Book
from hocket.testing.worlds.a2a.ports import Core

__all__ = ["Store", "Wish"]

Wish = Append | Checkpoint | Find | Load
"""What a server wants from its store."""


@define(eq=False)
class Store:
    """Keeps what it is given for good, and answers in the order in which it is asked.

    Args:
        book: What is appended is written down there too.
        latency: Seconds that it takes for each wish.
    """

    book: Book
    latency: float = 0.0
    _wishes: deque[tuple[float, Wish]] = field(factory=deque, init=False)
    _owners: dict[str, Owner] = field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._wishes)

    def ask(self, wish: Wish, now: float) -> None:
        """Note what the server wants."""
        due = max(now + self.latency, self._wishes[-1][0] if self._wishes else now)
        self._wishes.append((due, wish))
        if isinstance(wish, Append):
            page = self.book.page(wish.task_id)
            page.wishes += 1
            page.taken.update({item.message_id: None for item in wish.items if isinstance(item, Message)})

    def next_timeout(self) -> float | None:
        """When the next wish is fulfilled."""
        return self._wishes[0][0] if self._wishes else None

    def answer(self, server: Core, now: float) -> bool:
        """Fulfil the next wish, if it is time; whether there was one.

        Raises:
            Violation: What is appended breaks the life of its task.
        """
        if not self._wishes or self._wishes[0][0] > now:
            return False
        _, wish = self._wishes.popleft()
        match wish:
            case Append():
                self._append(wish, server, now)
            case Load(task_id=task_id):
                server.loaded(task_id, self._stored(task_id), now)
            case Find(ticket=ticket):
                tasks = tuple(page.task for page in self.book.begun)
                server.found(ticket, TaskPage(tasks=tasks, total_size=len(tasks)), now)
            case Checkpoint():
                pass  # the whole log is kept
        return True

    def inherit(self, other: Store) -> None:
        """Go on for a store whose server is dead: what it wished for and did not get is forgotten."""
        self._owners, self.latency = other._owners, other.latency

    def _append(self, wish: Append, server: Core, now: float) -> None:
        page = self.book.page(wish.task_id)
        page.wishes -= 1
        if len(page.log) != wish.expect:
            server.append_refused(wish.task_id, now)
            return
        self._owners.setdefault(wish.task_id, wish.owner)
        page.append(wish.items)
        entries = [Entry(offset, item, weigh(item)) for offset, item in enumerate(wish.items, wish.expect + 1)]
        server.feed(wish.task_id, entries, now)

    def _stored(self, task_id: str) -> Stored | None:
        page = self.book.pages.get(task_id)
        if page is None or page.is_lost or not page.log:
            return None
        entries = tuple(Entry(offset, item, weigh(item)) for offset, item in enumerate(page.log[1:], 2))
        return Stored(offset=1, task=page.folds[0], entries=entries, owner=self._owners[task_id])
