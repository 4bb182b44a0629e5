"""The checks by name, in the order in which they are run: what is said of them anywhere is made of this table."""

from __future__ import annotations

from collections.abc import Iterable

from hocket.errors import LocalProtocolError
from hocket.testing.fuzzing import inputs
from hocket.testing.fuzzing.check import Check
from hocket.testing.fuzzing.checks import broken, faults, readers, streams, tasks

__all__ = ["CHECKS", "check_named", "chosen"]

CHECKS: tuple[Check, ...] = (
    Check(
        name="no-crash",
        holds="whatever valid message comes, the agent does not raise and its server does not break",
        section="A2A 1.0 §3.3.2",
        inputs=inputs.prompts,
        run=faults.no_crash,
    ),
    Check(
        name="silence",
        holds="an answer ends, or says something before its reader's patience does",
        section="A2A 1.0 §3.1.2",
        inputs=inputs.prompts,
        run=streams.silence,
    ),
    Check(
        name="events",
        holds="each event can be read, is of this request, task and context, and comes where it may",
        section="A2A 1.0 §3.1.2, §4.2",
        inputs=inputs.prompts,
        run=streams.events,
    ),
    Check(
        name="one-end",
        holds="a stream ends once: when its task has ended or asks, and nothing follows",
        section="A2A 1.0 §3.1.2",
        inputs=inputs.prompts,
        run=streams.one_end,
    ),
    Check(
        name="send",
        holds="without a stream there is one answer, which waits for the end and is the same as the task",
        section="A2A 1.0 §3.1.1",
        inputs=inputs.prompts,
        run=tasks.send,
        needs_stream=False,
    ),
    Check(
        name="get-agrees",
        holds="the events of a stream add up to the task that `tasks/get` gives",
        section="A2A 1.0 §3.1.3",
        inputs=inputs.prompts,
        run=tasks.get_agrees,
    ),
    Check(
        name="subscribe-agrees",
        holds="a reader who joins late has in the end what the first one has",
        section="A2A 1.0 §3.1.6, §3.5.2",
        inputs=inputs.joinings,
        run=readers.subscribe_agrees,
    ),
    Check(
        name="cancel",
        holds="a cancel at any moment is refused, or ends the task for everybody; what has ended stays as it was",
        section="A2A 1.0 §3.1.5",
        inputs=inputs.joinings,
        run=readers.cancel,
    ),
    Check(
        name="leaves",
        holds="a reader who leaves harms neither the task nor whoever asks next",
        section="A2A 1.0 §3.5.2",
        inputs=inputs.joinings,
        run=readers.leaves,
    ),
    Check(
        name="at-once",
        holds="conversations at one time have nothing of each other",
        section="A2A 1.0 §3.5.2",
        inputs=inputs.several,
        run=readers.at_once,
    ),
    Check(
        name="follow-up",
        holds="a further message goes to its task in its context; a task that has ended takes none",
        section="A2A 1.0 §3.4",
        inputs=inputs.dialogues,
        run=tasks.follow_up,
    ),
    Check(
        name="unicode",
        holds="what was said is kept as it was said, whatever characters are in it",
        section="A2A 1.0 §4.1.4",
        inputs=inputs.awkward_prompts,
        run=tasks.unicode,
    ),
    Check(
        name="no-leaks",
        holds="what goes wrong is told without tracebacks and paths of the server",
        section="A2A 1.0 §3.3.2",
        inputs=inputs.prompts,
        run=faults.no_leaks,
    ),
    Check(
        name="broken-requests",
        holds="a request that is wrong in one way is answered with the error for that, and the next one is served",
        section="JSON-RPC 2.0 §5.1, A2A 1.0 §9.5",
        inputs=inputs.broken,
        run=broken.broken_requests,
        needs_stream=False,
    ),
    Check(
        name="hostile-json",
        holds="whatever text comes in place of a request, the answer is an error, and the next request is served",
        section="JSON-RPC 2.0 §5.1, §6",
        inputs=inputs.hostile,
        run=broken.hostile_json,
        needs_stream=False,
    ),
)
"""All checks. One that finds something is the only one that does: each looks at what is its own business."""

_BY_NAME = {check.name: check for check in CHECKS}


def check_named(name: str) -> Check:
    """The check of this name.

    Raises:
        LocalProtocolError: There is none.
    """
    if name not in _BY_NAME:
        raise LocalProtocolError(f"there is no check {name!r}; there are {', '.join(_BY_NAME)}")
    return _BY_NAME[name]


def chosen(names: Iterable[str] = (), without: Iterable[str] = ()) -> tuple[Check, ...]:
    """The checks of these names, or all of them, without some; in the order of the table.

    Raises:
        LocalProtocolError: There is no such check, or none is left.

    >>> [check.name for check in chosen(["unicode", "cancel"])]
    ['cancel', 'unicode']
    """
    wanted = [check_named(name) for name in names] or list(CHECKS)
    unwanted = [check_named(name) for name in without]
    found = tuple([check for check in CHECKS if check in wanted and check not in unwanted])
    if not found:
        raise LocalProtocolError("no check is left to be run")
    return found
