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


def tls_error():
    """What OpenSSL makes of an answer in plain text."""
    incoming, tls = ssl.MemoryBIO(), ssl.create_default_context().wrap_bio
    incoming.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    try:
        tls(incoming, ssl.MemoryBIO(), server_hostname="agent.example").do_handshake()
    except ssl.SSLError as error:
        return error
    raise AssertionError("that is no handshake")


def distrust(why):
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    error.verify_message = why
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
        (ssl.SSLError(1, "handshake failure"), "handshake failure"),
        (tls_error(), "what answers there speaks no TLS: it may be http:// in place of https://, or ws:// of wss://"),
        (distrust("certificate has expired"), "its certificate is not to be trusted: certificate has expired"),
        (OSError("as it says"), "as it says"),
        (caused(OSError("outer"), ValueError("inner")), "outer"),
        (EOFError(), "EOFError"),
    ],
)
def test_the_operating_system_is_heard_through_what_is_around_it(error, reason):
    assert reason_of(error) == reason
