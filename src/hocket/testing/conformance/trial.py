"""Trial: one rule at one target. Everything that is said goes through it, so that a failure can show what was said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

from attrs import define, field, frozen

from hocket.testing.probe import PATIENCE, Ask, Conversation, End, Probe
from hocket.testing.violation import NotApplicable, Violation

__all__ = ["Exchange", "Heard", "Session", "Trial"]

T = TypeVar("T")

MESSAGES = 10_000
"""Messages of one answer that are read before it counts as endless."""

_SHOWN_MESSAGES = 12
_SHOWN_CHARACTERS = 2_000


@frozen(kw_only=True)
class Exchange:
    """What was asked and what came, as a report shows it: long texts are cut.

    Attributes:
        sent: The messages that were sent, in order; without a body the request line.
        came: The messages that came.
        status: The HTTP status; None where there is none.
        end: How the answer had ended when the rule had seen enough.
        curl: A line for a shell that asks the same; None where there is no such line.
    """

    sent: tuple[str, ...]
    came: tuple[str, ...]
    status: int | None
    end: End
    curl: str | None


@define(eq=False)
class Heard:
    """One conversation, and what was heard in it so far."""

    ask: Ask
    conversation: Conversation
    came: list[bytes] = field(factory=list, init=False)
    said: list[bytes] = field(factory=list, init=False)

    @property
    def end(self) -> End:
        """How it has ended."""
        return self.conversation.end

    @property
    def status(self) -> int | None:
        """The HTTP status; None on a pipe."""
        return self.conversation.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields of the answer, names in lower case."""
        return self.conversation.headers

    @property
    def how(self) -> str:
        """How it has ended, in words, and why."""
        status = "" if self.status is None else f", status {self.status}"
        return f"{self.end}{status}" + (f": {self.conversation.reason}" if self.conversation.reason else "")

    def next(self, timeout: float) -> bytes | None:
        """The next message; None where there is none."""
        message = self.conversation.next(timeout)
        if message is not None:
            self.came.append(message)
        return message

    def send(self, body: bytes) -> None:
        """Say more, where this is a connection."""
        self.said.append(body)
        self.conversation.send(body)

    def exchange(self, curl: str | None) -> Exchange:
        """What a report shows of it."""
        first = [self.ask.body] if self.ask.body is not None else []
        sent = [_shown(each) for each in (*first, *self.said)]
        if self.ask.path is not None:
            sent.insert(0, f"{self.ask.http_method} {self.ask.path}")
        came = [_shown(each) for each in self.came[:_SHOWN_MESSAGES]]
        if len(self.came) > _SHOWN_MESSAGES:
            came.append(f"… and {len(self.came) - _SHOWN_MESSAGES} more")
        return Exchange(sent=tuple(sent), came=tuple(came), status=self.status, end=self.end, curl=curl)


@define(eq=False, kw_only=True)
class Session:
    """A target for as long as its rules are checked, and what it has said that several rules look at.

    Attributes:
        probe: The way to it.
        text: What agents are asked.
        timeout: Seconds for which an answer is waited for, of the time that passes at the target.
    """

    probe: Probe
    text: str = "hello"
    timeout: float = PATIENCE
    _samples: dict[str, tuple[Any, list[Heard]]] = field(factory=dict, init=False)

    def renew(self) -> None:
        """Start the target anew, where that is possible; what it has said is worth nothing then."""
        self.probe.restart()
        self._samples.clear()

    def is_there(self) -> bool:
        """Whether the target answers the easiest question. That of a hub has been asked by whoever was not answered."""
        if self.probe.protocol == "acp":
            return False
        asked = Ask.call("tasks/get", {"id": "are-you-there"}, id=self.probe.fresh_id(), version="0.3")
        conversation = self.probe.open(asked)
        came = conversation.next(self.timeout)
        conversation.close()
        return came is not None

    def sample(self, name: str) -> tuple[Any, list[Heard]] | None:
        """What was kept under this name, and the conversations that it came from."""
        return self._samples.get(name)

    def keep(self, name: str, value: Any, heard: list[Heard]) -> None:
        """Keep something for the rules that come."""
        self._samples[name] = value, heard


@define(eq=False)
class Trial:
    """One rule at one target.

    Args:
        rule: Its name, for what is raised.
        session: The target.
    """

    rule: str
    session: Session
    heard: list[Heard] = field(factory=list, init=False)
    _open: list[Heard] = field(factory=list, init=False)

    @property
    def probe(self) -> Probe:
        """The way to the target."""
        return self.session.probe

    @property
    def is_cut(self) -> bool:
        """Whether something that was asked in this trial ended in the middle."""
        return any(each.end == "cut" for each in self._open)

    @property
    def is_silent(self) -> bool:
        """Whether something was asked in this trial, and nothing came."""
        return bool(self._open) and all(each.end == "silent" and not each.came for each in self._open)

    def open(self, ask: Ask) -> Heard:
        """Ask."""
        heard = Heard(ask, self.probe.open(ask))
        self.heard.append(heard)
        self._open.append(heard)
        return heard

    def next(self, heard: Heard) -> bytes | None:
        """The next message of an answer."""
        return heard.next(self.session.timeout)

    def rest(self, heard: Heard) -> list[bytes]:
        """All that is still to come of an answer.

        Raises:
            Violation: It has no end.
        """
        found: list[bytes] = []
        while (message := self.next(heard)) is not None:
            found.append(message)
            self.require(len(found) < MESSAGES, f"the answer is not over after {MESSAGES} messages")
        return found

    def close(self) -> None:
        """Leave every conversation that is still open."""
        while self._open:
            self._open.pop().conversation.close()

    def require(self, holds: bool, otherwise: str) -> None:
        """Go on only if something holds.

        Args:
            holds: Whether it does.
            otherwise: What is wrong if it does not.

        Raises:
            Violation: It does not.
        """
        if not holds:
            raise Violation(self.rule, otherwise)

    def fail(self, detail: str) -> NoReturn:
        """The rule does not hold.

        Raises:
            Violation: Always.
        """
        raise Violation(self.rule, detail)

    def skip(self, reason: str) -> NoReturn:
        """The rule cannot be checked here.

        Raises:
            NotApplicable: Always.
        """
        raise NotApplicable(reason)

    def sample(self, name: str, make: Callable[[], T]) -> T:
        """What other rules have seen already, or else what `make` gets: agents are not asked twice for the same.

        Args:
            name: Of the sample.
            make: Talks to the target through this trial.
        """
        if (kept := self.session.sample(name)) is not None:
            found: T = kept[0]
            self.heard += kept[1]
            return found
        before = len(self.heard)
        value = make()
        self.session.keep(name, value, self.heard[before:])
        return value

    def exchanges(self) -> tuple[Exchange, ...]:
        """All that was said, for the report."""
        return tuple([each.exchange(self.probe.curl(each.ask)) for each in self.heard])


def _shown(message: bytes) -> str:
    text = message.decode("utf-8", "backslashreplace")
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return f"{text[:_SHOWN_CHARACTERS]}… ({len(text)} characters)"
