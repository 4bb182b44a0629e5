"""Why something could not be reached."""

import errno
import os
import socket
import ssl

import pytest

from hocket_io.reasons import reason_of

REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed")


def caused(error, cause):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (REFUSED, "Connection refused: nothing listens there"),
        (OSError(errno.ENETUNREACH, "Connect call failed"), os.strerror(errno.ENETUNREACH)),
        (
            caused(OSError("All failed"), ExceptionGroup("two", [REFUSED, OSError("x")])),
            "Connection refused: nothing listens there",
        ),
        (
            caused(ValueError("in between"), caused(OSError("All failed"), OSError(errno.EPERM, "x"))),
            os.strerror(errno.EPERM),
        ),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (ssl.SSLError(1, "wrong version number"), "wrong version number"),
        (OSError("as it says"), "as it says"),
        (caused(OSError("outer"), ValueError("inner")), "outer"),
        (EOFError(), "EOFError"),
    ],
)
def test_the_operating_system_is_heard_through_what_is_around_it(error, reason):
    assert reason_of(error) == reason
