"""What A2A talks about: parts, messages, artifacts, tasks, and the events of a stream.

Each takes the dialect that is to say it. Without one it gives what every version can say: a 0.3 part has no file name
where it is text, and its data are an object.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from hocket.a2a import (
    V1_0,
    Artifact,
    Dialect,
    Message,
    Part,
    Role,
    StreamItem,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.testing.strategies.values import FLOATS, awkward_texts, json_objects, json_values, names, texts, timestamps

__all__ = ["ANYTHING", "METADATA", "TEXTS", "URIS", "artifacts", "messages", "parts", "stream_items", "tasks"]

TEXTS = texts()
ANYTHING = json_values(TEXTS, st.integers(-(2**60), 2**60) | FLOATS, leaves=5)
# Nearly everything has metadata, and drawing is what takes the time of a test: what is deep in them is of one shape.
_DEEP = st.builds(lambda: [{"deep": [None]}])
METADATA = st.none() | st.dictionaries(TEXTS, st.sampled_from([None, True, 7, 0.5]) | TEXTS | _DEEP, max_size=2)
URIS = st.lists(TEXTS, max_size=2).map(tuple)
_NAMES = st.none() | TEXTS
_IDS = st.none() | names()


@cache
def parts(dialect: Dialect | None = None) -> SearchStrategy[Part]:
    """Pieces of content: text, files as bytes or as a URL, and data. The simplest is an empty text.

    Args:
        dialect: The version that is to say them; None for what all can say.
    """
    # Shrinking prefers few choices. So that it ends at an empty text, the text is drawn without a choice before it.
    described = {"filename": _NAMES, "media_type": _NAMES}
    plain = described if dialect is V1_0 else {}
    return st.one_of(
        st.builds(Part, text=st.text(max_size=4), metadata=METADATA, **plain),
        st.builds(Part, text=awkward_texts(), metadata=METADATA, **plain),
        st.builds(Part, raw=st.binary(max_size=5), metadata=METADATA, **described),
        st.builds(Part, url=TEXTS, metadata=METADATA, **described),
        st.builds(Part, data=ANYTHING if dialect is V1_0 else json_objects(ANYTHING), metadata=METADATA, **plain),
    )


def _some_parts(dialect: Dialect | None) -> SearchStrategy[tuple[Part, ...]]:
    return st.lists(parts(dialect), min_size=1, max_size=3).map(tuple)


@cache
def messages(dialect: Dialect | None = None) -> SearchStrategy[Message]:
    """What users and agents say.

    Args:
        dialect: As for `parts`.

    >>> from hypothesis import find
    >>> from hocket.testing.source import as_source
    >>> print(as_source(find(messages(), lambda message: True)))
    Message(message_id="0", role=Role.USER, parts=(Part(text=""),))
    """
    return st.builds(
        Message,
        message_id=names(),
        role=st.sampled_from(Role),
        parts=_some_parts(dialect),
        context_id=_IDS,
        task_id=_IDS,
        metadata=METADATA,
        extensions=URIS,
        reference_task_ids=URIS,
    )


@cache
def artifacts(dialect: Dialect | None = None) -> SearchStrategy[Artifact]:
    """Results of tasks, or pieces of them.

    Args:
        dialect: As for `parts`.
    """
    return st.builds(
        Artifact,
        artifact_id=names(),
        parts=_some_parts(dialect),
        name=_NAMES,
        description=_NAMES,
        metadata=METADATA,
        extensions=URIS,
    )


def _statuses(dialect: Dialect | None) -> SearchStrategy[TaskStatus]:
    return st.builds(
        TaskStatus,
        state=st.sampled_from(TaskState),
        message=st.none() | messages(dialect),
        timestamp=st.none() | timestamps(),
    )


def _counted(dialect: Dialect | None) -> Mapping[str, Any]:
    return {"generation": st.none() | st.integers(1, 2**62)} if dialect is V1_0 else {}


@cache
def tasks(dialect: Dialect | None = None) -> SearchStrategy[Task]:
    """Tasks in every state, as a server may answer with one: no two of its artifacts have the same id.

    Args:
        dialect: As for `parts`.
    """
    unique = st.lists(artifacts(dialect), max_size=2, unique_by=lambda artifact: artifact.artifact_id)
    return st.builds(
        Task,
        id=names(),
        status=_statuses(dialect),
        context_id=_IDS,
        artifacts=unique.map(tuple),
        history=st.lists(messages(dialect), max_size=2).map(tuple),
        metadata=METADATA,
        **_counted(dialect),
    )


@cache
def stream_items(dialect: Dialect | None = None) -> SearchStrategy[StreamItem]:
    """Single events of a stream, each for itself; `event_sequences` gives those that belong together.

    Args:
        dialect: As for `parts`.
    """
    numbered = _counted(dialect)
    changed = st.builds(
        TaskStatusUpdateEvent,
        task_id=names(),
        status=_statuses(dialect),
        context_id=_IDS,
        metadata=METADATA,
        **numbered,
    )
    grown = st.builds(
        TaskArtifactUpdateEvent,
        task_id=names(),
        artifact=artifacts(dialect),
        context_id=_IDS,
        append=st.booleans(),
        last_chunk=st.booleans(),
        metadata=METADATA,
        **numbered,
    )
    return st.one_of(changed, grown, tasks(dialect))
