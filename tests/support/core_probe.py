"""A probe to our server core in this process, without loops, threads or clocks: what one reads is what there is."""

import json
from collections import deque
from urllib.parse import urlsplit

from attrs import define, field

from hocket.a2a import Interrupt, Reply, Run, Server
from hocket.acp.hub import Hub
from hocket.agent import Speech
from hocket.entropy import seeded
from hocket.http import Request, Response, Routes
from hocket.http.acp import HubRoutes
from hocket.testing.answers import HttpAnswer
from hocket.testing.probe import Ask
from hocket_io.stores import MemoryStore
from support.world import outputs

BASE = "http://agent.test/"


@define(eq=False)
class CoreProbe:
    """An agent that says `words`, one at a time while somebody waits, and first asks something if `asks`.

    Time passes only while nobody has anything to say: then a second at a time.
    """

    agent: object
    words: tuple = ("Hello ", "from ", "here")
    asks: bool = False
    target = "core"
    protocol = "a2a"
    binding = "memory"
    now: float = 0.0
    raised: list = field(factory=list)
    server: Server = field(init=False)
    routes: Routes = field(init=False)
    store: MemoryStore = field(factory=MemoryStore, init=False)
    talks: dict = field(factory=dict, init=False)
    runs: dict = field(factory=dict, init=False)
    ids: int = field(default=0, init=False)
    links: int = field(default=0, init=False)

    def __attrs_post_init__(self):
        agent = self.agent
        self.server = Server(
            entropy=seeded(1),
            epoch=1_700_000_000.0,
            capabilities=agent.capabilities,
            extended_card=agent.extended_card_at if agent.extended_card is not None else None,
            input_modes=agent.input_modes,
        )
        self.routes = Routes(agent.card)

    # --- what checks call

    @property
    def card(self):
        heard = self.open(Ask.get("/.well-known/agent-card.json"))
        return json.loads(heard.next())

    @property
    def versions(self):
        return ("1.0", "0.3")

    def fresh_id(self):
        self.ids += 1
        return f"fresh-{self.ids}"

    def curl(self, ask):
        return f"curl {ask.path or BASE}"

    def wait(self, seconds):
        self.now += seconds
        self.server.handle_timeout(self.now)
        self.pump()

    def restart(self):
        pass

    def open(self, ask):
        self.links += 1
        talk = self.talks[f"link-{self.links}"] = Talk(self, f"link-{self.links}")
        parts = urlsplit(ask.path or "/")
        request = Request(
            method=ask.http_method,
            path=parts.path or "/",
            query=parts.query,
            headers=tuple(ask.headers.items()),
            body=ask.body or b"",
            base_url=BASE,
        )
        talk.meet(self.routes.receive(talk.link, request, self.server, self.now))
        self.pump()
        return talk

    # --- the agent, and what carries its words

    def pump(self):
        for output in outputs(self.server, self.store, self.now):
            match output:
                case Run(task=task, run=number):
                    key = task.id, number
                    speech = Speech(task.id, task.context_id, number, seeded(2))
                    self.server.started(*key, self.now)
                    self.runs[key] = Running(speech, [*([ASK] if self.asks else []), *self.words, END])
                case Reply(task_id=task_id, run=number):
                    self.runs[task_id, number].answered()
                case Interrupt(task_id=task_id, run=number):
                    if self.runs.pop((task_id, number), None) is not None:
                        self.server.ended(task_id, number, self.now)
        for talk in list(self.talks.values()):
            talk.take()
            if talk.exchange is None:
                del self.talks[talk.link]

    def work(self):
        """One word of the run that began first and has one; whether there was one."""
        self.now += 0.05
        for key, running in self.runs.items():
            if not running.is_waiting:
                self.say(key, running)
                self.pump()
                return True
        return False

    def say(self, key, running):
        match running.script.pop(0):
            case str(word):
                self.server.emit(*key, running.speech.say(word), self.now)
            case question if question is ASK:
                running.is_waiting = True
                self.server.emit(*key, running.speech.ask(running.speech.question("What else?", auth=False)), self.now)
                self.server.asked(*key, self.now)
            case _:
                del self.runs[key]
                self.server.emit(*key, running.speech.finish(), self.now)
                self.server.ended(*key, self.now)


ASK, END = object(), object()


@define(eq=False)
class Running:
    """What an agent has still to say."""

    speech: Speech
    script: list
    is_waiting: bool = False

    def answered(self):
        self.speech.answered()
        self.is_waiting = False


@define(eq=False)
class Talk:
    """One conversation."""

    probe: CoreProbe
    link: str
    answer: HttpAnswer = field(factory=HttpAnswer, init=False)
    exchange: object = field(default=None, init=False)
    reason: str = ""

    @property
    def status(self):
        return self.answer.status

    @property
    def headers(self):
        return self.answer.headers

    @property
    def raw(self):
        return bytes(self.answer.raw)

    @property
    def end(self):
        return self.answer.end

    def meet(self, found):
        if isinstance(found, Response):
            self.answer.receive_head(found.status, dict(found.headers))
            self.answer.receive_data(found.body or b"")
            self.answer.receive_eof()
        else:
            self.exchange = found

    def take(self):
        exchange = self.exchange
        if exchange is None:
            return
        while deliveries := self.probe.server.take(self.link):
            exchange.deliver(deliveries, self.probe.now)
        response = exchange.next_response()
        if response is not None:
            self.answer.receive_head(response.status, dict(response.headers))
            self.answer.receive_data(response.body or b"")
        for piece in exchange.data_to_send():
            self.answer.receive_data(piece)
        if exchange.is_closed:
            self.exchange = None
            self.answer.receive_eof()

    def next(self, timeout=60.0):
        until = self.probe.now + timeout
        while (message := self.answer.next_message()) is None:
            if self.end in ("complete", "cut"):
                return None
            if not self.probe.work():
                if self.probe.now >= until:
                    self.answer.silent()
                    return None
                self.probe.wait(1.0)
        return message

    def send(self, body):
        raise AssertionError("an HTTP request is said once")

    def close(self):
        if self.exchange is not None:
            self.exchange = None
            self.probe.server.disconnect(self.link, self.probe.now)
            self.probe.pump()


@define(eq=False)
class HubProbe:
    """A hub in this process, seen through connections that carry all at once."""

    hub: Hub = field(factory=lambda: Hub(entropy=seeded(7), epoch=1_700_000_000.0))
    binding: str = "memory"
    target = "hub"
    protocol = "acp"
    versions = ()
    card = None
    now: float = 0.0
    raised: list = field(factory=list)
    seats: dict = field(factory=dict, init=False)
    ids: int = field(default=0, init=False)

    def fresh_id(self):
        self.ids += 1
        return f"fresh-{self.ids}"

    def curl(self, ask):
        return None

    def restart(self):
        pass

    def wait(self, seconds):
        self.now += seconds
        self.hub.handle_timeout(self.now)

    def open(self, ask):
        seat = HubSeat(self, f"link-{self.fresh_id()}")
        if ask.path is not None:
            return WebTalk(self.hub, seat.link, HubRoutes(self.hub), ask, self.now)
        agent = ask.headers["X-Agent-Id"]
        is_http = self.binding == "http"
        refusal = self.hub.connect(
            seat.link, self.now, principal=agent, ordered=not is_http, listens=not is_http, session=agent
        )
        assert refusal is None, refusal
        self.seats[seat.link] = seat
        return seat


class WebTalk(HttpAnswer):
    """One request of HTTP to a hub."""

    def __init__(self, hub, link, routes, ask, now):
        super().__init__()
        self.hub, self.link, self.feed = hub, link, None
        fields = tuple((name.lower(), value) for name, value in ask.headers.items())
        request = Request(method=ask.http_method, path=ask.path, headers=fields, body=ask.body or b"")
        found = routes.receive(link, request, now)
        if isinstance(found, Response):
            self.receive_head(found.status, dict(found.headers))
            self.receive_data(found.body or b"")
            self.receive_eof()
        else:
            self.feed = found
            self.receive_head(200, dict(found.next_response().headers))

    def next(self, timeout=60.0):
        if self.feed is not None and self.end != "complete":
            self.feed.deliver(self.hub.take(self.link), 0.0)
            for piece in self.feed.data_to_send():
                self.receive_data(piece)
            if self.feed.is_closed:
                self.receive_eof()
        message = self.next_message()
        if message is None:
            self.silent()
        return message

    def close(self):
        if self.end != "cut":
            self.end = "cut"
            self.hub.disconnect(self.link, 0.0)


@define(eq=False)
class HubSeat:
    """One connection."""

    probe: HubProbe
    link: str
    end: str = "open"
    status = None
    headers = {}  # noqa: RUF012  -- nobody writes it
    raw = b""
    reason = ""
    came: deque = field(factory=deque, init=False)

    def send(self, body):
        self.probe.hub.receive(self.link, body, self.probe.now)

    def next(self, timeout=60.0):
        for seat in self.probe.seats.values():
            while seat.end != "cut" and (sends := self.probe.hub.take(seat.link)):
                seat.came += [each.message for each in sends]
        while self.probe.hub.next_event() is not None:
            pass
        if not self.came:
            self.end = "silent" if self.end == "open" else self.end
            return None
        self.end = "open" if self.end == "silent" else self.end
        return self.came.popleft()

    def close(self):
        if self.end != "cut":
            self.end = "cut"
            self.probe.hub.disconnect(self.link, self.probe.now)
