"""Checks of one stream: its events, its end, and the time between them."""

from __future__ import annotations

from hocket.testing.fuzzing.prompts import Prompt
from hocket.testing.fuzzing.soundness import flawed_event, more_after_the_end
from hocket.testing.fuzzing.talk import Talk
from hocket.testing.fuzzing.telling import tell_item, tell_state

__all__ = ["events", "one_end", "silence"]


def events(talk: Talk, prompt: Prompt) -> None:
    """Each event can be read, and is one that the task's life allows."""
    answer = talk.stream(prompt)
    answer.read_all()
    if answer.is_refused and answer.error is None:
        return  # an HTTP status says so, and what goes with it is for people
    talk.forbid(flawed_event(answer))


def one_end(talk: Talk, prompt: Prompt) -> None:
    """A stream ends once: settled, and nothing follows."""
    answer = talk.stream(prompt)
    answer.read_all()
    if answer.flaw is not None or answer.is_refused or answer.is_endless or not answer.has_begun:
        return
    talk.forbid(more_after_the_end(answer))
    if answer.error is not None:
        return
    if answer.end == "silent":
        last = tell_item(answer.items[-1]) if answer.items else ""
        said = f"the stream is still open {talk.patience:g} seconds after its last event, {last}"
        talk.forbid(said if answer.has_finished else None)
        return
    if answer.end == "cut" and talk.probe.binding == "pipe":
        return  # the process has ended, which is a check of its own
    how = "was cut" if answer.end == "cut" else "ended"
    talk.forbid(None if answer.items else f"the stream {how} without any event")
    where = f"the stream {how} while the task was {tell_state(answer.state)}: its readers wait for ever"
    talk.forbid(None if answer.has_settled else where)


def silence(talk: Talk, prompt: Prompt) -> None:
    """An answer goes on: nobody has to wait longer than patience lasts."""
    answer = talk.stream(prompt)
    answer.read_all()
    if answer.end != "silent" or answer.has_settled:
        return
    said = f"after {tell_item(answer.items[-1])}" if answer.items else "at all"
    talk.fail(f"nothing came for {talk.patience:g} seconds {said}, and the stream is open")
