# gevent: the blocking client, made cooperative; two answers at the same time. `on_gevent.py [URL]`
from gevent import joinall, monkey, spawn

monkey.patch_all()
import sys

from hocket_io import Client


def follow(name):
    with Client([*sys.argv, "http://127.0.0.1:8000"][1]) as agent:
        for event in agent.stream(name):
            print(event.text, end="", flush=True)


joinall([spawn(follow, "Ada"), spawn(follow, "Grace")], raise_error=True)
