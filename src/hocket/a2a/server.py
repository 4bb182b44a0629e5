"""The A2A server: many tasks × many links, without I/O.

Requests come in with the link they came from; what a link gets is taken from it with `take`, at the reader's
pace. The server asks a store to append (the log is the truth) and a runner to run, and is fed what they say:

    receive(link, …) ─┐                                   ┌─> Append, Load, Find …       (store)
    feed, loaded ─────┼─>  LiveTask: log · fold · readers ┼─> Run, Reply, Interrupt      (runner)
    emit, asked ──────┘                                   └─> Ready(link) … take(link)   (transport, sender)

After any call, drain `next_output`. Every method takes `now`, seconds on the caller's monotonic clock.
This module is the door: it reads what is asked and says whose business it is. `turns` has the life of a run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Literal

from attrs import define, field

from hocket.a2a.appends import Appends
from hocket.a2a.capabilities import undeclared, unsupported_content
from hocket.a2a.card import AgentCapabilities, AgentCard
from hocket.a2a.dialects import CallDialect, Operation, negotiate
from hocket.a2a.fold import weigh
from hocket.a2a.limits import ServerLimits
from hocket.a2a.listing import Listing
from hocket.a2a.live import LiveTask
from hocket.a2a.mailboxes import Mailboxes
from hocket.a2a.model import StreamItem
from hocket.a2a.parameters import ServiceParameters
from hocket.a2a.ports import Delivery, Link, Load, Output, PushLink, Stored, TaskPage
from hocket.a2a.push_configs import PushConfigs, forbidden
from hocket.a2a.push_rules import PushRules
from hocket.a2a.residents import Residents
from hocket.a2a.subscription import Call
from hocket.a2a.turns import Turns
from hocket.a2a.watches import Watch, Watches
from hocket.entropy import Entropy
from hocket.errors import Code, ErrorObject
from hocket.jsonrpc import Id
from hocket.log import Entry

__all__ = ["Server"]


@define(eq=False, kw_only=True)
class Server:
    """The tasks of one agent and everybody who talks about them.

    Args:
        entropy: Where task, context and message ids come from.
        epoch: Unix time, in seconds, at which `now` was 0: turns `now` into the timestamps that go on the wire.
        limits: What is held at the most.
        on_disconnect: "cancel" cancels a task when the last link that reads it or waits for it is gone.
        capabilities: Which optional parts of A2A the agent has, as its card declares them.
        extended_card: Makes the card for those who are authenticated, at the address they have used; None if it fails.
        input_modes: Media types of the parts that the agent takes, ranges like `text/*` too; () for all.
        push_rules: Where push notifications may go.
    """

    entropy: Entropy
    epoch: float = 0.0
    limits: ServerLimits = ServerLimits()
    on_disconnect: Literal["continue", "cancel"] = "continue"
    capabilities: AgentCapabilities = AgentCapabilities(streaming=True)
    extended_card: Callable[[str], AgentCard | None] | None = None
    input_modes: tuple[str, ...] = ()
    push_rules: PushRules = PushRules()
    _tasks: Residents = field(init=False)
    _outputs: deque[Output] = field(factory=deque, init=False)
    _mailboxes: Mailboxes = field(init=False)
    _watches: Watches = field(init=False)
    _turns: Turns = field(init=False)
    _listing: Listing = field(init=False)
    _pushes: PushConfigs = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._tasks = Residents(self.limits)
        self._mailboxes = Mailboxes(self._outputs, self.limits)
        self._watches = Watches(self._mailboxes, self.limits)
        self._listing = Listing(self._mailboxes, self._outputs)
        self._pushes = PushConfigs(self.limits, self._mailboxes, self._outputs)
        self._turns = Turns(
            entropy=self.entropy,
            limits=self.limits,
            on_disconnect=self.on_disconnect,
            capabilities=self.capabilities,
            tasks=self._tasks,
            appends=Appends(self.epoch, self._outputs),
            mailboxes=self._mailboxes,
            outputs=self._outputs,
        )

    # Calls ------------------------------------------------------------------------------------------------------

    def receive(
        self, link: Link, request_id: Id, method: str, params: Any, service: ServiceParameters, now: float
    ) -> None:
        """Take a request: `take(link)` will give its answer, its items, or its error."""
        dialect, operation = negotiate(method, service.version)
        if isinstance(operation, ErrorObject):
            self._mailboxes.refuse_unread(link, request_id, dialect.write_error(operation))
            return
        read = undeclared(self.capabilities, operation, service) or dialect.read_params(
            operation, params, self.limits.id
        )
        if isinstance(read, ErrorObject):
            self._mailboxes.refuse_unread(link, request_id, dialect.write_error(read))
            return
        call = Call(request_id=request_id, dialect=dialect, operation=operation, params=read, service=service)
        self.perform(link, call, now)

    def perform(self, link: Link, call: Call, now: float) -> None:
        """Take a call that was read already: `take(link)` will give its answer, its items, or its error."""
        mailbox = self._mailboxes.open(link)
        mailbox.calls += 1
        if mailbox.calls > self.limits.calls:
            self._mailboxes.refuse_over_limit(link, call, "calls", self.limits.calls)
            return
        refusal = (
            undeclared(self.capabilities, call.operation, call.service)
            or unsupported_content(self.capabilities, self.input_modes, call.params)
            or forbidden(self.push_rules, call)
        )
        if refusal is None:
            self._perform(link, call, now)
        else:
            self._mailboxes.fail(link, call, refusal)

    def cancel_call(self, link: Link, request_id: Id, now: float) -> None:
        """The caller wants no (more) answer to a call. Its task goes on (unless `on_disconnect` says otherwise)."""
        self._listing.withdraw(link, request_id)
        for live in self._mailboxes.withdraw(link, request_id):
            self._watches.done(link, live)
            self._left(live, now)

    def disconnect(self, link: Link, now: float) -> None:
        """The link is gone: what waited for it is forgotten. Its tasks go on (unless `on_disconnect` says no)."""
        self._watches.end(link)
        self._listing.leave(link)
        if isinstance(link, PushLink):
            self._pushes.left(link)
        for live in self._mailboxes.leave(link):
            if isinstance(link, PushLink):  # a receiver that is given up is nobody who leaves
                self._tasks.rest(live)
            else:
                self._left(live, now)

    def watch(
        self,
        link: Link,
        dialect: CallDialect,
        service: ServiceParameters,
        now: float,
        task_ids: Sequence[str] | None = None,
        tenant: str = "",
    ) -> None:
        """Let a link read many tasks: what it takes carries the task's id as its `request_id`, and ends task by task.

        Args:
            link: Who reads. It stays open when a task has ended. A `Refused` without an id ends it: it was too slow.
            dialect: How the events look.
            service: Who asks. `last_event_id` is the place in each named task to go on from; 0 where there is none.
            now: Seconds on the caller's clock.
            task_ids: The tasks, each from the start of what is kept; one that nobody knows gets a `Refused`. None for
                every task that this owner begins here from now on.
            tenant: The tenant whose tasks they are.

        Raises:
            LocalProtocolError: The link watches what begins already.
        """
        watch = Watch(link=link, dialect=dialect, service=service, tenant=tenant)
        if task_ids is None:
            self._watches.begin(watch)
            return
        for task_id in dict.fromkeys(task_ids):
            self.perform(link, watch.call(task_id), now)

    def take(self, link: Link, limit: int = 256) -> list[Delivery]:
        """What the link may be given now, about `limit` deliveries; fewer are all there is (a `Ready` will follow)."""
        out, over = self._mailboxes.take(link, limit)
        for subscription in over:
            if isinstance(link, PushLink):
                self._pushes.finished(link)
            self._watches.done(link, subscription.live)
            self._tasks.rest(subscription.live)
        return out

    def next_output(self) -> Output | None:
        """The next thing the world is asked to do, or None."""
        return self._outputs.popleft() if self._outputs else None

    # The store --------------------------------------------------------------------------------------------------

    def feed(self, task_id: str, entries: Sequence[Entry[StreamItem]], now: float) -> None:
        """Entries that the store has appended to a task's log, by us or by another replica."""
        live = self._tasks.get(task_id)
        if live is None or not entries:
            return
        live.heard = max(live.heard, entries[-1].offset)
        if live.is_loading:
            return
        if entries[0].offset > live.log.last + 1:  # another replica's; some before them never reached us
            self.append_refused(task_id, now)
            return
        is_new, is_quiet = live.fold.is_empty, live.tail.is_confirmed
        items = live.take_entries(entries)
        if not items:
            return
        if not live.tail.confirm(items):  # another replica's: a task has one writer
            if not is_quiet:
                self.append_refused(task_id, now)
                return
            self._turns.fence(live)
            live.tail.note(items, [weigh(item) for item in items])
        self._grown(live, is_new, now)

    def _grown(self, live: LiveTask, is_new: bool, now: float) -> None:
        """The log has more in it: let everybody know whom it concerns."""
        if is_new:
            for left in self._watches.open(live):
                self._left(left, now)
        self._turns.appends.ask_store(live)
        self._turns.arrive(live, now)
        self._known(live, now)
        if (checkpoint := live.checkpoint()) is not None:
            self._outputs.append(checkpoint)
        self._tasks.rest(live)

    def _known(self, live: LiveTask, now: float) -> None:
        """More is known of the task."""
        self._unpark(live, now)
        self._mailboxes.tell_readers(live)
        if live.log.is_ended:
            self._turns.over(live)
            self._watches.over(live)

    def append_refused(self, task_id: str, now: float) -> None:
        """The store did not append: another replica has. Our run is fenced, and the task is read anew."""
        live = self._tasks.get(task_id)
        if live is None:
            return
        self._turns.fence(live)
        self._reload(live)

    def loaded(self, task_id: str, stored: Stored | None, now: float) -> None:
        """What the store has of a task that was asked for with `Load`; None if it knows no such task."""
        live = self._tasks.get(task_id)
        if live is None or not live.is_loading:
            return
        live.is_loading = False
        if stored is None:
            self._tasks.forget(live)
            self._mailboxes.dismiss(live)
            return
        live.restore(stored)
        if live.heard > live.log.last:  # news of another replica came before what the store knew earlier
            self._reload(live)
            return
        self._known(live, now)
        self._tasks.rest(live)

    def found(self, ticket: int, page: TaskPage | None, now: float) -> None:
        """What the store has found for a `Find`; None if its page token is none of the store's."""
        self._listing.found(ticket, page)

    # The runner -------------------------------------------------------------------------------------------------

    def started(self, task_id: str, run: int, now: float) -> None:
        """The runner begins a run: the task is WORKING.

        Raises:
            LocalProtocolError: The run is not the task's current one.
        """
        self._turns.started(task_id, run, now)

    def emit(self, task_id: str, run: int, items: Sequence[StreamItem], now: float) -> None:
        """Events of a running agent, in order. Statuses without a timestamp get one.

        Raises:
            LocalProtocolError: The run was ended or replaced, or an event breaks the task's life. Nothing is appended.
        """
        self._turns.emit(task_id, run, items, now)

    def asked(self, task_id: str, run: int, now: float) -> None:
        """The run waits for an answer to what it has just asked: there will be a `Reply`, or a `Release`.

        Raises:
            LocalProtocolError: The run is not the task's current one or waits already, or its task is neither
                INPUT_REQUIRED nor AUTH_REQUIRED. Nothing has changed.
        """
        self._settle(self._turns.asked(task_id, run, now), now)

    def ended(self, task_id: str, run: int, now: float) -> None:
        """A run is over. A task that its agent left unsettled is CANCELED if that was asked for, else FAILED."""
        live = self._tasks.get(task_id)
        if live is None or live.run is None or live.run.number != run:
            return
        self._turns.ended(live, now)
        self._settle(live, now)

    # Time -------------------------------------------------------------------------------------------------------

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None."""
        return self._turns.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """End what has had its time: runs that do not stop, were not answered, or are silent for too long."""
        for live in self._turns.handle_timeout(now):
            self._settle(live, now)

    # The operations ---------------------------------------------------------------------------------------------

    def _perform(self, link: Link, call: Call, now: float) -> None:
        task_id = call.task_id
        if task_id is None:
            self._perform_at_large(link, call, now)
            return
        live = self._tasks.get(task_id)
        if live is None:
            live = self._tasks.admit(task_id)
            self._reload(live)
        if live.is_loading or live.fold.is_empty:
            self._mailboxes.park(link, call, live)
        elif live.owner != call.owner:
            self._mailboxes.refuse(link, call, Code.TASK_NOT_FOUND)
        else:
            self._perform_on(live, link, call, now)
        self._tasks.rest(live)

    def _perform_at_large(self, link: Link, call: Call, now: float) -> None:
        """A call that names no task."""
        match call.operation:
            case Operation.LIST:
                self._listing.ask(link, call)
            case Operation.EXTENDED_CARD:
                self._show_card(link, call)
            case _:
                self._begin(link, call, now)

    def _perform_on(self, live: LiveTask, link: Link, call: Call, now: float) -> None:
        """A call that names a task, which is in memory and the caller's own."""
        match call.operation:
            case Operation.SEND | Operation.STREAM:
                self._follow_up(link, call, live, now)
            case Operation.GET:
                self._mailboxes.answer(link, call, live)
            case Operation.CANCEL:
                self._turns.cancel(link, call, live, now)
            case Operation.SUBSCRIBE:
                self._mailboxes.subscribe(link, call, live)
            case _:
                self._pushes.perform(link, call, live)

    def _begin(self, link: Link, call: Call, now: float) -> None:
        while not self._tasks.has_room() and (left := self._watches.make_room()):
            for each in left:
                self._left(each, now)
        if self._pushes.admits(link, call, None) and (live := self._turns.begin(link, call, now)) is not None:
            self._pushes.take_from(call, live)

    def _follow_up(self, link: Link, call: Call, live: LiveTask, now: float) -> None:
        if self._pushes.admits(link, call, live.id) and self._turns.follow_up(link, call, live, now):
            self._pushes.take_from(call, live)

    def _show_card(self, link: Link, call: Call) -> None:
        if self.extended_card is None:
            self._mailboxes.refuse(link, call, Code.EXTENDED_AGENT_CARD_NOT_CONFIGURED)
            return
        card = self.extended_card(call.service.base_url)
        if card is None:
            self._mailboxes.refuse(link, call, Code.INTERNAL_ERROR, "the extended card could not be made")
        else:
            self._mailboxes.give(link, call, card)

    # Loading, leaving -------------------------------------------------------------------------------------------

    def _reload(self, live: LiveTask) -> None:
        live.is_loading, live.heard = True, 0
        self._outputs.append(Load(task_id=live.id))

    def _unpark(self, live: LiveTask, now: float) -> None:
        for link, call in self._mailboxes.unpark(live):
            self._perform(link, call, now)

    def _settle(self, live: LiveTask, now: float) -> None:
        """What the task's agent does has changed: judge anew what waited for that."""
        if not live.is_loading and not live.fold.is_empty:
            self._unpark(live, now)
        self._tasks.rest(live)

    def _left(self, live: LiveTask, now: float) -> None:
        """Somebody no longer reads the task or waits for it."""
        self._turns.left(live, now)
        self._tasks.rest(live)
