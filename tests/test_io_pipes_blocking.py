"""BlockingChild: a child process whose pipes are both full at times."""

import os
import signal
import sys
import threading

import pytest

from hocket.a2a import GetTaskRequest, Operation
from hocket.errors import ConnectionFailed, LocalProtocolError
from hocket_io.pipes.blocking import BlockingChild, BlockingPipeTransport
from hocket_io.pipes.readiness import Readiness

pytestmark = pytest.mark.process

MUCH = 40_000_000  # more than is read ahead


def child(code):
    return BlockingChild([sys.executable, "-c", f"import sys\n{code}"])


def receive_all(child):
    pieces = []
    while data := child.receive():
        pieces.append(data)
    return b"".join(pieces)


def test_echo_and_end():
    echo = child("sys.stdout.write(sys.stdin.readline())")
    echo.send(b"hello\n")
    assert receive_all(echo) == b"hello\n"
    assert echo.receive() == b""  # the end stays the end
    assert str(echo.farewell()).endswith("ended with exit code 0")
    echo.send(b"anybody there?\n")  # what is sent is written later
    with echo._changed:
        assert echo._changed.wait_for(lambda: echo._is_deaf, 20)
    with pytest.raises(ConnectionFailed, match="ended with exit code 0"):
        echo.send(b"nobody there\n")
    echo.close()


def test_a_child_that_writes_much_before_it_reads():
    talker = child(f"sys.stdout.write('x' * {MUCH}); sys.stdout.flush(); print(len(sys.stdin.readline()))")
    talker.send(b"y" * 1_000_000 + b"\n")
    with talker._changed:
        assert talker._changed.wait_for(lambda: not talker._unsent, 20), "each of us waits for the other to read"
    answer = receive_all(talker)
    assert answer[:MUCH].count(b"x") == MUCH
    assert answer[MUCH:].strip() == b"1000001"
    talker.close()


def test_no_more_is_read_ahead_of_a_child_that_reads_no_more_than_of_any_other():
    talker = child(f"import os; os.close(0); sys.stdout.write('x' * {MUCH})")
    talker.send(b"y" * 1_000_000)
    with talker._changed:
        assert talker._changed.wait_for(lambda: talker._is_deaf and len(talker._chunks) >= 256, 20)
    reader = talker._threads[0]
    reader.join(0.1)
    assert reader.is_alive(), "it has read to the end"
    talker.close()


def test_a_child_that_nobody_listens_to_any_more_may_finish():
    talker = child(f"sys.stdout.write('x' * {MUCH})")
    talker.close()
    assert str(talker.farewell()).endswith("ended with exit code 0")


def test_not_everything_is_read_ahead():
    talker = child(f"sys.stdout.write('x' * {MUCH}); sys.stdout.flush(); print('done', file=sys.stderr)")
    with talker._changed:
        assert talker._changed.wait_for(lambda: len(talker._chunks) == 256, 20)
    assert len(receive_all(talker)) == MUCH
    assert len(talker._chunks) == 1  # the mark of the end
    talker.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_no_thread_stays_at_pipes_that_the_child_has_left_to_another_process(monkeypatch):
    still_there, let_go = [], Readiness.close

    def close(readiness):
        still_there.extend(thread.name for thread in parent._threads if thread.is_alive())
        let_go(readiness)

    monkeypatch.setattr(Readiness, "close", close)
    parent = child("import os, time; pid = os.fork(); time.sleep(0 if pid else 60); print(pid, flush=True)")
    left_behind = int(parent.receive())
    try:
        parent.close()
        assert still_there == []
    finally:
        os.kill(left_behind, signal.SIGKILL)


class SilentPipe:
    """A pipe at which nothing arrives until it is closed."""

    def __init__(self):
        self.is_read, self.is_closed, self.sent = threading.Event(), threading.Event(), []

    def receive(self, timeout=None):
        self.is_read.set()
        self.is_closed.wait()
        return b""

    def send(self, data):
        self.sent.append(data)

    def farewell(self):
        return ConnectionFailed("it was closed")

    def close(self):
        self.is_closed.set()


def test_a_second_thread_is_refused_before_anything_is_sent():
    pipe, errors = SilentPipe(), []

    def wait():
        try:
            transport.answer(transport.start(Operation.GET, GetTaskRequest(id="t")))
        except ConnectionFailed as error:
            errors.append(str(error))

    with BlockingPipeTransport(pipe) as transport:
        waiting = threading.Thread(target=wait)
        waiting.start()
        pipe.is_read.wait()
        with pytest.raises(LocalProtocolError, match="give each thread a Client of its own"):
            transport.start(Operation.GET, GetTaskRequest(id="t"))
        assert len(pipe.sent) == 1
    assert b"$/cancelRequest" in pipe.sent[1]
    waiting.join()
    assert errors == ["the client was closed"]
