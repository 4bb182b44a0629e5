"""What all benchmarks share: rounds in which everybody takes a turn, figures, targets, and how they are shown.

A benchmark names its contenders; the harness lets all of them take turns, round after round, so that a machine that is
busy for a second disturbs all of them alike. What counts is a median, and a ratio within a round.
"""

from harness.charts import Chart
from harness.command import Benchmark, Options, main
from harness.contest import Contender, Contest, LeftOut
from harness.figures import Outcome, Row
from harness.micro import each_call, timed
from harness.processes import Program, conversation, program
from harness.rooms import python_of
from harness.targets import Target

__all__ = [
    "Benchmark",
    "Chart",
    "Contender",
    "Contest",
    "LeftOut",
    "Options",
    "Outcome",
    "Program",
    "Row",
    "Target",
    "conversation",
    "each_call",
    "main",
    "program",
    "python_of",
    "timed",
]
