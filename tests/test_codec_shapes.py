"""Shapes: what each word of one does to what is read and written, the same for every engine."""

from typing import cast

import pytest
from attrs import frozen

from hocket.codec import Codec, Dialect, Shape
from hocket.errors import LocalProtocolError
from support.dialects import ENGINES, NEW, OLD, PLAIN, Cat, Dog, Open, Page, Part, Push, Tree, read, refusal


@pytest.fixture(params=ENGINES)
def codec(request: pytest.FixtureRequest) -> Codec:
    return cast(Codec, request.param)


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


def test_a_quoted_integer_is_read_with_and_without_quotes(codec: Codec):
    dialect = Dialect(name="quoted", shapes={Page: Shape(quoted=("size",))})
    for size in (0, -7, 2**62, 10**30):
        assert dialect.writer(Page, codec).to_json(Page(size=size)) == b'{"size":"%d"}' % size
        for text in (f'{{"size":"{size}"}}', f'{{"size":{size}}}'):
            assert read(dialect, Page, text, codec) == Page(size=size)
    assert dialect.writer(Page, codec).to_json(Page()) == b"{}"
    assert refusal(dialect, Page, '{"size":"x"}', codec) == ("size", "must be an integer, got 'x'")


def test_only_integers_can_be_quoted(codec: Codec):
    with pytest.raises(LocalProtocolError, match="next_token is no integer"):
        Dialect(name="wrong", shapes={Page: Shape(quoted=("next_token",))}).writer(Page, codec)


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
