"""Agent: the declaration of an agent, that is its function and what the world is told about it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from attrs import define, evolve, field

from hocket.a2a.card import AgentCapabilities, AgentCard, AgentExtension, AgentInterface, AgentSkill
from hocket.agent.task import AgentTask
from hocket.errors import LocalProtocolError
from hocket.options import must_be, one_of_kind, several

__all__ = ["Agent"]

F = TypeVar("F", bound=Callable[..., Any])

SPOKEN = (("JSONRPC", "1.0"), ("HTTP+JSON", "1.0"), ("JSONRPC", "0.3"))
"""What is spoken at an agent's address, the best first: binding and version."""
TEXT = ("text/plain",)
"""The media types of an agent that declares none."""

_TEXT = one_of_kind("a text", str)
_YES_OR_NO = one_of_kind("True or False", bool)
_ON_DISCONNECT = must_be("'continue' or 'cancel'", lambda value: value in ("continue", "cancel"))
_EXTENSIONS = several("AgentExtensions", AgentExtension)
_MEDIA_TYPES = several("media types", str, lambda mode: "/" in mode)
_CARD = must_be(
    "an AgentCard or a function from the agent's URL to one",
    lambda card: card is None or isinstance(card, AgentCard) or callable(card),
)


@define(eq=False)
class Agent:
    """The declaration of an agent: a function and what the world is told about it.

    Args:
        name: The agent's name, as its card gives it.
        description: One sentence for the card; the function's docstring if left out.
        version: The agent's own version.
        debug: Tell callers the text of an exception that ended a task. Not for production.
        on_disconnect: "cancel" cancels a task when nobody reads it or waits for it any more.
        skills: What the card lists; one skill made from the function if left out.
        streaming: Whether its answers can be streamed; otherwise callers wait for the whole.
        push_notifications: Whether the events of a task are posted to the URL that a caller names.
        extensions: What it can do beyond A2A; `task.extensions` has those that a caller wants.
        extended_card: A longer card for those who are authenticated, or a function from the agent's URL to it.
        input_modes: Media types that it takes; what has another one is refused. () takes everything.
        output_modes: Media types that it gives; () for text.

    Raises:
        LocalProtocolError: An option is not of its kind.

    >>> agent = Agent("hello")
    >>> @agent.stream
    ... def hello(task):
    ...     "Greets."
    ...     yield "Hello " + task.text
    >>> agent.card("http://127.0.0.1:8000/").skills[0].description
    'Greets.'
    """

    name: str = field(validator=must_be("a text that is not empty", lambda name: isinstance(name, str) and name != ""))
    description: str = field(default="", kw_only=True, validator=_TEXT)
    version: str = field(default="1.0.0", kw_only=True, validator=_TEXT)
    debug: bool = field(default=False, kw_only=True, validator=_YES_OR_NO)
    on_disconnect: Literal["continue", "cancel"] = field(default="continue", kw_only=True, validator=_ON_DISCONNECT)
    skills: tuple[AgentSkill, ...] = field(default=(), kw_only=True, validator=several("AgentSkills", AgentSkill))
    streaming: bool = field(default=True, kw_only=True, validator=_YES_OR_NO)
    push_notifications: bool = field(default=False, kw_only=True, validator=_YES_OR_NO)
    extensions: tuple[AgentExtension, ...] = field(default=(), kw_only=True, validator=_EXTENSIONS)
    extended_card: AgentCard | Callable[[str], AgentCard] | None = field(default=None, kw_only=True, validator=_CARD)
    input_modes: tuple[str, ...] = field(default=(), kw_only=True, validator=_MEDIA_TYPES)
    output_modes: tuple[str, ...] = field(default=(), kw_only=True, validator=_MEDIA_TYPES)
    _function: Callable[[AgentTask], Any] | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.skills, self.extensions = tuple(self.skills), tuple(self.extensions)
        self.input_modes, self.output_modes = tuple(self.input_modes), tuple(self.output_modes)

    def stream(self, function: F) -> F:
        """Declare the agent's function: a decorator that gives the function back unchanged.

        The function takes the task. A plain or async function answers with what it returns; a plain or async
        generator streams what it yields: str (text), dict (data), bytes (a file), `task.progress(…)`, `task.ask(…)`,
        or an A2A object (`Part`, `Artifact`, `Message`, `TaskStatus` and the two update events).

        Raises:
            LocalProtocolError: The agent has a function already, or this one cannot take exactly one argument.
        """
        if self._function is not None:
            raise LocalProtocolError(f"agent {self.name!r} has a function already: {_name_of(self._function)}")
        try:
            _check_takes_one(function)
        except TypeError as error:
            raise LocalProtocolError(f"{_name_of(function)} must take the task as its one argument: {error}") from None
        self._function = function
        return function

    @property
    def function(self) -> Callable[[AgentTask], Any]:
        """The declared function.

        Raises:
            LocalProtocolError: There is none yet.
        """
        if self._function is None:
            raise LocalProtocolError(f"agent {self.name!r} has no function: put @agent.stream above one")
        return self._function

    @property
    def capabilities(self) -> AgentCapabilities:
        """Which optional parts of A2A it has, as its card says and its server keeps to."""
        return AgentCapabilities(
            streaming=self.streaming,
            push_notifications=self.push_notifications,
            extended_agent_card=self.extended_card is not None or None,
            extensions=self.extensions,
        )

    def card(self, url: str) -> AgentCard:
        """What the agent says of itself to those who find it at `url`."""
        summary = inspect.getdoc(self.function) or ""
        description = self.description or summary.partition("\n\n")[0].replace("\n", " ") or self.name
        input_modes, output_modes = self.input_modes or TEXT, self.output_modes or TEXT
        skill = AgentSkill(
            id=_name_of(self.function),
            name=self.name,
            description=description,
            tags=("streaming",),
            input_modes=input_modes,  # optional, but there are readers that want it
            output_modes=output_modes,
        )
        return AgentCard(
            name=self.name,
            description=description,
            version=self.version,
            capabilities=self.capabilities,
            default_input_modes=input_modes,
            default_output_modes=output_modes,
            skills=self.skills or (skill,),
            supports_authenticated_extended_card=self.capabilities.extended_agent_card,
            **_addresses(url),
        )

    def extended_card_at(self, url: str) -> AgentCard:
        """The longer card, for those who find the agent at `url` and have shown who they are.

        A declared card that names no address is given those of `url`.

        Raises:
            LocalProtocolError: The agent has none.
        """
        match self.extended_card:
            case None:
                raise LocalProtocolError(f"agent {self.name!r} has no extended card: declare it as extended_card")
            case AgentCard(url=None, supported_interfaces=()) as card:
                return evolve(card, **_addresses(url))
            case AgentCard() as card:
                return card
            case make:
                return make(url)


def _addresses(url: str) -> dict[str, Any]:
    """The members of a card that say where the agent is, for clients of both generations."""
    interfaces = [
        AgentInterface(url=url, protocol_binding=binding, protocol_version=version) for binding, version in SPOKEN
    ]
    return {
        "url": url,
        "protocol_version": "0.3.0",
        "preferred_transport": "JSONRPC",
        "supported_interfaces": tuple(interfaces),
    }


def _check_takes_one(function: Callable[..., Any]) -> None:
    """Raise TypeError if the function cannot be called with one argument; what is written in C may not tell."""
    try:
        signature = inspect.signature(function)
    except ValueError:
        return
    signature.bind(None)


def _name_of(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)
