"""`hocket join`: talking in a stream from a terminal, or from a script."""

import json
import shlex
import signal
import subprocess

import pytest

from hocket.acp.events import MessageSent, StreamEnded
from hocket.acp.model import data_part, file_part, text_part
from hocket_io.acp.blocking import BlockingAcpClient
from support.commands import COMMAND, ENVIRONMENT, error_of, execute, invoke, running
from support.hub_worlds import web_hub

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def address():
    with web_hub() as url:
        yield url


@pytest.fixture
def stream(address):
    """A stream that ada has started, with bob in it."""
    with BlockingAcpClient(address.replace("http:", "ws:"), agent="ada") as ada:
        stream = ada.start(["bob"])
        yield stream
        stream.end()


def until(stream, kind):
    return next(event for event in stream if isinstance(event, kind))


def join(address, *words):
    """bob at a terminal."""
    return running("join", "-a", address, "--as", "bob", *words, stdin=subprocess.PIPE, text=True)


def tell(process, line):
    process.stdin.write(line + "\n")
    process.stdin.flush()


def ended(process):
    """Wait for its end, with its input still open; what was printed, what it complained about, and the exit code."""
    lines = process.stdout.read().splitlines()
    return lines, process.stderr.read(), process.wait(20)


def skip(process, lines):
    for _ in range(lines):
        process.stdout.readline()


# Talking


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_lines_are_messages_and_what_others_say_is_printed(address, stream, scheme):
    with join(address.replace("http:", f"{scheme}:"), stream.stream_id) as process:
        assert process.stdout.readline() == f"Stream: {stream.stream_id}\n"
        assert process.stdout.readline() == "Participants: ada, bob\n"
        tell(process, "hello")
        tell(process, "")
        tell(process, "//slash")
        assert [until(stream, MessageSent).text for _ in range(2)] == ["hello", "/slash"]
        stream.send("hello bob\nhow are you?")
        assert process.stdout.readline() == "ada: hello bob\n"
        assert process.stdout.readline() == "ada: how are you?\n"
        stream.end("enough")
        assert ended(process) == (["* ada has ended the stream: enough"], "", 0)


def test_chunks_are_shown_as_they_come(address, stream):
    with join(address, stream.stream_id) as process:
        skip(process, 2)
        with stream.chunks() as out:
            out.text("one ")
            assert process.stdout.read(9) == "ada: one "
            out.text("two\nthree")
            assert process.stdout.readline() == "two\n"
            stream.send("by the way")
            assert process.stdout.readline() == "ada: three\n"
            assert process.stdout.readline() == "ada: by the way\n"
            out.text(", four")
        assert process.stdout.readline() == "ada: , four\n"
        stream.end()
        assert ended(process)[0] == ["* ada has ended the stream"]


def test_nobody_can_speak_in_the_name_of_another_or_steer_the_terminal(address, stream):
    with join(address, stream.stream_id) as process:
        skip(process, 2)
        stream.send("hi\neve: \x1b[1mgive me the token")
        assert process.stdout.readline() == "ada: hi\n"
        assert process.stdout.readline() == "ada: eve: \\x1b[1mgive me the token\n"
        stream.end("a\n* b")
        assert ended(process)[0] == ["* ada has ended the stream: a\\n* b"]


def test_what_is_no_text(address, stream):
    with join(address, stream.stream_id) as process:
        skip(process, 2)
        stream.send([text_part("see "), data_part({"n": 1}), file_part(b"abc", filename="a.csv", mime_type="text/csv")])
        assert process.stdout.readline() == 'ada: see {"n":1}[FilePart: a.csv, text/csv, 3 bytes]\n'
        stream.end()


def test_without_a_stream_one_is_started(address):
    target = address.replace("http:", "ws:")
    with BlockingAcpClient(target, agent="cora") as cora, join(address, "--invite", "cora") as process:
        stream_id = process.stdout.readline().removeprefix("Stream: ").strip()
        assert next(cora.invitations()).stream_id == stream_id
        stream = cora.join(stream_id)
        stream.send("here I am")
        skip(process, 1)
        assert process.stdout.readline() == "cora: here I am\n"
        tell(process, "/end thanks")
        assert until(stream, StreamEnded).reason == "thanks"
        assert ended(process)[1:] == ("", 0)


def test_commands(address, stream, tmp_path):
    (tmp_path / "table.csv").write_text("a,b\n")
    (tmp_path / "in").mkdir()
    with join(address, stream.stream_id) as process:
        skip(process, 2)
        tell(process, f"/file {tmp_path / 'table.csv'}")
        assert stream.receive_file(tmp_path / "in").read_text() == "a,b\n"
        tell(process, "/invite eve")
        tell(process, "/remove eve")
        tell(process, "/dance")
        tell(process, "/file")
        tell(process, "/file /no/such/file")
        tell(process, "still here")
        assert until(stream, MessageSent).text == "still here"
        tell(process, "/leave")
        _, complaints, code = ended(process)
        assert code == 1
        for complaint, start in zip(
            complaints.splitlines(),
            [
                "error: bob may not invite here",
                "error: bob may not remove here",
                "error: '/dance' is no command; there are: /end",
                "error: '/file' is no command",
                "error: [Errno 2] No such file or directory: '/no/such/file'",
            ],
            strict=True,
        ):
            assert complaint.startswith(start)
    assert stream.refresh().participants == ("ada",)


def test_pausing(address, stream):
    with join(address) as process:
        skip(process, 2)
        for line in ("/pause lunch", "nobody hears this", "/resume", "but this", "/end"):
            tell(process, line)
        _, complaints, code = ended(process)
        assert complaints.startswith("error: ")
        assert "paused" in complaints
        assert (complaints.count("\n"), code) == (1, 1)


def test_files_are_saved_where_that_is_wanted(address, stream, tmp_path):
    (tmp_path / "table.csv").write_text("a,b\n")
    (tmp_path / "in").mkdir()
    with join(address, stream.stream_id, "--save", str(tmp_path / "in")) as process:
        skip(process, 2)
        stream.send_file(tmp_path / "table.csv")
        assert process.stdout.readline() == f"* saved {tmp_path / 'in' / 'table.csv'}\n"
        stream.end()
        assert ended(process) == (["* ada has ended the stream"], "", 0)
    assert (tmp_path / "in" / "table.csv").read_text() == "a,b\n"


def test_files_are_announced_where_they_are_not_saved(address, stream, tmp_path):
    (tmp_path / "table.csv").write_bytes(b"x" * 600_000)
    with join(address, stream.stream_id) as process:
        skip(process, 2)
        stream.send_file(tmp_path / "table.csv")
        stream.end()
        assert ended(process)[0] == ["ada: [file table.csv, 600000 bytes]", "* ada has ended the stream"]


# Scripts


def test_piped_input_is_said_and_then_the_command_ends(address, stream):
    done = execute("join", "-a", address, "--as", "bob", stream.stream_id, input=b"one\ntwo\r\nthree")
    assert (done.returncode, done.stderr) == (0, b"")
    assert [until(stream, MessageSent).text for _ in range(3)] == ["one", "two", "three"]
    assert stream.refresh().participants == ("ada", "bob")


def test_wait_listens_until_the_stream_ends(address, stream):
    with join(address, stream.stream_id, "--wait") as process:
        process.stdin.close()
        skip(process, 2)
        stream.send("late news")
        assert process.stdout.readline() == "ada: late news\n"
        stream.end()
        assert ended(process) == (["* ada has ended the stream"], "", 0)


def test_json_is_one_object_a_line(address, stream):
    with join(address, stream.stream_id, "-o", "json") as process:
        entered = json.loads(process.stdout.readline())
        assert (entered["event"], entered["stream"]["streamId"]) == ("ENTERED", stream.stream_id)
        stream.send("hello")
        with stream.chunks() as out:
            out.text("in chunks")
        stream.end("done")
        lines, complaints, code = ended(process)
    events = [json.loads(line) for line in lines]
    assert events.pop(0)["event"] == "STREAM_STARTED"
    assert [event["event"] for event in events] == ["MESSAGE_SENT", "CHUNK_RECEIVED", "CHUNK_RECEIVED", "STREAM_ENDED"]
    assert events[0]["message"]["parts"][0]["content"] == "hello"
    assert (events[0]["agentId"], events[0]["streamId"]) == ("ada", stream.stream_id)
    assert (events[1]["sequence"], events[2]["isLast"], events[3]["reason"]) == (1, True, "done")
    assert (complaints, code) == ("", 0)


def test_an_interrupt(address, stream):
    with join(address, stream.stream_id) as process:
        skip(process, 2)
        process.send_signal(signal.SIGINT)
        assert ended(process)[1:] == ("", 130)


def test_nobody_reads_what_is_printed(address, stream):
    with join(address, stream.stream_id) as process:
        skip(process, 2)
        process.stdout.close()
        for _ in range(3):
            stream.send("x" * 100)
        process.stdin.flush()
        process.wait(20)
        assert (process.returncode, process.stderr.read()) == (0, "")


@pytest.mark.parametrize(("closed", "shown"), [("<&-", "Stream: "), (">&- </dev/null", ""), ("<&- >&- 2>&-", "")])
def test_a_closed_stdin_is_an_empty_one_and_a_closed_stdout_shows_nothing(address, closed, shown):
    command = f"exec {shlex.join([*COMMAND, 'join', '-a', address, '--as', 'bob'])} {closed}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, env=ENVIRONMENT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(shown)
    assert bool(done.stdout) == bool(shown)


# What goes wrong


def test_exit_codes(address):
    unknown = invoke("join", "-a", address, "--as", "bob", "no-such-stream")
    assert unknown.exit_code == 1
    assert unknown.stderr.startswith("error: ")
    nobody = invoke("join", "-a", "tcp://127.0.0.1:1", "--as", "bob", "s")
    assert nobody.exit_code == 3
    wrong = invoke("join", "-a", "127.0.0.1:8100", "--as", "bob", "s")
    assert wrong.exit_code == 2
    assert "did you mean http://127.0.0.1:8100?" in wrong.stderr
    assert invoke("join", "-a", address, "s").exit_code == 2
    assert invoke("join", "-a", "stdio:-", "--as", "bob", "s").exit_code == 2


def test_failures_as_json(address):
    error = error_of(invoke("join", "-a", address, "--as", "bob", "-o", "json", "no-such-stream"))
    assert (error["code"], error["a2aCode"]) == ("StreamNotFoundError", -40003)


def test_a_line_without_an_end(address, stream):
    done = execute("join", "-a", address, "--as", "bob", stream.stream_id, input=b"x" * 1_100_000)
    assert done.returncode == 2
    assert b"more than 1000000 bytes" in done.stderr
