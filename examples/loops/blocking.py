# Blocking, without any loop: an answer as it comes. `blocking.py [URL]`
import sys

from hocket_io import Client

with Client([*sys.argv, "http://127.0.0.1:8000"][1]) as agent:
    for event in agent.stream("Ada"):
        print(event.text, end="", flush=True)
