"""An HTTP proxy on real sockets: it opens ways with CONNECT, and passes on what is asked of it in plain text."""

import base64
import socket
import threading
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from attrs import define, field

from support.threaded import served_in_thread


@define(eq=False)
class HttpProxy:
    """Who it is, and what it was asked for: a method and a target each."""

    scheme: str
    address: str
    asked: list[tuple[str, str]] = field(factory=list)

    @property
    def url(self):
        return f"{self.scheme}://{self.address}"

    def url_with(self, credentials):
        return f"{self.scheme}://{credentials}@{self.address}"


@contextmanager
def http_proxy(credentials=None, tls=None, names=()):
    """A proxy; with `credentials` (NAME:PASSWORD) for nobody else, with a context `tls` at an address of https.

    `names` are hosts that only the proxy knows: they are this machine.
    """

    def place(host, port):
        return ("127.0.0.1" if host in names else host, port)

    class Requests(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def is_known(self):
            wanted = credentials and "Basic " + base64.b64encode(credentials.encode()).decode()
            if wanted and self.headers["proxy-authorization"] != wanted:
                self.send_response(407, "Proxy Authentication Required")
                self.send_header("proxy-authenticate", "Basic")
                self.send_header("content-length", "0")
                self.end_headers()
                return False
            return True

        def do_CONNECT(self):
            proxy.asked.append((self.command, self.path))
            if not self.is_known():
                return
            host, _, port = self.path.rpartition(":")
            try:
                far = socket.create_connection(place(host, int(port)))
            except OSError:
                self.send_error(502, "Bad Gateway")
                return
            self.close_connection = True
            with closing(far):
                self.send_response(200, "Connection established")
                self.end_headers()
                back = threading.Thread(target=_pump, args=(far, self.connection))
                back.start()
                _pump(self.connection, far)
                back.join()

        def pass_on(self):
            proxy.asked.append((self.command, self.path))
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if not self.is_known():
                return
            target = urlsplit(self.path)
            with closing(HTTPConnection(*place(target.hostname, target.port))) as far:
                far.request(self.command, target.path, body, dict(self.headers) | {"Connection": "close"})
                answer = far.getresponse()
                self.send_response(answer.status)
                self.send_header("content-type", answer.headers["content-type"])
                self.send_header("connection", "close")
                self.end_headers()
                while data := answer.read1():
                    self.wfile.write(data)
            self.close_connection = True

        do_GET = do_POST = pass_on

    with served_in_thread(ThreadingHTTPServer(("127.0.0.1", 0), Requests), tls) as server:
        proxy = HttpProxy("https" if tls else "http", f"127.0.0.1:{server.server_port}")
        yield proxy


def _pump(near, far):
    """Everything that comes from one socket, to the other, and its end."""
    with suppress(OSError):
        while data := near.recv(65_536):
            far.sendall(data)
    with suppress(OSError):
        far.shutdown(socket.SHUT_WR)
