"""Telling: a score as lines for people, and as JSON for programs."""

from __future__ import annotations

from typing import Any

from hocket.testing.bench.histogram import Histogram
from hocket.testing.bench.score import Score

__all__ = ["score_json", "score_lines"]

_PERCENTS = (50, 95, 99)
_COLUMNS = ("", *(f"p{percent}" for percent in _PERCENTS), "max")


def score_lines(score: Score, *, has_rate: bool = False) -> list[str]:
    """The score for people; what others have said in it is not made fit for a terminal.

    Args:
        score: The score.
        has_rate: Whether calls were due at times of their own; then it is told how late they were made.
    """
    rows = [("first chunk", score.first_chunk), ("gap", score.gaps), ("whole answer", score.answers)]
    if has_rate:
        rows.append(("made late by", score.late))
    cells = [_COLUMNS, *((name, *_cells(each)) for name, each in rows if each.count)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_COLUMNS))]
    table = [_aligned(row, widths) for row in cells] if len(cells) > 1 else []
    return [*table, *([""] if table else []), *_counted(score)]


def score_json(score: Score) -> dict[str, Any]:
    """The score for programs. Times are in seconds; those of which there is none are null."""
    return {
        "seconds": round(score.seconds, 6),
        "calls": score.calls,
        "callsPerSecond": _rate(score.worked, score.seconds),
        "settled": dict(score.settled),
        "left": score.left,
        "open": score.open,
        "failed": score.failed,
        "errors": [
            {"kind": kind, "count": mistake.count, "first": str(mistake.first)}
            for kind, mistake in score.mistakes.items()
        ],
        "cuts": score.cuts,
        "resumes": score.resumes,
        "chunks": score.chunks,
        "chunksPerSecond": _rate(score.chunks, score.seconds),
        "textBytes": score.text_bytes,
        "firstChunkSeconds": _histogram_json(score.first_chunk),
        "gapSeconds": _histogram_json(score.gaps),
        "answerSeconds": _histogram_json(score.answers),
        "lateSeconds": _histogram_json(score.late),
    }


def _histogram_json(histogram: Histogram) -> dict[str, Any] | None:
    if not histogram.count:
        return None
    return {
        "count": histogram.count,
        "min": round(histogram.least, 9),
        "mean": round(histogram.mean, 9),
        **{f"p{percent}": round(histogram.percentile(percent), 9) for percent in _PERCENTS},
        "max": round(histogram.most, 9),
    }


def _rate(count: int, seconds: float) -> float | None:
    return round(count / seconds, 3) if seconds > 0 else None


def _cells(histogram: Histogram) -> tuple[str, ...]:
    return (*(_duration(histogram.percentile(percent)) for percent in _PERCENTS), _duration(histogram.most))


def _aligned(row: tuple[str, ...], widths: list[int]) -> str:
    first, *others = row
    cells = [f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)]
    return "   ".join([f"{first:<{widths[0]}}", *cells])


def _counted(score: Score) -> list[str]:
    """How many there were of everything."""
    ends = [f"{count:,} {state}" for state, count in score.settled.items()]
    ends += [f"{score.left:,} left"] if score.left else []
    ends += [f"{score.open:,} still open"] if score.open else []
    ends += [f"{mistake.count:,} {kind}" for kind, mistake in score.mistakes.items()]
    chunks = f"{score.chunks:,} chunk{'' if score.chunks == 1 else 's'}"
    calls = f"{score.calls:,} call{'' if score.calls == 1 else 's'} in {_duration(score.seconds)}"
    lines = [
        f"{calls}{_per_second(score.worked, score.seconds)}: {', '.join(ends) or 'none has ended'}",
        f"{chunks}{_per_second(score.chunks, score.seconds)}, {_size(score.text_bytes)} of text",
    ]
    if score.cuts:
        lines.append(f"{score.cuts:,} times a stream was cut and tried again, {score.resumes:,} times it went on")
    lines += [f"{kind}: {mistake.first}" for kind, mistake in score.mistakes.items()]
    return lines


def _per_second(count: int, seconds: float) -> str:
    return f" ({_short(count / seconds)}/s)" if seconds > 0 else ""


def _short(number: float) -> str:
    """A number with three digits, or with all of them before its point.

    >>> [_short(each) for each in (0.1234, 5.678, 99.94, 1234.5)]
    ['0.12', '5.68', '99.9', '1,234']
    """
    return f"{number:,.{2 if number < 9.995 else 1 if number < 99.95 else 0}f}"


def _duration(seconds: float) -> str:
    """Seconds, in the unit that reads best.

    >>> [_duration(each) for each in (0.0, 12.4e-6, 0.00193, 0.1234, 5.5, 4000.0)]
    ['0.00 µs', '12.4 µs', '1.93 ms', '123 ms', '5.50 s', '4,000 s']
    """
    if seconds < 0.001:
        return f"{_short(seconds * 1e6)} µs"
    return f"{_short(seconds * 1e3)} ms" if seconds < 1 else f"{_short(seconds)} s"


def _size(count: int) -> str:
    """Bytes, in the unit that reads best.

    >>> _size(999), _size(24_130), _size(5_000_000)
    ('999 bytes', '24.1 kB', '5.00 MB')
    """
    if count < 1_000:
        return f"{count} bytes"
    return f"{_short(count / 1e3)} kB" if count < 1_000_000 else f"{_short(count / 1e6)} MB"
