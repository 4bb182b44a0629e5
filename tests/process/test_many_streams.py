"""A thousand streams that are silent and two hundred that are not, at one server: each gets all that is its own."""

import asyncio
import json
import re

import pytest

pytestmark = pytest.mark.process

IDLE = 1_000
ACTIVE = 200
EVENTS = 20

TEXT = re.compile(rb'"text":"(\w+) "')
DONE = b'"state":"TASK_STATE_COMPLETED"'


@pytest.fixture
def many_connections():
    """As many open files as both sides need; the server inherits it."""
    resource = pytest.importorskip("resource", reason="only Unix limits open files this way")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(before[0], 2 * (IDLE + ACTIVE) + 200)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, before[1]))
    except (ValueError, OSError):
        pytest.skip(f"no process may have {wanted} files open here: the limit is {before[1]}")
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


class Reader:
    """One stream over one connection, as bytes."""

    def __init__(self, text):
        message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": text}]}
        body = json.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": "SendStreamingMessage", "params": {"message": message}}
        ).encode()
        head = (
            f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        )
        self.request = f"{head}A2A-Version: 1.0\r\nConnection: close\r\n\r\n".encode() + body
        self.received = bytearray()

    async def begin(self, port):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        self.writer.write(self.request)

    async def until(self, text):
        """Read until there is this, or the end of the stream."""
        while text not in self.received and (data := await self.reader.read(65_536)):
            self.received += data

    async def to_the_end(self):
        while data := await self.reader.read(65_536):
            self.received += data
        self.writer.close()

    @property
    def words(self):
        return TEXT.findall(self.received)


async def talk(port):
    idle = [Reader("idle") for _ in range(IDLE)]
    active = [Reader(f"pace {EVENTS}") for _ in range(ACTIVE)]
    for some in (idle[at : at + 100] for at in range(0, IDLE, 100)):  # a server accepts only so many at once
        await asyncio.gather(*[reader.begin(port) for reader in some])
    await asyncio.gather(*[reader.until(b"idle ") for reader in idle])

    await asyncio.gather(*[reader.begin(port) for reader in active])
    await asyncio.gather(*[reader.to_the_end() for reader in active])
    assert [reader.words for reader in idle] == [[b"idle"]] * IDLE, "nobody hears what is said to another"

    await release(port)
    await asyncio.gather(*[reader.to_the_end() for reader in idle])
    return idle, active


async def release(port):
    reader = Reader("release")
    await reader.begin(port)
    await reader.to_the_end()
    assert DONE in reader.received


def test_every_event_arrives_in_order(many_connections, start_server):
    served = start_server()
    port = int(served.url.rstrip("/").rpartition(":")[2])
    idle, active = asyncio.run(asyncio.wait_for(talk(port), 60))
    numbers = [str(number).encode() for number in range(EVENTS)]
    assert [reader.words for reader in active] == [numbers] * ACTIVE
    assert [reader.words for reader in idle] == [[b"idle", b"released"]] * IDLE
    assert all(DONE in reader.received for reader in idle + active)
    served.process.terminate()
    _, complaints = served.end()
    assert complaints == ""
