"""Mailboxes: what each link is to get. Answers, now or when a task has settled, and streams at its own pace."""

from __future__ import annotations

from collections import deque
from typing import Any

from attrs import define, field

from hocket.a2a.admission import admit_subscription, history_length
from hocket.a2a.dialects import Operation, Result
from hocket.a2a.limits import ServerLimits
from hocket.a2a.live import LiveTask
from hocket.a2a.model import TaskState
from hocket.a2a.ports import Answered, Delivery, Ended, Link, Output, Ready, Refused, amount
from hocket.a2a.runs import Turn
from hocket.a2a.states import Answer, is_terminal, settles
from hocket.a2a.subscription import Call, Subscription
from hocket.errors import Code, ErrorObject
from hocket.jsonrpc import Id
from hocket.log import Cursor

__all__ = ["Mailbox", "Mailboxes"]

_ONLY_READ = (Operation.GET, Operation.LIST)
"""What can be asked for again, and is answered the same."""

_EXCEEDED = {
    "answers": "too much of what this caller has asked for was not read yet",
    "calls": "too many calls of this caller wait for their answers",
    "push_configs": "the task has too many configurations of push notifications",
    "push_configs_in_all": "there are too many configurations of push notifications",
    "task_size": "the task would become too large",
    "tasks": "too many tasks are under way",
}
"""What is said of each limit that a call would exceed."""

_FOR_EVER = ("task_size",)
"""Those that time does not mend."""

_LAST = frozenset([Answered, Refused, Ended])
"""Each of these is the last delivery of its call."""


@define(eq=False)
class Mailbox:
    """One link: answers to hand out, subscriptions to read, and the tasks it waits for.

    Attributes:
        unread: Subscriptions that may have something to read, in the order in which it is their turn.
        calls: Calls of which the link was not yet given the end.
        held: Bytes of answers to hand out.
    """

    answers: list[Delivery] = field(factory=list)  # an empty deque would be 760 bytes
    subscriptions: dict[Subscription, None] = field(factory=dict)
    unread: list[Subscription] = field(factory=list)
    waits_for: dict[str, LiveTask] = field(factory=dict)
    calls: int = 0
    held: int = 0
    is_ready: bool = False


@define(eq=False)
class Mailboxes:
    """All links. A link is told once that it is `Ready`, and not again before it has taken everything.

    A link without a mailbox is one that was never heard of or has left: what comes for it is dropped.
    """

    outputs: deque[Output]
    limits: ServerLimits = ServerLimits()
    _boxes: dict[Link, Mailbox] = field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._boxes)

    def get(self, link: Link) -> Mailbox | None:
        """The link's mailbox, or None if it has none."""
        return self._boxes.get(link)

    def open(self, link: Link) -> Mailbox:
        """The link's mailbox, made if need be."""
        box = self._boxes.get(link)
        if box is None:
            box = self._boxes[link] = Mailbox()
        return box

    def refuse(self, link: Link, call: Call, code: Code, message: str | None = None, data: Any = None) -> None:
        """Answer a call with the error of this code."""
        self.fail(link, call, ErrorObject.of(code, message, data))

    def fail(self, link: Link, call: Call, error: ErrorObject) -> None:
        """Answer a call with an error."""
        self.deliver(link, Refused(request_id=call.request_id, error=call.dialect.write_error(error)))

    def refuse_unread(self, link: Link, request_id: Id, error: ErrorObject) -> None:
        """What was asked could not be understood."""
        self.open(link).calls += 1
        self.deliver(link, Refused(request_id=request_id, error=error))

    def refuse_over_limit(self, link: Link, call: Call, limit: str, maximum: int) -> None:
        """Answer a call with the limit that it would exceed, and with whether it helps to try again later."""
        data: dict[str, Any] = {"limit": limit, "max": maximum, "retryable": limit not in _FOR_EVER}
        self.refuse(link, call, Code.OVERLOADED, f"{_EXCEEDED[limit]}: the limit {limit} is {maximum}", data)

    def deliver(self, link: Link, delivery: Delivery) -> None:
        """Put an answer into the link's mailbox."""
        box = self._boxes.get(link)
        if box is not None:
            box.answers.append(delivery)
            self.ready(link)

    def ready(self, link: Link) -> None:
        """There is something for this link."""
        box = self._boxes.get(link)
        if box is not None and not box.is_ready:
            box.is_ready = True
            self.outputs.append(Ready(link=link))

    def answer(self, link: Link, call: Call, live: LiveTask) -> None:
        """Answer a call with the task as it stands."""
        self.give(link, call, live.snapshot(history_length(call)))

    def give(self, link: Link, call: Call, result: Result) -> None:
        """Answer a call with this; or not, if it can ask again and has left enough answers lying there."""
        box = self._boxes.get(link)
        if box is None:
            return
        if box.held > self.limits.answers and call.operation in _ONLY_READ:
            self.refuse_over_limit(link, call, "answers", self.limits.answers)
            return
        written = call.dialect.write_result(call.operation, result)
        box.held += len(written)
        self.deliver(link, Answered(request_id=call.request_id, result=written))

    def wait(self, link: Link, call: Call, live: LiveTask) -> None:
        """Answer the call when the task settles."""
        live.waiters.append((link, call))
        self.open(link).waits_for[live.id] = live

    def tell_readers(self, live: LiveTask) -> None:
        """The log has grown: those who wait for the task to settle may have their answer, those who read it, more."""
        self._answer_waiters(live)
        for subscription in live.subscriptions:
            self._queue(subscription)

    def _answer_waiters(self, live: LiveTask) -> None:
        """The task may have settled: answer those who wait for that. A cancel waits for the end of the task."""
        state = live.fold.state
        if not live.waiters or not settles(state):
            return
        waiters, live.waiters = live.waiters, []
        for link, call in waiters:
            is_cancel = call.operation is Operation.CANCEL
            if is_cancel and not is_terminal(state):
                live.waiters.append((link, call))
                continue
            self._release(link, live)
            if is_cancel and state is not TaskState.CANCELED:
                self.refuse(link, call, Code.TASK_NOT_CANCELABLE, f"the task is {state.value} already")
            else:
                self.answer(link, call, live)

    def park(self, link: Link, call: Call, live: LiveTask) -> None:
        """Keep a call until the task is there; of a link that has left, none is kept."""
        box = self._boxes.get(link)
        if box is not None:
            live.parked.append((link, call))
            box.waits_for[live.id] = live

    def park_cancels(self, live: LiveTask) -> None:
        """The run that was to stop is the task's no more: who waits for a cancel asks again."""
        cancels = [waiter for waiter in live.waiters if waiter[1].operation is Operation.CANCEL]
        live.waiters = [waiter for waiter in live.waiters if waiter not in cancels]
        live.parked += cancels

    def unpark(self, live: LiveTask) -> list[tuple[Link, Call]]:
        """The calls that were kept for the task."""
        parked, live.parked = live.parked, []
        for link, _ in parked:
            self._release(link, live)
        return parked

    def expect(self, turn: Turn, live: LiveTask) -> None:
        """A message is on its way into the log: then its call goes on."""
        live.arriving.append(turn)
        if turn.link is not None:
            self.open(turn.link).waits_for[live.id] = live

    def arrived(self, live: LiveTask) -> Turn | None:
        """The next message that is in the log now, or None."""
        if not live.arriving or live.arriving[0].at > live.log.last:
            return None
        turn = live.arriving.pop(0)
        if turn.link is not None:
            self._release(turn.link, live)
        return turn

    def park_arriving(self, live: LiveTask) -> None:
        """Messages on their way into the log have lost their run: keep their calls."""
        turns = list(live.arriving)
        live.arriving.clear()
        for turn in turns:
            if turn.link is not None:
                self.park(turn.link, turn.call, live)

    def read(self, subscription: Subscription) -> None:
        """Let a link read a task."""
        self.open(subscription.link).subscriptions[subscription] = None
        subscription.live.subscriptions[subscription] = None
        self._queue(subscription)

    def subscribe(self, link: Link, call: Call, live: LiveTask) -> None:
        """Let a link read a task from the place it has seen, or from a snapshot; or refuse a task that is over."""
        seen = call.service.last_event_id
        if seen is not None and seen <= live.log.last:
            self.read(Subscription(link, call, live, Cursor(live.log, seen)))
            return
        match admit_subscription(call, live):
            case Answer():
                self.read(Subscription(link, call, live, Cursor(live.log, live.log.last), live.fold.snapshot()))
            case ErrorObject() as error:
                self.fail(link, call, error)

    def withdraw(self, link: Link, request_id: Id) -> list[LiveTask]:
        """Answer a call with "cancelled" instead of what it waits for; the tasks that it had to do with."""
        box = self._boxes.get(link)
        if box is None:
            return []
        left: list[LiveTask] = []
        for subscription in [each for each in box.subscriptions if each.call.request_id == request_id]:
            self._drop(box, subscription)
            left.append(subscription.live)
            self.refuse(link, subscription.call, Code.REQUEST_CANCELLED)
        for live in list(box.waits_for.values()):
            for calls in (live.waiters, live.parked):
                for each in [each for each in calls if each[0] == link and each[1].request_id == request_id]:
                    calls.remove(each)
                    left.append(live)
                    self.refuse(link, each[1], Code.REQUEST_CANCELLED)
            for turn in live.arriving:
                if turn.link == link and turn.call.request_id == request_id:
                    turn.link = None
                    left.append(live)
                    self.refuse(link, turn.call, Code.REQUEST_CANCELLED)
            self._release(link, live)
        return left

    def stop_reading(self, link: Link, refused: Refused) -> list[LiveTask]:
        """Tell a link this instead of everything that it has not read yet of tasks; the tasks that it read."""
        box = self.open(link)
        left = [each.live for each in box.subscriptions]
        for subscription in list(box.subscriptions):
            self._drop(box, subscription)
        box.calls += 1 - len(left)
        self.deliver(link, refused)
        return left

    def dismiss(self, live: LiveTask) -> None:
        """There is no such task (any more): tell everybody who waits for it or reads it."""
        parked, live.parked = live.parked, []
        begun = [each for each in parked if each[1].task_id is None]  # what the store has never taken
        calls = [each for each in parked if each[1].task_id is not None]
        calls += [*live.waiters, *[(each.link, each.call) for each in live.subscriptions]]
        live.waiters = []
        for subscription in list(live.subscriptions):
            self._drop(self.open(subscription.link), subscription)
        for link, call in calls:
            self._release(link, live)
            self.refuse(link, call, Code.TASK_NOT_FOUND)
        for link, call in begun:
            self._release(link, live)
            self.refuse(link, call, Code.INTERNAL_ERROR, "the task could not be stored; send the message again")

    def leave(self, link: Link) -> list[LiveTask]:
        """Forget the link; the tasks that it had to do with."""
        box = self._boxes.pop(link, None)
        if box is None:
            return []
        for subscription in box.subscriptions:
            del subscription.live.subscriptions[subscription]
        for live in box.waits_for.values():
            live.waiters = [each for each in live.waiters if each[0] != link]
            live.parked = [each for each in live.parked if each[0] != link]
            for turn in live.arriving:
                turn.link = None if turn.link == link else turn.link
        return [*(subscription.live for subscription in box.subscriptions), *box.waits_for.values()]

    def take(self, link: Link, limit: int) -> tuple[list[Delivery], list[Subscription]]:
        """About `limit` deliveries, and the subscriptions that ended with them."""
        box = self._boxes.get(link)
        if box is None:
            return [], []
        out: list[Delivery] = []
        over: list[Subscription] = []
        while box.answers and len(out) < limit:
            out.append(answer := box.answers.pop(0))
            if isinstance(answer, Answered):
                box.held -= len(answer.result)
        limit -= len(out)
        while box.unread and limit > 0:
            subscription = box.unread.pop(0)
            subscription.is_queued = False
            if subscription not in box.subscriptions:
                continue
            read = subscription.read(limit)
            limit -= amount(read)
            out += read
            if subscription.is_over:
                over.append(subscription)
                self._drop(box, subscription)
            elif subscription.has_more:  # at the end: a busy stream does not keep the others from their turn
                self._queue(subscription)
        box.calls -= sum([each.__class__ in _LAST for each in out])
        if not box.answers and not box.unread:
            box.is_ready = False
        return out, over

    def _queue(self, subscription: Subscription) -> None:
        """There may be something to read for this subscription."""
        box = self._boxes.get(subscription.link)
        if box is not None and not subscription.is_queued:
            subscription.is_queued = True
            box.unread.append(subscription)
            self.ready(subscription.link)

    def _release(self, link: Link, live: LiveTask) -> None:
        """The link may have nothing more to wait for at this task."""
        box = self._boxes.get(link)
        is_waiting = any(each[0] == link for each in (*live.waiters, *live.parked))
        if box is not None and not is_waiting and not any(turn.link == link for turn in live.arriving):
            box.waits_for.pop(live.id, None)
            if not box.waits_for:
                box.waits_for = {}  # one that was in use keeps 170 bytes more, also when it is empty

    def _drop(self, box: Mailbox, subscription: Subscription) -> None:
        del box.subscriptions[subscription]
        del subscription.live.subscriptions[subscription]
