"""A server of `socketserver` for as long as a test needs it, in a thread."""

import threading
from contextlib import contextmanager


@contextmanager
def served_in_thread(server, tls=None):
    """Serve, with a context `tls` over TLS; in the end, wait for those who are being answered."""
    with server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
