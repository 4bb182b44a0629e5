"""The floor of the pipe benchmark: lines that are ready-made are written with `os.write`, and read with `readline`.

Nothing is made, and nothing is understood but JSON. `with_raw.py` is the parent, `with_raw.py child` the
child; see `orders`.
"""

import json
import os
import subprocess
import sys

from orders import Order, orders, text

_ANSWER = b'{"jsonrpc":"2.0","id":1,"result":null}\n'


def child() -> None:
    lines: dict[int, bytes] = {}
    for asked in sys.stdin.buffer:
        count = json.loads(asked)["params"]["count"]
        if count not in lines:  # made by the first stream, which warms up
            lines[count] = b"".join(_line(number) for number in range(count)) + _ANSWER
        view = memoryview(lines[count])
        while view:
            view = view[os.write(1, view[:65_536]) :]


def _line(number: int) -> bytes:
    said = {"jsonrpc": "2.0", "method": "word", "params": {"id": 1, "text": text(number)}}
    return json.dumps(said).encode() + b"\n"


def parent() -> None:
    command = [sys.executable, __file__, "child"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for order in orders():
            with order.measured(process.pid):
                obey(order, process)
        process.stdin.close()


def obey(order: Order, process: subprocess.Popen) -> None:
    for count in order.answers:
        asked = {"jsonrpc": "2.0", "id": 1, "method": "say", "params": {"count": count}}
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        process.stdin.flush()
        for _ in range(count):
            assert json.loads(process.stdout.readline())["params"]["text"]
        json.loads(process.stdout.readline())


if __name__ == "__main__":
    child() if sys.argv[1:] == ["child"] else parent()
