"""Files in a stream: a sender that cuts them into chunks, and a receiver that puts the bytes in order.

The first chunk of a message announces a file: a DataPart with `file_info`. The others carry it: a FilePart each, in
base64. A message may hold 32 MiB, so that a long file comes in several messages, its segments, each announced with the
same `transfer_id` and with its `offset`. That is also how a transfer goes on after a cut: a new message begins where
the last one broke, or before, and what came twice is told once.
"""

from hocket.acp.patterns.file_events import FileCompleted, FileData, FileEvent, FileFailed, FileFailure, FileStarted
from hocket.acp.patterns.file_info import FileInfo, checksum_of
from hocket.acp.patterns.file_names import safe_name
from hocket.acp.patterns.file_receiver import FileLimits, FileReceiver
from hocket.acp.patterns.file_sender import FileChunk, FileRange, FileSender

__all__ = [
    "FileChunk",
    "FileCompleted",
    "FileData",
    "FileEvent",
    "FileFailed",
    "FileFailure",
    "FileInfo",
    "FileLimits",
    "FileRange",
    "FileReceiver",
    "FileSender",
    "FileStarted",
    "checksum_of",
    "safe_name",
]
