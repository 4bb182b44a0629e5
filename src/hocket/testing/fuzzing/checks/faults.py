"""Checks of what must not happen whatever is asked: that the target breaks, or shows its inside."""

from __future__ import annotations

from collections.abc import Iterator
from re import Pattern
from re import compile as pattern

from hocket.a2a import Message, TaskArtifactUpdateEvent, TaskState
from hocket.errors import Code
from hocket.testing.fuzzing.answer import Answer
from hocket.testing.fuzzing.prompts import Prompt
from hocket.testing.fuzzing.raised import place_of
from hocket.testing.fuzzing.talk import Talk
from hocket.testing.fuzzing.telling import clipped

__all__ = ["leaked", "no_crash", "no_leaks"]

_BROKEN = 500
_INSIDES: tuple[tuple[Pattern[str], str], ...] = (
    (pattern(r"Traceback \(most recent call last\)"), "a traceback of Python"),
    (pattern(r'File "[^"\n]+", line \d+'), "a line of a traceback"),
    (pattern(r"[\w./\\-]*[/\\](?:site-packages|node_modules)[/\\][\w./\\-]*"), "the path of an installed package"),
    (pattern(r"\bat [\w.<>$ ]+\((?:file://)?/?[\w./\\-]+:\d+:\d+\)"), "a line of a stack trace"),
)
"""What shows how a server is made, and what to call it."""


def no_crash(talk: Talk, prompt: Prompt) -> None:
    """Whatever valid message comes, the agent's code does not raise, and its server does not break."""
    answer = talk.stream(prompt)
    answer.read_all()
    if talk.raised:
        talk.fail(f"the agent raised {_named(talk.raised[0])}")
    unhurt(talk, answer)


def unhurt(talk: Talk, answer: Answer) -> None:
    """The target has not broken over this request.

    Raises:
        Violation: It has.
    """
    status = answer.conversation.status
    if answer.error is not None and answer.error.code == Code.INTERNAL_ERROR:
        talk.fail(f"the answer is an internal error (-32603): {clipped(answer.error.message)!r}")
    if status is not None and status >= _BROKEN:
        talk.fail(f"the answer has the HTTP status {status}")
    if answer.end == "cut" and (talk.probe.binding == "pipe" or not answer.has_begun):
        talk.fail(f"the target is gone: {answer.conversation.reason or 'the connection was closed without an answer'}")


def _named(error: BaseException) -> str:
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    place = place_of(error)
    return f"{clipped(said)} in {place}" if place else clipped(said)


def no_leaks(talk: Talk, prompt: Prompt) -> None:
    """What goes wrong is told without the inside of the server."""
    answer = talk.stream(prompt)
    answer.read_all()
    leaked(talk, answer)


def leaked(talk: Talk, answer: Answer) -> None:
    """What went wrong here was told without the inside of the server.

    Raises:
        Violation: It was not.
    """
    asked = (answer.ask.body or b"").decode("utf-8", "backslashreplace")
    for text in _said_of_failures(answer):
        for inside, name in _INSIDES:
            found = inside.search(text)
            if found is not None and found[0] not in asked:
                talk.fail(f"what went wrong is told with {name}: {clipped(text[found.start() :])!r}")


def _said_of_failures(answer: Answer) -> Iterator[str]:
    """All texts about failures: of errors, of tasks that have failed, and of responses with such a status."""
    if answer.error is not None:
        yield f"{answer.error.message}\n{answer.error.data}"
    status = answer.conversation.status
    if status is not None and status >= _BROKEN:
        yield answer.conversation.raw.decode("utf-8", "backslashreplace")
    for item in answer.items:
        if isinstance(item, Message | TaskArtifactUpdateEvent) or item.status.state is not TaskState.FAILED:
            continue
        if item.status.message is not None:
            yield item.status.message.text
