"""What our own caller gets wrong: values that cannot be written, and classes and shapes that do not fit."""

from typing import Any, cast

import attrs
import pytest
from attrs import field

from hocket.codec import Codec, Dialect, Shape, Tagged
from hocket.errors import LocalProtocolError
from support.dialects import ENGINES, NEW, PLAIN, Cat, Colour, Dog, Leaves, Part, Pet, Tree, read


@pytest.fixture(params=ENGINES)
def codec(request: pytest.FixtureRequest) -> Codec:
    return cast(Codec, request.param)


@pytest.mark.parametrize(
    ("wanted", "value", "complaint"),
    [
        (Leaves, Leaves(text=5), "cannot be written: text must be a string, got 5"),
        (Leaves, Leaves(text="a", flag=1), "flag must be true or false, got 1"),
        (Leaves, Leaves(text="a", count=True), "count must be an integer, got true"),
        (Leaves, Leaves(text="a", count=10**400), "count holds what cannot be written as JSON"),
        (
            Leaves,
            Leaves(text="a", ratio=float("nan")),
            "ratio holds what cannot be written as JSON: the value is nan",
        ),
        (Leaves, Leaves(text="a", ratio="x"), "ratio must be a number, got 'x'"),
        (Leaves, Leaves(text="a", raw="x"), "raw must be bytes, got 'x'"),
        (Leaves, Leaves(text="a", colour="red"), "colour must be a member of Colour, got 'red'"),
        (Leaves, Leaves(text="a", names="xy"), "names must be a tuple, got 'xy'"),
        (Leaves, Leaves(text="a", names=("x", 5)), "names[1] must be a string, got 5"),
        (
            Leaves,
            Leaves(text="a", table={"x": 1}),
            "table['x'] must be a member of Colour, got 1",
        ),
        (Leaves, Leaves(text="a", table={1: Colour.RED}), "table[1] must be a string, got 1"),
        (Leaves, Leaves(text="a", extra=[1]), "extra must be an object, got an array"),
        (
            Leaves,
            Leaves(text="a", anything={"x": [{1}]}),
            "anything holds what cannot be written as JSON: x[0] is of type set",
        ),
        (Leaves, Cat(name="Tom"), "the value must be a Leaves, got a value of type Cat"),
        (Part, Part(), "the value must have exactly one of text, raw, url, data; has none"),
        (
            Part,
            Part(text="a", data=None),
            "the value must have exactly one of text, raw, url, data; has text and data",
        ),
        (Pet, Part(text="a"), "the value must be one of Cat, Dog, got a value of type Part"),
        (Pet, Dog(name="Rex", parts=(Part(text=5),)), "parts[0].text must be a string, got 5"),
        (Pet, Dog(name="Rex", parts=(Part(text="a"), Part(text=5))), "parts[1].text must be a string, got 5"),
    ],
)
def test_what_cannot_be_written_is_refused_with_its_place(codec: Codec, wanted: Any, value: Any, complaint: str):
    for write in (NEW.writer(wanted, codec).to_json, NEW.writer(wanted, codec).to_value):
        with pytest.raises(LocalProtocolError) as caught:
            write(value)
        assert complaint in str(caught.value)


def test_a_text_that_no_peer_would_read_is_not_written(codec: Codec):
    tree = Tree(name="leaf")
    for _ in range(31):
        tree = Tree(name="x", branches=(tree,))
    assert read(PLAIN, Tree, PLAIN.writer(Tree, codec).to_json(tree), codec) == tree
    with pytest.raises(LocalProtocolError, match="nested deeper than 64 levels"):
        PLAIN.writer(Tree, codec).to_value(Tree(name="x", branches=(Tree(name="y", branches=(tree,)),)))


def test_an_enum_that_a_dialect_lacks_cannot_be_said(codec: Codec):
    dialect = Dialect(name="red only", enums={Colour: {Colour.RED: "r"}})
    assert dialect.writer(Colour, codec).to_json(Colour.RED) == b'"r"'
    with pytest.raises(LocalProtocolError, match="must be a Colour that this dialect has"):
        dialect.writer(Colour, codec).to_json(Colour.DARK_BLUE)


@attrs.frozen
class Checked:
    name: str = field(validator=attrs.validators.instance_of(str))


@attrs.frozen
class Converted:
    name: str = field(converter=str)


@attrs.frozen
class Initialised:
    name: str

    def __attrs_post_init__(self) -> None:
        raise AssertionError("the codec would not have run this")


@attrs.frozen(slots=False)
class Unslotted:
    name: str


@attrs.frozen
class Odd:
    when: complex


@attrs.frozen
class Listed:
    names: list[str]


@attrs.frozen
class Torn:
    pet: Cat | Dog


@pytest.mark.parametrize(
    ("cls", "shape", "complaint"),
    [
        (Checked, Shape(), "bypass"),
        (Converted, Shape(), "bypass"),
        (Initialised, Shape(), "bypass"),
        (Unslotted, Shape(), "slotted"),
        (Odd, Shape(), "has no form in JSON"),
        (Listed, Shape(), "has no form in JSON"),
        (Torn, Shape(), "tell"),
        (Cat, Shape(names={"age": "x"}), "'age'"),
        (Cat, Shape(omitted=("name",)), "need a default"),
        (Part, Shape(one_of=("text", "raw"), tag="kind", tags={"text": "t"}), "tag needs a text"),
        (Part, Shape(names={"text": "data"}), r"\['data'\] would mean two things"),
        (Part, Shape(constants={"url": "x"}), r"\['url'\] would mean two things"),
        (Part, Shape(names={"text": "a-b.text"}), r"\['a-b'\] cannot be objects"),
    ],
)
def test_a_class_or_shape_that_does_not_fit_is_refused_at_once(codec: Codec, cls: type, shape: Shape, complaint: str):
    dialect = Dialect(name="misfit", shapes={cls: shape})
    for make in (dialect.reader, dialect.writer) * 2:
        with pytest.raises(LocalProtocolError, match=complaint):
            make(tuple[cls, ...], codec)


def test_tables_that_contradict_themselves_are_refused(codec: Codec):
    twice = Dialect(name="twice", enums={Colour: {Colour.RED: ("a", 1), Colour.DARK_BLUE: ("b", 1)}})
    with pytest.raises(LocalProtocolError, match="1 is the spelling of two members of Colour"):
        twice.reader(Colour, codec)
    untagged = Dialect(name="untagged", unions={Pet: Tagged("kind", {"cat": Cat, "dog": Dog})})
    with pytest.raises(LocalProtocolError, match="have not this constant"):
        untagged.reader(Pet, codec)
