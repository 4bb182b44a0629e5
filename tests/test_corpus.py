"""The corpus is replayed, and the fuzzing that feeds it works: what breaks a target is found, shrunk and kept."""

import importlib.util
import re
import subprocess

import pytest

from fuzz import run
from fuzz.corpus import Entry, append, read
from fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_in_the_corpus_breaks_its_target(name):
    entries = read(name)
    assert len(entries) >= 6
    assert len({entry.name for entry in entries}) == len({entry.data for entry in entries}) == len(entries)
    assert all(entry.why for entry in entries)
    for entry in entries:
        why = run.broken_by(TARGETS[name], entry.data)
        assert why == "", f"{entry.name} ({entry.why}): {why}"


def test_the_names_on_the_command_line_are_those_of_the_targets():
    assert tuple(TARGETS) == run.NAMES


def test_an_entry_is_read_as_it_was_written_and_kept_once(tmp_path):
    entries = [
        Entry("text", "readable", '{"a":"\u2028"}\r\n'.encode()),
        Entry("bytes", "not readable", b"\xff\x00"),
        Entry("escape", "a terminal would obey it", b"\x1b[2J"),
        Entry.found("hypothesis", "broke it", b""),
    ]
    assert append("one", entries, tmp_path) == entries
    assert append("one", [Entry("again", "the same bytes", b""), *entries], tmp_path) == []
    assert read("one", tmp_path) == entries
    assert (tmp_path / "one.jsonl").read_text("ascii").count("\n") == 4
    assert read("another", tmp_path) == []


def refuses_nul(data):
    """A target with a bug."""
    assert b"\0" not in data, "a NUL"


def test_hypothesis_finds_what_breaks_a_target_shrinks_it_and_keeps_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(TARGETS, "whole", refuses_nul)
    assert run.main(["whole", "--seconds", "30", "--corpus", str(tmp_path)]) == run.FOUND
    (entry,) = read("whole", tmp_path)
    assert entry.data == b"\0"
    assert entry.why.startswith("AssertionError in test_corpus.py, refuses_nul: a NUL")
    assert entry.name in capsys.readouterr().out


def test_hypothesis_stops_when_the_time_is_over_and_nothing_is_found(tmp_path, capsys):
    assert run.main(["whole", "--seconds", "0", "--corpus", str(tmp_path)]) == run.OK
    assert "nothing found" in capsys.readouterr().out


def test_without_atheris_it_is_said_and_nothing_fails(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert run.main(["sse", "--engine", "atheris", "--corpus", str(tmp_path)]) == run.OK
    assert "--engine hypothesis works everywhere" in capsys.readouterr().out


@pytest.mark.process
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="there is no atheris for this platform")
def test_atheris_runs_in_a_child_and_finds_nothing_in_some_inputs(tmp_path, capsys):
    append("whole", [Entry("seed", "an ordinary message", b"{}")], tmp_path)
    limits = ["--seconds", "60", "--runs", "200"]
    assert run.main(["whole", "--engine", "atheris", *limits, "--corpus", str(tmp_path)]) == run.OK
    assert re.search(r"whole: Done 200 runs in \d+ second\(s\); 0 inputs kept", capsys.readouterr().out)


def test_what_atheris_leaves_behind_is_kept(tmp_path, capsys):
    """A file for an input that broke the target, and a folder of those that reached something."""
    (tmp_path / "least").mkdir()
    (tmp_path / "least" / "of-its-own").write_bytes(b"[7]")
    (tmp_path / "timeout-1").write_bytes(b"{}")
    done = subprocess.CompletedProcess([], 70, "", "INFO: …\nlibFuzzer: timeout\n")
    kept = tmp_path / "kept"
    kept.mkdir()
    assert run.after_atheris("whole", done, tmp_path, kept) == run.FOUND
    assert [(entry.why, entry.data) for entry in read("whole", kept)] == [
        ("reaches code that the others do not", b"[7]"),
        ("it took too long", b"{}"),
    ]
    assert "whole: libFuzzer: timeout; 1 inputs kept" in capsys.readouterr().out
