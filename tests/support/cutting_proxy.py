"""A proxy that passes bytes on until the plan says that the connection breaks: on real sockets, for any protocol."""

import socket
import threading
from collections import deque
from contextlib import closing, contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer

from attrs import define, field

from support.threaded import served_in_thread


@define(eq=False)
class CuttingProxy:
    """Stands before a server: each connection takes the next cut of the plan, if there is one.

    A cut is a number of bytes from the server that come through beyond the head of its first answer, and are the last;
    None where nobody is there.
    """

    upstream: tuple[str, int]
    url: str
    plan: deque = field(factory=deque)
    connections: int = 0

    def follow(self, plan):
        """A new plan, and nobody has come yet."""
        self.plan, self.connections = deque(plan), 0


@contextmanager
def cutting_proxy(upstream):
    """A CuttingProxy before the server at the address `upstream`, a host and a port."""

    class Connection(BaseRequestHandler):
        def handle(self):
            proxy.connections += 1
            budget = proxy.plan.popleft() if proxy.plan else float("inf")
            if budget is not None:
                _relay(self.request, proxy.upstream, budget)

    with served_in_thread(ThreadingTCPServer(("127.0.0.1", 0), Connection)) as server:
        proxy = CuttingProxy(upstream, f"ws://127.0.0.1:{server.server_address[1]}/")
        yield proxy


def _relay(client, upstream, budget):
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with closing(socket.create_connection(upstream)) as server:
        there = threading.Thread(target=_pass_on, args=(client, server, float("inf")))
        there.start()
        _pass_on(server, client, budget)
        there.join()


def _pass_on(source, target, budget):
    """Pass on what comes, until nothing does or beyond the first empty line so much has; then hang up."""
    head = b""
    with suppress(OSError):  # one of the two has gone
        while budget > 0 and (data := source.recv(65_536)):
            if b"\r\n\r\n" not in head:
                head += data
                after = len(head.partition(b"\r\n\r\n")[2])
            else:
                after = len(data)
            kept = len(data) - max(0, after - budget)
            target.sendall(data[:kept])
            budget -= after
    for each in source, target:
        with suppress(OSError):  # it is gone already
            each.shutdown(socket.SHUT_RDWR)
