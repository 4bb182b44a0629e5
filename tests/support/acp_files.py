"""Files that a test sends in a stream, and what a receiver tells about them, in short."""

from hocket.acp.events import ChunkReceived, MessageCompleted, MessageLost
from hocket.acp.model import data_part, message_of
from hocket.acp.patterns.files import FileCompleted, FileData, FileFailed, FileLimits, FileReceiver, FileStarted


class Room:
    """Chunks as a hub passes them on: numbered, and each with the first of its message."""

    def __init__(self, limits=None, **said):
        self.receiver = FileReceiver(limits or FileLimits())
        self.said = {"stream_id": "s", "agent_id": "ada"} | said
        self.last = 0

    def message(self, *chunks, ends=True, **said):
        """What the receiver tells about a message of these chunks, each a Part or several."""
        first, told = self.last + 1, []
        for sequence, content in enumerate(chunks, 1):
            self.last += 1
            told += self.receiver.receive(
                ChunkReceived(
                    chunk=message_of(content),
                    sequence=sequence,
                    is_last=ends and sequence == len(chunks),
                    event_id=self.last,
                    first_event_id=first,
                    **(self.said | said),
                )
            )
        if ends:
            told += self.receiver.receive(MessageCompleted(chunks=(), first_event_id=first, **(self.said | said)))
        return told

    def lose(self, *chunks, **said):
        first = self.last + 1
        told = self.message(*chunks, ends=False, **said)
        lost = MessageLost(reason="stalled", first_event_id=first, **(self.said | said))
        return told + list(self.receiver.receive(lost))


def file_info(name="f", total_size=6, **said):
    return data_part({"file_info": {"name": name, "total_size": total_size, **said}})


def summary(told):
    """The events in short: what, and what matters about it."""
    short = []
    for event in told:
        match event:
            case FileStarted(offset=offset):
                short.append(f"started {offset}")
            case FileData(data=data):
                short.append(data)
            case FileCompleted(is_verified=is_verified):
                short.append("verified" if is_verified else "completed")
            case FileFailed(reason=reason, received=received):
                short.append(f"{reason} {received}")
    return short
