"""Readers and writers: what each word of a shape means, what is refused and where, the same for every engine."""

import linecache
import traceback
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Optional, cast

import attrs
import cattrs
import pytest
from attrs import field, frozen

from hocket.codec import MSGSPEC, STDLIB, UNSET, Codec, Dialect, JsonValue, Raw, Shape, Tagged, Unset, Wrapper
from hocket.codec.cattrs_hooks import register
from hocket.errors import CodecError, LocalProtocolError

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


@pytest.fixture(params=ENGINES)
def codec(request: pytest.FixtureRequest) -> Codec:
    return cast(Codec, request.param)


def read(dialect: Dialect, wanted: Any, text: str | bytes, codec: Codec) -> Any:
    return dialect.reader(wanted, codec).from_json(text if isinstance(text, bytes) else text.encode())


def refusal(dialect: Dialect, wanted: Any, text: str, codec: Codec, path: str = "") -> tuple[str, str]:
    with pytest.raises(CodecError) as caught:
        dialect.reader(wanted, codec).from_json(text.encode(), path)
    return caught.value.path, caught.value.reason


# --- values ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"text":"a"}', Leaves(text="a")),
        ('{"text":"a","flag":true,"count":5,"ratio":2}', Leaves(text="a", flag=True, count=5, ratio=2.0)),
        ('{"text":"a","count":5.0}', Leaves(text="a", count=5)),
        ('{"text":"a","count":"-5"}', Leaves(text="a", count=-5)),
        ('{"text":"a","count":1e2}', Leaves(text="a", count=100)),
        ('{"text":"a","count":123456789012345678901}', Leaves(text="a", count=123456789012345678901)),
        ('{"text":"a","raw":"-_-_"}', Leaves(text="a", raw=b"\xfb\xff\xbf")),
        ('{"text":"a","raw":"+/+/"}', Leaves(text="a", raw=b"\xfb\xff\xbf")),
        ('{"text":"a","raw":"QQ"}', Leaves(text="a", raw=b"A")),
        ('{"text":"a","raw":"QQ=="}', Leaves(text="a", raw=b"A")),
        ('{"text":"a","colour":"COLOUR_DARK_BLUE"}', Leaves(text="a", colour=Colour.DARK_BLUE)),
        ('{"text":"a","colour":2}', Leaves(text="a", colour=Colour.DARK_BLUE)),
        ('{"text":"a","names":["x"],"scores":[1,"2"]}', Leaves(text="a", names=("x",), scores=(1, 2))),
        (
            '{"text":"a","table":{"x":1,"y":"COLOUR_DARK_BLUE"}}',
            Leaves(text="a", table={"x": Colour.RED, "y": Colour.DARK_BLUE}),
        ),
        (
            '{"text":"a","extra":{"x":[null]},"anything":[1.0]}',
            Leaves(text="a", extra={"x": [None]}, anything=[1.0]),
        ),
        ('{"text":"a","flag":null,"count":null,"ratio":null,"raw":null,"colour":null}', Leaves(text="a")),
        (
            '{"text":"a","names":null,"scores":null,"table":null,"extra":null,"anything":null}',
            Leaves(text="a"),
        ),
        ('{"text":"a","newer":{"x":1}}', Leaves(text="a")),
        ('{"text":"a","text":"b"}', Leaves(text="b")),
        ('{"text":5,"text":"b"}', Leaves(text="b")),
        ('{"text":"\\ud800"}', Leaves(text="\ud800")),
    ],
)
def test_values_in_their_many_spellings(codec: Codec, text: str, expected: Leaves):
    seen = read(NEW, Leaves, text, codec)
    assert seen == expected
    assert repr(seen) == repr(expected)


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ("[]", "", "must be an object, got an array"),
        ("{}", "text", "is required"),
        ('{"text":null}', "text", "is required"),
        ('{"text":5}', "text", "must be a string, got 5"),
        ('{"text":"a","flag":1}', "flag", "must be true or false, got 1"),
        ('{"text":"a","flag":"true"}', "flag", "must be true or false, got 'true'"),
        ('{"text":"a","count":5.5}', "count", "must be an integer, got 5.5"),
        ('{"text":"a","count":true}', "count", "must be an integer, got true"),
        ('{"text":"a","count":"5.0"}', "count", "must be an integer, got '5.0'"),
        ('{"text":"a","count":"٥"}', "count", "must be an integer, got '\\u0665'"),
        ('{"text":"a","ratio":"1"}', "ratio", "must be a number, got '1'"),
        ('{"text":"a","ratio":false}', "ratio", "must be a number, got false"),
        ('{"text":"a","raw":"Q"}', "raw", "must be a base64 string, got 'Q'"),
        ('{"text":"a","raw":"QQ="}', "raw", "must be a base64 string, got 'QQ='"),
        ('{"text":"a","raw":"Q Q="}', "raw", "must be a base64 string, got 'Q Q='"),
        ('{"text":"a","raw":"Q Q=="}', "raw", "must be a base64 string, got 'Q Q=='"),
        ('{"text":"a","raw":"QQ==QQ=="}', "raw", "must be a base64 string, got 'QQ==QQ=='"),
        ('{"text":"a","raw":"éé=="}', "raw", "must be a base64 string, got '\\xe9\\xe9=='"),
        ('{"text":"a","raw":[1]}', "raw", "must be a base64 string, got an array"),
        ('{"text":"a","colour":"red"}', "colour", "must be a known Colour, got 'red'"),
        ('{"text":"a","colour":true}', "colour", "must be a known Colour, got true"),
        ('{"text":"a","colour":1.0}', "colour", "must be a known Colour, got 1.0"),
        ('{"text":"a","colour":{}}', "colour", "must be a known Colour, got an object"),
        ('{"text":"a","names":"x"}', "names", "must be an array, got 'x'"),
        ('{"text":"a","names":["x",null]}', "names[1]", "must be a string, got null"),
        ('{"text":"a","table":{"x":1,"y":3}}', "table['y']", "must be a known Colour, got 3"),
        ('{"text":"a","table":[]}', "table", "must be an object, got an array"),
        ('{"text":"a","extra":"x"}', "extra", "must be an object, got 'x'"),
        ('{"text":"a","text":5}', "text", "must be a string, got 5"),
    ],
)
def test_refusals_say_where_and_what(codec: Codec, text: str, path: str, reason: str):
    assert refusal(NEW, Leaves, text, codec) == (path, reason)
    assert refusal(NEW, Leaves, text, codec, "params") == (f"params.{path}" if path else "params", reason)


def test_a_number_that_no_double_holds_is_refused(codec: Codec):
    path, reason = refusal(NEW, Leaves, f'{{"text":"a","ratio":{"9" * 309}}}', codec)
    assert path == "ratio"
    assert reason.startswith("must be a number that a double can hold, got 999")
    assert len(reason) < 100


def test_little_of_the_peers_data_is_repeated(codec: Codec):
    for value in ('"' + "x" * 9999 + '"', "1" * 300, '"' + "\\ud800" * 999 + '"'):
        path, reason = refusal(NEW, Leaves, f'{{"text":"a","colour":{value}}}', codec)
        assert path == "colour"
        assert len(reason) < 110
    path, reason = refusal(NEW, Leaves, f'{{"text":"a","table":{{"{"k" * 9999}":0}}}}', codec)
    assert len(path) < 110


@pytest.mark.parametrize("text", ["", "{", '{"text":"a"}x', '{"text":NaN}', "[" * 70, '{"text":' + "1" * 310 + "}"])
def test_what_is_not_json_is_refused_as_loads_does(codec: Codec, text: str):
    with pytest.raises(CodecError) as caught:
        codec.loads(text)
    assert refusal(NEW, Leaves, text, codec, "params") == ("", caught.value.reason)


def test_names_in_snake_case_are_read_too(codec: Codec):
    assert read(PLAIN, Push, '{"task_id":"t","url":"u"}', codec) == Push(task_id="t", url="u")
    assert read(PLAIN, Push, '{"taskId":"t","task_id":"s","url":"u"}', codec) == Push(task_id="t", url="u")
    assert read(PLAIN, Push, '{"taskId":null,"task_id":"s","url":"u"}', codec) == Push(task_id="s", url="u")
    assert refusal(PLAIN, Push, '{"task_id":5}', codec) == ("taskId", "must be a string, got 5")


def test_an_enum_without_a_table_is_spelled_as_its_values(codec: Codec):
    text = PLAIN.writer(Leaves, codec).to_json(Leaves(text="a", colour=Colour.DARK_BLUE))
    assert text == b'{"text":"a","colour":"dark-blue"}'
    assert read(PLAIN, Leaves, text, codec).colour is Colour.DARK_BLUE


class Size(Enum):
    SMALL = 1
    LARGE = 2


@frozen
class Shirt:
    size: Size


def test_an_enum_of_numbers(codec: Codec):
    text = PLAIN.writer(Shirt, codec).to_json(Shirt(Size.LARGE))
    assert text == b'{"size":2}'
    assert read(PLAIN, Shirt, text, codec) == Shirt(Size.LARGE)
    assert refusal(PLAIN, Shirt, '{"size":"2"}', codec) == ("size", "must be a known Size, got '2'")


@frozen(kw_only=True)
class Box:
    content: JsonValue
    size: float
    lid: JsonValue = "closed"
    note: JsonValue | Unset = UNSET


def test_values_of_any_shape(codec: Codec):
    text = b'{"content":[1,null],"size":2,"lid":0,"note":null}'
    box = Box(content=[1, None], size=2.0, lid=0, note=None)
    assert read(PLAIN, Box, text, codec) == box
    assert PLAIN.writer(Box, codec).to_value(box) == codec.loads(text)
    assert read(PLAIN, Box, '{"content":false,"size":1,"lid":null}', codec) == Box(content=False, size=1.0)
    assert refusal(PLAIN, Box, '{"content":null,"size":1}', codec) == ("content", "is required")
    assert refusal(PLAIN, Box, '{"content":1,"size":null}', codec) == ("size", "is required")
    always = Dialect(name="always", shapes={Box: Shape(always=("lid", "note"))}).writer(Box, codec)
    assert always.to_json(Box(content=1, size=1.0)) == b'{"content":1,"size":1.0,"lid":"closed"}'
    assert always.to_json(Box(content=1, size=1.0, note=2)) == b'{"content":1,"size":1.0,"lid":"closed","note":2}'


def test_what_equals_its_default_is_not_written(codec: Codec):
    full = Leaves(
        text="a\u2028",
        flag=True,
        count=0,
        ratio=1.0,
        raw=b"abcd",
        colour=Colour.DARK_BLUE,
        names=("x",),
        scores=[1, 2],
        table={"k": Colour.RED},
        extra={},
        anything=Raw(b"[ ]"),
    )
    write = NEW.writer(Leaves, codec).to_json
    assert write(Leaves(text="a")) == b'{"text":"a"}'
    assert write(full) == (
        b'{"text":"a\\u2028","flag":true,"count":0,"ratio":1.0,"raw":"YWJjZA==","colour":"COLOUR_DARK_BLUE","names":["x"],'
        b'"scores":[1,2],"table":{"k":"COLOUR_RED"},"extra":{},"anything":[ ]}'
    )


# --- shapes ---


@pytest.mark.parametrize(
    ("dialect", "part", "text"),
    [
        (NEW, Part(text=""), '{"text":""}'),
        (NEW, Part(raw=b"A", filename="f"), '{"raw":"QQ==","filename":"f"}'),
        (NEW, Part(url="u"), '{"url":"u"}'),
        (NEW, Part(data=None), '{"data":null}'),
        (NEW, Part(data=[1, {"a": 2}]), '{"data":[1,{"a":2}]}'),
        (OLD, Part(text="a"), '{"kind":"text","text":"a"}'),
        (OLD, Part(raw=b"A", filename="f"), '{"kind":"file","file":{"bytes":"QQ==","name":"f"}}'),
        (OLD, Part(url="u"), '{"kind":"file","file":{"theUri":"u"}}'),
        (OLD, Part(data={"a": 1}), '{"kind":"data","data":{"a":1}}'),
    ],
)
def test_exactly_one_of(codec: Codec, dialect: Dialect, part: Part, text: str):
    assert dialect.writer(Part, codec).to_json(part).decode() == text
    assert read(dialect, Part, text, codec) == part
    assert dialect.writer(Part, codec).to_value(part) == codec.loads(text)


def test_a_dialect_that_cannot_say_an_attribute_leaves_it_out(codec: Codec):
    assert OLD.writer(Part, codec).to_json(Part(text="a", filename="f")) == b'{"kind":"text","text":"a"}'


@pytest.mark.parametrize(
    ("dialect", "text", "path", "reason"),
    [
        (NEW, "{}", "", "must have exactly one of text, raw, url, data; has none"),
        (NEW, '{"text":null}', "", "must have exactly one of text, raw, url, data; has none"),
        (
            NEW,
            '{"text":"a","data":null}',
            "",
            "must have exactly one of text, raw, url, data; has text and data",
        ),
        (
            OLD,
            '{"kind":"text"}',
            "",
            "must have exactly one of text, file.bytes, file.theUri, data; has none",
        ),
        (
            OLD,
            '{"file":{"bytes":"","theUri":"u"}}',
            "",
            "must have exactly one of text, file.bytes, file.theUri, data; has file.bytes and file.theUri",
        ),
        (OLD, '{"kind":"file","text":"a"}', "kind", "must be \"text\" here, got 'file'"),
        (OLD, '{"kind":1,"file":{"bytes":""}}', "kind", 'must be "file" here, got 1'),
        (OLD, '{"kind":"file","file":"x"}', "file", "must be an object, got 'x'"),
        (OLD, '{"kind":"file","file":{"bytes":5}}', "file.bytes", "must be a base64 string, got 5"),
        (OLD, '{"kind":"data","data":[1]}', "data", "must be an object, got an array"),
    ],
)
def test_none_or_several_of_are_refused(codec: Codec, dialect: Dialect, text: str, path: str, reason: str):
    assert refusal(dialect, Part, text, codec) == (path, reason)


def test_a_missing_tag_is_inferred_and_snake_case_groups_are_read(codec: Codec):
    assert read(OLD, Part, '{"text":"a"}', codec) == Part(text="a")
    assert read(OLD, Part, '{"kind":null,"file":{"the_uri":"u","x":1}}', codec) == Part(url="u")
    assert read(OLD, Part, '{"data":null,"text":"a"}', codec) == Part(text="a")
    assert read(NEW, Part, '{"text":null,"data":null}', codec) == Part(data=None)


def test_a_group_with_required_members(codec: Codec):
    push = Push(task_id="t", url="u", token="s")
    text = b'{"taskId":"t","config":{"url":"u","token":"s"}}'
    assert OLD.writer(Push, codec).to_json(push) == text
    assert read(OLD, Push, text, codec) == push
    assert refusal(OLD, Push, '{"taskId":"t"}', codec) == ("config.url", "is required")
    assert refusal(OLD, Push, '{"taskId":"t","config":[]}', codec) == (
        "config",
        "must be an object, got an array",
    )


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (Page(), b"{}"),
        (Page(size=1), b'{"page":{"size":1}}'),
        (Page(next_token="n"), b'{"page":{"nextToken":"n"}}'),
        (Page(size=1, next_token="n"), b'{"page":{"size":1,"nextToken":"n"}}'),
    ],
)
def test_a_group_of_optional_members(codec: Codec, page: Page, text: bytes):
    assert OLD.writer(Page, codec).to_json(page) == text
    assert read(OLD, Page, text, codec) == page
    assert PLAIN.writer(Page, codec).to_json(Page()) == b"{}"


@frozen(kw_only=True)
class Puppy(Dog):
    weeks: int = 8


def test_a_class_that_inherits(codec: Codec):
    puppy = Puppy(name="Rex", weeks=9)
    text = NEW.writer(Puppy, codec).to_json(puppy)
    assert text == b'{"name":"Rex","weeks":9}'
    assert read(NEW, Puppy, text, codec) == puppy


def test_names_that_python_could_not_say(codec: Codec):
    dialect = Dialect(
        name="odd",
        shapes={
            Cat: Shape(names={"name": "the name"}, constants={"@type": '"'}, derived={"x-y": lambda cat: cat.lives})
        },
    )
    text = dialect.writer(Cat, codec).to_json(Cat(name="Tom"))
    assert text == b'{"@type":"\\"","the name":"Tom","x-y":9}'
    assert read(dialect, Cat, text, codec) == Cat(name="Tom")


def test_constants_derived_and_required(codec: Codec):
    dog = Dog(name="Rex")
    text = OLD.writer(Dog, codec).to_json(dog)
    assert text == b'{"kind":"dog","v":"1","name":"Rex","parts":[],"barks":true}'
    assert read(OLD, Dog, text, codec) == dog
    assert read(OLD, Dog, '{"name":"Rex","barks":"maybe"}', codec) == dog
    assert refusal(OLD, Dog, '{"name":"Rex","v":"2"}', codec) == ("v", "must be \"1\" here, got '2'")
    assert refusal(OLD, Cat, '{"kind":"cat","name":"Tom"}', codec) == ("lives", "is required")


def test_members_nobody_modelled_survive_where_the_shape_says_so(codec: Codec):
    text = b'{"known":"k","extra":{"a":[1,null]},"z":1.0}'
    seen = read(OLD, Open, text, codec)
    assert seen == Open(known="k", unknown={"extra": {"a": [1, None]}, "z": 1.0})
    assert OLD.writer(Open, codec).to_json(seen) == text
    assert OLD.writer(Open, codec).to_json(Open(unknown={"z": 1})) == b'{"z":1}'
    assert read(OLD, Open, "{}", codec) == Open()
    with pytest.raises(LocalProtocolError, match="'known' among its unknown members"):
        OLD.writer(Open, codec).to_json(Open(unknown={"known": 1}))


def test_a_class_that_holds_itself(codec: Codec):
    tree = Tree(name="a", branches=(Tree(name="b", parent=Tree(name="p")), Tree(name="c")))
    text = PLAIN.writer(Tree, codec).to_json(tree)
    assert text == b'{"name":"a","branches":[{"name":"b","parent":{"name":"p"}},{"name":"c"}]}'
    assert read(PLAIN, Tree, text, codec) == tree
    assert refusal(PLAIN, Tree, '{"name":"a","branches":[{"name":"b","branches":[{"name":1}]}]}', codec) == (
        "branches[0].branches[0].name",
        "must be a string, got 1",
    )


# --- unions ---


def test_a_union_by_wrapper(codec: Codec):
    write = NEW.writer(Pet, codec).to_json
    assert write(Cat(name="Tom")) == b'{"theCat":{"name":"Tom"}}'
    assert read(NEW, Pet, write(Dog(name="Rex")), codec) == Dog(name="Rex")
    assert read(NEW, Pet, '{"the_cat":{"name":"Tom"},"dog":null,"bird":{}}', codec) == Cat(name="Tom")
    assert read(NEW, Pet, '{"the_cat":{"name":"Tim"},"theCat":{"name":"Tom"}}', codec) == Cat(name="Tom")
    several = '{"theCat":{"name":"Tom"},"dog":{"name":"Rex"}}'
    assert refusal(NEW, Pet, several, codec)[1] == "must have exactly one of theCat, dog; has theCat and dog"
    assert refusal(NEW, Pet, "{}", codec)[1] == "must have exactly one of theCat, dog; has none"
    assert refusal(NEW, Pet, '{"dog":{"name":"Rex","parts":[{"text":1}]}}', codec, "result") == (
        "result.dog.parts[0].text",
        "must be a string, got 1",
    )
    assert refusal(NEW, Pet, "3", codec, "result") == ("result", "must be an object, got 3")


def test_a_union_by_tag(codec: Codec):
    write = OLD.writer(Pet, codec).to_json
    assert write(Cat(name="Tom", lives=1)) == b'{"kind":"cat","name":"Tom","lives":1}'
    assert read(OLD, Pet, write(Dog(name="Rex")), codec) == Dog(name="Rex")
    assert read(OLD, Pet, '{"name":"Tom","lives":3}', codec) == Cat(name="Tom", lives=3)
    assert read(OLD, Pet, '{"name":"Rex"}', codec) == Dog(name="Rex")
    assert refusal(OLD, Pet, "{}", codec) == ("", "has no member kind and fits none of cat, dog")
    assert refusal(OLD, Pet, '{"kind":"cow"}', codec) == ("kind", "must be one of cat, dog, got 'cow'")
    assert refusal(OLD, Pet, '{"kind":["cat"]}', codec) == ("kind", "must be one of cat, dog, got an array")
    assert refusal(OLD, Pet, '{"kind":"cat","name":"Tom"}', codec) == ("lives", "is required")


def test_types_made_of_others_are_read_and_written(codec: Codec):
    pets = (Cat(name="Tom"), Dog(name="Rex"))
    reader, writer = NEW.reader(tuple[Pet, ...], codec), NEW.writer(tuple[Pet, ...], codec)
    assert reader.from_json(writer.to_json(pets)) == pets
    assert reader.from_json(b"[]") == ()
    assert read(NEW, Mapping[str, Cat], '{"a":{"name":"Tom"}}', codec) == {"a": Cat(name="Tom")}
    assert read(NEW, Colour, '"COLOUR_RED"', codec) is Colour.RED
    assert NEW.writer(Colour, codec).to_value(Colour.RED) == "COLOUR_RED"
    assert read(NEW, str | None, '"x"', codec) == "x"
    assert refusal(NEW, tuple[Pet, ...], "[3]", codec, "params") == ("params[0]", "must be an object, got 3")


# --- our own caller's mistakes ---


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
        (Leaves, Leaves(text="a", colour="red"), "colour must be a Colour that this dialect has, got 'red'"),
        (Leaves, Leaves(text="a", names="xy"), "names must be a tuple, got 'xy'"),
        (Leaves, Leaves(text="a", names=("x", 5)), "names[1] must be a string, got 5"),
        (
            Leaves,
            Leaves(text="a", table={"x": 1}),
            "table['x'] must be a Colour that this dialect has, got 1",
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


# --- the rest ---


def test_readers_and_writers_are_made_once(codec: Codec):
    assert NEW.reader(Pet, codec) is NEW.reader(Pet, codec)
    assert NEW.writer(Pet, codec) is NEW.writer(Pet, codec)
    assert NEW.reader(Cat, codec) is not OLD.reader(Cat, codec)


def test_the_objects_are_as_if_made_by_their_constructor(codec: Codec):
    part = read(NEW, Part, '{"text":"a"}', codec)
    assert type(part) is Part
    assert hash(part) == hash(Part(text="a"))
    assert attrs.evolve(part, text="b") == Part(text="b")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        part.text = "b"
    first, second = (read(NEW, Leaves, '{"text":"a"}', codec) for _ in range(2))
    assert first.table == {}
    assert first.table is not second.table


def test_tracebacks_show_the_generated_source():
    try:
        PLAIN.reader(Tree).check({"name": 5})
    except Exception as error:
        shown = "".join(traceback.format_exception(error))
    assert "<hocket plain, reader of Tree>" in shown
    assert "read_text(name_)" in shown
    assert any("writer of Leaves" in name for name in linecache.cache)


def test_the_hooks_of_cattrs():
    converter = cattrs.Converter()
    register(converter, OLD, [Leaves])
    pet = converter.structure({"kind": "cat", "name": "Tom", "lives": "3"}, Pet)
    assert pet == Cat(name="Tom", lives=3)
    assert converter.unstructure(pet) == {"kind": "cat", "name": "Tom", "lives": 3}
    assert converter.structure({"text": "a"}, Leaves) == Leaves(text="a")
    assert converter.unstructure({"p": [Part(raw=b"A")]}) == {"p": [{"kind": "file", "file": {"bytes": "QQ=="}}]}
    register(converter, NEW)
    assert converter.unstructure(pet, unstructure_as=Pet) == {"theCat": {"name": "Tom", "lives": 3}}
    assert converter.structure("COLOUR_RED", Colour) is Colour.RED
    with pytest.raises(CodecError, match=r"dog\.name: is required"):
        converter.structure({"dog": {}}, Pet)
