"""Task groups that end with their body, and leave its errors as they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType

import anyio
import anyio.abc

__all__ = ["leave", "scratch_group"]


async def leave(
    group: anyio.abc.TaskGroup,
    kind: type[BaseException] | None,
    error: BaseException | None,
    trace: TracebackType | None,
) -> bool:
    """Leave a task group that was entered: cancel what runs in it and wait for it.

    A task group wraps the error that ended its body, also where no task of its own failed. Whoever wrote the body
    wants to catch what they raised, so an error that is alone in its group goes on as itself.

    Args:
        group: The task group.
        kind: As given to the `__aexit__` this is called from; so are `error` and `trace`.
        error: What ended the body.
        trace: Where.

    Returns:
        Whether the error was only the group's own cancellation, which ends here.
    """
    group.cancel_scope.cancel()
    try:
        return bool(await group.__aexit__(kind, error, trace))
    except BaseExceptionGroup as errors:
        cancelled = anyio.get_cancelled_exc_class()  # trio has those in the group, too, where all is cancelled
        if error is None or any(each is not error and not isinstance(each, cancelled) for each in errors.exceptions):
            raise
        return False


@asynccontextmanager
async def scratch_group() -> AsyncIterator[anyio.abc.TaskGroup]:
    """A task group for what is of use only as long as its body runs. What runs in it may end the body by a cancel."""
    group = await anyio.create_task_group().__aenter__()
    try:
        yield group
    except BaseException as error:
        if not await leave(group, type(error), error, error.__traceback__):
            raise
    else:
        await leave(group, None, None, None)
