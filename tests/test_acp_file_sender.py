"""The sender of a file: what goes out, in which order, and where it goes on."""

import pytest

from hocket.acp.assembly import weight
from hocket.acp.limits import LaneLimits, StreamLimits
from hocket.acp.model import Part
from hocket.acp.patterns.files import FileRange, FileSender, checksum_of
from hocket.acp.wire import ACP
from hocket.errors import LocalProtocolError


def sent(sender, data=b""):
    """The chunks that can be sent now, not acknowledged."""
    chunks = []
    while (where := sender.next_range()) is not None:
        chunks.append(sender.chunk(data[where.offset : where.offset + where.length]))
    return chunks


def test_a_file_is_announced_and_then_carried():
    sender = FileSender(
        "table.csv", 5, transfer_id="t", checksum=checksum_of([b"a,b,c"]), mime_type="text/csv", chunk_size=3
    )
    assert sender.next_range() == FileRange(0, 0)
    chunks = sent(sender, b"a,b,c")
    assert [(chunk.sequence, chunk.is_last) for chunk in chunks] == [(1, False), (2, False), (3, True)]
    written = [ACP.writer(Part).to_value(chunk.message.parts[0]) for chunk in chunks]
    assert written[0] == {
        "type": "DataPart",
        "content": {
            "file_info": {
                "name": "table.csv",
                "total_size": 5,
                "chunks": 2,
                "chunk_size": 3,
                "checksum": checksum_of([b"a,b,c"]),
                "transfer_id": "t",
                "offset": 0,
                "mime_type": "text/csv",
            }
        },
        "mimeType": "application/json",
        "x-messageId": "t/0/1",
    }
    carried = {"type": "FilePart", "mimeType": "text/csv", "filename": "table.csv", "encoding": "base64"}
    assert written[1:] == [
        carried | {"content": "YSxi", "size": 3, "x-messageId": "t/0/1"},
        carried | {"content": "LGM=", "size": 2, "x-messageId": "t/0/1"},
    ]


def test_the_announcement_of_an_empty_file_is_the_last_chunk():
    sender = FileSender("empty", 0, transfer_id="t")
    [chunk] = sent(sender)
    assert (chunk.sequence, chunk.is_last) == (1, True)
    assert (sender.is_done, sender.progress) == (False, 0.0)
    sender.acknowledged(chunk)
    assert (sender.is_done, sender.progress) == (True, 1.0)


def test_no_more_than_the_window_is_under_way():
    data = bytes(range(10))
    sender = FileSender("f", 10, transfer_id="t", chunk_size=1, window=3)
    chunks = sent(sender, data)
    assert len(chunks) == 3
    sender.acknowledged(chunks[2])
    sender.acknowledged(chunks[2])
    assert (sender.next_range(), sender.accepted) == (None, 0), "the first is still missing"
    sender.acknowledged(chunks[0])
    assert sender.next_range() == FileRange(2, 1)
    sender.acknowledged(chunks[1])
    assert sender.accepted == 2
    assert len(sent(sender, data)) == 3


def test_a_message_is_acknowledged_to_its_end_before_the_next_one_begins():
    data = bytes(range(10))
    sender = FileSender("f", 10, transfer_id="t", chunk_size=2, segment=5)
    first = sent(sender, data)
    assert [chunk.message.parts[0].size for chunk in first] == [None, 2, 2, 1]
    assert [chunk.is_last for chunk in first] == [False, False, False, True]
    for chunk in first[1:]:
        sender.acknowledged(chunk)
    assert sender.next_range() is None
    sender.acknowledged(first[0])
    assert (sender.next_range(), sender.accepted, sender.is_done) == (FileRange(5, 0), 5, False)
    second = sent(sender, data)
    assert {chunk.message_id for chunk in second} == {"t/5/1"}
    said = second[0].message.parts[0].content["file_info"]
    assert (said["offset"], said["chunks"], said["total_size"]) == (5, 3, 10)
    sender.acknowledged(first[1])
    assert sender.accepted == 5, "an answer of the first message counts in the second"
    for chunk in second:
        sender.acknowledged(chunk)
    assert (sender.is_done, sender.progress, sender.next_range()) == (True, 1.0, None)


def test_after_a_cut_it_goes_on_with_what_was_accepted_or_what_the_receiver_says():
    data = bytes(range(10))
    sender = FileSender("f", 10, transfer_id="t", chunk_size=2)
    chunks = sent(sender, data)
    for chunk in chunks[:3]:
        sender.acknowledged(chunk)
    sender.resume()
    assert (sender.next_range(), sender.accepted, sender.progress) == (FileRange(4, 0), 4, 0.4)
    sender.resume(7)
    again = sent(sender, data)
    assert {chunk.message_id for chunk in again} == {"t/7/3"}
    assert [chunk.message.parts[0].content for chunk in again[1:]] == ["Bwg=", "CQ=="]
    for chunk in chunks:
        sender.acknowledged(chunk)
    assert sender.accepted == 7, "late answers count"


def test_what_was_answered_out_of_order_before_a_cut_counts_for_nothing_after_it():
    data = bytes(range(10))
    sender = FileSender("f", 10, transfer_id="t", chunk_size=2)
    sender.acknowledged(sent(sender, data)[2])
    sender.resume()
    for chunk in sent(sender, data)[:2]:
        sender.acknowledged(chunk)
    assert sender.accepted == 2


def test_a_program_that_is_started_again_sends_the_same_chunks():
    data = bytes(range(10))
    one, other = (FileSender("f", 10, transfer_id="t", chunk_size=2, offset=4) for _ in range(2))
    chunks = sent(other, data)
    for chunk in chunks:
        one.acknowledged(chunk)
    assert one.accepted == 4, "what it has not sent itself cannot be answered"
    assert sent(one, data) == chunks


@pytest.mark.parametrize(
    ("chunk_size", "size"), [(256 * 1024, 40 * 1024 * 1024), (1, 10_000), (1_024, 40 * 1024 * 1024)]
)
def test_no_message_is_larger_than_a_hub_takes(chunk_size, size):
    data = bytes(chunk_size)
    sender = FileSender("n" * 255, size, transfer_id="t" * 128, chunk_size=chunk_size, window=10**9)
    announcement = sender.chunk(b"")
    carried = []
    while (where := sender.next_range()) is not None:
        carried.append(weight(sender.chunk(data[: where.length]).message))
    assert weight(announcement.message) + sum(carried) <= LaneLimits().message
    assert max(carried) < StreamLimits().file
    assert len(carried) < size / chunk_size, "all of it in one message"


def test_a_full_window_is_within_what_a_hub_keeps():
    data = bytes(40 * 1024 * 1024)
    chunks = sent(FileSender("f", len(data), transfer_id="t"), data)
    assert len(chunks) <= LaneLimits().buffered
    assert sum(weight(chunk.message) for chunk in chunks) <= LaneLimits().held


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"name": ""}, "the name of a file must have 1 to 255 bytes"),
        ({"name": "é" * 128}, "the name of a file must have 1 to 255 bytes"),
        ({"size": -1}, "a file has 0 bytes or more, not -1"),
        ({"transfer_id": ""}, "transfer_id must have 1 to 128 bytes"),
        ({"transfer_id": "t" * 129}, "transfer_id must have 1 to 128 bytes"),
        ({"checksum": "md5:0"}, "checksum must be as checksum_of gives it"),
        ({"chunk_size": 0}, "chunk_size must be 1 or more, not 0"),
        ({"segment": 0}, "segment must be 1 or more, not 0"),
        ({"window": 0}, "window must be 1 or more, not 0"),
        ({"offset": -1}, "a file of 5 bytes has no offset -1"),
        ({"offset": 6}, "a file of 5 bytes has no offset 6"),
    ],
)
def test_what_cannot_be_sent_is_refused(arguments, words):
    with pytest.raises(LocalProtocolError, match=words):
        FileSender(**({"name": "f", "size": 5, "transfer_id": "t"} | arguments))


def test_a_refused_chunk_changes_nothing():
    sender = FileSender("f", 4, transfer_id="t", chunk_size=2)
    sender.chunk(b"")
    for wrong in (b"", b"a", b"abc"):
        with pytest.raises(LocalProtocolError, match=r"2 bytes are wanted from offset 0, not \d: has the file changed"):
            sender.chunk(wrong)
        assert sender.next_range() == FileRange(0, 2)
    with pytest.raises(LocalProtocolError, match="no offset 5"):
        sender.resume(5)
    assert [chunk.sequence for chunk in sent(sender, b"abcd")] == [2, 3]
    with pytest.raises(LocalProtocolError, match="there is nothing to send now"):
        sender.chunk(b"")
