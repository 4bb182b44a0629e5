"""Results as a file: every value, on what machine, with which versions, and when."""

import importlib.metadata
import json
import os
import platform
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import cattrs
from attrs import Factory, asdict, frozen

from harness.charts import Chart
from harness.figures import Outcome
from harness.targets import Verdict

PACKAGES = ("attrs", "cattrs", "msgspec", "orjson", "uvicorn", "h11", "anyio", "trio", "httpx2", "websockets")
"""Those whose version changes what is measured."""


@frozen
class Report:
    """What one benchmark gave."""

    name: str
    rounds: int
    outcomes: list[Outcome]
    verdicts: list[Verdict] = Factory(list)
    charts: list[Chart] = Factory(list)


@frozen
class Results:
    """What one or several benchmarks gave in one go."""

    made: dict[str, Any]
    reports: list[Report]

    def report(self, name: str) -> Report | None:
        """The report of one benchmark, if there is one."""
        return next((report for report in self.reports if report.name == name), None)


def made_here(scale: str) -> dict[str, Any]:
    """Where, with what and when this is measured; never the name of the machine."""
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "commit": _commit(),
        "scale": scale,
        "versions": {name: version for name in ("hocket", *PACKAGES) if (version := _version(name))},
    }


def write(results: Results, path: Path) -> None:
    """Write them as JSON that can be read, and compared line by line: a line has all rounds of a metric."""
    text = json.dumps(asdict(results), indent=1, ensure_ascii=False)
    text = re.sub(r"\[[-+.\deE,\snul]*\]", lambda values: " ".join(values[0].split()), text)
    path.write_text(f"{text}\n", encoding="utf-8")


def read(path: Path) -> Results:
    """Read what `write` has written."""
    return cattrs.structure(json.loads(path.read_text(encoding="utf-8")), Results)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")


def _commit() -> str | None:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
