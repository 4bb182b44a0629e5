"""Targets that break rules on purpose: a probe whose answers are altered on their way."""

import json

from attrs import define, field, frozen

GONE = object()
"""Instead of a message: it does not come."""


def _keep(asked, answer):
    return answer


def _keep_head(status, headers):
    return status, headers


@frozen(kw_only=True)
class Lie:
    """One way to break rules.

    `fails` are the rules that must notice, as patterns. `alter(asked, answer)` is given what was asked and each message
    as JSON, and gives a message, GONE, or a list of messages; `asked` is None for what nobody asked for.
    """

    name: str
    fails: tuple
    alter: object = _keep
    head: object = _keep_head
    card: object = None
    end: str | None = None
    target: str = "plain"


def _read(body):
    try:
        return json.loads(body)
    except (ValueError, TypeError):
        return None


@define(eq=False)
class Liar:
    """A probe that lies."""

    probe: object
    lie: Lie

    def __getattr__(self, name):
        return getattr(self.probe, name)

    @property
    def card(self):
        card = self.probe.card
        return card if self.lie.card is None or card is None else self.lie.card(card)

    def open(self, ask):
        asked = _read(ask.body)
        if asked is None:
            asked = {"method": ask.http_method, "path": ask.path}
        elif isinstance(asked, dict):
            asked = {**asked, "headers": dict(ask.headers), "path": ask.path}
        return LyingTalk(self.probe.open(ask), self.lie, asked)


@define(eq=False)
class LyingTalk:
    """A conversation that lies."""

    talk: object
    lie: Lie
    asked: object
    sent: dict = field(factory=dict, init=False)
    waiting: list = field(factory=list, init=False)

    def __getattr__(self, name):
        return getattr(self.talk, name)

    @property
    def status(self):
        return self._head[0]

    @property
    def headers(self):
        return self._head[1]

    @property
    def _head(self):
        return self.lie.head(self.talk.status, dict(self.talk.headers))

    @property
    def end(self):
        return self.lie.end if self.lie.end is not None and self.talk.end == "complete" else self.talk.end

    def send(self, body):
        asked = _read(body)
        if isinstance(asked, dict):
            self.sent[asked.get("id")] = asked
            self.asked = asked
        self.talk.send(body)

    def next(self, timeout=60.0):
        while not self.waiting:
            body = self.talk.next(timeout)
            if body is None and (self.asked is None or (isinstance(self.asked, dict) and "id" in self.asked)):
                return None
            answer = None if body is None else _read(body)
            said = self.lie.alter(self._asked_for(answer), answer)
            if body is None and said is None:
                return None
            if said is not GONE:
                self.waiting += said if isinstance(said, Several) else [said]
        return json.dumps(self.waiting.pop(0)).encode()

    def _asked_for(self, answer):
        if not self.sent:
            return self.asked
        return self.sent.get(answer.get("id")) if isinstance(answer, dict) and "method" not in answer else None


class Several(list):
    """Several messages instead of one."""
