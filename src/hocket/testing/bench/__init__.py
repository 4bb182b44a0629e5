"""Benchmarks of somebody's agent: when it is asked, how often, and what is made of the times. No I/O, no clock.

`hocket_io.testing.bench` does the asking, and `hocket bench` is the command.
"""

from hocket.testing.bench.bench import Bench, Plan
from hocket.testing.bench.histogram import Histogram
from hocket.testing.bench.lap import Lap
from hocket.testing.bench.score import Mistake, Score
from hocket.testing.bench.telling import score_json, score_lines

__all__ = ["Bench", "Histogram", "Lap", "Mistake", "Plan", "Score", "score_json", "score_lines"]
