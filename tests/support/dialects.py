"""Classes, the dialects that spell them, and reading by every engine: for the tests of `hocket.codec`."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Optional

import pytest
from attrs import field, frozen

from hocket.codec import MSGSPEC, STDLIB, UNSET, Codec, Dialect, JsonValue, Shape, Tagged, Unset, Wrapper
from hocket.errors import CodecError

ENGINES = [pytest.param(engine, id=engine.name) for engine in (STDLIB, MSGSPEC) if engine is not None]


class Colour(Enum):
    RED = "red"
    DARK_BLUE = "dark-blue"


@frozen(kw_only=True)
class Part:
    text: str | None = None
    raw: bytes | None = None
    url: str | None = None
    data: JsonValue | Unset = UNSET
    filename: str | None = None


@frozen(kw_only=True)
class Leaves:
    text: str
    flag: bool = False
    count: int | None = None
    ratio: float = 0.5
    raw: bytes = b""
    colour: Colour = Colour.RED
    names: tuple[str, ...] = ()
    scores: Sequence[int] = ()
    table: Mapping[str, Colour] = field(factory=dict)
    extra: dict[str, Any] | None = None
    anything: JsonValue = None


@frozen(kw_only=True)
class Push:
    task_id: str
    url: str
    token: str | None = None


@frozen(kw_only=True)
class Page:
    size: int | None = None
    next_token: str = ""


@frozen(kw_only=True)
class Tree:
    name: str
    branches: tuple["Tree", ...] = ()
    parent: Optional["Tree"] = None


@frozen(kw_only=True)
class Open:
    known: str | None = None
    unknown: Mapping[str, Any] = field(factory=dict)


@frozen(kw_only=True)
class Cat:
    name: str
    lives: int = 9


@frozen(kw_only=True)
class Dog:
    name: str
    parts: tuple[Part, ...] = ()


Pet = Cat | Dog

PLAIN = Dialect(name="plain")
NEW = Dialect(
    name="new",
    shapes={Part: Shape(one_of=("text", "raw", "url", "data"))},
    enums={Colour: {Colour.RED: ("COLOUR_RED", 1), Colour.DARK_BLUE: ("COLOUR_DARK_BLUE", 2)}},
    unions={Pet: Wrapper({"theCat": Cat, "dog": Dog})},
)
OLD = Dialect(
    name="old",
    shapes={
        Part: Shape(
            one_of=("text", "raw", "url", "data"),
            tag="kind",
            tags={"text": "text", "raw": "file", "url": "file", "data": "data"},
            names={"raw": "file.bytes", "url": "file.theUri", "filename": "file.name"},
            objects=("data",),
        ),
        Cat: Shape(constants={"kind": "cat"}, required=("lives",)),
        Dog: Shape(
            constants={"kind": "dog", "v": "1"},
            derived={"barks": lambda dog: bool(dog.name)},
            always=("parts",),
        ),
        Push: Shape(names={"url": "config.url", "token": "config.token"}),
        Page: Shape(names={"size": "page.size", "next_token": "page.nextToken"}),
        Open: Shape(unknown="unknown"),
    },
    unions={Pet: Tagged("kind", {"cat": Cat, "dog": Dog})},
)


def read(dialect: Dialect, wanted: Any, text: str | bytes, codec: Codec) -> Any:
    return dialect.reader(wanted, codec).from_json(text if isinstance(text, bytes) else text.encode())


def refusal(dialect: Dialect, wanted: Any, text: str, codec: Codec, path: str = "") -> tuple[str, str]:
    with pytest.raises(CodecError) as caught:
        dialect.reader(wanted, codec).from_json(text.encode(), path)
    return caught.value.path, caught.value.reason
