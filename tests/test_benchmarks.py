"""The harness of the benchmarks, on contests whose figures are known, and every benchmark once, as small as can be.

Nothing here is timed: what a benchmark measures is its own business.
"""

import os
import re
import runpy
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import evolve
from harness import (
    Benchmark,
    Chart,
    Contender,
    Contest,
    LeftOut,
    Options,
    Outcome,
    Row,
    Target,
    charts,
    command,
    compare,
    figures,
    micro,
    processes,
    publish,
    reader,
    results,
    servers,
    suite,
    table,
)
from harness.contest import hold
from harness.targets import judge
from hypothesis import given
from hypothesis import strategies as st

from support import forks

RATE, COST = "events/s", "µs CPU/event"


def scripted(name, *turns, **more):
    """A contender whose turns give these rates; what is an exception is raised."""
    left = list(turns)

    @contextmanager
    def ready():
        def once():
            turn = left.pop(0)
            if isinstance(turn, Exception):
                raise turn
            return {RATE: turn, COST: 1e6 / turn}

        yield once

    return Contender(name, ready, **more)


def held(*contenders, rounds, **more):
    return hold(Contest("a contest", contenders), rounds, **{"warm_up": False, **more})


def row(name, *values, metric=RATE):
    return Row(name, {metric: list(values)})


# ------------------------------------------------------------------------------------------------------ rounds


def test_all_take_turns_and_another_one_begins_each_round() -> None:
    order = []

    def contender(name):
        @contextmanager
        def ready():
            yield lambda: order.append(name) or {RATE: 1.0}

        return Contender(name, ready)

    hold(Contest("a contest", [contender(name) for name in "abc"]), 3)
    assert "".join(order) == "abc" + "abc" + "bca" + "cab"  # the first three warm up


def test_who_is_slow_takes_part_in_some_rounds_and_its_values_keep_their_rounds() -> None:
    outcome = held(scripted("ours", 10.0, 20.0, 30.0), scripted("slow", 5.0, 10.0, every=2), rounds=3)
    assert outcome.row("slow").values[RATE] == [5.0, None, 10.0]
    assert figures.ratio(outcome.row("ours").values[RATE], outcome.row("slow").values[RATE]) == 2.5


def test_who_does_not_warm_up_has_no_turn_before_the_rounds() -> None:
    outcome = hold(Contest("a contest", [scripted("slow", 5.0, warms_up=False)]), 1)
    assert outcome.row("slow").values[RATE] == [5.0]


def test_a_peer_that_breaks_is_left_out_with_the_reason_and_keeps_what_it_gave() -> None:
    peer = scripted("peer", 1.0, ValueError("it fell over"), is_peer=True)
    outcome = held(scripted("ours", 2.0, 2.0, 2.0), peer, rounds=3)
    assert outcome.left_out == {"peer": "ValueError: it fell over"}
    assert outcome.row("peer").values[RATE] == [1.0]
    assert len(outcome.row("ours").values[RATE]) == 3


def test_a_contender_that_cannot_be_had_is_named_in_the_table() -> None:
    @contextmanager
    def ready():
        raise LeftOut("there is no network")
        yield

    outcome = held(scripted("ours", 2.0), Contender("peer", ready), rounds=1)
    assert outcome.row("peer") is None
    assert table.of_outcome(outcome)[-1] == "left out: peer (there is no network)"
    assert "Left out: peer (there is no network)." in table.outcome_in_markdown(outcome)


def test_what_is_ours_must_not_break() -> None:
    with pytest.raises(ValueError, match="a bug"):
        held(scripted("ours", ValueError("a bug")), rounds=1)


# ----------------------------------------------------------------------------------------------------- figures

RATES = st.lists(st.floats(1e-3, 1e9), min_size=1, max_size=9)


@given(RATES, st.floats(1e-3, 1e3))
def test_a_ratio_is_that_within_the_rounds_whatever_disturbs_a_round(rates, factor) -> None:
    assert figures.ratio([factor * rate for rate in rates], rates) == pytest.approx(factor)
    assert figures.ratio(rates, [factor * rate for rate in rates]) == pytest.approx(1 / factor)


@given(RATES, RATES)
def test_an_advantage_means_the_same_for_rates_and_for_costs(ours, theirs) -> None:
    ours, theirs = ours[: len(theirs)], theirs[: len(ours)]
    by_rate = figures.advantage(RATE, ours, theirs)
    if len(ours) % 2:  # of an even number the median is a mean, and the inverse of a mean is another
        by_cost = figures.advantage(COST, [1 / rate for rate in ours], [1 / rate for rate in theirs])
        assert by_cost == pytest.approx(by_rate)


def test_without_a_round_in_common_there_is_no_ratio() -> None:
    assert figures.ratio([1.0, None], [None, 1.0]) is None
    assert figures.difference([1.0, None], [None, 1.0]) is None
    assert figures.ratio([1.0], [0.0]) is None


def test_medians_and_spread() -> None:
    assert row("ours", 9.0, 10.0, None, 12.0).median(RATE) == 10.0
    assert row("ours", 9.0, 10.0, None, 12.0).spread(RATE) == 0.15


@pytest.mark.parametrize(
    ("value", "words"), [(1234567.8, "1,234,568"), (123.4, "123"), (12.34, "12.3"), (1.234, "1.23"), (0.0, "0.00")]
)
def test_numbers_have_three_digits_that_count(value, words) -> None:
    assert figures.number(value) == words


# ----------------------------------------------------------------------------------------------------- targets

OUTCOME = Outcome("a contest", "ours", [row("ours", 200.0, 220.0), row("peer", 100.0, 100.0)], {})


@pytest.mark.parametrize(
    ("target", "figure", "word"),
    [
        (Target("a contest", RATE, "peer", at_least=2), 2.1, "reached"),
        (Target("a contest", RATE, "peer", at_least=2.2), 2.1, "missed"),
        (Target("a contest", RATE, "peer", at_most=2), 2.1, "missed"),
        (Target("a contest", RATE, "peer", at_most=110, is_difference=True), 110, "reached"),
        (Target("a contest", RATE, at_least=210), 210, "reached"),
        (Target("a contest", RATE, "ours", ours="peer", at_most=0.5), 0.477, "reached"),
        (Target("a contest", RATE, "nobody", at_least=2), None, "not measured"),
        (Target("a contest", COST, "peer", at_least=2), None, "not measured"),
        (Target("another contest", RATE, at_least=2), None, "not measured"),
    ],
)
def test_a_target_is_reached_or_missed_or_was_not_measured(target, figure, word) -> None:
    verdict = judge(target, [OUTCOME])
    assert verdict.figure == (None if figure is None else pytest.approx(figure, abs=0.001))
    assert verdict.word == word


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target("", RATE, "peer", at_least=100), "at least 100 × the events/s of peer"),
        (Target("", "KiB", "peer", at_most=8, is_difference=True), "at most 8 KiB more than peer"),
        (Target("", "ms", at_most=60), "at most 60 ms"),
        (Target("", "frames/s", at_least=250_000), "at least 250,000 frames/s"),
    ],
)
def test_a_target_in_words(target, words) -> None:
    assert target.wanted == words


# ------------------------------------------------------------------------------------------------ what is shown


def test_a_table_says_what_is_better_in_words() -> None:
    outcome = held(scripted("ours", 200.0), scripted("peer", 100.0), scripted("floor", 400.0), rounds=1)
    assert table.of_outcome(outcome) == [
        "a contest",
        "       events/s   ±        ours is  µs CPU/event   ±        ours is",
        "ours        200  0%                        5,000  0%",
        "peer        100  0%  2.00 × better        10,000  0%  2.00 × better",
        "floor       400  0%   2.00 × worse         2,500  0%   2.00 × worse",
    ]
    assert table.outcome_in_markdown(outcome)[3] == "| peer | 100 | 0% | 2.00 × better | 10,000 | 0% | 2.00 × better |"


def test_what_was_tried_is_told_once_for_all_targets_that_it_is_about() -> None:
    wanted = [
        Target("a contest", RATE, at_least=least, ours=ours, note="Tried.")
        for least in (900, 901)
        for ours in ("ours", "peer")
    ]
    report = results.Report("serving", 1, [OUTCOME], [judge(target, [OUTCOME]) for target in wanted])
    lines = table.verdicts_in_markdown([report])
    told = "- **serving**: Tried. (About: a contest, at least 900 events/s; a contest, at least 901 events/s.)"
    assert [line for line in lines if "Tried" in line] == [told]


def test_a_chart_is_well_formed_and_its_bars_are_as_long_as_the_medians() -> None:
    chart = Chart("file", "a contest", RATE, "Streams & <events>")
    outcome = Outcome("a contest", "ours", [row("ours", 200.0), row("a & b <c>", 50.0)], {})
    drawing = ET.fromstring(charts.draw(chart, outcome))
    svg = "{http://www.w3.org/2000/svg}"
    widths = {bar.get("class"): float(bar.get("width", "")) for bar in drawing.iter(f"{svg}rect")}
    assert widths["ours"] == pytest.approx(4 * widths["theirs"])
    assert {"a & b <c>", "200", "50.0"} <= {text.text for text in drawing.iter(f"{svg}text")}


def test_a_chart_has_whom_it_is_to_have_and_knows_ours_by_the_first_word() -> None:
    rows = [row("hocket", 200.0), row("hocket, trio", 100.0), row("peer", 50.0), row("floor", 900.0)]
    chart = Chart("file", "a contest", RATE, "Streams", ("hocket", "hocket, trio", "peer"))
    drawing = charts.draw(chart, Outcome("a contest", "hocket", rows, {}))
    assert re.findall(r'<rect class="(\w+)"', drawing) == ["ours", "ours", "theirs"]


def test_a_chart_without_figures_is_still_a_chart() -> None:
    ET.fromstring(charts.draw(Chart("file", "a contest", COST, "Nothing"), OUTCOME))


def results_with(*rows, name="serving") -> results.Results:
    outcome = Outcome("a contest", "ours", list(rows), {"peer": "gone"})
    target = Target("a contest", RATE, at_least=1000, note="We have tried it with more coffee.")
    chart = Chart("a-chart", "a contest", RATE, "A contest")
    report = results.Report(name, 2, [outcome], [judge(target, [outcome])], [chart])
    return results.Results({"date": "2026-01-02", "python": "CPython 3.11.7", "versions": {}}, [report])


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    written = results_with(row("ours", 1.0, None, 2.5))
    results.write(written, tmp_path / "results.json")
    assert results.read(tmp_path / "results.json") == written
    assert '"events/s": [ 1.0, null, 2.5 ]' in (tmp_path / "results.json").read_text()


def test_a_machine_is_described_and_not_named() -> None:
    made = results.made_here("full")
    assert {"date", "python", "cores", "versions"} <= set(made)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", made["date"])


def test_a_comparison_marks_what_has_changed_by_more_than_the_runs_differ() -> None:
    before = [row("ours", 10.0, 11.0), row("same", 10.0, 12.0), row("less", 10.0, 12.0)]
    after = [row("ours", 20.0, 22.0), row("same", 11.0, 13.0), row("less", 4.0, 6.0)]
    before = results_with(*before, row("cost", 10.0, 11.0, metric=COST))
    after = results_with(*after, row("cost", 20.0, 22.0, metric=COST))
    lines = [line.split() for line in compare.compare(before, after)]
    assert lines[1:-1] == [
        ["ours,", "events/s", "10.5", "->", "21.0", "2.00", "×", "better"],
        ["same,", "events/s", "11.0", "->", "12.0", "1.09", "×"],
        ["less,", "events/s", "11.0", "->", "5.00", "0.45", "×", "WORSE"],
        ["cost,", "µs", "CPU/event", "10.5", "->", "21.0", "2.00", "×", "WORSE"],
    ]


def test_a_small_change_gets_no_word_however_steady_the_runs_are() -> None:
    assert not compare.is_change(row("ours", 100.0, 100.0), row("ours", 102.0, 102.0), RATE)
    assert compare.is_change(row("ours", 100.0, 100.0), row("ours", 104.0, 104.0), RATE)


def test_a_comparison_says_what_the_machine_has_done() -> None:
    constant = row("peer", 3.0, metric="packages")
    before = results_with(row("ours", 10.0), constant, row("floor", 10.0), row("json", 4.0, metric=COST))
    after = results_with(row("ours", 10.0), constant, row("floor", 4.5, 5.5), row("json", 7.5, 8.5, metric=COST))
    assert compare.drift(before, after) == 2.0
    assert "2.00 × what it took then" in compare.compare(before, after)[-1]
    assert compare.drift(results_with(row("ours", 1.0)), results_with(row("ours", 2.0))) is None


def test_a_comparison_says_what_was_not_measured_then() -> None:
    after = results_with(row("ours", 1.0), row("new", 1.0))
    assert "    new, events/s: was not measured then" in compare.compare(results_with(row("ours", 1.0)), after)
    assert "    was not measured then" in compare.compare(results_with(name="other"), after)


def test_results_go_into_the_pages_between_their_marks(tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    (root / "docs").mkdir(parents=True)
    (root / "benchmarks").mkdir()
    marked = "before\n<!-- bench {0}: begin -->\nold\n<!-- bench {0}: end -->\nafter\n"
    (root / "README.md").write_text(marked.format("speed"))
    (root / "docs/measuring.md").write_text(marked.format("speed") + marked.format("targets"))
    publish.write_out(results_with(row("ours", 200.0), row("floor", 400.0)), tmp_path / "out")
    for _ in range(2):  # the second time changes nothing
        publish.publish(tmp_path / "out", root)
        readme = (root / "README.md").read_text()
        assert readme.startswith("before\n")
        assert readme.endswith("\nafter\n")
        assert "| A contest | 200 events/s | 0.50 × floor |" in readme
        assert "old" not in readme
        page = (root / "docs/measuring.md").read_text()
        assert "| serving | a contest | ours: at least 1,000 events/s | 200 | **missed** |" in page
        assert "more coffee" in page
    assert (root / "docs/charts/a-chart.svg").exists()
    assert results.read(root / "benchmarks/results/2026-01-02.json").reports
    assert "Left out: peer (gone)." in (root / "docs/measured.md").read_text()


def test_one_benchmark_can_be_run_again_and_the_others_stay(tmp_path: Path) -> None:
    def there():
        return {report.name: report.outcomes[0].rows for report in results.read(tmp_path / "results.json").reports}

    publish.write_out(results_with(row("ours", 1.0), name="idle"), tmp_path)
    publish.write_out(results_with(row("ours", 2.0), name="serving"), tmp_path)
    publish.write_out(results_with(row("ours", 3.0), name="idle"), tmp_path)
    assert there() == {"idle": [row("ours", 3.0)], "serving": [row("ours", 2.0)]}
    other = results_with(row("ours", 4.0), name="tap")
    publish.write_out(evolve(other, made={**other.made, "scale": "quick"}), tmp_path)
    assert list(there()) == ["tap"]


def test_a_page_without_marks_is_an_error_and_stays(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing here")
    with pytest.raises(LookupError, match=r"page\.md has no marks for 'speed'"):
        publish._between(page, "speed", "text")
    assert page.read_text() == "nothing here"


# ------------------------------------------------------------------------------------------------- the programs

BENCHMARK = Benchmark(
    "example",
    "An example.\n\nMore of it.",
    lambda options: [
        Contest("first", [scripted("ours", *[2.0] * 9), scripted("peer", *[1.0] * 9, is_peer=True)]),
        Contest("second", [scripted("theirs", *[2.0] * 9, is_peer=True)], rounds=1),
    ],
    targets=[Target("first", RATE, "peer", at_least=2)],
    minutes=1.5,
)


def test_a_benchmark_prints_its_tables_and_writes_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "results.json"
    assert command.main(BENCHMARK, ["--rounds", "3", "--json", str(file)]) == 0
    printed = capsys.readouterr().out
    assert "reached: first: ours at least 2 × the events/s of peer; it is 2.00" in printed
    (report,) = results.read(file).reports
    assert [len(outcome.rows[0].values[RATE]) for outcome in report.outcomes] == [3, 1]


@pytest.mark.parametrize(
    ("arguments", "rows"),
    [
        ((), [["ours", "peer"], ["theirs"]]),
        (("--no-peers",), [["ours"]]),
        (("--tiny",), [["ours"]]),
        (("--only", "pee"), [["peer"]]),
        (("--only", "ours", "--only", "theirs"), [["ours"], ["theirs"]]),
    ],
)
def test_a_benchmark_runs_whom_it_is_asked_for(tmp_path: Path, arguments, rows) -> None:
    command.main(BENCHMARK, [*arguments, "--rounds", "1", "--json", str(tmp_path / "file")])
    (report,) = results.read(tmp_path / "file").reports
    assert [[each.name for each in outcome.rows] for outcome in report.outcomes] == rows


def test_a_plan_says_how_long_it_takes() -> None:
    lines = suite.plan([BENCHMARK, evolve(BENCHMARK, name="other", minutes=3.0)], quick=False)
    assert "about 4 min" in lines[0]
    assert lines[1] == "    example    1.5 min   An example."


def test_a_program_is_asked_and_its_processor_time_is_known() -> None:
    answer = "import sys; print('ready'); [print('{\"a\": 1}', flush=True) for _ in sys.stdin]"
    with processes.conversation([sys.executable, "-u", "-c", answer]) as program:
        assert program.ask({"do": "it"}) == {"a": 1}
        assert program.cpu_seconds() > 0
        assert program.memory_kib() > 0


def test_a_program_that_does_not_start_says_why() -> None:
    started = processes.program([sys.executable, "-c", "import nobody"])
    with pytest.raises(LeftOut, match="it does not start: ModuleNotFoundError: No module named 'nobody'"):
        started.__enter__()


def test_what_ps_says_is_seconds() -> None:
    assert [processes._ps_seconds(each) for each in ("0:01.50", "1:00:00", "59")] == [1.5, 3600.0, 59.0]


def test_single_functions_are_called_for_a_while() -> None:
    calls = []
    assert micro.timed(lambda: calls.append(1), seconds=0.0001) > 0
    assert calls


# ------------------------------------------------------------------------------------------------- the reader


@given(st.lists(st.sampled_from([b"data:", b"data: {}\n\n", b"da", b"ta:", b":", b"\r\n5\r\n", b"x" * 9])), st.data())
def test_the_reader_counts_every_event_however_the_bytes_are_cut(pieces: list[bytes], data: st.DataObject) -> None:
    everything = b"".join(pieces)
    reading = reader.Reading(sock=None)
    while everything:
        size = data.draw(st.integers(1, len(everything)))
        reading.take(everything[:size])
        everything = everything[size:]
    assert reading.events == b"".join(pieces).count(b"data:")


@pytest.mark.parametrize("way", [reader.RPC_1_0, reader.RPC_0_3, reader.REST, reader.GATEWAY])
def test_a_request_is_whole_and_closes_its_connection(way: reader.Way) -> None:
    head, _, body = way.request(80, "5 0").partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert b"Connection: close" in head
    assert b'"5 0"' in body


# ------------------------------------------------------------------------------------------------ each of them


@pytest.fixture(scope="module")
def server() -> Iterator[processes.Program]:
    """One server for all benchmarks of servers: what starts it is tested elsewhere."""
    with forks.start("-m", "hocket", "serve", f"{servers.AGENT}:agent", "--port", "0", text=True) as process:
        url = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
        yield processes.Program(process, url)
        process.kill()


@pytest.mark.process
@pytest.mark.skipif(not forks.CAN_FORK, reason="the servers are copies of a process")
@pytest.mark.parametrize("name", suite.comparable())
def test_each_benchmark_runs(
    name: str, server: processes.Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers.Server, "started", contextmanager(lambda self: iter([server])))
    benchmark = suite.load(name)
    assert benchmark.name == name
    report = command.run(benchmark, Options("tiny", has_peers=False))
    assert all(outcome.rows for outcome in report.outcomes)
    assert not [outcome.left_out for outcome in report.outcomes if outcome.left_out]
    contests = {contest.title: contest for contest in benchmark.contests(Options())}
    for target in benchmark.targets:
        there = {contender.name for contender in contests[target.contest].contenders}
        assert {target.ours or contests[target.contest].ours, target.against} - {None, ""} <= there
    for chart in benchmark.charts:
        assert set(chart.rows) <= {contender.name for contender in contests[chart.contest].contenders}


@pytest.mark.process
def test_several_benchmarks_run_and_one_that_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = """\
import sys
from harness import Benchmark, Contest, each_call, main
BENCHMARK = Benchmark("{name}", "{name}.", lambda options: [Contest("{name}", [each_call("ours", lambda: int)])])
if __name__ == "__main__":
    raise SystemExit({end})
"""
    (tmp_path / "good.py").write_text(script.format(name="good", end="main(BENCHMARK)"))
    (tmp_path / "bad.py").write_text(script.format(name="bad", end="7"))
    (tmp_path / "_none.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(suite.SCRIPTS), prepend=os.pathsep)
    monkeypatch.setattr(suite, "SCRIPTS", tmp_path)
    assert suite.names() == suite.comparable() == ["bad", "good"]
    found, failed = suite.run_all([suite.load(name) for name in suite.names()], ["--tiny"], "full")
    assert [report.name for report in found.reports] == ["good"]
    assert failed == ["bad"]
    assert "--- good: good." in capsys.readouterr().out


def test_the_list_has_each_of_them_and_an_unknown_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main = runpy.run_path(str(suite.SCRIPTS / "__main__.py"))["main"]
    monkeypatch.setattr(suite, "load", lambda name: evolve(BENCHMARK, name=name))
    assert main(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == suite.comparable()
    with pytest.raises(SystemExit):
        main(["nobody"])
    assert "there is no benchmarks/nobody.py; there are: " in capsys.readouterr().err


def test_each_benchmark_is_in_the_table_of_them() -> None:
    page = (suite.SCRIPTS.parent / "docs" / "measuring.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(\w+)` +\|", page.partition("| benchmark ")[2], re.MULTILINE)
    assert set(suite.names()) <= set(told)
