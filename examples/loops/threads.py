# Threads: three answers at the same time, each read by a thread of its own. `threads.py [URL]`
import sys
from concurrent.futures import ThreadPoolExecutor

from hocket_io import Client


def follow(name):
    with Client([*sys.argv, "http://127.0.0.1:8000"][1]) as agent:
        for event in agent.stream(name):
            print(event.text, end="", flush=True)


with ThreadPoolExecutor() as threads:
    list(threads.map(follow, ["Ada", "Grace", "Mary"]))
