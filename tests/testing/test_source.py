"""Values as Python: what is written evaluates to the value, names what is public, and is a test that runs."""

import subprocess
import sys
from enum import Enum

import pytest
from attrs import field, frozen
from hypothesis import example, given
from hypothesis import strategies as st

from hocket import acp
from hocket.a2a import V0_3, V1_0, Message, Operation, Part, Role, Task, TaskState, TaskStatus
from hocket.codec import UNSET, Raw
from hocket.errors import CodecError, ErrorObject, FramingError, LimitExceeded, LocalProtocolError, WrongFraming
from hocket.framing import FrameRejected
from hocket.testing.source import as_source, as_test, imports_for
from hocket.testing.strategies.a2a import messages, stream_items
from hocket.testing.strategies.calls import params
from hocket.testing.strategies.values import json_values


def evaluated(source, imports):
    room = {}
    exec("\n".join(imports), room)
    return eval(source, room)


@frozen
class Odd:
    """Names that differ from their arguments, and members that nobody gives."""

    _hidden: int
    renamed: str = field(default="", alias="called")
    items: tuple = field(factory=tuple)
    size: int = field(init=False, default=7)
    flag: object = field(default=True, kw_only=True)


class Colour(Enum):
    RED = "red"


TEXTS = st.text(st.characters(exclude_categories=()), max_size=8) | st.sampled_from(
    ["'", '"', "'\"", "\u2028", "x" * 99]
)
PLAIN = json_values(TEXTS) | st.binary() | st.binary().map(lambda data: data * 40) | st.sampled_from([UNSET, *Colour])
MODELS = st.one_of(
    stream_items(V1_0),
    messages(V0_3),
    params(Operation.SEND, V1_0),
    params(Operation.LIST, V1_0),
    st.builds(Odd, st.integers(), called=TEXTS, items=st.lists(PLAIN).map(tuple), flag=PLAIN),
    st.builds(acp.text_part, TEXTS).map(acp.message_of),
    st.builds(Raw, st.binary()),
)


@given(PLAIN | MODELS | st.lists(PLAIN | MODELS, max_size=3).map(tuple), st.integers(20, 120))
@example(["x" * 25, b"\0" * 1000, "x" * 24, "\ud800" * 3, ("a",), (), [], {}], 20)
def test_what_is_written_evaluates_to_the_value(value, width):
    source = as_source(value, width=width)
    again = evaluated(f"({source})", imports_for(value))
    assert again == value
    assert repr(again) == repr(value)  # 1, 1.0 and True are equal


@pytest.mark.parametrize(
    "error",
    [
        FramingError("an empty frame"),
        WrongFraming("a header"),
        CodecError("must be text", "params.text"),
        CodecError("not JSON"),
        LimitExceeded("frame", 12, 13),
        LimitExceeded("frame", 12),
    ],
    ids=repr,
)
def test_an_exception_is_made_of_what_it_was_made_of(error):
    rejected = FrameRejected(error, fatal=True)
    assert evaluated(as_source(rejected), imports_for(rejected)) == rejected


@pytest.mark.parametrize(
    ("value", "source"),
    [
        (Part(text=""), 'Part(text="")'),
        (Part(data=None), "Part(data=None)"),
        (Part(data=UNSET, text="a"), 'Part(text="a")'),
        (TaskStatus(state=TaskState.WORKING), "TaskStatus(state=TaskState.WORKING)"),
        (acp.Part(type=acp.PartType.DATA, content=1), "acp.Part(type=acp.PartType.DATA, content=1)"),
        (Odd(1, "a", flag=1), 'Odd(hidden=1, called="a", flag=1)'),
        (ErrorObject(-32700, "it's"), 'ErrorObject(code=-32700, message="it\'s")'),
        ("a" * 24, f'"{"a" * 24}"'),
        (b"[" * 70, 'b"[" * 70'),
        (float("inf"), 'float("inf")'),
        ({1: (True,)}, "{1: (True,)}"),
        ([Task, as_source, int], "[Task, as_source, int]"),
    ],
    ids=lambda given: given if isinstance(given, str) else type(given).__name__,
)
def test_only_what_differs_from_the_defaults_is_written(value, source):
    assert as_source(value) == source


def test_not_a_number_is_written_as_one():
    assert repr(evaluated(as_source(float("nan")), ())) == "nan"


def test_names_are_imported_from_where_they_are_public():
    message = Message(message_id="0", role=Role.USER, parts=(Part(data=UNSET, text="a"),))
    rejected = FrameRejected(LimitExceeded("frame", 1))
    assert imports_for(message, rejected, acp.message_of("a"), UNSET, ErrorObject(1, "")) == (
        "from hocket import ErrorObject, acp",
        "from hocket.a2a import Message, Part, Role",
        "from hocket.codec import UNSET",
        "from hocket.errors import LimitExceeded",
        "from hocket.framing import FrameRejected",
    )


@pytest.mark.parametrize("value", [object(), {1, 2}, lambda: None, [range(3)]], ids=lambda value: type(value).__name__)
def test_what_no_python_makes_is_refused(value):
    with pytest.raises(LocalProtocolError, match="cannot be"):
        as_source(value)


# Tests that are written.

IMPORTS = [
    "from hocket.framing import Ndjson",
    "import pytest",
    "from hocket.errors import FramingError, CODES",
    "import json, sys",
    "from hocket.framing import ContentLength, FramingLimits, encode_event, FrameRejected, SseParser, Whole",
    "import json",
    "from hocket.a2a import Message as Said",
]


def test_imports_are_merged_and_sorted():
    assert as_test("imports", ["assert Said"], IMPORTS).partition("\n\n\n")[0] == (
        "import json\n"
        "import sys\n"
        "\n"
        "import pytest\n"
        "from hocket.a2a import Message as Said\n"
        "from hocket.errors import CODES, FramingError\n"
        "from hocket.framing import (\n"
        "    ContentLength,\n"
        "    FrameRejected,\n"
        "    FramingLimits,\n"
        "    Ndjson,\n"
        "    SseParser,\n"
        "    Whole,\n"
        "    encode_event,\n"
        ")"
    )


def test_a_test_that_is_written_pleases_linters_and_runs(tmp_path):
    parts = [Part(data={f"member {number}": [1, None, "text" * 30]}) for number in range(4)]
    message = Message(message_id="0", role=Role.AGENT, parts=tuple(parts))
    lines = [
        "# seed 7",
        f"message = {as_source(message)}",
        f"assert Ndjson().encode({as_source(b'x' * 70)}) == {as_source(b'x' * 70 + bytes([10]))}",
        "assert json.dumps(message.parts[0].data)",
        "assert [pytest, sys, FramingError, CODES, Said]",
        "assert [ContentLength, FramingLimits, encode_event, FrameRejected, SseParser, Whole]",
    ]
    path = tmp_path / "test_found.py"
    path.write_text(as_test("What the fuzzer found: a message", lines, [*IMPORTS, *imports_for(message)]))
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E,F,I,PT", "--ignore", "E501", str(path)]
    assert (
        subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True, check=False).stdout == "All checks passed!\n"
    )
    room = {}
    exec(compile(path.read_text(), path, "exec"), room)
    room["test_what_the_fuzzer_found_a_message"]()


@pytest.mark.parametrize(
    ("lines", "imports", "reason"),
    [
        ([], [], "no Python"),
        (["# nothing is tested"], [], "no Python"),
        (["assert ("], [], "no Python"),
        (["pass"], ["import"], "no import statement"),
        (["pass"], [""], "no import statement"),
        (["pass"], ["assert True"], "no absolute import"),
        (["pass"], ["from . import a"], "no absolute import"),
        (["pass"], ["from hocket.a2a import Message", "from hocket.acp import Message"], "Message would be both"),
        (["pass"], ["import hocket", "from other import hocket"], "hocket would be both"),
    ],
)
def test_a_test_that_is_none_is_refused(lines, imports, reason):
    with pytest.raises(LocalProtocolError, match=reason):
        as_test("nothing", lines, imports)


def test_packages_of_one_root_can_be_imported_together():
    assert as_test("roots", ["pass"], ["import os.path", "import os"]).startswith("import os\nimport os.path\n\n\n")
