"""What the driver of asyncio writes in one turn of the loop: the first of it at once, and all of it in its order."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket import Connection
from hocket.framing import Ndjson
from hocket_io.asyncio import Driver


class Transport:
    def __init__(self, has_tls):
        self.written, self.is_over, self.has_tls = b"", False, has_tls

    def writelines(self, pieces):
        assert not self.is_over
        self.written += b"".join(pieces)

    def close(self):
        self.is_over = True

    def is_closing(self):
        return self.is_over

    def get_extra_info(self, name):
        return self if name == "sslcontext" and self.has_tls else None

    def get_write_buffer_size(self):
        return 0

    def set_write_buffer_limits(self, high):
        pass

    def pause_reading(self):
        pass


def numbers_in(data):
    return [int(line.partition(b'"params":[')[2].partition(b"]")[0]) for line in data.splitlines()]


def written_after(steps, end):
    """Say numbers in turns, and end it: gives the numbers that were written, and those that were said."""

    async def talk():
        transport = Transport(has_tls=end == "eof of TLS")
        driver = Driver(Connection(Ndjson()), lambda event: None)
        driver.connection_made(transport)
        said, begins_turn = 0, True
        for step in steps:
            if step == "turn":
                await asyncio.sleep(0)
                begins_turn = True
                continue
            driver.endpoint.send_notification("count", [said], now=driver.now())
            driver.pump()
            if begins_turn:
                assert numbers_in(transport.written)[-1:] == [said]  # it waits for nothing
            said, begins_turn = said + 1, False
        match end:
            case "close":
                driver.close()
            case "eof" | "eof of TLS" if not driver.eof_received():
                transport.close()  # as asyncio does
        await asyncio.sleep(0)
        driver.connection_lost(None)
        return numbers_in(transport.written), [*range(said)]

    return asyncio.run(talk())


@pytest.mark.parametrize("end", ["turn", "close", "eof", "eof of TLS"])
@given(st.lists(st.sampled_from(["say", "say", "turn"]), max_size=8))
def test_however_a_turn_ends_all_that_was_said_in_it_is_written(end, steps):
    written, said = written_after(steps, end)
    assert written == said
