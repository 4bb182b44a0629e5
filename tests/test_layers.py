"""The layers of pyproject.toml are all there are: import-linter says nothing of a module that no layer names."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_module_of_the_core_has_its_layer():
    (contract,) = [
        each
        for each in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
            "contracts"
        ]
        if each["type"] == "layers"
    ]
    named = re.findall(r"hocket\.(\w+)", " ".join(contract["layers"]))
    optional = re.findall(r"\(hocket\.(\w+)\)", " ".join(contract["layers"]))
    there = {path.stem for path in (ROOT / "src/hocket").iterdir() if not path.name.startswith(("_", ".", "py.typed"))}
    assert len(named) == len(set(named))
    assert there <= set(named)
    assert set(named) - there <= set(optional)
