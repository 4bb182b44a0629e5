"""The receiver of files: what it understands of one message, and what it refuses."""

import pytest

from hocket.acp.events import MessageSent
from hocket.acp.model import Encoding, Part, PartType, data_part, file_part, message_of, text_part
from hocket.acp.patterns.files import FileCompleted, FileData, FileInfo, FileStarted, checksum_of, safe_name
from support.acp_files import Room, file_info, summary


def test_what_is_told_of_a_file():
    room = Room()
    checksum = checksum_of([b"abcdef"])
    told = room.message(file_info(checksum=checksum.upper()), file_part(b"abc"), file_part(b"def"))
    info = FileInfo(name="f", size=6, checksum=checksum)
    said = {"transfer": 1, "stream_id": "s", "agent_id": "ada"}
    assert told == [
        FileStarted(info=info, **said),
        FileData(offset=0, data=b"abc", **said),
        FileData(offset=3, data=b"def", **said),
        FileCompleted(info=info, is_verified=True, **said),
    ]
    assert repr(told[1]).endswith("offset=0, data=<3 bytes>)")


def test_a_file_of_the_source_documents_content_streamer_arrives():
    """`fileInfo`, other names in it, parts that say neither filename nor mimeType, and none of our own members."""
    said = {"name": "results.csv", "size": 6, "totalChunks": 2, "chunkSize": 4}
    parts = [
        Part(type=PartType.FILE, content=content, encoding=Encoding.BASE64, size=size)
        for content, size in (("YWJjZA==", 4), ("ZWY=", 2))
    ]
    told = Room().message(data_part({"fileInfo": said}), *parts)
    assert summary(told) == ["started 0", b"abcd", b"ef", "completed"]
    assert told[-1].info == FileInfo(name="results.csv", size=6, chunks=2, chunk_size=4)


def test_an_empty_file_of_it_which_never_ends_is_complete_when_its_message_is_given_up():
    announced = data_part({"fileInfo": {"name": "empty", "size": 0, "totalChunks": 0, "chunkSize": 4}})
    assert summary(Room().lose(announced)) == ["started 0", "completed"]
    assert summary(Room().message(announced)) == ["started 0", "completed"]


def test_media_types_come_from_the_announcement_or_from_the_parts():
    told = Room().message(file_info(mime_type="text/csv"), file_part(b"abcdef", mime_type="text/plain"))
    assert (told[0].info.mime_type, told[-1].info.mime_type) == ("text/csv", "text/csv")
    told = Room().message(file_info(), file_part(b"abcdef", mime_type="text/plain"))
    assert (told[0].info.mime_type, told[-1].info.mime_type) == (None, "text/plain")


def test_all_kinds_of_files_are_files_and_the_rest_is_not():
    told = Room().message(
        [text_part("here it is"), file_info(), file_part(b"ab")],
        file_part(b"cd", kind=PartType.IMAGE),
        [text_part("nearly"), file_part(b"ef", kind=PartType.AUDIO), data_part({"file": 1})],
    )
    assert summary(told) == ["started 0", b"ab", b"cd", b"ef", "completed"]


@pytest.mark.parametrize("content", ["-_-_", "+/+/"])
def test_base64_comes_in_either_alphabet(content):
    told = Room().message(file_info(total_size=3), Part(type=PartType.FILE, content=content))
    assert summary(told) == ["started 0", b"\xfb\xff\xbf", "completed"]


def test_base64_may_lack_its_padding():
    told = Room().message(file_info(total_size=4), Part(type=PartType.FILE, content="YWJjZA"))
    assert summary(told) == ["started 0", b"abcd", "completed"]


def test_a_file_of_text_may_come_as_text():
    told = Room().message(file_info(total_size=2), Part(type=PartType.FILE, content="é", encoding=Encoding.UTF8))
    assert summary(told) == ["started 0", "é".encode(), "completed"]


@pytest.mark.parametrize(
    "part",
    [
        Part(type=PartType.FILE, content="YWJ", encoding=Encoding.BASE64, size=3),
        Part(type=PartType.FILE, content="YWJjZA=", encoding=Encoding.BASE64),
        Part(type=PartType.FILE, content="YW\nJj"),
        Part(type=PartType.FILE, content="YWJj\ud800"),
        Part(type=PartType.FILE, content="\ud800", encoding=Encoding.UTF8),
        Part(type=PartType.FILE, content="abc", encoding=Encoding.BINARY),
        Part(type=PartType.FILE, content={"abc": 1}),
        Part(type=PartType.FILE),
        Part(type=PartType.FILE, content="YWJj", size=-1),
        Part(type=PartType.FILE, content="YWJj", size=2),
    ],
)
def test_a_part_that_cannot_be_read_fails_the_file(part):
    room = Room()
    told = room.message(file_info(), file_part(b"a"), part, file_part(b"cde"))
    assert summary(told) == ["started 0", b"a", "malformed 1"]
    assert summary(room.message(file_info(), file_part(b"abcdef"))) == ["started 0", b"abcdef", "completed"]


def test_nothing_that_follows_a_part_that_cannot_be_read_is_told():
    told = Room().message([file_info(), Part(type=PartType.FILE), file_part(b"abc"), Part(type=PartType.FILE)])
    assert summary(told) == ["started 0", "malformed 0"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"total_size": None}, "file_info: the size of the file is missing"),
        ({"total_size": -1}, "file_info.total_size: must be an integer, 0 or more, and below 2^53"),
        ({"total_size": 2**53}, "file_info.total_size: must be"),
        ({"total_size": True}, "file_info.total_size: must be"),
        ({"total_size": "6"}, "file_info.total_size: must be"),
        ({"chunks": -1}, "file_info.chunks: must be"),
        ({"chunkSize": 1.5}, "file_info.chunkSize: must be"),
        ({"offset": 7}, "file_info.offset: 7 is beyond the size of the file, 6"),
        ({"offset": -1}, "file_info.offset: must be"),
        ({"name": 7}, "file_info.name: must be a string"),
        ({"name": "n" * 4_097}, "file_info.name: must not be longer than 4096 bytes"),
        ({"transfer_id": "é" * 129}, "file_info.transfer_id: must not be longer than 256 bytes"),
        ({"checksum": "sha256:abc"}, "file_info.checksum: must be sha256: and 64 hexadecimal digits"),
        ({"mimeType": []}, "file_info.mimeType: must be a string"),
    ],
)
def test_an_announcement_that_cannot_be_read_says_what_is_wrong(said, words):
    [failed] = Room().message(file_info(**said), file_part(b"abcdef"))
    assert (failed.info, failed.reason, failed.received) == (None, "malformed", 0)
    assert failed.detail.startswith(words)


@pytest.mark.parametrize("parts", [(b"abc",), (b"abc", b"def", b"g"), (b"abcdefg",)])
def test_a_file_that_is_not_as_long_as_it_said_fails(parts):
    told = summary(Room().message(file_info(), *[file_part(part) for part in parts]))
    within = [part for number, part in enumerate(parts) if sum(map(len, parts[: number + 1])) <= 6]
    assert told == ["started 0", *within, f"size {sum(map(len, within))}"]


def test_other_bytes_fail_the_checksum_and_the_same_transfer_may_begin_anew():
    room = Room()
    announced = file_info(checksum=checksum_of([b"abcdef"]), transfer_id="t")
    assert summary(room.message(announced, file_part(b"abcdeF"))) == ["started 0", b"abcdeF", "checksum 6"]
    told = room.message(announced, file_part(b"abcdef"))
    assert summary(told) == ["started 0", b"abcdef", "verified"]
    assert {event.transfer for event in told} == {2}


def test_a_checksum_of_another_kind_verifies_nothing():
    told = Room().message(file_info(checksum="md5:e80b5017098950fc58aad83c8c14978e"), file_part(b"abcdef"))
    assert summary(told)[-1] == "completed"
    assert told[-1].info.checksum == "md5:e80b5017098950fc58aad83c8c14978e"


def test_a_name_with_folders_is_harmless():
    [started, *_] = Room().message(file_info(name="../../home/ada/.ssh/authorized_keys\0.txt"), file_part(b"abcdef"))
    assert started.info.name == "authorized_keys_.txt"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("", "file"),
        ("..", "file"),
        ("/", "file"),
        ("a/b\\c.txt", "c.txt"),
        (".bashrc", "bashrc"),
        ("report. . ", "report"),
        ("a:b<c>.txt", "a_b_c_.txt"),
        ("photo\u202egpj.exe", "photo_gpj.exe"),
        ("CON", "_CON"),
        ("nul.tar.gz", "_nul.tar.gz"),
        ("console.txt", "console.txt"),
        ("COM1 .txt", "_COM1 .txt"),
        ("é" * 200 + ".txt", "é" * 125 + ".txt"),
        ("a." + "b" * 300, "a." + "b" * 253),
        ("a" * 254 + "." + "b" * 40, "a" * 254),
        ("日本語 🎵.mp3", "日本語 🎵.mp3"),
    ],
)
def test_safe_names(name, safe):
    assert safe_name(name) == safe


def test_what_has_nothing_to_do_with_files_says_nothing():
    room = Room()
    assert room.message(text_part("Hello "), text_part("world")) == []
    assert room.message(text_part("see below"), file_info(), file_part(b"abcdef")) == [], "not in the first chunk"
    assert room.message(data_part({"file_info": "f"}), file_part(b"abcdef")) == []
    assert room.message(data_part(["file_info"]), file_part(b"abcdef")) == []
    sent = MessageSent(stream_id="s", agent_id="ada", message=message_of([file_info(), file_part(b"abcdef")]))
    assert room.receiver.receive(sent) == ()
    assert room.lose(text_part("Hello")) == []


def test_a_checksum_is_that_of_the_whole():
    pieces = [b"abc", b"", b"def"]
    assert checksum_of(pieces) == checksum_of(iter([b"abcdef"]))
    assert checksum_of([]) == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
