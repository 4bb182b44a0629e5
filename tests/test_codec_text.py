"""JSON text: what is read, what is refused and why, and how values are written; the same for every engine."""

import json
import subprocess
import sys
from enum import IntEnum
from math import inf, nan

import pytest

from hocket.a2a import V1_0, Part
from hocket.codec import MSGSPEC, STDLIB, Codec, Raw, default, dumps, escape_string, loads, scan
from hocket.errors import CodecError, LocalProtocolError

ENGINES = [pytest.param(engine, id=engine.name) for engine in (STDLIB, MSGSPEC) if engine is not None]


@pytest.fixture(params=ENGINES)
def codec(request: pytest.FixtureRequest) -> Codec:
    return request.param


def refusal(codec: Codec, text: bytes | str, **options: bool) -> CodecError:
    with pytest.raises(CodecError) as caught:
        codec.loads(text, **options)
    return caught.value


class Number(IntEnum):
    ONE = 1


def test_the_default_engine_is_msgspec_where_it_is_installed():
    assert default is (MSGSPEC or STDLIB)
    assert (loads(b"[1]"), dumps([1])) == ([1], b"[1]")


@pytest.mark.process
def test_without_msgspec_everything_is_there_but_the_short_cut():
    program = """
import sys
sys.modules["msgspec"] = None
from enum import Enum
from hocket import codec
assert codec.MSGSPEC is None and codec.default is codec.STDLIB
size = Enum("Size", {"SMALL": "s"})
dialect = codec.Dialect(name="plain")
assert dialect.reader(size).from_json(dialect.writer(size).to_json(size.SMALL)) is size.SMALL
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_a_refusal_is_a_sentence():
    assert str(refusal(default, b'["a')) == "not JSON: Unterminated string starting at character 1"


@pytest.mark.parametrize("wrap", ["%s", "[%s]"])
def test_thousands_of_names_are_not_looked_for_one_by_one(codec, wrap, monkeypatch):
    """Each by itself is a look at the whole text: 300 kB took two seconds, and 3 MB two hundred."""
    names = [f"name{number}" for number in range(2_000)]
    text = wrap % ("{" + ",".join(f'"{name}":0' for name in names) + "}")
    exact = []
    monkeypatch.setattr(
        scan, "_end_of_object", lambda *found, look=scan._end_of_object: exact.append(1) or look(*found)
    )
    codec.loads(text, envelope=True)
    assert exact
    refusal(codec, text.replace("name1999", "name7"), envelope=True)


def test_a_text_has_a_million_values_at_the_most(codec):
    lists = b"[" + b",".join([b"[]"] * 500_000) + b"]"
    assert len(codec.loads(lists)) == 500_000
    assert codec.loads(b'"%b"' % (b"[,{" * 500_000)) == "[,{" * 500_000  # in a string they are no values
    for many in (b"[[]," + lists[1:], b"[" + b"0," * 1_000_000 + b"0]"):
        assert str(refusal(codec, many)) == "more than 1000000 values"
        with pytest.raises(CodecError, match="more than 1000000 values"):
            V1_0.wire.reader(Part).from_json(many)


# --- reading ---


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b' \t\r\n{"a": [1, 2.5, true, false, null, "x"]} \n', {"a": [1, 2.5, True, False, None, "x"]}),
        ('"å\u2028😀"', "å\u2028😀"),
        (b'"\\u00e5\\ud83d\\ude00\\/"', "å😀/"),
        (b'"\\ud800"', "\ud800"),
        (b'"\\udc00\\ud800"', "\udc00\ud800"),
        (b'"\x7f"', "\x7f"),
        (b"-0", 0),
        (b"1e2", 100.0),
        (b"1e-400", 0.0),
        (b"18446744073709551616", 2**64),
        (b"-9223372036854775809", -(2**63) - 1),
        (b'{"a": 1, "b": 2, "a": 3}', {"a": 3, "b": 2}),
        (b'{"a": {"b": 1, "b": 2}}', {"a": {"b": 2}}),
    ],
)
def test_what_is_read(codec: Codec, text: bytes | str, value: object):
    seen = codec.loads(text)
    assert seen == value
    assert repr(seen) == repr(value)


def test_a_float_stays_a_float_and_an_int_an_int(codec: Codec):
    assert [type(number) for number in codec.loads(b"[1, 1.0, 1e0, -0.0, 100000000000000000000]")] == [
        int,
        float,
        float,
        float,
        int,
    ]
    assert repr(codec.loads(b"-0.0")) == "-0.0"


@pytest.mark.parametrize("digits", [19, 20, 39, 40, 308, 309])
def test_long_integers_are_exact(codec: Codec, digits: int):
    literal = "9" * digits
    assert codec.loads(literal.encode()) == int(literal)
    assert codec.dumps(int(literal)) == literal.encode()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"  ",
        b"\xef\xbb\xbf{}",
        "\ufeff{}",
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-16-le"),
        '{"a": 1}'.encode("utf-32-be"),
        b'"\xed\xa0\x80"',
        '"\ud800"',
        b'"\xc0\x80"',
        b'"\xf4\x90\x80\x80"',
        b'"\xff"',
        b'"a\nb"',
        b'"a\tb"',
        b'"a\x00b"',
        b'"\\x41"',
        b'"\\u12"',
        b'"\\u12g4"',
        b'"open',
        b"{}\x00",
        b"{} {}",
        b"{},",
        b"[1,]",
        b"[,1]",
        b'{"a":1,}',
        b"{'a':1}",
        b"{a:1}",
        b"{1:1}",
        b'{"a" 1}',
        b"[1 2]",
        b"[1\x0b]",
        b"[1\xa0]",
        b"01",
        b"-",
        b"+1",
        b".5",
        b"1.",
        b"1e",
        b"0x10",
        "[١]".encode(),
        b"True",
        b"nul",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e400",
        b"[-1e400]",
        b"1" + b"0" * 306 + b"e3",
        b"/*x*/1",
    ],
)
def test_what_is_refused(codec: Codec, text: bytes | str):
    assert refusal(codec, text).reason == refusal(STDLIB, text).reason


def test_reasons_say_what_is_wrong_and_where(codec: Codec):
    assert refusal(codec, b'"ab\xff"').reason == "not UTF-8 at byte 3"
    assert refusal(codec, b"1e400").reason == "a number is too large for a double"
    assert refusal(codec, b"[NaN]").reason == "NaN is not JSON"
    assert refusal(codec, b"{}  x").reason == "not JSON: Extra data at character 4"
    assert refusal(codec, b"  ").reason == "not JSON: Expecting value at character 2"
    assert refusal(codec, b"[1 2]").reason.startswith("not JSON: ")


# --- depth ---


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"[":', b"}]")])
def test_64_levels_pass_and_65_do_not(codec: Codec, opening: bytes, closing: bytes):
    each = len(closing)
    codec.loads(opening * (64 // each) + b"0" + closing * (64 // each))
    deeper = b"[" + opening * (64 // each) + b"0" + closing * (64 // each) + b"]"
    assert refusal(codec, deeper).reason == "nested deeper than 64 levels"


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b"[" * 65 + b"}" * 65,
        b"]" * 9 + b"[" * 90,
    ],
)
def test_any_depth_at_all_is_only_refused(codec: Codec, text: bytes):
    assert refusal(codec, text)


def test_many_containers_are_not_deep(codec: Codec):
    assert codec.loads(b"[" + b"[{}]," * 500 + b"[]]") == [[{}]] * 500 + [[]]
    at_the_limit = b"[" * 63 + b"]" * 63
    assert len(codec.loads(b"[" + b",".join([at_the_limit] * 20) + b"]")) == 20
    assert refusal(codec, b"[[" + b",".join([at_the_limit] * 20) + b"]]").reason.startswith("nested")


def test_brackets_in_strings_are_not_depth(codec: Codec):
    inside = ['["\\' * 50, "[" * 99, '\\"[' * 40, "\\\\[" * 40, '"' + "{" * 70]
    assert codec.loads(json.dumps({"a": inside, "[[": "]"})) == {"a": inside, "[[": "]"}


def test_an_unbalanced_text_is_left_to_the_parser(codec: Codec):
    assert refusal(codec, b"[" + b"[]," * 70).reason.startswith("not JSON")


# --- numbers ---


@pytest.mark.parametrize("before", [0, 1, 308, 309, 310])
def test_a_number_that_is_too_long_is_found_at_either_end_of_a_text(codec: Codec, before: int):
    assert refusal(codec, b" " * before + b"1" * 310).reason == "a number of more than 309 characters"
    assert refusal(codec, b"1" * 310 + b" " * before).reason == "a number of more than 309 characters"


@pytest.mark.parametrize("before", [0, 1, 29, 30, 31, 300, 309, 310, 1000])
def test_309_characters_of_a_number_pass_and_310_do_not(codec: Codec, before: int):
    space = b" " * before
    assert codec.loads(b"[" + space + b"1" * 309 + b"]") == [int("1" * 309)]
    assert codec.loads(b"[" + space + b"-" + b"1" * 308 + b"]") == [-int("1" * 308)]
    assert codec.loads(b"[" + space + b"0." + b"1" * 307 + b"]") == [float("0." + "1" * 307)]
    for literal in (b"1" * 310, b"-" + b"1" * 309, b"0." + b"1" * 308, b"1e" + b"0" * 308, b"1" * 5000):
        reason = refusal(codec, b"[" + space + literal + b"]").reason
        assert reason == "a number of more than 309 characters"


def test_digits_in_strings_are_not_numbers(codec: Codec):
    for text in ("1" * 5000, '"' + "1" * 400, "\\" + "1" * 400 + "\\", "e" * 400):
        assert codec.loads(json.dumps([text, 1])) == [text, 1]


# --- names twice ---


@pytest.mark.parametrize(
    ("text", "name", "path"),
    [
        (b'{"id":1,"id":2}', "id", ""),
        (b'{"id":1,"method":"x","i\\u0064":2}', "id", ""),
        (b'{"i\\u0064":1,"\\u0069d":2}', "id", ""),
        (b' { "a" : {"id" : 1} , "id" : [ ] , "id" : "}" } ', "id", ""),
        (b'{"":1,"":2}', "", ""),
        ('{"å":1,"å":2}', "å", ""),
        ('{"å":1,"\\u00e5":2}', "å", ""),
        (b'{"\\/":1,"/":2}', "/", ""),
        (b'{"a\\nb":1,"a\\u000ab":2}', "a\nb", ""),
        (b'[{"a":1},{"id":1,"id":2}]', "id", "[1]"),
        (b'[1,"x",[],{}, {"id":1 , "id":2}]', "id", "[4]"),
        (b'{"' + b"x" * 900 + b'":1,"' + b"x" * 900 + b'":2}', "x" * 40 + "…", ""),
    ],
)
def test_an_envelope_with_a_name_twice_is_refused(codec: Codec, text: bytes | str, name: str, path: str):
    error = refusal(codec, text, envelope=True)
    assert (error.reason, error.path) == (f'the member "{name}" occurs twice', path)
    codec.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        b'{"jsonrpc":"2.0","id":1,"result":{"id":"t","x":{"id":2}}}',
        b'{"id":1,"params":{"a":1,"a":2}}',
        b'{"id":"\\"id\\"","method":"\\u00e5"}',
        b'[{"id":1},{"id":1},[{"id":1,"id":1}],"id"]',
        b" [ ] ",
        b" { } ",
        b"[[]]",
        b"3",
    ],
)
def test_names_further_inside_may_repeat(codec: Codec, text: bytes):
    assert codec.loads(text, envelope=True) == json.loads(text)


# --- writing ---


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": [1, "x"], "a": {}}, b'{"b":[1,"x"],"a":{}}'),
        ((), b"[]"),
        (((1,), [None, True, False]), b"[[1],[null,true,false]]"),
        (1.0, b"1.0"),
        (-0.0, b"-0.0"),
        (1e16, b"1e+16"),
        (1e-5, b"1e-05"),
        (123456789012345.6, b"123456789012345.6"),
        (2**64, b"18446744073709551616"),
        ("å😀\x7f", '"å😀\x7f"'.encode()),
        ('"\\/\b\f\n\r\t\x00\x1f', b'"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f"'),
        ("\x85\u2028\u2029", b'"\\u0085\\u2028\\u2029"'),
        ({"\u2028": "å\u2028"}, '{"\\u2028":"å\\u2028"}'.encode()),
        ("\ud800\udfffå", '"\\ud800\\udfffå"'.encode()),
        (Raw(b'{"a": 1}'), b'{"a": 1}'),
        ({"a": Raw("\u2028".encode()), "b": [Raw(b"1"), "å"]}, '{"a":\u2028,"b":[1,"å"]}'.encode()),
    ],
)
def test_what_is_written(codec: Codec, value: object, text: bytes):
    assert codec.dumps(value) == text


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (nan, "the value is nan"),
        ({"a": [1, {"b": inf}]}, "a[1].b is inf"),
        ([-inf], "[0] is -inf"),
        ({"a": {1: 2}}, "a has a name of type int, not str"),
        ({None: 2}, "the value has a name of type NoneType, not str"),
        ({Number.ONE: 2}, "a name of type Number"),
        ([b"x"], "[0] is of type bytes"),
        ({"a": {1, 2}}, "a is of type set"),
        ({"a": Number.ONE}, "a is of type Number"),
        ([object()], "[0] is of type object"),
        ({"a": 10**309}, "a is an integer of more than 309 characters"),
        ([-(10**308)], "[0] is an integer of more than 309 characters"),
        pytest.param(10**5000, "the value is an integer of more than 309 characters", id="too long for repr"),
        pytest.param({10**5000: 1}, "the value has a name of type int", id="name too long for repr"),
    ],
)
def test_what_cannot_be_written(codec: Codec, value: object, complaint: str):
    with pytest.raises(LocalProtocolError) as caught:
        codec.dumps(value)
    assert complaint in str(caught.value)


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}, lambda inner: (inner,)])
def test_64_levels_are_written_and_65_are_not(codec: Codec, wrap):
    value = "x"
    for _ in range(64):
        value = wrap(value)
    assert codec.loads(codec.dumps(value)) == json.loads(json.dumps(value))
    with pytest.raises(LocalProtocolError, match="nested deeper than 64 levels"):
        codec.dumps(wrap(value))


def test_a_value_that_holds_itself_is_refused(codec: Codec):
    value: list[object] = []
    value.extend([value, value])
    with pytest.raises(LocalProtocolError, match="nested deeper"):
        codec.dumps(value)


def test_a_literal_is_what_dumps_writes(codec: Codec):
    for text in ("", "plain", 'q"\\\n', "å\u2028\x85", "\ud800x", "😀"):
        assert escape_string(text) == codec.dumps(text)
        assert codec.loads(escape_string(text)) == text
