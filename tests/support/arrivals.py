"""The events of one call, from a transport alone: what a Stream does with its arrivals, and nothing else."""


async def events_of(transport, call):
    """Ask, and give the events as they come, under asyncio or trio."""
    arrivals = transport.arrivals(call)
    try:
        async for _ in arrivals:
            while (event := call.next_event()) is not None:
                yield event
    finally:
        await arrivals.aclose()


def blocking_events_of(transport, call):
    """Ask, and give the events as they come, without an event loop."""
    for _ in transport.arrivals(call):
        while (event := call.next_event()) is not None:
            yield event
