"""The programs of examples/loops, each in a process of its own: an answer comes whole, in pieces, blocking no loop."""

import re
from pathlib import Path

import pytest

from hocket_io.http.asgi import App
from support.loops import EXAMPLES, FOLDER, TICK, playing, prompter, words_for
from support.loops_table import BEGIN, END, row
from support.serving import serving

PAGE = (Path(__file__).parents[1] / "docs" / "loops.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def stage():
    """A server whose agent says a word when it is told to, and its prompter."""
    prompted = prompter()
    with serving(lambda url: App(prompted.agent)) as url:
        yield url, prompted


@pytest.mark.process
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.loop)
def test_an_answer_comes_word_by_word(stage, example):
    url, prompted = stage
    prompted.rehearse([name for together in example.answers for name in together])
    with playing(example, url) as program:
        told = []  # in which order those who are answered together are told a word, is theirs
        for together in example.answers:
            for said in zip(*map(words_for, together), strict=True):
                if told and example.ticks:
                    program.read_until(lambda: program.printed.endswith(TICK))
                for name in together:
                    prompted.cue(name)
                told.append(sorted(said))
                length = sum(len(word) + 1 for words in told for word in words)
                program.read_until(lambda length=length: len(program.text) >= length)
        assert (program.finish(), program.complaints()) == (0, "")
    printed = iter(program.text.split())
    assert [sorted(next(printed, "") for _ in words) for words in told] == told
    assert list(printed) == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.loop)
def test_it_takes_fewer_than_twenty_lines(example):
    assert len(example.lines) < 20
    assert max(map(len, example.lines)) <= 120


def test_every_program_is_played_here():
    there = {path.name for path in FOLDER.iterdir() if path.is_file()}
    assert there == {each.file for each in EXAMPLES} | {"ruff.toml"}


def test_the_table_of_the_docs_is_of_these_programs():
    table = PAGE.partition(BEGIN)[2].partition(END)[0].strip().splitlines()
    assert [re.sub(r" [^|]+ \|$", "", line) for line in table[2:]] == [row(example) for example in EXAMPLES]


def test_the_program_that_the_docs_show_is_the_one_in_examples():
    assert f"```\n{(FOLDER / 'on_qt.py').read_text(encoding='utf-8')}```\n" in PAGE
