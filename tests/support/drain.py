"""What a machine has for its owner, all of it."""


def drain(machine):
    """The events of an endpoint."""
    return list(iter(machine.next_event, None))


def drain_frames(framing):
    return list(iter(framing.next_frame, None))
