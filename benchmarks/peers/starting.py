"""Starts a server's program on the event loop that all are measured on: `starting.py LOOP SCRIPT [ARGUMENT…]`.

uvicorn takes uvloop where it finds it, and h11 if it finds no httptools. `pip install` of what is measured here brings
neither, so `asyncio` hides both of them from whatever SCRIPT imports; `uvloop` hides httptools alone. SCRIPT is a file,
or `-m` and the name of a module.
"""

import runpy
import sys

_, loop, script, *arguments = sys.argv

if loop == "asyncio":
    sys.modules["uvloop"] = None  # importing it fails from now on
sys.modules["httptools"] = None
sys.path.pop(0)  # this folder, which is nobody's package
if script == "-m":
    script, *arguments = arguments
    sys.argv = [script, *arguments]
    runpy.run_module(script, run_name="__main__", alter_sys=True)
else:
    sys.argv = [script, *arguments]
    sys.path.insert(0, script.rpartition("/")[0])
    runpy.run_path(script, run_name="__main__")
