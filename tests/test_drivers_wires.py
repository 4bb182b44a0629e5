"""Wires: what a connection waits for where that is not what it seems: TLS may write to read, and read to write."""

import contextlib
import selectors
import socket
import ssl

import pytest

from hocket_io.blocking.wires import Wires

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Moody(socket.socket):
    """A socket with the moods of TLS: what is in `moods` is raised first, one after the other."""

    moods = ()

    def recv(self, *args):
        self._sulk()
        return super().recv(*args)

    def send(self, *args):
        self._sulk()
        return super().send(*args)

    def _sulk(self):
        if self.moods:
            mood, *self.moods = self.moods
            raise mood


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with (
        Moody(fileno=ours.detach()) as moody,
        theirs,
        selectors.DefaultSelector() as selector,
        contextlib.closing(Wires(moody, selector)) as wires,
    ):
        yield wires, moody, theirs


def watched(wires, *, reads, writes):
    wires.watch(reads=reads, writes=writes)
    return sum(key.events for key in wires.selector.get_map().values())


def test_a_read_that_has_to_write_first_waits_until_it_can_and_then_reads(ends):
    wires, moody, theirs = ends
    theirs.sendall(b"hello")
    moody.moods = [ssl.SSLWantWriteError(), ssl.SSLWantWriteError()]
    for _ in range(2):
        assert wires.read() is None
        assert watched(wires, reads=True, writes=False) == WRITE
    assert wires.read() == b"hello"
    assert watched(wires, reads=True, writes=False) == READ


def test_a_write_that_has_to_read_first_waits_until_it_can_and_then_writes(ends):
    wires, moody, theirs = ends
    moody.moods = [ssl.SSLWantReadError(), ssl.SSLWantReadError()]
    for _ in range(2):
        assert wires.write(bytearray(b"hello")) == 0
        assert watched(wires, reads=False, writes=True) == READ
    assert wires.write(bytearray(b"hello")) == 5
    assert theirs.recv(10) == b"hello"
    assert watched(wires, reads=False, writes=True) == WRITE


def test_what_both_wait_for_is_waited_for_at_once(ends):
    wires, moody, _ = ends
    assert watched(wires, reads=True, writes=True) == READ | WRITE
    moody.moods = [ssl.SSLWantReadError()]
    assert wires.write(bytearray(b"hello")) == 0
    assert watched(wires, reads=True, writes=True) == READ
    assert watched(wires, reads=False, writes=False) == 0


def test_where_nothing_is_to_be_had_now_nothing_has_ended(ends):
    wires, _, theirs = ends
    assert wires.read() is None
    theirs.close()
    assert wires.read() == b""
