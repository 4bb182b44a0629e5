"""What is tried: prompts and what happens around them, the simplest first, so that findings shrink to it."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from hocket import codec
from hocket.a2a import Dialect, GetTaskRequest, Operation, Part, dialect_for
from hocket.errors import Code
from hocket.testing.fuzzing.check import Ground
from hocket.testing.fuzzing.prompts import Dialogue, Joining, Prompt, Several
from hocket.testing.strategies import (
    BrokenRequest,
    HostileJson,
    WireRequest,
    broken_requests,
    hostile_json,
    json_objects,
    parts,
)

__all__ = ["awkward_prompts", "broken", "dialogues", "hostile", "joinings", "prompts", "several"]

_MOST_EVENTS_BEFORE = 12
_AWKWARD = (
    *("", " ", "\n", "\t\n", "-", "?", "...", "0", "1", "-1", "3.14", "1e400", "-0", "NaN", "1,5", "½", "٣"),
    *("null", "true", "None", "[]", "{}", '{"a": 1}', '{"', "[[[[", "---", "<b>", "<!--", "&amp;", "]]>"),
    *(
        "'",
        '"',
        "`",
        "\\",
        "%s",
        "%",
        "{0}",
        "{",
        "${x}",
        "$(x)",
        "; --",
        "../..",
        "/",
        "~",
        "C:\\",
        "a,b,,",
        "a=b",
        ":",
    ),
    *(
        "2026-02-30",
        "0000-00-00",
        "24:60",
        "data: [DONE]\n\n",
        "\x1b[2J",
        "Ünïcödé",
        "日本語",
        "שלום",
        "e\u0301",
        "👩‍👩‍👧",
    ),
)
"""Texts at which agents stumble: nothing at all, numbers that are none, the beginnings of languages."""

_CHARACTERS = (
    *("\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\r", "\n", "\r\n", "\t", "\0", "\x7f"),
    *("\ufeff", "\u200b", "\u200d", "\u202e", "\ufffe", "\uffff", "😀", "👩‍👩‍👧", "🇩🇪", "e\u0301", "ß", "İ"),
    *("\\", '"', "\\u0041", "\\ud83d", "\\n", "&#10;", "%00", "data:", ":"),
)
"""Characters at which lines are broken, texts end, or escapes begin."""

_LONG = (("a", 300), ("word ", 200), ("a\n", 200), ("日", 5_000), ("a", 70_000))
"""A text, and how often it is said: longer than a line, than a buffer."""


@st.composite
def prompts(draw: DrawFn, ground: Ground) -> Prompt:
    """Messages that are valid, and that nobody has thought of."""
    version = draw(st.sampled_from(ground.versions))
    text = _texts(ground).map(_as_parts)
    pieces = st.lists(parts(dialect_for(version)), min_size=1, max_size=4).map(tuple)
    content = draw(text | text | pieces)  # mostly text: that is what agents read
    metadata = draw(st.none() | json_objects()) if len(content) > 1 else None
    return Prompt(parts=content, metadata=metadata, version=version)


def _as_parts(text: str) -> tuple[Part, ...]:
    return (Part(text=text),)


def _texts(ground: Ground) -> SearchStrategy[str]:
    """Any text, texts at which agents stumble, and what is made of the words of this one."""
    kinds = [
        st.text(max_size=30),
        st.sampled_from(_AWKWARD),
        st.integers().map(str),
        st.sampled_from(_LONG).map(lambda long: long[0] * long[1]),
    ]
    if ground.words:
        word = st.sampled_from(ground.words)
        beside = (
            st.sampled_from(("0", "1", *ground.words)) | st.sampled_from(_AWKWARD) | st.integers(-10, 1_000).map(str)
        )
        kinds += [word, st.lists(beside, min_size=1, max_size=5).map(" ".join)]
    return st.one_of(kinds)


def awkward_prompts(ground: Ground) -> SearchStrategy[Prompt]:
    """Text with characters that get lost."""
    piece = st.characters(codec="utf-8") | st.sampled_from(_CHARACTERS) | st.sampled_from(_CHARACTERS)
    text = st.lists(piece, min_size=1, max_size=8).map("".join)
    return st.builds(Prompt, parts=text.map(_as_parts), version=st.sampled_from(ground.versions))


def joinings(ground: Ground) -> SearchStrategy[Joining]:
    """A prompt, and a moment in its answer."""
    return st.builds(Joining, prompt=prompts(ground), after=st.integers(0, _MOST_EVENTS_BEFORE))


def dialogues(ground: Ground) -> SearchStrategy[Dialogue]:
    """A prompt, and up to three replies, all in one version."""
    one_version = [Ground(versions=(version,), words=ground.words) for version in ground.versions]
    return st.sampled_from(one_version).flatmap(
        lambda each: st.builds(
            Dialogue,
            prompt=prompts(each),
            replies=st.lists(prompts(each), min_size=1, max_size=3).map(tuple),
            with_context=st.booleans(),
        )
    )


def several(ground: Ground) -> SearchStrategy[Several]:
    """Two to four prompts at one time, and the order in which their events are read."""
    return st.builds(
        Several,
        prompts=st.lists(prompts(ground), min_size=2, max_size=4).map(tuple),
        turns=st.lists(st.integers(0, 3), max_size=12).map(tuple),
    )


def broken(ground: Ground) -> SearchStrategy[BrokenRequest]:
    """Requests that are wrong in one way, but not in their version: how strict to be with that breaks nobody."""
    spoken = [dialect for version in ground.versions if (dialect := dialect_for(version)) is not None]
    return st.one_of([broken_requests(dialect) for dialect in spoken]).filter(
        lambda request: Code.VERSION_NOT_SUPPORTED not in request.codes
    )


def hostile(ground: Ground) -> SearchStrategy[HostileJson]:
    """Texts that are no requests, and batches, which not everybody takes."""
    spoken = [dialect for version in ground.versions if (dialect := dialect_for(version)) is not None]
    batches = st.builds(_batch, st.sampled_from(spoken), st.integers(1, 3))
    return hostile_json(envelope=True) | batches


def _batch(dialect: Dialect, count: int) -> HostileJson:
    """A batch of questions that do no harm."""
    params = GetTaskRequest(id="no-such-task")
    asked = [
        WireRequest(operation=Operation.GET, params=params, id=f"batch-{number}", version=dialect.version)
        for number in range(1, count + 1)
    ]
    return HostileJson(codec.dumps([request.message for request in asked]), f"a batch of {count}", refused=False)
