"""`hocket simulate`: it tells what it played, and of a violation all that is needed to play it again."""

import io
import json
import re
import sys
from functools import partial

import click
import pytest

from hocket.testing.simulation import Campaign, shrink
from hocket_io.cli import campaigning, violations
from hocket_io.cli.campaigning import Results, Wanted
from hocket_io.cli.campaigning import run as play_all
from hocket_io.cli.sessions import Part, parts
from hocket_io.cli.simulate import progress_bar
from hocket_io.cli.worlds import world_named
from support.commands import invoke

WORLDS = """
from support.letters import Letters

Good = Letters


class Crash(Letters):
    bug = "crash"


class Lost(Letters):
    bug = "all-arrive"


class Both(Letters):
    def carry(self, which):
        super().carry(which)
        raise LookupError("carried")

    def burn(self, which):
        raise ValueError("burnt \\x1b[31m")


class Interrupted(Letters):
    played = 0

    def finish(self):
        Interrupted.played += 1
        if Interrupted.played == 5:
            raise KeyboardInterrupt


class Fickle(Letters):
    worlds = 0

    def finish(self):
        Fickle.worlds += 1
        assert Fickle.worlds != 3


none = None
"""


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "letters_worlds.py").write_text(WORLDS)
    before = dict(sys.modules)
    yield tmp_path
    for name in sys.modules.keys() - before.keys():
        del sys.modules[name]


def run(*words):
    sys.modules.pop("letters_worlds", None)  # each command is a process of its own, or as if
    return invoke("simulate", *words)


def simulate(world, *more):
    return run("--world", f"letters_worlds.py:{world}", "--seed", "7", *more)


# What it tells


def test_a_summary_says_what_was_played():
    result = simulate("Good", "--sessions", "40", "--steps", "9")
    assert result.exit_code == 0
    first, _, head, row, faults, end = result.stdout.splitlines()
    assert (first, end) == ("seed 7", "no violation")
    names = "world sessions steps messages events bytes simulated sessions/s violations"
    assert head.split() == names.split()
    assert re.fullmatch(r"letters_worlds\.py:Good +40 +\d+ +(\d+) +\1 +0 +\d+\.\d (s|min|h) +[\d,]+ +0", row)
    assert len(head) == len(row)
    assert re.fullmatch(r"faults: cut \d+ · duplicate \d+", faults)


def test_a_seed_that_nobody_gave_is_said():
    seeds = {run("--world", "letters_worlds.py:Good", "--sessions", "1").stdout[:12] for _ in range(5)}
    assert len(seeds) > 1
    assert all(re.match(r"seed \d{1,6}\n", seed) for seed in seeds)


@pytest.mark.parametrize(
    ("faults", "told"),
    [("none", "none"), ("slow", "none"), ("cut", r"cut \d+"), ("duplicate, cut", r"cut \d+ · duplicate \d+")],
)
def test_only_faults_that_were_asked_for_happen(faults, told):
    result = simulate("Good", "--sessions", "20", "--faults", faults)
    assert re.fullmatch(f"faults: {told}", result.stdout.splitlines()[-2])


def test_a_violation_is_told_with_all_that_is_needed_to_play_it_again():
    result = simulate("Lost", "--steps", "30", "--agents", "3", "--faults", "cut,delay")
    assert result.exit_code == 1
    report, _, summary = result.stdout.removeprefix("seed 7\n\n").partition("\nworld ")
    session = int(re.search(r"session (\d+)\)", report)[1])
    shown = re.sub(r"\d+ steps are left after \d+", "N steps are left after M", report)
    assert shown == (
        f"violation: all-arrive (letters_worlds.py:Lost, seed 7, session {session})\n"
        "  of 1 letters of 0 came []\n"
        "\n"
        "2 of N steps are left after M tries; none can be left out\n"
        "  agents=1\n"
        "  1  write 0\n"
        "  2  burn 0\n"
        "\n"
        "what happened\n"
        "  0.000 * step 1: write 0\n"
        "  0.000 * step 2: burn 0\n"
        "  0.000 * the end\n"
        "\n"
        "once more\n"
        f"  hocket simulate --world letters_worlds.py:Lost --seed 7 --session {session} --agents 3 --steps 30 "
        "--faults cut,delay\n"
        "\n"
        "as a test\n"
        "\n"
        "from hocket.testing.simulation import Session, Step, replay\n"
        "from letters_worlds import Lost\n"
        "\n"
        "\n"
        "def test_all_arrive():\n"
        "    # all-arrive: of 1 letters of 0 came []\n"
        "    session = Session(\n"
        '        options={"agents": 1},\n'
        '        steps=(Step(action="write", numbers=(0,)), Step(action="burn", numbers=(0,))),\n'
        "    )\n"
        "    replay(Lost, session)\n"
    )
    assert summary.splitlines()[-1] == "1 violation"


def test_the_command_that_is_told_plays_the_same_once_more():
    first = simulate("Lost", "--steps", "30", "--agents", "3", "--faults", "cut,delay").stdout
    words = re.search(r"^  hocket simulate (.*)$", first, re.MULTILINE)[1].split()
    again = run(*words)
    assert again.exit_code == 1
    assert re.split("^world", again.stdout, flags=re.MULTILINE)[0] == re.split("^world", first, flags=re.MULTILINE)[0]


def test_the_test_that_is_told_fails_with_what_was_found(workplace, monkeypatch):
    source = simulate("Lost").stdout.partition("as a test\n\n")[2].partition("\nworld")[0]
    monkeypatch.syspath_prepend(workplace)
    names = {}
    exec(compile(source, "pasted", "exec"), names)
    with pytest.raises(AssertionError, match="all-arrive: of 1 letters of 0 came"):
        names["test_all_arrive"]()


def test_a_crash_is_told_with_the_traceback_and_nothing_of_ours():
    told = simulate("Crash", "--agents", "3").stdout
    assert "violation: crash (letters_worlds.py:Crash, seed 7, session " in told
    assert "  KeyError: 'a letter of the third', raised in support.letters.Letters.write\n" in told
    assert 'raise KeyError("a letter of the third")' in told
    assert "simulation/session.py" not in told


def test_what_a_world_says_does_not_steer_a_terminal():
    told = simulate("Both", "--keep-going", "--sessions", "30").stdout
    assert "ValueError: burnt \\x1b[31m" in told
    assert "\x1b" not in told


def test_of_a_long_trace_the_end_is_shown_unless_all_is_asked_for(monkeypatch):
    monkeypatch.setattr(violations, "_LAST", 2)
    told = simulate("Lost").stdout
    assert "what happened; --trace shows all of it\n  … 1 lines before\n  0.000 * step 2: burn 0\n" in told
    assert "what happened\n  0.000 * step 1: write 0\n" in simulate("Lost", "--trace").stdout


def test_after_a_violation_it_ends_unless_it_is_to_go_on():
    one = simulate("Both", "--json", "--sessions", "30")
    (row,) = json.loads(one.stdout)["worlds"].values()
    assert (one.exit_code, sum(row["violations"].values())) == (1, 1)
    assert row["sessions"] < 30
    all_of_them = simulate("Both", "--json", "--sessions", "30", "--keep-going")
    told = json.loads(all_of_them.stdout)
    (row,) = told["worlds"].values()
    assert (all_of_them.exit_code, row["sessions"]) == (1, 30)
    assert [violation["detail"].partition(":")[0] for violation in told["violations"]] != []
    assert {violation["detail"].partition(":")[0] for violation in told["violations"]} == {"LookupError", "ValueError"}
    assert len(told["violations"]) == len(row["violations"]) == 2
    assert sum(row["violations"].values()) > 10


def test_of_each_kind_the_first_session_is_told_and_the_first_of_all_is_kept(workplace):
    told = json.loads(simulate("Both", "--json", "--sessions", "30", "--keep-going", "--save", "kept.json").stdout)
    first, second = told["violations"]
    assert first["again"] == "hocket simulate --replay kept.json"
    assert json.loads((workplace / "kept.json").read_bytes())["violation"]["detail"] == first["detail"]
    campaign = Campaign(name="letters_worlds.py:Both", make=world_named("letters_worlds.py:Both"), seed=7)
    kinds = [finding and finding.kind for finding in (campaign.play(number).finding for number in range(1, 31))]
    number = int(second["again"].rpartition(" ")[2])
    assert kinds.index(kinds[number - 1]) == number - 1


@pytest.mark.parametrize(("goes_on", "played"), [(False, ["letters_worlds.py:Lost"]), (True, None)])
def test_after_a_violation_the_other_world_is_not_played_either(goes_on, played):
    names = ["letters_worlds.py:Lost", "letters_worlds.py:Good"]
    campaigns = [Campaign(name=name, make=world_named(name), seed=7, steps=30) for name in names]
    results = Results()
    play_all(Wanted(campaigns=campaigns, numbers=range(1, 21), goes_on=goes_on), results, lambda more: None)
    assert list(results.tallies) == (played or names)
    assert results.exit == 1


def test_a_session_that_may_be_smaller_is_not_called_minimal(monkeypatch):
    monkeypatch.setattr(campaigning, "shrink", partial(shrink, effort=1))
    assert "steps are left after 1 tries; there may be fewer: it was enough of trying\n" in simulate("Lost").stdout


def test_json_has_the_same(workplace):
    told = json.loads(simulate("Lost", "--json", "--save", "kept.json").stdout)
    (violation,) = told["violations"]
    kept = json.loads((workplace / "kept.json").read_bytes())
    assert violation["session"] == {name: kept[name] for name in ("seed", "options", "steps")}
    assert violation["session"]["steps"] == [["write", 0], ["burn", 0]]
    assert (violation["invariant"], violation["isMinimal"]) == ("all-arrive", True)
    assert violation["trace"][-1] == "0.000 * the end"
    assert violation["again"] == "hocket simulate --replay kept.json"
    assert violation["test"].endswith("    replay(Lost, session)\n")
    assert told["seed"] == 7
    assert told["isInterrupted"] is False


# Played again from a file


def test_a_violation_that_was_kept_is_played_again_byte_for_byte():
    told = simulate("Lost", "--save", "kept.json")
    assert "once more\n  hocket simulate --replay kept.json\n" in told.stdout
    again = [run("--replay", "kept.json") for _ in range(2)]
    assert [each.exit_code for each in again] == [1, 1]
    assert again[0].stdout == again[1].stdout
    lines = again[0].stdout.splitlines()
    assert lines[0] == "violation: all-arrive (letters_worlds.py:Lost, kept.json)"
    assert lines[3:7] == ["what was done", "  agents=1", "  1  write 0", "  2  burn 0"]
    assert "  0.000 * the end" in lines
    assert json.loads(run("--replay", "kept.json", "--json").stdout)["isViolated"] is True


def test_a_session_that_passes_now_says_so(workplace):
    simulate("Lost", "--save", "kept.json")
    kept = (workplace / "kept.json").read_text()
    (workplace / "kept.json").write_text(kept.replace(":Lost", ":Good"))
    again = run("--replay", "kept.json")
    assert again.exit_code == 0
    assert again.stdout == (
        "agents=1\n1  write 0\n2  burn 0\n\n"
        "0.000 * step 1: write 0\n0.000 * step 2: burn 0\n0.000 * the end\n0.250 letter 1 of 0\n\nno violation\n"
    )
    told = json.loads(run("--replay", "kept.json", "--json").stdout)
    assert (told["isViolated"], len(told["trace"])) == (False, 4)


# What cannot be done


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--faults", "flood"), "there is no 'flood'; there are: cut, delay"),
        (("--world", "letters_worlds.py"), "say what in the file is meant, as in letters_worlds.py:NAME"),
        (("--world", "letters_worlds.py:Bad"), "letters_worlds.py: there is no Bad"),
        (("--world", "letters_worlds.py:none"), "letters_worlds.py:none is no world: a world is a class with ACTIONS"),
        (("--world", "nowhere.py:Good"), "nowhere.py does not exist"),
        (("--replay", "nowhere.json"), "'nowhere.json' cannot be read: No such file or directory"),
        (("--replay", "letters_worlds.py"), "this is no saved session: "),
        (("--sessions", "0"), "0 is not in the range"),
        (("--seed", "-1"), "-1 is not in the range"),
    ],
)
def test_what_is_asked_wrongly_is_refused_before_anything_is_played(words, complaint):
    result = run(*words)
    assert result.exit_code == 2
    assert complaint in result.stderr
    assert "sessions/s" not in result.stdout


def test_a_file_that_cannot_be_written_is_said():
    result = simulate("Lost", "--save", "no/such/place")
    assert result.exit_code == 1
    assert "'no/such/place' cannot be written: No such file or directory" in result.stderr


def test_a_world_that_does_not_repeat_itself_is_said():
    result = simulate("Fickle")
    assert result.exit_code == 1
    assert "error: session 3 of letters_worlds.py:Fickle with seed 7 broke an invariant, and none when" in result.stderr
    assert "hint: it must take no clock" in result.stderr


# At work


def test_an_interrupt_ends_it_with_what_was_played_so_far():
    result = simulate("Interrupted")
    assert result.exit_code == 130
    *_, row, _, end = result.stdout.splitlines()
    assert row.split()[1] == "4"
    assert end == "no violation, interrupted"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("file", "shown"), [(Terminal(), r"simulating .*\b100%"), (io.StringIO(), "")])
def test_on_a_terminal_there_is_a_bar(file, shown):
    with progress_bar(30, file) as progress:
        progress(10)
        progress(20)
    last = click.unstyle(file.getvalue()).strip().rpartition("\r")[2]
    assert re.fullmatch(shown, last.strip())


@pytest.mark.process
def test_several_processes_play_the_same_as_one():
    name = "letters_worlds.py:Crash"
    campaign = Campaign(name=name, make=world_named(name), seed=7, steps=30, faults=("cut",), most={"agents": 3})

    def play(jobs, goes_on=True):
        return list(parts(campaign, range(1, 41), jobs=jobs, goes_on=goes_on))

    alone, shared = play(jobs=1), play(jobs=2)
    assert (len(alone), len(shared)) == (40, 4)
    assert total(alone) == total(shared)
    assert total(shared).found
    assert total(play(jobs=1, goes_on=False)).tally.sessions == min(total(shared).found.values())


def total(played):
    whole = Part()
    for part in played:
        whole.tally.merge(part.tally)
        whole.found = part.found | whole.found
    return whole
