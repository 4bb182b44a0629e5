"""Properties of readers and writers: what is written reads back, and no document makes the two engines differ."""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from enum import Enum
from typing import Any

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from hocket.codec import (
    MSGSPEC,
    STDLIB,
    UNSET,
    Dialect,
    JsonValue,
    Shape,
    Tagged,
    Unset,
    Wrapper,
    dumps,
    loads,
)
from hocket.errors import CodecError
from hocket.testing.strategies.values import FLOATS, json_values

ENGINES = [engine for engine in (STDLIB, MSGSPEC) if engine is not None]


class State(Enum):
    OPEN = "open"
    DONE = "done"


@frozen(kw_only=True)
class Part:
    text: str | None = None
    raw: bytes | None = None
    url: str | None = None
    data: JsonValue | Unset = UNSET
    metadata: Mapping[str, Any] | None = None
    media_type: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class Message:
    message_id: str
    state: State
    parts: tuple[Part, ...]
    history_length: int | None = None
    weight: float = 1.0
    extensions: tuple[str, ...] = ()
    labels: Mapping[str, State] | None = None
    blocking: bool = False


@frozen(kw_only=True)
class Update:
    task_id: str
    message: Message | None = None
    append: bool = False
    last_chunk: bool = False
    parents: tuple["Update", ...] = ()


Item = Message | Update

NEW = Dialect(
    name="new",
    shapes={Part: Shape(one_of=("text", "raw", "url", "data"))},
    enums={State: {State.OPEN: ("STATE_OPEN", 1, "open"), State.DONE: ("STATE_DONE", 2)}},
    unions={Item: Wrapper({"message": Message, "taskUpdate": Update})},
)
OLD = Dialect(
    name="old",
    shapes={
        Part: Shape(
            one_of=("text", "raw", "url", "data"),
            tag="kind",
            tags={"text": "text", "raw": "file", "url": "file", "data": "data"},
            names={"raw": "file.bytes", "url": "file.uri", "media_type": "file.mimeType"},
            objects=("data",),
        ),
        Message: Shape(
            constants={"kind": "message"},
            names={"blocking": "detached"},
            inverted=("blocking",),
            always=("blocking",),
        ),
        Update: Shape(
            constants={"kind": "update"},
            derived={"final": lambda update: update.last_chunk},
            always=("append", "parents"),
        ),
    },
    unions={Item: Tagged("kind", {"message": Message, "update": Update})},
)
DIALECTS = [NEW, OLD]

texts = st.text(st.characters(codec="utf-8"), max_size=8)
objects = st.dictionaries(texts, st.none() | st.integers() | texts | st.lists(st.booleans(), max_size=2), max_size=2)
values = json_values(texts)


def parts(dialect: Dialect) -> st.SearchStrategy[Part]:
    common = {"metadata": st.none() | objects}
    of_files = common | {"media_type": st.none() | texts}
    common = common if dialect is OLD else of_files
    return st.one_of(
        st.builds(Part, text=texts, **common),
        st.builds(Part, raw=st.binary(max_size=5), **of_files),
        st.builds(Part, url=texts, **of_files),
        st.builds(Part, data=objects if dialect is OLD else values, **common),
    )


def items(dialect: Dialect) -> st.SearchStrategy[Item]:
    messages = st.builds(
        Message,
        message_id=texts,
        state=st.sampled_from(State),
        parts=st.lists(parts(dialect), max_size=3).map(tuple),
        history_length=st.none() | st.integers(),
        weight=FLOATS,
        extensions=st.lists(texts, max_size=2).map(tuple),
        labels=st.none() | st.dictionaries(texts, st.sampled_from(State), max_size=2),
        blocking=st.booleans(),
    )
    updates = st.recursive(
        st.builds(
            Update,
            task_id=texts,
            message=st.none() | messages,
            append=st.booleans(),
            last_chunk=st.booleans(),
        ),
        lambda inner: st.builds(Update, task_id=texts, parents=st.lists(inner, max_size=2).map(tuple)),
        max_leaves=3,
    )
    return messages | updates


dialects_and_items = st.sampled_from(DIALECTS).flatmap(lambda dialect: st.tuples(st.just(dialect), items(dialect)))


def slots(value: Any) -> list[tuple[Any, Any]]:
    """Every place of a document: (container, key or index)."""
    match value:
        case dict():
            own = [(value, key) for key in value]
        case list():
            own = [(value, index) for index in range(len(value))]
        case _:
            return []
    return own + [place for container, key in own for place in slots(container[key])]


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def rename(container: Any, key: Any, name: str) -> None:
    if isinstance(container, dict):
        container[name] = container.pop(key)


MUTATIONS: dict[str, Callable[[Any, Any, Any], None]] = {
    "drop": lambda container, key, _: container.pop(key),
    "null": lambda container, key, _: container.__setitem__(key, None),
    "replace": lambda container, key, value: container.__setitem__(key, value),
    "snake": lambda container, key, _: rename(container, key, snake(str(key))),
    "unknown": lambda container, _, value: container.update(new=value) if isinstance(container, dict) else None,
    "both": lambda container, key, value: (
        container.update({snake(key): value}) if isinstance(container, dict) else container.append(value)
    ),
    "other member": lambda container, key, value: (
        container.update({"url": value, "kind": value}) if isinstance(container, dict) else None
    ),
}
WRONG = st.one_of(
    st.sampled_from([None, True, 0, 1, 2, 5.0, 5.5, 1e300, 10**30, -1, [], {}, [None]]),
    st.sampled_from(["5", "-7", "5.0", "", "QQ", "QQ==", "QQ=", "-_8", "é", "\ud800", "STATE_DONE", "STATE_X"]),
    st.sampled_from(["message", "update", "text", "file", "data", {"bytes": "QQ"}, {"uri": "x", "bytes": None}]),
    st.sampled_from([{"text": "x"}, [{"text": "x"}], {"kind": "data", "data": {}}]),
)


@st.composite
def documents(draw: st.DrawFn) -> tuple[Dialect, bytes]:
    """The text of an item, with mistakes and habits of other writers worked into it."""
    dialect, item = draw(dialects_and_items)
    document = {"": dialect.writer(Item).to_value(item)}
    for _ in range(draw(st.integers(0, 3))):
        places = slots(document)
        if places:
            container, key = draw(st.sampled_from(places))
            MUTATIONS[draw(st.sampled_from(sorted(MUTATIONS)))](container, key, deepcopy(draw(WRONG)))
    text = json.dumps(document.get("")).encode()
    if draw(st.integers(0, 3)) == 0:  # a name twice, or something that is not JSON
        at = draw(st.integers(0, len(text)))
        text = (
            text[:at]
            + draw(st.sampled_from([b'"kind":"update",', b'"append":null,', b'"text":"x",', b" ", b"x"]))
            + text[at:]
        )
    return dialect, text


def outcome(read: Callable[..., Any], given: Any) -> object:
    try:
        return read(given, path="params")
    except CodecError as error:
        return (error.path, error.reason)


@given(dialects_and_items)
def test_what_is_written_reads_back(pair: tuple[Dialect, Item]):
    dialect, item = pair
    for codec in ENGINES:
        reader, writer = dialect.reader(Item, codec), dialect.writer(Item, codec)
        text = writer.to_json(item)
        assert reader.from_json(text) == item
        assert reader.from_value(writer.to_value(item)) == item
        assert repr(reader.from_json(text)) == repr(reader.from_value(codec.loads(text)))


@given(dialects_and_items)
def test_the_engines_write_the_same_bytes_in_the_way_of_dumps(pair: tuple[Dialect, Item]):
    dialect, item = pair
    (text,) = {dialect.writer(Item, codec).to_json(item) for codec in ENGINES}
    assert dumps(loads(text)) == text


@pytest.mark.skipif(MSGSPEC is None, reason="there is no short cut without msgspec")
@given(dialects_and_items)
def test_the_short_cut_is_taken_for_what_we_write(pair: tuple[Dialect, Item]):
    dialect, item = pair
    text = dialect.writer(Item).to_json(item)
    decode = dialect.reader(Item, MSGSPEC).decode
    assert decode is not None
    assert decode(text) == item


@given(documents())
def test_the_engines_read_alike_whatever_comes(document: tuple[Dialect, bytes]):
    dialect, text = document
    seen = [outcome(dialect.reader(Item, codec).from_json, text) for codec in ENGINES]
    assert len({repr(each) for each in seen}) == 1
    try:
        value = loads(text)
    except CodecError:
        return
    assert repr(outcome(dialect.reader(Item).from_value, value)) == repr(seen[0])


@given(
    st.sampled_from(DIALECTS),
    values | st.dictionaries(st.sampled_from(["kind", "message", "taskUpdate"]), values),
)
def test_any_value_is_read_or_refused_with_few_words(dialect: Dialect, value: object):
    for wanted in (Item, Part, Message, Update, State, tuple[Part, ...], Mapping[str, State]):
        seen = outcome(dialect.reader(wanted).from_value, value)
        if isinstance(seen, tuple) and len(seen) == 2 and isinstance(seen[1], str):
            assert seen[0].startswith("params")
            assert 0 < len(seen[1]) < 200


@given(documents())
def test_what_was_read_is_written_and_read_again(document: tuple[Dialect, bytes]):
    """Leniently read, strictly written: after one turn the text is canonical."""
    dialect, text = document
    try:
        item = dialect.reader(Item).from_json(text)
    except CodecError:
        return
    written = dialect.writer(Item).to_json(item)
    again = dialect.reader(Item).from_json(written)
    assert dialect.writer(Item).to_json(again) == written
