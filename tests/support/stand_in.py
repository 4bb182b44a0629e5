"""What stands in for Python where tests start it by its path: has the zygote start a copy, and does as the copy does.

`support.forks.python` makes an executable of this file, with two lines in front of it: the interpreter that runs it,
and imports next to nothing (-ISs), and `REAL, DOOR = …`, the real Python and the zygote's socket. Signals are passed
on, the end is that of the copy, and who kills this process kills the copy. Its id is not that of the copy.

Real Python does what the zygote cannot: other options, a closed stream, and pytest, which imports its plugins itself.
"""

import _socket
import json
import os
import signal
import sys

ARGV = sys.argv[1:]


def is_usual():
    try:
        [os.fstat(fd) for fd in range(3)]
    except OSError:
        return False
    return bool(ARGV) and ARGV[:2] != ["-m", "pytest"] and (ARGV[0] in ("-m", "-c") or ARGV[0][0] != "-")


if not is_usual():
    os.execv(REAL, [REAL, *ARGV])  # noqa: F821

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def line(fd):
    read = b""
    while not read.endswith(b"\n"):
        piece = os.read(fd, 1)
        if not piece:
            os._exit(1)  # the zygote has ended: its stderr says why
        read += piece
    return int(read)


def pass_on(number, _frame):
    try:
        os.kill(copy, number)
    except ProcessLookupError:
        pass


request = {"argv": ARGV, "cwd": os.getcwd(), "env": dict(os.environ), "executable": sys.argv[0]}
news, told = os.pipe()
with_it = b"".join(fd.to_bytes(4, sys.byteorder) for fd in (0, 1, 2, told))
channel = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
channel.connect(DOOR)  # noqa: F821
channel.sendmsg([json.dumps(request).encode()], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, with_it)])
os.close(told)
copy = line(news)
channel.close()
nothing = os.open(os.devnull, os.O_RDWR)
for fd in range(3):  # they are the copy's now, and end with it
    os.dup2(nothing, fd)
for number in SIGNALS:
    signal.signal(number, pass_on)
code = line(news)
if code >= 0:
    os._exit(code)
if -code in SIGNALS:
    signal.signal(-code, signal.SIG_DFL)
os.kill(os.getpid(), -code)
