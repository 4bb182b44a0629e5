"""What the commands print: fields and blocks that nothing an agent says can break out of."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.a2a import (
    Artifact,
    Message,
    Part,
    Role,
    StreamEvent,
    StreamItem,
    StreamReader,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.a2a.dialects import V1_0
from hocket.errors import (
    AgentError,
    AuthenticationError,
    Code,
    CodecError,
    ConnectionFailed,
    ErrorObject,
    HocketError,
    LimitExceeded,
    LocalProtocolError,
    MissingExtra,
    RequestTimeout,
    RpcError,
    StreamCut,
)
from hocket_io.cli.exits import failure_of
from hocket_io.cli.output import block, escaped, field_line, one_line
from hocket_io.cli.render import JsonOutput, RawOutput, TextOutput

LABELS = ("Task", "Context", "State", "Chunk", "Text", "Message", "Data", "File", "Progress", "Artifact")


def read(lines: list[str]) -> list[tuple[str, str]]:
    """What a script that knows a2a-cli §9.2 and nothing else makes of lines: labels and values."""
    found = []
    rest = iter(lines)
    for line in rest:
        label, colon, value = line.partition(":")
        assert colon
        if value:
            found.append((label, value.removeprefix(" ")))
            continue
        content = []
        for inner in rest:
            if not inner:
                break
            content.append(inner)
        else:
            raise AssertionError("a block that is not closed")
        found.append((label, "\n".join(content)))
    return found


TEXTS = st.text(
    st.sampled_from("\n\n\r\t\x1b\x85\u2028 :") | st.characters() | st.characters(categories=["Cc", "Cs"]),
    max_size=40,
)


@given(st.lists(st.tuples(st.sampled_from(LABELS), TEXTS)))
def test_no_text_can_pass_for_lines_of_ours(said: list[tuple[str, str]]) -> None:
    lines = [line for label, text in said for line in block(label, text)]
    found = read("".join(f"{line}\n" for line in lines).splitlines())
    assert [label for label, _ in found] == [label for label, _ in said]
    for (_, shown), (_, text) in zip(found, said, strict=True):
        kept = [line for line in escaped(text).split("\n") if line.strip(" ")]
        assert [line for line in shown.split("\n") if line.strip(" ")] == kept


@given(TEXTS)
def test_nothing_steers_the_terminal(text: str) -> None:
    for line in (*block("Chunk", text), *field_line("Task", text)):
        assert not [each for each in line if each != "\t" and unicodedata.category(each) in ("Cc", "Zl", "Zp", "Cs")]
    assert "\n" not in one_line(text)


CONTEXT = {"task_id": "t", "context_id": "c"}


def message(*parts: Part) -> Message:
    return Message(message_id="m", role=Role.AGENT, parts=parts)


def status(state: TaskState, said: Message | None = None, progress: float | None = None) -> TaskStatusUpdateEvent:
    metadata = None if progress is None else {"progress": progress}
    return TaskStatusUpdateEvent(**CONTEXT, status=TaskStatus(state=state, message=said), metadata=metadata)


def chunk(*parts: Part, append: bool = False) -> TaskArtifactUpdateEvent:
    return TaskArtifactUpdateEvent(**CONTEXT, artifact=Artifact(artifact_id="a", parts=parts), append=append)


def events_of(*items: StreamItem) -> list[StreamEvent]:
    reader = StreamReader()
    for item in items:
        reader.receive(item)
    reader.receive_end()
    return list(iter(reader.next_event, None))


def shown(
    output: TextOutput | JsonOutput | RawOutput, capfdbinary: pytest.CaptureFixture[bytes], *items: StreamItem
) -> str:
    for event in events_of(*items):
        output.event(event, is_last=event.done)
    out, err = capfdbinary.readouterr()
    assert err == b""
    return out.decode()


BEGUN = Task(id="t", context_id="c", status=TaskStatus(state=TaskState.SUBMITTED))


def test_a_stream_as_text(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    items = [
        BEGUN,
        status(TaskState.WORKING),
        status(TaskState.WORKING, message(Part(text="half way")), progress=50.0),
        chunk(Part(text="Hello ")),
        chunk(Part(text="Ada\nand all")),
        chunk(Part(data={"n": 1}), append=True),
        chunk(Part(text=""), append=True),
        status(TaskState.COMPLETED),
    ]
    expected = """\
Task: t
Context: c
State: submitted
State: working
Progress: 50%
Message: half way
Chunk: Hello 
Chunk:
Ada
and all

Data:
{
  "n": 1
}

Task: t
Context: c
State: completed
"""  # noqa: W291
    assert shown(TextOutput(), capfdbinary, *items) == expected


def test_a_stream_that_begins_and_ends_with_a_finished_task_names_it_once(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    done = TaskStatus(state=TaskState.FAILED, message=message(Part(text="why")))
    artifact = Artifact(artifact_id="a", name="poem", parts=(Part(text="one "), Part(text="two"), Part(url="u:x")))
    task = Task(id="t", context_id="c", status=done, artifacts=(artifact,))
    expected = "Message: why\nArtifact: poem\nText: one two\nFile: unnamed, u:x\nTask: t\nContext: c\nState: failed\n"
    assert shown(TextOutput(), capfdbinary, task) == expected


def test_a_bare_message_is_an_answer(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    answer = message(Part(text="Hi"), Part(raw=b"123", filename="f.bin", media_type="a/b"))
    assert shown(TextOutput(), capfdbinary, answer) == "Message: Hi\nFile: f.bin, a/b, 3 bytes\n"
    TextOutput().answer(answer)
    assert capfdbinary.readouterr().out == b"Message: Hi\nFile: f.bin, a/b, 3 bytes\n"


def test_json_is_the_protocols_own_and_one_line_each(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    items = [BEGUN, chunk(Part(text="a\u2028b\n")), message(Part(text="aside")), status(TaskState.COMPLETED)]
    lines = shown(JsonOutput(), capfdbinary, *items).splitlines()
    assert [V1_0.wire.reader(StreamItem).from_value(json.loads(line)) for line in lines] == items
    assert [next(iter(json.loads(line))) for line in lines] == [
        "task",
        "artifactUpdate",
        "message",
        "statusUpdate",
    ]


def test_json_of_one_answer(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    JsonOutput().answer(BEGUN)
    JsonOutput().task(BEGUN)
    bare = {"id": "t", "contextId": "c", "status": {"state": "TASK_STATE_SUBMITTED"}}
    assert [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()] == [{"task": bare}, bare]


WORDS = [BEGUN, chunk(Part(text="\x1b[1mHello \ud800")), chunk(Part(text="Ada\n"), append=True)]
FAILED = status(TaskState.FAILED, message(Part(text="why")))


def test_raw_is_what_the_agent_says_and_nothing_else(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    asked = Message(message_id="q", role=Role.AGENT, parts=(Part(text="Which? "),))
    for last, said in ((status(TaskState.COMPLETED), ""), (status(TaskState.INPUT_REQUIRED, asked), "Which? ")):
        items = [status(TaskState.WORKING, message(Part(text="half way")), progress=50.0), chunk(Part(data=1)), last]
        assert shown(RawOutput(), capfdbinary, *WORDS, *items) == f"\x1b[1mHello \\ud800Ada\n{said}"


def test_raw_leaves_what_is_said_of_a_failure_to_stderr(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert shown(RawOutput(), capfdbinary, *WORDS, FAILED) == "\x1b[1mHello \\ud800Ada\n"
    RawOutput().task(Task(id="t", context_id="c", status=FAILED.status))
    assert capfdbinary.readouterr().out == b""


def test_raw_of_a_task_and_of_a_message_is_all_of_it(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    artifacts = tuple(Artifact(artifact_id=text, parts=(Part(text=text),)) for text in ("one ", "two"))
    RawOutput().task(Task(id="t", status=TaskStatus(state=TaskState.COMPLETED), artifacts=artifacts))
    RawOutput().answer(message(Part(text=", three")))
    assert capfdbinary.readouterr().out == b"one two, three"


@pytest.mark.parametrize(("last", "end"), [("Ada\n", "Ada\n"), ("Ada", "Ada\n")])
def test_raw_neither_steers_a_terminal_nor_leaves_the_prompt_in_mid_line(
    last: str, end: str, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    told = shown(
        RawOutput(), capfdbinary, BEGUN, chunk(Part(text="\x1b[1mHello ")), chunk(Part(text=last), append=True)
    )
    assert told == f"\\x1b[1mHello {end}"


@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [
        (RpcError(ErrorObject.of(Code.TASK_NOT_FOUND)), "TaskNotFoundError", 1),
        (RpcError(ErrorObject.of(Code.VERSION_NOT_SUPPORTED)), "VersionNotSupportedError", 1),
        (RpcError(ErrorObject(7, "made up")), "JSONRPCError", 1),
        (ConnectionFailed("no"), "A2ACLI_ERR_UNREACHABLE", 3),
        (StreamCut("cut"), "A2ACLI_ERR_INTERNAL", 1),
        (AuthenticationError("who?"), "A2ACLI_ERR_CREDENTIALS_MISSING", 4),
        (RequestTimeout("late"), "A2ACLI_ERR_TIMEOUT", 5),
        (LocalProtocolError("odd"), "A2ACLI_ERR_USAGE", 2),
        (MissingExtra("it", "http"), "A2ACLI_ERR_USAGE", 2),
        (CodecError("bad"), "InvalidAgentResponseError", 1),
        (LimitExceeded("frame", 1), "InvalidAgentResponseError", 1),
        (AgentError("it failed"), "A2ACLI_ERR_INTERNAL", 1),
    ],
)
def test_every_error_has_its_code_and_its_exit(error: HocketError, code: str, exit_code: int) -> None:
    failure = failure_of(error)
    assert (failure.code, failure.exit_code) == (code, exit_code)
    assert failure.message in str(error)


def test_refused_credentials_are_another_error_than_missing_ones() -> None:
    assert failure_of(AuthenticationError("no"), has_credentials=True).code == "A2ACLI_ERR_AUTH_FAILED"


def test_a_failure_as_text_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    failure = failure_of(RpcError(ErrorObject.of(Code.TASK_NOT_FOUND)), hint="look\nelsewhere")
    failure.show()
    assert capsys.readouterr().err == "error: Task not found (TaskNotFoundError -32001)\nhint: look\\nelsewhere\n"
    failure.as_json = True
    failure.show()
    out, err = capsys.readouterr()
    error = {
        "code": "TaskNotFoundError",
        "message": "Task not found",
        "hint": "look\nelsewhere",
        "a2aCode": -32001,
    }
    assert (out, json.loads(err)) == ("", {"error": error})
