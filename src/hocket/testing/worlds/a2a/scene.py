"""The scene: who is there, and how a client asks."""

from __future__ import annotations

from attrs import define, field

from hocket.a2a import ClientCall, Message, Operation, Params, Part, Role, SendMessageRequest
from hocket.backoff import Backoff
from hocket.entropy import Entropy, seeded
from hocket.http import HttpCall, Request, ResumingCall
from hocket.testing.network import Link, VirtualNetwork
from hocket.testing.worlds.a2a.book import Page
from hocket.testing.worlds.a2a.callers import Asking, Caller, HttpEnd, PipeEnd, Stranger
from hocket.testing.worlds.a2a.http import request_bytes
from hocket.testing.worlds.a2a.ports import MakeTeller
from hocket.testing.worlds.a2a.reading import Reading
from hocket.testing.worlds.a2a.site import Site
from hocket.testing.worlds.a2a.stage import Player
from hocket.testing.worlds.a2a.ways import Way

__all__ = ["BACKOFF", "STRANGER", "Scene"]

BACKOFF = Backoff(base=0.5, factor=2.0, maximum=8.0, attempts=6)
"""How clients resume what was cut."""

STRANGER = "stranger"
"""The place from which everybody speaks who belongs to nobody."""

_URL = "http://agent"


@define(eq=False)
class Scene:
    """Everything that is there in a world of A2A.

    Args:
        network: What joins them.
        make_teller: Makes the client's end of a pipe.

    Attributes:
        sites: The agents, by their places.
        callers: The clients, by theirs.
        sent: Texts of the messages that were sent, by their ids.
        readings: Every call, in the order in which they were made.
        askings: Those over HTTP.
        ends: The clients' ends of connections, by the names of these.
        keeps: Of each place that is down, whether it finds its log again.
        parted: The clients that cannot reach somebody, as the network is partitioned.
    """

    network: VirtualNetwork
    make_teller: MakeTeller
    entropy: Entropy
    sites: dict[str, Site] = field(factory=dict)
    callers: dict[str, Caller] = field(factory=dict)
    sent: dict[str, str] = field(factory=dict)
    readings: list[Reading] = field(factory=list)
    askings: list[Asking] = field(factory=list)
    ends: dict[str, PipeEnd | HttpEnd] = field(factory=dict)
    keeps: dict[str, bool] = field(factory=dict)
    parted: list[str] = field(factory=list)
    connections: int = 0

    @classmethod
    def of(cls, network: VirtualNetwork, make_teller: MakeTeller, seed: int) -> Scene:
        """An empty one."""
        return cls(network, make_teller, seeded(seed))

    # Who and what is there ----------------------------------------------------------------------------------------

    @property
    def up(self) -> list[Site]:
        """The agents that are not down."""
        return [site for name, site in self.sites.items() if name not in self.keeps]

    @property
    def pages(self) -> list[tuple[Site, Page]]:
        """All tasks that have begun, each with its agent."""
        return [(site, page) for site in self.sites.values() for page in site.book.begun]

    @property
    def players(self) -> list[tuple[Site, Player]]:
        """Who is at work, and where."""
        return [(site, player) for site in self.up for player in site.stage.players]

    @property
    def links(self) -> list[Link]:
        """The connections of clients."""
        return [link for link in self.network.links if link.places[0] != STRANGER]

    def pipes(self, caller: Caller, site: Site | None = None) -> list[tuple[str, PipeEnd]]:
        """The open pipes of a client (to one agent): the names of their links, and its ends."""
        return [
            (name, end)
            for name, end in caller.pipes.items()
            if not end.is_ended and (site is None or end.agent == site.name)
        ]

    # How to ask ---------------------------------------------------------------------------------------------------

    def message(self, task_id: str | None = None) -> SendMessageRequest:
        """A message that was not sent before."""
        number = len(self.sent) + 1
        message_id, text = f"m{number}", f"message {number}"
        self.sent[message_id] = text
        message = Message(message_id=message_id, role=Role.USER, parts=(Part(text=text),), task_id=task_id)
        return SendMessageRequest(message=message)

    def ask(
        self,
        caller: Caller,
        site: Site,
        operation: Operation,
        params: Params,
        way: Way,
        *,
        seen: int | None = None,
        on_new: bool = False,
    ) -> None:
        """Let a client ask an agent something.

        Args:
            caller: Who.
            site: Whom.
            operation: What.
            params: Its parameters.
            way: How.
            seen: Of a subscription: the place to go on from.
            on_new: Whether a pipe is made for it, although there may be one.
        """
        now = self.network.now_at(caller.name)
        if way.is_http:
            self._ask_over_http(caller, site, operation, params, way, seen, now)
            return
        open_pipes = self.pipes(caller, site)
        end = open_pipes[-1][1] if open_pipes and not on_new else self._new_pipe(caller, site)
        headers = {} if seen is None else {"Last-Event-ID": str(seen)}
        call = end.teller.call(operation, params, now, headers)
        end.readings[call] = reading = Reading(call, site.book, caller.name, site.name, after=seen)
        self.readings.append(reading)

    def again(self, request: Request, site: Site) -> None:
        """A request comes a second time, from somewhere on its way."""
        self.strange(request_bytes(request), site, is_http=True)

    def strange(self, data: bytes, site: Site, *, is_http: bool) -> None:
        """Somebody says this to an agent."""
        self.network.dial(STRANGER, Stranger(data), site.name, name=self._link_name(STRANGER, is_http=is_http))

    def leave(self, link: Link, *, both: bool) -> None:
        """Let a client close a connection; or, of a pipe, say only that it will ask nothing more.

        Args:
            link: The connection.
            both: Whether it wants no more answers either.
        """
        place, end = link.places[0], self.ends[link.name]
        self.callers[place].pipes.pop(link.name, None)
        if isinstance(end, HttpEnd):
            end.asking.reading.is_dropped = True
            end.asking.machine.leave(self.network.now_at(place))
        else:
            for reading in end.readings.values():
                reading.is_dropped = reading.is_dropped or both
                reading.is_disturbed = reading.call.is_follow_up  # it may want to ask once more, for one answer
        link.hang_up(place, both=both or isinstance(end, HttpEnd))

    def disturb(self, *places: str) -> None:
        """Something has happened to these clients that may end what they read over HTTP."""
        for asking in self.askings:
            if asking.reading.caller in places:
                asking.reading.is_disturbed = True

    def _ask_over_http(
        self, caller: Caller, site: Site, operation: Operation, params: Params, way: Way, seen: int | None, now: float
    ) -> None:
        streams = operation in (Operation.STREAM, Operation.SUBSCRIBE)
        call = ClientCall(operation, params, way.dialect, "r", seen, is_resumable=streams)

        def carry(each: ClientCall) -> HttpCall:
            return HttpCall(each, _URL, last_event_id=each.last_event_id, binding=way.binding)

        def connect(asking: Asking, request: Request, now: float) -> None:
            name = self._link_name(caller.name, is_http=True)
            self.ends[name] = end = HttpEnd(asking, request, heard=now)
            self.network.dial(caller.name, end, site.name, name=name)

        reading = Reading(call, site.book, caller.name, site.name, is_over_http=True, after=seen)
        machine = ResumingCall(call, carry, BACKOFF if streams else None, self.entropy)
        asking = Asking(machine, reading, site.name, caller.pauses, connect)
        reading.is_disturbed = caller.name in self.parted
        self.readings.append(reading)
        self.askings.append(asking)
        asking.go_on(now)

    def _new_pipe(self, caller: Caller, site: Site) -> PipeEnd:
        end = PipeEnd(self.make_teller(), site.name)
        name = self._link_name(caller.name, is_http=False)
        caller.pipes[name] = self.ends[name] = end
        self.network.dial(caller.name, end, site.name, name=name)
        return end

    def _link_name(self, place: str, *, is_http: bool) -> str:
        self.connections += 1
        return f"{'http' if is_http else 'pipe'} {self.connections} of {place}"
