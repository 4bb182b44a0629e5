"""Readers and writers: what each value and word of a dialect means, the same for every engine."""

import linecache
import threading
import traceback
from collections.abc import Mapping
from enum import Enum
from typing import cast

import attrs
import cattrs
import pytest
from attrs import frozen

from hocket.codec import UNSET, Codec, Dialect, JsonValue, Raw, Shape, Unset
from hocket.codec.cattrs_hooks import register
from hocket.codec.source import Source
from hocket.errors import CodecError
from support.dialects import ENGINES, NEW, OLD, PLAIN, Cat, Colour, Dog, Leaves, Part, Pet, Push, Tree, read, refusal


@pytest.fixture(params=ENGINES)
def codec(request: pytest.FixtureRequest) -> Codec:
    return cast(Codec, request.param)


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


# --- the rest ---


def test_readers_and_writers_are_made_once(codec: Codec):
    assert NEW.reader(Pet, codec) is NEW.reader(Pet, codec)
    assert NEW.writer(Pet, codec) is NEW.writer(Pet, codec)
    assert NEW.reader(Cat, codec) is not OLD.reader(Cat, codec)


def test_a_thread_may_ask_for_what_another_one_is_just_making(codec: Codec, monkeypatch: pytest.MonkeyPatch):
    dialect, tree = Dialect(name="shared"), Tree(name="a", branches=(Tree(name="b"),))
    text, seen = b'{"name":"a","branches":[{"name":"b"}]}', []

    def ask() -> None:
        seen.append((dialect.writer(Tree, codec).to_json(tree), dialect.reader(Tree, codec).from_json(text)))

    def interrupted(source: Source, name: str, where: str) -> object:
        monkeypatch.undo()
        other = threading.Thread(target=ask)
        other.start()
        other.join()
        return source.compile(name, where)

    monkeypatch.setattr(Source, "compile", interrupted)
    assert dialect.writer(Tree, codec).to_json(tree) == text
    dialect = Dialect(name="shared")
    monkeypatch.setattr(Source, "compile", interrupted)
    assert dialect.reader(Tree, codec).from_json(text) == tree
    assert seen == [(text, tree)] * 2


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


@pytest.mark.parametrize("text", ["{}", '{"dog":null}', '{"dog":null,"theCat":null}', '{"bird":{}}'])
def test_a_wrapper_around_nothing_says_what_could_be_in_it(codec: Codec, text: str):
    assert refusal(NEW, Pet, text, codec) == ("", "must have exactly one of theCat, dog; has none")
