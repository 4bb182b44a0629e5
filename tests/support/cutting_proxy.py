"""A proxy that passes bytes on until the plan says that the connection breaks: on real sockets, for any protocol."""

import socket
import struct
import sys
import threading
from collections import deque
from contextlib import closing, contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer

from attrs import define, field

from support.fault_proxy import Ending, Fault
from support.threaded import served_in_thread


@define(eq=False)
class CuttingProxy:
    """Stands before a server: each connection takes the next fault of the plan, if there is one.

    What comes through `after` is counted beyond the head of the server's first answer. There are no bodies here that
    could be closed or merged.
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
            fault = proxy.plan.popleft() if proxy.plan else Fault()
            if fault.ending is not Ending.REFUSE:
                _relay(self.request, proxy.upstream, fault)

    with served_in_thread(ThreadingTCPServer(("127.0.0.1", 0), Connection)) as server:
        proxy = CuttingProxy(upstream, f"ws://127.0.0.1:{server.server_address[1]}/")
        yield proxy


def _relay(client, upstream, fault):
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with closing(socket.create_connection(upstream)) as server:
        there = threading.Thread(target=_pass_on, args=(client, server, Fault()))
        there.start()
        _pass_on(server, client, fault)
        there.join()
    if fault.ending is Ending.RESET:  # not before: as long as somebody reads from it, it would stay open
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()


def _pass_on(source, target, fault):
    """Pass on what comes, until nothing does or beyond the first empty line so much has; then nobody reads any more."""
    head, budget = b"", fault.after if fault.ending else sys.maxsize
    with suppress(OSError):  # one of the two has gone
        while budget > 0 and (data := source.recv(65_536)):
            if b"\r\n\r\n" not in head:
                head += data
                after = len(head.partition(b"\r\n\r\n")[2])
            else:
                after = len(data)
            kept = len(data) - max(0, after - budget)
            size = fault.piece or kept
            for at in range(0, kept, size):
                target.sendall(data[at : min(at + size, kept)])
            budget -= after
        if fault.ending is Ending.STALL:
            while source.recv(65_536):  # until the client goes, of which the other thread tells
                pass
    for each in source, target:
        with suppress(OSError):  # it is gone already
            each.shutdown(socket.SHUT_RD)
