"""`hocket fuzz`: what it prints, what it writes, and what it ends with."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis.configuration import storage_directory

from hocket.testing.fuzzing import CHECKS, Check, Effort, Result
from hocket.testing.probe import Probe
from hocket_io.cli import fuzzing
from support.commands import invoke
from support.foreign import web_app
from support.liar import Liar
from support.serving import serving

AGENTS = """
from hocket import Agent

good = Agent("good")
bad = Agent("bad")
rude = Agent("rude")


@good.stream
async def say(task):
    yield f"You say: {task.text}"


@bad.stream
async def stumble(task):
    yield task.text[0]


@rude.stream
async def shout(task):
    raise ValueError("\\x1b[31m" + task.text)
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("agents") / "agents.py"
    file.write_text(AGENTS, encoding="utf-8")
    return file


@pytest.fixture(autouse=True)
def notes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hypothesis has read the source of this house before, and need not again."""
    monkeypatch.setenv("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(__file__).parents[1] / ".hypothesis"))


def test_hypothesis_leaves_nothing_where_the_command_is_called(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HYPOTHESIS_STORAGE_DIRECTORY")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    seen = []

    def looked_at(probe: Probe, check: Check, effort: Effort) -> Result:
        seen.append(storage_directory("constants").path)
        return Result(check=check)

    monkeypatch.setattr(fuzzing, "examine", looked_at)
    assert invoke("fuzz", f"{file}:good", "--checks", "send", "--max-examples", "1").exit_code == 0
    assert seen == [tmp_path / "hocket" / "hypothesis" / "constants"]
    assert storage_directory("constants").path != seen[0]


def test_a_good_agent_passes(file: Path) -> None:
    chosen = ("--checks", "unicode, send,no-crash", "--checks", "one-end", "-x", "send")
    result = invoke("fuzz", f"{file}:good", "--max-examples", "2", "--seed", "7", *chosen)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == f"{file}:good: A2A 1.0 and 0.3, in this process, on virtual time, seed 7"
    names = ["no-crash", "one-end", "unicode"]
    assert lines[2:-2] == [f"  {name:<16}     2 examples  ok" for name in names]
    assert lines[-1] == f"{len(names)} checks, {2 * len(names)} examples: nothing was found"


def test_what_is_found_is_told_in_full_and_the_same_seed_tells_the_same(file: Path, tmp_path: Path) -> None:
    junit = tmp_path / "results.xml"
    checks = ("--checks", "no-crash", "--checks", "one-end")
    result = invoke("fuzz", f"{file}:bad", *checks, "--seed", "3", "--max-examples", "30", "--junit", str(junit))
    assert result.exit_code == 1
    assert "  found   the agent raised IndexError: string index out of range in line 16: yield task" in result.stdout
    assert '    value = Prompt(parts=(Part(text=""),))' in result.stdout
    assert result.stdout.splitlines()[-1].endswith(" 1 found something: no-crash")
    suite = ET.fromstring(junit.read_bytes())[0]
    assert [(suite.get("tests"), suite.get("failures")), *[case.get("name") for case in suite]] == [
        ("2", "1"),
        "no-crash",
        "one-end",
    ]
    failure = suite[0].findtext("failure", "")
    assert failure in result.stdout
    assert "IndexError" in str(suite[0][0].get("message"))
    assert "seed 3" in suite[1].findtext("system-out", "")
    (again,) = [line for line in result.stdout.splitlines() if line.startswith("  again   ")]
    words = again.removeprefix("  again   hocket ").split()
    repeated = invoke(*words)
    assert repeated.exit_code == 1
    told = result.stdout.partition("\nno-crash\n")[2].rpartition("\n\n")[0]
    assert told
    assert told in repeated.stdout


def test_as_json(file: Path) -> None:
    result = invoke("fuzz", f"{file}:bad", "--checks", "no-crash,send", "--max-examples", "10", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["target"] == f"{file}:bad"
    assert told["versions"] == ["1.0", "0.3"]
    assert isinstance(told["seed"], int)
    crash, send = told["checks"]
    assert crash["finding"]["input"] == 'Prompt(parts=(Part(text=""),))'
    assert crash["finding"]["again"].endswith(f"--checks no-crash --seed {told['seed']} --max-examples 10")
    assert (send["check"], send["finding"], send["skipped"]) == ("send", None, None)


def test_what_an_agent_raises_does_not_steer_the_terminal(file: Path) -> None:
    result = invoke("fuzz", f"{file}:rude", "--checks", "no-crash", "--max-examples", "3", "--seed", "1")
    assert result.exit_code == 1
    assert "\x1b" not in result.stdout
    assert "ValueError: \\x1b[31m" in result.stdout


def test_under_trio(file: Path) -> None:
    result = invoke("fuzz", f"{file}:good", "--checks", "one-end", "--max-examples", "2", "--loop", "trio")
    assert result.exit_code == 0, result.output
    broken = invoke(
        "fuzz", f"{file}:rude", "--checks", "no-crash", "--max-examples", "1", "--seed", "1", "--loop", "trio"
    )
    assert "--checks no-crash --seed 1 --max-examples 1 --loop trio\n" in broken.stdout
    assert f'    with reach("{file}:rude", loop="trio") as probe:' in broken.stdout


def test_the_checks_are_listed() -> None:
    result = invoke("fuzz", "--list-checks")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == [check.name for check in CHECKS]
    assert all(check.holds in result.stdout for check in CHECKS)


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (["nothing.py"], 2, "nothing.py does not exist"),
        (["FILE:none"], 2, "there is no none"),
        (["FILE:good", "--checks", "nonsense"], 2, "there is no check 'nonsense'; there are no-crash, "),
        (["FILE:good", "--checks", "send", "-x", "send"], 2, "no check is left"),
        (["FILE:good", "--max-examples", "0"], 2, "0 is not in the range x>=1"),
        (["FILE:good", "--timeout", "soon"], 2, "'soon' is no duration"),
        (["http://127.0.0.1:1"], 3, "127.0.0.1:1"),
        (
            ["FILE:good", "--checks", "send", "--max-examples", "1", "--junit", "/no/such/file"],
            2,
            "cannot be written",
        ),
    ],
)
def test_what_cannot_be_done_is_said(words: list[str], exit_code: int, said: str, file: Path) -> None:
    result = invoke("fuzz", *[word.replace("FILE", str(file)) for word in words])
    assert result.exit_code == exit_code
    assert said in result.stderr


def test_a_hub_is_no_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def reached(target: str, **options: object) -> Iterator[Liar]:
        yield Liar(protocol="acp", target=target)

    monkeypatch.setattr("hocket_io.testing.reach", reached)
    result = invoke("fuzz", "tcp://127.0.0.1:1")
    assert result.exit_code == 2
    assert "tcp://127.0.0.1:1 is a hub, and agents are fuzzed" in result.stderr


@pytest.mark.process
def test_no_credentials_are_told(tmp_path: Path) -> None:
    with serving(lambda url: web_app("two ends", url)) as url:
        secret = url.replace("://", "://ada:s3cret@") + "?key=s3cret"
        result = invoke("fuzz", secret, "--bearer", "s3cret", "--checks", "one-end", "--max-examples", "1")
    assert result.exit_code == 1
    assert "s3cret" not in result.stdout + result.stderr
    assert "$A2ACLI_BEARER" in result.stdout


def test_ctrl_c_shows_what_there_is(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examine = fuzzing.examine

    def interrupted(probe: Probe, check: Check, effort: Effort) -> Result:
        if check.name == "events":
            raise KeyboardInterrupt
        return examine(probe, check, effort)

    monkeypatch.setattr(fuzzing, "examine", interrupted)
    result = invoke("fuzz", f"{file}:good", "--max-examples", "1")
    assert result.exit_code == 130
    assert "  events            interrupted\n" in result.stdout
    assert "2 checks, 2 examples: nothing was found so far\n" in result.stdout
