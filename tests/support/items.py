"""Items of streams, which a server hands out in runs."""

from hocket.a2a import Item, Items


def one_by_one(deliveries):
    """Deliveries with an `Item` for each item of a run."""
    return [each for delivery in deliveries for each in (delivery if isinstance(delivery, Items) else [delivery])]


def as_run(*items):
    """A run of items of one call."""
    return Items(
        request_id=items[0].request_id,
        offsets=[item.offset for item in items],
        results=[item.result for item in items],
    )


def run_of(*results, request_id=1, after=0):
    """A run of items that begins after an offset."""
    return as_run(*[Item(request_id=request_id, offset=n, result=each) for n, each in enumerate(results, after + 1)])
