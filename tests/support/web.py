"""Web servers for clients to meet: on a port of their own, in a thread."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

from support.threaded import served_in_thread


@contextmanager
def web(answer, tls=None):
    """A web server; `answer(request)` is given what was asked and writes what it likes. With a context `tls`: https."""
    asked = []

    class Requests(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65_536  # else head and body are two packets, and the second waits for the first

        def log_message(self, *args):
            pass

        def reply(self, status, body, content_type="application/json", **headers):
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def stream(self, *blocks):
            """A stream that ends with its connection."""
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("connection", "close")
            self.end_headers()
            for block in blocks:
                self.wfile.write(block)
            self.close_connection = True

        def serve(self):
            self.body = self.rfile.read(int(self.headers.get("content-length", 0)))
            asked.append(
                SimpleNamespace(**{name: getattr(self, name) for name in ("command", "path", "headers", "body")})
            )
            answer(self)

        do_GET = do_POST = serve

    with served_in_thread(ThreadingHTTPServer(("127.0.0.1", 0), Requests), tls) as server:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}/", asked


def agent_that_replies(status, body, content_type="text/plain"):
    """No card, and to every call the same answer."""

    def answer(request):
        if request.command == "GET":
            request.reply(404, b"")
        else:
            request.reply(status, body, content_type)

    return answer


def agent_that_streams(*blocks):
    """No card, and to every call the same stream."""

    def answer(request):
        if request.command == "GET":
            request.reply(404, b"")
        else:
            request.stream(*blocks)

    return answer
