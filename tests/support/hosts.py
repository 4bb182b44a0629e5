"""Talking to a `hocket_io.host.Host` without a transport: a link asks, and reads what it is given."""

from hocket.a2a import Ended, ServiceParameters
from hocket_io.stores import MemoryStore
from support.items import one_by_one

MESSAGE = {"message": {"messageId": "m", "role": "user", "parts": [{"kind": "text", "text": "go"}]}}


def ask(host, link, method="message/stream", params=MESSAGE, request_id=1):
    """Ask without giving the event loop a turn."""
    host.server.receive(link.name, request_id, method, params, ServiceParameters(), host.now())
    host.pump()


async def read(link, until):
    """Deliveries up to the first that fits, and those that were taken with it."""
    read = []
    while True:
        taken = link.take()
        read += one_by_one(taken)
        if any(until(each) for each in one_by_one(taken)):
            return read
        if not taken:
            await link.wait()


def has_ended(delivery):
    return isinstance(delivery, Ended)


class NotingStore(MemoryStore):
    """Notes all that was ever appended."""

    def __init__(self):
        super().__init__()
        self.items = []

    def append(self, task_id, expect, items, *more):
        self.items += items
        return super().append(task_id, expect, items, *more)
