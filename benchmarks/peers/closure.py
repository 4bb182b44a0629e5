"""How large a package is with all that it needs, in MiB without compiled files, and how many packages those are.

`closure.py REQUIREMENT [FOLDER…]`; the folders are counted instead of the files of the package itself, which is
installed from a checkout, say.
"""

import importlib.metadata
import json
import sys
from pathlib import Path

from packaging.requirements import Requirement


def closure(requirement, found):
    """The names of a package and of everything that it needs here, with the extras that are asked for."""
    name = requirement.name.lower().replace("_", "-").replace(".", "-")
    asked = requirement.extras | {""}
    if asked <= found.get(name, set()):
        return
    found[name] = found.get(name, set()) | asked
    for line in importlib.metadata.requires(requirement.name) or ():
        needed = Requirement(line)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in asked):
            closure(needed, found)


def size(name):
    """The bytes of a package, as it was installed."""
    files = importlib.metadata.files(name) or ()
    return sum(file.size or 0 for file in files if "__pycache__" not in file.parts)


def main(text, *folders):
    found = {}
    closure(Requirement(text), found)
    own, *_ = found
    total = sum(size(name) for name in found if name != own or not folders)
    total += sum(path.stat().st_size for folder in folders for path in Path(folder).rglob("*.py"))
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps({"MiB": total / 2**20, "packages": len(found)}), flush=True)


main(*sys.argv[1:])
